"""So many a minute, by a clock of the test's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.engine.bucket import Bucket


def taken(bucket: Bucket, costs: list[float]) -> list[float]:
    """When each cost was taken, by one who waits as long as told."""
    clock, times = 0.0, []
    for cost in costs:
        clock += bucket.delay(cost, clock)
        bucket.take(cost)
        times.append(clock)
    return times


def test_sixty_a_minute_are_one_a_second() -> None:
    assert taken(Bucket(60, 0.0), [1.0] * 4) == pytest.approx([0, 1, 2, 3])


def test_what_costs_more_than_fits_goes_once_it_is_full_and_those_after_it_pay() -> None:
    assert taken(Bucket(600, 0.0), [50.0, 1.0, 1.0]) == pytest.approx([0.0, 5.0, 5.1])


def test_what_is_given_back_may_be_taken() -> None:
    bucket = Bucket(60, 0.0)
    bucket.take(10.0)
    bucket.take(-10.0)
    assert bucket.delay(1.0, 0.0) == 0.0


@given(st.floats(1, 1e6), st.lists(st.floats(0.1, 5), min_size=2, max_size=60))
def test_no_more_are_taken_than_the_rate_allows_and_what_may_go_at_once(a_minute: float, costs: list[float]) -> None:
    times = taken(Bucket(a_minute, 0.0), costs)
    allowed = times[-1] * a_minute / 60 + max(a_minute / 600, 1.0)
    assert sum(costs[:-1]) <= allowed + 1e-6 * a_minute
