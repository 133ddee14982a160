"""What the report says of a comparison: changes beside the baseline on one axis, words, and the replies of both."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from evalkit.records.comparison import Comparison, Interval
from evalkit.records.result import Column
from evalkit.records.spec import Regression
from evalkit.reporters.closing import figures_of
from evalkit.reporters.figures import NBSP
from evalkit.reporters.html_comparison import comparison_view
from evalkit.reporters.html_headline import headline_of
from tests.reporters.comparisons import (
    MAIN,
    TRANSLATION,
    a_compared_run,
    a_comparison,
    a_hostile_run,
    a_regressed_run,
    a_regression,
    a_run_of_columns,
    every_verdict,
    untouched,
    with_a_warning,
    with_incidents,
)
from tests.reporters.pages import Page, page_of
from tests.reporters.runs import MODEL, a_column, a_realistic_run, a_result, a_run
from tests.reporters.test_html_safety import assert_harmless


def cells(page: Page) -> list[list[str]]:
    """The texts of the comparison's table, row by row."""
    texts = [each.text.replace(NBSP, " ") for each in page.elements if each.tag in ("th", "td")]
    rows = [texts[start : start + 6] for start in range(0, len(texts), 6)]
    return [[text.strip() for number, text in enumerate(row) if number != 4] for row in rows]


def test_a_run_without_a_comparison_has_no_such_section() -> None:
    assert [each for each in page_of(a_realistic_run()).elements if each.attributes.get("id") == "comparison"] == []


def test_each_column_stands_beside_its_baseline_with_its_verdict() -> None:
    run = a_compared_run([a_comparison(), a_regression(), untouched()], exit_code=1)
    assert cells(page_of(run)) == [
        ["column", "verdict", "baseline", "now", "change, 90 % interval  margin"],
        ["review-sentiment", "no worse", "92 %", "90 %", "−2 points (−5…+4)"],
        ["en-de-translation", "regressed, p = 0.006", "90 %", "78 %", "−12 points (−20…−4)"],
        ["invoice-extraction", "unchanged, not asked", "", "", ""],
    ]


def test_what_was_found_out_is_told_in_words_and_says_with_what_it_was_compared() -> None:
    page = page_of(with_incidents())
    told = [each.text for each in page.elements if each.tag == "li"]
    assert told == [
        "review-sentiment: Over 2 draws a case 1 of 40 tested cases scored lower, 0 higher (worst: graded). 17 cases "
        "ask and expect the same as before. This suite could have seen a drop of 9 points. 1 case is flaky: draws of "
        "the same side differ. In no test: 4 new (a, b, c, …), 1 gone (gone), 1 changed (edited), 1 renamed (old-name "
        "→ new-name). 3 draws have no verdict: 1 of the baseline, 2 now. The baseline was served by flash-lite-06-17, "
        "the candidate by flash-lite-09-25, flash-lite-09-26. Draws: 60 of the baseline, 60 now; 50 more calls, 10 "
        "replayed, $0.00110."
    ]
    about = (
        "Compared with origin/main (3f2a1b9); both are scored by today's checks; both share their replies (--reuse)."
    )
    assert about in [each.text for each in page.elements if each.tag == "span"]


def test_a_case_that_moved_opens_on_what_was_replied_before_and_now() -> None:
    page = page_of(a_regressed_run())
    movers = [each for each in page.elements if "mover" in each.classes]
    said = [each.text for each in page.elements if "said" in each.classes]
    assert "".join(movers[0].text.split("\n")) == (
        "worseidiomen-de-translationDraußen regnet es in Strömen.Da draußen regnet es Katzen und Hunde.1 of 1 → 0 of 1"
        "wasDraußen regnet es in Strömen.nowDa draußen regnet es Katzen und Hunde.specs/translation.yaml:13"
    )
    assert said[:2] == ["Draußen regnet es in Strömen.", "Da draußen regnet es Katzen und Hunde."]
    assert len(movers) == 7


def test_a_column_that_only_its_comparison_judges_is_not_said_to_have_measured_nothing() -> None:
    judged = replace(a_column([a_result()]), rules=())
    page = page_of(a_run(columns=(judged,), comparisons=(a_comparison(),), exit_code=0))
    assert page.of_class("outcome")[0].text == "by comparison"


def test_rows_of_cases_that_moved_have_titles() -> None:
    (head,) = page_of(a_regressed_run()).of_class("mover-head")
    assert head.text == "movedcasecolumnbaseline's replyreply nowpassed"


def test_a_case_that_moved_in_two_comparisons_of_one_column_names_the_other() -> None:
    names = [each.text for each in page_of(with_a_warning()).of_class("in-column")]
    assert names[:2] == [
        "customer-support-triage › with-three-examples",
        "customer-support-triage › with-three-examples, beside with-three-examples-and-reasons",
    ]


@pytest.mark.parametrize(
    ("margin", "gates", "place"), [(0.05, True, "37.50%"), (0.1, True, "25.00%"), (0.05, False, "")]
)
def test_the_margin_of_what_decides_has_its_place_on_the_axis(margin: float, gates: bool, place: str) -> None:
    view = comparison_view(a_compared_run([a_regression(rule=Regression(margin=margin), gates=gates)]))
    assert view
    assert [row.margin for row in view.rows] == [place]


