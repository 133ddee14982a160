"""`evalkit doctor`: every way a model can be out of reach is named, with what to do and an exit code."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.engine.doctor import CALLS
from tests.projects import KEY, Project, keyed
from tests.providers import test_chat
from tests.servers import Answer, Server, failure, reply

certificate = test_chat.certificate  # the fixture
MODEL = "google/gemini-2.5-flash-lite-preview"
HEAD = f"aimlapi/{MODEL}: at most 8 calls, and nothing is kept"
GOOD_KEY = "✓ key       AIMLAPI_API_KEY"
HERE = "✓ endpoint  {host} answers, on this machine"
NO_LIST = "✓ model     the server tells no list to look it up in"
TOLD = (
    "✓ call      “yes” in 1 s",
    f"✓ served    {MODEL}",
    "✓ usage     5 tokens in the prompt, 1 in the reply",
    "✓ cost      $0.0000100",
)
BOUGHT: dict[str, Any] = {"model": MODEL, "meta": {"usage": {"usd_spent": 0.00001}}}


def listing(*ids: str) -> Answer:
    """A server's list of its models."""
    return Answer(body=json.dumps({"object": "list", "data": [{"id": name} for name in ids]}).encode())


def refusing(*names: str, named: bool = True) -> Callable[..., Answer]:
    """A server that takes no request with all of some parameters, and says so, or not."""

    def answer(number: int, body: Any, headers: Mapping[str, str]) -> Answer:
        if set(names) <= set(body):
            return failure(400, f'Unknown name "{names[-1]}": Cannot find field.' if named else "Invalid input")
        return reply(**BOUGHT)

    return answer


@dataclass(frozen=True, slots=True)
class Row:
    """How a server answers (and lists its models), and what the doctor says of it; `{host}` is where it is."""

    answer: Answer | Callable[..., Answer]
    lines: Collection[str]
    code: int = 0
    models: Answer | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    params: str = ""
    calls: int = 1


