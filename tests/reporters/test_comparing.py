"""The words of a comparison: numbers that never say more than is known, and a sentence for every way to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from evalkit.records.comparison import Baseline, Comparison, Interval, Matching, Movement
from evalkit.records.result import Column
from evalkit.records.run import Tally
from evalkit.records.spec import Regression
from evalkit.reporters.closing import verdict_of
from evalkit.reporters.comparing import mark_of, rows_of, verdict
from evalkit.reporters.figures import NBSP
from evalkit.reporters.movers import movers_of
from evalkit.reporters.points import MINUS, change, p_value, points
from evalkit.reporters.sentences import about_baseline, sentences, told_of
from tests.reporters.comparisons import (
    MAIN,
    REVIEWS,
    TRANSLATION,
    a_compared_run,
    a_comparison,
    a_movement,
    a_regression,
    replies,
    untouched,
)
from tests.reporters.runs import MODEL, a_call, a_column, a_failed_result, a_reply, a_result, a_run


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace(MINUS, "-")


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0 points"),
        (-0.004, "-0.4 points"),
        (-0.0004, "-<0.1 points"),
        (0.0094, "+0.9 points"),
        (0.0096, "+1 point"),
        (-0.01, "-1 point"),
        (-0.126, "-13 points"),
        (1.0, "+100 points"),
    ],
)
def test_a_difference_is_0_points_only_where_there_is_none(share: float, shown: str) -> None:
    assert plain(points(share)) == shown


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.0, "p < 0.001"),
        (0.00099, "p < 0.001"),
        (0.001, "p = 0.001"),
        (0.0496, "p = 0.050"),
        (0.104, "p = 0.10"),
        (0.994, "p = 0.99"),
        (0.996, "p > 0.99"),
        (1.0, "p = 1"),
    ],
)
def test_a_p_value_is_shown_as_1_only_where_nothing_differs(p: float, shown: str) -> None:
    assert p_value(p) == shown


@pytest.mark.parametrize(
    ("verdict", "low", "margin", "shown"),
    [
        ("no worse", -0.0496, 0.05, "-2 points (-5…+4)"),
        ("undecided", -0.0504, 0.05, "-2 points (-5.04…+4)"),
        ("undecided", -0.0534, 0.05, "-2 points (-5.3…+4)"),
        ("undecided", -0.06, 0.05, "-2 points (-6…+4)"),
        ("no worse", -0.0246, 0.025, "-2 points (-2…+4)"),
        ("no worse", -0.035, 0.036, "-2 points (-3.5…+4)"),
        ("no worse", -0.08, 0.05, "-2 points"),
    ],
)
def test_an_end_of_an_interval_stays_on_its_side_of_the_margin(
    verdict: Any, low: float, margin: float, shown: str
) -> None:
    found = a_comparison(verdict=verdict, interval=Interval(low, 0.04), rule=Regression(margin=margin))
    assert plain(change(found)) == shown


def test_an_interval_that_reaches_beyond_the_margin_stands_apart_from_no_worse() -> None:
    found = a_comparison(interval=Interval(-0.08, 0.02), worse=(), better=())
    said = "Over all its draws the 90 % interval is -8…+2 points; the look that decided excludes the margin."
    assert said in [plain(sentence) for sentence in sentences(found)]


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [
        (0.92, 0.90, ("92 %", "90 %", "-2 points")),
        (55 / 60, 47 / 60, ("91.7 %", "78.3 %", "-13.3 points")),
        (0.904, 0.896, ("90.4 %", "89.6 %", "-0.8 points")),
        (0.999, 1.0, (">99 %", "100 %", "+0.1 points")),
        (1.0, 1.0, ("100 %", "100 %", "0 points")),
    ],
)
def test_the_two_rates_and_their_difference_add_up(before: float, now: float, shown: Sequence[str]) -> None:
    row = rows_of([a_comparison(before=before, now=now, effect=now - before, interval=None)])[0]
    assert (plain(row.before), plain(row.now), plain(row.change)) == shown


@pytest.mark.parametrize(
    ("fields", "mark", "words"),
    [
        ({"verdict": "no worse"}, "passed", "no worse"),
        ({"verdict": "no alarm"}, "passed", "no alarm"),
        ({"verdict": "undecided"}, "errored", "undecided, p = 0.31"),
        ({"verdict": "regressed", "p": 0.0001}, "failed", "regressed, p < 0.001"),
        (
            {"verdict": "regressed", "p": 0.04, "second_p": 0.02},
            "failed",
            "regressed, p = 0.040, p = 0.020 on fresh draws",
        ),
        ({"verdict": "cannot judge"}, "errored", "cannot judge"),
        ({"verdict": "cannot judge", "unrecorded": 3}, "skipped", "cannot judge"),
        ({"verdict": "unchanged"}, "skipped", "unchanged"),
        ({"verdict": "unchanged", "now": None}, "skipped", "unchanged, not asked"),
        ({"verdict": "no worse", "rule": Regression(require="no worse")}, "passed", "no worse"),
        ({"verdict": "no alarm", "rule": Regression(require="no worse")}, "failed", "no alarm, no worse required"),
        ({"kind": "column", "gates": False, "p": 0.03}, "skipped", "worse, p = 0.030"),
        ({"kind": "column", "gates": False, "p": 0.97}, "skipped", "better, p = 0.030"),
        ({"kind": "column", "gates": False, "p": 0.5}, "skipped", "no difference seen"),
        ({"kind": "column", "gates": False, "p": 1.0}, "skipped", "no difference seen"),
        ({"kind": "column", "gates": False, "verdict": "unchanged", "p": None}, "skipped", "the same"),
    ],
)
def test_a_verdict_has_its_sign_and_its_words(fields: dict[str, Any], mark: str, words: str) -> None:
    found = a_comparison(**fields)
    assert (mark_of(found), verdict(found)) == (mark, words)


@pytest.mark.parametrize(
    ("reach", "more", "said"),
    [
        (0.0801, None, "This suite could have seen a drop of 9 points."),
        (0.08, 0, "This suite could have seen a drop of 8 points."),
        (
            0.009,
            7,
            "This suite could have seen a drop of 1 point; about 7 more draws an arm would settle a margin of 5.",
        ),
        (
            0.11,
            1_873,
            "This suite could have seen a drop of 11 points; about 1,900 more draws an arm would settle a margin of 5.",
        ),
        (1.0, None, "This suite could have seen no drop at all."),
    ],
)
def test_what_a_suite_could_have_seen_is_never_less_than_it_could(reach: float, more: int | None, said: str) -> None:
    assert said in list(sentences(a_comparison(verdict="undecided", reach=reach, more=more)))


@pytest.mark.parametrize(
    ("baseline", "name"),
    [
        (Column("reviews", "a/one", "new"), "reviews › new"),
        (Column("reviews", "a/one", "terse"), "reviews › new, beside terse"),
        (Column("reviews", "a/two", "new"), "reviews › new, beside a/two"),
        (Column("reviews", "a/one"), "reviews › new, beside the prompt without a name"),
        (Column("old-reviews", "a/one", "new"), "reviews › new, beside old-reviews › new › a/one"),
    ],
)
def test_a_row_names_the_baseline_where_it_is_called_otherwise(baseline: Column, name: str) -> None:
    found = a_comparison(Column("reviews", "a/one", "new"), baseline=baseline)
    assert rows_of([found])[0].column == name


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


OFTEN = {"draws": (300, 300), "matching": Matching(60, 60), "worse": (a_movement("a", 5, 3, 5),), "better": ()}
COUNTS: list[tuple[dict[str, Any], str]] = [
    ({}, "1 of 60 cases got worse, 0 better (worst: a)."),
    (OFTEN, "Over 5 draws a case 1 of 60 cases passed less often, 0 more often (worst: a)."),
    (OFTEN | {"draws": (298, 300)}, "Over 5 draws a case 1 of 60 cases passed less often, 0 more often (worst: a)."),
    (
        OFTEN | {"draws": (60, 300)},
        "Over 1 draw a case before and 5 now 1 of 60 cases passed less often, 0 more often (worst: a).",
    ),
    (
        OFTEN | {"worse": (a_movement("a", 4.5, 3, 5),)},
        "Over 5 draws a case 1 of 60 cases scored lower, 0 higher (worst: a).",
    ),
    (OFTEN | {"second_p": 0.3}, "At the first draw 1 of 60 cases got worse, 0 better (worst: a)."),
]


@pytest.mark.parametrize(("fields", "said"), COUNTS)
def test_of_cases_drawn_several_times_it_is_said_how_often_they_passed(fields: dict[str, Any], said: str) -> None:
    found = a_comparison(**({"worse": (a_movement("a"),), "better": ()} | fields))
    assert next(sentences(found)) == said


def test_what_is_true_of_all_comparisons_is_said_once_and_a_column_with_two_is_told_by_the_other() -> None:
    terse, new = Column("reviews", MODEL, "terse"), Column("reviews", MODEL, "new")
    fields = {"worse": (), "better": (), "level": 0.025, "population": Interval(-0.1, 0.1), "bought": 0, "replayed": 0}
    found = [
        a_comparison(new, baseline=terse, kind="column", **fields),
        a_comparison(new, **fields, flaky=3),
    ]
    told = told_of(found)
    assert told.common == (
        "Each column: 0 of 60 cases got worse, 0 better. Tested at 0.025, its part of 0.05 for all columns. For cases "
        "like these the interval is −10…+10 points. This suite could have seen a drop of 9 points."
    )
    drawn = "Draws: 60 of the baseline, 60 now."
    assert told.each == (
        ("reviews › new, beside terse", drawn),
        ("reviews › new", f"3 cases are flaky: draws of the same side differ. {drawn}"),
    )


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("origin/main (3f2a1b9 A change)", "origin/main (3f2a1b9 A change)"),
        ("origin/main (3f2a1b9 " + "words " * 20 + ")", "origin/main (3f2a1b9 " + "words " * 9 + "word…)"),
    ],
)
def test_a_bracket_stays_closed_however_long_a_commits_subject_is(shown: str, said: str) -> None:
    assert about_baseline(replace(MAIN, shown=shown), [a_comparison()]) == (
        f"Compared with {said}; both are scored by today's checks."
    )


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
