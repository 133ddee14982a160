"""What a reporter and a listener are, and how anything a model said is made visible."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from evalkit.records.event import Event
    from evalkit.records.run import StoredRun

STDOUT = "-"


class Reporter(Protocol):
    """Shows a finished run.

    `files` names what it writes into the run's folder (`-` is standard output); whoever runs it opens them.
    """

    files: tuple[str, ...]

    def write(self, run: StoredRun, out: Mapping[str, IO[str]]) -> None:
        """Write every file of `files` to the stream `out` has for it."""
        ...


class Listener(Protocol):
    """Hears what happens while a run goes on. Called from one thread at a time."""

    def on(self, event: Event) -> None:
        """Take note of one event; must be quick."""
        ...


_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def visible(text: str) -> str:
    """`text` with nothing hidden: terminal escapes dropped, control and bidi characters as ⟨U+XXXX⟩.

    Newlines and tabs stay; the joiners inside emoji and Indic or Arabic words stay as they are.
    """
    if text.isascii() and text.replace("\n", "").isprintable():  # as most texts are: there is nothing to look for
        return text
    text = _ANSI.sub("", text.replace("\r\n", "\n"))
    return _HIDDEN.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    character = match.group()
    if character in "\u200c\u200d" and _joins(match):
        return character
    return f"⟨U+{ord(character):04X}⟩"


def _joins(match: re.Match[str]) -> bool:
    """Whether a joiner stands between two characters that are joined in writing."""
    before, after = max(match.start() - 1, 0), match.end()
    neighbours = match.string[before : before + 1] + match.string[after : after + 1]
    joinable = [c for c in neighbours if ord(c) > 0x2FF or unicodedata.category(c) == "So"]
    return len(joinable) == 2


_ANYWHERE = re.compile(r"##(\w*)\[")  # Azure, TeamCity and GitHub's old form: ##vso[, ##teamcity[, ##[


def harmless(text: str) -> str:
    """`text` with no line that a CI log takes for a command: `::error::…` at its beginning, `##vso[…` anywhere."""
    lines = _ANYWHERE.sub(r"# #\1[", text).split("\n")
    return "\n".join(f"│ {line}" if line.lstrip().startswith("::") else line for line in lines)


def one_line(text: str, limit: int) -> str:
    """`text` made visible, on one line, cut to `limit` characters with an ellipsis."""
    line = " ".join(visible(text[: limit * 4]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def from_here(path: Path) -> str:
    """A path below the current folder as seen from there; any other as it is."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
