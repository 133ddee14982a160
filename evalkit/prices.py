"""From what a server said of a call to US dollars; unknown is None, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEADERS = ("x-aimlapi-usd-spent", "x-litellm-response-cost")


def stated_usd(body: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    """What the reply itself says it cost: `meta.usage.usd_spent`, `usage.cost` or a vendor's header."""
    meta = body.get("meta")
    usage = body.get("usage")
    stated: list[Any] = [headers.get(name) for name in _HEADERS]
    if isinstance(meta, Mapping) and isinstance(meta.get("usage"), Mapping):
        stated.append(meta["usage"].get("usd_spent"))
    if isinstance(usage, Mapping):
        stated.append(usage.get("cost"))
    return next((usd for usd in map(_dollars, stated) if usd is not None), None)


def _dollars(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        usd = float(value)
    except (ValueError, OverflowError):
        return None
    return usd if 0 <= usd < 1e6 else None
