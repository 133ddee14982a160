"""The exact test, held against every way to deal out the draws, scipy and statsmodels."""

from __future__ import annotations

from itertools import combinations, product
from math import isclose
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from evalkit.stats.permutation import SHUFFLES, SMALLEST, mid_p
from tests.stats.oracles import GRADED, NEAR, SUITES, Case, suite, worst_difference, worst_ratio


def _enumerated(cases: list[Case]) -> float:
    """The mid-p value by dealing out the draws of all cases in every way; 1 where all ways are alike."""
    hands = [[sum(hand) for hand in combinations(base + cand, len(cand))] for base, cand in cases]
    observed = sum(sum(cand) for _, cand in cases)
    totals = [sum(dealt) for dealt in product(*hands)]
    if max(totals) - min(totals) < 1e-9:
        return 1.0
    below = sum(total < observed - 1e-9 for total in totals)
    equal = sum(abs(total - observed) <= 1e-9 for total in totals)
    return (below + equal / 2) / len(totals)


def _convolved(cases: list[Case]) -> float:
    """The same from scipy's hypergeometric chances, a case at a time."""
    chances = [1.0]
    for base, cand in cases:
        draws, passes = len(base) + len(cand), int(sum(base) + sum(cand))
        added = [float(stats.hypergeom.pmf(x, draws, passes, len(cand))) for x in range(len(cand) + 1)]
        longer = [0.0] * (len(chances) + len(cand))
        for at, chance in enumerate(chances):
            for x, more in enumerate(added):
                longer[at + x] += chance * more
        chances = longer
    observed = int(sum(sum(cand) for _, cand in cases))
    return sum(chances[:observed]) + chances[observed] / 2


def _differ(cases: list[Case]) -> bool:
    return any(len({*base, *cand}) > 1 for base, cand in cases)


def test_mid_p_is_that_of_every_way_to_deal() -> None:
    random = Random(11)
    suites = [suite(random, random.randint(1, 4), (3, 3), random.choice([0.0, 0.4])) for _ in range(300)]
    assert worst_difference("mid_p beside enumeration", ((mid_p(each), _enumerated(each)) for each in suites)) < NEAR


def test_mid_p_of_larger_suites_is_that_of_scipy() -> None:
    random = Random(12)
    suites = [suite(random, random.randint(5, 40), (5, 5), random.choice([0.0, 0.1, 0.3])) for _ in range(40)]
    pairs = [(mid_p(each), _convolved(each)) for each in suites if _differ(each)]
    assert worst_difference("mid_p beside scipy", pairs) < NEAR
    assert worst_ratio("mid_p beside scipy, as a ratio", pairs) < NEAR


def _of_single_draws(worse: int, better: int, same: int) -> list[Case]:
    return [([1.0], [0.0])] * worse + [([0.0], [1.0])] * better + [([1.0], [1.0])] * same


def test_one_draw_an_arm_gives_the_mid_p_of_mcnemar() -> None:
    random = Random(13)
    ours = []
    for _ in range(300):
        worse, better, same = random.randint(1, 80), random.randint(0, 80), random.randint(0, 9)
        found = mid_p(_of_single_draws(worse, better, same))
        one_sided = stats.binom.cdf(better, worse + better, 0.5) - stats.binom.pmf(better, worse + better, 0.5) / 2
        ours.append((found, one_sided))
        if better < worse:  # theirs is two-sided and no mid-p: twice the whole tail
            whole = mcnemar([[same, worse], [better, 0]], exact=True).pvalue
            ours.append((2 * found + stats.binom.pmf(better, worse + better, 0.5), whole))
    assert worst_difference("mid_p beside McNemar", ours) < NEAR


def test_thousands_of_cases_keep_their_precision() -> None:
    worse, better = 5_100, 4_900
    exact = stats.binom.cdf(better, worse + better, 0.5) - stats.binom.pmf(better, worse + better, 0.5) / 2
    large = [(mid_p(_of_single_draws(worse, better, 0)), exact)]
    cases = suite(Random(14), 400, (5, 5))
    large.append((mid_p(cases), _convolved(cases)))
    assert worst_difference("mid_p of 10,000 cases", large) < NEAR


def test_p_values_down_to_1e_29_keep_their_precision_though_ends_are_cut_off() -> None:
    pairs = []
    for worse in (5_100, 5_300, 5_450, 5_550):
        better = 10_000 - worse
        exact = stats.binom.cdf(better, 10_000, 0.5) - stats.binom.pmf(better, 10_000, 0.5) / 2
        pairs.append((mid_p(_of_single_draws(worse, better, 0)), exact))
    assert min(exact for _, exact in pairs) < 1e-27
    assert worst_ratio("mid_p far in the tail, as a ratio", pairs) < NEAR


