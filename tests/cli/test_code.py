"""Models that are code of the project: found without being run, refused with --no-code, replayed by their version."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace

import pytest

from evalkit.engine.replies import ReplyStore
from evalkit.records.problem import Place, Problem
from tests.projects import Project, yes_spec
from tests.providers.test_python import ends
from tests.spec.loading import loaded

TELLS_THAT_IT_RAN = "open('ran', 'w').close()\ndef ask(request):\n    return 'yes'\n"
COMMAND = "[commands]\nmine = ['python', 'ask.py']\n"
FILES = {"ask.py": TELLS_THAT_IT_RAN, "evalkit.toml": COMMAND}
SPEC = "model: {}\nprompt: hi\nexpect: {{contains: yes}}\ncases: [{{id: a}}]\n"


@pytest.mark.parametrize(
    ("model", "message", "help"),
    [
        ("python/ask.py:aks", "ask.py has no function `aks`", "did you mean `ask`?"),
        ("python/aks.py:ask", "there is no file `aks.py`", "did you mean `ask.py`?"),
        ("python/../ask.py:ask", "`../ask.py` is outside the project", "its root is {root}"),
        ("command/mien", "the settings name no command `mien`", "did you mean `mine`?"),
    ],
)
def test_what_is_not_there_is_a_problem_at_its_place_and_nothing_was_run(
    model: str, message: str, help: str, project: Project
) -> None:
    found = loaded(project.folder, SPEC.format(model), FILES)
    help = help.format(root=project.folder.resolve())
    assert [
        (problem.place.line, problem.place.column, problem.message, problem.help) for problem in found.problems
    ] == [(1, 8, message, help)]
    assert not (project.folder / "ran").exists()


@pytest.mark.parametrize("model", ["python/ask.py:ask", "command/mine"])
def test_no_code_refuses_it_and_nothing_was_run(model: str, project: Project) -> None:
    for name, text in {**FILES, "a.yaml": SPEC.format(model), "b.yaml": SPEC.format("echo/x")}.items():
        project.write(name, text)
    assert project.evalkit("validate", "a.yaml").code == 0
    for command in (("validate", "--no-code", "a.yaml"), ("run", "--no-code", "a.yaml")):
        ran = project.evalkit(*command)
        assert (
            ran.code,
            f"a.yaml:1:8: error: `{model}` runs code, and --no-code refuses that" in ran.out + ran.err,
        ) == (
            2,
            True,
        )
    ran = project.evalkit("run", "--no-code", "b.yaml", "-m", model)
    assert (ran.code, f"`{model}` runs code" in ran.err) == (2, True)
    assert not (project.folder / "ran").exists()


def environ(**more: str) -> Mapping[str, str]:
    """An environment in which `python` is this one."""
    return {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}", **more}


COUNTS = "import time; open(f'n.{time.time_ns()}', 'w').close()"


@pytest.mark.parametrize(("version", "asked", "kept"), [("'1'", 1, 1), ("", 2, 0)])
@pytest.mark.parametrize("model", ["python/ask.py:ask", "command/mine"])
def test_replies_are_kept_and_replayed_when_a_version_was_stated_and_never_otherwise(
    model: str, version: str, asked: int, kept: int, project: Project
) -> None:
    project = replace(project, environ=environ())
    if model.startswith("python"):
        stated = f"VERSION = {version}" if version else ""
        project.write("ask.py", f"{stated}\ndef ask(request):\n    {COUNTS}\n    return 'yes'\n")
    else:
        project.write("ask.py", f"{COUNTS}\nprint('yes')\n")
        stated = f", version = {version}" if version else ""
        project.write("evalkit.toml", f"[commands]\nmine = {{argv = ['python', 'ask.py']{stated}}}\n")
    project.write("a.yaml", SPEC.format(model))
    assert [project.evalkit("run", "a.yaml").code for _ in range(2)] == [0, 0]
    assert len(list(project.folder.glob("n.*"))) == asked
    with closing(ReplyStore(project.folder / ".evalkit" / "replies.db")) as store:
        assert len(list(store.keys())) == kept


HANGS = "import time; open('asked', 'w').close(); time.sleep(600)\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_a_function_does_not_outlive_the_run_that_asks_it(number: int, project: Project) -> None:
    mark = f"function_{os.getpid()}_{time.monotonic_ns()}"
    project.write(f"{mark}.py", f"def ask(request):\n    {HANGS}")
    _ended(replace(project, environ=environ()), f"python/{mark}.py:ask", mark, number)


def test_a_command_does_not_outlive_a_run_that_was_stopped_twice(project: Project) -> None:
    mark = f"command_{os.getpid()}_{time.monotonic_ns()}"
    project.write("ask.py", HANGS)
    project.write("evalkit.toml", f"[commands]\nmine = ['python', 'ask.py', '{mark}']\n")
    _ended(replace(project, environ=environ()), "command/mine", mark, signal.SIGTERM)


def _ended(project: Project, model: str, mark: str, number: int) -> None:
    """Start a run, end it by a signal (sent twice) while it waits for an answer, and see what is left of it."""
    project.write("a.yaml", yes_spec("one"))
    process = project.start("run", "a.yaml", "-m", model)
    until = time.monotonic() + 30
    while not (project.folder / "asked").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(number)
    if number != signal.SIGKILL:
        time.sleep(0.3)
        process.send_signal(number)
    process.communicate(timeout=30)
    assert ends(mark)


def test_processes_end_with_the_session_that_started_them(project: Project) -> None:
    mark = f"session_{os.getpid()}_{time.monotonic_ns()}"
    project.write(f"{mark}.py", "def ask(request):\n    return 'yes'\n")
    project.write("a.yaml", yes_spec("one", "two", "three"))
    run = replace(project, environ=environ()).session("a.yaml", models=f"python/{mark}.py:ask")
    assert [str(result.outcome) for result in run.results()] == ["passed"] * 3
    gc.collect()
    assert ends(mark)


def test_a_problem_in_the_settings_model_names_where_it_is_from(project: Project) -> None:
    found = loaded(project.folder, SPEC.replace("model: {}\n", "").format(), environ={"EVALKIT_MODEL": "command/x"})
    help = 'write [tool.evalkit.commands], and below it x = ["program"]'
    assert found.problems == (Problem(Place("EVALKIT_MODEL"), "the settings name no command `x`", help),)
