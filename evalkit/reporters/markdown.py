"""The result as Markdown for a comment on a pull request: the verdict, the columns, what was compared, what moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO

from evalkit.records.comparison import Comparison
from evalkit.records.result import Column
from evalkit.records.run import ColumnSummary, RunInfo, StoredRun
from evalkit.reporters.closing import figures_of, mark_of_run, money, verdict_of
from evalkit.reporters.comparing import mark_of, naming, rows_of, worth_a_row
from evalkit.reporters.figures import count, interval, percent, seconds
from evalkit.reporters.interface import harmless, one_line, visible
from evalkit.reporters.movers import Mover, how_many_moved, movers_of
from evalkit.reporters.points import interval_name, moved
from evalkit.reporters.sentences import about_baseline, told_of

SUMMARY = "summary.md"
ROOM = 58_000  # characters; GitHub takes 65,536 of a comment, and whoever posts it may add some
MOVERS = 10
_REPLY_LIMIT = 1_500  # characters of a reply
_NAME_LIMIT = 80
_LINE_LIMIT = 400
_PARTS = {"columns": 12_000, "rules": 5_000, "table": 12_000, "words": 8_000}  # characters
_MARKS = {"passed": "✅", "failed": "❌", "errored": "⚠️", "skipped": "➖"}
_VERDICTS = {"holds": "passed", "fails": "failed", "open": "errored", "unrecorded": "skipped", "empty": "skipped"}

_MARKUP = re.compile(r"[&<>\\`*_~\[\]|$]")
# Of a mention, an issue, an address and a sign by its name: what GitHub looks for, up to where it is broken.
_LEADS_AWAY = re.compile(r"@|#(?=\d)|:(?=//)|\bwww(?=\.)|\bGH(?=-\d)|:(?=[\w+-]+:)", re.ASCII | re.IGNORECASE)
_NOTHING = "&#8203;"  # a space of no width


class Markdown:
    """Writes `summary.md`, below the 65,536 characters that GitHub takes of a comment."""

    files: tuple[str, ...] = (SUMMARY,)

    def write(self, run: StoredRun, out: Mapping[str, IO[str]]) -> None:
        """Write the whole page; movers are left out where they do not fit any more."""
        page = "".join(_pieces(run))
        out[SUMMARY].write(page)
        out[SUMMARY].writelines(_movers(run, ROOM - len(page)))


def escaped(text: str, limit: int = _LINE_LIMIT) -> str:
    """`text` on one line as nothing but text: no markup, no mention, no link, no reference."""
    line = _LEADS_AWAY.sub(lambda found: found.group() + "\0", one_line(text, limit))
    return _MARKUP.sub(lambda found: f"&#{ord(found.group())};", line).replace("\0", _NOTHING)


def fenced(text: str) -> str:
    """`text` in a block of code that nothing in it can end."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}\n"


def _pieces(run: StoredRun) -> Iterator[str]:
    """All but the cases that moved."""
    info = run.info
    yield f"{_MARKS[mark_of_run(info)]} **{escaped(verdict_of(info))}** {escaped(figures_of(info))}.\n"
    yield from _columns(info)
    found = [each for each in info.comparisons if each.kind == "column" and not each.gates]
    yield from _table(found, ("other", "this", "seen"))
    found = [each for each in info.comparisons if each.gates or each.kind != "column"]
    if found and info.baseline:
        yield f"\n{escaped(about_baseline(info.baseline, found))}\n"
    told, unasked = worth_a_row(found)
    yield from _table(told, ("baseline", "now", "verdict"))
    if unasked:
        yield f"\n{_MARKS['skipped']} {count(unasked, 'column')} unchanged, not asked\n"
    yield from _words(found)


