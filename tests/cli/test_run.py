"""`evalkit run` as users start it: exit codes, what programs get, what a run leaves, selections and plans."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import replace

import pytest

from tests.projects import Project, cases, complaints, keyed, yes_spec
from tests.servers import Server, reply

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
        (yes_spec("yes", "broken"), [], 3, "No verdict: it is left open by 1 error."),
        (yes_spec("yes", "one"), ["--offline"], 4, "Not verifiable here: 2 trials have no recording."),
        (yes_spec("yes", "one"), ["--offline", "--allow-unrecorded"], 4, "Nothing was measured."),
        (yes_spec("yes", "yes2"), ["--max-calls", "1"], 3, "1 trial not asked: --max-calls 1 is reached"),
        (SKIPPED, [], 4, "Nothing was measured."),
    ],
    ids=["holds", "fails", "holds at half", "errored", "offline", "left out", "budget", "all skipped"],
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
        ({"a.yaml": yes_spec("one")}, ["-k", "nothing"], 4, "no case is selected"),
    ],
    ids=["typo", "-k"],
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
    files = [*folder.iterdir(), *(project.folder / ".evalkit").iterdir()]
    assert {path.name for path in files} == {
        "run.json",
        "results.jsonl",
        "index.html",
        "replies.db",
        "replies.lock",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


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
        f"tokens    about {(2 + 2 + 3) * 2} in the prompts of the calls to make",
        "cost      unknown before the replies say it; prices in the settings tell it now, and pip install "
        "'evalkit-specs[prices]' brings a list",
    ]
    assert server.times_asked() == {"Say four.": 1}
    assert len([*(project.folder / "reports").iterdir()]) == 2


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
    (since,) = re.findall(
        r"again     evalkit run specs -m scripted/script\.yaml --fresh-since (\S+) --failed", named.out
    )
    continued = project.evalkit(
        "run", "specs", "-m", "scripted/script.yaml", "--fresh-since", since, "--failed", failed
    )
    assert "2 cases, 1 call, 1 replayed" in continued.out  # what the fresh run brought counts, the error is asked again


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
