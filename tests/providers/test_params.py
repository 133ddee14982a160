"""Params held against their vendor before it is asked: what is sent, what is warned of, what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.providers.dialects import CHAT
from evalkit.providers.params import fitted
from evalkit.providers.vendors import VENDORS

SENT_AS_IT_IS = "it is sent as it is; below `extra_body:` it is sent without this warning"


def said(provider: str, params: Mapping[str, Any], model: str = "m") -> list[tuple[str, bool, str]]:
    """(param, whether it is an error, message) of each remark."""
    return [(each.name, each.is_error, each.message) for each in fitted(provider, model, params).remarks]


@pytest.mark.parametrize("name", [*VENDORS, "local", "echo", "scripted", "a-plug-in"])
def test_nobody_is_sent_a_seed_a_temperature_or_an_n_that_was_not_written(name: str) -> None:
    found = fitted(name, "m", {})
    assert (dict(found.params), found.remarks) == ({"max_tokens": 4096} if name == "anthropic" else {}, ())


@pytest.mark.parametrize("name", VENDORS)
def test_what_every_vendor_takes_is_sent_as_it_was_written(name: str) -> None:
    params = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 8, "stop": ["\n"]}
    found = fitted(name, "m", params)
    assert (found.params, found.remarks) == (params, ())


UNKNOWN = [
    ("aimlapi", "temprature", f"did you mean `temperature`? {SENT_AS_IT_IS}"),
    ("openai", "max_token", f"did you mean `max_tokens`? {SENT_AS_IT_IS}"),
    ("openai", "min_p", SENT_AS_IT_IS),
    ("groq", "zzz", SENT_AS_IT_IS),
    ("local", "temprature", f"did you mean `temperature`? {SENT_AS_IT_IS}"),
    ("anthropic", "top-k", f"did you mean `top_k`? {SENT_AS_IT_IS}"),
    ("gemini", "thinking_config", f"did you mean `thinkingConfig`? {SENT_AS_IT_IS}"),
]


@pytest.mark.parametrize(("provider", "name", "help"), UNKNOWN)
def test_an_unknown_param_is_sent_and_warned_of_with_the_nearest(provider: str, name: str, help: str) -> None:
    found = fitted(provider, "m", {name: 1})
    (remark,) = found.remarks
    assert (remark.name, remark.is_error, remark.help) == (name, False, help)
    assert remark.message == f"{provider} knows no parameter `{name}`"
    assert found.params[name] == 1


@pytest.mark.parametrize(("provider", "name"), [("openrouter", "top_k"), ("vllm", "min_tokens"), ("aimlapi", "top_k"),
    ("local", "mirostat"), ("llamacpp", "grammar"), ("deepseek", "thinking"), ("gemini", "thinkingConfig"),
    ("gemini", "safetySettings"), ("anthropic", "thinking"), ("mistral", "safe_prompt")])  # fmt: skip
def test_a_vendor_may_have_more_params_than_others(provider: str, name: str) -> None:
    assert said(provider, {name: 1}) == []


def test_an_endpoint_of_ones_own_may_have_any_servers_params_also_under_a_vendors_name() -> None:
    assert fitted("mine", "m", {"min_tokens": 1, "mirostat": 2}, is_own=True).remarks == ()
    assert fitted("mistral", "m", {"seed": 1}, is_own=True).params == {"seed": 1}


@pytest.mark.parametrize("provider", ["echo", "scripted", "a-plug-in"])
def test_what_is_no_vendor_gets_all_params_as_they_are(provider: str) -> None:
    params = {"x": 1, "extra_body": {"y": 2}, "omit": ["x"]}
    assert fitted(provider, "m", params).params == params
    assert said(provider, params) == []


RANGES = [
    ("seed", [1, 7], [0, -1, 1.5, "1", True], "a whole number from 1 up"),
    ("top_p", [0.01, 0.5, 1, 1.0], [0, 0.0, 0.009, 1.01, "1"], "a number from 0.01 to 1"),
    ("temperature", [0, 0.0, 1, 2], [-0.1, 2.1, "0", True, [0]], "a number from 0 to 2"),
    ("frequency_penalty", [-2, 0, 2], [-2.1, 2.1, "0"], "a number from -2 to 2"),
    ("presence_penalty", [-2, 0, 2], [-2.1, 2.1, "0"], "a number from -2 to 2"),
    ("max_tokens", [1, 1.5, 10**9], [0, -1, "8"], "a number from 1 up"),
    ("max_completion_tokens", [1, 10**9], [0, 1.5, "8"], "a whole number from 1 up"),
    ("n", [1], [0, 1.5, "1"], "a whole number from 1 up"),
    (
        "response_format",
        [{"type": "text"}, {"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "x"}}],
        [{"type": "json"}, {}, "json_object", []],
        "a mapping whose `type` is text, json_object or json_schema",
    ),
]


@pytest.mark.parametrize(("name", "right", "wrong", "takes"), RANGES, ids=[name for name, *_ in RANGES])
def test_aimlapis_documented_ranges_are_held_before_it_is_asked(
    name: str, right: list[Any], wrong: list[Any], takes: str
) -> None:
    assert [said("aimlapi", {name: value}) for value in right] == [[]] * len(right)
    for value in wrong:
        assert said("aimlapi", {name: value}) == [
            (name, True, f"`{name}` is {json.dumps(value)}, and aimlapi takes {takes}")
        ]


def test_a_long_value_is_shown_by_its_beginning() -> None:
    (remark,) = fitted("aimlapi", "m", {"seed": "x" * 1000}).remarks
    assert remark.message == f'`seed` is "{"x" * 58}…, and aimlapi takes a whole number from 1 up'


def test_claude_is_no_warmer_than_1_and_gemini_no_warmer_than_2() -> None:
    assert said("anthropic", {"temperature": 1.5}) == [
        ("temperature", True, "`temperature` is 1.5, and anthropic takes a number from 0 to 1")
    ]
    assert said("gemini", {"temperature": 1.5}) == []
    assert said("gemini", {"temperature": 2.5}) != []


RENAMED = [
    ("openai", "o4-mini", "max_tokens", "max_completion_tokens"),
    ("openai", "gpt-5-nano", "max_tokens", "max_completion_tokens"),
    ("openai", "ft:o3:me", "max_tokens", "max_completion_tokens"),
    ("azure", "gpt-5", "max_tokens", "max_completion_tokens"),
    ("openrouter", "openai/o4-mini", "max_completion_tokens", "max_tokens"),
    ("together", "m", "max_completion_tokens", "max_tokens"),
    ("deepseek", "m", "max_completion_tokens", "max_tokens"),
    ("ollama", "m", "max_completion_tokens", "max_tokens"),
    ("mistral", "m", "max_completion_tokens", "max_tokens"),
    ("anthropic", "m", "max_completion_tokens", "max_tokens"),
    ("gemini", "m", "max_completion_tokens", "max_tokens"),
    ("mistral", "m", "seed", "random_seed"),
]


@pytest.mark.parametrize(("provider", "model", "name", "theirs"), RENAMED)
def test_a_param_that_goes_by_another_name_is_sent_under_it_and_said_so(
    provider: str, model: str, name: str, theirs: str
) -> None:
    assert fitted(provider, model, {name: 8}).params == {theirs: 8}
    assert said(provider, {name: 8}, model) == [
        (name, False, f"`{name}` is sent as `{theirs}`: {provider}/{model} knows it by that name")
    ]
    both = fitted(provider, model, {name: 8, theirs: 9})
    assert both.params == {theirs: 9}
    assert f"`{name}` is not sent beside `{theirs}`" in both.remarks[0].message


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4o-mini", "chatgpt-4o-latest", "omni", "my-o4"])
def test_both_names_of_the_token_limit_stay_where_both_are_known(model: str) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        assert fitted("openai", model, {name: 8}).params == {name: 8}


@pytest.mark.parametrize(
    ("provider", "name"),
    [("gemini-openai", "seed"), ("groq", "logprobs"), ("groq", "logit_bias"), ("ollama", "n"), ("anthropic", "seed"),
     ("ollama", "tool_choice"), ("anthropic", "response_format"), ("gemini", "logit_bias"),
     ("gemini", "reasoning_effort")],
)  # fmt: skip
def test_a_param_that_a_vendor_lacks_is_not_sent_and_said_so(provider: str, name: str) -> None:
    found = fitted(provider, "m", {name: 1})
    (remark,) = found.remarks
    assert (remark.name, remark.is_error) == (name, False)
    assert remark.message == f"`{name}` is not sent: {provider} has no such parameter"
    assert name not in found.params


def test_a_model_that_reasons_is_sent_its_temperature_with_a_warning() -> None:
    found = fitted("openai", "o4-mini", {"temperature": 0})
    assert found.params == {"temperature": 0}
    assert [remark.help for remark in found.remarks] == ["if it is refused, take it away with `temperature: null`"]


def test_extra_body_is_merged_at_the_top_as_it_is_and_unchecked() -> None:
    params = {"temperature": 0, "extra_body": {"temperature": 9, "seed": 0, "zzz": None}}
    found = fitted("aimlapi", "m", params)
    assert (found.params, found.remarks) == ({"temperature": 9, "seed": 0, "zzz": None}, ())


def test_what_a_vendor_lacks_is_sent_all_the_same_by_extra_body() -> None:
    assert fitted("gemini-openai", "m", {"extra_body": {"seed": 1}}).params == {"seed": 1}


def test_omit_names_what_is_not_sent_and_then_is_not_checked() -> None:
    params = {"temperature": 9, "seed": 0, "max_tokens": 8, "omit": ["seed", "temperature", "top_p"]}
    found = fitted("aimlapi", "m", params)
    assert (found.params, found.remarks) == ({"max_tokens": 8}, ())


REFUSED = [
    ({"extra_body": [1]}, "extra_body", "`extra_body` is no mapping"),
    ({"omit": "seed"}, "omit", "`omit` is no list of names"),
    ({"omit": [1]}, "omit", "`omit` is no list of names"),
    ({"extra_body": {"messages": []}}, "extra_body", "`messages` is no parameter"),
    ({"omit": ["model"]}, "omit", "`model` is no parameter"),
    ({"model": "other"}, "model", "`model` is no parameter"),
    ({"messages": []}, "messages", "`messages` is no parameter"),
    ({"stream": True}, "stream", "replies are read whole, and a stream is none"),
]


@pytest.mark.parametrize(("params", "name", "message"), REFUSED)
def test_params_that_would_take_the_questions_place_or_break_the_reply_are_refused(
    params: Mapping[str, Any], name: str, message: str
) -> None:
    assert said("aimlapi", params) == [(name, True, message)]


def test_more_than_one_reply_is_warned_of() -> None:
    assert said("aimlapi", {"n": 3}) == [("n", False, "3 replies are paid for and the first is scored")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from([*CHAT, "extra_body", "omit", "model", "messages", "stop_sequences"]) | st.text(max_size=8)


@given(st.sampled_from([*VENDORS, "local"]), st.sampled_from(["m", "o9"]), st.dictionaries(NAMES, JSON, max_size=6))
def test_no_param_is_dropped_or_renamed_without_a_word(provider: str, model: str, params: dict[str, Any]) -> None:
    given_to = json.dumps(params)
    found = fitted(provider, model, params)
    remarked = {remark.name for remark in found.remarks}
    omitted = params.get("omit")
    meant = {*omitted, "omit", "extra_body"} if isinstance(omitted, list) and "omit" not in remarked else {"extra_body"}
    assert {*params} - {*found.params} <= remarked | meant
    assert json.dumps(params) == given_to
