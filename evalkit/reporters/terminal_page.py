"""A page of text on a terminal: never markup, never escapes, in the letters that the stream can write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from evalkit.records.problem import Place
from evalkit.reporters.interface import harmless, one_line, visible

WIDEST = 110  # columns; wider terminals are not stretched to
LINES = 6  # lines of a prompt or reply
_WIDE = 90  # columns from which on a table has room for all it can tell
_GAP = 2  # columns between those of a table
_SHORTEST = 6  # letters of a spec's name that stay
_LABEL = 10  # columns of the gutter that names what stands beside it
_MARKS = {"passed": "✓", "failed": "✗", "errored": "!", "skipped": "–"}
_STYLES = {"passed": "green", "failed": "red", "errored": "magenta", "skipped": "dim"}
_PLAIN = {
    "✓": "+", "✗": "x", "–": "-", "›": ">", "…": "...", "·": "-", "│": "|", "×": "x", "→": "->",
    "\N{MINUS SIGN}": "-", "\N{NO-BREAK SPACE}": " ",
}  # fmt: skip


Row = tuple[str, Sequence[str]]  # the outcome whose sign it bears, and its cells


class Title(NamedTuple):
    """The head of a table's column, of one line or several. Names are folded where there is no room, figures never."""

    text: str
    justify: JustifyMethod = "right"
    is_name: bool = False


class Page:
    """Writes pieces of a page, one below the other; `width` is in terminal cells."""

    def __init__(self, out: IO[str]) -> None:
        self._console = Console(file=out, highlight=False, markup=False, emoji=False, soft_wrap=False)
        self._is_plain = not _can_write(out, "".join(_PLAIN))
        self.width = min(self._console.width, WIDEST)
        self.is_wide = self.width >= _WIDE

    def say(self, text: str = "", style: str = "") -> None:
        """One line, however long."""
        self._print(Text(text, style))

    def paragraph(self, text: str, *, mark: str = "", bold: str = "") -> None:
        """Words wrapped to the page, behind the sign of an outcome (`mark`) and what is to be seen first (`bold`)."""
        line = self._sign(mark).append(" " if mark else "").append(bold, "bold").append(text, "default")
        for piece in line.wrap(self._console, self.width):
            piece.rstrip()
            self._print(piece)

    def head(self, outcome: str, name: Sequence[str], place: Place, figures: str = "") -> None:
        """A case by name, its column before it, with where it stands at the end of the line, or below.

        Where there is no room the column gives way: it is the case that tells one line from the next.
        """
        where = f"{place.file}:{place.line}" if place.file else ""
        figures = f"   {figures}" if figures else ""
        room = max(self.width - len(figures), 1)
        line = self._sign(outcome).append(f" {_fitted([part for part in name if part], room - 2)}", "bold")
        line.truncate(room, overflow="ellipsis")
        line.append(figures)
        room = self.width - line.cell_len - len(where)
        self._print(line.append(" " * room).append(where, "dim") if room > 1 else line)
        if room <= 1:
            self._print(Text(f"    {where}", "dim"))

    def beside(self, label: str, text: str) -> None:
        """A label in the gutter and a text beside it, wrapped and cut to a few lines."""
        room = max(self.width - 4 - _LABEL, 20)
        lines = [line for raw in visible(text[:5000]).strip().split("\n") for line in _harmless(raw, room)]
        if len(lines) > LINES:
            lines = [*lines[: LINES - 1], "…"]
        gutter = one_line(label, 24)
        if len(gutter) >= _LABEL:
            self._print(Text(f"    {gutter}", "dim"))
            gutter = ""
        for line in lines:
            self._print(Text("    ").append(f"{gutter:<{_LABEL}}", "dim").append(line))
            gutter = ""

    def to_copy(self, label: str, text: str) -> None:
        """A path or a command: one line, however long."""
        self._print(Text("    ").append(f"{label:<{_LABEL}}", "dim").append(visible(text)))

    def has_room(self, titles: Sequence[Title], rows: Sequence[Row]) -> bool:
        """Whether a table fits without folding a name."""
        cells = [[title.text for title in titles], *(cells for _, cells in rows)]
        widest = (max(map(_widest_line, column)) for column in zip(*cells, strict=True))
        return 1 + sum(_GAP + wide for wide in widest) <= self.width  # before them all is a sign

    def table(self, titles: Sequence[Title], rows: Sequence[Row]) -> None:
        """Rows of (outcome, cells) below their titles; each begins with the sign of its outcome."""
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_edge=False, header_style="dim")
        table.add_column("")
        for title in titles:
            heading = self._written(title.text)
            if title.is_name:
                table.add_column(heading, justify=title.justify, overflow="fold")
            else:
                table.add_column(heading, justify=title.justify, no_wrap=True)
        for outcome, cells in rows:
            # A folded name may begin a line of the table, where :: would be a command to a CI log.
            texts = (Text(self._written(visible(cell)).replace("::", ": :")) for cell in cells)
            table.add_row(self._sign(outcome), *texts)
        self._console.print(table, width=self.width)

    def _sign(self, outcome: str) -> Text:
        return Text(self._written(_MARKS.get(outcome, "")), _STYLES.get(outcome, ""))

    def _written(self, text: str) -> str:
        for sign, plain in _PLAIN.items() if self._is_plain else ():
            text = text.replace(sign, plain)
        return text

    def _print(self, line: Text) -> None:
        written = self._written(harmless(line.plain))
        self._console.print(line if written == line.plain else Text(written), soft_wrap=True)


def _fitted(parts: Sequence[str], room: int) -> str:
    """The parts as one name, all but the last as short as it takes to have room, down to a few letters each."""
    *before, last = [one_line(part, room) for part in parts] or [""]
    for most in range(max(room, _SHORTEST), _SHORTEST - 1, -1):
        name = " › ".join([*(one_line(part, most) for part in before), last])
        if cell_len(name) <= room:
            break
    return name


def _widest_line(cell: str) -> int:
    """In terminal cells."""
    return max(map(cell_len, visible(cell).split("\n")))


def _can_write(out: IO[str], signs: str) -> bool:
    try:
        signs.encode(getattr(out, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _harmless(line: str, room: int) -> Iterator[str]:
    """The pieces of a line, each harmless and none wider for it."""
    for piece in _wrapped(harmless(line), room):
        yield from _wrapped(harmless(piece), room) if piece.lstrip().startswith("::") else (piece,)


def _wrapped(line: str, room: int) -> list[str]:
    """A line in pieces of at most `room` terminal cells, broken at spaces where there are any."""
    text = Text(line.replace("\t", "    "))
    pieces = text.wrap(Console(width=room), room, tab_size=4)
    return [piece.plain.rstrip() for piece in pieces] or [""]
