"""The effect and its interval, held against the likelihood, published values and the definition."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import inf, isclose, sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar

from evalkit.stats.paired import (
    Discordance,
    Draws,
    Effect,
    discordance,
    effect_interval,
    population_interval,
    z_at,
)
from tests.stats.oracles import GRADED, NEAR, SUITES, Case, suite, worst_difference, worst_ratio


def _likeliest(found: Discordance, difference: float) -> float:
    """The chance of "worse" where the slope of the likelihood under the hypothesis is 0, by scipy's root finder."""
    worse, better, trials = found
    same = trials - worse - better

    def slope(chance: float) -> float:
        return worse / chance + better / (chance + difference) - 2 * same / (1 - 2 * chance - difference)

    edge = 1e-15
    return float(
        optimize.brentq(slope, max(0, -difference) + edge, (1 - difference) / 2 - edge, xtol=1e-16, rtol=1e-15)
    )


def _z(found: Discordance, difference: float) -> float:
    chance = _likeliest(found, difference)
    variance = found.trials * (2 * chance + difference - difference**2)
    return (found.better - found.worse - found.trials * difference) / sqrt(variance)


def _random_discordance(random: Random) -> Discordance:
    trials = random.uniform(4, 400)
    worse = random.uniform(0.02, 0.5) * trials
    return Discordance(worse, random.uniform(0.02, 0.95) * (trials - worse), trials)


def test_z_is_that_of_the_constrained_likelihood() -> None:
    random = Random(21)
    pairs = []
    for _ in range(400):
        found, difference = _random_discordance(random), random.uniform(-0.9, 0.9)
        pairs.append((found.z_at(difference), _z(found, difference)))
    assert worst_difference("z_at", pairs) < NEAR


def test_the_ends_are_where_the_likelihood_puts_them() -> None:
    random = Random(22)
    pairs = []
    for _ in range(200):
        cases = suite(random, random.randint(5, 40), (5, 5), 0.1)
        found, bound = discordance(cases), stats.norm.isf(0.05)
        if min(found.worse, found.better) > 0.01:
            effect = effect_interval(cases)
            for end, side in ((effect.low, bound), (effect.high, -bound)):
                root = optimize.brentq(lambda d, found=found, side=side: _z(found, d) - side, -0.999, 0.999, xtol=1e-14)
                pairs.append((end, root))
    assert worst_difference("effect_interval", pairs) < NEAR


def test_z_at_no_difference_is_that_of_mcnemar() -> None:
    random = Random(23)
    pairs = []
    for _ in range(100):
        worse, better, same = random.randint(1, 60), random.randint(0, 60), random.randint(0, 60)
        chi_square = mcnemar([[same, worse], [better, 0]], exact=False, correction=False).statistic
        pairs.append((Discordance(worse, better, worse + better + same).z_at(0.0) ** 2, chi_square))
    assert worst_difference("z_at(0)² beside McNemar", pairs) < NEAR


def _of_single_draws(worse: int, better: int, same: int) -> list[Case]:
    return [([1.0], [0.0])] * worse + [([0.0], [1.0])] * better + [([1.0], [1.0])] * same


def test_the_interval_is_that_of_the_published_example() -> None:
    """Bentur et al. (2009): 7 of 21 children got worse, 1 better; Fagerland, Lydersen & Laake (2014), table VII."""
    effect, low, high = effect_interval(_of_single_draws(7, 1, 13), confidence=0.95)
    assert (round(effect, 3), round(low, 3), round(high, 3)) == (-0.286, -0.517, -0.026)


def test_without_a_discordant_pair_the_margin_is_excluded_from_52_trials_on() -> None:
    bound = stats.norm.isf(0.05)
    assert [z_at(_of_single_draws(0, 0, trials), -0.05) >= bound for trials in (51, 52)] == [False, True]
    assert [z_at(_of_single_draws(0, 0, trials), -0.10) >= bound for trials in (24, 25)] == [False, True]


