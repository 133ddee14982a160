"""The chat-completions format: a Request as its body, and one parser for the replies of all servers that speak it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evalkit.errors import ProviderError
from evalkit.prices import stated_usd
from evalkit.providers.interface import canonical, kind_of_status
from evalkit.records.exchange import Recording, Reply, Request, Usage

SHOWN = 500  # characters of an unreadable body that an error quotes
_FINISH = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "filter",
    "safety": "filter",
    "refusal": "refusal",
    "tool_calls": "tools",
    "function_call": "tools",
    "tool_use": "tools",
}


def encode(request: Request, **more: Any) -> bytes:
    """The body of a request: model, messages and the params the user set; nothing of our own."""
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    return canonical({**request.params, **more, "model": request.model, "messages": messages})


def error_in(body: Any, status: int) -> ProviderError | None:
    """The error a body holds, in any of the shapes servers use; None when it holds none."""
    if isinstance(body, list) and body:
        return error_in(body[0], status)
    if not isinstance(body, Mapping):
        return None
    error = body.get("error")
    if error:
        detail = error if isinstance(error, Mapping) else {"message": error}
        code = _as_int(detail.get("code"))
        return _error(_message(detail), code if code and code >= 400 else status, str(detail.get("code", "")))
    stated = _as_int(body.get("statusCode"))
    if body.get("object") == "error" or (stated and stated >= 400) or ("detail" in body and "choices" not in body):
        return _error(_message(body), stated or _as_int(body.get("code")) or status, "")
    return None


def _error(message: str, status: int, code: str) -> ProviderError:
    kind = kind_of_status(status) if status >= 400 else "transient"
    if code in ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"):
        kind = "terminal"
    return ProviderError(kind, message, status=status)


def _message(detail: Mapping[str, Any]) -> str:
    message = detail.get("message") or detail.get("detail") or detail
    return (message if isinstance(message, str) else json.dumps(message, ensure_ascii=False))[:SHOWN]


def decode(recording: Recording) -> Reply:
    """The reply in the body of a 200. Raises ProviderError: an error inside it, no JSON, no choices."""
    try:
        body = json.loads(recording.body)
    except (ValueError, RecursionError):
        start = recording.body[:SHOWN].decode("utf-8", "replace")
        raise ProviderError("transient", f"the body is not JSON: {start}") from None
    if isinstance(body, list) and body:
        body = body[0]
    error = error_in(body, 200)
    if error:
        raise error
    choices = body.get("choices") if isinstance(body, Mapping) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise ProviderError("transient", "the reply has no choices")
    inner = error_in(choices[0], 200)
    if inner or choices[0].get("finish_reason") == "error":
        raise inner or ProviderError("transient", "the server broke off with finish_reason error")
    return _reply(body, choices[0], recording)


def _reply(body: Mapping[str, Any], choice: Mapping[str, Any], recording: Recording) -> Reply:
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise ProviderError("transient", "the reply has no message")
    text, thoughts = _content(message.get("content"))
    refusal = message.get("refusal")
    calls = message.get("tool_calls")
    raw_reason = choice.get("finish_reason")
    reason = _FINISH.get(str(raw_reason).lower(), str(raw_reason)) if raw_reason else "stop"
    if refusal and not text:
        text, reason = str(refusal), "refusal"
    return Reply(
        text=text,
        reasoning=thoughts or _first_text(message, "reasoning_content", "reasoning"),
        tool_calls=tuple(call for call in calls if isinstance(call, Mapping)) if isinstance(calls, list) else (),
        finish_reason=reason,
        model=str(body.get("model") or ""),
        usage=_usage(body.get("usage")),
        usd=stated_usd(body, recording.headers),
        seconds=recording.seconds,
    )


def _content(content: Any) -> tuple[str, str]:
    """(answer, reasoning) of a content that is a text, null, or a list of parts."""
    if isinstance(content, str):
        return content, ""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in content if isinstance(content, list) else []:
        if isinstance(part, Mapping):
            thought = part.get("thinking") or part.get("reasoning")
            (thoughts if thought else texts).append(_part_text(thought or part.get("text")))
    return "".join(texts), "".join(thoughts)


def _part_text(part: Any) -> str:
    return _content(part)[0] if isinstance(part, list) else str(part or "")


def _first_text(message: Mapping[str, Any], *names: str) -> str:
    return next((value for name in names if isinstance(value := message.get(name), str) and value), "")


def _usage(usage: Any) -> Usage:
    """Tokens as counted by the server. A prompt of 0 tokens is a server that does not count."""
    if not isinstance(usage, Mapping):
        return Usage()
    prompt, completion = _as_int(usage.get("prompt_tokens")), _as_int(usage.get("completion_tokens"))
    total, details = _as_int(usage.get("total_tokens")), usage.get("completion_tokens_details")
    stated = _as_int(details.get("reasoning_tokens")) if isinstance(details, Mapping) else None
    hidden = total - prompt - completion if total and prompt and completion else 0
    return Usage(prompt or None, completion, max(stated or 0, hidden) or None)


def _as_int(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return max(int(float(value)), 0)
    except (ValueError, OverflowError):
        return None
