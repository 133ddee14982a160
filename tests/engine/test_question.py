"""What a reply is kept under: whatever reaches the model changes it, and nothing else does."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.catalog import provider
from evalkit.engine.question import Question
from evalkit.records.exchange import Request
from evalkit.records.spec import Message
from evalkit.settings import Settings
from tests.projects import Project

Spec = dict[str, Any]
Edit = Callable[[Spec], object]


def _say(spec: Spec, before: str, after: str) -> None:
    """Write a text of the messages in another way."""
    for messages in spec["prompts"].values():
        messages[:] = [{role: text.replace(before, after) for role, text in message.items()} for message in messages]


BASE: Spec = {
    "model": {"model": "openai/gpt-4.1"},
    "params": {"temperature": 0, "max_tokens": 8},
    "prompts": {"short": [{"system": "You label reviews."}, {"user": "Say {{ word }}."}, {"user": "Briefly."}]},
    "expect": [{"contains": "yes"}],
    "cases": [{"id": "a", "vars": {"word": "one"}}, {"id": "b", "vars": {"word": "two"}}],
}
REACHES: Mapping[str, Edit] = {
    "a word of a message": lambda spec: spec["prompts"]["short"][1].update(user="Say {{ word }}!"),
    "white space in a message": lambda spec: spec["prompts"]["short"][1].update(user="Say  {{ word }}."),
    "the first message": lambda spec: spec["prompts"]["short"][0].update(system="You label replies."),
    "one message less": lambda spec: spec["prompts"]["short"].pop(),
    "a message twice": lambda spec: spec["prompts"]["short"].append({"user": "Briefly."}),
    "a role": lambda spec: spec["prompts"]["short"].__setitem__(2, {"assistant": "Briefly."}),
    "the order of messages": lambda spec: spec["prompts"]["short"].reverse(),
    "the value of a parameter": lambda spec: spec["params"].update(temperature=0.1),
    "a parameter more": lambda spec: spec["params"].update(top_p=1),
    "a parameter less": lambda spec: spec["params"].pop("max_tokens"),
    "a parameter of the model's own": lambda spec: spec["model"].update(params={"seed": 1}),
    "the model": lambda spec: spec["model"].update(model="openai/gpt-4.1-mini"),
    "the provider": lambda spec: spec["model"].update(model="aimlapi/gpt-4.1"),
    "the variables": lambda spec: [case["vars"].update(word=case["vars"]["word"].upper()) for case in spec["cases"]],
}
DOES_NOT: Mapping[str, Edit] = {
    "the spec's name": lambda spec: spec.update(name="another"),
    "its description": lambda spec: spec.update(description="Another."),
    "its tags": lambda spec: spec.update(tags=["slow"]),
    "notes of the user's": lambda spec: spec.update({"x-owner": "me"}),
    "checks": lambda spec: spec.update(expect=[{"equals": "no", "ignore_case": True}, {"not": {"regex": "x"}}]),
    "what is extracted": lambda spec: spec.update(extract=["first_line"]),
    "the gate": lambda spec: spec.update(gate={"pass_rate": 0.5, "max_errors": 1}),
    "a budget": lambda spec: spec.update(max_usd=1),
    "the rule of trials": lambda spec: spec.update(trials={"count": 1, "pass": "any"}),
    "the column's name": lambda spec: spec["model"].update(name="hot"),
    "a timeout": lambda spec: spec["model"].update(timeout=600),
    "the variant's name": lambda spec: spec.update(prompts={"long": spec["prompts"].pop("short")}),
    "ids": lambda spec: [case.update(id=f"case-{case['id']}") for case in spec["cases"]],
    "the order of cases": lambda spec: spec["cases"].reverse(),
    "tags of a case": lambda spec: spec["cases"][0].update(tags=["hard"]),
    "the group of a case": lambda spec: spec["cases"][0].update(group="g"),
    "checks of a case": lambda spec: spec["cases"][0].update(expect=[{"contains": "o"}]),
    "a variable that no message reads": lambda spec: spec["cases"][0]["vars"].update(label="good"),
    "a text written as a template": lambda spec: _say(spec, "Briefly.", "{{ 'Brief' }}ly."),
}


def keys(spec: Spec, seed: int = 0, name: str = "spec.yaml", **flags: Any) -> list[str]:
    """The keys of all that a spec asks, sorted; its YAML is written with keys in an order and a style of the seed's."""
    chance = random.Random(seed)
    text = yaml.safe_dump(_shuffled(spec, chance), sort_keys=False, default_flow_style=chance.choice([True, False]))
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), {})
        project.write(name, chance.choice(["", "# a comment\n", "---\n"]) + text)
        return sorted(trial.question.key.hex() for trial in project.plan(name, **flags) if trial.question)


