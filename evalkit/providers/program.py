"""A program of the user's own: in a process group of its own, held to a time, and ended with all that it started."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from evalkit.errors import ProviderError

LARGEST = 32 * 1024 * 1024  # bytes of an answer that are read
_ENDING = 1.0  # seconds that reading gets to end once the program was ended
_LAST_WORDS = 2000  # bytes at the end of standard error that are looked at
_LINES = 3  # of them that an error quotes

_running: weakref.WeakSet[Program] = weakref.WeakSet()
_noting = threading.Lock()


class Program:
    """A running program; `name` is how errors call it. Used by one thread at a time.

    With `given` it reads that, and all it writes is the answer; without, it is told one line after the other and
    answers each with one. What it says on standard error is quoted when it fails.
    """

    def __init__(
        self, name: str, words: Sequence[str], root: Path, environ: Mapping[str, str], given: bytes | None = None
    ) -> None:
        self.name = name
        # A file, because a pipe that nobody empties would stop the program. `end` closes it.
        self._said: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._readers: list[threading.Thread] = []
        try:
            self._process = _started(words, root, environ, self._said, given)
        except (OSError, ValueError) as error:
            self._said.close()
            why = getattr(error, "strerror", None) or error
            raise ProviderError("rejected", f"{name} cannot be started: {why}") from None
        self.end = weakref.finalize(self, _end, self._process, self._said, self._readers)
        with _noting:
            _running.add(self)

    def answer_to(self, line: bytes, seconds: float) -> bytes:
        """The line that answers a line. Raises ProviderError where none comes in time; the program is ended then."""
        self._said.seek(0)
        self._said.truncate()
        answer = self._within(seconds, lambda: self._exchanged(line))
        if not answer.endswith(b"\n"):
            raise self._failure()
        return answer

    def output(self, seconds: float) -> bytes:
        """All that it writes until it ends. Raises ProviderError for what comes too late, and for a failure."""
        output = self._within(seconds, self._finished)
        if self._process.returncode:
            raise self._failure()
        self.end()
        return output

    def _within(self, seconds: float, work: Callable[[], bytes]) -> bytes:
        """What `work` brings; it is done in a thread, because reading from a pipe knows no time."""
        done: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._readers[:] = [threading.Thread(target=lambda: done.put(work()), daemon=True)]
        self._readers[0].start()
        answer: bytes | None = None
        try:
            answer = done.get(timeout=seconds)
        except queue.Empty:
            raise ProviderError("transient", f"no reply from {self.name} within {round(seconds, 2):g} s") from None
        finally:
            if answer is None or len(answer) > LARGEST:  # too late, too much, or Ctrl-C
                self.end()
        self._readers.pop().join()
        if len(answer) > LARGEST:
            raise ProviderError("rejected", f"the reply of {self.name} is larger than {LARGEST >> 20} MB")
        return answer

    def _exchanged(self, line: bytes) -> bytes:
        with suppress(OSError):  # it has ended, and what it writes no more is no line
            _pipe(self._process.stdin).write(line)
            _pipe(self._process.stdin).flush()
        return _pipe(self._process.stdout).readline(LARGEST + 1)

    def _finished(self) -> bytes:
        output = _pipe(self._process.stdout).read(LARGEST + 1)
        if len(output) <= LARGEST:
            self._process.wait()
        return output

    def _failure(self) -> ProviderError:
        """The error for a program that ended by itself and should not have: how, and its last words."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING)
        cut = max(self._said.seek(0, os.SEEK_END) - _LAST_WORDS, 0)
        self._said.seek(cut)
        last = self._said.read()
        whole = re.sub(rb"\A\S+", b"", last) if cut else last  # half a word may be half a key, which nobody would know
        said = [line.strip() for line in whole.decode("utf-8", "replace").splitlines() if line.strip()]
        self.end()
        code = self._process.returncode
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return ProviderError("rejected", f"{self.name} {how}: {' / '.join(said[-_LINES:]) or 'it said nothing'}")


def end_all() -> None:
    """End every program that runs: for those who leave without winding down."""
    with _noting:
        programs = list(_running)
    for program in programs:
        program.end()


def _started(
    words: Sequence[str], root: Path, environ: Mapping[str, str], said: IO[bytes], given: bytes | None
) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(given or b"")
        file.seek(0)
        return subprocess.Popen(
            words,
            cwd=root,
            env=dict(environ),
            stdin=subprocess.PIPE if given is None else file,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,  # Ctrl-C is for us, and whatever it starts can be ended with it
        )


def _end(process: subprocess.Popen[bytes], said: IO[bytes], readers: Sequence[threading.Thread]) -> None:
    """End what runs, and close the pipes unless something that got away still holds them open."""
    reading = any(reader.is_alive() for reader in readers)
    if reading or process.poll() is None:
        _kill(process)
    for reader in readers:
        if reader is not threading.current_thread():
            reader.join(_ENDING)
    said.close()
    if not any(reader.is_alive() for reader in readers):
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
