"""One call in one or more attempts: only transient errors are tried again, within a bound of number and time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event as Flag

from evalkit.engine.pace import Turn, pauses_all
from evalkit.engine.standing import Standing
from evalkit.errors import NotAsked, ProviderError, UserError
from evalkit.providers.interface import Provider
from evalkit.records.event import Waiting
from evalkit.records.exchange import Attempt, Recording, Reply, Request

FIRST_WAIT = 0.5  # seconds; doubles with each attempt
LONGEST_WAIT = 8.0  # seconds, unless the server asks for longer
JITTER = 0.25  # share of a wait that is left to chance, so that workers do not wake together
LONGEST_JITTER = 1.0  # seconds added to what a server asks for
_SHORTEST = 0.01  # seconds; an attempt without any time is none
_OUT_OF_TIME = 504  # the server gave up on a long reply, and will again: two attempts, not more


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `attempts` of one call within `deadline` seconds; `stop` is set when the run is to end.

    The seconds are those of attempts and of waits after errors; standing in line for a place is not among them.
    `standing` learns of every error, and knows what is not to be tried again after all; `affords` says whether there
    is money for another attempt after an error.
    """

    attempts: int
    deadline: float
    stop: Flag
    announce: Callable[[Waiting], None]
    standing: Standing = field(default_factory=Standing)
    affords: Callable[[ProviderError], bool] = lambda error: True


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a call: the recording and its reply, or the error of the last attempt."""

    attempts: tuple[Attempt, ...]
    recording: Recording | None = None
    reply: Reply | None = None
    error: ProviderError | None = None


def ask(provider: Provider, request: Request, body: bytes, policy: Policy, turn: Turn) -> Asked:
    """Ask until there is a reply, an error that is not transient, or no attempt left. Begins with a place taken.

    Raises NotAsked (interrupted) when the run stops between two attempts.
    """
    course = _Course(request, policy, turn)
    while True:
        came = course.attempted(provider, body)
        if not isinstance(came, ProviderError):
            return Asked(tuple(course.attempts), *came)
        error = course.why_end(came) or course.waited(came)
        if error:
            return Asked(tuple(course.attempts), error=error)


@dataclass(slots=True)
class _Course:
    """How a call goes: its attempts so far, and the seconds it has left."""

    request: Request
    policy: Policy
    turn: Turn
    attempts: list[Attempt] = field(default_factory=list)
    left: float = 0.0
    wait: float = 0.0
    ended: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.policy.deadline

    def attempted(self, provider: Provider, body: bytes) -> tuple[Recording, Reply] | ProviderError:
        """One exchange, noted with the time it took; the place is given back."""
        started = time.monotonic()
        waited = started - self.ended if self.attempts else 0.0
        timed = replace(self.request, timeout=min(self.request.timeout, max(self.left, _SHORTEST)))
        came = _exchange(provider, timed, body)
        self.ended = time.monotonic()
        seconds = self.ended - started
        self.left -= seconds
        if isinstance(came, ProviderError):
            self.attempts.append(Attempt(seconds, waited, came.message))
            self.wait = _wait_after(came, len(self.attempts))
            self.policy.standing.failed(self.request, came)  # before anyone else has the place
            self.turn.failed(came, self.wait, timed_out=seconds >= timed.timeout)
        else:
            self.attempts.append(Attempt(seconds, waited))
            self.turn.replied(came[1])
        return came

    def why_end(self, error: ProviderError) -> ProviderError | None:
        """The error that ends the call after this one; None if there is to be another attempt."""
        if error.kind != "transient" or len(self.attempts) >= self._most(error):
            return self._summed_up(error)
        if self.wait < self.left:
            return None
        if not error.retry_after:
            return self._summed_up(error)
        what = "the" if error.retry_after >= self.policy.deadline else "what is left of the"
        wish = (
            f"asks to wait {error.retry_after:.0f} s, longer than {what} {self.policy.deadline:.0f} s a call may take"
        )
        return _said(error, f"{error.message}: {wish}")

    def waited(self, error: ProviderError) -> ProviderError | None:
        """Wait, and take a place again; the error that ends the call if it gets none."""
        most = self._most(error)
        self.policy.announce(Waiting(self.wait, error.message, len(self.attempts) + 1, most))
        # In a pause of the whole provider the call waits in line, where it is ahead of those that came later.
        waits_in_line = pauses_all(error)
        if not waits_in_line and self.policy.stop.wait(self.wait):
            raise NotAsked("interrupted", "stopped while waiting for another attempt")
        self.left -= self.wait
        try:
            self.turn.take(self.left + (self.wait if waits_in_line else 0.0))
        except NotAsked as why:
            if why.kind == "interrupted":
                raise
            return self._summed_up(error)
        if self.policy.standing.why_not(self.request):
            return self._summed_up(error)
        return None if self.policy.affords(error) else self._summed_up(error, "; no money for another attempt")

    def _most(self, error: ProviderError) -> int:
        return min(2, self.policy.attempts) if error.status == _OUT_OF_TIME else self.policy.attempts

    def _summed_up(self, error: ProviderError, besides: str = "") -> ProviderError:
        if len(self.attempts) == 1:
            return _said(error, error.message + besides)
        seconds = sum(attempt.seconds + attempt.waited for attempt in self.attempts)
        return _said(error, f"{error.message} ({len(self.attempts)} attempts, {seconds:.0f} s){besides}")


def _exchange(provider: Provider, request: Request, body: bytes) -> tuple[Recording, Reply] | ProviderError:
    """What came of one attempt, whatever a provider raises: one that breaks must not take the run with it."""
    try:
        recording = provider.send(request, body)
        return recording, provider.decode(recording)
    except ProviderError as error:
        return error
    except UserError as error:
        return ProviderError("terminal", error.message)
    except Exception as error:  # noqa: BLE001 - providers are plugged in
        return ProviderError("rejected", f"the provider broke: {type(error).__name__}: {error}")


def _wait_after(error: ProviderError, attempts: int) -> float:
    if error.retry_after:  # "0" is no wait: the attempts would be used up at once
        return error.retry_after + random.random() * min(error.retry_after * JITTER, LONGEST_JITTER)
    return min(FIRST_WAIT * 2.0 ** (attempts - 1), LONGEST_WAIT) * (1 - random.random() * JITTER)


def _said(error: ProviderError, message: str) -> ProviderError:
    return ProviderError(error.kind, message, status=error.status, retry_after=error.retry_after)
