"""Disks that are full, folders that may not be written, outputs that end early: said in words, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.disks import read_only, small_disk
from tests.projects import Project, cases, yes_spec

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
    assert green.evalkit("run", "specs", "-m", "echo/x", "--out", "out", "--offline").code == 3  # nothing was asked


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
    assert "help: is there room, and may you write there?" in ran.err


def test_a_latest_that_cannot_be_written_stops_no_report(green: Project) -> None:
    (green.folder / "reports" / "latest").mkdir(parents=True)
    ran = green.evalkit("run", "specs", "-m", "echo/x", "--json")
    assert ran.code == 0
    assert (Path(json.loads(ran.out)["folder"]) / "index.html").is_file()
    assert green.evalkit("show").code == 0


@pytest.mark.parametrize("full_of", ["store", "reports"])
def test_a_disk_that_fills_up_in_the_middle_ends_in_words_and_keeps_what_came(full_of: str, project: Project) -> None:
    prompt = 'prompt: "{{ word }} {{ range(400) | join(word) }}"\nexpect: {contains: yes}\n'
    project.write("specs/a.yaml", prompt + cases(*(f"yes{number}" for number in range(300))))
    folder = project.folder / {"store": ".evalkit", "reports": "reports"}[full_of]
    with small_disk(folder, kilobytes=400):
        ran = project.evalkit("run", "specs", "-m", "echo/x", "-j", "2")
        shown = project.evalkit("show")
    assert (ran.code, "Traceback" in ran.err) == (2, False), ran
    assert "cannot be written" in ran.err
    assert shown.code == 0
    assert "Not finished: " in shown.out
    assert "Not finished: 0 of" not in shown.out