ROWS = {
    "all is well": Row(reply(**BOUGHT), (GOOD_KEY, HERE, "✓ model     one of the 2 in the server's list", *TOLD),
        models=listing("a", MODEL)),
    "no list": Row(reply(**BOUGHT), (GOOD_KEY, HERE, NO_LIST, *TOLD)),
    "another key variable": Row(reply(**BOUGHT), ("✓ key       AIML_API_KEY", HERE, NO_LIST, *TOLD),
        environ={"AIMLAPI_API_KEY": "", "AIML_API_KEY": KEY}),
    "a reply that tells nothing": Row(
        Answer(body=b'{"choices": [{"message": {"content": "yes"}, "finish_reason": "length"}]}'),
        (GOOD_KEY, HERE, NO_LIST, "✓ call      “yes” in 1 s (finish_reason length)",
         "– served    the reply names no model", "– usage     the reply counts no tokens", "– cost      unknown",
         f'  help: prices in the settings tell it: [tool.evalkit.prices."aimlapi/{MODEL}"]')),
    "another model": Row(reply(**{**BOUGHT, "model": "gemini-3-flash"}), (GOOD_KEY, HERE,
        "! model     not one of the 1 in the server's list, though it answers",
        "  help: did you mean aimlapi/google/gemini-2.5-flash-lite?", TOLD[0],
        f"! served    gemini-3-flash, where {MODEL} was asked for", *TOLD[2:]),
        models=listing("google/gemini-2.5-flash-lite")),
    "no key": Row(reply(**BOUGHT), (
        "✗ key       no key for aimlapi: the environment has no AIMLAPI_API_KEY (or AIML_API_KEY or AIMLAPI_KEY)",
        "  help: export AIMLAPI_API_KEY=…, or run without a key: evalkit run -m local/smollm2"),
        2, environ={"AIMLAPI_API_KEY": ""}, calls=0),
    "a key that is none": Row(reply(**BOUGHT), (
        "✗ key       the value of AIMLAPI_API_KEY is no key: it holds spaces or letters that no key has",
        "  help: copy it again"), 2, environ={"AIMLAPI_API_KEY": "sk one two"}, calls=0),
    "a base URL that is none": Row(reply(**BOUGHT), (
        "✗ endpoint  `localhost/chat/completions` is no base URL", "  help: write it as https://host/v1"),
        2, environ={"AIMLAPI_BASE_URL": "localhost"}, calls=0),
    "401": Row(failure(401, f"Invalid key {KEY}"), (GOOD_KEY, HERE, "✓ model     one of the 1 in the server's list",
        "✗ call      401 from {host}: Invalid key [redacted] (the key is from AIMLAPI_API_KEY)",
        "  help: put a valid key into AIMLAPI_API_KEY"), 2, models=listing(MODEL)),
    "words that are no one's business": Row(failure(400, "a\n::error::b\x1b[31m\u202e"), (GOOD_KEY, HERE,
        "– model     the server tells no list to look it up in",
        "✗ call      400 from {host}: a ::error::b⟨U+202E⟩"), 2),
    "403": Row(failure(403, "out of credits"), (GOOD_KEY, HERE,
        "– model     the server tells no list to look it up in",
        "✗ call      403 from {host}: out of credits (the key is from AIMLAPI_API_KEY)",
        "  help: see credits, limits and rights of the key at the vendor"), 2),
    "404": Row(failure(404, "no such model"), (GOOD_KEY, HERE,
        "✗ model     404 from {host}: no such model; the server's nearest: google/gemini-2.5-flash-lite",
        "  help: write aimlapi/google/gemini-2.5-flash-lite"), 2, models=listing("a", "google/gemini-2.5-flash-lite")),
    "404 without a list": Row(failure(404, "no such model"), (GOOD_KEY, HERE,
        "✗ model     404 from {host}: no such model", "  help: see which models the vendor has"), 2),
    "429": Row(failure(429, "slow down", retry_after="20"), (GOOD_KEY, HERE,
        "– model     the server tells no list to look it up in", "✗ call      429 from {host}: slow down",
        "  help: wait 20 s; a run does so by itself"), 3),
    "500": Row(failure(500, "sorry"), (GOOD_KEY, HERE, "– model     the server tells no list to look it up in",
        "✗ call      500 from {host}: sorry", "  help: try again later; --timeout gives it longer"), 3),
    "a proxy's page": Row(Answer(body=b"<html>hello"), (GOOD_KEY, HERE,
        "– model     the server tells no list to look it up in",
        "✗ call      the body is not JSON: <html>hello", "  help: is the base URL that of such a server?"), 3),
    "a slow server": Row(reply(delay=1.0), (GOOD_KEY, "✗ endpoint  no reply from {host} within 0.2 s",
        "  help: it may be busy, or waking up: --timeout gives it longer"), 3, options=("--timeout", "0.2")),
    "a redirect": Row(Answer(302, {"Location": "https://elsewhere.invalid"}), (GOOD_KEY, HERE,
        "– model     the server tells no list to look it up in",
        "✗ call      302 from {host}: a redirect to https://elsewhere.invalid, which is never followed",
        "  help: write the address that it leads to as the base URL, if you trust it"), 2),
    "a refused parameter": Row(refusing("seed"), (GOOD_KEY, HERE, NO_LIST,
        '✗ params    `seed` is refused: 400 from {host}: Unknown name "seed": Cannot find field.',
        "  help: take it out of the params, or write `seed: null` for this model",
        "✓ params    taken: temperature, max_tokens, top_p, stop", *TOLD), 2,
        params="temperature: 0, max_tokens: 8, seed: 7, top_p: 0.5, stop: x", calls=2),
    "a refused parameter that is not named": Row(refusing("seed", named=False), (GOOD_KEY, HERE, NO_LIST,
        "✗ params    `seed` is refused: 400 from {host}: Invalid input",
        "  help: take it out of the params, or write `seed: null` for this model",
        "✓ params    taken: temperature, max_tokens, top_p, stop", *TOLD), 2,
        params="temperature: 0, max_tokens: 8, seed: 7, top_p: 0.5, stop: x", calls=5),
    "two that do not go together": Row(refusing("max_tokens", "stop", named=False), (GOOD_KEY, HERE, NO_LIST,
        "✗ params    `stop` is refused: 400 from {host}: Invalid input",
        "  help: take it out of the params, or write `stop: null` for this model",
        "✓ params    taken: temperature, max_tokens, seed, top_p", *TOLD), 2,
        params="temperature: 0, max_tokens: 8, seed: 7, top_p: 0.5, stop: x", calls=5),
    "a request that is refused whatever its params": Row(failure(400, "no seed, no stop"), (GOOD_KEY, HERE,
        "– model     the server tells no list to look it up in", "✗ call      400 from {host}: no seed, no stop"), 2,
        params="seed: 7, stop: x", calls=4),
    "all params are taken": Row(reply(**BOUGHT), (GOOD_KEY, HERE, NO_LIST,
        "✓ params    taken: seed, stop", *TOLD), params="seed: 7, stop: x"),
}  # fmt: skip


