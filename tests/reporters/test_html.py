from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from evalkit.records.exchange import Usage
from evalkit.records.result import Result, Score
from evalkit.records.run import RunState, StoredRun, Tally
from evalkit.reporters.html_data import ROW_LIMIT
from evalkit.reporters.html_trial import TEXT_LIMIT, anchor
from tests.reporters.pages import html_of, page_of
from tests.reporters.runs import (
    a_call,
    a_column,
    a_failed_result,
    a_realistic_run,
    a_reply,
    a_result,
    a_run,
    a_skipped_result,
    an_errored_result,
)

SMALL_REPORT = """\
The gate fails: 1 of 2 cases passed · evalkit
evalkit review-sentiment, en-de-translation, invoice-extraction
The gate fails : 1 of 2 cases passed
1 of 2 cases passed, at least 80 % needed; gate: pass_rate 0.8
passed 50.0 % 9.5–90.5 %
cases passed 1 of 2
failed 1
errored 1
not asked 0
skipped 0
cost $0.0000182
p50 0.66 s
p95 0.66 s
calls 2
tokens in → out 172 → 30
column gate passed
0 20 40 60 80 100 %
n
failed
errored
cost
p50
p95
review-sentiment
fails
50.0 %
2
1
1
$0.0000182
0.66 s
0.66 s
gate rules: fails 1
fails review-sentiment pass_rate 0.8 1 of 2 cases passed, at least 80 % needed
aimlapi/google/gemini-2.5-flash-lite-preview served as gemini-2.5-flash-lite-preview-06-17 ·
2026-11-22 19:04 UTC · took 41.3 s · evalkit 0.9.0 · run 2026-11-22T19-04-31-3f2a · exit 1 · evalkit run specs/
Results
3 trials
failed 1
errored 1
passed 1
outcome case column reply why seconds
failed sarcasm-kettle draw 1/2 review-sentiment positive it is positive 0.66
asked
system You are careful.
Answer briefly.
user Not bad at all.
replied
positive
checks
failed label 0 it is positive
call
0.66 s · 86 → 15 tokens · $0.00000910 · finish stop · fresh · 1 attempt · served by gemini-2.5-flash-lite-preview-06-17
aimlapi google/gemini-2.5-flash-lite-preview temperature=0.2 max_tokens=64
again evalkit run specs/review-sentiment.yaml -k sarcasm-kettle specs/review-sentiment.yaml:31 link to this trial
errored headline-fed review-sentiment no reply 429 Too Many Requests, 3 attempts over 5.6 s –
asked
system You are careful.
Answer briefly.
user Fed holds
replied
no reply
errored 429 Too Many Requests, 3 attempts over 5.6 s
call
3 attempts
aimlapi google/gemini-2.5-flash-lite-preview temperature=0.2 max_tokens=64
0.21 s: 429 Too Many Requests
waited 1.00 s, 0.19 s: 429 Too Many Requests
waited 4.00 s, 0.22 s: 429 Too Many Requests
again evalkit run specs/review-sentiment.yaml -k headline-fed specs/review-sentiment.yaml:31 link to this trial
passed sarcasm-kettle draw 2/2 review-sentiment positive 0.66
asked
system You are careful.
Answer briefly.
user Not bad at all.
replied
positive
checks
passed label 1 the reply is "positive"
call
0.66 s · 86 → 15 tokens · $0.00000910 · finish stop · fresh · 1 attempt · served by gemini-2.5-flash-lite-preview-06-17
aimlapi google/gemini-2.5-flash-lite-preview temperature=0.2 max_tokens=64
again evalkit run specs/review-sentiment.yaml -k sarcasm-kettle specs/review-sentiment.yaml:31 link to this trial
Made from run.json and results.jsonl, which lie beside this page and hold every text in full.
"""


def test_a_small_report_in_full() -> None:
    results = [a_failed_result(), a_result("sarcasm-kettle", draw=2), an_errored_result()]
    assert page_of(a_run(results, exit_code=1)).lines() == SMALL_REPORT.splitlines()


def test_the_same_run_gives_the_same_bytes() -> None:
    assert html_of(a_realistic_run()) == html_of(a_realistic_run())


GOOD, BAD, LOST = a_result(), a_failed_result(), an_errored_result()
UNRECORDED = a_skipped_result("new", kind="unrecorded")


