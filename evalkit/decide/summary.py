"""The numbers of every column, in one pass over the results in plan order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from evalkit.decide.counts import Counts, percentile, share
from evalkit.decide.gate import judged
from evalkit.decide.metrics import metrics_of
from evalkit.records.exchange import Call
from evalkit.records.result import Column, Result
from evalkit.records.run import ColumnSummary, SpecInfo, Spending


def summarise(results: Iterable[Result], specs: Iterable[SpecInfo]) -> tuple[ColumnSummary, ...]:
    """One summary a column, in the order in which columns first appear. `specs` have the gates and the metrics."""
    adding = Adding()
    for result in results:
        adding.add(result)
    return adding.summaries(specs)


class Adding:
    """Results added one by one, in plan order."""

    def __init__(self) -> None:
        self._columns: defaultdict[Column, _Column] = defaultdict(_Column)

    def add(self, result: Result) -> None:
        """One trial more."""
        self._columns[result.column].add(result)

    def summaries(self, specs: Iterable[SpecInfo]) -> tuple[ColumnSummary, ...]:
        """One summary a column, in the order in which columns first appeared."""
        known = {spec.name: spec for spec in specs}
        unknown = SpecInfo("", "")
        return tuple(kept.summary(column, known.get(column.spec, unknown)) for column, kept in self._columns.items())


@dataclass(slots=True)
class _Spent:
    """What calls took, while it is added up; `kept` is the record of it."""

    fresh: int = 0
    replayed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0

    def add(self, call: Call) -> None:
        reply, is_fresh = call.reply, call.origin == "fresh"
        self.fresh += is_fresh
        self.replayed += not is_fresh
        if reply is None:
            return
        self.prompt_tokens += reply.usage.prompt_tokens or 0
        self.completion_tokens += reply.usage.completion_tokens or 0
        if is_fresh:
            self.usd += reply.usd or 0.0
            self.unpriced += reply.usd is None

    def kept(self) -> Spending:
        return Spending(self.fresh, self.replayed, self.prompt_tokens, self.completion_tokens, self.usd, self.unpriced)


@dataclass(slots=True)
class _Column:
    """What is kept of one column: counts of all results, counts of each scope of its rules, and what calls took."""

    counts: Counts = field(default_factory=Counts)
    scopes: defaultdict[tuple[int, str], Counts] = field(default_factory=lambda: defaultdict(Counts))
    cut_off: int = 0
    spent: _Spent = field(default_factory=_Spent)
    served: dict[str, None] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        self.counts.add(result)
        for scope in result.scopes.items():
            self.scopes[scope].add(result)
        self.cut_off += result.is_cut_off
        for call in result.calls:
            self.spent.add(call)
            if call.reply and call.reply.model and len(self.served) < 10:
                self.served.setdefault(call.reply.model)

    def summary(self, column: Column, spec: SpecInfo) -> ColumnSummary:
        counts, scores = self.counts, self.counts.scores
        return ColumnSummary(
            column=column,
            cases=counts.cases,
            trials=counts.trials,
            pass_rate=share(counts.cases),
            trial_pass_rate=share(counts.trials),
            mean_score=scores.total / scores.count if scores.count else None,
            metrics=metrics_of(counts.metrics, spec.metrics),
            p50_seconds=percentile(counts.seconds, 0.50),
            p95_seconds=percentile(counts.seconds, 0.95),
            cut_off=self.cut_off,
            flaky=counts.flaky,
            spending=self.spent.kept(),
            served=tuple(self.served),
            rules=judged(spec, column, counts, self.scopes),
        )
