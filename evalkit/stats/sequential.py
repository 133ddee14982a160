"""Looking more than once: levels of the looks that keep the chance of a false alarm over all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import exp, fsum, inf, pi, sqrt

from evalkit.stats.distributions import normal_quantile, normal_sf
from evalkit.stats.integrals import integral, nodes

_FAR = 8.5  # standard deviations; the normal distribution has 1e-17 beyond
_FIRST_WEIGHT = 1 / 3  # of the first look's z, squared; the second has the rest


@cache
def levels(rounds: int, alpha: float) -> tuple[float, ...]:
    """The one-sided level of each of `rounds` equal rounds that spends alpha·t² by the share t of rounds done.

    Lan & DeMets (1983), Biometrika 70, 659–663, with the spending function of Kim & DeMets (1987), Biometrika 74,
    149–154 (power 2); the chance of a first crossing in each round by the recursion of Armitage, McPherson & Rowe
    (1969), JRSS A 132, 235–244. To 1e-9. Raises ValueError unless rounds ≥ 1 and 0 < alpha < 0.5.
    """
    _check(alpha)
    if rounds < 1:
        raise ValueError(f"{rounds} rounds")
    found: list[float] = []
    paths = [(0.0, 1.0)]  # sums of z so far that crossed no bound, with the chance of each
    for done in range(1, rounds + 1):
        bound = _crossed(paths, alpha * (done**2 - (done - 1) ** 2) / rounds**2, done)
        found.append(normal_sf(bound / sqrt(done)))
        points = nodes(-_FAR * sqrt(done), bound)
        paths = [(at, weight * fsum(chance * _density(at - x) for x, chance in paths)) for at, weight in points]
    return tuple(found)


def _crossed(paths: list[tuple[float, float]], spent: float, done: int) -> float:
    """The bound that a sum of z crosses in a round with the chance that is spent on it."""
    return _falling_root(lambda bound: fsum(p * normal_sf(bound - x) for x, p in paths) - spent, done)


def first_stage_level(alpha: float) -> float:
    """The level at which the first look of `confirm` alarms by itself: alpha/5.

    Raises ValueError unless 0 < alpha < 0.5.
    """
    _check(alpha)
    return alpha / 5


def combined(first_p: float, second_p: float) -> float:
    """The weighted inverse normal combination of independent p values: √⅓·z(first_p) + √⅔·z(second_p).

    Lehmacher & Wassmer (1999), Biometrics 55, 1286–1290; z(p) is the upper quantile, so large values speak for "worse".
    Where either is 1, nothing speaks for it: −∞. Raises ValueError for a p value outside [0, 1].
    """
    first, second = -normal_quantile(first_p), -normal_quantile(second_p)
    if -inf in (first, second):
        return -inf
    return sqrt(_FIRST_WEIGHT) * first + sqrt(1 - _FIRST_WEIGHT) * second


@cache
def combination_bound(alpha: float) -> float:
    """The c that `combined` has to reach, so that both looks of `confirm` together alarm falsely with the chance alpha.

    It solves a + ∫ P(√⅔·Z ≥ c − √⅓·z(u)) du = alpha, u from a = alpha/5 to 1 (Bauer & Köhne 1994, Biometrics 50,
    1029–1041, with the combination above); stopping early for "no alarm" only makes false alarms rarer. To 1e-9:
    1.7038 at 0.05, 2.0202 at 0.025, 2.3866 at 0.01. Raises ValueError unless 0 < alpha < 0.5.
    """
    first = first_stage_level(alpha)
    share, rest = sqrt(_FIRST_WEIGHT), sqrt(1 - _FIRST_WEIGHT)
    alarms = -normal_quantile(first)

    def excess(bound: float) -> float:
        later = integral(lambda z: _density(z) * normal_sf((bound - share * z) / rest), -_FAR, alarms)
        return first + later - alpha

    return _falling_root(excess, 1)


def _falling_root(function: Callable[[float], float], rounds: int) -> float:
    """Where a function that falls crosses 0, within so many standard deviations of a sum over rounds; by halving."""
    low, high = -_FAR * sqrt(rounds), _FAR * sqrt(rounds)
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return (low + high) / 2


def _density(z: float) -> float:
    return exp(-z * z / 2) / sqrt(2 * pi)


def _check(alpha: float) -> None:
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha is in (0, 0.5): {alpha}")
