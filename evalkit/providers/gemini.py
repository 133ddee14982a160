"""Gemini's own API, generateContent: `gemini/gemini-…`.

The words of chat completions are translated into `generationConfig` (`max_tokens` is `maxOutputTokens`, and so on);
its own words go where they belong, and whatever else there is to the top of the body. The canonical body names the
model, which on the wire stands in the address alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from evalkit.errors import ProviderError, UserError
from evalkit.prices import stated_usd
from evalkit.providers import completion
from evalkit.providers.anthropic import split
from evalkit.providers.dialects import GENERATION
from evalkit.providers.interface import canonical
from evalkit.providers.line import Line
from evalkit.providers.mishaps import as_int, error_in, first_of, is_withheld
from evalkit.providers.vendors import VENDORS, Vendor
from evalkit.records.exchange import Recording, Reply, Request, Usage

if TYPE_CHECKING:
    from evalkit.settings import Settings

_WORDS = {
    "frequency_penalty": "frequencyPenalty",
    "max_tokens": "maxOutputTokens",
    "presence_penalty": "presencePenalty",
    "top_k": "topK",
    "top_p": "topP",
}
_ROLES = {"assistant": "model"}


class GenerateContent:
    """Gemini, as Google serves it to developers."""

    capacity: int | None = None

    def __init__(self, vendor: Vendor, environ: Mapping[str, str]) -> None:
        self.name = vendor.name
        self.line = Line(vendor, environ)

    def ready(self, model: str) -> None:
        """Find key and address. Raises UserError that says what is missing."""
        self.line.ready(model)

    def encode(self, request: Request) -> bytes:
        """The body with the model's id. Raises UserError for messages and params that have no place in it."""
        system, messages = split(request.messages, self.name)
        config, top = _placed(request.params)
        if system:
            top["systemInstruction"] = {"parts": [{"text": system}]}
        if config:
            top["generationConfig"] = config
        contents = [{"role": _ROLES.get(m.role, m.role), "parts": [{"text": m.content}]} for m in messages]
        return canonical({**top, "model": request.model, "contents": contents})

    def send(self, request: Request, body: bytes) -> Recording:
        """One POST. Raises ProviderError for every status but 200."""
        wire = {key: value for key, value in json.loads(body).items() if key != "model"}
        return self.line.post(request, canonical(wire))

    def decode(self, recording: Recording) -> Reply:
        """The reply in a recorded body."""
        return self.line.decoded(recording, decode)


def _placed(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(generationConfig, what stands beside it). Raises UserError for a field that two params would fill."""
    config: dict[str, Any] = {}
    top: dict[str, Any] = {}
    for name, value in params.items():
        for field, content in _fields(name, value):
            place = config if field in GENERATION else top
            if field in place:
                raise UserError(f"`{name}` and another param both mean Gemini's `{field}`", "keep one of them")
            place[field] = content
    if isinstance(top.get("generationConfig"), Mapping):
        config = {**config, **top.pop("generationConfig")}
    return config, top


def _fields(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name == "response_format":
        yield from _format(value)
    elif name == "stop":
        yield "stopSequences", value if isinstance(value, list) else [value]
    else:
        yield _WORDS.get(name, name), value


def _format(wanted: Any) -> Iterator[tuple[str, Any]]:
    """`response_format` of chat completions in Gemini's fields."""
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind in ("json_object", "json_schema"):
        yield "responseMimeType", "application/json"
    if kind == "json_schema" and isinstance(wanted.get("json_schema"), Mapping):
        yield "responseJsonSchema", wanted["json_schema"].get("schema")


def decode(recording: Recording) -> Reply:
    """The reply in a recorded body. Raises ProviderError: an error inside it, no JSON, no candidate."""
    body = first_of(completion.body_of(recording))
    if is_withheld(body):
        return Reply("", finish_reason="filter", seconds=recording.seconds)
    error = error_in(body, 200)
    if error:
        raise error
    if not isinstance(body, Mapping):
        raise ProviderError("transient", "the reply has no candidates")
    candidates, feedback = body.get("candidates"), body.get("promptFeedback")
    if isinstance(candidates, list) and candidates and isinstance(candidates[0], Mapping):
        return _reply(body, candidates[0], recording)
    if isinstance(feedback, Mapping) and feedback.get("blockReason"):
        return _reply(body, {"finishReason": "SAFETY"}, recording)
    raise ProviderError("transient", "the reply has no candidates")


def _reply(body: Mapping[str, Any], candidate: Mapping[str, Any], recording: Recording) -> Reply:
    parts, calls = _parts(candidate.get("content")), []
    for number, part in enumerate(part for part in parts if isinstance(part.get("functionCall"), Mapping)):
        call = part["functionCall"]
        function = {"name": call.get("name"), "arguments": json.dumps(call.get("args") or {}, ensure_ascii=False)}
        calls.append({"id": call.get("id") or f"call_{number}", "type": "function", "function": function})
    reason = completion.finish_reason(candidate.get("finishReason"))
    return Reply(
        text="".join(completion.text_of(part.get("text")) for part in parts if not part.get("thought")),
        reasoning="".join(completion.text_of(part.get("text")) for part in parts if part.get("thought")),
        tool_calls=tuple(calls),
        finish_reason="tools" if calls and reason == "stop" else reason,
        model=completion.text_of(body.get("modelVersion")),
        usage=_usage(body.get("usageMetadata")),
        usd=stated_usd(body, recording.headers),
        seconds=recording.seconds,
    )


def _parts(content: Any) -> list[Mapping[str, Any]]:
    """The parts of a content; none where there are none, which is what a reply without text looks like."""
    parts = content.get("parts") if isinstance(content, Mapping) else None
    return [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []


def _usage(usage: Any) -> Usage:
    """Tokens; thinking is counted beside the visible ones, and is in the total."""
    if not isinstance(usage, Mapping):
        return Usage()
    return Usage(
        as_int(usage.get("promptTokenCount")) or None,
        as_int(usage.get("candidatesTokenCount")),
        as_int(usage.get("thoughtsTokenCount")) or None,
        as_int(usage.get("cachedContentTokenCount")),
        as_int(usage.get("totalTokenCount")) or None,
    )


def connect(name: str, settings: Settings) -> GenerateContent:
    """The provider `gemini`."""
    return GenerateContent(VENDORS[name], settings.environ)
