"""Worker threads: what is taken, when no more is, and what becomes of an error."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from evalkit.engine import pool as pools
from evalkit.engine.pool import Pool, stopping_on_signals


def pool(work: Callable[[int], int], size: int = 4, stop: threading.Event | None = None) -> Pool[int, int]:
    """A pool without anyone who hears that it stops."""
    return Pool(work, size, stop or threading.Event(), lambda: None)


def test_every_job_is_done_once_whatever_the_size() -> None:
    for size in (0, 1, 3, 64):
        assert sorted(pool(lambda job: job * job, size).run(range(50))) == [job * job for job in range(50)]


def test_no_jobs_are_no_work() -> None:
    assert list(pool(lambda job: job).run([])) == []


def test_jobs_are_taken_when_a_worker_is_free_and_never_ahead() -> None:
    taken: list[int] = []
    gate = threading.Semaphore(0)

    def jobs() -> Iterator[int]:
        for job in range(100):
            taken.append(job)
            yield job

    def work(job: int) -> int:
        gate.acquire()
        return job

    done = pool(work, 3).run(jobs())
    for finished in range(1, 10):
        gate.release()
        next(done)
        assert len(taken) <= finished + 3
    gate.release(200)
    assert len(list(done)) == 91


def test_without_threads_the_jobs_are_done_in_order_by_whoever_takes_the_results() -> None:
    by: set[threading.Thread] = set()

    def work(job: int) -> int:
        by.add(threading.current_thread())
        return job

    assert list(pool(work, 0).run(range(1000))) == list(range(1000))
    assert by == {threading.current_thread()}


def test_without_threads_what_is_done_when_the_wish_to_stop_comes_is_handed_back_and_no_more_is_taken() -> None:
    stop, told, taken = threading.Event(), list[str](), list[int]()

    def work(job: int) -> int:
        taken.append(job)
        return job

    done = Pool(work, 0, stop, lambda: told.append("stopping")).run(range(10**9))
    first = next(done)
    stop.set()
    assert [first, *done] == taken
    assert told == ["stopping"]


def test_nothing_is_taken_after_stop_and_what_is_in_flight_is_handed_back() -> None:
    stop = threading.Event()
    begun, gate = threading.Semaphore(0), threading.Event()
    taken: list[int] = []

    def work(job: int) -> int:
        taken.append(job)
        begun.release()
        gate.wait()
        return job

    def end() -> None:
        for _ in range(3):
            begun.acquire()
        stop.set()
        gate.set()

    threading.Thread(target=end).start()
    assert sorted(pool(work, 3, stop).run(range(100))) == sorted(taken) == [0, 1, 2]


def test_whoever_runs_the_pool_is_told_once_that_it_stops() -> None:
    stop, told = threading.Event(), []

    def work(job: int) -> int:
        stop.set()
        time.sleep(0.3)  # so that the pool looks at the wish meanwhile
        return job

    assert list(Pool(work, 1, stop, lambda: told.append(threading.current_thread())).run(range(9))) == [0]
    assert told == [threading.main_thread()]


def test_work_that_never_ends_is_left_behind_after_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "GRACE", 0.05)
    stop, never = threading.Event(), threading.Event()

    def work(job: int) -> int:
        if job == 1:
            stop.set()
            never.wait()
        return job

    assert list(pool(work, 2, stop).run(range(2))) == [0]
    never.set()


@pytest.mark.parametrize("error", [ValueError("odd"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_what_work_raises_is_raised_to_whoever_runs_the_pool(error: BaseException) -> None:
    stop = threading.Event()

    def work(job: int) -> int:
        if job == 2:
            raise error
        return job

    with pytest.raises(type(error)) as caught:
        list(pool(work, 1, stop).run(range(100)))
    assert caught.value is error
    assert stop.is_set()


def test_what_is_in_flight_comes_home_before_what_broke_is_raised() -> None:
    both = threading.Barrier(2)
    stop = threading.Event()

    def work(job: int) -> int:
        both.wait()
        if job == 1:
            raise ValueError("odd")
        stop.wait()
        return job

    done = pool(work, 2, stop).run(range(9))
    assert next(done) == 0
    with pytest.raises(ValueError, match="odd"):
        next(done)


def test_what_the_jobs_raise_is_raised_too() -> None:
    def jobs() -> Iterator[int]:
        yield 1
        raise OSError("the data file is gone")

    done = pool(lambda job: job, 1).run(jobs())
    assert next(done) == 1
    with pytest.raises(OSError, match="the data file is gone"):
        next(done)


def test_the_first_signal_asks_to_stop_and_the_second_ends() -> None:
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stopping_on_signals(stop):
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_signals_are_left_alone_outside_the_main_thread() -> None:
    found: list[object] = []

    def look() -> None:
        with stopping_on_signals(threading.Event()):
            found.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]


def test_without_threads_a_wish_to_stop_is_heard_between_two_jobs() -> None:
    stop = threading.Event()
    heard: list[str] = []

    def work(job: int) -> int:
        if job == 2:
            stop.set()
        return job

    pool = Pool(work, 0, stop, lambda: heard.append("stopping"))
    assert (list(pool.run(range(1000))), heard) == ([0, 1, 2], ["stopping"])


def test_without_threads_slow_jobs_are_handed_back_before_their_batch_is_done() -> None:
    done: list[int] = []

    def work(job: int) -> int:
        time.sleep(0.2)
        done.append(job)
        return job

    results = Pool(work, 0, threading.Event(), lambda: None).run(range(3))
    assert (next(iter(results)), done) == (0, [0])
