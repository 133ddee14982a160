"""The only place where calls are made: the store first, then the provider, and what it brings is kept at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from evalkit.engine.attempts import Asked, Policy, ask
from evalkit.engine.replies import Question, ReplyStore
from evalkit.engine.standing import Standing
from evalkit.errors import NotAsked, ProviderError, UserError
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
        self._standing = Standing()
        self._slots: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()
        self._made = 0
        self._asked: set[bytes] = set()

    def call(self, request: Request, question: Question) -> Called:
        """The reply to a request. Raises NotAsked where nothing was recorded and nothing may be asked."""
        provider, key = self._provider(request.provider), question.key
        with self._store.claims.among_threads(key):
            replayed = self._replayed(provider, request, question)
            if replayed:
                return replayed
            if self._settings.offline:
                raise NotAsked("offline", "no recording, and --offline never asks")
            with self._store.claims.among_processes(key, self._policy.stop):
                return self._replayed(provider, request, question) or self._fresh(provider, request, question)

    def _replayed(self, provider: Provider, request: Request, question: Question) -> Called | None:
        if self._settings.fresh and question.key not in self._asked:
            return None
        recording = self._store.get(question)
        if recording is None:
            return None
        try:
            reply = provider.decode(recording)
        except Exception:  # noqa: BLE001 - a parser stricter than the one that stored it: ask again
            return None
        self._standing.accepted(request)
        return Called(Call(request, reply, origin="replayed"))

    def _fresh(self, provider: Provider, request: Request, question: Question) -> Called:
        with self._slot(provider):
            self._reserve(request)
            asked = _asked(provider, request, question.body, self._policy)
        if asked.error or asked.recording is None:
            error = asked.error or ProviderError("transient", "no reply")
            self._standing.failed(request, error)
            return Called(Call(request, attempts=asked.attempts), Failure(error.kind, error.message))
        self._store.put(question, asked.recording)
        self._standing.accepted(request)
        if self._settings.fresh:
            self._asked.add(question.key)
        return Called(Call(request, asked.reply, attempts=asked.attempts))

    def _reserve(self, request: Request) -> None:
        """Count a call that is about to be made. Raises NotAsked where it may not be."""
        if self._policy.stop.is_set():
            raise NotAsked("interrupted", "stopped before it was asked")
        why_not = self._standing.why_not(request)
        if why_not:
            raise NotAsked("gone", f"after {why_not}")
        with self._lock:
            if self._settings.max_calls is not None and self._made >= self._settings.max_calls:
                raise NotAsked("budget", f"--max-calls {self._settings.max_calls} is reached")
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


def _asked(provider: Provider, request: Request, body: bytes, policy: Policy) -> Asked:
    """What came of asking, whatever a provider raises: one that breaks must not take the run with it."""
    try:
        return ask(provider, request, body, policy)
    except NotAsked:
        raise
    except UserError as error:
        return Asked((), error=ProviderError("terminal", error.message))
    except Exception as error:  # noqa: BLE001 - providers are plugged in
        return Asked((), error=ProviderError("rejected", f"the provider broke: {type(error).__name__}: {error}"))
