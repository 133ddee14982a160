"""Several tests at once: p values that keep the chance of one false alarm among them."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """The adjusted p values, in the order given: reject those that are at most alpha.

    Step-down of Holm (1979), Scandinavian Journal of Statistics 6, 65–70: the i-th smallest of m is multiplied by
    m − i + 1, and is at least as large as the adjusted one before it; at most 1. Raises ValueError for a p value
    outside [0, 1].
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError(f"not all are p values: {list(p_values)}")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
