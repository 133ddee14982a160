"""One call in one or more attempts: only transient errors are tried again, within a bound of number and time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event as Flag

from evalkit.errors import NotAsked, ProviderError
from evalkit.providers.interface import Provider
from evalkit.records.event import Waiting
from evalkit.records.exchange import Attempt, Recording, Reply, Request

FIRST_WAIT = 0.5  # seconds; doubles with each attempt
LONGEST_WAIT = 8.0  # seconds, unless the server asks for longer
JITTER = 0.25  # share of a wait that is left to chance, so that workers do not wake together
_SHORTEST = 0.01  # seconds; an attempt without any time is none
_OUT_OF_TIME = 504  # the server gave up on a long reply, and will again: two attempts, not more


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `attempts` of one call within `deadline` seconds; `stop` is set when the run is to end."""

    attempts: int
    deadline: float
    stop: Flag
    announce: Callable[[Waiting], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a call: the recording and its reply, or the error of the last attempt."""

    attempts: tuple[Attempt, ...]
    recording: Recording | None = None
    reply: Reply | None = None
    error: ProviderError | None = None


def ask(provider: Provider, request: Request, body: bytes, policy: Policy) -> Asked:
    """Ask until there is a reply, an error that is not transient, or no attempt left."""
    begun, waited = time.monotonic(), 0.0
    attempts: list[Attempt] = []
    while True:
        started = time.monotonic()
        left = max(policy.deadline - (started - begun), _SHORTEST)
        try:
            recording = provider.send(replace(request, timeout=min(request.timeout, left)), body)
            reply = provider.decode(recording)
        except ProviderError as error:
            attempts.append(Attempt(time.monotonic() - started, waited, error.message))
            last = error
        else:
            attempts.append(Attempt(time.monotonic() - started, waited))
            return Asked(tuple(attempts), recording, reply)
        waited = _wait_after(last, len(attempts))
        over = time.monotonic() - begun + waited >= policy.deadline
        if last.kind != "transient" or len(attempts) >= _most(last, policy) or over:
            return Asked(tuple(attempts), error=_summed_up(last, attempts, begun))
        policy.announce(Waiting(waited, last.message, len(attempts) + 1, _most(last, policy)))
        if policy.stop.wait(waited):
            raise NotAsked("interrupted", "stopped while waiting for another attempt")


def _most(error: ProviderError, policy: Policy) -> int:
    return min(2, policy.attempts) if error.status == _OUT_OF_TIME else policy.attempts


def _wait_after(error: ProviderError, attempts: int) -> float:
    if error.retry_after is not None:
        return error.retry_after * (1 + random.random() * JITTER)
    return min(FIRST_WAIT * 2.0 ** (attempts - 1), LONGEST_WAIT) * (1 - random.random() * JITTER)


def _summed_up(error: ProviderError, attempts: list[Attempt], begun: float) -> ProviderError:
    if len(attempts) == 1:
        return error
    seconds = time.monotonic() - begun
    message = f"{error.message} ({len(attempts)} attempts, {seconds:.0f} s)"
    return ProviderError(error.kind, message, status=error.status, retry_after=error.retry_after)
