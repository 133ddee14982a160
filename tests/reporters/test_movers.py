"""The cases that moved, and which of their replies are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.records.comparison import Matching, Movement
from evalkit.reporters.movers import movers_of
from tests.reporters.comparisons import (
    REVIEWS,
    a_compared_run,
    a_comparison,
    a_movement,
    replies,
)
from tests.reporters.runs import a_call, a_failed_result, a_reply, a_result, a_run


def test_the_replies_shown_are_those_of_the_first_draw_that_passed_on_one_side_and_failed_on_the_other() -> None:
    pairs = [replies(REVIEWS, "a", f"was {draw}", f"now {draw}", draw=draw) for draw in (1, 2, 3)]
    both_fail = (replace(a_failed_result("a"), arm="baseline", calls=pairs[0][0].calls), pairs[0][1])
    run = a_compared_run(
        [a_comparison(worse=(a_movement("a", before=2, now=0, draws=3),), better=())], [both_fail, *pairs[1:]]
    )
    assert [mover.texts for mover in movers_of(run, 3)] == [(("was", "was 2"), ("now", "now 2"))]


@pytest.mark.parametrize(
    ("movement", "was", "now", "texts"),
    [
        (a_movement("a", 1, 2, now_draws=3), "+", "++-", (("was", "was 1"), ("now", "now 3"))),
        (a_movement("a", 2, 2, before_draws=5, now_draws=3), "--+-+", "++-", (("was", "was 1"), ("now", "now 1"))),
        (a_movement("a", 2, 1, draws=3), "-++", "+--", (("was", "was 2"), ("now", "now 2"))),
        (a_movement("a", 2.5, 1.5, draws=3), "+++", "+++", (("was", "was 1"), ("now", "now 1"))),
    ],
)
def test_the_replies_shown_moved_as_the_case_did(
    movement: Movement, was: str, now: str, texts: tuple[tuple[str, str], ...]
) -> None:
    """One + for each draw that passed."""
    outcomes = {"+": a_result, "-": a_failed_result}
    before = [
        outcomes[sign]("a", arm="baseline", draw=draw, calls=(a_call(a_reply(f"was {draw}")),))
        for draw, sign in enumerate(was, 1)
    ]
    after = [
        outcomes[sign]("a", draw=draw, calls=(a_call(a_reply(f"now {draw}")),)) for draw, sign in enumerate(now, 1)
    ]
    sides: dict[str, Any] = (
        {"worse": (movement,), "better": ()} if movement.change < 0 else {"worse": (), "better": (movement,)}
    )
    run = replace(a_run(after, comparisons=(a_comparison(**sides),)), read_others=lambda: iter(before))
    assert [mover.texts for mover in movers_of(run, 3)] == [texts]


def test_more_draws_of_the_candidate_are_looked_for_beside_those_of_the_baseline() -> None:
    before, now = replies(REVIEWS, "a", "was", "now", draw=2)
    run = a_compared_run([a_comparison(worse=(a_movement("a"),), better=())])
    run = replace(run, read_others=lambda: iter((before, replace(now, arm="candidate"))))
    assert [mover.texts for mover in movers_of(run, 3)] == [(("was", "was"), ("now", "now"))]


def test_the_candidates_reply_is_never_shown_as_the_baselines() -> None:
    _, now = replies(REVIEWS, "a", "was", "now")
    run = a_run([now], comparisons=(a_comparison(worse=(a_movement("a"),), better=()),))
    assert [mover.texts for mover in movers_of(run, 3)] == [(("was", "(not kept)"), ("now", "now"))]


def test_what_got_worse_comes_first_and_the_largest_movement_before_smaller_ones() -> None:
    worse = (a_movement("a", before=4, now=3, draws=5), a_movement("b", before=5, now=0, draws=5))
    better = (a_movement("c", before=1, now=2, draws=5), a_movement("d", before=0, now=5, draws=5))
    found = a_comparison(worse=worse, better=better, matching=Matching(60, 60))
    beside = replace(found, gates=False, kind="column")
    run = a_compared_run([beside, found])
    assert [mover.movement.case for mover in movers_of(run, None)] == ["b", "a", "d", "c"]
    assert [mover.movement.case for mover in movers_of(run, 3)] == ["b", "a", "d"]
