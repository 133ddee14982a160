"""No key is left anywhere: not in what is printed, not in what is kept, whatever goes wrong with it at hand."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from tests.projects import ROOT, Project, Ran, keyed, yes_spec
from tests.servers import Answer, Server, failure, reply

KEY = 'sk-planted/"0123456789\\abcdef+=='  # with all that JSON and URLs write in another way
ECHOED = {"X-Request-Id": KEY, "X-Key": f"Bearer {KEY}", "Retry-After-Ms": "1"}
BREAKING = """
import os

class Breaking:
    def __init__(self, check):
        pass

    def score(self, answer):
        raise RuntimeError(f"no use: {os.environ['AIMLAPI_API_KEY']}")
"""


def error(status: int) -> Answer:
    """An error whose body and headers echo the key."""
    return Answer(status, ECHOED, failure(status, f"what of {KEY}? {KEY}").body)


def a_redirect(*request: Any) -> Answer:
    return Answer(302, {**ECHOED, "Location": f"http://127.0.0.1:1/?key={quote(KEY, safe='')}"}, KEY.encode())


def sometimes(first: Answer) -> Callable[..., Answer]:
    """That answer to every second request, else a yes."""
    return lambda number, *_: reply("yes") if number % 2 else first


FAULTS: dict[str, Callable[..., Answer]] = {
    "400": lambda *_: error(400),
    "401": lambda *_: error(401),
    "403": lambda *_: error(403),
    "404": lambda *_: error(404),
    "429": sometimes(error(429)),
    "500": sometimes(error(500)),
    "503": lambda *_: error(503),
    "a redirect": a_redirect,
    "an error in a 200": sometimes(Answer(200, ECHOED, json.dumps({"error": {"message": KEY}}).encode())),
    "no JSON": sometimes(Answer(200, ECHOED, f"<html>{KEY}</html>".encode())),
    "a reset": lambda *_: Answer(manner="reset"),
    "a good reply": lambda *_: Answer(200, ECHOED, reply("yes").body),
}


def forms_of_the_key(project: Project, ran: Ran) -> list[str]:
    """Where the key is found, in any of its forms: files of the project, what was printed."""
    files = [path for path in project.folder.rglob("*") if path.is_file() and path.suffix != ".yaml"]
    kept = {path.name: path.read_bytes() for path in files}
    kept |= {"stdout": ran.out.encode(), "stderr": ran.err.encode()}
    forms = {KEY.encode(), json.dumps(KEY)[1:-1].encode(), quote(KEY, safe="").encode()}
    return [name for name, content in kept.items() if any(form in content for form in forms)]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_of_a_server_brings_a_key_to_light(fault: str, project: Project) -> None:
    project.write("a.yaml", yes_spec("one", "two", "three"))
    with Server(FAULTS[fault]) as server:
        project = replace(project, environ={**keyed(server), "AIMLAPI_API_KEY": KEY})
        ran = project.evalkit("run", "a.yaml", "-m", "aimlapi/m", "-v", "-j", "1")
        shown = project.evalkit("show", "-v", "--html")
    assert len(server.seen) > 0
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert ran.code in (0, 3), ran
    assert forms_of_the_key(project, Ran(0, ran.out + shown.out, ran.err + shown.err)) == []
    assert (project.folder / "reports" / "latest" / "index.html").is_file()


def test_a_refused_connection_brings_no_key_to_light(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {"AIMLAPI_API_KEY": KEY, "AIMLAPI_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    project = replace(project, environ=environ)
    project.write("a.yaml", yes_spec("one"))
    project.write("evalkit.toml", "")
    ran = project.evalkit("run", "a.yaml", "-m", "aimlapi/m", "--timeout", "0.5", "--max-calls", "1")
    assert ran.code == 3, ran
    assert forms_of_the_key(project, ran) == []


def test_a_scorer_that_breaks_with_a_key_in_its_words_brings_none_to_light(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    packages = Project(tmp_path_factory.mktemp("packages"), {})
    packages.write("plug_in.py", BREAKING)
    packages.write("plug_in-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: plug-in\nVersion: 1.0\n")
    packages.write("plug_in-1.0.dist-info/entry_points.txt", "[evalkit.scorers]\nbreaking = plug_in:Breaking\n")
    path = os.pathsep.join([str(packages.folder), str(ROOT)])
    project = replace(project, environ={"AIMLAPI_API_KEY": KEY, "PYTHONPATH": path})
    project.write("a.yaml", yes_spec("one", checks="{breaking: x}"))
    ran = project.evalkit("run", "a.yaml", "-m", "echo/x", "-v")
    assert (ran.code, "no use: [redacted]" in ran.out) == (3, True), ran
    assert forms_of_the_key(project, ran) == []


def test_a_spec_with_a_key_in_it_is_shown_without(project: Project) -> None:
    project = replace(project, environ={"SOME_VENDORS_API_KEY": KEY, "EVALKIT_KEY_MINE": "mine-0123456789"})
    project.write("a.yaml", f"prompt: '{KEY} {{{{ word'\nexpect: {{contians: mine-0123456789}}\ncases: [{{id: a}}]\n")
    ran = project.evalkit("run", "a.yaml", "-m", "echo/x", "-k", KEY)
    assert ran.code == 2
    assert "contians: [redacted]" in ran.err
    assert "mine-0123456789" not in ran.err
    assert forms_of_the_key(project, ran) == []


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_a_spec_with_a_key_in_it_is_told_to_machines_without(form: str, project: Project) -> None:
    project = replace(project, environ={"SOME_VENDORS_API_KEY": KEY})
    quoted = KEY.replace("'", "''")
    project.write("a.yaml", f"prompt: hi\nexpect: hi\n? '{quoted}'\n: 1\ncases: [{{id: a}}]\n")
    ran = project.evalkit("validate", "a.yaml", "--format", form)
    assert (ran.code, "unknown key `[redacted]`" in ran.out) == (2, True)
    assert forms_of_the_key(project, ran) == []


def test_a_reply_that_holds_a_key_is_a_finding_and_is_shown_without(project: Project) -> None:
    project.write("a.yaml", yes_spec("one", "two"))
    with Server(sometimes(reply(f"yes, {KEY}"))) as server:
        project = replace(project, environ={**keyed(server), "AIMLAPI_API_KEY": KEY})
        ran = project.evalkit("run", "a.yaml", "-m", "aimlapi/m")
        again = project.evalkit("run", "a.yaml", "-m", "aimlapi/m", "--offline")
    assert (ran.code, again.code) == (0, 0)
    assert "1 reply holds a key of yours: shown as [redacted]; change the key." in ran.out
    assert "1 reply holds a key of yours: shown as [redacted]; change the key." in again.out  # its body is as it came
    assert forms_of_the_key(project, Ran(0, ran.out + again.out, ran.err + again.err)) == []


def test_a_key_of_the_env_file_is_used_and_redacted_like_any_other(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    env = project.write(".env", "AIMLAPI_API_KEY=sk-of-the-env-file\n")
    with Server(lambda *_: failure(401, "what of sk-of-the-env-file?")) as server:
        project = replace(project, environ={"AIMLAPI_BASE_URL": server.url})
        ran = project.evalkit("run", "a.yaml", "-m", "aimlapi/m")
    assert [seen.headers["authorization"] for seen in server.seen] == ["Bearer sk-of-the-env-file"]
    env.unlink()
    kept = b"".join(path.read_bytes() for path in project.folder.rglob("*") if path.is_file())
    assert b"sk-of-the-env-file" not in kept + (ran.out + ran.err).encode()
    assert "what of [redacted]?" in ran.out
