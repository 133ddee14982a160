"""Looking more than once, held against integrals by scipy and against play."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from math import inf, isclose, isnan, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from evalkit.stats.integrals import integral
from evalkit.stats.sequential import combination_bound, combined, first_stage_level, levels
from tests.stats.oracles import NEAR, worst_difference

ALPHAS = (0.05, 0.025, 0.05 / 3, 0.01, 0.2)


def test_levels_of_three_and_five_rounds_at_5_percent() -> None:
    assert [round(level, 5) for level in levels(3, 0.05)] == [0.00556, 0.01929, 0.04087]
    assert [round(level, 5) for level in levels(5, 0.05)] == [0.00200, 0.00675, 0.01387, 0.02375, 0.03671]


@cache
def _reached(bounds: tuple[float, ...]) -> float:
    """The chance that a sum of z crosses the last bound and none before, by integrals within integrals."""
    if len(bounds) == 1:
        return float(stats.norm.sf(bounds[0]))
    if len(bounds) == 2:
        return _quad(lambda x: stats.norm._pdf(x) * stats.norm._sf(bounds[1] - x), bounds[0])
    return _quad(
        lambda x: (
            stats.norm._pdf(x) * _quad(lambda y: stats.norm._pdf(y - x) * stats.norm._sf(bounds[2] - y), bounds[1])
        ),
        bounds[0],
    )


def _quad(function: Callable[[float], float], high: float) -> float:
    return float(integrate.quad(function, -inf, high, epsabs=1e-12, epsrel=1e-11, limit=200)[0])


def test_the_chance_of_a_first_crossing_in_a_round_is_what_was_to_be_spent() -> None:
    pairs = []
    for alpha in ALPHAS[:2]:
        bounds = tuple(stats.norm.isf(level) * sqrt(done) for done, level in enumerate(levels(3, alpha), 1))
        pairs += [(_reached(bounds[:done]), alpha * (2 * done - 1) / 9) for done in (1, 2, 3)]
    assert worst_difference("levels", pairs) < NEAR


@pytest.mark.parametrize("alpha", ALPHAS)
def test_all_rounds_together_alarm_with_the_chance_alpha(alpha: float) -> None:
    for rounds in (2, 3, 4, 5, 8):
        zs = [stats.norm.isf(level) for level in levels(rounds, alpha)]
        shared = [[sqrt(min(a, b) / max(a, b)) for a in range(1, rounds + 1)] for b in range(1, rounds + 1)]
        quiet = stats.multivariate_normal.cdf(zs, cov=shared, rng=1)
        assert isclose(1 - quiet, alpha, abs_tol=2e-5)  # theirs is a Monte-Carlo integral


def test_levels_grow_from_round_to_round_and_stay_below_alpha() -> None:
    for alpha in ALPHAS:
        for rounds in (1, 2, 5, 12):
            found = levels(rounds, alpha)
            assert isclose(found[0], alpha / rounds**2, rel_tol=1e-9)
            assert all(before < after for before, after in pairwise(found))
            assert found[-1] <= alpha * (1 + 1e-9)


def test_bounds_of_two_looks() -> None:
    assert [round(combination_bound(alpha), 4) for alpha in (0.05, 0.025, 0.01)] == [1.7038, 2.0202, 2.3866]
    assert first_stage_level(0.05) == 0.01


def test_both_looks_together_alarm_with_the_chance_alpha() -> None:
    pairs = []
    for alpha in ALPHAS:
        first, bound = first_stage_level(alpha), combination_bound(alpha)

        def later(u: float, bound: float = bound) -> float:
            return float(stats.norm._sf((bound - sqrt(1 / 3) * -stats.norm._ppf(u)) / sqrt(2 / 3)))

        pieces = [first, 0.1 + first, 0.5, 0.99, 1]
        chance = first + sum(integrate.quad(later, *ends, epsabs=1e-13, limit=200)[0] for ends in pairwise(pieces))
        pairs.append((chance, alpha))
    assert worst_difference("combination_bound", pairs) < NEAR


def test_two_looks_played_out() -> None:
    """100,000 no-op comparisons with uniform p values alarm in 5 % of cases, within 4 standard errors."""
    random, bound = Random(31), combination_bound(0.05)
    alarms = 0
    for _ in range(100_000):
        first = random.random()
        alarms += first <= 0.01 or combined(first, random.random()) >= bound
    assert abs(alarms / 100_000 - 0.05) < 4 * sqrt(0.05 * 0.95 / 100_000)


def test_combined_is_that_of_scipy() -> None:
    random = Random(32)
    pairs = []
    for _ in range(300):
        first, second = random.random(), random.random()
        theirs = stats.combine_pvalues([first, second], method="stouffer", weights=[sqrt(1 / 3), sqrt(2 / 3)]).statistic
        pairs.append((combined(first, second), theirs))
    assert worst_difference("combined", pairs) < NEAR


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_smaller_p_values_combine_to_more(first: float, second: float, third: float) -> None:
    low, high = sorted((second, third))
    assert combined(first, low) >= combined(first, high)
    assert combined(low, first) >= combined(high, first)
    assert not isnan(combined(first, second))


@pytest.mark.parametrize(("first", "second", "z"), [(0.0, 0.5, inf), (0.0, 1.0, -inf), (1.0, 0.0, -inf), (0.5, 0.5, 0)])
def test_combined_at_the_ends(first: float, second: float, z: float) -> None:
    assert combined(first, second) == z


@settings(max_examples=30)
@given(st.integers(0, 159), st.floats(-3, 3), st.floats(-3, 3))
def test_powers_are_integrated_exactly(degree: int, low: float, high: float) -> None:
    largest = max(abs(low), abs(high))
    exact = (high ** (degree + 1) - low ** (degree + 1)) / (degree + 1)
    assert isclose(
        integral(lambda x: x**degree, low, high), exact, rel_tol=1e-9, abs_tol=1e-12 * largest ** (degree + 1)
    )


@pytest.mark.parametrize("alpha", [0.0, 0.5, -0.1, float("nan")])
def test_alpha_is_a_small_share(alpha: float) -> None:
    for formula in (first_stage_level, combination_bound):
        with pytest.raises(ValueError, match="alpha is in"):
            formula(alpha)
    with pytest.raises(ValueError, match="alpha is in"):
        levels(3, alpha)


def test_there_is_at_least_one_round_and_p_values_are_shares() -> None:
    assert isclose(levels(1, 0.05)[0], 0.05, rel_tol=1e-9)
    with pytest.raises(ValueError, match="0 rounds"):
        levels(0, 0.05)
    with pytest.raises(ValueError, match=r"no probability: 1\.1"):
        combined(1.1, 0.5)
