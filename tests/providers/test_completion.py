"""One parser for what all servers send: a Reply, or a ProviderError that says what to do about it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import ProviderError
from evalkit.providers import completion
from evalkit.records.exchange import Recording, Reply, Request
from evalkit.records.spec import Message
from tests.providers.bodies import ERRORS_INSIDE_A_200, REPLIES, Bad, Row, said

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
KEYS = ("choices", "message", "content", "error", "code", "statusCode", "detail", "usage", "finish_reason", "object")
BODIES = st.recursive(
    JSON, lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=4) | st.lists(inner, max_size=2)
)


@pytest.mark.parametrize("row", REPLIES, ids=lambda row: row.name)
def test_a_body_becomes_a_reply(row: Row) -> None:
    headers = {name.lower(): value for name, value in row.headers.items()}
    assert completion.decode(Recording(row.raw, headers)) == row.expected


@pytest.mark.parametrize("row", ERRORS_INSIDE_A_200, ids=lambda row: row.name)
def test_an_error_inside_a_200_is_never_an_answer(row: Row) -> None:
    assert isinstance(row.expected, Bad)
    with pytest.raises(ProviderError) as caught:
        completion.decode(Recording(row.raw))
    assert caught.value.kind == row.expected.kind
    assert row.expected.says in caught.value.message


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", "stop"), ("end_turn", "stop"), ("eos", "stop"), ("STOP", "stop"), ("stop_sequence", "stop"),
        (None, "stop"), ("", "stop"),
        ("length", "length"), ("MAX_TOKENS", "length"), ("max_tokens", "length"), ("model_length", "length"),
        ("content_filter", "filter"), ("SAFETY", "filter"), ("PROHIBITED_CONTENT", "filter"),
        ("eos_token", "stop"), ("max_output_tokens", "length"), ("sensitive", "filter"), ("RECITATION", "filter"),
        ("refusal", "refusal"),
        ("tool_calls", "tools"), ("function_call", "tools"), ("tool_use", "tools"),
        ("pause_turn", "pause_turn"), (7, "7"),
    ],
)  # fmt: skip
def test_finish_reasons_of_all_servers_have_one_word_each(raw: Any, reason: str) -> None:
    assert completion.decode(Recording(json.dumps(said("x", raw)).encode())).finish_reason == reason


def test_the_seconds_of_a_reply_are_those_it_was_recorded_with() -> None:
    assert completion.decode(Recording(json.dumps(said("x")).encode(), seconds=1.5)).seconds == 1.5


def test_a_body_has_model_messages_and_params_and_nothing_of_our_own() -> None:
    request = Request("aimlapi", "m", (Message("user", "Grüß"),), {"temperature": 0}, draw=3, timeout=9.0, case="c")
    assert completion.encode(request) == (
        b'{"messages":[{"content":"Gr\\u00fc\\u00df","role":"user"}],"model":"m","temperature":0}'
    )
    assert completion.encode(replace(request, draw=1, timeout=1.0, case="d")) == completion.encode(request)


def test_params_cannot_take_the_place_of_the_question() -> None:
    request = Request("aimlapi", "m", (Message("user", "hi"),), {"model": "other", "messages": []})
    assert json.loads(completion.encode(request)) == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_params_that_are_no_json_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        completion.encode(Request("aimlapi", "m", (), {"temperature": float("nan")}))


@given(BODIES)
def test_whatever_a_server_sends_ends_as_a_reply_or_a_provider_error(body: Any) -> None:
    try:
        reply = completion.decode(Recording(json.dumps(body).encode()))
    except ProviderError:
        return
    assert isinstance(reply, Reply)
    assert isinstance(reply.text, str)


@given(st.binary(max_size=50))
def test_bytes_of_any_kind_end_so_too(body: bytes) -> None:
    with pytest.raises(ProviderError):
        completion.decode(Recording(body))


@given(st.dictionaries(st.text(), JSON.filter(lambda value: value == value)), st.randoms())
def test_equal_bodies_are_spelled_alike_whatever_the_order_of_their_keys(params: dict[str, Any], dice: Any) -> None:
    items = list(params.items())
    dice.shuffle(items)
    one = Request("p", "m", (), params)
    try:
        expected = completion.encode(one)
    except ValueError:
        return  # NaN or Infinity inside
    assert completion.encode(replace(one, params=dict(items))) == expected
