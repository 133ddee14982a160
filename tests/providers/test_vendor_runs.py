"""Runs over several vendors at once: what each is sent is what is stored, and nothing is bought twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.catalog import PROVIDERS
from evalkit.providers.vendors import VENDORS
from tests.projects import Project, cases
from tests.servers import Answer, Server, reply

KEY = "sk-0123456789abcdef"
SPEC = """
models: [openai/o9, mistral/m, anthropic/claude-x, gemini/gemini-x]
params: {seed: 7, max_tokens: 16}
prompt: [{system: Be brief.}, {user: "Say {{ word }}."}]
expect: {contains: yes}
"""


def answered(number: int, body: Any, headers: Mapping[str, str]) -> Answer:
    """A "yes" in the format of whoever is asked."""
    if "contents" in body:
        found: Any = {"candidates": [{"content": {"parts": [{"text": "yes"}]}, "finishReason": "STOP"}]}
    elif "system" in body:
        found = {"content": [{"type": "text", "text": "yes"}], "stop_reason": "end_turn"}
    else:
        return reply("yes")
    return Answer(body=json.dumps(found).encode())


def keyed_at(project: Project, server: Server) -> Project:
    names = ("OPENAI", "MISTRAL", "ANTHROPIC", "GEMINI")
    keys = {f"{name}_API_KEY": KEY for name in names}
    return replace(project, environ={**keys, **{f"{name}_BASE_URL": server.url for name in names}})


def test_four_vendors_are_each_asked_in_their_own_words_and_once(project: Project) -> None:
    project.write("a.yaml", SPEC + cases("one"))
    with Server(answered) as server:
        project = keyed_at(project, server)
        ran, again = project.evalkit("run", "a.yaml"), project.evalkit("run", "a.yaml")
    assert (ran.code, again.code, len(server.seen)) == (0, 0, 4)
    sent = {seen.path: seen.json for seen in server.seen if seen.path != "/v1/chat/completions"}
    chats = {seen.json["model"]: seen.json for seen in server.seen if seen.path == "/v1/chat/completions"}
    assert chats["o9"].keys() == {"model", "messages", "max_completion_tokens", "seed"}
    assert chats["m"].keys() == {"model", "messages", "max_tokens", "random_seed"}
    assert sent["/v1/messages"].keys() == {"model", "messages", "max_tokens", "system"}
    gemini = sent["/v1/models/gemini-x:generateContent"]
    assert gemini["generationConfig"] == {"seed": 7, "maxOutputTokens": 16}
    assert KEY not in ran.out + ran.err


def test_the_stored_request_has_the_params_that_were_sent_and_the_run_says_which_were_not(project: Project) -> None:
    project.write("a.yaml", SPEC + cases("one"))
    with Server(answered) as server:
        project = keyed_at(project, server)
        ran = project.evalkit("run", "a.yaml")
    stored = {r.column.model: dict(r.calls[0].request.params) for r in project.latest().results()}
    assert stored == {
        "openai/o9": {"max_completion_tokens": 16, "seed": 7},
        "mistral/m": {"max_tokens": 16, "random_seed": 7},
        "anthropic/claude-x": {"max_tokens": 16},
        "gemini/gemini-x": {"max_tokens": 16, "seed": 7},
    }
    assert "warning: `max_tokens` is sent as `max_completion_tokens`: openai/o9 knows it by that name" in ran.err
    assert "warning: `seed` is not sent: anthropic has no such parameter" in ran.err


def test_a_param_out_of_range_stops_before_any_call(project: Project) -> None:
    project.write("a.yaml", SPEC.replace("seed: 7", "seed: 0") + cases("one"))
    with Server(answered) as server:
        environ = {"AIMLAPI_API_KEY": KEY, "AIMLAPI_BASE_URL": server.url}
        ran = replace(project, environ=environ).evalkit("run", "a.yaml", "-m", "aimlapi/m")
    assert (ran.code, server.seen) == (2, [])
    assert "a.yaml:3:10: error: `seed` is 0, and aimlapi takes a whole number from 1 up" in ran.err


def test_a_missing_model_is_not_asked_again_and_the_nearest_is_named(project: Project) -> None:
    gone = Answer(404, body=b'{"error": {"message": "The model `gpt-4.1-mimi` does not exist"}}')
    listed = Answer(body=b'{"data": [{"id": "gpt-4.1-mini"}, {"id": "whisper-1"}]}')
    project.write("a.yaml", SPEC + cases(*(f"w{number}" for number in range(20))))
    with Server(lambda *_: gone, models=listed) as server:
        ran = keyed_at(project, server).evalkit("run", "a.yaml", "-m", "openai/gpt-4.1-mimi", "-j", "2")
    assert (ran.code, 1 <= len(server.seen) <= 2, len(server.listed)) == (3, True, 1)
    (said,) = {r.error.message for r in project.latest().results() if r.error and r.error.kind == "terminal"}
    assert said == (
        f"404 from 127.0.0.1:{server.port}: The model `gpt-4.1-mimi` does not exist; the server's nearest: gpt-4.1-mini"
    )


def test_every_provider_is_listed_on_one_line_with_its_address_and_its_key_variables(project: Project) -> None:
    ran = project.evalkit("list", "providers")
    lines = {line.split()[0]: line for line in ran.out.splitlines()}
    assert (ran.code, [*lines]) == (0, [*PROVIDERS])
    for name, vendor in VENDORS.items():
        for said in (vendor.base_url, *vendor.keys):
            assert said in lines[name]
