"""What all HTML of the report is made of: texts, shown and escaped, and the marks of outcomes."""

from __future__ import annotations

import re
from functools import cache
from html import escape

from evalkit.reporters.html_columns import Mark
from evalkit.reporters.interface import visible

_PLAIN = re.compile(r"[\t\n !#-%(-;=?-~]*")  # what is shown as it is: ASCII without controls and & < > " '


class Piece(str):
    """HTML that is done: a template takes it as it is, where it would escape a text."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def shown(text: str) -> str:
    """`text` as it stands in HTML: made visible, and escaped."""
    return text if _PLAIN.fullmatch(text) else escape(visible(text))


@cache
def icon(kind: str) -> Piece:
    """An icon, which the page draws once and uses by name."""
    return Piece(f'<svg class="icon ink-{shown(kind)}" aria-hidden="true"><use href="#icon-{shown(kind)}"/></svg>')


@cache
def outcome(mark: Mark) -> Piece:
    """An outcome is always icon and word."""
    return Piece(
        f'<span class="outcome ink-{shown(mark.kind)}">{icon(mark.kind)}<span>{shown(mark.word)}</span></span>'
    )
