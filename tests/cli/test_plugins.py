"""Plug-ins as other packages bring them: found by entry point, called once a trial, and never the end of a run."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.projects import ROOT, Project, cases, yes_spec

PLUG_IN = """
import json
from pathlib import Path

from evalkit.errors import ProviderError
from evalkit.records.exchange import Recording, Reply
from evalkit.records.result import passed


def note(word):
    with Path("calls.txt").open("a") as file:
        file.write(word + "\\n")


class Counting:
    def __init__(self, check):
        self.wanted = check.argument

    def score(self, answer):
        if self.wanted == "break":
            raise RuntimeError("this scorer breaks")
        note("score " + answer.text)
        return passed("it is counted")


class Parrot:
    capacity = None

    def __init__(self, name, settings):
        self.name = name

    def ready(self, model):
        note("ready " + model)

    def encode(self, request):
        return json.dumps([m.content for m in request.messages]).encode()

    def send(self, request, body):
        if "break" in request.case:
            raise RuntimeError("this provider breaks")
        note("send " + request.case)
        return Recording(body)

    def decode(self, recording):
        return Reply(json.loads(recording.body)[-1])
"""
ENTRY_POINTS = """
[evalkit.scorers]
counting = plug_in:Counting
absent = nowhere:Absent

[evalkit.providers]
parrot = plug_in:Parrot
"""


@pytest.fixture
def plugged(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project where a package with a scorer and a provider of its own is installed."""
    packages = Project(tmp_path_factory.mktemp("packages"), {})
    packages.write("plug_in.py", PLUG_IN)
    packages.write("plug_in-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: plug-in\nVersion: 1.0\n")
    packages.write("plug_in-1.0.dist-info/entry_points.txt", ENTRY_POINTS)
    return replace(project, environ={"PYTHONPATH": os.pathsep.join([str(packages.folder), str(ROOT)])})


def calls(project: Project) -> list[str]:
    """What the plug-in was called for, sorted, since the last look."""
    path = project.folder / "calls.txt"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return sorted(lines)


def test_each_reply_is_asked_once_and_judged_once_and_showing_it_does_neither(plugged: Project) -> None:
    plugged.write("specs/a.yaml", yes_spec("yes", "no", checks="[{counting: true}, {contains: Say}]"))
    said = ["score Say no.", "score Say yes."]
    assert plugged.evalkit("run", "specs", "-m", "parrot/x").code == 0
    assert calls(plugged) == ["ready x", *said, "send no", "send yes"]
    assert plugged.evalkit("run", "specs", "-m", "parrot/x").code == 0
    assert calls(plugged) == said
    assert plugged.evalkit("show", "--html").code == 0
    assert calls(plugged) == []


def test_plug_ins_that_break_are_errors_of_their_own_trials(plugged: Project) -> None:
    spec = 'prompt: "Say {{ word }}."\nexpect: {counting: "{{ word }}"}\n' + cases("yes", "break", "break-too", "no")
    plugged.write("specs/a.yaml", spec)
    ran = plugged.evalkit("run", "specs", "-m", "parrot/x")
    assert (ran.code, "Traceback" in ran.out + ran.err) == (3, False)
    found = {result.case: (str(result.outcome), result.error) for result in plugged.latest().results()}
    assert {case: outcome for case, (outcome, _) in found.items()} == {
        "yes": "passed",
        "break": "errored",
        "break-too": "errored",
        "no": "passed",
    }
    assert "this provider breaks" in str(found["break"][1])


def test_a_scorer_that_breaks_leaves_no_verdict(plugged: Project) -> None:
    plugged.write("specs/a.yaml", yes_spec("one", checks="{not: {counting: break}}"))
    ran = plugged.evalkit("run", "specs", "-m", "echo/x")
    assert ran.code == 3
    assert "this scorer breaks" in ran.out


def test_a_plug_in_that_cannot_be_loaded_is_named_only_where_it_is_needed(plugged: Project) -> None:
    plugged.write("specs/a.yaml", yes_spec("yes"))
    assert plugged.evalkit("run", "specs", "-m", "echo/x").code == 0
    plugged.write("specs/a.yaml", yes_spec("yes", checks="{absent: true}"))
    ran = plugged.evalkit("run", "specs", "-m", "echo/x")
    assert (ran.code, "Traceback" in ran.err) == (2, False)
    assert "the plug-in `absent` (nowhere:Absent) cannot be loaded: No module named 'nowhere'" in ran.err


def test_a_scorer_that_is_plugged_in_is_suggested(plugged: Project) -> None:
    plugged.write("specs/a.yaml", yes_spec("yes", checks="{countin: true}"))
    ran = plugged.evalkit("run", "specs", "-m", "echo/x")
    assert (ran.code, "did you mean `counting`?" in ran.err) == (2, True)
