"""Anthropic's Messages and Gemini's generateContent: what they are asked, and what is made of what they answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import catalog
from evalkit.errors import ProviderError, UserError
from evalkit.providers.interface import Provider
from evalkit.records.exchange import Recording, Reply, Request, Usage
from evalkit.records.spec import Message
from evalkit.settings import Settings
from tests.providers.bodies import Bad, Row
from tests.servers import Answer, Server

KEY = "sk-0123456789abcdef"
VARIABLES = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "gemini": ("GEMINI_API_KEY", "GEMINI_BASE_URL"),
}
TALK = (Message("system", "Be brief."), Message("user", "Hi"), Message("assistant", "Yes?"), Message("user", "Grüß"))


def provider(name: str, url: str = "http://nowhere.invalid") -> Provider:
    key, address = VARIABLES[name]
    return catalog.provider(name, Settings(environ={key: KEY, address: url}))


def request(name: str, params: Mapping[str, Any] | None = None) -> Request:
    return Request(name, "a-model", TALK, params or {}, timeout=5.0)


def claude(*blocks: Any, stop: Any = "end_turn", **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(blocks), "stop_reason": stop, **more}


def gemini(*parts: Any, finish: Any = "STOP", **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": finish}], **more}


OK = {"type": "text", "text": "ok"}
_CALL = {"type": "function", "function": {"name": "get_order", "arguments": '{"id": "Ä-1"}'}}

CLAUDE = (
    Row(
        "a reply as it comes",
        claude(OK, model="claude-x-2026", usage={"input_tokens": 9, "output_tokens": 3}, id="msg_1"),
        Reply("ok", model="claude-x-2026", usage=Usage(9, 3, None, None, 12)),
    ),
    Row("texts are one text", claude(OK, {"type": "text", "text": "!"}), Reply("ok!")),
    Row(
        "thinking is kept apart",
        claude({"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "redacted_thinking"}, OK),
        Reply("ok", reasoning="hm"),
    ),
    Row("nothing to say", claude(), Reply("")),
    Row("blocks of other kinds", claude({"type": "server_tool_use", "name": "web_search"}, None, "x", OK), Reply("ok")),
    Row(
        "a tool call",
        claude({"type": "tool_use", "id": "t1", "name": "get_order", "input": {"id": "Ä-1"}}, stop="tool_use"),
        Reply("", tool_calls=({"id": "t1", **_CALL},), finish_reason="tools"),
    ),
    Row("cut off", claude(OK, stop="max_tokens"), Reply("ok", finish_reason="length")),
    Row("no room left", claude(OK, stop="model_context_window_exceeded"), Reply("ok", finish_reason="length")),
    Row("a stop sequence", claude(OK, stop="stop_sequence"), Reply("ok")),
    Row("a refusal without words", claude(stop="refusal"), Reply("", finish_reason="refusal")),
    Row("a refusal after words", claude(OK, stop="refusal"), Reply("ok", finish_reason="refusal")),
    Row("a pause", claude(OK, stop="pause_turn"), Reply("ok", finish_reason="pause_turn")),
    Row("no reason", claude(OK, stop=None), Reply("ok")),
    Row(
        "what was cached is part of the prompt",
        claude(OK, usage={"input_tokens": 1, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 9,
            "output_tokens": 3}),
        Reply("ok", usage=Usage(100, 3, None, 90, 103)),
    ),
    Row("usage that is none", claude(OK, usage=[7]), Reply("ok")),
    Row(
        "a filter, as HTTP 400",
        {"type": "error", "error": {"type": "invalid_request_error",
            "message": "Output blocked by content filtering policy"}},
        Reply("", finish_reason="filter"),
        400,
    ),
    Row("an error inside a 200", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        Bad("transient", "Overloaded")),
    Row("no content", {"type": "message"}, Bad("transient", "the reply has no content")),
    Row("content that is a text", {"content": "ok"}, Bad("transient", "the reply has no content")),
    Row("a list", [], Bad("transient", "the reply has no content")),
    Row("a page", b"<html>", Bad("transient", "not JSON: <html>")),
    Row("529", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        Bad("transient", "529 from HOST: Overloaded"), 529),
    Row("429", {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}},
        Bad("transient", "Slow down"), 429),
    Row("401", {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}},
        Bad("terminal", "invalid x-api-key (the key is from ANTHROPIC_API_KEY)"), 401),
    Row("403", {"type": "error", "error": {"type": "permission_error", "message": "no"}}, Bad("terminal", "no"), 403),
    Row("404", {"type": "error", "error": {"type": "not_found_error", "message": "model: claude-y"}},
        Bad("terminal", "404 from HOST: model: claude-y"), 404),
    Row("400", {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: Field required"}},
        Bad("rejected", "Field required"), 400),
    Row("400, no money", {"type": "error", "error": {"type": "invalid_request_error",
        "message": "Your credit balance is too low to access the Anthropic API"}},
        Bad("terminal", "credit balance"), 400),
    Row("413", {"type": "error", "error": {"type": "request_too_large", "message": "Too large"}},
        Bad("rejected", "Too large"), 413),
)  # fmt: skip

GEMINI = (
    Row(
        "a reply as it comes",
        gemini({"text": "ok"}, modelVersion="gemini-x-001", responseId="r", usageMetadata={"promptTokenCount": 9,
            "candidatesTokenCount": 3, "thoughtsTokenCount": 20, "totalTokenCount": 32, "cachedContentTokenCount": 4}),
        Reply("ok", model="gemini-x-001", usage=Usage(9, 3, 20, 4, 32)),
    ),
    Row("texts are one text", gemini({"text": "o"}, {"text": "k"}), Reply("ok")),
    Row("thoughts are kept apart", gemini({"text": "hm", "thought": True}, {"text": "ok"}),
        Reply("ok", reasoning="hm")),
    Row(
        "a call of a function",
        gemini({"functionCall": {"name": "get_order", "args": {"id": "Ä-1"}}, "thoughtSignature": "s"}),
        Reply("", tool_calls=({"id": "call_0", **_CALL},), finish_reason="tools"),
    ),
    Row("a call with an id of its own",
        gemini({"functionCall": {"id": "f", "name": "get_order", "args": {"id": "Ä-1"}}}),
        Reply("", tool_calls=({"id": "f", **_CALL},), finish_reason="tools")),
    Row("no parts", {"candidates": [{"content": {"role": "model"}, "finishReason": "STOP"}]}, Reply("")),
    Row("no content", {"candidates": [{"finishReason": "STOP"}]}, Reply("")),
    Row("thinking took the whole budget",
        {"candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}]},
        Reply("", finish_reason="length")),
    Row("cut off", gemini({"text": "o"}, finish="MAX_TOKENS"), Reply("o", finish_reason="length")),
    *(Row(f"withheld: {word}", gemini(finish=word), Reply("", finish_reason="filter"))
      for word in ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY")),
    Row("a call that is none", gemini(finish="MALFORMED_FUNCTION_CALL"),
        Reply("", finish_reason="MALFORMED_FUNCTION_CALL")),
    Row("parts that are none", gemini(None, "x", {"inlineData": {}}, {"text": "ok"}), Reply("ok")),
    Row(
        "the prompt was blocked",
        {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9},
            "modelVersion": "gemini-x"},
        Reply("", finish_reason="filter", model="gemini-x", usage=Usage(9)),
    ),
    Row("a prompt that was looked at and let through", gemini({"text": "ok"}, promptFeedback={"safetyRatings": []}),
        Reply("ok")),
    Row("in a list", [gemini({"text": "ok"})], Reply("ok")),
    Row("withheld, as HTTP 400", {"error": {"code": "content_filter", "message": "no"}},
        Reply("", finish_reason="filter"), 400),
    Row("no candidates", {"promptFeedback": {}}, Bad("transient", "the reply has no candidates")),
    Row("candidates that are null", {"candidates": None}, Bad("transient", "the reply has no candidates")),
    Row("a candidate that is null", {"candidates": [None]}, Bad("transient", "the reply has no candidates")),
    Row("a text", b'"ok"', Bad("transient", "the reply has no candidates")),
    Row("nothing", b"", Bad("transient", "it is empty")),
    Row("an error inside a 200", {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}},
        Bad("transient", "overloaded")),
    Row("400", {"error": {"code": 400, "message": 'Unknown name "sed"', "status": "INVALID_ARGUMENT"}},
        Bad("rejected", "Unknown name"), 400),
    Row("a bad key, as HTTP 400", {"error": {"code": 400, "message": "API key not valid.", "details":
        [{"reason": "API_KEY_INVALID"}]}}, Bad("terminal", "API key not valid. (the key is from GEMINI_API_KEY)"), 400),
    Row("403", {"error": {"code": 403, "message": "disabled", "status": "PERMISSION_DENIED"}},
        Bad("terminal", "disabled"), 403),
    Row("404", {"error": {"code": 404, "message": "models/x is not found", "status": "NOT_FOUND"}},
        Bad("terminal", "404 from HOST: models/x is not found"), 404),
    Row("500", {"error": {"code": 500, "message": "An internal error"}}, Bad("transient", "internal"), 500),
    Row("503", {"error": {"code": 503, "message": "The model is overloaded."}}, Bad("transient", "overloaded"), 503),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "row"),
    [*(("anthropic", row) for row in CLAUDE), *(("gemini", row) for row in GEMINI)],
    ids=lambda item: item if isinstance(item, str) else item.name,
)
def test_what_a_native_api_answers_is_a_reply_or_an_error_of_a_kind(name: str, row: Row) -> None:
    with Server(lambda number, body, headers: Answer(row.status, row.headers, row.raw)) as server:
        asked, question = provider(name, server.url.removesuffix("/v1")), request(name)
        if isinstance(row.expected, Reply):
            recording = asked.send(question, asked.encode(question))
            assert replace(asked.decode(recording), seconds=0.0) == row.expected
            assert asked.decode(recording).seconds == recording.seconds
            return
        with pytest.raises(ProviderError) as caught:
            asked.decode(asked.send(question, asked.encode(question)))
    assert caught.value.kind == row.expected.kind
    assert row.expected.says.replace("HOST", f"127.0.0.1:{server.port}") in caught.value.message


def sent(name: str, params: Mapping[str, Any] | None = None) -> tuple[str, Any]:
    """(path, body) that a server sees."""
    with Server(lambda number, body, headers: Answer()) as server:
        asked, question = provider(name, server.url.removesuffix("/v1")), request(name, params)
        asked.send(question, asked.encode(question))
    (seen,) = server.seen
    return seen.path, seen.json


CLAUDE_ASKED = {
    "model": "a-model",
    "max_tokens": 4096,
    "system": "Be brief.",
    "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "Grüß"},
    ],
}
GEMINI_ASKED = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "Hi"}]},
        {"role": "model", "parts": [{"text": "Yes?"}]},
        {"role": "user", "parts": [{"text": "Grüß"}]},
    ],
}
SCHEMA = {"type": "object"}


@pytest.mark.parametrize(
    ("params", "body"),
    [
        ({}, {}),
        ({"temperature": 0, "top_k": 5}, {"temperature": 0, "top_k": 5}),
        ({"max_tokens": 8, "stop": "\n"}, {"max_tokens": 8, "stop_sequences": ["\n"]}),
        ({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}),
        ({"stop": "a", "stop_sequences": ["b"]}, {"stop": "a", "stop_sequences": ["b"]}),  # for Anthropic to refuse
        ({"thinking": {"type": "adaptive"}}, {"thinking": {"type": "adaptive"}}),
    ],
)
def test_claude_is_asked_in_its_own_words(params: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    assert sent("anthropic", params) == ("/v1/messages", {**CLAUDE_ASKED, **body})


@pytest.mark.parametrize(
    ("params", "config"),
    [
        ({"temperature": 0, "seed": 7}, {"temperature": 0, "seed": 7}),
        (
            {"max_tokens": 8, "top_p": 0.5, "top_k": 5, "stop": "\n", "presence_penalty": 1, "frequency_penalty": 1},
            {"maxOutputTokens": 8, "topP": 0.5, "topK": 5, "stopSequences": ["\n"], "presencePenalty": 1,
                "frequencyPenalty": 1},
        ),
        ({"maxOutputTokens": 8, "stop": ["a"]}, {"maxOutputTokens": 8, "stopSequences": ["a"]}),
        ({"thinkingConfig": {"thinkingBudget": 0}}, {"thinkingConfig": {"thinkingBudget": 0}}),
        ({"temperature": 0, "generationConfig": {"temperature": 1}}, {"temperature": 1}),
        ({"response_format": {"type": "json_object"}}, {"responseMimeType": "application/json"}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}},
            {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
        ),
    ],
)  # fmt: skip
def test_gemini_is_asked_in_its_own_words(params: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    path = "/v1beta/models/a-model:generateContent"
    assert sent("gemini", params) == (path, {**GEMINI_ASKED, "generationConfig": config})


def test_gemini_is_sent_what_stands_beside_its_configuration_at_the_top() -> None:
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]
    assert sent("gemini", {"safetySettings": safety})[1] == {**GEMINI_ASKED, "safetySettings": safety}
    assert sent("gemini", {"response_format": {"type": "text"}})[1] == GEMINI_ASKED


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"max_tokens": 8, "maxOutputTokens": 9}, "maxOutputTokens"),
        ({"stopSequences": ["a"], "stop": "b"}, "stopSequences"),
        ({"response_format": {"type": "json_object"}, "responseMimeType": "text/x.enum"}, "responseMimeType"),
    ],
)
def test_two_params_for_one_field_of_gemini_are_the_users_to_mend(params: Mapping[str, Any], field: str) -> None:
    for order in (params, dict(reversed(list(params.items())))):
        with pytest.raises(UserError, match=f"both mean Gemini's `{field}`"):
            provider("gemini").encode(request("gemini", order))


@pytest.mark.parametrize("name", VARIABLES)
def test_another_model_is_another_question_and_the_order_of_params_is_none(name: str) -> None:
    asked, question = provider(name), request(name, {"temperature": 0, "max_tokens": 8})
    assert asked.encode(question) == asked.encode(replace(question, params={"max_tokens": 8, "temperature": 0}))
    assert asked.encode(question) == asked.encode(replace(question, draw=2, case="x", timeout=1.0))
    assert asked.encode(question) != asked.encode(replace(question, model="another"))


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("role", ["system", "developer", "tool"])
def test_a_message_that_has_no_place_is_the_users_to_move(name: str, role: str) -> None:
    messages = (Message("user", "Hi"), Message(role, "Be brief."))
    with pytest.raises(UserError) as caught:
        provider(name).encode(replace(request(name), messages=messages))
    assert caught.value.message == f"{name} has no place for a message of `{role}` in a conversation"


@pytest.mark.parametrize("name", VARIABLES)
def test_several_system_messages_at_the_front_are_one_text(name: str) -> None:
    messages = (Message("system", "Be brief."), Message("developer", "Be kind."), Message("user", "Hi"))
    body = json.loads(provider(name).encode(replace(request(name), messages=messages)))
    assert "Be brief.\\n\\nBe kind." in json.dumps(body.get("system") or body["systemInstruction"])


@pytest.mark.parametrize("name", VARIABLES)
def test_a_key_in_an_error_is_not_shown(name: str) -> None:
    with pytest.raises(ProviderError) as caught:
        provider(name).decode(Recording(json.dumps({"error": {"message": f"bad {KEY}"}}).encode()))
    assert caught.value.message == "bad [redacted]"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    *("content", "type", "text", "thinking", "stop_reason", "usage", "input", "error"),
    *("candidates", "parts", "functionCall", "finishReason", "promptFeedback", "blockReason", "usageMetadata"),
)
BODIES = st.recursive(
    JSON | st.sampled_from(["text", "tool_use", "thinking", "STOP"]),
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=5) | st.lists(inner, max_size=2),
)


@given(st.sampled_from(sorted(VARIABLES)), BODIES)
def test_whatever_they_send_ends_as_a_reply_or_a_provider_error(name: str, body: Any) -> None:
    try:
        reply = provider(name).decode(Recording(json.dumps(body).encode()))
    except ProviderError:
        return
    assert isinstance(reply.text, str)
