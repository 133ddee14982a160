from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.records.run import Estimate, Spending
from evalkit.reporters.figures import NBSP, cost, count, dollars, duration, interval, percent, score, seconds


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.5, "50.0 %"), (0.0004, "<0.1 %"), (0.9996, ">99.9 %"), (0.999, "99.9 %")],
)
def test_a_share_has_one_decimal(share: float, shown: str) -> None:
    assert percent(share) == shown.replace(" ", NBSP)


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_none_and_all_are_said_only_of_none_and_all(count: int, passed: int) -> None:
    shown = percent(min(passed, count) / count)
    assert (shown == f"0{NBSP}%") == (passed == 0)
    assert (shown == f"100{NBSP}%") == (passed >= count)


@given(st.floats(0, 1))
def test_a_score_is_0_or_1_only_when_it_is(value: float) -> None:
    assert (score(value) in ("0", "1")) == (value in (0, 1))


@pytest.mark.parametrize("number", [None, math.nan, math.inf, -math.inf])
def test_a_number_nobody_knows_is_a_dash_and_a_price_is_unknown(number: float | None) -> None:
    assert [percent(number), seconds(number), score(number), dollars(number)] == ["–", "–", "–", "unknown"]


def test_an_interval_without_ends_is_a_dash() -> None:
    assert interval(Estimate(0.5, 0.123, 1.0, 7)) == f"12.3–100{NBSP}%"
    assert interval(Estimate(0.5, math.nan, 1.0, 7)) == "–"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0.00 s"), (0.001, "<0.01 s"), (0.664, "0.66 s"), (41.34, "41.3 s"), (120.0, "120 s"), (4000.0, "4,000 s")],
)
def test_seconds_have_about_three_digits(value: float, shown: str) -> None:
    assert seconds(value) == shown.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("value", "shown"), [(41.34, "41.3 s"), (59.99, "60.0 s"), (200.0, "3 min 20 s"), (4000.0, "1 h 6 min")]
)
def test_a_duration_is_said_in_words(value: float, shown: str) -> None:
    assert duration(value).replace(NBSP, " ") == shown


@pytest.mark.parametrize(
    ("usd", "shown"),
    [(0, "$0"), (0.0000091, "$0.00000910"), (0.0315, "$0.0315"), (1.5, "$1.50"), (1234.5, "$1,234.50")],
)
def test_small_sums_keep_three_digits(usd: float, shown: str) -> None:
    assert dollars(usd) == shown


@pytest.mark.parametrize(
    ("spending", "shown"),
    [
        (Spending(), ("–", "")),
        (Spending(fresh=2), ("$0", "")),
        (Spending(replayed=2), ("$0", "")),
        (Spending(fresh=2, usd=0.25), ("$0.250", "")),
        (Spending(fresh=2, unpriced=2), ("unknown", "")),
        (Spending(fresh=3, unpriced=1), ("unknown", "")),
        (Spending(fresh=3, usd=0.25, unpriced=1), ("$0.250", "+ 1 call of unknown price")),
    ],
)
def test_a_cost_that_is_not_known_is_never_0(spending: Spending, shown: tuple[str, str]) -> None:
    assert cost(spending) == shown


def test_a_count_goes_with_its_noun() -> None:
    assert [count(1, "case"), count(0, "case"), count(1200, "case")] == ["1 case", "0 cases", "1,200 cases"]
