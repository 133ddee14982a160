"""Comparisons as the report shows them: changes on one axis around the baseline, words, the cases that moved most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from evalkit.records.comparison import Comparison
from evalkit.records.run import RunInfo, StoredRun
from evalkit.reporters.comparing import SEPARATOR, ComparisonRow, naming, rows_of, worth_a_row
from evalkit.reporters.figures import count
from evalkit.reporters.html_columns import CELL_LIMIT, ColumnName, Mark, Tick, Whisker
from evalkit.reporters.interface import one_line
from evalkit.reporters.movers import Mover, how_many_moved, movers_of
from evalkit.reporters.points import MINUS, interval_name, moved
from evalkit.reporters.sentences import Told, about_baseline, told_of

MOVERS = 10
_STEP = 5  # points to whose multiple the axis reaches


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One column beside its baseline; the places of `whisker` and `margin` are on the axis of changes."""

    mark: Mark
    column: str
    before: str
    now: str
    change: str
    whisker: Whisker | None
    margin: str


@dataclass(frozen=True, slots=True)
class MoverView:
    """A case that moved: a row that opens on what was replied before and now, each with its label."""

    mark: Mark
    case: str
    column: ColumnName
    moved: str
    was: str
    now: str
    where: str
    replies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """All of it. `ticks` are of the axis of changes, on which the baseline stands in the middle."""

    about: str
    interval: str
    ticks: tuple[Tick, ...]
    rows: tuple[ChangeRow, ...]
    unasked: str
    words: Told
    movers: tuple[MoverView, ...]
    more: str


def comparison_view(run: StoredRun) -> ComparisonView | None:
    """The comparisons of a run, those that decide something first; None where it has none."""
    if not run.info.comparisons:
        return None
    found, unasked = worth_a_row(sorted(run.info.comparisons, key=lambda each: not each.gates))
    reach = _reach(found)
    name_of = naming(each for each in found if each.gates)
    movers = tuple(_mover(mover, name_of(mover.found)) for mover in movers_of(run, MOVERS))
    hidden = how_many_moved(found) - len(movers)
    return ComparisonView(
        about=_about(run.info),
        interval=interval_name(found),
        ticks=tuple(_ticks(reach)),
        rows=tuple(_row(each, row, reach) for each, row in zip(found, rows_of(found), strict=True)),
        unasked=f"{count(unasked, 'column')} unchanged, not asked" if unasked else "",
        words=told_of(each for each in found if each.gates),
        movers=movers,
        more=f"{count(hidden, 'more case')} moved" if hidden else "",
    )


def _about(info: RunInfo) -> str:
    return about_baseline(info.baseline, info.comparisons) if info.baseline else "The columns of this run."


def _row(found: Comparison, row: ComparisonRow, reach: int) -> ChangeRow:
    kind = "unrecorded" if found.unrecorded and found.verdict == "cannot judge" else row.mark
    margin = _place(-found.rule.margin, reach) if found.gates else ""
    mark = Mark(kind, row.verdict)
    return ChangeRow(mark, row.column, row.before, row.now, row.change, _whisker(found, reach), margin)


def _reach(found: Sequence[Comparison]) -> int:
    """How far the axis goes to both sides, in points: to the furthest end, and to the margin at least."""
    ends = [abs(end) for each in found if each.interval for end in (each.interval.low, each.interval.high)]
    furthest = max([*ends, *(each.rule.margin for each in found)], default=1.0)
    return min(100, ceil(furthest * 100 / _STEP) * _STEP) if isfinite(furthest) else 100


def _ticks(reach: int) -> Iterator[Tick]:
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        points = share * reach
        sign = MINUS if points < 0 else "+" if points else ""
        yield Tick(_place(points / 100, reach), f"{sign}{abs(points):g}", is_minor=abs(share) == 0.5)


def _whisker(found: Comparison, reach: int) -> Whisker | None:
    if found.effect is None or found.interval is None:
        return None
    places = (found.interval.low, found.effect, found.interval.high)
    return Whisker(*(_place(share, reach) for share in places)) if all(map(isfinite, places)) else None


def _place(share: float, reach: int) -> str:
    return f"{min(100.0, max(0.0, 50 + 50 * share * 100 / reach)):.2f}%"


def _mover(mover: Mover, name: str) -> MoverView:
    movement = mover.movement
    before, separator, last = name.rpartition(SEPARATOR)
    first, *others = (one_line(text, CELL_LIMIT) for _, text in mover.texts)
    return MoverView(
        mark=Mark(mover.mark, "worse" if movement.change < 0 else "better"),
        case=one_line(movement.case, CELL_LIMIT),
        column=ColumnName(before + separator, last),
        moved=moved(movement),
        was=first,
        now=others[0] if others else "(the same)" if mover.texts[0][0] == "both" else "",
        where=f"{movement.where.file}:{movement.where.line}" if movement.where.file else "",
        replies=mover.texts,
    )
