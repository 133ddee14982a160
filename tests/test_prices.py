"""What a call costs: by the reply, by the settings, by the price list; unknown is never zero."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from evalkit.prices import MOST_TOKENS, Size, Tariff, size_of, stated_usd
from evalkit.records.exchange import Reply, Request, Usage
from evalkit.records.machine import Price
from evalkit.records.spec import Message

MINE = Tariff({"mine/m": Price(input=1.0, output=10.0, cached=0.1), "mine/plain": Price(input=1.0, output=10.0)})
NOTHING = Tariff()
MILLION = 1_000_000


def asked(model: str, text: str = "", **params: Any) -> Request:
    """A request to `provider/model`."""
    provider, _, identity = model.partition("/")
    return Request(provider, identity, (Message("user", text),), params)


@pytest.mark.parametrize(
    ("body", "headers", "usd"),
    [
        ({}, {}, None),
        ({"meta": {"usage": {"usd_spent": 0.5}}}, {}, 0.5),
        ({"usage": {"cost": "0.25"}}, {}, 0.25),
        ({"usage": {"cost": 0}}, {}, 0.0),
        ({"usage": {"cost": 9}}, {"x-litellm-response-cost": "0.125"}, 0.125),
        ({"usage": {"cost": -1}}, {"x-aimlapi-usd-spent": "no"}, None),
        ({"usage": {"cost": True}, "meta": []}, {}, None),
    ],
)
def test_a_reply_says_what_it_cost(body: dict[str, Any], headers: dict[str, str], usd: float | None) -> None:
    assert stated_usd(body, headers) == usd


@pytest.mark.parametrize(
    ("model", "usage", "usd"),
    [
        ("mine/m", Usage(MILLION, MILLION), 11.0),
        ("mine/m", Usage(MILLION, 0, cached_tokens=MILLION // 2), 0.55),
        ("mine/m", Usage(MILLION, 0, cached_tokens=MILLION * 9), 0.1),
        ("mine/plain", Usage(MILLION, 0, cached_tokens=MILLION), 1.0),
        ("mine/m", Usage(0, MILLION, reasoning_tokens=MILLION // 2), 10.0),
        ("mine/m", Usage(MILLION, MILLION, MILLION, total_tokens=3 * MILLION), 21.0),
        ("mine/m", Usage(MILLION, MILLION, total_tokens=5), 11.0),
        ("mine/m", Usage(), None),
        ("mine/m", Usage(MILLION, None), None),
        ("mine/other", Usage(MILLION, MILLION), None),
        ("local/smollm2", Usage(MILLION, MILLION), 0.0),
        ("echo/x", Usage(1, 1), 0.0),
        ("scripted/a.yaml", Usage(1, 1), 0.0),
    ],
)
def test_usage_has_the_price_of_the_settings(model: str, usage: Usage, usd: float | None) -> None:
    assert MINE.priced(asked(model), Reply("hi", usage=usage)) == Reply("hi", usage=usage, usd=usd)


def test_what_the_reply_says_it_cost_counts_before_any_price() -> None:
    reply = Reply("hi", usage=Usage(MILLION, MILLION), usd=0.5)
    assert MINE.priced(asked("mine/m"), reply) == reply


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("openai/gpt-4o-2024-08-06", 12.5),
        ("anthropic/claude-sonnet-4-5", 28.5),  # dearer beyond 200,000 tokens
        ("gemini/gemini-2.5-flash-lite", 0.5),
        ("gemini/models/gemini-2.5-flash-lite", 0.5),
        ("openrouter/google/gemini-2.5-flash-lite", 0.5),
        ("aimlapi/google/gemini-2.5-flash-lite-preview", 0.5),
        ("aimlapi/gpt-4o", 12.5),
        ("aimlapi/nobody/knows", None),
        ("openai/nobody-knows", None),
        ("openrouter/deepseek/deepseek-r1:free", None),  # listed without a price
        ("mine/gpt-4o", None),  # an endpoint of one's own may be anyone's
        ("ollama/llama3", None),
    ],
)
def test_usage_has_the_price_of_the_list(model: str, usd: float | None) -> None:
    pytest.importorskip("genai_prices")
    priced = NOTHING.priced(asked(model), Reply("hi", usage=Usage(MILLION, MILLION)))
    assert priced.usd == (None if usd is None else pytest.approx(usd))


def test_a_model_that_answers_for_another_has_its_own_price() -> None:
    pytest.importorskip("genai_prices")
    reply = Reply("hi", usage=Usage(MILLION, 0), model="gpt-4o-mini-2024-07-18")
    assert NOTHING.priced(asked("openai/gpt-4o"), reply) == replace(reply, usd=0.15)


def test_without_the_price_list_a_price_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)  # what an import of a package that is not there finds
    assert NOTHING.estimate(asked("openai/gpt-4o")) is None


@pytest.mark.parametrize(
    ("text", "params", "size"),
    [
        ("", {"max_tokens": 5}, Size(0, 5)),
        ("12345678", {"max_completion_tokens": 7}, Size(2, 7)),
        ("123456789", {"max_tokens": 5.0, "max_completion_tokens": 7}, Size(3, 7)),
        ("é" * 4, {"max_tokens": 5}, Size(2, 5)),
        ("", {"max_tokens": 5, "n": 3}, Size(0, 15)),
        ("", {"extra_body": {"max_tokens": 9}}, Size(5, 9)),
        ("", {"max_tokens": 5, "tools": [{"a": "b" * 32}], "stop": ["ccccccccc"]}, Size(11, 5)),
        ("", {}, Size(0, MOST_TOKENS, is_bounded=False)),
        ("", {"max_tokens": "many"}, Size(0, MOST_TOKENS, is_bounded=False)),
        ("", {"max_tokens": True, "n": 2}, Size(0, MOST_TOKENS * 2, is_bounded=False)),
    ],
)
def test_a_request_has_a_size(text: str, params: dict[str, Any], size: Size) -> None:
    assert size_of(asked("mine/m", text, **params)) == size


def test_the_worst_case_of_a_call_counts_its_prompt_twice_and_a_frame_around_it() -> None:
    request = asked("mine/m", "x" * 400, max_tokens=10)
    assert MINE.estimate(request) == pytest.approx(200e-6)
    assert MINE.worst(request) == pytest.approx(400e-6)
