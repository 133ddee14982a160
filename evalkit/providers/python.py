"""`python/FILE.py:FUNCTION` asks a function of the user's, in processes of its own that can be ended.

A process answers one call at a time; there are as many as calls at once, at most MOST_AT_ONCE (or the settings'
`limits.python.concurrency`). One that does not answer in time is ended, and another is started for the next call.
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import ProviderError, UserError
from evalkit.providers import own
from evalkit.providers.interface import canonical
from evalkit.providers.mishaps import told
from evalkit.providers.program import Program
from evalkit.providers.python_source import Source, source_of
from evalkit.providers.vendors import keys_in
from evalkit.records.exchange import Recording, Reply, Request

if TYPE_CHECKING:
    from evalkit.settings import Settings

MOST_AT_ONCE = 4
_CHILD = Path(__file__).with_name("python_child.py")


class Python:
    """Functions in files of the project."""

    name = "python"

    def __init__(self, settings: Settings) -> None:
        limits = settings.limits.get(self.name)
        self.capacity: int | None = (limits.concurrency if limits else None) or MOST_AT_ONCE
        self._settings = settings
        self._source = lru_cache(lambda model: source_of(model, settings.root))
        self._run = secrets.token_hex(8)
        self._idle: dict[str, list[Program]] = {}
        self._lock = threading.Lock()

    def ready(self, model: str) -> None:
        """Ready when the file has the function. Raises UserError."""
        self._source(model)

    def encode(self, request: Request) -> bytes:
        """The question and the function's version; without one, this run's own mark, so that no reply is replayed."""
        version = self._source(request.model).version
        return canonical({**own.question(request), **({"version": version} if version else {"run": self._run})})

    def send(self, request: Request, body: bytes) -> Recording:
        """One call of the function."""
        line = canonical({**own.question(request), "draw": request.draw}) + b"\n"
        begun = time.perf_counter()
        try:
            answer = self._answer(request, line)
            is_kept = bool(self._source(request.model).version)
            return own.recording(json.loads(answer), time.perf_counter() - begun, is_kept=is_kept)
        except ProviderError as error:
            raise told(error, keys_in(self._settings.environ)) from None

    def decode(self, recording: Recording) -> Reply:
        """The recorded answer."""
        return own.decode(recording)

    def close(self) -> None:
        """End the processes that wait for a call; they would end with this one, too."""
        with self._lock:
            for idle in self._idle.values():
                while idle:
                    idle.pop().end()

    def _answer(self, request: Request, line: bytes) -> bytes:
        with self._lock:
            idle = self._idle.setdefault(request.model, [])
            program = idle.pop() if idle else None
        program = program or self._started(self._source(request.model), request.model)
        answer = program.answer_to(line, request.timeout)
        with self._lock:
            idle.append(program)
        return answer

    def _started(self, source: Source, model: str) -> Program:
        # -P: the folder of the child's own script would put our http.py in the place of Python's
        words = (sys.executable, "-P", str(_CHILD), str(source.path), source.function)
        return Program(f"{self.name}/{model}", words, self._settings.root, self._settings.environ)


def complaint(model: str, settings: Settings) -> tuple[str, str] | None:
    """What is wrong with a model's name, and what to write; nothing is run to tell."""
    try:
        source_of(model, settings.root)
    except UserError as error:
        return error.message, error.help
    return None


def connect(name: str, settings: Settings) -> Python:
    """The provider `python`."""
    return Python(settings)
