"""The numbers of every column, in one pass over the results in plan order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from evalkit.decide.counts import Counts, percentile, share
from evalkit.decide.gate import judged
from evalkit.decide.metrics import metrics_of
from evalkit.records.result import Column, Result
from evalkit.records.run import ColumnSummary, SpecInfo, Spending


def summarise(results: Iterable[Result], specs: Iterable[SpecInfo]) -> tuple[ColumnSummary, ...]:
    """One summary a column, in the order in which columns first appear. `specs` have the gates and the metrics."""
    columns: dict[Column, _Column] = {}
    for result in results:
        columns.setdefault(result.column, _Column()).add(result)
    known = {spec.name: spec for spec in specs}
    unknown = SpecInfo("", "")
    return tuple(kept.summary(column, known.get(column.spec, unknown)) for column, kept in columns.items())


@dataclass(slots=True)
class _Column:
    """What is kept of one column: counts of all results, counts of each scope of its rules, and what calls took."""

    counts: Counts = field(default_factory=Counts)
    scopes: dict[tuple[int, str], Counts] = field(default_factory=dict)
    cut_off: int = 0
    spending: Spending = field(default_factory=Spending)
    served: dict[str, None] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        self.counts.add(result)
        for number, scope in result.scopes.items():
            self.scopes.setdefault((number, scope), Counts()).add(result)
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
            if reply.model and len(self.served) < 10:
                self.served.setdefault(reply.model)

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
            spending=self.spending,
            served=tuple(self.served),
            rules=judged(spec, counts, self.scopes),
        )
