"""A damaged file of the reply store: replaced by a new one with every reply that is still whole, and kept aside."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evalkit.engine.question import Question
from evalkit.engine.store_layout import COLUMNS, SIDES, TROUBLES, empty, in_one, opened_to_write

_PAGE = 4096  # bytes, as SQLite makes them
_HOW_MANY = 28  # where the first page says it: https://www.sqlite.org/fileformat.html


def replaced(path: Path) -> str:
    """Put a new file in the place of a damaged one, with every reply that is still whole; what to tell the user.

    The damaged file is kept under another name. Killed at any moment, this leaves one of the two in place, or both
    under other names, of which `take_up` knows the new one. Raises OSError and TROUBLES.
    """
    new = _new_name(path)
    for side in SIDES:
        Path(f"{new}{side}").unlink(missing_ok=True)
    with closing(opened_to_write(new)) as db:
        saved = rescue(path, db)
    aside = _free_name(path)
    for side in reversed(SIDES):  # the file last: as long as it is there, it is the damaged one
        with suppress(FileNotFoundError):
            os.rename(f"{path}{side}", f"{aside}{side}")
    os.rename(new, path)
    replies = f"{saved:,} repl{'y' if saved == 1 else 'ies'}"
    return f"The reply store {path} was damaged: it is now {aside.name}, and {replies} could be taken over from it."


def take_up(path: Path) -> None:
    """Finish what `replaced` was killed in."""
    if not path.exists() and _new_name(path).exists():
        os.rename(_new_name(path), path)


def _new_name(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _free_name(path: Path) -> Path:
    stem = f"{path.stem}.damaged-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}"
    aside, number = path.with_name(f"{stem}{path.suffix}"), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{stem}-{number}{path.suffix}")
    return aside


def rescue(damaged: Path, db: sqlite3.Connection) -> int:
    """Take over every reply of a damaged file that is still readable and whole; how many those were."""
    places = ", ".join("?" * (COLUMNS.count(",") + 2))
    add = f"INSERT OR IGNORE INTO replies ({COLUMNS}, kept) VALUES ({places})"
    with closing(sqlite3.connect(f"file:{quote(str(damaged))}?mode=ro", uri=True)) as source:
        saved = in_one(db, add, _readable(source))
    if saved:
        return saved
    with closing(sqlite3.connect(":memory:")) as source:
        with suppress(AttributeError, MemoryError, OverflowError, *TROUBLES):  # not every SQLite can, nor any size
            source.deserialize(_with_a_new_beginning(damaged.read_bytes()))
        return in_one(db, add, _readable(source))


def _with_a_new_beginning(file: bytes) -> bytes:
    """A file with the first page of a new store, for one whose own no longer says what its tables are and where."""
    with closing(empty()) as new:
        beginning = new.serialize()[:_PAGE]
    pages = (len(file) // _PAGE or 1).to_bytes(4, "big")
    return beginning[:_HOW_MANY] + pages + beginning[_HOW_MANY + len(pages) :] + file[_PAGE:]


def _readable(source: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """Range by range of the keys, forwards, and backwards where that breaks off: a bad page costs what stands on it."""
    source.text_factory = lambda text: text.decode("utf-8", "replace")
    try:
        has_kept = any(row[1] == "kept" for row in source.execute("PRAGMA table_info(replies)"))
    except TROUBLES:
        return
    query = f"SELECT {COLUMNS}, {'kept' if has_kept else '0'} FROM replies WHERE key BETWEEN ? AND ? ORDER BY key"
    for first in range(256):
        reach = bytes([first]), bytes([first]) + b"\xff" * 32
        for order in ("", " DESC"):
            try:
                yield from filter(_is_whole, source.execute(query + order, reach))
                break
            except TROUBLES:
                continue


def _is_whole(row: tuple[Any, ...]) -> bool:
    """Whether a row says what it said when it was kept: its key is that of its request, and its bodies unpack."""
    key, provider, model, series, draw, request, body = row[:7]
    try:
        question = Question(provider, model, zlib.decompress(request), draw, series)
        zlib.decompress(body)
        return bool(question.key == key)
    except (zlib.error, TypeError, ValueError):
        return False
