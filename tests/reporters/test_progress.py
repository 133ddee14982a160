"""Progress in a log: a line at the start, then no more than there is news."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest

from evalkit.records.event import Ended, Event, Finished, Planned, Stopping, Waiting
from evalkit.reporters.progress import Block, Lines, _Counts
from tests.reporters.runs import a_result

PLANNED = Planned((("a", 40), ("b", 1)), ("echo/x", "echo/y"), trials=1200, to_ask=1, recorded=1199, workers=4)


def logged(*events: Event) -> list[str]:
    """The lines a log gets of these events."""
    out = StringIO()
    lines = Lines(out)
    for event in events:
        lines.on(event)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("planned", "pace"),
    [
        (PLANNED, ", 4 at a time, cost unknown"),
        (replace(PLANNED, usd=0.0), ", 4 at a time"),
        (replace(PLANNED, usd=0.0123), ", 4 at a time, at most $0.0123"),
        (replace(PLANNED, to_ask=0, recorded=1200), ""),
    ],
    ids=["of unknown price", "for nothing", "for money", "all recorded"],
)
def test_the_first_line_says_what_will_be_asked_and_what_it_costs_at_most(planned: Planned, pace: str) -> None:
    calls = f"{planned.to_ask} call{'s' * (planned.to_ask != 1)} to make, {planned.recorded:,} recorded"
    assert logged(planned) == [f"2 specs, 1,200 trials on echo/x, echo/y: {calls}{pace}"]


def test_a_later_stage_asks_again_and_counts_on() -> None:
    later = Planned((("a", 13),), ("echo/x",), trials=13, to_ask=13, recorded=0, workers=4, usd=0.0)
    assert logged(PLANNED, Finished(a_result()), later)[1:] == [
        "asking again: 13 draws in 1 spec on echo/x: 13 calls to make, 0 recorded, 4 at a time"
    ]
    counts = _Counts()
    counts.plan(PLANNED)
    counts.add(a_result(spec="a"))
    counts.plan(later)
    assert (counts.planned, counts.done, counts.by_spec) == (1213, 1, {"a": [53, 1, 0], "b": [1, 0, 0]})


def test_nothing_is_said_of_a_run_that_asks_nothing() -> None:
    assert logged(Planned((), (), trials=0, to_ask=0, recorded=0, workers=0)) == []


def test_a_block_goes_on_through_all_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # what is written is taken for a terminal
    out = StringIO()
    block = Block(out)
    for event in (PLANNED, Finished(a_result(spec="a")), replace(PLANNED, specs=(("a", 2),), trials=2), Ended()):
        block.on(event)
    assert out.getvalue().count("\x1b[?25l") == 1  # the cursor is hidden once: there is one block
    assert "1 of 1202 done" in out.getvalue()
    assert "asking again: 2 draws in 1 spec" in out.getvalue()


def test_results_that_come_quickly_are_not_told_one_by_one() -> None:
    assert len(logged(PLANNED, *[Finished(a_result())] * 500)) == 1


def test_of_many_calls_that_wait_at_once_one_is_told() -> None:
    waits = [Waiting(2.0, f"429 from host {number}", 2, 6) for number in range(64)]
    assert logged(PLANNED, *waits)[1:] == ["waiting 2.00\N{NO-BREAK SPACE}s: 429 from host 0 (attempt 2 of 6)"]


def test_the_wish_to_stop_is_told_at_once() -> None:
    assert logged(PLANNED, Stopping())[1:] == ["stopping: calls in flight get 5 s; Ctrl-C again ends at once"]