def test_what_only_the_comparison_wanted_is_in_the_facts_of_the_first_screen() -> None:
    page = page_of(with_a_warning())
    names, values = ([each.text for each in page.elements if each.tag == tag] for tag in ("dt", "dd"))
    facts = dict(zip(names, values, strict=True))
    assert (facts["cost"], facts["calls"]) == ("$0.00332", "182 30 replayed")
    assert facts["tokens in → out"].endswith("of its own trials")
    assert "152 calls, 30 replayed, $0.00332" in figures_of(with_a_warning().info)


@pytest.mark.parametrize(
    ("interval", "places", "ticks"),
    [
        (Interval(-0.2, -0.04), ("0.00%", "20.00%", "40.00%"), ["−20", "−10", "0", "+10", "+20"]),
        (Interval(-0.21, 0.02), ("8.00%", "26.00%", "54.00%"), ["−25", "−12.5", "0", "+12.5", "+25"]),
        (Interval(-1.0, 0.5), ("0.00%", "44.00%", "75.00%"), ["−100", "−50", "0", "+50", "+100"]),
        (Interval(-0.001, 0.001), ("49.00%", "0.00%", "51.00%"), ["−5", "−2.5", "0", "+2.5", "+5"]),
    ],
)
def test_a_change_has_its_place_on_an_axis_around_the_baseline(
    interval: Interval, places: tuple[str, str, str], ticks: list[str]
) -> None:
    view = comparison_view(a_compared_run([a_regression(interval=interval)]))
    assert view
    whisker = view.rows[0].whisker
    assert whisker
    assert (whisker.low, whisker.place, whisker.high) == places
    assert [tick.label for tick in view.ticks] == ticks


def test_a_change_that_is_no_number_has_no_whisker() -> None:
    view = comparison_view(a_compared_run([a_comparison(interval=Interval(-math.inf, math.nan))]))
    assert view
    assert [row.whisker for row in view.rows] == [None]


def test_many_columns_that_were_not_asked_have_one_line() -> None:
    columns = [untouched(Column(f"spec-{number}", MODEL)) for number in range(11)]
    page = page_of(a_compared_run(columns, exit_code=0))
    assert [each for each in page.elements if each.tag == "tr"] == []
    assert "11 columns unchanged, not asked" in [each.text for each in page.elements if "more" in each.classes]


@pytest.mark.parametrize(
    ("code", "comparisons", "kind", "strong", "evidence"),
    [
        (0, (untouched(),), "passed", "Nothing that reaches a model changed", ""),
        (
            1,
            (a_comparison(), a_regression(TRANSLATION, population=None, worse=())),
            "failed",
            "1 of 2 compared columns regressed",
            "en-de-translation: −12 points (−20…−4). 0 of 60 cases got worse, 0 better.",
        ),
        (
            1,
            (a_comparison(), *(a_regression(Column(f"spec-{number}", MODEL)) for number in range(6))),
            "failed",
            "6 of 7 compared columns regressed",
            "spec-0: −12 points (−20…−4) · spec-1: −12 points (−20…−4) · spec-2: −12 points (−20…−4) · "
            "spec-3: −12 points (−20…−4) · and 2 more",
        ),
        (
            0,
            (a_comparison(), a_comparison(TRANSLATION, verdict="undecided"), untouched()),
            "errored",
            "1 of 2 compared columns is undecided, 1 of them is no worse",
            "en-de-translation: −2 points (−5…+4) · review-sentiment: −2 points (−5…+4)",
        ),
        (
            3,
            (Comparison(TRANSLATION, TRANSLATION, a_comparison().rule, "cannot judge", reason="no case matches"),),
            "errored",
            "No verdict: 1 of 1 compared column cannot be judged",
            "en-de-translation › " + MODEL + ": cannot judge. No case matches.",
        ),
    ],
)
def test_the_headline_of_a_compared_run_is_what_the_comparison_came_to(
    code: int, comparisons: tuple[Comparison, ...], kind: str, strong: str, evidence: str
) -> None:
    headline = headline_of(a_compared_run(comparisons, exit_code=code).info)
    said = headline.evidence.replace(f" › {MODEL}", "").replace(NBSP, " ")
    assert (headline.kind, headline.strong, said) == (kind, strong, evidence.replace(f" › {MODEL}", ""))


def test_a_run_broken_off_has_no_verdict_of_its_comparison() -> None:
    run = a_compared_run([a_regression()], state="interrupted", exit_code=130, planned=120)
    assert headline_of(run.info).strong == "Interrupted"


@pytest.mark.parametrize("run", [every_verdict(), a_run_of_columns(), a_hostile_run()])
def test_whatever_is_compared_the_page_does_nothing(run: object) -> None:
    assert_harmless(page_of(run))  # type: ignore[arg-type]


def test_without_a_baseline_the_section_is_about_the_columns_of_the_run() -> None:
    found = replace(a_comparison(), kind="column", gates=False)
    page = page_of(a_run([a_result()], comparisons=(found,)))
    assert "The columns of this run." in [each.text for each in page.elements if each.tag == "span"]
    assert MAIN.shown not in page.source
