"""What a terminal, a pipe and a CI log get to see, whatever a model says."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from tests.projects import Project, keyed, yes_spec
from tests.servers import Server, failure, reply

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")

HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2J\x9b1m [bold]markup[/bold] \u202egnp.exe \x00\x08\ud800\n"
    "##vso[task.setvariable variable=PATH]a ##[add-path]b, ##teamcity[c]\n"
    "::error file=a.yaml,line=1::owned\n"
    "   ::add-mask::d\n"
    "\r::warning::e"
)
SGR = re.compile(r"\x1b\[[0-9;]*m")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")


def commands_in(text: str) -> list[str]:
    """The lines that GitHub (`::`, `##[`), Azure or TeamCity would take for commands."""
    return [line for line in text.splitlines() if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]


def hidden_in(text: str) -> list[str]:
    """The characters that are no letters to look at."""
    return [character for character in text if not character.isprintable() and character not in "\n\N{NO-BREAK SPACE}"]


def on_a_terminal(project: Project, *arguments: str, **environ: str) -> tuple[int, str]:
    """How a command ends whose standard streams are one terminal, and all that it wrote there."""
    ours, theirs = pty.openpty()
    there = replace(project, environ={**project.environ, "TERM": "xterm-256color", "COLUMNS": "90", **environ})
    process = there.start(*arguments, stdout=theirs, stderr=theirs)
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    return process.wait(timeout=60), written.decode("utf-8").replace("\r\n", "\n")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with one run of a model that says what it should not, as a reply and as an error."""
    project = Project(tmp_path_factory.mktemp("hostile"), {})
    answers = [reply(HOSTILE, model=HOSTILE), failure(400, HOSTILE)]
    with Server(lambda number, *_: answers[number]) as server:
        project.write("specs/a.yaml", yes_spec("one", "two", checks="{regex: 'y+es'}"))
        ran = replace(project, environ=keyed(server)).evalkit("run", "specs", "-m", "aimlapi/m", "-j", "1")
    assert ran.code == 1
    return project


def test_a_hostile_reply_is_harmless_in_a_pipe_and_stays_legible(hostile: Project) -> None:
    shown = hostile.evalkit("show", "-v")
    assert hidden_in(shown.out) == []
    assert commands_in(shown.out + shown.err) == []
    for legible in ("red", "[bold]markup[/bold]", "⟨U+202E⟩gnp.exe", "│ ::error file", "# #vso[task"):
        assert legible in shown.out


def test_a_hostile_reply_is_harmless_on_a_terminal(hostile: Project) -> None:
    code, written = on_a_terminal(hostile, "show", "-v")
    plain = SGR.sub("", written)
    assert code == 0
    assert hidden_in(plain) == []
    assert commands_in(plain) == []


def test_a_hostile_word_is_harmless_in_what_programs_read(hostile: Project) -> None:
    shown = hostile.evalkit("show", "--json")
    assert json.loads(shown.out)["columns"][0]["served"] == [HOSTILE]
    assert shown.out.isascii()
    assert commands_in(shown.out) == []


def test_the_reason_for_a_wait_is_harmless(project: Project) -> None:
    answers = [failure(429, HOSTILE, retry_after_ms="1"), reply("yes")]
    with Server(lambda number, *_: answers[number]) as server:
        project.write("specs/a.yaml", yes_spec("one"))
        ran = replace(project, environ=keyed(server)).evalkit("run", "specs", "-m", "aimlapi/m")
    assert (ran.code, commands_in(ran.err), "\x1b" in ran.err) == (0, [], False)
    assert "waiting <0.01\N{NO-BREAK SPACE}s: 429 from 127.0.0.1" in ran.err


