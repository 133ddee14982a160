"""The HTML report: one file without scripts, to be opened from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evalkit.records.run import StoredRun
from evalkit.reporters.html_data import page_of
from evalkit.reporters.html_pieces import icon, outcome
from evalkit.reporters.html_rows import row
from evalkit.reporters.interface import visible

TEMPLATES = Path(__file__).parent / "templates"
_CHUNKS_AT_ONCE = 64


class Html:
    """Writes `index.html`: self-contained, and the same bytes for the same run."""

    files: tuple[str, ...] = ("index.html",)

    def write(self, run: StoredRun, out: Mapping[str, IO[str]]) -> None:
        """Write the page, a few rows at a time."""
        style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
        template = _environment().get_template("report.html.j2")
        stream = template.stream(page=page_of(run), style=style, style_hash=content_hash(style))
        stream.enable_buffering(_CHUNKS_AT_ONCE)
        out["index.html"].writelines(stream)


def content_hash(text: str) -> str:
    """The source expression with which a content security policy allows exactly this inline element."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"icon": icon, "outcome": outcome, "row": row}
    return environment


def _shown(value: object) -> object:
    """What a template prints in place of `value`: every text made visible, before it is escaped.

    Here, and not where the texts come from, so that no new field of the page can be forgotten. What has
    `__html__` is a piece, whose texts were shown when it was filled.
    """
    return visible(value) if type(value) is str else value
