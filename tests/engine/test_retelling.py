"""What is wrong with the project of then is told with its ref and its paths, and never with the lines of today."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.disks import small_disk
from tests.projects import Project, cases
from tests.repositories import committed

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")

ELSE = "compare with a commit whose specs are valid, or with a run"
HAS_IT = "compare with a commit that has it, or with a run"
INVALID = "the specs at HEAD are not valid:"


def spec(model: str = "echo/x", prompt: str = "yes {{ word }}", more: str = cases("x")) -> str:
    """A spec that wants a yes."""
    return f"model: {model}\nprompt: {prompt}\nexpect: {{contains: yes}}\n{more}"


TODAY = {  # by file: the spec that needs it, and what is in it today
    "replies.yaml": (spec("scripted/replies.yaml"), "- reply: yes\n"),
    "p.md": (spec(prompt="{file: p.md}"), "yes! {{ word }}"),
    "data.csv": (spec(more="cases:\n  - file: data.csv\n"), "word\nx\n"),
    "bot.py": (spec("python/bot.py:answer"), "def answer(question): return 'yes'\n"),
}


@pytest.mark.parametrize(
    ("file", "then", "message", "help"),
    [
        ("replies.yaml", None, "replies.yaml is not there at HEAD", HAS_IT),
        ("replies.yaml", "- {", f"{INVALID} replies.yaml:1: not YAML: did not find expected node content", ELSE),
        ("replies.yaml", "{}", "at HEAD: replies.yaml is no script", "it is a list of rules, each with a `reply`"),
        ("p.md", None, f"{INVALID} a.yaml:2: the file `p.md` is not there", ELSE),
        ("data.csv", None, f"{INVALID} a.yaml:5: the file `data.csv` is not there", ELSE),
        ("data.csv", 'word\n"x\n', f"{INVALID} data.csv:2: not a table: unexpected end of data", ELSE),
        ("bot.py", None, f"{INVALID} a.yaml:1: there is no file `bot.py`", ELSE),
    ],
)
def test_a_file_that_was_not_there_or_was_wrong_is_told_with_the_ref(
    file: str, then: str | None, message: str, help: str, project: Project
) -> None:
    """Today all is well, so no line of today is shown."""
    text, now = TODAY[file]
    if then is not None:
        project.write(file, then)
    committed(project, a=text)
    project.write(file, now)
    ran = project.evalkit("run", "a.yaml", "--against", "HEAD")
    assert (ran.code, ran.err) == (2, f"error: {message}\n  help: {help}\n")
    assert not (project.folder / "reports").exists()


def test_a_link_that_led_nowhere_is_told_without_the_folder_it_was_laid_out_in(project: Project) -> None:
    (project.folder / "a.yaml").symlink_to("b.yaml")
    committed(project)
    project.write("b.yaml", spec())
    ran = project.evalkit("run", "a.yaml", "--against", "HEAD")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: at HEAD: there is no file or folder `a.yaml`")


def test_what_code_of_then_says_when_it_fails_has_the_paths_of_the_project(project: Project) -> None:
    """A traceback names the file that it comes from; the folder it lay in is gone by then."""
    code = 'VERSION = "{0}"\n\n\ndef answer(question):\n    return {1}\n'
    project.write("bot.py", code.format(1, "1 / 0"))
    committed(project, a=spec("python/bot.py:answer"))
    project.write("bot.py", code.format(2, "__file__"))
    run = project.session("a.yaml", against="HEAD")
    (before,) = (result for result in run.read_others() if result.arm == "baseline")
    assert before.error is not None
    assert "ZeroDivisionError" in before.error.message
    told = "".join(path.read_text("utf-8") for path in run.folder.iterdir() if path.is_file())
    assert "evalkit-" not in told


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (1, "`HEAD` cannot be laid out: No space left on device"),
        (2, "git cannot lay out commit {commit}: Unable to create 'index.lock': No space left on device"),
        (3, "git cannot lay out commit {commit}: unable to create file a.yaml: No space left on device"),
    ],
)
def test_a_temporary_folder_without_room_is_told_with_what_makes_room(
    files: int, message: str, project: Project, tmp_path: Path
) -> None:
    commit = committed(project, a=spec())
    project.write("a.yaml", spec(prompt="yes! {{ word }}"))
    with small_disk(tmp_path / "disk", kilobytes=64, files=files) as disk:
        there = replace(project, environ={"TMPDIR": str(disk)})
        ran = there.evalkit("run", "a.yaml", "--against", "HEAD")
    assert (ran.code, ran.err.splitlines()) == (
        2,
        [
            f"error: {message.format(commit=commit[:10])}",
            f"  help: is there room in {disk}? TMPDIR names another folder",
        ],
    )
