"""How long a server asks to be left alone before another attempt, and whether it wants one at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from evalkit.errors import ErrorKind

_THROTTLED = 429
_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_UNITS = (86400.0, 3600.0, 60.0, 1.0, 0.001)  # seconds in each part of a span
_EPOCH = 1e9  # a larger number of seconds is a time of the clock (Unix), not a span
_EPOCH_MS = 1e12  # a larger one still counts the clock's milliseconds (OpenRouter)
_RESETS = re.compile(r"(?:x|anthropic)-ratelimit-(?:.*-)?reset(?:-.*)?")


def wished_wait(
    headers: Mapping[str, str], body: Any = None, status: int = _THROTTLED, now: datetime | None = None
) -> float | None:
    """Seconds that a refused request is to wait: the first of these that says something of use, else None.

    `retry-after-ms`; `retry-after` as seconds or an HTTP date (RFC 9110, 10.2.3); with a 429, the largest of the
    `…-ratelimit-…-reset` headers, of those with nothing remaining where that is said; `retryDelay` in the details
    of a JSON body (google.rpc.RetryInfo). `headers` have lower-case names. A time that is over is 0.
    """
    at = now or datetime.now(UTC)
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    stated = headers.get("retry-after")
    for wait in (_number(stated), _until(stated, at), _reset(headers, at) if status == _THROTTLED else None):
        if wait is not None:
            return wait
    return max(_delays(body), default=None)


def heeded(kind: ErrorKind, headers: Mapping[str, str]) -> ErrorKind:
    """The kind of an error once `x-should-retry` is heeded; what ends a provider ends it whatever that says."""
    advice = headers.get("x-should-retry", "").strip().lower()
    if kind == "terminal" or advice not in ("true", "false"):
        return kind
    return "transient" if advice == "true" else "rejected"


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return max(number, 0.0) if number is not None and isfinite(number) else None


def _until(text: str | None, now: datetime) -> float | None:
    try:
        date = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return _left(date, now)


def _left(date: datetime | None, now: datetime) -> float | None:
    if date is None:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max((aware - now) / timedelta(seconds=1), 0.0)


def _reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """The largest reset; of what is used up, where the server says how much of each remains."""
    resets = [name for name in headers if _RESETS.fullmatch(name)]
    used_up = [name for name in resets if _number(headers.get(name.replace("reset", "remaining"))) == 0]
    waits = [_span_or_time(headers[name].strip(), now) for name in used_up or resets]
    return max((wait for wait in waits if wait is not None), default=None)


def _span_or_time(text: str, now: datetime) -> float | None:
    """Seconds from `1m30s`, `500ms`, `12`, an ISO 8601 time or the clock's own count of seconds."""
    number = _number(text)
    if number is not None:
        clock = number / 1000 if number >= _EPOCH_MS else number
        return number if number < _EPOCH else max(clock - now.timestamp(), 0.0)
    span = _span(text)
    if span is not None:
        return span
    try:
        return _left(datetime.fromisoformat(text), now)
    except ValueError:
        return None


def _span(text: str) -> float | None:
    """Seconds of a span in Go's manner: `6m0s`, `2m59.56s`, `500ms`."""
    parts = _SPAN.fullmatch(text)
    if not text or parts is None:
        return None
    seconds = sum(float(part) * unit for part, unit in zip(parts.groups(), _UNITS, strict=True) if part)
    return seconds if isfinite(seconds) else None


def _delays(body: Any) -> Iterator[float]:
    """Every `retryDelay` among the details of the error in a body, which Gemini puts into a list."""
    first = body[0] if isinstance(body, list) and body else body
    error = first.get("error") if isinstance(first, Mapping) else None
    details = error.get("details") if isinstance(error, Mapping) else None
    for detail in details if isinstance(details, list) else ():
        stated = detail.get("retryDelay") if isinstance(detail, Mapping) else None
        delay = _span(stated.strip()) if isinstance(stated, str) else None
        if delay is not None:
            yield delay