def _shuffled(value: Any, chance: random.Random) -> Any:
    """The same data with the keys of every mapping in another order."""
    if isinstance(value, list):
        return [_shuffled(item, chance) for item in value]
    if isinstance(value, dict):
        return {key: _shuffled(value[key], chance) for key in chance.sample(sorted(value), len(value))}
    return value


def edited(*edits: Edit) -> Spec:
    """The spec after some edits."""
    spec = deepcopy(BASE)
    for edit in edits:
        edit(spec)
    return spec


@lru_cache
def keys_after(edit: str) -> list[str]:
    """The keys after an edit that reaches the model."""
    return keys(edited(REACHES[edit]))


KEYS = keys(BASE)
harmless = st.lists(st.sampled_from(sorted(DOES_NOT)), unique=True).map(lambda names: [DOES_NOT[n] for n in names])
seeds = st.integers(0, 1000)


def test_every_case_has_a_key_of_its_own() -> None:
    assert len(set(KEYS)) == 2


@pytest.mark.parametrize("edit", DOES_NOT)
def test_what_does_not_reach_the_model_changes_no_key(edit: str) -> None:
    assert keys(edited(DOES_NOT[edit])) == KEYS


@pytest.mark.parametrize("edit", REACHES)
def test_what_reaches_the_model_changes_every_key(edit: str) -> None:
    assert set(keys_after(edit)).isdisjoint(KEYS)


@settings(max_examples=40)
@given(harmless, seeds, st.sampled_from(["spec.yaml", "sub/other.yml"]), st.sampled_from([1, 64]))
def test_no_mixture_of_what_does_not_reach_the_model_changes_a_key(
    edits: list[Edit], seed: int, name: str, workers: int
) -> None:
    assert keys(edited(*edits), seed, name, workers=workers, timeout=1.0 + seed) == KEYS


@settings(max_examples=40)
@given(st.sampled_from(sorted(REACHES)), harmless, seeds)
def test_what_reaches_the_model_changes_every_key_in_the_same_way_whatever_else_is_edited(
    edit: str, others: list[Edit], seed: int
) -> None:
    assert keys(edited(REACHES[edit], *others), seed) == keys_after(edit)


def test_cases_of_a_data_file_have_the_keys_of_cases_written_out(project: Project) -> None:
    project.write("words.csv", "word\none\ntwo\n")
    project.write("spec.yaml", json.dumps({**BASE, "cases": {"file": "words.csv"}}))
    assert sorted(t.question.key.hex() for t in project.plan("spec.yaml") if t.question) == KEYS


def test_draws_have_keys_of_their_own_and_the_first_is_that_of_a_single_trial() -> None:
    found = keys(BASE, trials=3)
    assert len(set(found)) == 6
    assert set(KEYS) < set(found)


SETTINGS = Settings()
PROVIDERS = {name: provider(name, SETTINGS) for name in ("openai", "aimlapi", "ollama", "echo", "local")}
texts = st.text(max_size=3)
messages = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), texts), min_size=1, max_size=3)
params = st.dictionaries(
    st.sampled_from(["temperature", "top_p", "seed", "stop"]), st.integers(0, 2) | st.sampled_from([0.5, "a"])
)
requests = st.builds(
    Request,
    provider=st.sampled_from(sorted(PROVIDERS)),
    model=st.sampled_from(["m", "n"]),
    messages=messages.map(tuple),
    params=params,
    case=st.sampled_from(["a", "b"]),
    spec=st.sampled_from(["s", "t"]),
    timeout=st.sampled_from([1.0, 2.0]),
)


def _key(request: Request, draw: int, series: str) -> bytes:
    asked = PROVIDERS[request.provider]
    return Question(asked.name, request.model, asked.encode(request), draw, series).key


def _reaching(request: Request) -> Any:
    """What of a request the model gets to see, and which model it is."""
    said = [(message.role, message.content) for message in request.messages]
    return request.provider, request.model, said, dict(request.params)


@given(requests, requests, st.booleans(), st.integers(1, 2), st.sampled_from("ab"))
def test_keys_are_equal_exactly_where_all_that_reaches_the_model_is(
    one: Request, other: Request, is_alike: bool, draw: int, series: str
) -> None:
    if is_alike:  # but for what does not reach the model
        other = replace(one, case=other.case, spec=other.spec, timeout=other.timeout)
    is_same = _reaching(one) == _reaching(other) and (draw, series) == (1, "a")
    assert (_key(one, 1, "a") == _key(other, draw, series)) == is_same


def test_the_key_of_last_year_is_the_key_of_today() -> None:
    key = Question("openai", "gpt-4.1", b'{"messages":[],"model":"gpt-4.1"}', 2).key.hex()
    assert key == "76a01f67b92826149de274f3e87944e8dd462a7d7fc7ebfbddd166a95957829b"  # else no recording is found
