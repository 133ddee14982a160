"""Recordings: replies in files that can be committed, so that a run needs neither a key nor this machine's store.

A folder of JSONL files; a line is one recording and begins with the key of its question. The files are made by
`evalkit replies export`; by which of them a recording is found is of no matter.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from typing import Any

from evalkit.engine.question import SERIES, Question
from evalkit.engine.replies import KeptReply
from evalkit.errors import UserError
from evalkit.providers.interface import canonical
from evalkit.records.exchange import Recording

SUFFIX = ".jsonl"
_KEY = re.compile(rb'\{ ?"key": ?"([0-9a-f]{64})"')
MARKERS = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")  # what git leaves where it could not merge
_TRACES = ("x-inference-id", "x-request-id", "request-id")  # lead into a server's logs; no reply is read from them
Spelling = Callable[[Any], bytes]  # JSON as the bytes of a body
_Place = tuple[Path, int]  # the file, and where the line starts in it
_GONE = -1  # where it starts when it is no longer there
_KINDS = {"provider": str, "model": str, "draw": int, "series": str, "headers": dict, "time": str}
_LONGEST = 1e9  # seconds
_MOST_DRAWS = 2**63  # what the store can count
IN_GIT = "take the file from git, or delete the line"


class Recordings:
    """The recordings in folders, by question; a folder that is not there has none. Used by many threads.

    Nothing is read before the first look, and then only where each line begins. Where several lines have one key, the
    first counts: by the order of the folders, then of the names. Raises UserError for lines that are no recordings.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._lock = threading.Lock()
        self._places: Mapping[bytes, _Place] | None = None
        self._seen: dict[Path, tuple[int, ...]] = {}

    def get(self, question: Question) -> Recording | None:
        """The recording of a question; None where there is none."""
        kept = self.kept(question.key)
        return kept.recording if kept else None

    def known(self) -> Collection[bytes]:
        """The keys of all recordings."""
        return self._index().keys()

    def kept(self, key: bytes) -> KeptReply | None:
        """What stands under a key; None where nothing does. A file that others wrote meanwhile is looked at anew."""
        index = self._index()
        place = index.get(key)
        if place is None:
            return None
        try:
            return _kept_at(place, key)
        except UserError:
            again = self._index(outdated=index)
            if again is index:
                raise
        return _kept_at(again[key], key)

    def _index(self, outdated: Mapping[bytes, _Place] | None = None) -> Mapping[bytes, _Place]:
        """Where each key stands; made anew if it is still `outdated`, and the files are others by now."""
        with self._lock:
            if self._places is None or (self._places is outdated and self._look() != self._seen):
                seen, fresh = self._look(), dict[bytes, _Place]()
                for path in seen:
                    for line in lines_of(path):
                        fresh.setdefault(line.key, (path, line.start))
                # What has gone is no news to ask for: whoever began with it is told.
                gone = {key: (path, _GONE) for key, (path, _) in (self._places or {}).items()}
                self._places, self._seen = gone | fresh if gone else fresh, seen
            return self._places

    def _look(self) -> dict[Path, tuple[int, ...]]:
        """The files, and what tells whether they were written meanwhile."""
        seen: dict[Path, tuple[int, ...]] = {}
        for path in (path for folder in self._folders for path in files_in(folder)):
            with suppress(OSError):  # deleted just now
                stat = os.stat(path)
                seen[path] = stat.st_ino, stat.st_size, stat.st_mtime_ns
        return seen


