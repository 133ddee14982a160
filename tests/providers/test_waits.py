"""How long a server asks to be left alone, and whether it wants another attempt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import ErrorKind
from evalkit.providers.waits import heeded, wished_wait

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
RESET = "x-ratelimit-reset-requests"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 13:00:30 +0100"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 99 Nov 2026 11:00:00 GMT"}, None),
        ({"retry-after": f"Sun, 22 Nov 2026 {'9' * 20}:00:00 GMT"}, None),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "1"}, 1.0),
        ({"retry-after": "2", RESET: "1m"}, 2.0),
        ({"retry-after": "soon", RESET: "1m"}, 60.0),
        ({RESET: "1m30s"}, 90.0),
        ({RESET: "500ms"}, 0.5),
        ({RESET: "2m59.56s"}, 179.56),
        ({RESET: "6m0s"}, 360.0),
        ({RESET: "1h0m1s"}, 3601.0),
        ({RESET: "1d"}, 86400.0),
        ({RESET: "12"}, 12.0),
        ({RESET: "0s"}, 0.0),
        ({RESET: "m"}, None),
        ({RESET: ""}, None),
        ({RESET: "1 hour"}, None),
        ({RESET: "9" * 400 + "s"}, None),
        ({"anthropic-ratelimit-tokens-reset": "2026-11-22T12:00:20Z"}, 20.0),
        ({"anthropic-ratelimit-tokens-reset": "2026-11-22T13:00:20+01:00"}, 20.0),
        ({"anthropic-ratelimit-tokens-reset": "2026-11-22T11:00:00Z"}, 0.0),
        ({"x-ratelimit-reset": str(int(NOON.timestamp()) + 9)}, 9.0),
        ({"x-ratelimit-reset": str((int(NOON.timestamp()) + 9) * 1000)}, 9.0),
        ({RESET: "1s", "x-ratelimit-reset-tokens": "6s"}, 6.0),
        ({RESET: "1s", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-tokens": "6s"}, 1.0),
        ({RESET: "1s", "x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-tokens": "6s"}, 6.0),
        ({"x-ratelimit-limit-requests": "60", "x-other-reset": "6s"}, None),
    ],
)
def test_a_wish_is_read_in_all_its_forms(headers: Mapping[str, str], seconds: float | None) -> None:
    found = wished_wait(headers, now=NOON)
    assert found == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("details", "seconds"),
    [
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "5s"}], 5.0),
        ([{"quotaId": "PerMinute"}, {"retryDelay": "37.5s"}], 37.5),
        ([{"retryDelay": "1s"}, {"retryDelay": "2s"}], 2.0),
        ([{"retryDelay": 5}, {"retryDelay": "soon"}, "odd", None], None),
        ({"retryDelay": "5s"}, None),
        (None, None),
    ],
)
@pytest.mark.parametrize("is_list", [True, False])
def test_a_wish_in_the_body_counts_where_no_header_has_one(details: Any, seconds: float | None, is_list: bool) -> None:
    body = {"error": {"code": 429, "details": details}}
    said = [body] if is_list else body
    assert wished_wait({}, said) == seconds
    assert wished_wait({"retry-after": "1"}, said) == 1.0


def test_the_reset_of_a_rate_says_nothing_of_a_server_that_broke() -> None:
    headers = {"x-ratelimit-reset-requests": "6m0s"}
    assert (wished_wait(headers, status=429), wished_wait(headers, status=500)) == (360.0, None)
    assert wished_wait({**headers, "retry-after": "3"}, status=503) == 3.0


@pytest.mark.parametrize(
    ("kind", "advice", "heard"),
    [
        ("transient", "false", "rejected"),
        ("transient", "true", "transient"),
        ("transient", "perhaps", "transient"),
        ("rejected", "true", "transient"),
        ("rejected", "false", "rejected"),
        ("terminal", "true", "terminal"),
        ("terminal", "false", "terminal"),
    ],
)
def test_a_server_may_want_another_attempt_or_none(kind: ErrorKind, advice: str, heard: ErrorKind) -> None:
    assert heeded(kind, {"x-should-retry": advice}) == heard
    assert heeded(kind, {}) == kind


@given(st.sampled_from(["retry-after", "retry-after-ms", RESET]), st.text(max_size=40))
def test_no_header_breaks_it_and_no_wait_is_below_zero(name: str, text: str) -> None:
    seconds = wished_wait({name: text}, now=NOON)
    assert seconds is None or 0 <= seconds < float("inf")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["error", "details", "x"]), inner),
)


@given(JSON)
def test_no_body_breaks_it(body: Any) -> None:
    assert wished_wait({}, body) is None
