"""Worker threads that take jobs one by one, and hand back what came of each."""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from types import FrameType
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")

GRACE = 5.0  # seconds that calls in flight get to end after the user asks to stop
_TICK = 0.1  # seconds between looks at the wish to stop
_BATCH = 64  # quick jobs: made, done and handed back in turns, so that each step finds its code in the caches
_LEFT = object()  # what a worker hands back when it takes no more jobs


class Pool(Generic[Job, Done]):
    """Runs `work` on every job with `size` threads. Jobs are taken when a worker is free, never ahead.

    With a size of 0 the thread that runs the pool does the jobs itself, a batch at a time: for those that wait for
    nothing, because threads that compute only stand in each other's way.
    `stopping` is called once, in the thread that runs the pool, when `stop` was found set.
    """

    def __init__(
        self, work: Callable[[Job], Done], size: int, stop: threading.Event, stopping: Callable[[], None]
    ) -> None:
        self._work = work
        self._size = size
        self._stop = stop
        self._stopping = stopping
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._taking = threading.Lock()

    def run(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """Yield what is done, as it is done. Once `stop` is set no job is taken, and GRACE seconds are left.

        What `work` or `jobs` raises sets `stop`, and is raised here when what is in flight has come home.
        """
        waiting = iter(jobs)
        return self._with_threads(waiting) if self._size else self._here(waiting)

    def _here(self, jobs: Iterator[Job]) -> Iterator[Done]:
        while not self._stop.is_set():
            batch = list(islice(jobs, _BATCH))
            if not batch:
                return
            yield from self._done_here(batch)
        self._stopping()

    def _done_here(self, batch: list[Job]) -> Iterator[Done]:
        """What is done of a batch: handed back at once, or each _TICK where it turns out not to be quick."""
        done: list[Done] = []
        begun = time.monotonic()
        for job in batch:
            if self._stop.is_set():
                break
            done.append(self._work(job))
            if time.monotonic() - begun > _TICK:
                yield from done
                done.clear()
                begun = time.monotonic()
        yield from done

    def _with_threads(self, waiting: Iterator[Job]) -> Iterator[Done]:
        for _ in range(self._size):
            threading.Thread(target=self._take, args=(waiting,), daemon=True).start()
        busy, deadline = self._size, float("inf")
        broken: BaseException | None = None
        while busy and time.monotonic() < deadline:
            if self._stop.is_set() and deadline == float("inf"):
                deadline = time.monotonic() + GRACE
                self._stopping()
            try:
                item = self._done.get(timeout=_TICK)
            except queue.Empty:
                continue
            if item is _LEFT:
                busy -= 1
            elif isinstance(item, BaseException):
                broken = broken or item
                self._stop.set()
            else:
                yield item
        if broken:
            raise broken

    def _take(self, jobs: Iterator[Job]) -> None:
        try:
            while not self._stop.is_set():
                with self._taking:
                    job = next(jobs, None)
                if job is None:
                    break
                self._done.put(self._work(job))
        except BaseException as error:  # noqa: BLE001 - carried to the caller's thread, which raises it
            self._done.put(error)
        self._done.put(_LEFT)


@contextmanager
def stopping_on_signals(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM sets `stop`, and does no more: it may come in the middle of a print.

    The second ends at once. Outside the main thread, where Python delivers no signals, this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
