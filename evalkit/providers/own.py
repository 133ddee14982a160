"""What a program of the user's own is asked, and what it may answer: the same for `python` and `command`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from evalkit.errors import ErrorKind, ProviderError, did_you_mean
from evalkit.providers.mishaps import as_int
from evalkit.records.exchange import Recording, Reply, Request, Usage

MAKES_A_REPLY = ("text", "tool_calls", "error")
_TEXTS = ("text", "reasoning", "finish_reason", "model")
_USAGE = ("prompt_tokens", "completion_tokens", "reasoning_tokens")
_KEYS = (*_TEXTS, "tool_calls", "usage", "usd", "error", "transient")


def question(request: Request) -> dict[str, Any]:
    """The request as it is told to the program, but for the draw: all that may change the reply."""
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    return {"model": request.model, "messages": messages, "params": dict(request.params), "case": request.case}


def recording(answer: Mapping[str, Any], seconds: float, *, is_kept: bool) -> Recording:
    """An answer as it came. Raises ProviderError where it is an error, or none that can be read."""
    if answer.get("error"):
        kind: ErrorKind = "transient" if answer.get("transient") is True else "rejected"
        raise ProviderError(kind, str(answer["error"]))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    came = Recording(json.dumps(answer).encode(), {}, seconds, now, is_kept)
    decode(came)
    return came


def decode(recording: Recording) -> Reply:
    """The reply in a recorded answer. Raises ProviderError for keys and values that a reply cannot have."""
    body = {key: value for key, value in json.loads(recording.body).items() if value is not None}
    for key in body:
        if key not in _KEYS:
            raise _wrong(f"has a key `{key}`", did_you_mean(key, _KEYS))
    for key in _TEXTS:
        if not isinstance(body.get(key, ""), str):
            raise _wrong(f"has a `{key}` that is no text", f"it is {json.dumps(body[key])}")
    calls, usd = body.get("tool_calls", []), body.get("usd")
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise _wrong("has `tool_calls` that are no list of calls", "each is a mapping")
    if "text" not in body and not calls:
        raise _wrong("has no `text`", "an empty reply is an empty text")
    if isinstance(usd, bool) or not (usd is None or (isinstance(usd, int | float) and 0 <= usd < 1e9)):
        raise _wrong("has a `usd` that is no sum of US dollars", f"it is {usd!r}")
    return Reply(
        text=body.get("text", ""),
        reasoning=body.get("reasoning", ""),
        tool_calls=tuple(calls),
        finish_reason=body.get("finish_reason") or ("tools" if calls else "stop"),
        model=body.get("model", ""),
        usage=_usage(body.get("usage")),
        usd=None if usd is None else float(usd),
        seconds=recording.seconds,
    )


def _usage(usage: Any) -> Usage:
    if usage is None:
        return Usage()
    if not isinstance(usage, Mapping):
        raise _wrong("has a `usage` that is no mapping", f"its keys are {', '.join(_USAGE)}")
    return Usage(*(as_int(usage.get(key)) for key in _USAGE))


def _wrong(what: str, help: str) -> ProviderError:
    return ProviderError("rejected", f"the reply {what}; {help}")
