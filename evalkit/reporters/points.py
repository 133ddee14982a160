"""The numbers of a comparison: points, ends of intervals and p values that never say more than is known."""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.records.comparison import Comparison, Interval, Movement
from evalkit.reporters.figures import NBSP, percent

MINUS = "\N{MINUS SIGN}"
_TOLERANCE = 1e-9  # ends of intervals are found by bisection


def points(share: float, digits: int = 0) -> str:
    """A difference of shares in points, with its sign: `−6 points`; never 0 unless it is."""
    shown = _signed(share, digits)
    return f"{shown}{NBSP}{'point' if shown.strip(MINUS + '+') == '1' else 'points'}"


def p_value(p: float) -> str:
    """`p = 0.006`; one that is neither 0 nor 1 is not shown as such."""
    if p < 0.001 or 0.995 <= p < 1:
        return "p < 0.001" if p < 0.5 else "p > 0.99"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}" if p < 1 else "p = 1"


def rate(found: Comparison, share: float | None) -> str:
    """One of the two rates, in percent; empty where it is not known."""
    return percent(share, _digits(found)) if share is not None else ""


def change(found: Comparison) -> str:
    """`−6 points (−15…+2)`; empty where nothing was compared."""
    if found.effect is None:
        return ""
    shown = points(found.effect, _digits(found))
    return shown if found.interval is None or is_apart(found) else f"{shown} ({ends(found.interval, found)})"


def interval_name(comparisons: Iterable[Comparison]) -> str:
    """`90 % interval`; of comparisons that differ in it only `interval`."""
    names = {f"{100 * found.confidence:g} % interval" for found in comparisons}
    return names.pop() if len(names) == 1 else "interval"


def is_apart(found: Comparison) -> bool:
    """Whether draws beside those that decided let the interval reach beyond the margin that they excluded."""
    low = found.interval.low if found.interval else 0.0
    return found.gates and found.verdict == "no worse" and low < -found.rule.margin - _TOLERANCE


def ends(interval: Interval, found: Comparison) -> str:
    """Both ends of an interval in points, each on the side of the margin that it is on."""
    return f"{_end(interval.low, found.rule.margin)}…{_end(interval.high, found.rule.margin)}"


def moved(movement: Movement) -> str:
    """`5 of 5 → 2 of 5`."""
    before = f"{_sum(movement.before)} of {movement.before_draws:,}"
    return f"{before} → {_sum(movement.now)} of {movement.now_draws:,}"


def _digits(found: Comparison) -> int:
    """Decimals of rates and of their change: one where whole numbers would not add up."""
    if found.before is None or found.now is None or found.effect is None:
        return 0
    before, now, effect = (round(100 * share) for share in (found.before, found.now, found.effect))
    return int(now - before != effect)


def _end(share: float, margin: float) -> str:
    is_beyond = share < -margin - _TOLERANCE
    for digits in (0, 1, 2):
        if (round(share * 100, digits) < -margin * 100 - _TOLERANCE) == is_beyond:
            return _signed(share, digits)
    return _signed(share)


def _signed(share: float, digits: int = 0) -> str:
    """Points with so many decimals, or with as many as it takes not to be 0."""
    size = abs(share) * 100
    if size == 0:
        return "0"
    digits = max(digits, 1) if size < 0.95 else digits
    shown = f"{size:.{digits}f}"
    return f"{MINUS if share < 0 else '+'}{shown if float(shown) else '<0.1'}"


def _sum(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
