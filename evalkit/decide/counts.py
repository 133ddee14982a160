"""What is counted of a set of results of one column: of all of them, or of those that a gate rule is about."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from math import ceil

from evalkit.records.result import Outcome, Result
from evalkit.records.run import Estimate, Tally
from evalkit.stats.intervals import wilson

# What a tally has of trials and cases is named by the outcome, of skipped ones by why; whatever else was not asked.
_SKIPPED = {"skip": "skipped", "left_out": "skipped", "unrecorded": "unrecorded"}
_UNASKED = "unasked"
_RUN = 4096  # values sorted at once: a list of all takes four times the room of the values


@dataclass(slots=True)
class Sum:
    """Values in [0, 1] added up; `missing` counts those that should be there and broke."""

    total: float = 0.0
    count: int = 0
    missing: int = 0

    def add(self, value: float) -> None:
        """One value more."""
        self.total += value
        self.count += 1

    def estimate(self) -> Estimate | None:
        """Their mean; None without values. For means too the interval holds: their variance is at most p(1 − p)."""
        if not self.count:
            return None
        low, high = wilson(min(max(self.total, 0.0), self.count), self.count)
        return Estimate(self.total / self.count, low, high, self.count)


@dataclass(slots=True)
class Counts:
    """Results added one by one, in plan order: the draws of a case come one after another."""

    scores: Sum = field(default_factory=Sum)
    metrics: defaultdict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    seconds: array[float] = field(default_factory=lambda: array("d"))
    flaky: int = 0
    _trials: Counter[str] = field(default_factory=Counter)
    _cases: Counter[str] = field(default_factory=Counter)
    _case: str = ""
    _needed: int = 1
    _draws: Counter[Outcome] = field(default_factory=Counter)
    _skipped: set[str] = field(default_factory=set)  # why draws of the case were skipped

    def add(self, result: Result) -> None:
        """One trial more."""
        if result.case != self._case:
            self._close()
            self._case, self._needed = result.case, result.needed
        self._draws[result.outcome] += 1
        if result.outcome is Outcome.SKIPPED:
            why = result.error.kind if result.error else ""
            self._skipped.add(why)
            self._trials[_SKIPPED.get(why, _UNASKED)] += 1
        else:
            self._trials[result.outcome] += 1
        self._weigh(result)
        for call in result.calls:
            if call.reply and call.origin == "fresh":
                self.seconds.append(call.reply.seconds)

    @property
    def trials(self) -> Tally:
        """The trials."""
        return Tally(**self._trials)

    @property
    def cases(self) -> Tally:
        """The cases, the last one included."""
        self._close()
        return Tally(**self._cases)

    def _close(self) -> None:
        """The case before is complete."""
        if self._draws:
            self._cases[self._of_case()] += 1
            self.flaky += bool(self._draws[Outcome.PASSED] and self._draws[Outcome.FAILED])
        self._draws.clear()
        self._skipped.clear()

    def _of_case(self) -> str:
        """The case as one. Where only draws that were left out or not recorded leave it open, it counts like them."""
        outcome = case_outcome(self._draws, self._needed)
        if outcome in (Outcome.PASSED, Outcome.FAILED) or self._draws[Outcome.ERRORED] or not self._skipped:
            return outcome
        if self._skipped <= _SKIPPED.keys():
            return _SKIPPED["unrecorded" if "unrecorded" in self._skipped else "skip"]
        return _UNASKED if outcome is Outcome.SKIPPED else outcome

    def _weigh(self, result: Result) -> None:
        """Only trials with a verdict count: all others are open, with all that they would have given."""
        if result.outcome not in (Outcome.PASSED, Outcome.FAILED):
            return
        values = [score.value for score in result.scores if score.value is not None and not score.is_advisory]
        if values:
            self.scores.add(sum(values) / len(values))
        for score in result.scores:
            if score.value is None:
                self.metrics[score.name].missing += 1
            else:
                self.metrics[score.name].add(score.value)


def share(tally: Tally) -> Estimate | None:
    """The share of those with a verdict that passed; None where none has one."""
    return Sum(tally.passed, tally.decided).estimate()


def case_outcome(draws: Mapping[Outcome, int], needed: int) -> Outcome:
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


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of them do not exceed (nearest rank); None without values."""
    runs = [array("d", sorted(values[start : start + _RUN])) for start in range(0, len(values), _RUN)]
    place = max(ceil(share * len(values)), 1) - 1
    return next(islice(merge(*runs), place, None), None)
