"""A comparison in words: what was counted, what could not be seen, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.records.comparison import Interval, Matching
from evalkit.records.result import Column
from evalkit.reporters.sentences import about_baseline, sentences, told_of
from tests.reporters.comparisons import (
    MAIN,
    a_comparison,
    a_movement,
)
from tests.reporters.runs import MODEL
from tests.reporters.test_points import plain


def test_an_interval_that_reaches_beyond_the_margin_stands_apart_from_no_worse() -> None:
    found = a_comparison(interval=Interval(-0.08, 0.02), worse=(), better=())
    said = "Over all its draws the 90 % interval is -8…+2 points; the look that decided excludes the margin."
    assert said in [plain(sentence) for sentence in sentences(found)]


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


def test_a_rate_cannot_fall_by_more_than_it_is() -> None:
    low, high = (a_comparison(verdict="no alarm", before=before, reach=0.31) for before in (0.2, 0.4))
    assert "This suite could have seen no drop at all" in plain(" ".join(sentences(low)))
    assert "could have seen a drop of 31 points" in plain(" ".join(sentences(high)))
