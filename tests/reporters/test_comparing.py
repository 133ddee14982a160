"""The table of comparisons: rates that add up, verdicts with their signs, names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from evalkit.records.result import Column
from evalkit.records.spec import Regression
from evalkit.reporters.comparing import mark_of, rows_of, verdict
from tests.reporters.comparisons import (
    a_comparison,
)
from tests.reporters.test_points import plain


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
