"""Replies on their way between the store and files of recordings: what specs ask is exported, files are imported."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from evalkit.engine.kept import Kept
from evalkit.engine.plan import Plan, Trial
from evalkit.engine.recordings import SUFFIX, Recordings, files_in, line_of, lines_of, recorded_in
from evalkit.engine.replies import ReplyStore
from evalkit.errors import UserError
from evalkit.secrets import redact

_LONGEST = 80  # characters of a file's name


@dataclass(slots=True)
class Exported:
    """What became of one spec: its file, the recordings in it, trials without, cases whose recording holds a key."""

    spec: str
    file: Path
    recordings: int = 0
    missing: int = 0
    with_key: list[str] = field(default_factory=list)


def exported(plan: Plan, kept: Kept, folder: Path, keys: Sequence[str]) -> Iterator[Exported]:
    """Write a file a spec into `folder`, with what is kept for the plan or stands there already, and nothing else.

    A recording that holds one of `keys` is left out. A file without recordings is not touched. Raises UserError.
    """
    before = Recordings(folder)
    for spec, trials in groupby(plan, key=lambda trial: trial.spec.name):
        told = Exported(spec, folder / file_name(spec))
        lines = dict(_lines(trials, (kept, before), keys, told))
        if lines:
            _write(told.file, [lines[key] for key in sorted(lines)])
        told.recordings = len(lines)
        yield told


def _lines(
    trials: Iterable[Trial], sources: Sequence[Kept | Recordings], keys: Sequence[str], told: Exported
) -> Iterator[tuple[bytes, bytes]]:
    for trial in trials:
        question = trial.question
        if question is None:
            continue
        found = (source.get(question) for source in sources)
        recording = next((each for each in found if each), None)
        if recording is None:
            told.missing += 1
            continue
        line = line_of(question, recording)
        text = line.decode()
        if redact(text, keys) == text:
            yield question.key, line
        else:
            told.with_key.append(trial.case.id)


def file_name(spec: str) -> str:
    """The name of a spec's file, on any system: what had to be changed of its name is told apart by a digest."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", spec.lower()).strip("-.")[:_LONGEST] or "spec"
    return (plain if plain == spec else f"{plain}-{hashlib.sha256(spec.encode()).hexdigest()[:8]}") + SUFFIX


def _write(file: Path, lines: Iterable[bytes]) -> None:
    new = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(new, "wb") as out:
            out.writelines(lines)
        os.replace(new, file)
    except OSError as error:
        raise UserError(
            f"{file} cannot be written: {error.strerror}", "may you write there, and is there room?"
        ) from None


@dataclass(slots=True)
class Imported:
    """What became of the lines of files: new ones, those that were there already, and why others were refused."""

    new: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)


def imported(paths: Iterable[Path], store: ReplyStore) -> Imported:
    """Take the recordings of files, and of folders of files, into the store; what is there is never replaced.

    A line whose key is not that of its request is refused. Raises UserError for a file that cannot be read, or that
    holds something else than recordings.
    """
    told = Imported()
    for path in paths:
        for file in files_in(path) if path.is_dir() else [path]:
            for line in lines_of(file):
                try:
                    kept = recorded_in(line.text)
                except ValueError as error:
                    told.refused.append(f"{file}:{line.number}: {error}")
                    continue
                is_new = store.put_kept(kept)
                told.new += is_new
                told.known += not is_new
    return told
