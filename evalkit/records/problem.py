"""A place in a file, and a complaint about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written: the file as shown to the user, line and column counted from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint about a file: what is wrong, and what to write instead.

    `via` is where a spec names the shared file that `place` is in; `more` counts others like it further down.
    """

    place: Place
    message: str
    help: str = ""
    severity: Literal["error", "warning"] = "error"
    via: Place | None = None
    more: int = 0
