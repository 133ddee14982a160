"""Intervals for shares, held against published values, statsmodels and the definition."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import isclose, sqrt
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.api import OLS
from statsmodels.stats.proportion import proportion_confint

from evalkit.stats.intervals import Z95, cluster_error, clustered, wilson
from tests.stats.oracles import NEAR, worst_difference

# Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3; and Wilson's own two ends.
PUBLISHED = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
    (20, 20, 0.8389, 1.0000),
    (28, 29, 0.8282, 0.9939),
    (8, 10, 0.4902, 0.9433),
    (1, 1, 0.2065, 1.0000),
    (0, 1, 0.0000, 0.7935),
]
SHARES = st.integers(1, 10**9).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count)))


@pytest.mark.parametrize(("successes", "count", "low", "high"), PUBLISHED)
def test_wilson_agrees_with_published_values(successes: int, count: int, low: float, high: float) -> None:
    assert tuple(round(end, 4) for end in wilson(successes, count)) == (low, high)


@pytest.mark.parametrize(("successes", "count"), [(0, 0), (1, 0), (-1, 3), (4, 3), (0, -1), (float("nan"), 3)])
def test_what_is_no_share_is_refused(successes: float, count: int) -> None:
    with pytest.raises(ValueError, match=f"no share: {successes} of {count}"):
        wilson(successes, count)


@given(SHARES)
def test_the_share_lies_within_and_the_ends_are_shares(share: tuple[int, int]) -> None:
    low, high = wilson(*share)
    assert 0 <= low <= share[0] / share[1] <= high <= 1
    assert low < high


@given(SHARES)
def test_failures_mirror_successes(share: tuple[int, int]) -> None:
    successes, count = share
    low, high = wilson(successes, count)
    mirrored_low, mirrored_high = wilson(count - successes, count)
    assert isclose(mirrored_low, 1 - high, abs_tol=1e-12)
    assert isclose(mirrored_high, 1 - low, abs_tol=1e-12)


@given(SHARES)
def test_the_ends_are_the_shares_that_the_score_test_just_does_not_refuse(share: tuple[int, int]) -> None:
    successes, count = share
    for end in wilson(successes, count):
        if 0 < end < 1:
            score = (successes / count - end) / sqrt(end * (1 - end) / count)
            assert isclose(abs(score), Z95, rel_tol=1e-4)


@given(SHARES, st.integers(2, 100))
def test_more_of_the_same_narrows_the_interval(share: tuple[int, int], times: int) -> None:
    successes, count = share
    low, high = wilson(successes, count)
    narrower_low, narrower_high = wilson(successes * times, count * times)
    assert narrower_high - narrower_low < high - low


@given(SHARES)
def test_one_success_more_moves_both_ends_up(share: tuple[int, int]) -> None:
    successes, count = share
    assume(successes < count)
    low, high = wilson(successes, count)
    next_low, next_high = wilson(successes + 1, count)
    assert next_low > low
    assert next_high >= high


def test_wilson_is_that_of_statsmodels_for_whole_and_effective_counts() -> None:
    random = Random(6)
    pairs: list[tuple[float, float]] = []
    for _ in range(300):
        count = random.choice([random.randint(1, 500), random.uniform(1, 500)])
        successes = random.choice([0, count, random.uniform(0, count)])
        alpha = random.choice([0.05, 0.1, 0.01])
        theirs = proportion_confint(successes, count, alpha=alpha, method="wilson")
        pairs += zip(wilson(successes, count, stats.norm.isf(alpha / 2)), theirs, strict=True)
    assert worst_difference("wilson", pairs) < NEAR


def _random_groups(random: Random) -> list[list[float]]:
    sizes = [random.choice([1, random.randint(1, 4)]) for _ in range(random.randint(2, 40))]
    return [[random.choice([0.0, 0.2, 0.6, 1.0, random.random()]) for _ in range(size)] for size in sizes]


def _by_definition(groups: Sequence[Sequence[float]], trials: int) -> tuple[float, float]:
    """Wilson's interval with a t quantile, its ends found as the roots of n_eff·(p − x)² = t²·x(1 − x)."""
    means = [mean for group in groups for mean in group]
    share, many = sum(means) / len(means), len(groups)
    variance = many / (many - 1) * sum(sum(m - share for m in group) ** 2 for group in groups) / len(means) ** 2
    spread = share * (1 - share)
    count = min(max(spread / variance if variance else trials, many), trials) if spread else many
    z = stats.norm.isf(0.025) if many == trials else stats.t.isf(0.025, many - 1)
    a, b, c = count + z * z, -(2 * count * share + z * z), count * share * share
    root = sqrt(max(0.0, b * b - 4 * a * c))
    return max(0.0, (-b - root) / (2 * a)), min(1.0, (-b + root) / (2 * a))


