"""pydantic-evals: a library that calls a function of its user's, which is given the quickest client at hand.

It keeps nothing, neither replies nor a report.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.cases import ASKS, LABEL, write_reviews
from benchmarks.contenders import Commands, Setting
from benchmarks.measure import Command
from benchmarks.server import MODEL

PROGRAM = Path(__file__).parent / "given" / "pydantic_run.py"


def commands(setting: Setting) -> Commands:
    """One program, without its progress bar."""
    write_reviews(setting.folder / "reviews.csv", setting.load.cases)
    given = (setting.url, MODEL, str(setting.load.at_once), ASKS, LABEL)
    return Commands(Command((str(setting.programs / "python"), str(PROGRAM), *given), setting.folder, {}))
