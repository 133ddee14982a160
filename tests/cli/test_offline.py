"""Without a model: edited checks, gates and pages ask nothing, and what has no recording is said and never guessed."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from evalkit.records.run import Tally
from tests.projects import ROOT, Project, Ran, complaints, keyed, yes_spec
from tests.servers import Server, failure, reply

MODEL = ("-m", "aimlapi/m")
TOML = 'replies = "specs/replies"\n'


@dataclass(frozen=True, slots=True)
class Asked:
    """A project whose model has answered once, with a server that counts and has only errors left."""

    project: Project
    server: Server
    calls: int

    def run(self, *arguments: str) -> Ran:
        """`evalkit run` there, which asks nothing."""
        ran = self.project.evalkit(*arguments)
        assert len(self.server.seen) == self.calls, "the model was asked"
        return ran


@pytest.fixture
def asked(project: Project) -> Iterator[Asked]:
    """Four cases; the model says yes to all but the last."""
    project.write("specs/a.yaml", yes_spec("one", "two", "three", "no"))
    with Server(lambda number, *_: reply("yes" if number < 3 else "no") if number < 4 else failure(500)) as server:
        there = replace(project, environ=keyed(server))
        assert there.evalkit("run", "specs", *MODEL, "-j", "1").code == 1
        yield Asked(there, server, 4)


def test_an_edited_check_is_scored_on_the_replies_that_are_there(asked: Asked) -> None:
    asked.project.write("specs/a.yaml", yes_spec("one", "two", "three", "no", checks="{regex: ^(yes|no)$}"))
    for arguments in ((), ("--offline",)):
        assert asked.run("run", "specs", *MODEL, *arguments).code == 0
    asked.project.write("specs/a.yaml", yes_spec("one", "two", "three", "no", checks="{contains: perhaps}"))
    ran = asked.run("run", "specs", *MODEL, "--offline")
    assert (ran.code, "4 cases, 0 calls, 4 replayed" in ran.out) == (1, True)


def test_an_edited_gate_is_held_against_the_replies_that_are_there(asked: Asked) -> None:
    asked.project.write("specs/a.yaml", yes_spec("one", "two", "three", "no") + "gate: {pass_rate: 0.75}\n")
    assert asked.run("run", "specs", *MODEL, "--offline").code == 0
    asked.project.write("specs/a.yaml", yes_spec("one", "two", "three", "no") + "gate: {pass_rate: 0.76}\n")
    assert asked.run("run", "specs", *MODEL, "--offline").code == 1


def test_an_edited_page_is_made_of_the_run_that_is_there(asked: Asked) -> None:
    shutil.copytree(ROOT / "evalkit", asked.project.folder / "edited" / "evalkit")
    template = asked.project.folder / "edited" / "evalkit" / "reporters" / "templates" / "report.html.j2"
    text = template.read_text("utf-8")
    assert "Made from" in text
    template.write_text(text.replace("Made from", "Made again from"), "utf-8")
    page = asked.project.folder / "reports" / "latest" / "index.html"
    before = page.read_text("utf-8")
    edited = replace(asked.project, environ={"PYTHONPATH": str(asked.project.folder / "edited")})
    assert edited.evalkit("show", "--html").code == 0
    assert page.read_text("utf-8") == before.replace("Made from", "Made again from")
    assert len(asked.server.seen) == asked.calls


def test_what_is_recorded_in_files_needs_neither_store_nor_key(asked: Asked) -> None:
    asked.project.write("evalkit.toml", TOML)
    asked.run("replies", "export", "specs", *MODEL)
    shutil.rmtree(asked.project.folder / ".evalkit")
    keyless = replace(asked.project, environ={})
    ran = keyless.evalkit("run", "specs", *MODEL, "--offline", "--json")
    (column,) = json.loads(ran.out)["columns"]
    assert (ran.code, column["verdict"], column["trials"]["passed"], column["spending"]["replayed"]) == (
        1,
        "fails",
        3,
        4,
    )
    plain = keyless.evalkit("run", "specs", *MODEL)
    assert (plain.code, "4 cases, 0 calls, 4 replayed" in plain.out) == (1, True), "also without --offline"
    assert len(asked.server.seen) == asked.calls


def unverified(project: Project, *arguments: str) -> tuple[Ran, list[str]]:
    """A run that has trials without a recording, and the commands that it says record them."""
    ran = project.evalkit("run", *arguments, "--offline")
    record = [line.split(maxsplit=1) for line in ran.out.splitlines() if line.split()[:1] in (["record"], ["then"])]
    return ran, [command for _, command in record]


def test_a_run_that_cannot_be_verified_names_the_commands_that_record_what_it_lacks(project: Project) -> None:
    """They are typed as they are printed, quotes included; then the same run is green without a store and a key."""
    project.write("evalkit.toml", TOML)
    project.write("my specs/a.yaml", yes_spec("one", "two", "three"))
    with Server(lambda *_: reply("yes")) as server:
        there = replace(project, environ=keyed(server))
        there.evalkit("run", "my specs", *MODEL, "--limit", "1")
        ran, record = unverified(project, "my specs", *MODEL, "--trials", "1", "-k", "t")
        assert (ran.code, ran.out.count("Not verifiable here: 2 trials have no recording.")) == (4, 1)
        assert record == [
            "evalkit run 'my specs' -m aimlapi/m --trials 1 -k t",
            "evalkit replies export -o specs/replies 'my specs' -m aimlapi/m --trials 1",
        ]
        for command in record:
            assert there.evalkit(*shlex.split(command)[1:]).code == 0
    shutil.rmtree(project.folder / ".evalkit")
    green, record = unverified(project, "my specs", *MODEL, "--trials", "1", "-k", "t")
    assert (green.code, record) == (0, [])


def test_without_a_folder_for_recordings_the_run_alone_records(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    ran, record = unverified(project, "a.yaml", "-m", "echo/x")
    assert (ran.code, record) == (4, ["evalkit run a.yaml -m echo/x"])


def test_what_is_not_recorded_is_told_in_every_place_that_counts(asked: Asked) -> None:
    asked.project.write("specs/a.yaml", yes_spec("one", "five", "six"))
    plan = asked.run("run", "specs", *MODEL, "--offline", "--plan")
    assert "calls     0 to make, 1 recorded, 2 not recorded" in plan.out.splitlines()
    ran = asked.run("run", "specs", *MODEL, "--offline")
    assert "1 spec, 3 trials on aimlapi/m: 0 calls to make, 1 recorded, 2 not recorded" in ran.err
    table = [" ".join(line.split()) for line in ran.out.splitlines()[:3]]
    assert table == ["95 %", "spec passed interval not recorded", "– a 1 of 1 100 % 21–100 % 2"]
    assert "gate every case passes: 2 trials have no recording" in " ".join(ran.out.split())
    told = json.loads((asked.project.folder / "reports" / "latest" / "run.json").read_text("utf-8"))
    assert complaints(told) == []
    assert (told["exit_code"], told["columns"][0]["verdict"]) == (4, "unrecorded")
    assert told["totals"]["cases"] == {**dict.fromkeys(Tally.__slots__, 0), "passed": 1, "unrecorded": 2}
    assert told["record"] == ["evalkit run specs -m aimlapi/m"]
    page = (asked.project.folder / "reports" / "latest" / "index.html").read_text("utf-8")
    assert "Not verifiable here" in page
    assert "1 passed, 2 not recorded. Record them with: evalkit run specs -m aimlapi/m" in page
    assert asked.run("show").out == ran.out, "a stored run says the same"


def test_a_gate_that_fails_whatever_is_not_recorded_fails(asked: Asked) -> None:
    asked.project.write("specs/a.yaml", yes_spec("one", "no", "five"))
    ran = asked.run("run", "specs", *MODEL, "--offline")
    assert (ran.code, "1 of 1 column fails its gate." in ran.out) == (1, True)
    assert "    record    evalkit run specs -m aimlapi/m\n" in ran.out, "the rest can still be recorded"


def test_where_it_is_allowed_the_rest_decides_and_the_run_says_what_was_left_out(asked: Asked) -> None:
    asked.project.write("specs/a.yaml", yes_spec("one", "five", "six"))
    ran = asked.run("run", "specs", *MODEL, "--offline", "--allow-unrecorded")
    assert (ran.code, ran.out.count("2 trials have no recording: left out of every number")) == (0, 1)
    asked.project.write("specs/a.yaml", yes_spec("five", "six"))
    none = asked.run("run", "specs", *MODEL, "--offline", "--allow-unrecorded")
    assert (none.code, "Nothing was measured." in none.out) == (4, True)


def test_draws_without_a_recording_leave_their_case_out_where_that_is_allowed(asked: Asked) -> None:
    asked.project.write("specs/a.yaml", yes_spec("one", "no") + "trials: 2\n")
    ran = asked.run("run", "specs", *MODEL, "--offline", "--allow-unrecorded", "--json")
    assert json.loads(ran.out)["totals"]["cases"] == {**dict.fromkeys(Tally.__slots__, 0), "failed": 1, "skipped": 1}


def test_code_of_ones_own_that_states_no_version_is_never_recorded(project: Project) -> None:
    project.write("answer.py", "def answer(request):\n    raise SystemExit('asked')\n")
    project.write("a.yaml", yes_spec("one"))
    ran, record = unverified(project, "a.yaml", "-m", "python/answer.py:answer")
    assert (ran.code, "Not verifiable here: 1 trial has no recording." in ran.out, record) == (4, True, [])
    note = (
        "python/answer.py:answer states no version, so no reply of it is ever recorded: "
        'write VERSION = "1" at the top of its file'
    )
    assert project.latest().info.notes == (note,)
    assert "1 not recorded. See the notes" in (project.latest().folder / "index.html").read_text("utf-8")
    both, record = unverified(project, "a.yaml", "-m", "python/answer.py:answer", "-m", "echo/x")
    assert (note in " ".join(both.out.split()), record) == (
        True,
        ["evalkit run a.yaml -m python/answer.py:answer -m echo/x"],
    ), "the other model can be recorded"
    for version, notes in (("", 1), (", version = '1'", 0)):
        project.write("evalkit.toml", f"[commands]\nmine = {{argv = ['false']{version}}}\n")
        ran, record = unverified(project, "a.yaml", "-m", "command/mine")
        assert (ran.code, len(project.latest().info.notes), len(record)) == (4, notes, 1 - notes)


def test_code_of_ones_own_that_has_stopped_working_is_replayed_by_its_version(project: Project) -> None:
    works = 'VERSION = "1"\n\n\ndef answer(request):\n    return "yes"\n'
    model = ("-m", "python/answer.py:answer")
    project.write("answer.py", works)
    project.write("a.yaml", yes_spec("one"))
    assert project.evalkit("run", "a.yaml", *model).code == 0
    project.write("answer.py", works.replace('return "yes"', 'raise RuntimeError("asked")'))
    for checks, code in (("{equals: yes}", 0), ("{equals: no}", 1)):
        project.write("a.yaml", yes_spec("one", checks=checks))
        assert project.evalkit("run", "a.yaml", *model, "--offline").code == code
        assert project.evalkit("show", "--html").code == 0
    project.write("a.yaml", yes_spec("one", "two"))
    asked = project.evalkit("run", "a.yaml", *model)
    assert (asked.code, "RuntimeError: asked" in asked.out) == (3, True), "it does fail when it is called"
