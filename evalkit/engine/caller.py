"""The only place where calls are made: the store first, then the provider, and what it brings is kept at once."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from evalkit.engine.attempts import Policy, ask
from evalkit.engine.replies import Question, ReplyStore
from evalkit.errors import NotAsked, ProviderError
from evalkit.providers.interface import Provider
from evalkit.records.exchange import Call, Request
from evalkit.records.result import Failure
from evalkit.settings import Settings


@dataclass(frozen=True, slots=True)
class Called:
    """A call, and why it has no reply if it has none."""

    call: Call
    failure: Failure | None = None


class Caller:
    """Answers requests from the store or from their provider. Used by many threads."""

    def __init__(
        self, store: ReplyStore, provider: Callable[[str], Provider], settings: Settings, policy: Policy
    ) -> None:
        self._store = store
        self._provider = provider
        self._settings = settings
        self._policy = policy
        self._claims = _Claims()
        self._slots: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()
        self._made = 0
        self._gone: dict[tuple[str, str], str] = {}
        self._asked: set[bytes] = set()

    def call(self, request: Request, question: Question) -> Called:
        """The reply to a request. Raises NotAsked where nothing was recorded and nothing may be asked."""
        provider = self._provider(request.provider)
        with self._claims.of(question.key):
            replayed = self._replayed(provider, request, question)
            return replayed or self._fresh(provider, request, question)

    def _replayed(self, provider: Provider, request: Request, question: Question) -> Called | None:
        if self._settings.fresh and question.key not in self._asked:
            return None
        recording = self._store.get(question)
        if recording is None:
            return None
        try:
            return Called(Call(request, provider.decode(recording), origin="replayed"))
        except ProviderError:
            return None  # a parser stricter than the one that stored it: ask again

    def _fresh(self, provider: Provider, request: Request, question: Question) -> Called:
        if self._settings.offline:
            raise NotAsked("offline", "no recording, and --offline never asks")
        with self._slot(provider):
            self._reserve(request)
            asked = ask(provider, request, question.body, self._policy)
        if asked.error or asked.recording is None:
            error = asked.error or ProviderError("transient", "no reply")
            if error.kind == "terminal":
                model = request.model if error.status == 404 else ""
                self._gone.setdefault((request.provider, model), error.message)
            return Called(Call(request, attempts=asked.attempts), Failure(error.kind, error.message))
        self._store.put(question, asked.recording)
        if self._settings.fresh:
            self._asked.add(question.key)
        return Called(Call(request, asked.reply, attempts=asked.attempts))

    def _reserve(self, request: Request) -> None:
        """Count a call that is about to be made. Raises NotAsked where it may not be."""
        if self._policy.stop.is_set():
            raise NotAsked("interrupted", "stopped before it was asked")
        for model in (request.model, ""):
            if (request.provider, model) in self._gone:
                raise NotAsked("gone", f"not asked, after: {self._gone[request.provider, model]}")
        with self._lock:
            if self._settings.max_calls is not None and self._made >= self._settings.max_calls:
                raise NotAsked("budget", f"not asked: --max-calls {self._settings.max_calls} is reached")
            self._made += 1

    @contextmanager
    def _slot(self, provider: Provider) -> Iterator[None]:
        """A place among the calls that a provider can work on at once."""
        if provider.capacity is None:
            yield
            return
        with self._lock:
            slot = self._slots.setdefault(provider.name, threading.Semaphore(provider.capacity))
        with slot:
            yield


class _Claims:
    """Makes two workers that want the same draw take turns, so that the second finds the reply of the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[bytes, threading.Lock] = {}
        self._wanted: defaultdict[bytes, int] = defaultdict(int)

    @contextmanager
    def of(self, key: bytes) -> Iterator[None]:
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
