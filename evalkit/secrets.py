"""Which values are keys, and how they are taken out of whatever is shown or kept."""

from __future__ import annotations

from collections.abc import Iterable

SHORTEST = 8  # characters; a shorter value would take ordinary words out of a text
REDACTED = "[redacted]"


def holds(text: str, keys: Iterable[str]) -> bool:
    """Whether `text` holds one of the keys."""
    return any(key in text for key in keys if len(key) >= SHORTEST)


def redact(text: str, keys: Iterable[str]) -> str:
    """`text` without the keys. Never used on the body of a reply, which is kept as it came."""
    for key in sorted(keys, key=len, reverse=True):  # one key may begin another
        if len(key) >= SHORTEST:
            text = text.replace(key, REDACTED)
    return text
