"""`evalkit run` as users start it: exit codes, what programs get, what a run leaves, selections and plans."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.projects import Project, cases, complaints, keyed, yes_spec
from tests.servers import Server, failure, reply

TYPO = 'promt: "Say {{ word }}."\nexpect: {contains: yes}\ncases: [{vars: {word: x}}]\n'
SKIPPED = "prompt: hi\nexpect: {contains: hi}\ncases: [{id: later, skip: waits for a price}]\n"
SCRIPT = """
- {when: {contains: yes}, reply: yes}
- {when: {contains: broken}, reply: {error: 400}}
- {reply: no}
"""


@pytest.mark.parametrize(
    ("spec", "arguments", "code", "said"),
    [
        (yes_spec("yes"), [], 0, "Every gate holds. 1 case, 1 call, 0 replayed, $0,"),
        (yes_spec("yes", "no"), [], 1, "1 of 1 column fails its gate."),
        (yes_spec("yes", "no") + "gate: {pass_rate: 0.5}\n", [], 0, "Every gate holds."),
        (yes_spec("yes", "broken"), [], 3, "No verdict: errors leave it open."),
        (yes_spec("yes", "one"), ["--offline"], 3, "2 trials not asked: no recording, and --offline never asks"),
        (yes_spec("yes", "yes2"), ["--max-calls", "1"], 3, "1 trial not asked: --max-calls 1 is reached"),
        (SKIPPED, [], 4, "Nothing was measured."),
    ],
    ids=["holds", "fails", "holds at half", "errored", "offline", "budget", "all skipped"],
)
def test_a_run_ends_with_the_code_of_its_verdict_and_says_it(
    spec: str, arguments: list[str], code: int, said: str, project: Project
) -> None:
    project.write("script.yaml", SCRIPT)
    project.write("specs/a.yaml", spec)
    ran = project.evalkit("run", "specs", "-m", "scripted/script.yaml", *arguments)
    assert (ran.code, said in ran.out) == (code, True), ran
    assert project.latest().info.exit_code == code
    (page,) = (project.folder / "reports" / "latest").glob("index.html")
    assert page.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("files", "arguments", "code", "said"),
    [
        ({"a.yaml": TYPO}, [], 2, "did you mean `prompt`?"),
        ({}, [], 2, "there is no file or folder `specs`"),
        ({"a.yaml": yes_spec("one")}, ["-m", "nobody/x"], 2, "nobody"),
        ({"a.yaml": yes_spec("one")}, ["-k", "nothing"], 4, "no case is selected"),
        ({"a.yaml": yes_spec("one")}, ["--tag", "nothing"], 4, "no case is selected"),
        ({"_hidden.yaml": yes_spec("one")}, [], 4, "no spec in"),
    ],
    ids=["typo", "no file", "no provider", "-k", "--tag", "no spec"],
)
def test_what_cannot_be_run_ends_before_any_call_and_leaves_no_report(
    files: dict[str, str], arguments: list[str], code: int, said: str, project: Project
) -> None:
    for name, text in files.items():
        project.write(f"specs/{name}", text)
    ran = project.evalkit("run", "specs", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not (project.folder / "reports").exists()


def test_what_is_printed_for_programs_is_as_the_schema_says(project: Project) -> None:
    project.write("script.yaml", SCRIPT)
    project.write(
        "specs/a.yaml",
        "models: [scripted/script.yaml, {model: echo/x, name: other, params: {temperature: 0}}]\n"
        'prompts: {one: "Say {{ word }}.", two: [{system: Be brief}, {user: "{{ word }}"}]}\n'
        "expect: [{any_of: [{contains: yes}, {not: {equals: x}}]}, {contains: yes, advisory: true, name: wish}]\n"
        "trials: {count: 2, pass: any}\ngate: [{pass_rate: 0.5, max_errors: 9}, {max_errors: 5}]\n"
        + cases("yes", "broken", "left").replace("{word: left}", "{word: left}, skip: later, tags: [hard]"),
    )
    ran = project.evalkit("run", "specs", "--json")
    printed = json.loads(ran.out)
    folder = project.folder / "reports" / printed["id"]
    assert printed.pop("folder") == str(folder)
    assert ran.code == printed["exit_code"]
    assert json.loads((folder / "run.json").read_text("utf-8")) == printed
    lines = [json.loads(line) for line in (folder / "results.jsonl").read_text("utf-8").splitlines()]
    assert [line["index"] for line in lines] == list(range(printed["planned"]))
    assert {line["outcome"] for line in lines} == {"passed", "errored", "skipped"}
    assert [complaints(json.loads(ran.out)), complaints(printed)] == [[], []]
    assert [complaints(line, definition="trial") for line in lines] == [[]] * len(lines)


def test_a_run_and_what_is_kept_of_it_is_its_owners_alone(project: Project) -> None:
    project.write("specs/a.yaml", yes_spec("yes"))
    project.evalkit("run", "specs", "-m", "echo/x")
    (folder,) = (path for path in (project.folder / "reports").iterdir() if not path.is_symlink())
    files = [*folder.iterdir(), *(project.folder / ".evalkit").iterdir()]
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in files} == {
        "run.json": 0o600,
        "results.jsonl": 0o600,
        "index.html": 0o600,
        "replies.db": 0o600,
        "replies.lock": 0o600,
    }


def test_a_second_run_replays_and_an_edited_case_alone_is_asked(project: Project) -> None:
    with Server(lambda *_: reply("yes")) as server:
        project = replace(project, environ=keyed(server))
        spec = project.write("a.yaml", yes_spec("one", "two", "three"))
        first = project.evalkit("run", "a.yaml", "-m", "aimlapi/m")
        spec.write_text("# a comment\n" + yes_spec("one", "two", "three", checks="[{not: {contains: no}}]"), "utf-8")
        second = project.evalkit("run", "a.yaml", "-m", "aimlapi/m")
        spec.write_text(yes_spec("one", "2", "three"), "utf-8")
        third = project.evalkit("run", "a.yaml", "-m", "aimlapi/m")
    assert [ran.code for ran in (first, second, third)] == [0, 0, 0]
    assert server.times_asked() == {"Say one.": 1, "Say two.": 1, "Say three.": 1, "Say 2.": 1}
    assert "3 cases, 0 calls, 3 replayed" in second.out
    assert "3 cases, 1 call, 2 replayed" in third.out


def test_fresh_asks_all_again(project: Project) -> None:
    project.write("a.yaml", yes_spec("yes", "yes2"))
    for _ in range(2):
        ran = project.evalkit("run", "a.yaml", "-m", "echo/x", "--fresh")
        assert "2 cases, 2 calls, 0 replayed" in ran.out


def test_a_red_build_does_not_turn_green_by_being_run_again(project: Project) -> None:
    project.write("dice.yaml", "- {reply: {one_of: [{p: 0.5, reply: yes}, {p: 0.5, reply: no}]}}\n")
    project.write("specs/a.yaml", yes_spec("one", "two", "three", "four", "five"))
    ran = [project.evalkit("run", "specs", "-m", "scripted/dice.yaml") for _ in range(3)]
    assert [one.code for one in ran] == [1, 1, 1]


def test_the_plan_says_what_would_be_asked_and_asks_nothing(project: Project) -> None:
    with Server(lambda *_: reply("yes")) as server:
        project = replace(project, environ=keyed(server))
        project.write("specs/a.yaml", yes_spec("one", "two", "three") + "trials: 2\n")
        project.write("specs/b.yaml", yes_spec("four"))
        project.evalkit("run", "specs/b.yaml", "-m", "aimlapi/m")
        ran = project.evalkit("run", "specs", "-m", "aimlapi/m", "--plan")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "a                                      6 trials",
        "b                                       1 trial",
        "models    aimlapi/m",
        "calls     6 to make, 1 recorded",
        f"tokens    about {len('Say one.Say two.Say three.') * 2 // 4} in the prompts of the calls to make",
        "cost      unknown before the replies say it",
    ]
    assert server.times_asked() == {"Say four.": 1}
    assert len([*(project.folder / "reports").iterdir()]) == 2


def test_a_plan_needs_no_key(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    ran = project.evalkit("run", "a.yaml", "-m", "aimlapi/m", "--plan")
    assert (ran.code, "calls     1 to make, 0 recorded" in ran.out) == (0, True)


def test_failed_runs_the_failed_cases_of_that_run_and_can_be_continued(project: Project) -> None:
    project.write("script.yaml", SCRIPT)
    project.write("specs/a.yaml", yes_spec("yes", "no", "broken"))
    first = project.evalkit("run", "specs", "-m", "scripted/script.yaml")
    assert "again     evalkit run specs -m scripted/script.yaml --failed\n" in first.out
    failed = project.latest().info.id
    again = project.evalkit("run", "specs", "-m", "scripted/script.yaml", "--failed")
    assert "2 cases, 1 call, 1 replayed" in again.out
    assert f"again     evalkit run specs -m scripted/script.yaml --failed reports/{failed}\n" in again.out
    project.evalkit("run", "specs", "-m", "scripted/script.yaml", "-k", "yes")
    named = project.evalkit("run", "specs", "-m", "scripted/script.yaml", "--failed", failed, "--fresh")
    assert "2 cases, 2 calls, 0 replayed" in named.out
    assert f"again     evalkit run specs -m scripted/script.yaml --failed reports/{failed}\n" in named.out


def test_out_names_the_folder_and_leaves_latest_alone(project: Project) -> None:
    project.write("specs/a.yaml", yes_spec("yes"))
    project.evalkit("run", "specs", "-m", "echo/x")
    latest = project.latest().info.id
    ran = project.evalkit("run", "specs", "-m", "echo/x", "--out", "ci/out")
    assert ran.code == 0
    assert "report    ci/out/index.html" in ran.out
    assert sorted(path.name for path in (project.folder / "ci/out").iterdir()) == [
        "index.html",
        "results.jsonl",
        "run.json",
    ]
    assert project.latest().info.id == latest
    shown = project.evalkit("show", "ci/out")
    assert shown.out == ran.out


def test_the_model_comes_from_the_flag_the_spec_the_environment_and_the_project_in_this_order(project: Project) -> None:
    def model(project: Project, *flags: str, spec: str = "") -> str:
        project.write("a.yaml", spec + yes_spec("yes"))
        ran = project.evalkit("run", "a.yaml", "--json", *flags)
        return str(json.loads(ran.out)["columns"][0]["model"])

    project.write("evalkit.toml", 'model = "echo/project"\n')
    there = replace(project, environ={"EVALKIT_MODEL": "echo/environment"})
    assert model(project) == "echo/project"
    assert model(there) == "echo/environment"
    assert model(there, spec="model: echo/spec\n") == "echo/spec"
    assert model(there, "-m", "echo/flag", spec="model: echo/spec\n") == "echo/flag"


def test_errors_are_shown_with_what_the_server_said(project: Project) -> None:
    with Server(lambda *_: failure(400, "the prompt is too long")) as server:
        project = replace(project, environ=keyed(server))
        project.write("a.yaml", yes_spec("one"))
        ran = project.evalkit("run", "a.yaml", "-m", "aimlapi/m")
    assert ran.code == 3
    assert f"errored   400 from 127.0.0.1:{server.port}: the prompt is too long" in ran.out


def test_reading_a_run_needs_nothing_but_its_folder(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    project.write("specs/a.yaml", yes_spec("yes", "no"))
    ran = project.evalkit("run", "specs", "-m", "echo/x", "--out", "out")
    elsewhere = Project(tmp_path_factory.mktemp("elsewhere"), {})
    moved = Path(project.folder / "out").rename(elsewhere.folder / "moved")
    shown = elsewhere.evalkit("show", str(moved))
    assert shown.out == ran.out.replace("report    out/", "report    moved/")