EDGES: list[tuple[str, list[Case], float, float]] = [
    ("nothing differs", _of_single_draws(0, 0, 10), 0.0, 0.0),
    ("all got worse, asked at the worst", _of_single_draws(10, 0, 0), -1.0, 0.0),
    ("half got worse, asked at the worst", _of_single_draws(5, 0, 5), -1.0, inf),
    ("half got worse, asked at the best", _of_single_draws(5, 0, 5), 1.0, -inf),
]


@pytest.mark.parametrize(("cases", "difference", "z"), [row[1:] for row in EDGES], ids=[row[0] for row in EDGES])
def test_z_at_the_edges(cases: list[Case], difference: float, z: float) -> None:
    assert z_at(cases, difference) == z


def _paired_at_random(cases: list[Case], value: Callable[[float, float], float]) -> float:
    """The mean over cases of the mean of a value over all pairs of draws."""
    means = [sum(value(x, y) for x in base for y in cand) / (len(base) * len(cand)) for base, cand in cases]
    return sum(means) / len(means)


def test_discordance_is_that_of_draws_paired_in_every_way() -> None:
    random = Random(24)
    pairs = []
    for _ in range(200):
        cases = suite(random, random.randint(1, 20), (6, 3), 0.2)
        found = discordance(cases)
        pairs.append((found.worse / found.trials, _paired_at_random(cases, lambda x, y: x > y)))
        pairs.append((found.better / found.trials, _paired_at_random(cases, lambda x, y: x < y)))
    assert worst_difference("discordance", pairs) < NEAR


def test_discordance_of_scores_is_their_mean_square() -> None:
    random = Random(25)
    pairs = []
    for _ in range(200):
        cases = [([random.random() for _ in range(3)], [random.random() ** 2 for _ in range(2)]) for _ in range(6)]
        found, change = discordance(cases), _paired_at_random(cases, lambda x, y: y - x)
        square = max(_paired_at_random(cases, lambda x, y: (x - y) ** 2), abs(change))
        pairs += [(found.effect, change), ((found.worse + found.better) / found.trials, square)]
    assert worst_difference("discordance of scores", pairs) < NEAR


@pytest.mark.parametrize(
    ("draws", "trials"), [([(5, 5)] * 4, 20), ([(1, 1)] * 7, 7), ([(5, 1)] * 3, 5), ([(1, 1), (5, 5)], 10 / 3)]
)
def test_pairs_of_trials_are_what_the_mean_over_cases_is_worth(draws: list[tuple[int, int]], trials: float) -> None:
    cases = [([1.0] * base, [1.0] * cand) for base, cand in draws]
    assert isclose(discordance(cases).trials, trials, rel_tol=1e-12)


def test_unchanged_cases_only_scale_the_effect() -> None:
    cases = _of_single_draws(4, 1, 15)
    alone, among = effect_interval(cases), effect_interval(cases, unchanged=20)
    assert among == Effect(*(value / 2 for value in alone))
    assert effect_interval([], unchanged=3) == Effect(0.0, 0.0, 0.0)


@given(st.one_of(SUITES, GRADED), st.integers(0, 9), st.randoms(use_true_random=False))
def test_the_ends_include_the_effect_and_know_no_order(cases: list[Case], unchanged: int, random: Random) -> None:
    effect, low, high = effect_interval(cases, unchanged)
    assert -1 <= low <= effect <= high <= 1
    assert low < high
    rates = [sum(cand) / len(cand) - sum(base) / len(base) for base, cand in cases]
    assert isclose(effect, sum(rates) / (len(cases) + unchanged), abs_tol=1e-9)
    for base, cand in cases:
        random.shuffle(base)
        random.shuffle(cand)
    random.shuffle(cases)
    assert effect_interval(cases, unchanged) == pytest.approx((effect, low, high), abs=1e-7)


@given(st.one_of(SUITES, GRADED))
def test_swapped_arms_mirror(cases: list[Case]) -> None:
    effect, low, high = effect_interval(cases)
    assert effect_interval([(cand, base) for base, cand in cases]) == pytest.approx((-effect, -high, -low), abs=1e-7)