def _columns(info: RunInfo) -> Iterator[str]:
    """The table of columns, and the rules that do not hold in words."""
    if not info.columns:
        return
    with_model = len({each.column.model for each in info.columns}) > 1
    compared = {found.column: mark_of(found) for found in info.comparisons if found.gates}
    titles = ("", "column", "passed", "95 % interval", "failed", "errored", "p95", "cost")
    yield from _rows(titles, (_column(each, compared, with_model) for each in info.columns), _PARTS["columns"])
    broken = (
        f"- {_MARKS[_VERDICTS[rule.verdict]]} {escaped(f'{each.column}: gate {rule.rule}: {rule.reason}')}\n"
        for each in info.columns
        for rule in each.rules
        if rule.verdict != "holds"
    )
    yield from _list(broken, _PARTS["rules"])


def _column(each: ColumnSummary, compared: Mapping[Column, str], with_model: bool) -> Sequence[str]:
    column, trials = each.column, each.trials
    name = " › ".join(filter(None, (column.spec, column.variant, column.model if with_model else "")))
    passed = (
        f"{each.cases.passed} of {each.cases.decided}, {percent(each.pass_rate.value, 0)}" if each.pass_rate else "–"
    )
    figures = (
        passed,
        interval(each.pass_rate, 0),
        str(trials.failed),
        str(trials.errored + trials.unasked + trials.unrecorded),
        seconds(each.p95_seconds),
        money(each.spending),
    )
    mark = _MARKS[_VERDICTS[each.verdict] if each.rules else compared.get(column, "skipped")]
    return mark, escaped(name, _NAME_LIMIT), *map(escaped, figures)


def _table(found: Sequence[Comparison], titles: tuple[str, str, str]) -> Iterator[str]:
    if not found:
        return
    before, now, verdict = titles
    rows = (
        (_MARKS[row.mark], *map(escaped, (row.column, row.before, row.now, row.change, row.verdict)))
        for row in rows_of(found)
    )
    yield from _rows(("", "column", before, now, f"change, {interval_name(found)}", verdict), rows, _PARTS["table"])


def _words(found: Sequence[Comparison]) -> Iterator[str]:
    told = told_of(found)
    if told.common:
        yield f"\n{escaped(told.common, 2_000)}\n"
    lines = (f"- **{escaped(name)}**: {escaped(words, 2_000)}\n" for name, words in told.each)
    yield from _list(lines, _PARTS["words"])


def _rows(titles: Sequence[str], rows: Iterable[Sequence[str]], room: int) -> Iterator[str]:
    yield f"\n{_row(titles)}|{'---|' * len(titles)}\n"
    yield from _within(map(_row, rows), room, "\n… and {} more\n")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _list(lines: Iterable[str], room: int) -> Iterator[str]:
    lines = list(lines)
    if lines:
        yield "\n"
        yield from _within(lines, room, "- … and {} more\n")


def _within(lines: Iterable[str], room: int, rest: str) -> Iterator[str]:
    """The first lines that fit into so many characters, and how many do not."""
    hidden = 0
    for line in lines:
        room -= len(line)
        if room < 0:
            hidden += 1
        else:
            yield line
    if hidden:
        yield rest.format(f"{hidden:,}")


def _movers(run: StoredRun, room: int) -> Iterator[str]:
    movers, shown = movers_of(run, MOVERS), 0
    name_of = naming(found for found in run.info.comparisons if found.gates)
    for mover in movers:
        block = _mover(mover, name_of(mover.found))
        room -= len(block)
        if room < 0:
            break
        if not shown:
            yield "\n### Cases that moved most\n"
        shown += 1
        yield block
    if hidden := how_many_moved(run.info.comparisons) - shown:
        yield f"\n… and {count(hidden, 'more case')} moved\n"


def _mover(mover: Mover, column: str) -> str:
    movement = mover.movement
    name = escaped(f"{column} › {movement.case}", 2 * _NAME_LIMIT)
    where = f" ({escaped(f'{movement.where.file}:{movement.where.line}')})" if movement.where.file else ""
    lines = [f"\n<details><summary>{_MARKS[mover.mark]} {name}: {moved(movement)}{where}</summary>\n\n"]
    for label, text in mover.texts:
        said = harmless(visible(text))
        cut = said if len(said) <= _REPLY_LIMIT else f"{said[:_REPLY_LIMIT]}…"
        lines.append(f"{label}\n\n{fenced(cut)}\n")
    return "".join([*lines, "</details>\n"])
