"""Numbers as people read them: a missing one is a dash, a rounded one never claims all or nothing."""

from __future__ import annotations

import math

from evalkit.records.run import Estimate, Spending

MISSING = "–"
UNKNOWN = "unknown"
NBSP = "\N{NO-BREAK SPACE}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of [0, 1] with so many decimals; `0 %` is exactly none and `100 %` exactly all."""
    return MISSING if share is None or not math.isfinite(share) else f"{_points(share, digits)}{NBSP}%"


def interval(estimate: Estimate | None, digits: int = 1) -> str:
    """The ends of a share's 95 % interval."""
    if estimate is None or not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return MISSING
    return f"{_points(estimate.low, digits)}–{_points(estimate.high, digits)}{NBSP}%"


def _points(share: float, digits: int) -> str:
    if share <= 0 or share >= 1:
        return "0" if share <= 0 else "100"
    step = 10.0**-digits
    rounded = f"{share * 100:.{digits}f}"
    if float(rounded) == 0:
        return f"<{step:.{digits}f}"
    return f">{100 - step:.{digits}f}" if float(rounded) == 100 else rounded


def seconds(value: float | None) -> str:
    """Seconds to three digits or so; what rounds to nothing is `<0.01 s`."""
    if value is None or not math.isfinite(value):
        return MISSING
    if 0 < value < 0.005:
        return f"<0.01{NBSP}s"
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}{NBSP}s"


def duration(value: float) -> str:
    """Seconds of wall clock as people say them."""
    if not math.isfinite(value) or value < 60:
        return seconds(value)
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes}{NBSP}min {rest}{NBSP}s"
    return f"{minutes // 60:,}{NBSP}h {minutes % 60}{NBSP}min"


def dollars(usd: float | None) -> str:
    """US dollars, small sums to three digits; `$0` is free of charge, never a price nobody knows."""
    if usd is None or not math.isfinite(usd):
        return UNKNOWN
    if usd == 0:
        return "$0"
    digits = 2 if usd >= 1 else 2 - math.floor(math.log10(usd))
    return f"${usd:,.{digits}f}"


def cost(spending: Spending) -> tuple[str, str]:
    """What the calls cost, and a note when only a part of it is known."""
    if not spending.fresh + spending.replayed:
        return MISSING, ""
    if not spending.unpriced:
        return dollars(spending.usd), ""
    if not spending.usd:
        return UNKNOWN, ""
    return dollars(spending.usd), f"+ {count(spending.unpriced, 'call')} of unknown price"


def score(value: float | None) -> str:
    """A score of [0, 1] to two decimals; only exactly 0 and 1 are shown as `0` and `1`."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value in (0, 1):
        return f"{value:.0f}"
    rounded = f"{value:.2f}"
    return {"0.00": "<0.01", "1.00": ">0.99"}.get(rounded, rounded)


def count(many: int, one: str, more: str = "") -> str:
    """`1 case`, `2 cases`: the number with its noun."""
    return f"{many:,} {one if many == 1 else more or one + 's'}"
