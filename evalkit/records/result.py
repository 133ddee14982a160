"""What came of a trial: Answer, Score, Result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from evalkit.records.exchange import Call, Origin, Reply
from evalkit.records.problem import Place
from evalkit.records.spec import NOWHERE

WantedBy = Literal["", "baseline", "candidate"]  # who wants a trial: its spec, or one side of a comparison alone


class Outcome(StrEnum):
    """Of a trial, of a check, and of a case over its trials."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, order=True)
class Column:
    """Spec × model × variant: what a gate rule, a metric and a column of the report are about."""

    spec: str
    model: str
    variant: str = ""

    def __str__(self) -> str:
        return " › ".join(part for part in (self.spec, self.variant, self.model) if part)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a scorer judges: the cleaned, extracted text, with the reply it came from.

    `value` is what a path or a JSON extraction found (any JSON value), else the text itself; `text` is then
    its compact JSON unless it is text already.
    """

    text: str
    reply: Reply
    value: Any = None
    is_parsed: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """A check's verdict. `value` is in [0, 1]; `passed` and `value` are None when there is no verdict.

    `is_found` is False when the reply held nothing to judge: such a check fails, and stays failed under `not`.
    `reason` is one sentence (of one line) for people; it quotes the reply and is as hostile as that.
    """

    value: float | None
    passed: bool | None
    reason: str
    scorer: str = ""
    name: str = ""
    is_advisory: bool = False
    is_found: bool = True
    parts: tuple[Score, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Passed, failed or errored."""
        if self.passed is None:
            return Outcome.ERRORED
        return Outcome.PASSED if self.passed else Outcome.FAILED


def passed(reason: str, value: float = 1.0) -> Score:
    """The score of a check that holds."""
    return Score(value, True, reason)


def failed(reason: str, value: float = 0.0) -> Score:
    """The score of a check that does not hold."""
    return Score(value, False, reason)


def not_found(reason: str) -> Score:
    """The score of a check that found nothing to judge: failed, also under `not`."""
    return Score(0.0, False, reason, is_found=False)


def no_verdict(reason: str) -> Score:
    """The score of a check that could not be judged: errored."""
    return Score(None, None, reason)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a trial has no verdict: a kind to filter by, and a message for people."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one trial. `index` is its place in the plan; `scores` is empty when nothing was scored.

    `needed` is how many draws of its case must pass. `content` is a digest of its case's own variables, "" where the id
    is made from them. `arm` is "" for a trial that the spec wants, else the side of a comparison that alone wanted it.
    `scopes` tells which rules of the gate with a scope its case
    belongs to, by their number, with the value of the rule's `each` ("" without one).
    """

    index: int
    spec: str
    case: str
    model: str
    variant: str
    draw: int
    outcome: Outcome
    origin: Origin | None = None
    scores: tuple[Score, ...] = ()
    calls: tuple[Call, ...] = ()
    error: Failure | None = None
    tags: tuple[str, ...] = ()
    group: str = ""
    needed: int = 1
    content: str = ""
    arm: WantedBy = ""
    scopes: Mapping[int, str] = field(default_factory=dict)
    where: Place = field(default=NOWHERE, compare=False)

    @property
    def column(self) -> Column:
        """The column it belongs to."""
        return Column(self.spec, self.model, self.variant)

    @property
    def reply(self) -> Reply | None:
        """The tested model's last reply; None when there is none."""
        for call in reversed(self.calls):
            if call.role == "model" and call.reply:
                return call.reply
        return None

    @property
    def is_left_out(self) -> bool:
        """Whether the user wanted it so: `skip` in the spec, or no recording and --allow-unrecorded."""
        return self.error is not None and self.error.kind in ("skip", "left_out")

    @property
    def is_cut_off(self) -> bool:
        """Whether the model ran out of tokens."""
        reply = self.reply
        return reply is not None and reply.finish_reason == "length"