PINNED: list[tuple[str, list[Case], float]] = [
    ("no case", [], 1.0),
    ("nothing differs", [([1.0], [1.0]), ([0.0, 0.0], [0.0])], 1.0),
    ("no discordant pair of scores", [([0.5], [0.5])], 1.0),
    ("one case fell", [([1.0], [0.0])], 0.25),
    ("one case rose", [([0.0], [1.0])], 0.75),
    ("2 of 20 cases fell from 5/5 to 0/5", [([1.0] * 5, [0.0] * 5)] * 2 + [([1.0] * 5, [1.0] * 5)] * 18, 0.5 / 252**2),
    ("a recorded baseline of five and a candidate of one", [([1.0] * 5, [0.0])] * 3, 0.5 / 6**3),
    ("100 cases fell", [([1.0], [0.0])] * 100, SMALLEST),
    ("10,000 cases fell", [([1.0], [0.0])] * 10_000, SMALLEST),
    ("10,000 cases rose", [([0.0], [1.0])] * 10_000, 1.0),
]


@pytest.mark.parametrize(("cases", "p"), [row[1:] for row in PINNED], ids=[row[0] for row in PINNED])
def test_mid_p_of_known_suites(cases: list[Case], p: float) -> None:
    assert isclose(mid_p(cases), p, rel_tol=1e-12)


@given(SUITES, st.randoms(use_true_random=False))
def test_neither_the_order_of_repeats_nor_that_of_cases_matters(cases: list[Case], random: Random) -> None:
    found = mid_p(cases)
    assert 0 < found <= 1
    for base, cand in cases:
        random.shuffle(base)
        random.shuffle(cand)
    random.shuffle(cases)
    assert mid_p(cases) == found


@given(SUITES)
def test_swapped_arms_mirror(cases: list[Case]) -> None:
    swapped = [(cand, base) for base, cand in cases]
    assert isclose(mid_p(cases) + mid_p(swapped), 1.0 if _differ(cases) else 2.0, rel_tol=1e-12)


@given(SUITES, st.data())
def test_a_pass_that_moves_from_the_candidate_to_the_baseline_lowers_p(cases: list[Case], data: st.DataObject) -> None:
    before = mid_p(cases)
    movable = [number for number, (base, cand) in enumerate(cases) if 0.0 in base and 1.0 in cand]
    if movable:
        base, cand = cases[data.draw(st.sampled_from(movable))]
        base[base.index(0.0)], cand[cand.index(1.0)] = 1.0, 0.0
        assert mid_p(cases) < before


@given(SUITES, st.sampled_from([0.0, 1.0]))
def test_cases_that_always_do_the_same_change_nothing(cases: list[Case], value: float) -> None:
    assert mid_p([*cases, ([value] * 3, [value])]) == mid_p(cases)


@settings(max_examples=20)
@given(GRADED, st.randoms(use_true_random=False))
def test_shuffles_depend_on_the_values_not_on_their_order(cases: list[Case], random: Random) -> None:
    found = mid_p(cases)
    for base, cand in cases:
        random.shuffle(base)
        random.shuffle(cand)
    random.shuffle(cases)
    assert mid_p(cases) == found
    assert 0 < found <= 1


def test_shuffled_scores_come_near_every_way_to_deal() -> None:
    """Within 4.5 standard errors of 9,999 shuffles, with 2 to 924 hands a case."""
    random = Random(15)
    worst = 0.0
    for draws in ((1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (6, 6)):
        for _ in range(12):
            cases = [
                ([random.random() for _ in range(draws[0])], [random.random() * 0.8 for _ in range(draws[1])])
                for _ in range(1 if draws == (6, 6) else 3)
            ]
            exact = _enumerated(cases)
            error = (exact * (1 - exact) / SHUFFLES) ** 0.5 + 1 / SHUFFLES
            worst = max(worst, abs(mid_p(cases) - exact) / error)
    assert worst < 4.5


def test_scores_of_0_and_1_among_others_are_tested_like_the_rest() -> None:
    cases: list[Case] = [([1.0, 0.5], [0.0, 0.25]), ([1.0], [0.0]), ([0.0], [0.0])]
    assert abs(mid_p(cases) - _enumerated(cases)) < 0.02


def test_equal_totals_of_unequal_sums_are_equal() -> None:
    """0.1 + 0.2 is not 0.3 to the machine, and is to the test."""
    cases: list[Case] = [([0.3, 0.0], [0.1, 0.2])]
    assert abs(mid_p(cases) - _enumerated(cases)) < 0.02
    assert _enumerated(cases) == 0.5


def test_the_p_value_of_scores_is_the_same_everywhere() -> None:
    assert mid_p([([0.9, 0.8], [0.3, 0.7]), ([0.6], [0.5]), ([1, 0.5], [0.75, 0.25])]) == 0.07605


@pytest.mark.parametrize(
    "cases", [[([], [1.0])], [([1.0], [])], [([1.0], [1.5])], [([-0.5], [1.0])], [([float("nan")], [1.0])]]
)
def test_what_is_no_comparison_is_refused(cases: list[Case]) -> None:
    with pytest.raises(ValueError, match=r"a draw in each arm|values are in"):
        mid_p(cases)
