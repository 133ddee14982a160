"""Prompts, models and checks as the format says; what the command line replaces and what it keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.spec.render import render_messages
from tests.spec.loading import asked, cases_of, loaded, spec_of

TAIL = "expect: {contains: a}\ncases: [{id: one, vars: {text: hi}}]\n"


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("'Say {{ text }}'", [("user", "Say hi")]),
        ("[{system: be kind}, {user: '{{ text }}'}]", [("system", "be kind"), ("user", "hi")]),
        ("[{role: assistant, content: '{{ text }}'}]", [("assistant", "hi")]),
        ("|\n  Say\n  {% if text %}\n  {{ text }}\n  {% endif %}\n  end", [("user", "Say\nhi\nend")]),
        ("[{user: 5}, {user: '{{ text }}'}]", [("user", "5"), ("user", "hi")]),
    ],
)
def test_a_prompt_is_a_text_or_a_list_of_messages(tmp_path: Path, prompt: str, said: list[tuple[str, str]]) -> None:
    spec = spec_of(tmp_path, f"prompt: {prompt}\n" + TAIL)
    assert asked(spec, cases_of(spec)["one"]) == said


def test_messages_come_from_data_and_what_they_say_is_never_a_template(tmp_path: Path) -> None:
    rows = '{"id": "a", "history": [{"role": "user", "content": "{{ x }}"}, {"assistant": "ok"}], "q": "and?"}\n'
    text = (
        "prompt:\n  - messages: '{{ history }}'\n  - user: '{{ q }}'\nexpect: {contains: a}\ncases: [{file: h.jsonl}]\n"
    )
    spec = spec_of(tmp_path, text, {"h.jsonl": rows})
    assert asked(spec, cases_of(spec)["a"]) == [("user", "{{ x }}"), ("assistant", "ok"), ("user", "and?")]


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ('"hello"', "`messages` is no list"),
        ("[1]", "message 1 has no role and text"),
        ('[{"role": "tool", "content": "x"}]', "message 1 has no role and text"),
        ('[{"user": "a"}, {"role": "user"}]', "message 2 has no role and text"),
    ],
)
def test_messages_of_data_that_are_none_are_a_problem_of_the_case(tmp_path: Path, history: str, message: str) -> None:
    text = "prompt: [{messages: '{{ history }}'}]\nexpect: {contains: a}\ncases: [{file: h.jsonl}]\n"
    (problem,) = loaded(tmp_path, text, {"h.jsonl": f'{{"id": "a", "history": {history}}}\n'}).errors
    assert problem.message == f"{message} (in case `a`)"


def test_every_prompt_by_name_is_a_variant(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "prompts: {terse: '{{ text }}', careful: [{system: x}, {user: '{{ text }}'}]}\n" + TAIL)
    assert [variant.name for variant in spec.variants] == ["terse", "careful"]


def test_a_null_takes_a_param_away_and_the_model_s_own_win(tmp_path: Path) -> None:
    models = "models: [echo/x, {model: echo/y, params: {temperature: null, seed: 2}}]\n"
    spec = spec_of(tmp_path, "prompt: '{{ text }}'\nparams: {temperature: 0, seed: 1}\n" + models + TAIL)
    assert [dict(model.params) for model in spec.models] == [{"temperature": 0, "seed": 1}, {"seed": 2}]


def test_m_replaces_the_models_and_keeps_the_spec_s_params(tmp_path: Path) -> None:
    text = "prompt: '{{ text }}'\nparams: {temperature: 0}\nmodel: echo/x\n" + TAIL
    (model,) = spec_of(tmp_path, text, models=("echo/z",)).models
    assert (model.name, dict(model.params)) == ("echo/z", {"temperature": 0})


@pytest.mark.parametrize(
    ("environ", "settings", "name"),
    [
        ({}, "", "local/smollm2"),
        ({}, '[tool.evalkit]\nmodel = "echo/file"\n', "echo/file"),
        ({"EVALKIT_MODEL": "echo/env"}, '[tool.evalkit]\nmodel = "echo/file"\n', "echo/env"),
    ],
)
def test_without_a_model_the_machine_says_which(
    tmp_path: Path, environ: dict[str, str], settings: str, name: str
) -> None:
    spec = spec_of(tmp_path, "prompt: '{{ text }}'\n" + TAIL, {"pyproject.toml": settings}, environ=environ)
    assert [model.name for model in spec.models] == [name]


def test_a_check_s_extract_replaces_the_spec_s_and_groups_pass_it_on(tmp_path: Path) -> None:
    text = (
        "prompt: '{{ text }}'\nextract: json\npath: a.b\nexpect:\n"
        "  - contains: x\n"
        "  - {contains: x, extract: []}\n"
        "  - {any_of: [{contains: x}, {contains: y, path: c}], source: reasoning}\n"
        "cases: [{vars: {text: hi}}]\n"
    )
    (case,) = spec_of(tmp_path, text).cases
    plain, whole, group = case.checks
    assert ([step.kind for step in plain.extract], plain.path) == (["json"], "a.b")
    assert (whole.extract, whole.path) == ((), "")
    assert [(part.source, part.path) for part in group.parts] == [("reasoning", "a.b"), ("reasoning", "c")]
    assert (group.source, group.path) == ("", "")


def test_the_place_of_a_message_survives_rendering_errors_only(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "prompt: '{{ text }}'\n" + TAIL)
    assert render_messages(spec.variants[0], cases_of(spec)["one"])[0].place.file == ""
