"""The only place where calls are made: the store first, then the provider, and what it brings is kept at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from evalkit.decide.findings import LEFT_OUT
from evalkit.engine.attempts import Policy, ask
from evalkit.engine.budget import Budget
from evalkit.engine.kept import Kept
from evalkit.engine.pace import Paces
from evalkit.engine.question import Question
from evalkit.errors import NotAsked, ProviderError, UserError
from evalkit.prices import Tariff
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
    """Answers requests from what is kept or from their provider, as fast as `paces` let it. Used by many threads."""

    def __init__(
        self,
        kept: Kept,
        provider: Callable[[str], Provider],
        settings: Settings,
        policy: Policy,
        budget: Budget | None = None,
    ) -> None:
        self._kept = kept
        self._provider = provider
        self._settings = settings
        self._budget = budget or Budget(Tariff(settings.prices), {}, policy.stop)
        self._policy = policy
        self._standing = policy.standing
        self.paces = Paces(settings, policy.stop)
        self._lock = threading.Lock()
        self._made = 0
        self._is_replaying = True  # the last call was recorded
        self.trouble: UserError | None = None

    def call(self, request: Request, question: Question, provider: Provider | None = None) -> Called:
        """The reply to a request, of `provider` if it is not the one of that name.

        Raises NotAsked where nothing was recorded and nothing may be asked.
        """
        provider, key = provider or self._provider(request.provider), question.key
        with self._kept.claims.among_threads(key):
            if self._is_replaying or self._settings.offline:  # else there is most likely nothing, and it looks once
                replayed = self._replayed(provider, request, question)
                if replayed:
                    return replayed
            if self._settings.offline:
                raise NotAsked(LEFT_OUT.kind if self._settings.allow_unrecorded else "unrecorded", LEFT_OUT.message)
            with self._kept.claims.among_processes(key, self._policy.stop):
                replayed = self._replayed(provider, request, question)
                self._is_replaying = replayed is not None
                return replayed or self._fresh(provider, request, question)

    def _replayed(self, provider: Provider, request: Request, question: Question) -> Called | None:
        try:
            recording = self._kept.get(question, self._settings.fresh_since)
        except UserError as error:  # what cannot be read is not bought again, and calls in flight are still kept
            self.stop_asking(error)
            raise NotAsked("stopped", error.message) from None
        if recording is None:
            return None
        try:
            reply = provider.decode(recording)
        except Exception:  # noqa: BLE001 - a parser stricter than the one that stored it: ask again
            return None
        self._standing.accepted(request)
        return Called(Call(request, self._budget.tariff.priced(request, reply), origin="replayed"))

    def _fresh(self, provider: Provider, request: Request, question: Question) -> Called:
        with (
            self._budget.reserved(request) as bill,
            self.paces.of(provider).turn(request, self._policy.deadline) as turn,
        ):
            self._reserve(request)
            asked = ask(provider, request, question.body, replace(self._policy, affords=bill.affords), turn)
            bill.usd = self._budget.cost_of(request, asked)
        if asked.error or asked.recording is None:
            error = asked.error or ProviderError("transient", "no reply")
            return Called(Call(request, attempts=asked.attempts), Failure(error.kind, error.message))
        try:
            if asked.recording.is_kept:
                self._kept.put(question, asked.recording)
        except UserError as error:
            self.stop_asking(error)
        self._standing.accepted(request)
        reply = asked.reply and self._budget.tariff.priced(request, asked.reply)
        return Called(Call(request, reply, attempts=asked.attempts))

    def stop_asking(self, why: UserError) -> None:
        """Make no more calls, because replies cannot be kept or read; `trouble` is the first reason."""
        self.trouble = self.trouble or why
        self._standing.end(why.message)

    def _reserve(self, request: Request) -> None:
        """Count a call that is about to be made. Raises NotAsked where it may not be."""
        if self._policy.stop.is_set():
            raise NotAsked("interrupted", "stopped before it was asked")
        if self._kept.store.why_read_only:  # all seemed to be recorded, or the run would not have begun
            self.stop_asking(self._kept.store.why_read_only)
        if self.trouble:
            raise NotAsked("stopped", "the run was stopped")
        why_not = self._standing.why_not(request)
        if why_not:
            raise NotAsked("gone", f"after {why_not}")
        with self._lock:
            if self._settings.max_calls is not None and self._made >= self._settings.max_calls:
                raise NotAsked("budget", f"--max-calls {self._settings.max_calls} is reached")
            self._made += 1
