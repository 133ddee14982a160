"""Who may ask: those that want the same draw take turns, so that the second finds the reply of the first."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalkit.errors import NotAsked

if sys.platform != "win32":  # there, threads take turns and processes do not
    import fcntl

_LOOK = 0.05  # seconds between looks at a draw that another process has claimed
_HELD = (errno.EACCES, errno.EAGAIN)
_SHARING = threading.Lock()
_SHARED: dict[tuple[int, int], Claims] = {}  # by device and inode of their file


class Claims:
    """Claims on draws, among the threads of this process and among processes that share `path`.

    A process claims one byte of the file, at a place that the draw's key names; nothing is written. The
    operating system drops the claims of a process that ends, however it ends. Without a `path` only threads take turns.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._held: dict[bytes, threading.Lock] = {}
        self._wanted: defaultdict[bytes, int] = defaultdict(int)
        self._file = None if path is None else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self.holders = 1

    @contextmanager
    def among_threads(self, key: bytes) -> Iterator[None]:
        """Be the only thread of this process that is about this draw."""
        with self._lock:
            claim = self._held.setdefault(key, threading.Lock())
            self._wanted[key] += 1
        try:
            with claim:
                yield
        finally:
            with self._lock:
                self._wanted[key] -= 1
                if not self._wanted[key]:
                    del self._wanted[key], self._held[key]

    @contextmanager
    def among_processes(self, key: bytes, stop: threading.Event) -> Iterator[None]:
        """Be the only process that is about this draw. Raises NotAsked when `stop` is set while waiting.

        To be taken inside `among_threads`: the operating system does not tell threads apart.
        """
        place = int.from_bytes(key[:7], "big")
        while not self._is_taken(place):
            if stop.wait(_LOOK):
                raise NotAsked("interrupted", "stopped while another evalkit asks the same")
        try:
            yield
        finally:
            if sys.platform != "win32" and self._file is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    @contextmanager
    def among_all(self, key: bytes) -> Iterator[None]:
        """Be the only one that is about this, of all threads and processes."""
        with self.among_threads(key), self.among_processes(key, threading.Event()):
            yield

    def _is_taken(self, place: int) -> bool:
        """Whether the byte is ours now; also true where the file system knows no locks."""
        if sys.platform != "win32" and self._file is not None:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError as error:
                return error.errno not in _HELD
        return True

    def close(self) -> None:
        """Drop all claims, when the last of those that share them is done."""
        with _SHARING:
            self.holders -= 1
            if not self.holders and self._file is not None:
                _SHARED.pop(_place_of(self._file), None)
                os.close(self._file)


def claims_at(path: Path) -> Claims:
    """The claims on a file, the same for all of this process: closing it once would drop the claims of all.

    Raises OSError.
    """
    with _SHARING:
        claims = _SHARED.get(_place_of(path)) if path.exists() else None
        if claims:
            claims.holders += 1
            return claims
        claims = Claims(path)
        _SHARED[_place_of(path)] = claims
        return claims


def _place_of(file: Path | int) -> tuple[int, int]:
    stat = os.stat(file)
    return stat.st_dev, stat.st_ino
