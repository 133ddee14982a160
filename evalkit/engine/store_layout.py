"""The SQLite file of the reply store as it lies on the disk: its tables, how it is opened, and what may go wrong."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evalkit.errors import UserError

LAYOUT = 2  # PRAGMA user_version
WAIT = 30.0  # seconds to wait for another process's write
_STEPS = (  # from each layout to the next; an empty file has layout 0
    (
        """CREATE TABLE replies (
            key BLOB PRIMARY KEY,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            series TEXT NOT NULL,
            draw INTEGER NOT NULL,
            request BLOB NOT NULL,
            body BLOB NOT NULL,
            headers TEXT NOT NULL,
            seconds REAL NOT NULL,
            time TEXT NOT NULL
        ) WITHOUT ROWID""",
    ),
    (
        "ALTER TABLE replies ADD COLUMN kept REAL NOT NULL DEFAULT 0",  # when, in seconds since 1970
        "CREATE TABLE uses (key BLOB PRIMARY KEY, used TEXT NOT NULL) WITHOUT ROWID",  # the UTC day of the last replay
    ),
)
COLUMNS = "key, provider, model, series, draw, request, body, headers, seconds, time"
_DAMAGES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_MISFITS = ("no such table", "no such column", "has no column", "unsupported file format")  # our tables are not in it
TROUBLES = (sqlite3.Error, UnicodeDecodeError)  # what a statement raises
_REFUSALS = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,  # by a program that writes: it does not keep others from reading
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,  # also: no room for what SQLite keeps beside the file
)
_MAY_READ = "may you read it, and what lies beside it?"
SIDES = ("", "-wal", "-shm")  # what SQLite keeps beside a file


def is_damage(error: Exception) -> bool:
    """Whether an error says that the file is broken, or no store at all."""
    if isinstance(error, UnicodeDecodeError):  # SQLite's complaint quotes the bytes that it stumbled over
        return True
    is_misfit = _code(error) == sqlite3.SQLITE_ERROR and any(words in str(error) for words in _MISFITS)
    return is_misfit or _code(error) in _DAMAGES


def is_locked(error: Exception) -> bool:
    """Whether an error says that another process held the file for all the time that SQLite waits."""
    return _code(error) == sqlite3.SQLITE_BUSY


def is_refusal(error: Exception) -> bool:
    """Whether an error says that the file cannot be written now, and may well be read."""
    return isinstance(error, OSError) or _code(error) in _REFUSALS


def _code(error: Exception) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF  # without what SQLite adds to it


def complaint(path: Path, done: str, error: Exception) -> UserError:
    """What to tell a user of an error."""
    why = (error.strerror if isinstance(error, OSError) else None) or error
    return UserError(f"the reply store {path} cannot be {done}: {why}", _todo(done, error))


def _todo(done: str, error: Exception) -> str:
    if _code(error) == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == errno.ENOSPC:
        return "make room"
    if is_locked(error):
        return "let the other program end that holds it"
    if is_damage(error):
        return "make its folder writable, and what is whole in it is saved; or move it away"
    return _MAY_READ if done == "read" else "is there room, and may you write there?"


def opened_to_write(path: Path) -> sqlite3.Connection:
    """The file, made or brought to this layout. Raises OSError and TROUBLES; UserError where it is newer."""
    with suppress(FileExistsError):
        # Never opened when it is there: to close it would drop the locks that SQLite has on it in this process.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    db = _connected(str(path))
    try:
        _layout_of(db, path)  # a newer file is left as it is
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("BEGIN IMMEDIATE")
        layout = _layout_of(db, path)
        for step in _STEPS[layout:]:
            for statement in step:
                db.execute(statement)
        if layout < LAYOUT:
            db.execute(f"PRAGMA user_version = {LAYOUT}")
        db.execute("COMMIT")
    except BaseException:
        db.close()  # and what was begun is undone
        raise
    return db


def _connected(source: str, *, is_uri: bool = False) -> sqlite3.Connection:
    db = sqlite3.connect(source, uri=is_uri, timeout=WAIT, check_same_thread=False, isolation_level=None)
    db.text_factory = _text
    return db


def _text(stored: bytes) -> str:
    """Text as it is kept. What is no UTF-8 is damaged: whoever reads a reply looks for it, and the others go on."""
    return stored.decode("utf-8", "surrogateescape")


def in_one(db: sqlite3.Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
    """Run a statement for all rows or for none; how many rows of the file it changed. Raises sqlite3.Error."""
    db.execute("BEGIN IMMEDIATE")
    try:
        changed = db.executemany(statement, rows).rowcount
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return changed


def _layout_of(db: sqlite3.Connection, path: Path) -> int:
    (layout,) = db.execute("PRAGMA user_version").fetchone()
    if layout > LAYOUT:
        raise UserError(
            f"a newer evalkit wrote the reply store {path} (layout {layout}, this one knows {LAYOUT})",
            "update evalkit, or move the file away",
        )
    return int(layout)


def opened_to_read(path: Path) -> sqlite3.Connection:
    """What can be read of the file without writing to its folder; nothing where there is none. Raises UserError."""
    try:
        for source in _sources(path):
            with suppress(sqlite3.OperationalError):
                return _read_as_today(source, path)
        is_there = path.exists() and path.stat().st_size
    except (OSError, *TROUBLES) as error:
        raise complaint(path, "read", error) from None
    if is_there:
        raise UserError(f"the reply store {path} cannot be read", _MAY_READ)
    return empty()


def _sources(path: Path) -> Iterator[str]:
    """Ways to open a file without writing; the last is right only where nothing waits in the log beside it."""
    if path.exists() and path.stat().st_size:
        where = f"file:{quote(str(path))}?mode=ro"
        yield where
        log = Path(f"{path}-wal")
        if not log.exists() or not log.stat().st_size:
            yield f"{where}&immutable=1"


def _read_as_today(source: str, path: Path) -> sqlite3.Connection:
    """A connection on which an older layout looks like this one, by views that only it sees."""
    db = _connected(source, is_uri=True)
    try:
        layout = _layout_of(db, path)
        if layout == 0:
            db.close()
            return empty()
        db.execute("SELECT 1 FROM replies LIMIT 1").fetchone()
        if layout == 1:
            db.execute("PRAGMA temp_store = MEMORY")
            db.execute("CREATE TEMP VIEW replies AS SELECT *, 0 AS kept FROM main.replies")
            db.execute("CREATE TEMP TABLE uses (key BLOB PRIMARY KEY, used TEXT NOT NULL)")
    except BaseException:
        db.close()
        raise
    return db


def empty() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    for step in _STEPS:
        for statement in step:
            db.execute(statement)
    return db
