"""The reply store: cache, crash journal and recorder in one SQLite file, `.evalkit/replies.db`.

It keeps the body of every successful exchange as it came, so that nothing paid for is asked twice and a
better parser or an edited check never calls a model. Errors are never stored. Each worker commits its own
reply before it takes another trial: a kill loses at most the calls in flight.
"""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evalkit.engine.question import Question
from evalkit.engine.store_file import StoreFile
from evalkit.engine.store_layout import SIDES
from evalkit.errors import UserError
from evalkit.records.exchange import Recording

_MOST_USES = 1000  # noted before they are written
_PAGE = 1000  # keys read at once
_DAY = 86400  # seconds
_SHORT = 2048  # bytes; to set up what packs more takes three times as long as packing them

_GET = "SELECT body, headers, seconds, time, kept < ? FROM replies WHERE key = ? AND kept >= ?"
_HAVE = "SELECT key, body, headers, seconds, time FROM replies WHERE kept >= ?"
_COLUMNS = "(key, provider, model, series, draw, request, body, headers, seconds, time, kept)"
_PUT = f"INSERT OR REPLACE INTO replies {_COLUMNS} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD = _PUT.replace("REPLACE", "IGNORE")
_USE = "INSERT INTO uses VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET used = excluded.used WHERE used <> excluded.used"
_USED = "max(coalesce(used, ''), substr(time, 1, 10), CASE WHEN kept THEN date(kept, 'unixepoch') ELSE '' END)"
_WITH_USES = "replies LEFT JOIN uses USING (key)"
_WHOLE = f"SELECT provider, model, request, draw, series, body, headers, seconds, time, {_USED} FROM {_WITH_USES}"
_STATS = (
    "SELECT count(*), coalesce(sum(length(body)), 0), coalesce(min(time), ''), coalesce(max(time), '') FROM replies"
)
_MODELS = "SELECT provider, model, count(*) FROM replies GROUP BY provider, model ORDER BY provider, model"


@dataclass(frozen=True, slots=True)
class KeptReply:
    """A recording with its question; `used` is the UTC day (ISO 8601) on which a run last asked for it."""

    question: Question
    recording: Recording
    used: str = ""


@dataclass(frozen=True, slots=True)
class StoreStats:
    """A store in numbers: replies, bytes of its files and of the bodies as they are kept, UTC times (ISO 8601).

    `models` counts the replies of each (provider, model).
    """

    replies: int
    bytes_on_disk: int
    body_bytes: int
    oldest: str
    newest: str
    models: tuple[tuple[str, str, int], ...]


