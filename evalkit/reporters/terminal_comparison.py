"""Comparisons on a terminal: a line a column, what was found out in words, and the cases that moved most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import IO

from evalkit.records.comparison import Comparison
from evalkit.records.run import RunInfo, StoredRun
from evalkit.reporters.closing import is_warned, verdict_of
from evalkit.reporters.comparing import SEPARATOR, naming, rows_of, worth_a_row
from evalkit.reporters.figures import count
from evalkit.reporters.interface import STDOUT
from evalkit.reporters.movers import how_many_moved, movers_of
from evalkit.reporters.points import interval_name, moved
from evalkit.reporters.sentences import about_baseline, told_of
from evalkit.reporters.terminal_page import Page, Title

MOVERS = 3  # cases shown unless -v asks for all


class TerminalComparison:
    """Writes what two finished runs came to, to standard output; neither what they cost nor what their gates say.

    `verbosity` is as a Terminal has it.
    """

    files: tuple[str, ...] = (STDOUT,)

    def __init__(self, verbosity: int = 0) -> None:
        self._verbosity = verbosity

    def write(self, run: StoredRun, out: Mapping[str, IO[str]]) -> None:
        """Write the comparison and its verdict."""
        page = Page(out[STDOUT])
        comparisons(page, run, self._verbosity)
        info = replace(run.info, columns=())
        page.paragraph("", bold=verdict_of(info), mark="errored" if is_warned(info) else "")


def columns_beside(page: Page, info: RunInfo) -> None:
    """The columns of a spec beside each other; nothing of it decides anything."""
    found = [each for each in info.comparisons if each.kind == "column" and not each.gates]
    if found:
        _table(page, found, ("other", "this", "seen"))
        page.say()


def comparisons(page: Page, run: StoredRun, verbosity: int) -> None:
    """What the run was compared with, and what came of it; `verbosity` as a Terminal has it."""
    info = run.info
    found = [each for each in info.comparisons if each.gates or each.kind != "column"]
    if not found:
        return
    if info.baseline:
        page.paragraph(about_baseline(info.baseline, found))
    told, unasked = worth_a_row(found)
    if told:
        _table(page, told, ("baseline", "now", "verdict"))
    if unasked:
        page.paragraph(f"{count(unasked, 'column')} unchanged, not asked", mark="skipped")
    page.say()
    if verbosity >= 0:
        _words(page, found)
        _movers(page, run, None if verbosity else MOVERS)


def _table(page: Page, found: Sequence[Comparison], titles: tuple[str, str, str]) -> None:
    """A table where there is room for one, else a few lines a column."""
    rows, (before, now, verdict) = rows_of(found), titles
    change = ("change, " if page.is_wide else "change,\n") + interval_name(found)
    head = [Title("column", "left", is_name=True), Title(before), Title(now)]
    head += [Title(change, "left"), Title(verdict, "left", is_name=True)]
    cells = [(row.mark, (row.column, row.before, row.now, row.change, row.verdict)) for row in rows]
    if page.is_wide or page.has_room(head, cells):
        page.table(head, cells)
        return
    for row in rows:
        page.paragraph(row.column, mark=row.mark)
        if row.change:
            page.beside("change", f"{row.before} → {row.now}, {row.change}")
        page.beside(verdict, row.verdict)


def _words(page: Page, found: Sequence[Comparison]) -> None:
    told = told_of(found)
    named = [f"{name}: {words}" for name, words in told.each]
    for words in filter(None, (told.common, *named)):
        page.paragraph(words)
        page.say()


def _movers(page: Page, run: StoredRun, most: int | None) -> None:
    movers = movers_of(run, most)
    name_of = naming(found for found in run.info.comparisons if found.gates)
    for mover in movers:
        name = (*name_of(mover.found).split(SEPARATOR), mover.movement.case)
        page.head(mover.mark, name, mover.movement.where, moved(mover.movement))
        for label, text in mover.texts:
            page.beside(label, text)
        page.say()
    hidden = how_many_moved(run.info.comparisons) - len(movers)
    if hidden:
        page.say(f"… and {hidden:,} more cases moved; -v shows all", "dim")
        page.say()
