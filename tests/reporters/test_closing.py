"""A run in a sentence: what its gates and comparisons came to, or how far it came."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.records.comparison import Baseline, Comparison, Matching
from evalkit.records.run import Tally
from evalkit.records.spec import Regression
from evalkit.reporters.closing import verdict_of
from tests.reporters.comparisons import (
    MAIN,
    TRANSLATION,
    a_compared_run,
    a_comparison,
    a_regression,
    untouched,
)
from tests.reporters.runs import a_column, a_failed_result, a_result, a_run

REQUIRED = Regression(require="no worse")
CLOSINGS: list[tuple[int, tuple[Comparison, ...], str]] = [
    (0, (untouched(),), "Nothing that reaches a model changed."),
    (0, (untouched(matching=Matching(20, new=("a",))),), "Nothing that reaches a model changed."),
    (0, (untouched(), a_comparison()), "1 of 1 compared column is no worse."),
    (0, (a_comparison(), a_comparison(TRANSLATION)), "2 of 2 compared columns are no worse."),
    (
        0,
        (a_comparison(verdict="no alarm"), a_comparison(TRANSLATION, verdict="undecided")),
        "1 of 2 compared columns is undecided, 1 of them gave no alarm.",
    ),
    (1, (a_comparison(), a_regression()), "1 of 2 compared columns regressed."),
    (
        1,
        (a_comparison(verdict="no alarm", rule=REQUIRED),),
        "1 of 1 compared column gave no alarm where no worse is required.",
    ),
    (3, (a_comparison(verdict="cannot judge"),), "No verdict: 1 of 1 compared column cannot be judged."),
    (4, (a_comparison(verdict="cannot judge", unrecorded=2),), "Not verifiable here: 2 trials have no recording."),
    (4, (), "Nothing was measured."),
]


@pytest.mark.parametrize(("code", "comparisons", "said"), CLOSINGS)
def test_a_run_ends_with_what_its_comparisons_came_to(
    code: int, comparisons: tuple[Comparison, ...], said: str
) -> None:
    assert verdict_of(a_compared_run(comparisons, exit_code=code).info) == said


def test_gates_are_told_before_comparisons() -> None:
    holds, fails = a_column([a_result()]), a_column([a_failed_result()])
    open_ = a_column([a_result()], trials=Tally(passed=1, errored=2))
    unjudged = a_comparison(verdict="cannot judge")
    said = [
        verdict_of(a_run(columns=columns, comparisons=(found,), exit_code=code).info)
        for columns, found, code in (
            ((holds,), untouched(), 0),
            ((holds,), a_comparison(), 0),
            ((holds, fails), a_regression(), 1),
            ((holds,), a_regression(), 1),
            ((open_,), unjudged, 3),
        )
    ]
    assert said == [
        "Every gate holds, no compared case changed.",
        "Every gate holds, 1 of 1 compared column is no worse.",
        "1 of 2 columns fails its gate, 1 of 1 compared column regressed.",
        "1 of 1 compared column regressed.",
        "No verdict: it is left open by 2 errors, 1 of 1 compared column cannot be judged.",
    ]


def test_what_is_asked_beside_the_compared_columns_is_not_called_unchanged() -> None:
    compared, new = a_column([a_result(spec="invoice-extraction")]), a_column([a_result(spec="new")])
    said = [
        verdict_of(a_run(columns=columns, comparisons=(untouched(matching=matching),)).info)
        for columns, matching in (
            ((compared,), Matching(20, 0)),
            ((compared, new), Matching(20, 0)),
            ((compared,), Matching(20, 0, new=("a",))),
        )
    ]
    assert said == [
        "Every gate holds, nothing that reaches a model changed.",
        "Every gate holds, no compared case changed.",
        "Every gate holds, no compared case changed.",
    ]


@pytest.mark.parametrize(
    ("baseline", "said"),
    [
        (None, "Interrupted: 2 of 64 trials done."),
        (replace(MAIN, kind="run"), "Interrupted: 2 of 64 trials done."),
        (MAIN, "Interrupted: 2 trials of the candidate done, nothing is decided."),
    ],
)
def test_of_two_arms_broken_off_no_count_of_one_stands_beside_a_total_of_both(
    baseline: Baseline | None, said: str
) -> None:
    trials = [a_result("a"), a_result("b")]
    run = a_run(trials, state="interrupted", exit_code=130, planned=64, baseline=baseline)
    assert verdict_of(run.info) == said
