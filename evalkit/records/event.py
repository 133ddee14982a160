"""What a listener hears while a run goes on."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.problem import Problem
from evalkit.records.result import Result


@dataclass(frozen=True, slots=True)
class Warned:
    """The specs are good, and something in them may not be meant."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """Something happened that is no mistake in a spec: one sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Planned:
    """The run is about to ask: (spec, trials) in order, models, calls to make, calls recorded, workers.

    `usd` is what the calls to make cost at most, in US dollars; None where that is not known. `unrecorded` counts
    trials that are neither recorded nor asked.
    """

    specs: tuple[tuple[str, int], ...]
    models: tuple[str, ...]
    trials: int
    to_ask: int
    recorded: int
    workers: int
    usd: float | None = None
    unrecorded: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """A trial has its result."""

    result: Result


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call is tried again after `seconds`, because of `why`; `attempt` of `attempts` is next."""

    seconds: float
    why: str
    attempt: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """The user asked to stop: no new calls, those in flight may finish."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more will be asked."""


Event = Warned | Noted | Planned | Finished | Waiting | Stopping | Ended
