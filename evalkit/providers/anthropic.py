"""Anthropic's Messages API: `anthropic/claude-…`.

Of the words of chat completions `stop` is translated, into `stop_sequences`; `max_tokens` has to be there, and is
4096 where nothing is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from evalkit.errors import ProviderError, UserError
from evalkit.prices import stated_usd
from evalkit.providers import completion
from evalkit.providers.dialects import ANTHROPIC
from evalkit.providers.interface import canonical
from evalkit.providers.line import Line
from evalkit.providers.mishaps import as_int, error_in, is_withheld
from evalkit.providers.vendors import VENDORS, Vendor
from evalkit.records.exchange import Recording, Reply, Request, Usage
from evalkit.records.spec import Message

if TYPE_CHECKING:
    from evalkit.settings import Settings

_SYSTEM = ("system", "developer")


class Messages:
    """Claude, as its maker serves it."""

    capacity: int | None = None

    def __init__(self, vendor: Vendor, environ: Mapping[str, str]) -> None:
        self.name = vendor.name
        self.line = Line(vendor, environ)

    def ready(self, model: str) -> None:
        """Find key and address. Raises UserError that says what is missing."""
        self.line.ready(model)

    def encode(self, request: Request) -> bytes:
        """The body as it goes over the wire. Raises UserError for a system message within the conversation."""
        system, messages = split(request.messages, self.name)
        params = dict(request.params)
        if "stop" in params and "stop_sequences" not in params:
            stop = params.pop("stop")
            params["stop_sequences"] = stop if isinstance(stop, list) else [stop]
        body: dict[str, Any] = {**ANTHROPIC.always, **params, "model": request.model}
        if system:
            body["system"] = system
        return canonical({**body, "messages": [{"role": each.role, "content": each.content} for each in messages]})

    def send(self, request: Request, body: bytes) -> Recording:
        """One POST. Raises ProviderError for every status but 200, unless a filter withheld the reply."""
        return self.line.post(request, body)

    def decode(self, recording: Recording) -> Reply:
        """The reply in a recorded body."""
        return self.line.decoded(recording, decode)


def split(messages: tuple[Message, ...], name: str) -> tuple[str, tuple[Message, ...]]:
    """(the system's text, the conversation) for an API that keeps the two apart. Raises UserError where it cannot."""
    first = tuple(takewhile(lambda message: message.role in _SYSTEM, messages))
    rest = messages[len(first) :]
    for message in rest:
        if message.role not in ("user", "assistant"):
            help = "it takes system messages at the front, then those of user and assistant"
            raise UserError(f"{name} has no place for a message of `{message.role}` in a conversation", help)
    return "\n\n".join(message.content for message in first), rest


def decode(recording: Recording) -> Reply:
    """The reply in a recorded body. Raises ProviderError: an error inside it, no JSON, no content."""
    body = completion.body_of(recording)
    if is_withheld(body):
        return Reply("", finish_reason="filter", seconds=recording.seconds)
    error = error_in(body, 200)
    if error:
        raise error
    blocks = body.get("content") if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(blocks, list):
        raise ProviderError("transient", "the reply has no content")
    reason = completion.finish_reason(body.get("stop_reason"))
    return Reply(
        text=_joined(blocks, "text"),
        reasoning=_joined(blocks, "thinking"),
        tool_calls=tuple(_call(block) for block in blocks if _kind(block) == "tool_use"),
        finish_reason=reason,
        model=completion.text_of(body.get("model")),
        usage=_usage(body.get("usage")),
        usd=stated_usd(body, recording.headers),
        seconds=recording.seconds,
    )


def _kind(block: Any) -> str:
    return completion.text_of(block.get("type")) if isinstance(block, Mapping) else ""


def _joined(blocks: list[Any], kind: str) -> str:
    return "".join(completion.text_of(block.get(kind)) for block in blocks if _kind(block) == kind)


def _call(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool call as chat completions write it."""
    function = {"name": block.get("name"), "arguments": json.dumps(block.get("input"), ensure_ascii=False)}
    return {"id": block.get("id"), "type": "function", "function": function}


def _usage(usage: Any) -> Usage:
    """Tokens; what was read from a cache or written to it is part of the prompt, and Anthropic counts it apart."""
    if not isinstance(usage, Mapping):
        return Usage()
    read, written = as_int(usage.get("cache_read_input_tokens")), as_int(usage.get("cache_creation_input_tokens"))
    fresh, completed = as_int(usage.get("input_tokens")), as_int(usage.get("output_tokens"))
    prompt = fresh + (read or 0) + (written or 0) if fresh is not None else None
    total = prompt + completed if prompt and completed is not None else None
    return Usage(prompt or None, completed, None, read, total)


def connect(name: str, settings: Settings) -> Messages:
    """The provider `anthropic`."""
    return Messages(VENDORS[name], settings.environ)
