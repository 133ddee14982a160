"""What records the replies that a run with these settings lacks: commands for people to type, or why none can."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator
from pathlib import Path

from evalkit import catalog
from evalkit.records.exchange import Request
from evalkit.settings import Settings

_HOW = {  # code of the user's is recorded where it states its version
    "python": 'write VERSION = "1" at the top of its file',
    "command": 'write version = "1" beside its argv in the settings',
}


def never_recorded(models: Collection[tuple[str, str]], settings: Settings) -> dict[tuple[str, str], str]:
    """Those of the models, (provider, id), whose replies no run can record, and what to say of each."""
    return {
        (provider, id): f"{provider}/{id} states no version, so no reply of it is ever recorded: {_HOW[provider]}"
        for provider, id in sorted(models)
        if provider in _HOW and not _is_asked_alike(provider, id, settings)
    }


def _is_asked_alike(provider: str, id: str, settings: Settings) -> bool:
    """Whether another run asks the same: only then can it find what this one recorded."""
    request = Request(provider, id, ())
    first, second = (catalog.provider(provider, settings).encode(request) for _ in range(2))
    return first == second


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
