"""Problems on standard error, where a run could not begin."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.cli.streams import say
from evalkit.records.problem import Problem
from evalkit.reporters.problems import counted, listed


def show_problems(problems: Sequence[Problem]) -> None:
    """Print problems, and how many there are."""
    for text in listed(problems):
        say(text, err=True)
    say(f"{counted(problems)}; nothing was called.", err=True)
