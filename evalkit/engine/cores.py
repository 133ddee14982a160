"""On which cores of the machine a run's threads compute: all on one, where they wait for servers and do little else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PLACE = 36  # of the core in /proc/…/stat, behind the name, which may hold spaces


@contextmanager
def on_one_core() -> Iterator[None]:
    """This thread, and those it starts meanwhile, stay on the core that it is on; programs that they start do, too.

    Python computes in one thread at a time. At each system call it lets another go on, which wakes up on another core
    and finds nothing of what it needs in the caches there: 64 threads took 1.6 times as long as on one core. Only Linux
    can be told; elsewhere, where it refuses, and in a Python without that lock, nothing changes.
    """
    has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    if sys.platform != "linux" or not has_lock:
        yield
        return
    allowed = os.sched_getaffinity(0)
    with suppress(OSError, ValueError, IndexError):
        os.sched_setaffinity(0, {_core()})
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, allowed)


def _core() -> int:
    """The core that this thread is on, which the system found to be the least busy."""
    return int(Path("/proc/thread-self/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[_PLACE])