def examined(project: Project, *options: str) -> tuple[int, list[str]]:
    """How the command ended and what it said, with a second for every time it took."""
    ran = project.evalkit("doctor", *options)
    assert ran.err == ""
    assert not (project.folder / ".evalkit").exists()
    return ran.code, [re.sub(r"” in [<.0-9]+\s?s\b", "” in 1 s", line) for line in ran.out.splitlines()]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_is_wrong_is_named_with_what_to_do_and_a_code(row: Row, project: Project) -> None:
    answer = row.answer
    behaviour = (lambda *_: answer) if isinstance(answer, Answer) else answer
    with Server(behaviour, models=row.models) as server:
        project = replace(project, environ={**keyed(server), **row.environ})
        what: tuple[str, ...] = ("-m", f"aimlapi/{MODEL}")
        if row.params:
            project.write("a.yaml", f"prompt: hi\nparams: {{{row.params}}}\nexpect: x\ncases: [{{id: a}}]\n")
            what = ("a.yaml", *what)
        code, lines = examined(project, *what, *row.options)
    host = f"127.0.0.1:{server.port}"
    assert (code, lines) == (row.code, [HEAD, *(line.replace("{host}", host) for line in row.lines)])
    assert len(server.seen) == row.calls
    assert len(server.seen) + len(server.listed) <= CALLS


@pytest.mark.parametrize("many", [16, 40])
def test_there_are_never_more_calls_than_announced(many: int, project: Project) -> None:
    names = [f"p{number:02}" for number in range(many)]
    with Server(refusing("p09", "p11", named=False)) as server:
        project = replace(project, environ=keyed(server))
        extra = ", ".join(f"{name}: 1" for name in names)
        project.write("a.yaml", f"prompt: hi\nparams: {{{extra}}}\nexpect: x\ncases: [{{id: a}}]\n")
        code, lines = examined(project, "a.yaml", "-m", f"aimlapi/{MODEL}")
    (refused,) = (line for line in lines if line.startswith("✗ params"))
    assert code == 2
    assert "`p11`" in refused
    assert refused.startswith("✗ params    one of `") == (many == 40)
    assert len(server.seen) + len(server.listed) <= CALLS


def test_a_server_that_is_not_there_is_told_from_one_that_refuses(project: Project) -> None:
    with Server(lambda *_: reply()) as server:
        gone = keyed(server)
    code, lines = examined(replace(project, environ=gone), "-m", f"aimlapi/{MODEL}")
    assert (code, lines) == (3, [
        HEAD, GOOD_KEY, f"✗ endpoint  no reply from 127.0.0.1:{server.port}: Connection refused",
        "  help: is it running, and is the base URL right?",
    ])  # fmt: skip


def test_a_certificate_that_nobody_vouches_for_is_told_with_what_to_set(certificate: Path, project: Project) -> None:
    with Server(lambda *_: reply(**BOUGHT), certificate=certificate) as server:
        code, lines = examined(replace(project, environ=keyed(server)), "-m", f"aimlapi/{MODEL}")
        trusted = replace(project, environ={**keyed(server), "REQUESTS_CA_BUNDLE": str(certificate)})
        assert (code, lines[-1]) == (3, "  help: REQUESTS_CA_BUNDLE=FILE names a file with the certificates to trust")
        code, lines = examined(trusted, "-m", f"aimlapi/{MODEL}")
        assert (code, lines[2]) == (0, f"✓ endpoint  127.0.0.1:{server.port} answers, over TLS")


def test_tls_with_a_server_that_speaks_none_is_told(project: Project) -> None:
    with Server(lambda *_: reply(**BOUGHT)) as server:
        environ = {**keyed(server), "AIMLAPI_BASE_URL": server.url.replace("http:", "https:")}
        code, lines = examined(replace(project, environ=environ), "-m", f"aimlapi/{MODEL}")
    assert (code, lines[-1]) == (3, "  help: does the server speak TLS there? An http:// address does without")


def test_an_endpoint_of_ones_own_without_a_key_is_looked_at_too(project: Project) -> None:
    with Server(lambda *_: reply(), models=listing("m")) as server:
        project.write("evalkit.toml", f'model = "mine/m"\n[endpoints.mine]\nbase_url = "{server.url}"\n')
        code, lines = examined(project)
    assert (code, lines[:4]) == (0, [
        "mine/m: at most 8 calls, and nothing is kept",
        "✓ key       none is set, and none is needed",
        f"✓ endpoint  127.0.0.1:{server.port} answers, on this machine",
        "✓ model     one of the 1 in the server's list",
    ])  # fmt: skip


ASK = "def ask(request):\n    return {'text': 'yes', 'usd': 0.5}\ndef breaks(request):\n    raise ValueError('no')\n"


