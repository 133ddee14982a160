"""Problems as a compiler shows them: place, message, the line with a caret, what to write instead."""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Sequence

from evalkit.cli.streams import say
from evalkit.records.problem import Problem
from evalkit.reporters.interface import visible

A_FILE = 20  # problems shown of one file


def show_problems(problems: Sequence[Problem]) -> None:
    """Print problems to standard error, at most A_FILE of one file."""
    shown: Counter[str] = Counter()
    for problem in problems:
        file = problem.place.file
        shown[file] += 1
        if shown[file] <= A_FILE:
            say(as_text(problem), err=True)
    for file, count in shown.items():
        if count > A_FILE:
            say(f"{file}: and {count - A_FILE} more", err=True)
    errors = sum(problem.severity == "error" for problem in problems)
    say(f"{errors} problem{'s' if errors != 1 else ''}; nothing was called.", err=True)


def as_text(problem: Problem) -> str:
    """One problem, in two to four lines."""
    place = problem.place
    lines = [f"{place}: {problem.severity}: {visible(problem.message)}"]
    source = linecache.getline(place.file, place.line).rstrip("\n")
    if source.strip() and place.column <= len(source) + 1 and len(source) <= 200:
        before = source[: place.column - 1]
        lines += [
            f"    {visible(source)}",
            "    " + "".join("\t" if c == "\t" else " " for c in before) + "^",
        ]
    if problem.help:
        lines.append(f"  help: {visible(problem.help)}")
    return "\n".join(lines)
