"""The numbers of every column, in one pass over the results in plan order."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil

from evalkit.decide.gate import judged
from evalkit.records.result import Column, Outcome, Result
from evalkit.records.run import ColumnSummary, Estimate, Spending, Tally
from evalkit.records.spec import Rule
from evalkit.stats.intervals import wilson


def summarise(results: Iterable[Result], gates: Mapping[str, tuple[Rule, ...]]) -> tuple[ColumnSummary, ...]:
    """One summary a column, in the order in which columns first appear. `gates` are the rules by spec."""
    columns: dict[Column, _Counts] = {}
    for result in results:
        columns.setdefault(result.column, _Counts()).add(result)
    return tuple(counts.summary(column, gates.get(column.spec, ())) for column, counts in columns.items())


def case_outcome(draws: Counter[Outcome], needed: int) -> Outcome:
    """A case's outcome over its draws: decided as soon as the open ones could not change it.

    Fewer draws than are `needed` are draws of a run that was broken off: the others are open.
    """
    passed, failed = draws[Outcome.PASSED], draws[Outcome.FAILED]
    without = max(draws[Outcome.ERRORED] + draws[Outcome.SKIPPED], needed - passed - failed)
    if passed >= needed:
        return Outcome.PASSED
    if not passed + failed:
        return Outcome.ERRORED if draws[Outcome.ERRORED] else Outcome.SKIPPED
    return Outcome.FAILED if passed + without < needed else Outcome.ERRORED


@dataclass(slots=True)
class _Counts:
    """What is counted of one column. The draws of a case come one after another."""

    case: str = ""
    needed: int = 1
    draws: Counter[Outcome] = field(default_factory=Counter)
    skipped_by_user: bool = False
    cases: Tally = field(default_factory=Tally)
    trials: Tally = field(default_factory=Tally)
    values: float = 0.0
    scored: int = 0
    seconds: array[float] = field(default_factory=lambda: array("d"))
    cut_off: int = 0
    flaky: int = 0
    spending: Spending = field(default_factory=Spending)
    served: dict[str, None] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        if result.case != self.case:
            self._close()
            self.case, self.needed = result.case, result.needed
        self.draws[result.outcome] += 1
        self.skipped_by_user = result.error is not None and result.error.kind == "skip"
        self.trials += _one(result.outcome, self.skipped_by_user)
        self._weigh(result)

    def _close(self) -> None:
        """The case before is complete."""
        if self.draws:
            outcome = case_outcome(self.draws, self.needed)
            self.cases += _one(outcome, self.skipped_by_user)
            self.flaky += bool(self.draws[Outcome.PASSED] and self.draws[Outcome.FAILED])
        self.draws = Counter()

    def _weigh(self, result: Result) -> None:
        values = [score.value for score in result.scores if score.value is not None and not score.is_advisory]
        if values and result.outcome in (Outcome.PASSED, Outcome.FAILED):
            self.values += sum(values) / len(values)
            self.scored += 1
        self.cut_off += result.is_cut_off
        for call in result.calls:
            reply, is_fresh = call.reply, call.origin == "fresh"
            self.spending += Spending(fresh=int(is_fresh), replayed=int(not is_fresh))
            if reply is None:
                continue
            self.spending += Spending(
                prompt_tokens=reply.usage.prompt_tokens or 0,
                completion_tokens=reply.usage.completion_tokens or 0,
                usd=(reply.usd or 0.0) if is_fresh else 0.0,
                unpriced=int(is_fresh and reply.usd is None),
            )
            if is_fresh:
                self.seconds.append(reply.seconds)
            if reply.model and len(self.served) < 10:
                self.served.setdefault(reply.model)

    def summary(self, column: Column, gate: tuple[Rule, ...]) -> ColumnSummary:
        self._close()
        return ColumnSummary(
            column=column,
            cases=self.cases,
            trials=self.trials,
            pass_rate=_share(self.cases),
            trial_pass_rate=_share(self.trials),
            mean_score=self.values / self.scored if self.scored else None,
            p50_seconds=percentile(self.seconds, 0.50),
            p95_seconds=percentile(self.seconds, 0.95),
            cut_off=self.cut_off,
            flaky=self.flaky,
            spending=self.spending,
            served=tuple(self.served),
            rules=judged(gate, self.cases, self.trials),
        )


def _one(outcome: Outcome, skipped_by_user: bool) -> Tally:
    if outcome is Outcome.SKIPPED:
        return Tally(skipped=1) if skipped_by_user else Tally(unasked=1)
    return {
        Outcome.PASSED: Tally(passed=1),
        Outcome.FAILED: Tally(failed=1),
        Outcome.ERRORED: Tally(errored=1),
    }[outcome]


def _share(tally: Tally) -> Estimate | None:
    if not tally.decided:
        return None
    low, high = wilson(tally.passed, tally.decided)
    return Estimate(tally.passed / tally.decided, low, high, tally.decided)


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least `share` of them do not exceed (nearest rank); None without values."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None
