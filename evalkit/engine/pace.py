"""How fast each provider is asked: calls stand in line, and go when limit, pauses and rates let them."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

from evalkit.engine.bucket import Bucket
from evalkit.engine.limit import Limit
from evalkit.errors import NotAsked, ProviderError
from evalkit.providers.interface import Provider
from evalkit.records.circumstances import Pace, PaceStep
from evalkit.records.exchange import Reply, Request
from evalkit.records.machine import Limits
from evalkit.settings import Settings

SPREAD = 0.25  # share of a pause over which those that waited for its end go, so that they do not go together
LONGEST_SPREAD = 1.0  # seconds
_MOST_STEPS = 400  # of a history; beyond these the ones in the middle are dropped
_UNTIL_RUNG = float("inf")
_CHARACTERS = 4  # a token, about
_NO_LIMITS = Limits()


def pauses_all(error: ProviderError) -> bool:
    """Whether an error is about the whole provider: it has had too much, or says when to come back."""
    return error.kind == "transient" and (error.status == 429 or error.retry_after is not None)


class Turn:
    """One call's way through the line: a place for each of its attempts. Earlier calls go first."""

    def __init__(self, pacer: Pacer, number: int, tokens: float) -> None:
        self.number = number
        self.tokens = tokens
        self.bell = threading.Event()
        self.begun = 0.0
        self.has_place = False
        self._pacer = pacer

    def __lt__(self, other: Turn) -> bool:
        return self.number < other.number

    def take(self, patience: float) -> None:
        """Wait for a place. Raises NotAsked when the run stops, or the provider is paused beyond `patience` seconds."""
        self._pacer.enter(self, patience)

    def replied(self, reply: Reply) -> None:
        """Give the place back after a reply."""
        usage = reply.usage
        known = usage.prompt_tokens is not None or usage.completion_tokens is not None
        used = (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
        self._pacer.leave_replied(self, used if known else self.tokens)

    def failed(self, error: ProviderError, wait: float, *, timed_out: bool = False) -> None:
        """Give the place back after an error; one that is about the whole provider pauses it for `wait` seconds."""
        self._pacer.leave_failed(self, error, wait, timed_out=timed_out)

    def give_back(self) -> None:
        """Give the place back, if there is one, for reasons that are not the provider's."""
        if self.has_place:
            self._pacer.leave(self)


class Pacer:
    """One provider's line, within its limits. Used by many threads; only its head ever waits for a time to come.

    `begun` is when the run began, on the monotonic clock.
    """

    def __init__(self, provider: str, limits: Limits, stop: threading.Event, begun: float) -> None:
        self._provider = provider
        self._stop = stop
        self._lock = threading.Lock()
        self._line: list[Turn] = []  # a heap
        self._numbers = count()
        self._limit = Limit(limits.concurrency or 1)
        self._begun, now = begun, time.monotonic()
        self._calls = Bucket(limits.rpm, now) if limits.rpm else None
        self._tokens = Bucket(limits.tpm, now) if limits.tpm else None
        self._busy = 0
        self._opens = now  # when the pause is over
        self._spread_until = now
        self._gap = 0.0  # seconds between calls, on average, until then
        self._next = now  # no call before
        self._why = ""
        self._steps: list[PaceStep] = []
        self._highest = 0
        self._throttled = 0
        self._paused = 0.0
        self._note(now, "start")

    @contextmanager
    def turn(self, request: Request, patience: float) -> Iterator[Turn]:
        """A place, for the first attempt of a call. Raises NotAsked as `Turn.take` does."""
        tokens = sum(len(message.content) for message in request.messages) / _CHARACTERS if self._tokens else 0.0
        turn = Turn(self, next(self._numbers), tokens)
        turn.take(patience)
        try:
            yield turn
        finally:
            turn.give_back()

    def enter(self, turn: Turn, patience: float) -> None:
        """Stand in line until there is a place."""
        with self._lock:
            heapq.heappush(self._line, turn)
        while (delay := self._looked(turn, patience)) > 0:
            turn.bell.wait(None if delay == _UNTIL_RUNG else delay)
            turn.bell.clear()

    def _looked(self, turn: Turn, patience: float) -> float:
        """0 when the turn has its place now; else the seconds after which to look again."""
        with self._lock:
            now = time.monotonic()
            if self._stop.is_set():
                self._forsake(turn)
                raise NotAsked("interrupted", "stopped before it was asked")
            if self._opens - now > patience:
                self._forsake(turn)
                raise NotAsked(
                    "gone", f"after {self._why}: it is to be left alone for another {self._opens - now:.0f} s"
                )
            if self._line[0] is not turn:
                return _UNTIL_RUNG
            delay = self._delay(turn, now)
            if delay <= 0:
                self._admit(turn, now)
            return delay

    def _delay(self, turn: Turn, now: float) -> float:
        if self._busy >= self._limit.now:
            return _UNTIL_RUNG
        delay = max(self._opens, self._next) - now
        if self._calls:
            delay = max(delay, self._calls.delay(1.0, now))
        return max(delay, self._tokens.delay(turn.tokens, now)) if self._tokens else delay

    def _admit(self, turn: Turn, now: float) -> None:
        heapq.heappop(self._line)
        turn.has_place, turn.begun = True, now
        self._busy += 1
        self._highest = max(self._highest, self._busy)
        self._limit.began(now, self._busy)
        if self._calls:
            self._calls.take(1.0)
        if self._tokens:
            self._tokens.take(turn.tokens)
        if now < self._spread_until:
            self._next = now + random.uniform(0, 2 * self._gap)
        self._ring()

    def _forsake(self, turn: Turn) -> None:
        self._line.remove(turn)
        heapq.heapify(self._line)
        self._ring()

    def _ring(self) -> None:
        if self._line:
            self._line[0].bell.set()

    def leave(self, turn: Turn) -> None:
        """Give a place back."""
        with self._lock:
            self._leave(turn)

    def _leave(self, turn: Turn) -> None:
        turn.has_place = False
        self._busy -= 1
        self._ring()

    def leave_replied(self, turn: Turn, tokens: float) -> None:
        """Give a place back after a reply that took so many tokens."""
        with self._lock:
            now = time.monotonic()
            self._note(now, self._limit.replied(now, turn.begun, self._busy))
            if self._tokens:
                self._tokens.take(tokens - turn.tokens)
            self._leave(turn)

    def leave_failed(self, turn: Turn, error: ProviderError, wait: float, *, timed_out: bool) -> None:
        """Give a place back after an error."""
        with self._lock:
            now = time.monotonic()
            if error.status == 429:
                self._throttled += 1
                self._note(now, self._limit.throttled(now, turn.begun))
            elif timed_out:
                self._note(now, self._limit.timed_out(now, turn.begun))
            elif error.kind == "transient":
                self._limit.broke()
            if pauses_all(error):
                self._pause(now, wait, error.message)
            if self._tokens:
                self._tokens.take(-turn.tokens)
            self._leave(turn)

    def _pause(self, now: float, wait: float, why: str) -> None:
        until = now + wait
        if until <= self._opens:
            return
        self._paused += until - max(now, self._opens)
        spread = min(wait * SPREAD, LONGEST_SPREAD)
        self._opens, self._spread_until, self._gap = until, until + spread, spread / self._limit.now
        self._why = why

    def _note(self, now: float, why: str) -> None:
        if why:
            self._steps.append(PaceStep(round(now - self._begun, 3), self._limit.now, why))
            if len(self._steps) > _MOST_STEPS:
                del self._steps[_MOST_STEPS // 2]

    def release(self) -> None:
        """Wake everyone in line, who will find that the run stops."""
        with self._lock:
            for turn in self._line:
                turn.bell.set()

    def record(self) -> Pace:
        """The history so far."""
        with self._lock:
            paused = self._paused - max(self._opens - time.monotonic(), 0.0)
            return Pace(self._provider, tuple(self._steps), self._highest, self._throttled, round(paused, 3))


class Paces:
    """The pacers of a run, one a provider (which is one endpoint with one key). Used by many threads."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._begun = time.monotonic()
        self._pacers: dict[str, Pacer] = {}
        self._lock = threading.Lock()

    def of(self, provider: Provider) -> Pacer:
        """The pacer of a provider. The least of `-j`, its capacity and the stated concurrency is its ceiling."""
        pacer = self._pacers.get(provider.name)
        if pacer is None:
            with self._lock:
                limits = self._settings.limits.get(provider.name, _NO_LIMITS)
                stated = (self._settings.workers, provider.capacity, limits.concurrency)
                limits = replace(limits, concurrency=min(bound for bound in stated if bound is not None))
                made = Pacer(provider.name, limits, self._stop, self._begun)
                pacer = self._pacers.setdefault(provider.name, made)
        return pacer

    def release(self) -> None:
        """Wake everyone who waits; to be called once the run is to stop."""
        for pacer in list(self._pacers.values()):
            pacer.release()

    def history(self) -> tuple[Pace, ...]:
        """How fast each provider was asked."""
        return tuple(pacer.record() for pacer in list(self._pacers.values()))
