"""Commands for people to type: what records the replies that a run with these settings lacks."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from evalkit.settings import Settings


def commands_that_record(settings: Settings) -> tuple[str, ...]:
    """The run that asks, and the export of its replies where recordings are configured; quoted for a shell."""
    run = shlex.join(["evalkit", "run", *_paths(settings), *_whom(settings), *_which(settings)])
    if settings.recordings is None:
        return (run,)
    out = ["-o", _shown(settings.recordings)]
    return run, shlex.join(["evalkit", "replies", "export", *out, *_paths(settings), *_whom(settings)])


def _paths(settings: Settings) -> list[str]:
    return [str(path) for path in settings.paths]


def _whom(settings: Settings) -> Iterator[str]:
    """The options that are part of every question: the models, the draws, and that no code of strangers runs."""
    for model in settings.models:
        yield from ("-m", model)
    if settings.trials is not None:
        yield from ("--trials", str(settings.trials))
    if settings.no_code:
        yield "--no-code"


def _which(settings: Settings) -> Iterator[str]:
    """The options that choose cases."""
    if settings.keyword:
        yield from ("-k", settings.keyword)
    for tag in settings.tags:
        yield from ("--tag", tag)
    if settings.limit is not None:
        yield from ("--limit", str(settings.limit))
    if settings.failed_of:
        yield from ("--failed", settings.failed_of)


def _shown(folder: Path) -> str:
    """A folder as it is named from here."""
    return os.path.relpath(folder)
