"""The open file of the reply store: many threads run statements on it; it is replaced when it turns out damaged."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from evalkit.engine.claims import Claims, claims_at
from evalkit.engine.store_layout import (
    TROUBLES,
    WAIT,
    complaint,
    in_one,
    is_damage,
    is_locked,
    is_refusal,
    opened_to_read,
    opened_to_write,
)
from evalkit.engine.store_rescue import replaced, take_up
from evalkit.errors import UserError

_OPENING = b"\xff" * 32  # claimed like the key of a draw while the file is opened


class StoreFile:
    """One file. `claims` are those of all that share it, `notes` tell what became of a damaged one.

    Where it cannot be written it is only read, and `why_read_only` says why. Every method raises UserError.
    """

    def __init__(self, path: Path) -> None:
        if os.path.islink(path):  # what SQLite and the claims keep beside the file is beside what the link leads to
            path = Path(os.path.realpath(path))
        self.path = path
        self.why_read_only: UserError | None = None
        self.notes: list[str] = []
        self._lock = threading.Lock()
        self._waits = True
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.claims = claims_at(path.with_suffix(".lock"))
        except OSError as error:
            self.claims = Claims()
            self._only_read(error)
            return
        try:
            self._open()
        except BaseException:
            self.claims.close()
            raise

    def _open(self) -> None:
        try:
            # SQLite does not wait its turn to set a new file up: two processes that start at once would collide.
            with self.claims.among_all(_OPENING):
                take_up(self.path)
                try:
                    self._db = opened_to_write(self.path)
                except TROUBLES as error:
                    if not is_damage(error):
                        raise
                    self.notes.append(replaced(self.path))
                    self._db = opened_to_write(self.path)
            self._place = _place_of(self.path)
        except (OSError, *TROUBLES) as error:
            if not is_refusal(error):
                raise complaint(self.path, "opened", error) from None
            self._only_read(error)

    def _only_read(self, error: Exception) -> None:
        why = complaint(self.path, "written", error)
        self.why_read_only = UserError(why.message, f"{why.help}; --offline replays what is kept already".strip())
        self._db = opened_to_read(self.path)

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """What a statement finds; tried once more when the file turned out to be damaged."""
        with self._lock:
            for is_first in (True, False):
                try:
                    return self._db.execute(statement, values).fetchall()
                except TROUBLES as error:
                    self._mend("read", error, is_first)
        return []  # never reached

    def write(self, statement: str, *rows: tuple[Any, ...]) -> int:
        """Run a statement for all rows or for none; how many rows of the file it changed, which are on disk then."""
        if self.why_read_only:
            raise self.why_read_only
        if not rows:
            return 0
        with self._lock:
            for is_first in (True, False):
                try:
                    changed = self._written(statement, rows)
                    if not self._waits:
                        self._wait(True)
                    if not is_first or _place_of(self.path) == self._place:
                        return changed
                    self._reopen()  # another process found the file damaged, and replaced it just before
                except TROUBLES as error:
                    if is_locked(error):  # the next ones do not wait as well, one after another
                        self._wait(False)
                    self._mend("written", error, is_first)
        return 0  # never reached

    def _written(self, statement: str, rows: tuple[tuple[Any, ...], ...]) -> int:
        if len(rows) == 1:  # the way of every reply: SQLite commits it by itself
            return self._db.execute(statement, rows[0]).rowcount
        return in_one(self._db, statement, rows)

    def _wait(self, waits: bool) -> None:
        """Whether SQLite waits for another process that holds the file."""
        self._waits = waits
        self._db.execute(f"PRAGMA busy_timeout = {WAIT * 1000 * waits:.0f}")

    def shrink(self) -> None:
        """Give the room of deleted rows back to the disk."""
        if self.why_read_only:
            raise self.why_read_only
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            self.rows(statement)

    def _mend(self, what: str, error: Exception, is_first: bool) -> None:
        """Open the file anew where it is damaged, or another one by now; anything else is raised."""
        if self.why_read_only or not is_first or not (is_damage(error) or _place_of(self.path) != self._place):
            raise complaint(self.path, what, error) from None
        self._reopen()

    def _reopen(self) -> None:
        """Open the file that is there now; if it is still the damaged one, replace it first."""
        self._db.close()
        try:
            with self.claims.among_all(_OPENING):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                take_up(self.path)
                if _place_of(self.path) == self._place:
                    self.notes.append(replaced(self.path))
                self._db = opened_to_write(self.path)
        except (OSError, *TROUBLES) as error:
            raise complaint(self.path, "opened", error) from None
        self._place = _place_of(self.path)

    def close(self) -> None:
        """Close the file and drop the claims."""
        with self._lock:
            self._db.close()
        self.claims.close()


def _place_of(path: Path) -> tuple[int, int]:
    """Which file it is, whatever its name; none where there is none."""
    try:
        stat = os.stat(path)
    except OSError:
        return 0, 0
    return stat.st_dev, stat.st_ino