def _kept_at(place: _Place, key: bytes) -> KeptReply:
    path, start = place
    if start == _GONE:
        what = f"{path} was changed or deleted meanwhile: a recording in it is gone"
        raise UserError(what, "put it back to replay it")
    try:
        with open(path, "rb") as file:
            file.seek(start)
            try:
                kept = recorded_in(file.readline())
                if kept.question.key != key:
                    raise ValueError("the file was written meanwhile")
            except ValueError as error:
                file.seek(0)
                number = file.read(start).count(b"\n") + 1
                raise UserError(f"{path}:{number} is no recording: {error}", IN_GIT) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "may you read it?") from None
    return kept


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file of recordings; `number` counts from 1, `start` is in bytes."""

    number: int
    start: int
    key: bytes
    text: bytes


def files_in(folder: Path) -> list[Path]:
    """The files of a folder of recordings, by name. Raises UserError where it is no folder, or cannot be read."""
    try:
        return [folder / name for name in sorted(os.listdir(folder)) if name.endswith(SUFFIX) and isfile(folder / name)]
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise UserError(f"{folder} is no folder", "recordings lie in a folder of .jsonl files") from None
    except OSError as error:
        raise UserError(f"{folder} cannot be read: {error.strerror}", "may you read it?") from None


def lines_of(path: Path) -> Iterator[Line]:
    """The lines of a file, looked at from outside only. Raises UserError for one that cannot be a recording."""
    start = 0
    try:
        with open(path, "rb") as file:
            for number, text in enumerate(file, start=1):
                if text.strip():
                    yield Line(number, start, _key_of(text, f"{path}:{number}"), text)
                start += len(text)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "may you read it?") from None


def begins_with_key(text: bytes) -> bytes | None:
    """The key that a line begins with; None where it begins otherwise."""
    found = _KEY.match(text)
    return bytes.fromhex(found[1].decode()) if found else None


def _key_of(text: bytes, place: str) -> bytes:
    key = begins_with_key(text)
    if key and text.rstrip().endswith(b"}"):
        return key
    if text.startswith(MARKERS):
        help = "take either side, then write the file anew: evalkit replies export"
        raise UserError(f"{place} is left from a merge", help)
    if text.startswith(b"version https://git-lfs"):
        raise UserError(f"{place} is a pointer of Git LFS", "git lfs pull")
    help = IN_GIT if key else f"recordings have a folder of their own; is it one, {IN_GIT}"
    raise UserError(f"{place} is no recording, or not all of one", help)


def line_of(question: Question, recording: Recording) -> bytes:
    """A recording as a line: equal ones give equal bytes."""
    members: dict[str, Any] = {
        "key": question.key.hex(),
        "provider": question.provider,
        "model": question.model,
        "draw": question.draw,
        **({} if question.series == SERIES else {"series": question.series}),
        **_told("request", question.body, canonical),
        **_told("reply", recording.body, _written),
    }
    headers = {name: value for name, value in sorted(recording.headers.items()) if name not in _TRACES}
    members |= {"headers": headers} if headers else {}
    return _written({**members, "seconds": round(recording.seconds, 3), "time": recording.time}) + b"\n"


def recorded_in(line: bytes) -> KeptReply:
    """What a line says. Raises ValueError with what is wrong."""
    try:
        members = json.loads(line)
        question = Question(
            members["provider"],
            members["model"],
            _body(members, "request", canonical),
            members["draw"],
            members.get("series", SERIES),
        )
        headers, seconds, time = members.get("headers", {}), float(members["seconds"]), members["time"]
        recording = Recording(_body(members, "reply", _written), headers, seconds, time)
    except KeyError as error:
        raise ValueError(f"it has no `{error.args[0]}`") from None
    except (TypeError, AttributeError, RecursionError, OverflowError):
        raise ValueError("it is not of that form") from None
    wrong = [name for name, kind in _KINDS.items() if not isinstance(members.get(name, kind()), kind)]
    if wrong or not 0 <= seconds < _LONGEST or not 0 < question.draw < _MOST_DRAWS:
        raise ValueError("it is not of that form")
    texts = (question.provider, question.model, question.series, recording.time, *headers, *headers.values())
    if not all(isinstance(text, str) and _is_whole(text) for text in texts):
        raise ValueError("it is not of that form")
    if members["key"] != question.key.hex():
        raise ValueError("its key is not that of its request")
    return KeptReply(question, recording)


def _is_whole(text: str) -> bool:
    """Whether no half of a character stands in a text; no file and no store can hold one."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _told(name: str, body: bytes, spelled: Spelling) -> dict[str, Any]:
    """The member that tells a body: as JSON if `spelled` turns that back, else as text, else in base64."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(body).decode("ascii")}
    try:
        value = json.loads(text)
        again = spelled(value) if isinstance(value, dict | list) else b""
    except (ValueError, RecursionError):
        return {name: text}
    return {name: value if again == body or (again and spelled is _written) else text}


def _body(members: Mapping[str, Any], name: str, spelled: Spelling) -> bytes:
    """The body that `_told` told. Raises ValueError, KeyError or TypeError."""
    if f"{name}_base64" in members:
        return base64.b64decode(members[f"{name}_base64"], validate=True)
    value = members[name]
    return value.encode() if isinstance(value, str) else spelled(value)


def _written(value: Any) -> bytes:
    """JSON on one line, as readable as it can be. Raises ValueError for NaN and Infinity."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:  # half of a character stands in it, escaped
        return json.dumps(value, allow_nan=False).encode()
