"""AI/ML API's `google/gemini-2.5-flash-lite-preview` from the command line: without a key, with one, with a bad one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.projects import GEMINI, KEY, Project, keyed, yes_spec
from tests.servers import Answer, Server, failure, reply

SAMPLE = (Path(__file__).parent.parent / "providers" / "sample.json").read_bytes()
HELLO = """
prompt: [{system: Be friendly.}, {user: "{{ word }}"}]
params: {max_tokens: 32, temperature: 0}
expect: {contains: "How can I help you today?"}
cases: [{id: hello, vars: {word: Hello}}]
"""


def everything_kept(project: Project) -> bytes:
    """Every byte of every file below a project."""
    return b"".join(path.read_bytes() for path in sorted(project.folder.rglob("*")) if path.is_file())


def test_without_a_key_the_variable_is_named_and_nothing_is_called(project: Project) -> None:
    with Server(lambda *_: reply("yes")) as server:
        project = replace(project, environ={"AIMLAPI_BASE_URL": server.url})
        project.write("a.yaml", HELLO)
        ran = project.evalkit("run", "a.yaml", "-m", GEMINI)
    assert (ran.code, ran.out, server.seen) == (2, "", [])
    assert ran.err == (
        "error: no key for aimlapi: the environment has no AIMLAPI_API_KEY (or AIML_API_KEY or AIMLAPI_KEY)\n"
        "  help: export AIMLAPI_API_KEY=…, or run without a key: evalkit run -m local/smollm2\n"
    )
    assert not (project.folder / "reports").exists()


def test_the_sample_of_the_models_own_page_is_a_reply_that_passes(project: Project) -> None:
    with Server(lambda *_: Answer(body=SAMPLE)) as server:
        project = replace(project, environ=keyed(server))
        project.write("a.yaml", HELLO)
        ran = project.evalkit("run", "a.yaml", "-m", GEMINI, "--json")
        again = project.evalkit("run", "a.yaml", "-m", GEMINI)
    (column,) = json.loads(ran.out)["columns"]
    assert (ran.code, column["model"], column["served"]) == (0, GEMINI, ["google/gemini-2.5-flash-lite-preview-06-17"])
    assert column["spending"] == {
        "fresh": 1,
        "replayed": 0,
        "prompt_tokens": 0,
        "completion_tokens": 9,
        "usd": 0.0,
        "unpriced": 1,
    }
    (seen,) = server.seen
    assert (seen.path, seen.headers["authorization"]) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert seen.json == {
        "model": "google/gemini-2.5-flash-lite-preview",
        "messages": [{"role": "system", "content": "Be friendly."}, {"role": "user", "content": "Hello"}],
        "max_tokens": 32,
        "temperature": 0,
    }
    assert (again.code, "1 case, 0 calls, 1 replayed" in again.out) == (0, True)
    assert KEY not in ran.out + ran.err + again.out + again.err
    assert KEY.encode() not in everything_kept(project)


@pytest.mark.parametrize("variable", ["AIMLAPI_API_KEY", "AIML_API_KEY", "AIMLAPI_KEY"])
def test_a_refused_key_names_the_variable_it_is_from_and_is_never_shown(variable: str, project: Project) -> None:
    with Server(lambda *_: failure(401, f"Invalid key {KEY}")) as server:
        project = replace(project, environ={variable: f" {KEY}\n", "AIMLAPI_BASE_URL": server.url})
        project.write("a.yaml", yes_spec(*(f"w{number}" for number in range(20)), checks="{not: {contains: sorry}}"))
        ran = project.evalkit("run", "a.yaml", "-m", GEMINI, "-j", "2")
    assert (ran.code, 1 <= len(server.seen) <= 2) == (3, True)
    said = f"401 from 127.0.0.1:{server.port}: Invalid key [redacted] (the key is from {variable})"
    assert f"errored   {said}"[:60] in ran.out
    assert f"– {20 - len(server.seen)} trials not asked: after 401 from" in ran.out
    assert {result.error.message for result in project.latest().results() if result.error} == {said, f"after {said}"}
    assert KEY not in ran.out + ran.err
    assert KEY.encode() not in everything_kept(project)


def test_a_key_that_is_none_is_refused_before_any_call_and_not_shown(project: Project) -> None:
    with Server(lambda *_: reply("yes")) as server:
        project = replace(project, environ={**keyed(server), "AIMLAPI_API_KEY": "sk-two\twords-of-a-secret"})
        project.write("a.yaml", HELLO)
        ran = project.evalkit("run", "a.yaml", "-m", GEMINI)
    assert (ran.code, server.seen) == (2, [])
    assert "the value of AIMLAPI_API_KEY is no key" in ran.err
    assert "secret" not in ran.err


def test_a_base_url_that_is_none_is_refused_in_words(project: Project) -> None:
    project = replace(project, environ={"AIMLAPI_API_KEY": KEY, "AIMLAPI_BASE_URL": "localhost"})
    project.write("a.yaml", HELLO)
    ran = project.evalkit("run", "a.yaml", "-m", GEMINI)
    assert (ran.code, "is no base URL" in ran.err, "Traceback" in ran.err) == (2, True, False)


def test_a_server_that_is_not_there_is_no_verdict(project: Project) -> None:
    with Server(lambda *_: reply("yes")) as server:
        gone = keyed(server)
    project = replace(project, environ=gone)
    project.write("a.yaml", yes_spec("one", checks="{not: {contains: no}}"))
    project.write("evalkit.toml", "")
    run = project.session("a.yaml", models=GEMINI, attempts=1)
    (result,) = run.results()
    assert (str(result.outcome), run.info.exit_code) == ("errored", 3)
    assert result.error is not None
    assert "Connection refused" in result.error.message
