"""How fast providers were asked, in the report: a quiet line each, with its steps beneath."""

from __future__ import annotations

from evalkit.records.circumstances import Pace, PaceStep
from tests.reporters.pages import page_of
from tests.reporters.runs import a_result, a_run

STEPS = (PaceStep(0.0, 8, "start"), PaceStep(1.25, 16, "replies came"), PaceStep(2.5, 8, "429"))


def test_each_provider_that_was_asked_has_a_line_and_its_steps() -> None:
    paces = (
        Pace("aimlapi", STEPS, highest=16, throttled=3, paused=61.0),
        Pace("local", (PaceStep(0.0, 4, "start"),), highest=1),
        Pace("openai", (PaceStep(0.0, 8, "start"),)),
    )
    page = page_of(a_run([a_result()], paces=paces))
    assert [" ".join(pace.text.split()) for pace in page.of_class("pace")] == [
        "aimlapi: at most 16 calls at once, 429 answered 3 times, left alone for 1 min 1 s "
        "0.00 s: 8 at once, start 1.25 s: 16 at once, replies came 2.50 s: 8 at once, 429",
        "local: at most 1 call at once 0.00 s: 4 at once, start",
    ]


def test_a_run_that_asked_nobody_shows_no_pace() -> None:
    assert page_of(a_run([a_result()])).of_class("pace") == []