@pytest.mark.parametrize(
    ("run", "headline", "evidence"),
    [
        (a_run([GOOD]), "The gate holds: 1 of 1 case passed", "No case failed and none errored."),
        (a_run([GOOD] * 9 + [BAD]), "The gate holds: 9 of 10 cases passed", "1 failed, which the gate allows."),
        (
            a_run([*[GOOD] * 9, BAD, a_result(variant="careful")]),
            "Every gate holds: 10 of 11 cases passed",
            "The lowest rate is 90.0 %, of review-sentiment. 1 failed, which the gate allows.",
        ),
        (
            a_run([BAD, a_result(variant="careful")], exit_code=1),
            "1 of 2 columns fails its gate: review-sentiment",
            "review-sentiment: 0 of 1 cases passed, at least 80 % needed; gate: pass_rate 0.8",
        ),
        (
            a_run([a_failed_result(spec=spec) for spec in "abcde"], exit_code=1),
            "5 of 5 columns fail their gate: a, b, c and 2 more",
            "and 3 more",
        ),
        (a_run([GOOD, LOST], exit_code=3), "No verdict: 1 trial errored", "1 errored, none is allowed"),
        (a_run([a_skipped_result()], exit_code=4), "Nothing was measured", "no case was asked"),
        (a_run([], exit_code=4), "Nothing was measured", "No case was asked."),
        (a_run([], exit_code=0), "Nothing was measured", "No case was asked."),
        (
            a_run([GOOD, UNRECORDED, a_result(spec="b")], exit_code=4, record=("evalkit run a", "evalkit b")),
            "Not verifiable here: 1 trial has no recording",
            "2 passed, 1 not recorded. Record them with: evalkit run a, then evalkit b",
        ),
        (a_run([LOST, UNRECORDED], exit_code=3), "No verdict: 1 trial errored, 1 not recorded", ""),
        (a_run([GOOD], exit_code=5), "No verdict: exit 5", "1 passed"),
        (a_run([BAD], exit_code=None), "The gate fails: 0 of 1 case passed", "at least 80 % needed"),
    ],
)
def test_the_headline_says_what_became_of_the_run(run: StoredRun, headline: str, evidence: str) -> None:
    page = page_of(run)
    assert page.text_of("h1") == headline
    assert evidence in page.text_of("header")


@pytest.mark.parametrize(("state", "word"), [("interrupted", "Interrupted"), ("running", "Not finished")])
def test_a_run_that_was_broken_off_says_so_and_no_gate_holds(state: RunState, word: str) -> None:
    page = page_of(a_run([GOOD, GOOD], state=state, exit_code=130, planned=128))
    assert page.text_of("h1") == f"{word}: 2 of 128 trials done"
    assert "2 passed. Continue with: evalkit run specs/" in page.text_of("header")
    verdicts = [mark for mark in page.of_class("outcome") if "holds" in mark.text]
    assert [(mark.text, mark.classes) for mark in verdicts] == [("holds so far", ["outcome", "ink-skipped"])] * 2


def test_an_empty_run_is_a_page() -> None:
    page = page_of(a_run([], specs=(), seconds=math.nan, started="", exit_code=4))
    assert "No trial has a result." in page.lines()
    assert not page.of_class("columns")


def test_failures_come_first_then_what_has_no_verdict_then_the_rest_in_plan_order() -> None:
    cut = a_result("cut", calls=(a_call(a_reply("The", finish_reason="length")),))
    late, later = a_skipped_result("late", kind="budget"), a_skipped_result("later")
    page = page_of(a_run([GOOD, later, UNRECORDED, late, cut, LOST, BAD, a_failed_result("b")], exit_code=1))
    cases = [element.text for element in page.of_class("case")]
    assert cases == ["sarcasm-kettle", "b", "headline-fed", "cut cut off", "late", "new", "later", "plain-praise"]
    assert " ".join(page.of_class("jumps")[0].text.split()) == (
        "failed 2 errored 1 passed, but cut off 1 not asked 1 not recorded 1 skipped 1 passed 1"
    )


def test_a_big_run_shows_its_failures_and_says_what_it_leaves_out() -> None:
    passed = [a_result(f"good-{number}") for number in range(ROW_LIMIT)]
    page = page_of(a_run([*passed, *(a_failed_result(f"bad-{number}") for number in range(5))]))
    cases = [element.text for element in page.of_class("case")]
    assert len(cases) == ROW_LIMIT
    assert cases[:6] == ["bad-0", "bad-1", "bad-2", "bad-3", "bad-4", "good-0"]
    assert page.of_class("more")[0].text == "5 more trials in results.jsonl, beside this page."


def test_the_results_are_read_once_and_never_held_as_a_list() -> None:
    run, passes = a_realistic_run(), []

    def read() -> Iterator[Result]:
        passes.append("read")
        yield from run.results()

    html_of(replace(run, read=read))
    assert passes == ["read"]


