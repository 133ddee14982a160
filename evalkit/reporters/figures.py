"""Numbers as people read them: rates that never lie by rounding, money that is never zero when unknown."""

from __future__ import annotations

from evalkit.records.run import ColumnSummary, Estimate, Spending

NONE = "–"


def percent(share: float) -> str:
    """A share in [0, 1] as whole percent; 0 % only for zero, 100 % only for all."""
    rounded = round(share * 100)
    if rounded == 0 and share > 0:
        return "<1 %"
    if rounded == 100 and share < 1:
        return ">99 %"
    return f"{rounded} %"


def rate(column: ColumnSummary) -> str:
    """`36 of 40  90 %`, over the cases that have a verdict."""
    if column.pass_rate is None:
        return NONE
    return f"{column.cases.passed} of {column.cases.decided}  {percent(column.pass_rate.value)}"


def span(estimate: Estimate | None) -> str:
    """`77–96 %`: the ends of an interval."""
    if estimate is None:
        return NONE
    return f"{percent(estimate.low).removesuffix(' %')}–{percent(estimate.high)}"


def seconds(value: float | None) -> str:
    """`0.43 s`, `12 s`, `3 min 20 s`."""
    if value is None:
        return NONE
    if value < 10:
        return f"{value:.2f} s" if value < 1 else f"{value:.1f} s"
    whole = round(value)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def money(spent: Spending) -> str:
    """US dollars of fresh calls; what is not known is said to be unknown."""
    known = dollars(spent.usd)
    if not spent.unpriced:
        return known
    return "cost unknown" if not spent.usd else f"{known} + unknown"


def dollars(usd: float) -> str:
    """`$0`, `$0.0043`, `$1.20`: never `$0` for what cost something."""
    if usd == 0:
        return "$0"
    if usd < 0.0001:
        return "<$0.0001"
    return f"${usd:.4f}" if usd < 1 else f"${usd:,.2f}"
