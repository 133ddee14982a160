"""The columns of a run as the report shows them: short names, the table with its whiskers, the gate rules."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalkit.records.result import Column
from evalkit.records.run import ColumnSummary, Estimate, RuleVerdict, Verdict
from evalkit.reporters.figures import NBSP, cost, interval, percent, seconds
from evalkit.reporters.interface import one_line

CELL_LIMIT = 200  # characters of a name, and of a text in a row
LINE_LIMIT = 2_000  # characters of a reason


@dataclass(frozen=True, slots=True)
class Mark:
    """A verdict for the eye: `kind` names icon and ink, `word` says it."""

    kind: str
    word: str


MARK_BY_VERDICT: Mapping[Verdict, Mark] = {
    "holds": Mark("passed", "holds"),
    "fails": Mark("failed", "fails"),
    "open": Mark("errored", "no verdict"),
    "unrecorded": Mark("unrecorded", "not verifiable here"),
    "empty": Mark("skipped", "nothing measured"),
}
_BY_COMPARISON = Mark("skipped", "by comparison")  # a column without rules: only beside a baseline there is one
_ORDER_BY_VERDICT: Mapping[Verdict, int] = {"fails": 0, "open": 1, "unrecorded": 2, "empty": 3, "holds": 4}
_RARE = frozenset({"not asked", "not recorded", "skipped", "cut off", "flaky"})  # shown when some column has one


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column's name; where room is short, `last` stays whole and `prefix` gives way."""

    prefix: str
    last: str

    def __str__(self) -> str:
        return self.prefix + self.last


@dataclass(frozen=True, slots=True)
class Number:
    """A named number; `kind` is the ink it is printed in, `note` what must be said with it."""

    name: str
    value: str
    note: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on the common axis; a minor one gives way on narrow screens."""

    place: str
    label: str
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Whisker:
    """A rate and its interval as places on the common axis."""

    low: str
    place: str
    high: str


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One column; `opens_group` where another spec begins."""

    name: ColumnName
    opens_group: bool
    mark: Mark
    is_failing: bool
    rate: str
    interval: str
    whisker: Whisker | None
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """What became of one gate rule in one column."""

    mark: Mark
    column: ColumnName
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """The table with its axis, and the gate rules: those that do not hold first."""

    ticks: tuple[Tick, ...]
    rows: tuple[ColumnRow, ...]
    rules: tuple[RuleRow, ...]
    rules_summary: str


def column_names(columns: Sequence[ColumnSummary]) -> Mapping[Column, ColumnName]:
    """Short names: the model is part of one only when the run has several."""
    several = len({each.column.model for each in columns}) > 1
    return {each.column: column_name(each.column, several) for each in columns}


def column_name(column: Column, with_model: bool = True) -> ColumnName:
    """The name of a column, whose last part is what tells it from its neighbours."""
    parts = (column.spec, column.variant, column.model if with_model else "")
    *before, last = [one_line(part, CELL_LIMIT) for part in parts if part] or [""]
    return ColumnName("".join(f"{part}{NBSP}› " for part in before), last)


def column_table(columns: Sequence[ColumnSummary], *, is_finished: bool = True) -> ColumnTable:
    """The table of `columns` in their order; as long as a run is not finished no gate is said to hold."""
    names = column_names(columns)
    rules = [(names[each.column], rule) for each in columns for rule in each.rules]
    rules.sort(key=lambda pair: _ORDER_BY_VERDICT[pair[1].verdict])
    rows = tuple(_rule_row(column, rule, is_finished) for column, rule in rules)
    many = Counter(row.mark.word for row in rows)
    return ColumnTable(
        ticks=tuple(_ticks(_floor(columns))),
        rows=tuple(_rows(columns, names, is_finished)),
        rules=rows,
        rules_summary="gate rules: " + ", ".join(f"{word} {n:,}" for word, n in many.items()),
    )


def _mark(verdict: Verdict, is_finished: bool) -> Mark:
    mark = MARK_BY_VERDICT[verdict]
    return mark if is_finished else Mark("skipped", f"{mark.word} so far")


def _rule_row(column: ColumnName, rule: RuleVerdict, is_finished: bool) -> RuleRow:
    words = one_line(rule.rule, CELL_LIMIT)
    return RuleRow(_mark(rule.verdict, is_finished), column, words, one_line(rule.reason, LINE_LIMIT))


def _rows(
    columns: Sequence[ColumnSummary], names: Mapping[Column, ColumnName], is_finished: bool
) -> Iterator[ColumnRow]:
    floor = _floor(columns)
    numbers = [tuple(_numbers(each)) for each in columns]
    idle = {name for name in _RARE if all(n.value == "0" for row in numbers for n in row if n.name == name)}
    before = None
    for each, row in zip(columns, numbers, strict=True):
        yield ColumnRow(
            name=names[each.column],
            opens_group=each.column.spec != before,
            mark=_mark(each.verdict, is_finished) if each.rules else _BY_COMPARISON,
            is_failing=is_finished and each.verdict == "fails",
            rate=percent(each.pass_rate.value if each.pass_rate else None),
            interval=interval(each.pass_rate) if each.pass_rate else "",
            whisker=_whisker(each.pass_rate, floor),
            numbers=tuple(number for number in row if number.name not in idle),
        )
        before = each.column.spec


def _numbers(summary: ColumnSummary) -> Iterator[Number]:
    cases = summary.cases
    yield Number("n", f"{cases.decided:,}")
    counts = (
        ("failed", cases.failed, ""),
        ("errored", cases.errored, "errored"),
        ("not asked", cases.unasked, "errored"),
        ("not recorded", cases.unrecorded, "unrecorded"),
        ("skipped", cases.skipped, ""),
        ("cut off", summary.cut_off, "cut"),
        ("flaky", summary.flaky, ""),
    )
    for name, many, kind in counts:
        yield Number(name, f"{many:,}", kind=kind if many else "none")
    yield Number("cost", *cost(summary.spending))
    yield Number("p50", seconds(summary.p50_seconds))
    yield Number("p95", seconds(summary.p95_seconds))


def _floor(columns: Sequence[ColumnSummary]) -> float:
    """Where the common axis begins: the fifth below every interval, at most 0.8."""
    rates = (each.pass_rate for each in columns)
    lows = [rate.low for rate in rates if rate and math.isfinite(rate.low)]
    return min(0.8, max(0.0, math.floor(min(lows, default=0) * 5) / 5))


def _place(share: float, floor: float) -> str:
    return f"{min(100.0, max(0.0, (share - floor) / (1 - floor) * 100)):.2f}%"


def _ticks(floor: float) -> Iterator[Tick]:
    """Every 20 points, or every 10 on a short axis; each second one from the right is minor."""
    step = 10 if floor > 0.5 else 20
    for points in range(round(floor * 100), 101, step):
        label = f"{points}" if points < 100 else f"100{NBSP}%"
        yield Tick(_place(points / 100, floor), label, is_minor=(100 - points) // step % 2 == 1)


def _whisker(rate: Estimate | None, floor: float) -> Whisker | None:
    if rate is None or not all(map(math.isfinite, (rate.low, rate.value, rate.high))):
        return None
    return Whisker(_place(rate.low, floor), _place(rate.value, floor), _place(rate.high, floor))
