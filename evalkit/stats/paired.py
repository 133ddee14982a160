"""The difference of two arms over the same cases: how large it is, and which differences the draws exclude."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import copysign, fsum, inf, sqrt
from typing import NamedTuple

from evalkit.stats.distributions import normal_quantile, t_quantile
from evalkit.stats.intervals import cluster_error

Draws = tuple[Sequence[float], Sequence[float]]  # a case's values in [0, 1]: of the baseline, of the candidate


class Effect(NamedTuple):
    """The candidate's mean minus the baseline's, and the ends of its interval; all in [−1, 1]."""

    effect: float
    low: float
    high: float


class Discordance(NamedTuple):
    """Pairs of trials that are expected to differ: the candidate worse, the candidate better; of so many pairs."""

    worse: float
    better: float
    trials: float

    @property
    def effect(self) -> float:
        """The candidate's mean minus the baseline's, in [−1, 1]."""
        return (self.better - self.worse) / self.trials

    def z_at(self, difference: float) -> float:
        """The score statistic of the hypothesis that the candidate's mean differs by `difference`, in [−1, 1].

        z(d) = (c − b − N·d)/√(N(2q + d(1 − d))), Tango (1998), Statistics in Medicine 17, 891–908, equation 5, for b
        worse and c better of N; q, the chance of "worse" that is likeliest under the hypothesis, is the larger root of
        2N·q² + [(2N − c + b)·d − (b + c)]·q − b·d(1 − d) = 0. It falls as d grows. 0 where N·d = c − b.
        """
        worse, better, trials = self
        if difference < 0:  # the arms swapped, so that no term below is negative and nothing cancels
            return -Discordance(better, worse, trials).z_at(-difference)
        rest = difference * (1 - difference)
        linear = (2 * trials - better + worse) * difference - (worse + better)
        root = sqrt(linear * linear + 8 * trials * worse * rest)
        chance = (root - linear) / (4 * trials) if linear <= 0 else 2 * worse * rest / (root + linear)
        gap, variance = better - worse - trials * difference, trials * (2 * chance + rest)
        if variance > 0:
            return gap / sqrt(variance)
        return copysign(inf, gap) if gap else 0.0


def discordance(cases: Sequence[Draws]) -> Discordance:
    """The discordant pairs to be expected if draws of both arms are paired at random within each case.

    b = N/n·Σ p(1 − q) and c = N/n·Σ (1 − p)q for the means p, q of the baseline and the candidate in n cases, with
    N = n²/Σ ½(1/K_base + 1/K_cand) pairs: what a mean over cases with unequally many draws is worth. Values between 0
    and 1 spread less than passes and failures: b + c is the larger of N times the mean of E(x − y)² and |c − b|.
    Raises ValueError for no case, one without a draw in an arm, or a value outside [0, 1].
    """
    if not cases or not all(base and cand for base, cand in cases):
        raise ValueError("there is no case, or one without a draw in an arm")
    worse, better, excess, weight = [], [], [], []
    for base, cand in cases:
        if min(min(arm) for arm in (base, cand)) < 0 or max(max(arm) for arm in (base, cand)) > 1:
            raise ValueError("values are in [0, 1]")
        before, now = sum(base) / len(base), sum(cand) / len(cand)
        worse.append(before * (1 - now))
        better.append((1 - before) * now)
        excess.append(sum(x * (1 - x) for x in base) / len(base) + sum(y * (1 - y) for y in cand) / len(cand))
        weight.append(1 / len(base) + 1 / len(cand))
    b, c = fsum(worse), fsum(better)
    spare, trials = min(b, c, fsum(excess) / 2), 2 * len(cases) ** 2 / fsum(weight)
    return Discordance((b - spare) * trials / len(cases), (c - spare) * trials / len(cases), trials)


def z_at(cases: Sequence[Draws], difference: float) -> float:
    """Tango's score statistic of the cases at a difference in [−1, 1]; "no worse" asks it at −margin.

    Raises ValueError as `discordance` does, and for a difference outside [−1, 1].
    """
    if not -1 <= difference <= 1:
        raise ValueError(f"no difference of shares: {difference}")
    return discordance(cases).z_at(difference)


def effect_interval(cases: Sequence[Draws], unchanged: int = 0, confidence: float = 0.90) -> Effect:
    """The effect over all cases and its score interval (Tango 1998): the differences whose |z| is at most the quantile.

    Its ends at 90 % are the two one-sided decisions at 5 %. `unchanged` cases differ by 0 by construction: they are in
    no interval, and only make the effect and its ends smaller, by n/(n + unchanged); all are 0 where no case changed.
    Raises ValueError as `discordance` does, for no case at all, or for a confidence outside (0, 1).
    """
    if not 0 < confidence < 1 or unchanged < 0:
        raise ValueError(f"confidence {confidence}, {unchanged} unchanged cases")
    if not cases and unchanged:
        return Effect(0.0, 0.0, 0.0)
    found, bound = discordance(cases), -normal_quantile((1 - confidence) / 2)
    share = len(cases) / (len(cases) + unchanged)
    low, high = (_end(found, side * bound) for side in (1, -1))
    return Effect(found.effect * share, low * share, high * share)


def _end(found: Discordance, bound: float) -> float:
    """The difference at which z is `bound`, by halving: z falls as the difference grows."""
    low, high = (-1.0, found.effect) if bound > 0 else (found.effect, 1.0)
    for _ in range(60):
        middle = (low + high) / 2
        if found.z_at(middle) > bound:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def population_interval(
    changes: Sequence[float], groups: Sequence[Hashable], confidence: float = 0.90
) -> tuple[float, float]:
    """The interval, (low, high) in [−1, 1], of the effect on cases like these, which are a sample.

    `changes` are the cases' differences of means, candidate minus baseline, `groups` names the group of each. Mean
    ± t·SE with the cluster-robust SE of Cochran (1977), Sampling Techniques, 9A, and the quantile of t with as many
    degrees of freedom as groups less one. A single group says nothing of others: (−1, 1). Of width zero where all
    changes are equal: take the wider of it and `effect_interval`. Raises ValueError for no change, unequal lengths, a
    change outside [−1, 1], or a confidence outside (0, 1).
    """
    if not changes or len(changes) != len(groups) or not all(-1 <= change <= 1 for change in changes):
        raise ValueError("each case has a change in [−1, 1] and a group")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence}")
    changes_by_group: dict[Hashable, list[float]] = {}
    for change, group in zip(changes, groups, strict=True):
        changes_by_group.setdefault(group, []).append(change)
    if len(changes_by_group) == 1:
        return -1.0, 1.0
    mean, error = fsum(changes) / len(changes), cluster_error(list(changes_by_group.values()))
    reach = -t_quantile((1 - confidence) / 2, len(changes_by_group) - 1) * error
    return max(-1.0, mean - reach), min(1.0, mean + reach)
