"""Intervals for shares: of these trials, and of cases like these."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt

from evalkit.stats.distributions import normal_quantile, t_quantile

Z95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


def wilson(successes: float, count: float, z: float = Z95) -> tuple[float, float]:
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


def clustered(groups: Sequence[Sequence[float]], trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval, (low, high) in [0, 1], of the pass rate or mean score of cases like these, which are a sample.

    `groups` holds the means in [0, 1] of the cases of each group (a case without a group is one of its own), `trials`
    is the number of their trials. It is Wilson's interval of n_eff = p(1 − p)/SE² trials, but at least as many as
    groups and at most as many as trials: the effective sample size of Kish (1965), Survey Sampling, 8.2, as Korn &
    Graubard (1998), Survey Methodology 24, 193–201, put it into an interval. SE is `cluster_error`, and the quantile
    that of t with G − 1 degrees of freedom. Where every trial is a group of its own it is plain Wilson.

    Where the spread is unknown (a single group) or seems to be none at an end (all pass, all fail), a group counts as
    one trial; a single group has the quantile of 1 degree of freedom. Never of width zero.
    Raises ValueError for no case, an empty group, a mean outside [0, 1], fewer trials than cases, or a confidence
    outside (0, 1).
    """
    means = [mean for group in groups for mean in group]
    if not means or not all(groups) or not all(0 <= mean <= 1 for mean in means):
        raise ValueError("the means of cases are in [0, 1], and no group is empty")
    if trials < len(means) or not 0 < confidence < 1:
        raise ValueError(f"{trials} trials of {len(means)} cases, confidence {confidence}")
    share = min(1.0, fsum(means) / len(means))
    count, beyond = len(groups), (1 - confidence) / 2
    if count == trials:
        return wilson(share * count, count, -normal_quantile(beyond))
    effective = _effective(groups, share, trials)
    return wilson(share * effective, effective, -t_quantile(beyond, max(count - 1, 1)))


def cluster_error(groups: Sequence[Sequence[float]]) -> float:
    """The standard error of the mean over all values, when groups of them were sampled; there are at least two groups.

    √(G/(G − 1) · Σ_g (Σ_{i in g} (s_i − mean))² / n²), Cochran (1977), Sampling Techniques, 9A.
    """
    values = [value for group in groups for value in group]
    mean = fsum(values) / len(values)
    squares = fsum(fsum(value - mean for value in group) ** 2 for group in groups)
    return sqrt(len(groups) / (len(groups) - 1) * squares) / len(values)


def _effective(groups: Sequence[Sequence[float]], share: float, trials: int) -> float:
    """How many independent trials would tell as much: in [groups, trials]."""
    spread = share * (1 - share)
    if len(groups) == 1 or spread == 0:
        return len(groups)
    variance = cluster_error(groups) ** 2
    return trials if spread >= trials * variance else max(len(groups), spread / variance)
