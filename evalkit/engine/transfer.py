"""Replies on their way between the store and files of recordings: what specs ask is exported, files are imported."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from evalkit.engine.kept import Kept
from evalkit.engine.plan import Plan, Trial
from evalkit.engine.question import SERIES, Question
from evalkit.engine.recordings import (
    IN_GIT,
    MARKERS,
    SUFFIX,
    Recordings,
    begins_with_key,
    files_in,
    line_of,
    lines_of,
    recorded_in,
)
from evalkit.engine.replies import KeptReply, ReplyStore
from evalkit.errors import UserError
from evalkit.records.exchange import Recording
from evalkit.secrets import redact

_LONGEST = 80  # characters of a file's name
_TAKEN = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*-[0-9a-f]{8}")  # by Windows, or by names with a digest


@dataclass(slots=True)
class Exported:
    """What became of one spec: its file, and the recordings in it.

    `missing` counts trials without one, `gone` those that no case asks any more. `with_key` are the cases whose
    recording holds a key and was left out; one that this plan does not ask is named by its key.
    """

    spec: str
    file: Path
    recordings: int = 0
    missing: int = 0
    gone: int = 0
    with_key: list[str] = field(default_factory=list)


def exported(plan: Plan, kept: Kept, folder: Path, keys: Sequence[str]) -> list[Exported]:
    """Write a file a spec into `folder`: what is kept for the plan, and what stands there and may be asked again.

    A recording of a spec's file stays where the plan does not ask its model in that spec, and where it is another
    draw of a question that is asked. One that holds one of `keys` is left out; a file with none left is removed.
    Nothing is replaced before all is gathered. Raises UserError, also for a file that is there and holds none.
    """
    for spec in plan.specs:
        _refuse_to_overwrite(folder / file_name(spec.name))
    sources = (kept, Recordings(folder))
    done: list[Exported] = []
    try:
        for name, trials in groupby(plan, key=lambda trial: trial.spec.name):
            told = Exported(name, folder / file_name(name))
            done.append(told)
            lines = _lines(trials, sources, keys, told)
            told.recordings = len(lines)
            if lines:
                _write(told.file, lines)
        for told in done:
            _put_in_place(told)
    finally:
        for told in done:
            with suppress(OSError):
                _beside(told.file).unlink()
    return done


def _lines(
    trials: Iterable[Trial], sources: Sequence[Kept | Recordings], keys: Sequence[str], told: Exported
) -> list[bytes]:
    """The lines of a spec's file, by key."""
    lines: dict[bytes, bytes] = {}  # b"" for what is left out
    models: set[tuple[str, str]] = set()
    asked: set[bytes] = set()

    def take(question: Question, recording: Recording, shown: str) -> None:
        line = line_of(question, recording)
        text = line.decode()
        is_clean = redact(text, keys) == text
        lines[question.key] = line if is_clean else b""
        if not is_clean:
            told.with_key.append(shown)

    for trial in trials:
        question = trial.question
        if question is None:
            continue
        models.add((question.provider, question.model))
        asked.add(_first_draw(question))
        recording = next(filter(None, (source.get(question) for source in sources)), None)
        if recording is None:
            told.missing += 1
        else:
            take(question, recording, trial.case.id)
    for old in _standing(told.file, lines):
        question = old.question
        if (question.provider, question.model) not in models or _first_draw(question) in asked:
            take(question, old.recording, f"recording {question.key.hex()[:12]}")
        else:
            told.gone += 1
    return [lines[key] for key in sorted(lines) if lines[key]]


def _first_draw(question: Question) -> bytes:
    """The key that all draws of a question have in common."""
    if (question.draw, question.series) == (1, SERIES):
        return question.key
    return replace(question, draw=1, series=SERIES).key


def file_name(spec: str) -> str:
    """The name of a spec's file, on any system: what had to be changed of its name is told apart by a digest."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", spec.lower()).strip("-.")[:_LONGEST] or "spec"
    if plain == spec and not _TAKEN.fullmatch(plain):
        return plain + SUFFIX
    return f"{plain.replace('.', '-')}-{hashlib.sha256(spec.encode()).hexdigest()[:8]}{SUFFIX}"


def _refuse_to_overwrite(file: Path) -> None:
    """Raises UserError where a file is there and its first line is no recording: it is the user's own."""
    first = next(_texts(file), None)
    if first and not begins_with_key(first[1]):
        help = "it is left alone: move it away, or export into another folder with -o"
        raise UserError(f"{file} is there, and is no file of recordings", help)


def _standing(file: Path, known: Collection[bytes]) -> Iterator[KeptReply]:
    """What a file holds besides what is `known`. Raises UserError for a line that is no recording."""
    for number, text in _texts(file):
        if begins_with_key(text) in known:
            continue
        try:
            kept = recorded_in(text)
        except ValueError as error:
            raise UserError(f"{file}:{number} is no recording: {error}", IN_GIT) from None
        if kept.question.key not in known:
            yield kept


def _texts(file: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, but for empty ones and what git left of a merge; none without a file."""
    try:
        with open(file, "rb") as lines:
            for number, text in enumerate(lines, start=1):
                if text.strip() and not text.startswith(MARKERS):
                    yield number, text
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}", "may you read it?") from None


def _beside(file: Path) -> Path:
    """Where a file is written before it takes its place."""
    return file.with_name(f".{file.name}.new")


def _write(file: Path, lines: Iterable[bytes]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(_beside(file), "wb") as out:
            out.writelines(lines)
    except OSError as error:
        raise _not_written(file, error) from None


def _put_in_place(told: Exported) -> None:
    try:
        if told.recordings:
            os.replace(_beside(told.file), told.file)
        else:
            told.file.unlink(missing_ok=True)
    except OSError as error:
        raise _not_written(told.file, error) from None


def _not_written(file: Path, error: OSError) -> UserError:
    return UserError(f"{file} cannot be written: {error.strerror}", "may you write there, and is there room?")


@dataclass(slots=True)
class Imported:
    """What became of the lines of files: new ones, those that were there already, and why others were refused."""

    new: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)


def imported(paths: Iterable[Path], store: ReplyStore) -> Imported:
    """Take the recordings of files, and of folders of files, into the store; what is there is never replaced.

    A line whose key is not that of its request is refused. Raises UserError for a file that cannot be read, or that
    holds something else than recordings, and for a folder without any file of them.
    """
    told = Imported()
    files = [file for path in paths for file in _files_at(path)]
    for file in files:
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


def _files_at(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = files_in(path)
    if not files:
        raise UserError(f"no file of recordings lies in {path}", "evalkit replies export -o FOLDER writes them")
    return files
