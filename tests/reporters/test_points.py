"""Points, ends of intervals and p values never say more than is known."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.records.comparison import Interval
from evalkit.records.spec import Regression
from evalkit.reporters.figures import NBSP
from evalkit.reporters.points import MINUS, change, p_value, points
from tests.reporters.comparisons import (
    a_comparison,
)


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
