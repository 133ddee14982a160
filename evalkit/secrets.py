"""Which values are keys, and how they are taken out of whatever is shown or kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

SHORTEST = 8  # characters; a shorter value would take ordinary words out of a text
REDACTED = "[redacted]"


def holds(text: str, keys: Iterable[str]) -> bool:
    """Whether `text` holds one of the keys."""
    return any(key in text for key in keys if len(key) >= SHORTEST)


def redact(text: str, keys: Iterable[str]) -> str:
    """`text` without the keys, as they are and as JSON and URLs write them.

    Never used on the body of a reply, which is kept as it came.
    """
    for form in _forms(tuple(keys)):
        text = text.replace(form, REDACTED)
    return text


@lru_cache(maxsize=8)
def _forms(keys: tuple[str, ...]) -> tuple[str, ...]:
    """All ways in which the keys are written, long keys first: one may begin another."""
    long_first = sorted((key for key in keys if len(key) >= SHORTEST), key=len, reverse=True)
    return tuple(form for key in long_first for form in {key, json.dumps(key)[1:-1], quote(key, safe="")})
