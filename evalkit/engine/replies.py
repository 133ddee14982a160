"""The reply store: cache, crash journal and recorder in one SQLite file, `.evalkit/replies.db`.

It keeps the body of every successful exchange as it came, so that nothing paid for is asked twice and a
better parser or an edited check never calls a model. Errors are never stored. Each worker commits its own
reply before it takes another trial: a kill loses at most the calls in flight.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evalkit.engine.claims import Claims
from evalkit.engine.question import Question
from evalkit.errors import UserError
from evalkit.records.exchange import Recording

LAYOUT = 1  # PRAGMA user_version; a change of tables raises it and brings a migration
_WAIT = 30.0  # seconds to wait for another process's write
_OPENING = b"\xff" * 32  # claimed like the key of a draw while the file is opened

_TABLES = """
CREATE TABLE replies (
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
) WITHOUT ROWID;
"""


class ReplyStore:
    """Recordings by question. Safe for many threads; several processes may share one file.

    `claims` says who may ask. Every method raises UserError where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self.path = path
        with self._said("opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self.claims = Claims(path.with_suffix(".lock"))
            self._db = sqlite3.connect(path, timeout=_WAIT, check_same_thread=False, isolation_level=None)
        try:
            # SQLite does not wait its turn to set a new file up: two processes that start at once would collide.
            with self._said("opened"), self.claims.among_processes(_OPENING, threading.Event()):
                self._prepare()
        except UserError:
            self.close()
            raise

    @contextmanager
    def _said(self, done: str) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or error
            raise UserError(f"the reply store {self.path} cannot be {done}: {why}", _help(error)) from None

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("BEGIN IMMEDIATE")
        (layout,) = self._db.execute("PRAGMA user_version").fetchone()
        if layout > LAYOUT:
            self._db.execute("ROLLBACK")
            raise UserError(
                f"a newer evalkit wrote the reply store {self.path} (layout {layout}, this one knows {LAYOUT})",
                "update evalkit, or move the file away",
            )
        if layout == 0:
            self._db.execute(_TABLES)
            self._db.execute(f"PRAGMA user_version = {LAYOUT}")
        self._db.execute("COMMIT")

    def get(self, question: Question) -> Recording | None:
        """The recording of a question; None when it was never answered."""
        with self._said("read"), self._lock:
            row = self._db.execute(
                "SELECT body, headers, seconds, time FROM replies WHERE key = ?", (question.key,)
            ).fetchone()
        if row is None:
            return None
        try:
            headers: Mapping[str, str] = json.loads(row[1])
            return Recording(zlib.decompress(row[0]), headers, row[2], row[3])
        except (zlib.error, ValueError):
            return None  # damaged on disk: it is asked again

    def has(self, question: Question) -> bool:
        """Whether a question was answered before."""
        with self._said("read"), self._lock:
            row = self._db.execute("SELECT 1 FROM replies WHERE key = ?", (question.key,)).fetchone()
        return row is not None

    def put(self, question: Question, recording: Recording) -> None:
        """Keep a recording; it is on disk when this returns. A fresh one replaces what was there."""
        row = (
            question.key,
            question.provider,
            question.model,
            question.series,
            question.draw,
            zlib.compress(question.body),
            zlib.compress(recording.body),
            json.dumps(dict(recording.headers)),
            recording.seconds,
            recording.time,
        )
        with self._said("written"), self._lock:
            self._db.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        """Close the file and drop the claims."""
        with self._lock:
            self._db.close()
        self.claims.close()


def _help(error: Exception) -> str:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(error, "errno", 0) == errno.ENOSPC:
        return "make room"
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return "it is damaged, or no reply store: move it away"
    return "is there room, and may you write there?"
