"""Intervals for shares."""

from __future__ import annotations

from math import isclose, sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evalkit.stats.intervals import Z95, wilson

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
