"""The error tree and the exit codes.

    EvalkitError
    ├── UserError            what the user can mend: usage, a missing key or file (exit 2)
    │   └── SpecError        the specs have problems; carries them all (exit 2)
    ├── NothingToMeasure     no case was selected (exit 4)
    ├── ProviderError        one attempt brought no reply: transient | rejected | terminal (trial: errored)
    ├── NotAsked             a call was not made, and why (trial: skipped)
    ├── CheckError           a check's argument or option is of no use (a problem; in a run: check errored)
    └── TemplateError        a template cannot be rendered for a case (a problem)
        └── TemplateMistake  it is no template, whatever the case (a problem)

Whatever else escapes is a bug of ours and ends with exit 5 and a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

from evalkit.records.problem import Place, Problem

if TYPE_CHECKING:
    from evalkit.records.spec import Check

_LONGEST_WORD = 100  # characters; likeness takes the square of a length, and nobody slips in longer ones
_MOST_NAMES = 40  # listed in one line


class Exit(IntEnum):
    """How the command ends; `decide/gate.py` chooses among the first five."""

    OK = 0
    GATE_FAILED = 1
    USER_ERROR = 2
    NO_VERDICT = 3
    NOTHING_MEASURED = 4
    BUG = 5
    INTERRUPTED = 130


class EvalkitError(Exception):
    """Whatever evalkit raises on purpose."""


class UserError(EvalkitError):
    """Something the user can mend; `help` says what to do next."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class SpecError(UserError):
    """The specs have problems; nothing was called."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = tuple(problems)


class NothingToMeasure(UserError):
    """The selection leaves no trial."""


ErrorKind = Literal["transient", "rejected", "terminal"]


class ProviderError(EvalkitError):
    """One attempt brought no reply.

    `kind`: transient (worth trying again), rejected (this request only), terminal (the provider is done for
    this run). `retry_after` is the server's wish in seconds, `status` the HTTP status if there was one.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after = retry_after


class NotAsked(EvalkitError):
    """A call was not made.

    `kind` is unrecorded, budget, gone, interrupted, stopped (replies cannot be kept or read), or left_out
    (--allow-unrecorded).
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class CheckError(EvalkitError):
    """A check that cannot be made or cannot reach a verdict: a bad pattern, an empty needle, a time limit.

    `where` leads from the check to what is wrong, by keys and positions; () is the scorer's argument. `check` is
    the one of a group's checks that cannot be made, once that is known.
    """

    check: Check | None = None

    def __init__(self, message: str, *, help: str = "", where: Sequence[str | int] = ()) -> None:
        super().__init__(message)
        self.help = help
        self.where = tuple(where)


class TemplateError(EvalkitError):
    """A template that cannot be compiled or rendered.

    `line` and `column` count from 1 inside the template's text (column 0 is not known), `name` is the variable that
    is missing, if that is what is wrong; `place` is where the text stands, once that is known.
    """

    place: Place | None = None

    def __init__(self, message: str, *, line: int = 1, column: int = 0, help: str = "", name: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.help = help
        self.name = name


class TemplateMistake(TemplateError):
    """A text that is no template, whatever the case."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name that `word` is most likely a slip of; "" when none is near."""
    names = sorted(name for name in known if max(len(name), len(word)) <= _LONGEST_WORD)
    exact = [name for name in names if name.lower().replace("-", "_") == word.lower().replace("-", "_")]
    near = exact or difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return near[0] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A help line with the nearest known name, or with all of them (if not too many) when none is near."""
    names = sorted(known)
    near = nearest(word, names)
    if near:
        return f"did you mean `{near}`?"
    more = f", and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return "known: " + ", ".join(f"`{name}`" for name in names[:_MOST_NAMES]) + more if names else ""