def test_a_link_to_a_trial_survives_a_run_with_another_outcome() -> None:
    again = replace(BAD, index=7, calls=(), scores=(), error=None, tags=("new",))
    assert anchor(again) == anchor(BAD)
    others = [a_failed_result(**{name: "x"}) for name in ("spec", "case", "variant", "model")]
    assert len({anchor(result) for result in [BAD, *others, replace(BAD, draw=2)]}) == 6


def test_a_long_text_is_cut_and_says_where_the_rest_is() -> None:
    page = page_of(a_run([a_result(calls=(a_call(a_reply("é" * 50_000)),))]))
    assert page.of_class("said")[-1].text == "é" * TEXT_LIMIT
    assert "… the first 20,000 of 50,000 characters; full text in results.jsonl" in page.reading


def test_a_group_shows_its_parts_and_an_advisory_check_is_marked() -> None:
    part = Score(0.25, False, "too long", "words", "short")
    parts = (part, Score(None, None, "timed out", "python", "mine", parts=(part,)))
    scores = (
        Score(0.0, False, "0 of 2 hold", "any_of", "any_of", parts=parts),
        Score(1.0, True, "1 word", "words", "words", is_advisory=True),
    )
    page = page_of(a_run([a_failed_result(scores=scores)], exit_code=1))
    rows = [element for element in page.elements if element.tag == "tr" and "depth" in str(element.classes)]
    assert [(row.classes, row.text) for row in rows] == [
        (["depth-0"], "failedany_of00 of 2 hold"),
        (["depth-1"], "failedshort words0.25too long"),
        (["depth-1"], "erroredmine python–timed out"),
        (["depth-2"], "failedshort words0.25too long"),
        (["depth-0"], "passedwords advisory11 word"),
    ]


def test_what_the_server_did_not_say_is_a_dash_and_a_replayed_call_is_called_so() -> None:
    reply = a_reply(usage=Usage(), usd=None, model="", reasoning="Hm.\nYes.")
    judge = a_call(a_reply("5"), "Grade it.", role="judge")
    call = a_call(reply, origin="replayed", attempts=())
    lines = page_of(a_run([a_result(calls=(call, judge))])).lines()
    assert "0.66 s · – → – tokens · cost unknown · finish stop · replayed" in lines
    assert "judge google/gemini-2.5-flash-lite-preview, turn 1: 5 asked" in lines


def test_reasoning_is_folded_away_in_full() -> None:
    page = page_of(a_run([a_result(calls=(a_call(a_reply(reasoning="Hm.\nYes.")),))]))
    assert [fold.text for fold in page.of_class("fold")][1:] == ["8 charactersHm.\nYes."]


def test_a_served_model_is_named_only_where_it_is_another_one() -> None:
    same = page_of(a_run([a_result(calls=(a_call(a_reply(model="google/gemini-2.5-flash-lite-preview")),))]))
    dated = page_of(a_run([GOOD]))
    two = page_of(a_run([GOOD, a_result("b", calls=(a_call(a_reply(model="gemini-3")),))]))
    assert not same.of_class("ink-cut")
    assert "served as" not in same.of_class("provenance")[0].text
    assert not dated.of_class("ink-cut")
    assert " served as gemini-2.5-flash-lite-preview-06-17 " in dated.of_class("provenance")[0].text
    assert "≠ served as gemini-2.5-flash-lite-preview-06-17, gemini-3" in two.of_class("provenance")[0].text


def test_a_column_without_a_verdict_has_no_rate_and_no_whisker() -> None:
    column = a_column([LOST], cases=Tally(errored=1), p50_seconds=math.nan)
    page = page_of(a_run([LOST], columns=(column,), exit_code=3))
    assert page.of_class("rate")[0].text == "–"
    assert not [element for element in page.elements if "solid" in element.classes and "cy" in element.attributes][2:]
    assert "p50 –" in page.lines()


def test_the_axis_is_common_and_begins_below_every_interval() -> None:
    page = page_of(a_run([*[GOOD] * 30, *[a_result(variant="b")] * 15, a_failed_result(variant="b")]))
    ticks = [element.text for element in page.elements if element.tag == "text"]
    assert ticks == ["60", "70", "80", "90", "100\N{NO-BREAK SPACE}%"]


def test_the_command_names_the_file_and_quotes_the_case() -> None:
    page = page_of(a_run([a_result("it's; rm -rf ~")]))
    assert "evalkit run specs/review-sentiment.yaml -k 'it'\"'\"'s; rm -rf ~'" in [
        element.text for element in page.elements if element.tag == "code"
    ]
