"""What goes to a model and what comes back: Request, Recording, Reply, Attempt, Call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evalkit.records.spec import Message

Origin = Literal["fresh", "replayed"]
Role = Literal["model", "tool", "judge", "embedding"]


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one model. `draw` counts equal questions from 1; `timeout` is seconds an attempt.

    `spec`, `case` and `draw` name the trial for tracing and for budgets; they never change what is sent as the
    question.
    """

    provider: str
    model: str
    messages: tuple[Message, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    draw: int = 1
    timeout: float = 120.0
    case: str = ""
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A successful exchange as it came: body untouched, some headers, seconds taken, UTC time (ISO 8601).

    `is_kept` is false where no later run could replay it.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    time: str = ""
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a call as the server counted them; None is "not said", never zero.

    `cached_tokens` are those of the prompt that the server had cached. `total_tokens` may be more than prompt and
    completion: some servers count reasoning apart.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    total_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered, parsed from a Recording.

    `finish_reason` is stop, length, filter, refusal, tools or the server's own word. `model` is the served
    model as the server names it. `usd` is US dollars, None when unknown. `seconds` is the time it took when fresh.
    """

    text: str
    reasoning: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish_reason: str = "stop"
    model: str = ""
    usage: Usage = Usage()
    usd: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One exchange of a call: seconds taken, seconds waited before it, and the error if it had one."""

    seconds: float
    waited: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request with its reply, however many attempts it took. A call without a reply has failed."""

    request: Request
    reply: Reply | None = None
    role: Role = "model"
    turn: int = 1
    attempts: tuple[Attempt, ...] = ()
    origin: Origin = "fresh"