@given(st.one_of(SUITES, GRADED), st.lists(st.floats(-1, 1), min_size=2, max_size=5))
def test_z_falls_as_the_difference_grows_and_is_never_nan(cases: list[Case], differences: list[float]) -> None:
    zs = [z_at(cases, difference) for difference in sorted(differences)]
    assert all(z == z for z in zs)
    assert all(after <= before or isclose(after, before, rel_tol=1e-9, abs_tol=1e-9) for before, after in pairwise(zs))


@given(SUITES)
def test_the_ends_at_90_percent_are_the_two_one_sided_decisions(cases: list[Case]) -> None:
    _, low, high = effect_interval(cases)
    bound = stats.norm.isf(0.05)
    for end, side in ((low, bound), (high, -bound)):
        if -1 + 1e-6 < end < 1 - 1e-6:
            assert z_at(cases, end - 1e-6) >= side >= z_at(cases, end + 1e-6)


@given(SUITES)
def test_more_confidence_is_a_wider_interval(cases: list[Case]) -> None:
    found = [effect_interval(cases, confidence=confidence) for confidence in (0.5, 0.9, 0.99, 1 - 1e-16)]
    assert all(a.low >= b.low and a.high <= b.high for a, b in pairwise(found))


def test_the_population_interval_of_cases_without_groups_is_that_of_scipy() -> None:
    random = Random(26)
    pairs = []
    for _ in range(200):
        changes = [random.choice([0.0, -0.2, random.uniform(-0.4, 0.4)]) for _ in range(random.randint(4, 60))]
        mean, error = sum(changes) / len(changes), stats.sem(changes)
        low, high = population_interval(changes, range(len(changes)))
        theirs = stats.t.interval(0.9, len(changes) - 1, loc=mean, scale=error) if error else (mean, mean)
        pairs += [(low, max(-1.0, theirs[0])), (high, min(1.0, theirs[1]))]
    assert worst_difference("population_interval", pairs) < NEAR


def test_a_group_counts_once() -> None:
    changes, groups = [-0.5, 0.0, 0.25], ["a", "b", "c"]
    once = population_interval(changes, groups)
    assert population_interval(changes * 2, groups * 2) == pytest.approx(once, abs=1e-12)
    assert population_interval([0.5, 0.1], ["a", "a"]) == (-1.0, 1.0)


NO_SUITE: list[list[Draws]] = [[], [([], [1.0])], [([1.0], [])], [([1.0], [1.5])], [([-0.5], [1.0])]]


@pytest.mark.parametrize("cases", NO_SUITE)
def test_what_is_no_comparison_is_refused(cases: list[Draws]) -> None:
    with pytest.raises(ValueError, match=r"no case|values are in"):
        effect_interval(cases)


def test_what_is_no_question_is_refused() -> None:
    cases = _of_single_draws(1, 1, 1)
    with pytest.raises(ValueError, match=r"no difference of shares: -1\.5"):
        z_at(cases, -1.5)
    with pytest.raises(ValueError, match=r"confidence 1\.0"):
        effect_interval(cases, confidence=1.0)
    with pytest.raises(ValueError, match="-1 unchanged cases"):
        effect_interval(cases, unchanged=-1)
    for changes, groups in (([], []), ([0.5], ["a", "b"]), ([1.5], ["a"])):
        with pytest.raises(ValueError, match="a change in"):
            population_interval(changes, groups)
    with pytest.raises(ValueError, match="confidence 0"):
        population_interval([0.5], ["a"], confidence=0)


def test_z_of_tiny_and_huge_suites_keeps_its_precision() -> None:
    pairs = [
        (Discordance(b, c, n).z_at(d), _z(Discordance(b, c, n), d))
        for b, c, n in ((0.1, 0.2, 1.0), (1e5, 9e4, 1e6), (3.0, 1.0, 1e6))
        for d in (-0.5, -0.05, -1e-3, 1e-3, 0.2)
    ]
    assert worst_ratio("z_at of tiny and huge suites", pairs) < NEAR
