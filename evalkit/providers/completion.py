"""The chat-completions format: a Request as its body, and one parser for the replies of all servers that speak it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from evalkit.errors import ProviderError
from evalkit.prices import stated_usd
from evalkit.providers.interface import canonical
from evalkit.providers.mishaps import as_int, error_in, first_of, is_withheld
from evalkit.records.exchange import Recording, Reply, Request, Usage

_FINISH = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "stop_sequence": "stop",
    "eos_token": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "filter",
    "safety": "filter",
    "image_safety": "filter",
    "prohibited_content": "filter",
    "recitation": "filter",
    "blocklist": "filter",
    "spii": "filter",
    "sensitive": "filter",
    "refusal": "refusal",
    "tool_calls": "tools",
    "function_call": "tools",
    "tool_use": "tools",
}
_BROKEN_OFF = ("error", "insufficient_system_resource", "network_error", "abort")  # what came is no whole reply
_THOUGHT = re.compile(r"\s*<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL)
_READER = json.JSONDecoder(parse_constant=lambda word: None)
_DEEPEST = 8  # levels of parts inside parts that are read


def encode(request: Request, **more: Any) -> bytes:
    """The body of a request: model, messages and the params the user set; nothing of our own."""
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    return canonical({**request.params, "model": request.model, **more, "messages": messages})


def read(body: bytes) -> Any:
    """The JSON of a body; NaN and Infinity, which are none, become null. Raises ValueError."""
    try:
        return _READER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except RecursionError:
        raise ValueError("nested too deep") from None


def body_of(recording: Recording) -> Any:
    """The JSON of a recording. Raises ProviderError, whose message is whole and as the server wrote it."""
    try:
        return read(recording.body)
    except ValueError:
        text = recording.body.decode("utf-8", "replace").strip()
        raise ProviderError("transient", f"the body is not JSON: {text or 'it is empty'}") from None


def decode(recording: Recording) -> Reply:
    """The reply in a recorded body. Raises ProviderError: an error inside it, no JSON, no choices.

    The error's message is whole and as the server wrote it.
    """
    body = first_of(body_of(recording))
    if is_withheld(body):
        return Reply("", finish_reason="filter", seconds=recording.seconds)
    error = error_in(body, 200)
    if error:
        raise error
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise ProviderError("transient", "the reply has no choices")
    inner = error_in(choices[0], 200)
    if inner:
        raise inner
    return _reply(body, choices[0], recording)


def finish_reason(raw: Any) -> str:
    """Our word for a server's reason to end. Raises ProviderError where it broke off."""
    if str(raw).lower() in _BROKEN_OFF:
        raise ProviderError("transient", f"the server broke off with finish_reason {raw}")
    return _FINISH.get(str(raw).lower(), str(raw)) if raw else "stop"


def _reply(body: Mapping[str, Any], choice: Mapping[str, Any], recording: Recording) -> Reply:
    message, reason = choice.get("message"), finish_reason(choice.get("finish_reason"))
    if not isinstance(message, dict):
        raise ProviderError("transient", "the reply has no message")
    text, thoughts, refusal = _content(message.get("content"))
    refusal = text_of(message.get("refusal")) or refusal
    calls = message.get("tool_calls")
    if refusal and not text:
        text, reason = refusal, "refusal"
    inline = _THOUGHT.match(text)  # a server that leaves it to others to take a model's thinking out
    if inline:
        text, thoughts = text[inline.end() :], thoughts or inline[1].strip()
    return Reply(
        text=text,
        reasoning=thoughts or _reasoning(message),
        tool_calls=tuple(call for call in calls if isinstance(call, dict)) if isinstance(calls, list) else (),
        finish_reason=reason,
        model=text_of(body.get("model")),
        usage=_usage(body.get("usage")),
        usd=stated_usd(body, recording.headers),
        seconds=recording.seconds,
    )


def _reasoning(message: Mapping[str, Any]) -> str:
    """What stands beside the answer, under any of its names; `reasoning_details` is OpenRouter's, in parts."""
    whole = text_of(message.get("reasoning_content")) or text_of(message.get("reasoning"))
    details = message.get("reasoning_details")
    parts = [part for part in details if isinstance(part, dict)] if isinstance(details, list) else []
    return whole or "".join(text_of(part.get("text")) or text_of(part.get("summary")) for part in parts)


def text_of(value: Any) -> str:
    """A text; "" for anything else."""
    return value if isinstance(value, str) else ""


def _content(content: Any, depth: int = 0) -> tuple[str, str, str]:
    """(answer, reasoning, refusal) of a content that is a text, null, a part, or a list of parts.

    Raises ProviderError for anything else: an answer that cannot be read must not be scored as an empty one.
    """
    if content is None or isinstance(content, str):
        return content or "", "", ""
    parts = [content] if isinstance(content, dict) and not depth else content
    if not isinstance(parts, list) or depth > _DEEPEST:
        raise ProviderError("transient", f"the content of the reply is of a kind not known: {content!r}")
    read_parts = [_part(part, depth + 1) for part in parts]
    answer, thoughts, refusal = ("".join(texts) for texts in zip(("", "", ""), *read_parts, strict=True))
    return answer, thoughts, refusal


def _part(part: Any, depth: int) -> tuple[str, str, str]:
    if not isinstance(part, dict):
        return _content(part, depth)
    thought = part.get("thinking") or part.get("reasoning")
    if thought:
        return "", _content(thought, depth)[0], ""
    return _content(part.get("text"), depth)[0], "", text_of(part.get("refusal"))


def _usage(usage: Any) -> Usage:
    """Tokens as counted by the server. A prompt of 0 tokens is a server that does not count."""
    if not isinstance(usage, dict):
        return Usage()
    prompt, completion = as_int(usage.get("prompt_tokens")), as_int(usage.get("completion_tokens"))
    total, details = as_int(usage.get("total_tokens")), usage.get("completion_tokens_details")
    stated = as_int(details.get("reasoning_tokens")) if isinstance(details, dict) else None
    hidden = total - prompt - completion if total and prompt and completion else 0
    return Usage(prompt or None, completion, max(stated or 0, hidden) or None, _cached(usage), total or None)


def _cached(usage: Mapping[str, Any]) -> int | None:
    """Prompt tokens that the server had cached; DeepSeek has a name of its own for them."""
    details = usage.get("prompt_tokens_details")
    stated = details.get("cached_tokens") if isinstance(details, dict) else None
    return as_int(usage.get("prompt_cache_hit_tokens") if stated is None else stated)
