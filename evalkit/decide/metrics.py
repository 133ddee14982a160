"""Metrics of a column: the means of what its checks gave, and what a spec derives from them."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.decide.counts import Sum
from evalkit.decide.derived import derived_value
from evalkit.records.run import Metric


def metrics_of(sums: Mapping[str, Sum], derived: Mapping[str, str]) -> dict[str, Metric]:
    """Every metric that has a value, by name: the checks' own in their order, then the derived ones."""
    found = {name: _mean(kept) for name, kept in sums.items() if kept.count}
    for name, expression in derived.items():
        value = derived_value(expression, {known: metric.value for known, metric in found.items()})
        if isinstance(value, float):
            found[name] = Metric(value)
    return found


def _mean(kept: Sum) -> Metric:
    estimate = kept.estimate()
    assert estimate is not None
    return Metric(estimate.value, estimate.low, estimate.high, estimate.count)