def test_names_and_mistakes_in_a_hostile_spec_are_harmless(project: Project) -> None:
    name = "::error::a \x1b[31m"
    project.write(
        "specs/a.yaml", f"name: {json.dumps(name)}\n" + yes_spec("one").replace("id: one", 'id: "::add-mask::b"')
    )
    for arguments in (["--plan"], []):
        ran = project.evalkit("run", "specs", "-m", "echo/x", *arguments)
        assert (commands_in(ran.out + ran.err), "\x1b" in ran.out + ran.err) == ([], False), ran
    assert commands_in(project.evalkit("list", "runs").out) == []
    wrong = project.write("specs/b.yaml", "prompt: x\n::error::c: 1\n##vso[d]: 2\n")
    ran = project.evalkit("run", "specs", "-m", "echo/x")
    assert (ran.code, commands_in(ran.err), wrong.name in ran.err) == (2, [], True)


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a red run of two specs on two models with long names and wide letters."""
    project = Project(tmp_path_factory.mktemp("red"), {})
    for name in ("a", "a-spec-with-a-name-that-is-longer-than-most"):
        checks = '{contains: "yes, and this is what was wanted: 東京東京東京東京東京東京東京東京東京東京東京東京東京"}'
        project.write(f"specs/{name}.yaml", yes_spec("yes", "one", "東京" * 20, checks=checks))
    models = ["-m", "echo/x", "-m", "echo/a-model-with-a-name-that-is-quite-long"]
    assert project.evalkit("run", "specs", *models).code == 1
    return project


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_nothing_but_what_is_copied_is_wider_than_the_terminal(columns: int, red: Project) -> None:
    shown = replace(red, environ={"COLUMNS": str(columns)}).evalkit("show").out
    wide = {line.split()[0] for line in shown.splitlines() if cell_len(line.rstrip()) > columns}
    assert wide <= {"report", "again"}
    assert "4 of 4 columns fail their gate." in shown


def test_letters_that_cannot_be_written_are_replaced_and_end_nothing(red: Project) -> None:
    narrow = replace(red, environ={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    shown = narrow.evalkit("show")
    assert (shown.code, shown.err, shown.out.isascii()) == (0, "", True)
    assert "x a > one" in shown.out
    ran = narrow.evalkit("run", "specs", "-m", "echo/x", "--fresh", "--out", "apart")
    assert (ran.code, (ran.out + ran.err).isascii()) == (1, True)


def test_colours_are_for_terminals_that_want_them(red: Project) -> None:
    assert "\x1b" not in red.evalkit("show").out
    assert COLOUR.search(on_a_terminal(red, "show")[1])
    assert not COLOUR.search(on_a_terminal(red, "show", NO_COLOR="1")[1])
    assert "\x1b" not in on_a_terminal(red, "show", TERM="dumb")[1]


def test_a_terminal_sees_the_same_words_as_a_pipe(red: Project) -> None:
    piped = replace(red, environ={"COLUMNS": "90"}).evalkit("show").out
    _, written = on_a_terminal(red, "show")
    assert [line.rstrip() for line in SGR.sub("", written).splitlines()] == [
        line.rstrip() for line in piped.splitlines()
    ]


def test_progress_on_a_terminal_is_gone_at_the_end_and_in_a_log_it_is_lines(project: Project) -> None:
    project.write("specs/a.yaml", yes_spec("yes", "yes2"))
    code, written = on_a_terminal(project, "run", "specs", "-m", "echo/x", "--fresh")
    assert code == 0
    assert written.count("\x1b[2K") >= 3  # rich clears each line of the block
    opening = "1 spec, 2 trials on echo/x: 2 calls to make, 0 recorded, 2 at a time\n"
    _, in_ci = on_a_terminal(project, "run", "specs", "-m", "echo/x", "--fresh", CI="true")
    assert SGR.sub("", in_ci).startswith(opening)
    assert "\x1b[2K" not in in_ci
    assert project.evalkit("run", "specs", "-m", "echo/x", "--fresh").err == opening
    assert project.evalkit("run", "specs", "-m", "echo/x", "--fresh", "-q").err == ""


def test_quiet_shows_the_columns_only(red: Project) -> None:
    ran = red.evalkit("run", "specs", "-m", "echo/x", "-q", "--out", "apart")
    assert (ran.code, ran.err, "replied" in ran.out) == (1, "", False)
    assert "2 of 2 columns fail their gate." in ran.out