class ReplyStore:
    """Recordings by question. Safe for many threads; several processes may share one file.

    `claims` says who may ask. A file that cannot be written is only read, and `why_read_only` says why. A damaged one
    is moved aside, and `notes` says so. Every method raises UserError where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._file = file = StoreFile(path)
        self.path, self.claims, self.why_read_only, self.notes = file.path, file.claims, file.why_read_only, file.notes
        self._noting = threading.Lock()
        self._uses: list[tuple[bytes, str]] = []
        now = time.time()
        self._midnight = now - now % _DAY
        self._today = datetime.fromtimestamp(now, UTC).date().isoformat()

    def get(self, question: Question, since: float = 0.0) -> Recording | None:
        """The recording of a question; None when it was never answered, or before `since` (seconds since 1970)."""
        key = question.key
        for *row, is_of_another_day in self._file.rows(_GET, (self._midnight, key, since)):
            recording = _recording(*row)
            if recording and is_of_another_day:
                self._note_use(key)
            return recording
        return None

    def known(self, keys: Sequence[bytes], since: float = 0.0) -> set[bytes]:
        """Those of some hundred keys whose questions were answered since then, by recordings that are whole."""
        found = self._file.rows(f"{_HAVE} AND key IN ({','.join('?' * len(keys))})", (since, *keys))
        return {key for key, *row in found if _recording(*row)}

    def put(self, question: Question, recording: Recording) -> None:
        """Keep a recording; it is on disk when this returns. A fresh one replaces what was there."""
        self._file.write(_PUT, _row(question, recording))

    def _note_use(self, key: bytes) -> None:
        """That a reply was used today; it is written when many were, and at the end."""
        with self._noting:
            self._uses.append((key, self._today))
            if len(self._uses) >= _MOST_USES:
                self._write_uses()

    def _write_uses(self) -> None:
        """Best effort: that a reply was used is nothing to stop a run for."""
        uses, self._uses = self._uses, []
        with suppress(UserError):
            self._file.write(_USE, *uses)

    def stats(self) -> StoreStats:
        """The store in numbers."""
        ((replies, body_bytes, oldest, newest),) = self._file.rows(_STATS)
        sides = (Path(f"{self.path}{side}") for side in SIDES)
        on_disk = sum(side.stat().st_size for side in sides if side.exists())
        return StoreStats(replies, on_disk, body_bytes, oldest, newest, tuple(self._file.rows(_MODELS)))

    def keys(self) -> Iterator[bytes]:
        """The keys of all replies, in order; others may write meanwhile."""
        yield from self._pages("SELECT key FROM replies WHERE key > ? ORDER BY key LIMIT ?")

    def unused_since(self, day: str) -> Iterator[bytes]:
        """The keys of the replies that no run asked for on this UTC day (ISO 8601) or later."""
        yield from self._pages(f"SELECT key FROM {_WITH_USES} WHERE key > ? AND {_USED} < ? ORDER BY key LIMIT ?", day)

    def _pages(self, query: str, *values: str) -> Iterator[bytes]:
        page = self._file.rows(query, (b"", *values, _PAGE))
        while page:
            yield from (key for (key,) in page)
            page = self._file.rows(query, (page[-1][0], *values, _PAGE))

    def found(self, prefix: str) -> list[bytes]:
        """The first keys, three at most, that begin with these hex digits."""
        try:
            reach = bytes.fromhex(prefix.ljust(64, "0")), bytes.fromhex(prefix.ljust(64, "f"))
        except ValueError:
            return []
        query = "SELECT key FROM replies WHERE key BETWEEN ? AND ? ORDER BY key LIMIT 3"
        return [key for (key,) in self._file.rows(query, reach)]

    def kept(self, key: bytes) -> KeptReply | None:
        """What is kept under a key; None where nothing is, or where it is damaged."""
        for provider, model, request, draw, series, body, headers, seconds, recorded, used in self._file.rows(
            f"{_WHOLE} WHERE key = ?", (key,)
        ):
            recording = _recording(body, headers, seconds, recorded)
            try:
                question = Question(provider, model, zlib.decompress(request), draw, series)
                model.encode()
                is_whole = question.key == key
            except (zlib.error, ValueError, TypeError):
                return None
            return KeptReply(question, recording, used) if recording and is_whole else None
        return None

    def put_kept(self, kept: KeptReply) -> bool:
        """Keep a recording that came from elsewhere, unless there is one already; whether it is new. Counts as used."""
        return bool(self._file.write(_ADD, _row(kept.question, kept.recording)))

    def remove(self, keys: Iterable[bytes]) -> int:
        """Delete replies, all or none; how many there were."""
        rows = [(key,) for key in keys]
        removed = self._file.write("DELETE FROM replies WHERE key = ?", *rows)
        self._file.write("DELETE FROM uses WHERE key = ?", *rows)
        return removed

    def shrink(self) -> None:
        """Give the room of deleted replies back to the disk."""
        self._file.shrink()

    def close(self) -> None:
        """Close the file and drop the claims."""
        with self._noting:
            self._write_uses()
        self._file.close()


def _recording(body: Any, headers: Any, seconds: Any, recorded: Any) -> Recording | None:
    """What a row says; None where it is damaged on disk, and so is asked again."""
    try:
        recorded.encode()  # what is no UTF-8 does not come through
        return Recording(zlib.decompress(body), json.loads(headers), float(seconds), recorded)
    except (zlib.error, ValueError, TypeError, AttributeError):
        return None


def _row(question: Question, recording: Recording) -> tuple[Any, ...]:
    return (
        question.key,
        question.provider,
        question.model,
        question.series,
        question.draw,
        _packed(question.body),
        _packed(recording.body),
        json.dumps(dict(recording.headers)),
        recording.seconds,
        recording.time,
        time.time(),
    )


def _packed(body: bytes) -> bytes:
    """A body as it is kept: in zlib's format, whose checksum tells damage. A short one is packed in little memory."""
    if len(body) >= _SHORT:
        return zlib.compress(body)
    packing = zlib.compressobj(6, zlib.DEFLATED, 12, 3)
    return packing.compress(body) + packing.flush()