def test_clustered_is_what_its_definition_says() -> None:
    random = Random(7)
    pairs: list[tuple[float, float]] = []
    for _ in range(300):
        groups = _random_groups(random)
        trials = sum(map(len, groups)) * random.randint(1, 5)
        pairs += zip(clustered(groups, trials), _by_definition(groups, trials), strict=True)
    assert worst_difference("clustered", pairs) < NEAR


def test_the_cluster_error_is_that_of_statsmodels() -> None:
    random = Random(8)
    pairs = []
    for _ in range(200):
        groups = _random_groups(random)
        values = [value for group in groups for value in group]
        labels = [number for number, group in enumerate(groups) for _ in group]
        model = OLS(values, [1.0] * len(values))
        # Its factor is G/(G − 1)·(n − 1)/(n − 1), which is ours.
        found = model.fit(cov_type="cluster", cov_kwds={"groups": labels})
        pairs.append((cluster_error(groups), found.bse[0]))
    assert worst_difference("cluster_error", pairs) < NEAR


PINNED = [
    ("a trial a case is plain Wilson", [[1.0]] * 28 + [[0.0]], 29, (0.8282, 0.9939)),
    ("all pass: a case counts as one trial", [[1.0]] * 50, 250, (0.9253, 1.0)),
    ("all fail mirrors it", [[0.0]] * 50, 250, (0.0, 0.0747)),
    ("cases all alike are as good as their trials", [[0.6]] * 50, 250, (0.5366, 0.6602)),
    ("cases that pass or fail as a whole count once", [[1.0]] * 30 + [[0.0]] * 20, 250, (0.4584, 0.7267)),
    ("one case of one trial", [[1.0]], 1, (0.2065, 1.0)),
    ("one case of five: nothing is known of others", [[1.0]], 5, (0.0062, 1.0)),
    ("one group of three cases", [[1.0, 0.0, 1.0]], 3, (0.0027, 0.9993)),
]


@pytest.mark.parametrize(("groups", "trials", "interval"), [row[1:] for row in PINNED], ids=[row[0] for row in PINNED])
def test_clustered_at_the_edges(groups: list[list[float]], trials: int, interval: tuple[float, float]) -> None:
    assert tuple(round(end, 4) for end in clustered(groups, trials)) == interval


MEANS = st.integers(0, 20).map(lambda twentieths: twentieths / 20)
GROUPS = st.lists(st.lists(MEANS, min_size=1, max_size=4), min_size=1, max_size=10)


@given(GROUPS, st.integers(1, 5), st.randoms(use_true_random=False))
def test_clustered_holds_the_mean_is_never_of_width_zero_and_knows_no_order(
    groups: list[list[float]], draws: int, random: Random
) -> None:
    means = [mean for group in groups for mean in group]
    low, high = clustered(groups, len(means) * draws)
    assert 0 <= low <= high <= 1
    assert high - low > 1e-3
    assert low - 1e-12 <= sum(means) / len(means) <= high + 1e-12
    for group in groups:
        random.shuffle(group)
    random.shuffle(groups)
    assert clustered(groups, len(means) * draws) == pytest.approx((low, high), abs=1e-12)
    mirrored = [[1 - mean for mean in group] for group in groups]
    assert clustered(mirrored, len(means) * draws) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(GROUPS)
def test_more_confidence_is_a_wider_interval(groups: list[list[float]]) -> None:
    trials = 2 * sum(map(len, groups))
    ends = [clustered(groups, trials, confidence) for confidence in (0.5, 0.9, 0.95, 0.999, 1 - 1e-16)]
    assert all(a[0] >= b[0] and a[1] <= b[1] for a, b in pairwise(ends))


def test_more_draws_never_widen_the_interval_and_stop_helping_at_the_spread_of_cases() -> None:
    groups = [[mean] for mean in (0.9, 0.5, 1.0, 0.7, 0.2, 0.8, 1.0, 0.6, 0.4, 1.0)]
    ends = [clustered(groups, 10 * draws) for draws in (2, 3, 5, 100)]
    widths = [high - low for low, high in ends]
    assert widths == list(accumulate(widths, min))
    assert ends[-1] == ends[-2]


@pytest.mark.parametrize(
    ("groups", "trials", "confidence"),
    [([], 1, 0.95), ([[]], 1, 0.95), ([[1.0], []], 2, 0.95), ([[1.1]], 1, 0.95), ([[float("nan")]], 1, 0.95),
     ([[1.0], [0.0]], 1, 0.95), ([[1.0]], 1, 0.0), ([[1.0]], 1, 1.0)],
)  # fmt: skip
def test_what_is_no_sample_of_cases_is_refused(groups: list[list[float]], trials: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"means of cases|trials of"):
        clustered(groups, trials, confidence)
