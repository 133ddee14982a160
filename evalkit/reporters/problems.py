"""Problems as a compiler shows them: place, message, the line with a caret, what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from evalkit.records.problem import Place, Problem
from evalkit.reporters.interface import visible

A_FILE = 20  # problems shown of one file
WIDEST = 120  # characters shown of a line
_LINE_END = re.compile(r"\r\n?|\n")


def listed(problems: Sequence[Problem]) -> Iterator[str]:
    """Each problem in two to six lines, at most A_FILE of one file, then how many more there are."""
    shown: Counter[str] = Counter()
    for problem in problems:
        file = problem.place.file
        shown[file] += 1
        if shown[file] <= A_FILE:
            yield as_text(problem)
    for file, count in shown.items():
        if count > A_FILE:
            yield f"{file}: and {count - A_FILE:,} more"


def as_text(problem: Problem) -> str:
    """One problem, with the line it is about where that can be read."""
    lines = [f"{problem.place}: {problem.severity}: {visible(problem.message)}", *_pointed_at(problem.place)]
    if problem.more:
        lines.append(f"  and {problem.more:,} more like this")
    if problem.via:
        lines.append(f"  note: {problem.place.file} is named at {problem.via}")
    if problem.help:
        lines.append(f"  help: {visible(problem.help)}")
    return "\n".join(lines)


def counted(problems: Sequence[Problem]) -> str:
    """`2 errors, 1 warning`; those that are told once for many count each."""
    many: Counter[str] = Counter()
    for problem in problems:
        many[problem.severity] += 1 + problem.more
    said = [f"{many[kind]:,} {kind}{'s' if many[kind] != 1 else ''}" for kind in ("error", "warning") if many[kind]]
    return ", ".join(said) or "no problems"


def _pointed_at(place: Place) -> Iterator[str]:
    """The line of a place and a caret below the very character; nothing where there is no such line."""
    lines = _lines(place.file)
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    if not line.strip() or place.column > len(line) + 1:
        return
    begin = len(line) - len(line.lstrip())
    at = max(place.column - 1, begin)
    if at - begin > WIDEST - 20:
        begin = at - WIDEST // 2
    shown = line[begin : begin + WIDEST]
    yield f"    {visible(shown.replace(chr(9), ' '))}"
    yield "    " + " " * sum(map(_width, visible(line[begin:at]))) + "^"


def _width(character: str) -> int:
    """Terminal cells of a character."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):  # marks, joiners, selectors
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


@lru_cache(maxsize=64)
def _lines(file: str) -> tuple[str, ...]:
    if not Path(file).is_file():  # a pipe would be waited for
        return ()
    try:
        text = Path(file).read_bytes().decode("utf-8-sig", "replace")
    except (OSError, ValueError):
        return ()
    return tuple(_LINE_END.split(text))