@pytest.mark.parametrize(
    ("model", "code", "lines"),
    [
        ("echo/x", 0, ["✓ call      “Answer with one word: yes” in 1 s", "✓ served    x", "✓ cost      $0"]),
        ("scripted/replies.yaml", 0,
         ["✓ ready     the script can be read; its rules are for your cases, so it is not asked"]),
        ("scripted/bad.yaml", 2, ["✗ ready     bad.yaml is no script",
         "  help: it is a list of rules, each with a `reply`"]),
        ("python/ask.py:ask", 0, ["✓ ready     the file has the function", "✓ call      “yes” in 1 s",
         "✓ cost      $0.500"]),
        ("python/ask.py:breaks", 2, ["✓ ready     the file has the function",
         "✗ call      ValueError: no (ask.py:4)"]),
        ("command/mine", 0, ["✓ ready     the program is there", "✓ call      “yes” in 1 s"]),
        ("command/slow", 3, ["✓ ready     the program is there",
         "✗ call      no reply from command/slow within 1 s", "  help: try again later; --timeout gives it longer"]),
        ("command/gone", 2, ["✗ ready     there is no program `no-such-program`",
         "  help: see the command `gone` in the settings"]),
        ("local/gone.gguf", 2, ["✗ ready     there are no weights at `gone.gguf`",
         "  help: a path is read from {root}"]),
    ],
)  # fmt: skip
def test_models_without_a_server_are_looked_at(model: str, code: int, lines: list[str], project: Project) -> None:
    project = replace(project, environ={"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"})
    project.write("ask.py", ASK)
    project.write("replies.yaml", "- {when: {contains: x}, reply: y}\n")
    project.write("bad.yaml", "reply: y\n")
    project.write("evalkit.toml", "[commands]\nmine = ['python', '-c', 'print(\"yes\")']\ngone = ['no-such-program']\n"
                  "slow = ['python', '-c', 'import time; time.sleep(600)']\n")  # fmt: skip
    head = f"{model}: at most 8 calls, and nothing is kept"
    expected = [head, *(line.replace("{root}", str(project.folder.resolve())) for line in lines)]
    assert examined(project, "-m", model, "--timeout", "1") == (code, expected)


def test_the_worst_of_several_models_decides_and_each_is_looked_at_once(project: Project) -> None:
    project.write("a.yaml", "model: echo/a\nprompt: hi\nexpect: x\ncases: [{id: a}]\n")
    project.write("b.yaml", "models: [echo/a, echo/b]\nprompt: hi\nexpect: x\ncases: [{id: a}]\n")
    code, lines = examined(project, ".")
    assert (code, [line for line in lines if "at most" in line]) == (
        0,
        [f"echo/{name}: at most 8 calls, and nothing is kept" for name in "ab"],
    )
    project.write("b.yaml", "models: [echo/a, scripted/gone.yaml]\nprompt: hi\nexpect: x\ncases: [{id: a}]\n")
    assert examined(project, ".")[0] == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-m", "opnai/x"), "no provider is called `opnai`"),
        (("-m", "python/ask.py:ask", "--no-code"), "`python/ask.py:ask` runs code, and --no-code refuses that"),
        (("gone.yaml",), "there is no file or folder `gone.yaml`"),
        (("bad.yaml",), "unknown key `promt`"),
        (("-m", "echo/x", "--timeout", "0"), "`timeout` is 0"),
    ],
)
def test_what_cannot_be_looked_at_is_said(options: tuple[str, ...], said: str, project: Project) -> None:
    project.write("bad.yaml", "promt: hi\ncases: [{id: a}]\n")
    ran = project.evalkit("doctor", *options)
    assert (ran.code, ran.out, said in ran.err, "Traceback" in ran.err) == (2, "", True, False), ran.err


def test_marks_are_plain_where_the_terminal_has_no_others(project: Project) -> None:
    project = replace(project, environ={"PYTHONIOENCODING": "ascii"})
    ran = project.evalkit("doctor", "-m", "echo/x")
    assert ran.out.splitlines()[-2:] == ["+ served    x", "+ cost      $0"]


def test_keys_of_a_dot_env_are_found(project: Project) -> None:
    with Server(lambda *_: reply(**BOUGHT)) as server:
        project.write(".env", f"AIMLAPI_API_KEY={KEY}\n")
        project.write("evalkit.toml", "")
        environ = {"AIMLAPI_BASE_URL": server.url}
        code, lines = examined(replace(project, environ=environ), "-m", f"aimlapi/{MODEL}")
    assert (code, lines[1], server.seen[0].headers["authorization"]) == (0, GOOD_KEY, f"Bearer {KEY}")
