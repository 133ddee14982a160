"""How many calls at once: what lets the limit grow, what cuts it, and that it stays within its bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.engine.limit import ROUND, START, Limit

Takes = Callable[[int], float]  # calls under way -> seconds that each of them takes


@dataclass
class Asked:
    """A provider that is always given as many calls as the limit lets, in waves, by a clock of its own."""

    limit: Limit
    takes: Takes
    clock: float = 0.0

    def wave(self, busy: int | None = None) -> str:
        """As many calls as the limit, begun and ended together; why the limit changed."""
        many, begun = busy or self.limit.now, self.clock
        for number in range(1, many + 1):
            self.limit.began(begun, number)
        self.clock += self.takes(many)
        return "".join(self.limit.replied(self.clock, begun, many) for _ in range(many))

    def waves(self, many: int) -> list[int]:
        """The limits after so many waves."""
        return [self.limit.now for _ in range(many) if self.wave() is not None]


def parallel(busy: int) -> float:
    """A server that has room for all."""
    return 1.0


def four_slots(busy: int) -> float:
    """A server that lets calls wait for one of four slots."""
    return max(busy / 4, 1.0)


def test_it_doubles_up_to_the_ceiling_where_more_calls_bring_more_replies() -> None:
    asked = Asked(Limit(50), parallel)
    assert asked.waves(5) == [2 * START, 32, 50, 50, 50]
    assert asked.limit.now == 50


@pytest.mark.parametrize(("ceiling", "start"), [(64, START), (4, 4), (1, 1), (0, 1), (-3, 1)])
def test_it_starts_low_and_never_above_the_ceiling(ceiling: int, start: int) -> None:
    assert Limit(ceiling).now == start


def test_it_does_not_grow_while_less_than_four_fifths_of_it_are_in_use() -> None:
    asked = Asked(Limit(64), parallel)
    for _ in range(50):
        asked.wave(6)
    assert asked.limit.now == START
    for _ in range(50):
        asked.wave(7)
    assert asked.limit.now > START


def test_a_server_that_queues_gets_no_more_than_one_try_and_then_a_rest_that_doubles() -> None:
    asked = Asked(Limit(64), four_slots)
    limits = asked.waves(100)
    assert set(limits) == {START, 16}
    assert limits.count(16) <= 12


def test_it_is_halved_in_the_slow_start_and_cut_less_when_it_creeps() -> None:
    asked = Asked(Limit(64), parallel)
    while asked.limit.now < 32:
        asked.wave()
    assert (asked.limit.throttled(asked.clock, asked.clock), asked.limit.now) == ("429", 16)
    assert (asked.limit.throttled(asked.clock, asked.clock), asked.limit.now) == ("429", 11)
    asked.waves(2)
    assert asked.limit.now == 12


def test_calls_that_began_before_a_cut_do_not_cut_again() -> None:
    limit = Limit(64)
    assert [limit.throttled(1.0 + at, 0.5) for at in range(8)] == ["429"] + [""] * 7
    assert limit.now == START // 2
    assert limit.timed_out(9.0, 0.5) == ""
    assert (limit.timed_out(9.0, 8.0), limit.now) == ("a call timed out", START // 4)


def test_what_was_too_much_is_tried_again_after_a_rest_only_and_below_it_there_is_growth() -> None:
    asked = Asked(Limit(64), parallel)
    refusals: list[int] = []
    for wave in range(400):
        if asked.limit.now > 10:
            asked.limit.throttled(asked.clock, asked.clock)
            refusals.append(wave)
        asked.wave()
    gaps = [later - earlier for earlier, later in pairwise(refusals)]
    assert gaps == sorted(gaps)
    assert len(refusals) <= 8


def test_a_server_that_breaks_only_stops_the_growth() -> None:
    asked = Asked(Limit(64), parallel)
    for _ in range(20):
        asked.limit.broke()
        asked.wave(7)
    asked.limit.broke()
    assert asked.waves(2) == [START, 2 * START]


def test_it_grows_where_replies_come_in_bursts_that_leave_few_calls_under_way() -> None:
    limit = Limit(64)
    for busy in range(1, START + 1):
        limit.began(0.0, busy)
    why = [limit.replied(1.0, 0.0, busy) for busy in range(START, 0, -1)]
    assert (why, limit.now) == ([""] * (START - 1) + ["replies came"], 2 * START)


Outcome = st.tuples(
    st.sampled_from(["replied", "throttled", "timed_out", "broke"]), st.floats(0, 9), st.integers(1, 99)
)


@given(st.integers(-1, 200), st.lists(Outcome, max_size=300))
def test_whatever_happens_it_stays_between_one_and_the_ceiling(
    ceiling: int, outcomes: list[tuple[str, float, int]]
) -> None:
    limit, clock = Limit(ceiling), 0.0
    for what, seconds, busy in outcomes:
        clock += seconds / 3
        if what == "broke":
            limit.broke()
        elif what == "replied":
            limit.replied(clock, clock - seconds, busy)
        else:
            getattr(limit, what)(clock, clock - seconds)
        assert 1 <= limit.now <= max(ceiling, 1)


@given(st.lists(st.sampled_from(["throttled", "timed_out"]), max_size=40))
def test_from_wherever_it_was_cut_to_it_comes_back(cuts: list[str]) -> None:
    asked = Asked(Limit(16), parallel)
    for cut in cuts:
        getattr(asked.limit, cut)(asked.clock, asked.clock)
        asked.clock += 1
    asked.waves(200 * ROUND)
    assert asked.limit.now == 16
