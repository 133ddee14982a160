"""Disks that are full, folders that may not be written, outputs that end early: said in words, never a traceback."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.disks import read_only, small_disk, small_disk_grows
from tests.projects import Project, cases, keyed, yes_spec
from tests.servers import Server, reply

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")


@pytest.fixture
def green(project: Project) -> Project:
    """A project whose run is green."""
    project.write("specs/a.yaml", yes_spec("yes", "yes2"))
    return project


@needs_full
@pytest.mark.parametrize(
    "arguments",
    [["run", "specs", "-m", "echo/x", "--json"], ["--help"]],
    ids=" ".join,
)
def test_a_result_that_cannot_be_written_is_no_success(arguments: list[str], green: Project) -> None:
    with FULL.open("w") as full:
        ran = green.evalkit(*arguments, stdout=full)
    assert ran.code == 2
    assert ran.err.endswith("error: standard output cannot be written: No space left on device\n")
    assert "Traceback" not in ran.err


@needs_full
def test_a_full_disk_does_not_hide_that_a_gate_failed(project: Project) -> None:
    project.write("specs/a.yaml", yes_spec("no"))
    with FULL.open("w") as full:
        ran = project.evalkit("run", "specs", "-m", "echo/x", stdout=full)
    assert ran.code == 1
    assert "standard output cannot be written" in ran.err


@needs_full
def test_progress_that_cannot_be_written_ends_no_run(green: Project) -> None:
    with FULL.open("w") as full:
        ran = green.evalkit("run", "specs", "-m", "echo/x", stderr=full)
    assert (ran.code, "Every gate holds." in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("stream", "words", "code"), [("stdout", ["yes"], 0), ("stdout", ["no"], 1), ("stderr", ["no"], 1)]
)
def test_a_reader_that_leaves_changes_no_exit_code(stream: str, words: list[str], code: int, project: Project) -> None:
    project.write("specs/a.yaml", yes_spec(*words))
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = project.evalkit("run", "specs", "-m", "echo/x", **{stream: writing})
    finally:
        os.close(writing)
    assert ran.code == code
    assert "Traceback" not in ran.out + ran.err
    assert project.latest().info.exit_code == code


def test_closed_streams_end_nothing(green: Project) -> None:
    command = 'exec "$0" -m evalkit run specs -m echo/x >&- 2>&-'
    done = subprocess.run(["sh", "-c", command, sys.executable], cwd=green.folder, check=False)
    assert done.returncode == 0
    assert green.latest().info.exit_code == 0


def test_a_reports_folder_that_cannot_be_made_is_found_before_any_call(green: Project) -> None:
    green.write("reports", "a file")
    ran = green.evalkit("run", "specs", "-m", "echo/x")
    assert (ran.code, ran.out) == (2, "")
    assert "cannot be written: Not a directory" in ran.err
    assert "help: choose another folder with --out FOLDER" in ran.err
    assert "Traceback" not in ran.err
    assert green.evalkit("run", "specs", "-m", "echo/x", "--out", "out", "--offline").code == 4  # nothing was asked


def test_a_reports_folder_that_may_not_be_written_is_found_before_any_call(green: Project) -> None:
    (green.folder / "reports").mkdir()
    with read_only(green.folder / "reports"):
        ran = green.evalkit("run", "specs", "-m", "echo/x")
    assert (ran.code, ran.out, "Traceback" in ran.err) == (2, "", False)
    assert "cannot be written: " in ran.err


def test_a_project_that_may_not_be_written_is_refused_in_words(green: Project) -> None:
    with read_only(green.folder):
        ran = green.evalkit("run", "specs", "-m", "echo/x")
    assert (ran.code, ran.out, "Traceback" in ran.err) == (2, "", False)
    assert "the reply store" in ran.err
    assert "help: is there room, and may you write there?; --offline replays" in ran.err


def test_a_latest_that_cannot_be_written_stops_no_report(green: Project) -> None:
    (green.folder / "reports" / "latest").mkdir(parents=True)
    ran = green.evalkit("run", "specs", "-m", "echo/x", "--json")
    assert ran.code == 0
    assert (Path(json.loads(ran.out)["folder"]) / "index.html").is_file()
    assert green.evalkit("show").code == 0


LONG = 'prompt: "Say {{ word }}. {{ range(400) | join(word) }}"\nexpect: {contains: yes}\n'
MANY = [f"w{number}" for number in range(200)]
FULL_DISKS = {
    "store": "Stopped: the reply store {folder}/.evalkit/replies.db cannot be written: database or disk is full. "
    "Make room; the same command continues.",
    "reports": "Stopped: {folder}/reports/{run} cannot be written: No space left on device. Choose another folder "
    "with --out FOLDER, or make room; every reply that came is kept; the same command continues.",
}


def random_letters(number: int) -> str:
    """What no compression makes small."""
    return random.Random(number).randbytes(1500).hex()


@pytest.mark.parametrize("full", [("store",), ("reports",), ("store", "reports")], ids="+".join)
def test_a_disk_that_fills_up_in_the_middle_stops_the_run_and_the_same_command_continues(
    full: tuple[str, ...], project: Project
) -> None:
    project.write("specs/a.yaml", LONG + cases(*MANY))
    folders = {"store": project.folder / ".evalkit", "reports": project.folder / "reports"}
    with Server(lambda number, *_: reply(f"yes {random_letters(number)}")) as server, ExitStack() as stack:
        project = replace(project, environ=keyed(server))
        for name in full:
            stack.enter_context(small_disk(folders[name], kilobytes=500))
        command = ("run", "specs", "-m", "aimlapi/m", "-j", "4")
        ran = project.evalkit(*command)
        asked, shown = server.times_asked(), project.evalkit("show")
        assert (ran.code, "Traceback" in ran.err + ran.out) == (3, False), ran
        assert 10 < asked.total() < len(MANY)
        said = "".join(ran.out.split())  # lines are broken anywhere in a long path
        run_id = project.latest().info.id
        assert said.count("Stopped:") == 1
        assert "".join(FULL_DISKS[full[0]].format(folder=project.folder, run=run_id).split()) in said
        assert "Notfinished:" in said
        assert "continue  evalkit run specs -m aimlapi/m -j 4\n" in ran.out
        has_report = "reports" not in full
        assert (f"report    reports/{run_id}/index.html\n" in ran.out, "error: " in ran.err) == (
            has_report,
            not has_report,
        )
        assert (shown.code, "Not finished: " in shown.out, "of 200 trials done" in shown.out) == (0, True, True)
        for name in full:
            small_disk_grows(folders[name], kilobytes=20_000)
        again = project.evalkit(*command)
        assert (again.code, "Every gate holds." in again.out) == (0, True), again
        twice = server.times_asked() - Counter({question: 1 for question in server.times_asked()})
        assert twice.total() <= (4 if "store" in full else 0)  # only what was in hand and could not be kept
        assert len(server.times_asked()) == len(MANY)


def test_a_damaged_store_is_named_with_what_was_saved_and_stops_nothing(green: Project) -> None:
    (green.folder / ".evalkit").mkdir()
    for arguments in (["--plan"], []):
        store = green.write(".evalkit/replies.db", "no database, and long enough to be looked at " * 50)
        ran = green.evalkit("run", "specs", "-m", "echo/x", *arguments)
        said = f"The reply store {store} was damaged: it is now replies.damaged-"
        assert (ran.code, said in ran.err, "and 0 replies could be taken over" in ran.err) == (0, True, True)
        store.unlink()
    assert [note.startswith(said) for note in green.latest().info.notes] == [True]
    assert len(list((green.folder / ".evalkit").glob("replies.damaged-*.db"))) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["stats"],
        ["show", "00"],
        ["export", "-o", "rec", "specs", "-m", "echo/x"],
        ["import", "rec"],
        ["prune", "--older-than", "1h"],
        ["prune", "--unused", "specs"],
    ],
    ids=" ".join,
)
def test_whichever_command_finds_a_damaged_store_says_so_once(arguments: list[str], green: Project) -> None:
    (green.folder / "rec").mkdir()
    store = green.write(".evalkit/replies.db", "no database, and long enough to be looked at " * 50)
    ran = green.evalkit("replies", *arguments)
    assert ran.err.count(f"The reply store {store} was damaged: it is now replies.damaged-") == 1, ran
    assert ran.code == (2 if arguments[0] in ("show", "import") else 0), "there is nothing to show or to import"


@pytest.mark.parametrize("arguments", [["--plan"], ["--offline", "--out", "{out}"], ["--out", "{out}"]], ids=" ".join)
def test_what_is_kept_is_planned_and_replayed_from_a_folder_that_cannot_be_written(
    arguments: list[str], green: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    green.evalkit("run", "specs", "-m", "echo/x")
    out = tmp_path_factory.mktemp("out")
    with read_only(green.folder):
        ran = green.evalkit("run", "specs", "-m", "echo/x", *(each.format(out=out / "run") for each in arguments))
        asking = green.evalkit("run", "specs", "-m", "echo/y", "--out", str(out / "other"))
        planning = green.evalkit("run", "specs", "-m", "echo/y", "--plan")
    assert (ran.code, ran.err.count("error")) == (0, 0), ran
    assert "calls     0 to make, 2 recorded" in ran.out or "0 calls, 2 replayed" in ran.out
    assert (asking.code, asking.out, list(out.glob("other/*"))) == (2, "", [])
    assert asking.err.count("cannot be written: ") == 1
    assert (planning.code, "calls     2 to make, 0 recorded" in planning.out) == (0, True)
