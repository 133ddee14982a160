"""Intervals for shares."""

from __future__ import annotations

from math import sqrt

Z95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


def wilson(successes: float, count: int, z: float = Z95) -> tuple[float, float]:
    """The score interval of a share, (low, high) in [0, 1], after Wilson (1927), JASA 22, 209–212.

    Never of width zero and never outside [0, 1]. Raises ValueError unless 0 ≤ successes ≤ count and count > 0.
    """
    if count <= 0 or not 0 <= successes <= count:
        raise ValueError(f"no share: {successes} of {count}")
    share, weight = successes / count, z * z / count
    centre = (share + weight / 2) / (1 + weight)
    reach = z * sqrt(share * (1 - share) / count + weight / (4 * count)) / (1 + weight)
    low = 0.0 if successes == 0 else max(0.0, centre - reach)
    high = 1.0 if successes == count else min(1.0, centre + reach)
    return low, high
