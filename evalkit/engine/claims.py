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


class Claims:
    """Claims on draws, among the threads of this process and among processes that share `path`.

    A process claims one byte of the file, at a place that the draw's key names; nothing is written. The
    operating system drops the claims of a process that ends, however it ends.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._held: dict[bytes, threading.Lock] = {}
        self._wanted: defaultdict[bytes, int] = defaultdict(int)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

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
            if sys.platform != "win32":
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def _is_taken(self, place: int) -> bool:
        """Whether the byte is ours now; also true where the file system knows no locks."""
        if sys.platform != "win32":
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError as error:
                return error.errno not in _HELD
        return True

    def close(self) -> None:
        """Drop all claims."""
        os.close(self._file)
