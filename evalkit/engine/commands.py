"""What records the replies that a run with these settings lacks: commands for people to type, or why none can."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator
from pathlib import Path

from evalkit import catalog
from evalkit.records.comparison import Baseline
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


def commands_that_record(settings: Settings, baseline: Baseline | None = None) -> tuple[str, ...]:
    """The run that asks, and the export of its replies where recordings are configured; quoted for a shell.

    With the specs at a commit as its baseline it is the run that compares: an export would not hold all that it draws.
    """
    compared = _compared(settings) if _is_drawn(baseline) else ()
    run = shlex.join(["evalkit", "run", *_paths(settings), *_whom(settings), *_which(settings), *compared])
    if settings.recordings is None or _is_drawn(baseline):
        return (run,)
    out = ["-o", _shown(settings.recordings)]
    return run, shlex.join(["evalkit", "replies", "export", *out, *_paths(settings), *_whom(settings)])


def about_export(settings: Settings, baseline: Baseline | None) -> tuple[str, ...]:
    """Where recordings are configured, that they do not hold a baseline which draws."""
    if settings.recordings is None or not _is_drawn(baseline):
        return ()
    folder = _shown(settings.recordings)
    return (f"{folder} holds what the specs ask, and no draws of a baseline: these are kept in .evalkit alone.",)


def _is_drawn(baseline: Baseline | None) -> bool:
    """Whether a baseline is asked: an earlier run is compared as it lies."""
    return baseline is not None and baseline.kind == "revision"


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


def _compared(settings: Settings) -> Iterator[str]:
    """The baseline, and the options that say which draws a comparison takes."""
    yield from ("--against", settings.against)
    for name in ("margin", "alpha", "method", "max_trials", "require"):
        value = getattr(settings, name)
        if value is not None:
            yield from (f"--{name.replace('_', '-')}", str(value))
    if settings.reuse:
        yield "--reuse"


def _shown(folder: Path) -> str:
    """A folder as it is named from here."""
    return os.path.relpath(folder)
