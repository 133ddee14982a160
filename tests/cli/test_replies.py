"""`evalkit replies`: what is kept is exported, imported, counted, shown and deleted, and nothing is asked."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from tests.projects import Project, keyed, yes_spec
from tests.servers import Server, reply

MODEL = ("-m", "aimlapi/m")


@pytest.fixture(scope="module")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("ran"), {})
    project.write("specs/a.yaml", yes_spec("one", "two"))
    project.write("specs/b.yaml", yes_spec("three", "four"))
    with Server(lambda *_: reply("yes")) as server:
        assert replace(project, environ=keyed(server)).evalkit("run", "specs", *MODEL).code == 0
    return project


@pytest.fixture
def ran(_ran: Project, project: Project) -> Project:
    """A project with four replies of a model that is not there any more, and without its key."""
    shutil.copytree(_ran.folder, project.folder, symlinks=True, dirs_exist_ok=True)
    return project


def test_export_says_what_it_wrote_and_what_records_the_rest(ran: Project) -> None:
    ran.write("specs/b.yaml", yes_spec("three", "five", "six"))
    ran.write("specs/c.yaml", yes_spec("seven"))
    told = ran.evalkit("replies", "export", "specs", "-o", "out/rec", *MODEL, "--trials", "1")
    assert (told.code, told.err) == (0, "")
    assert [" ".join(line.split()) for line in told.out.splitlines()] == [
        "a 2 recordings out/rec/a.jsonl",
        "b 1 recording out/rec/b.jsonl; 2 trials without one",
        "c 0 recordings; 1 trial without one",
        "record evalkit run specs -m aimlapi/m --trials 1",
    ]
    assert sorted(path.name for path in (ran.folder / "out" / "rec").iterdir()) == ["a.jsonl", "b.jsonl"]


def test_export_writes_into_the_folder_of_the_settings_and_needs_one(ran: Project) -> None:
    told = ran.evalkit("replies", "export", "specs", *MODEL)
    assert (told.code, told.out, told.err.splitlines()[0]) == (2, "", "error: there is no folder to export to")
    ran.write("evalkit.toml", 'replies = "specs/replies"\n')
    assert ran.evalkit("replies", "export", *MODEL).code == 0, "PATHS are specs/ when left out"
    assert sorted(path.name for path in (ran.folder / "specs" / "replies").iterdir()) == ["a.jsonl", "b.jsonl"]


def test_export_keeps_what_only_its_files_have_and_what_no_other_run_asks(ran: Project) -> None:
    """Whoever exports need not have the store in which the recordings were made; a slip of -m empties no file."""
    ran.evalkit("replies", "export", "specs", "-o", "rec", *MODEL)
    before = {path.name: path.read_bytes() for path in (ran.folder / "rec").iterdir()}
    shutil.rmtree(ran.folder / ".evalkit")
    for model in (MODEL, ("-m", "aimlapi/other")):
        assert ran.evalkit("replies", "export", "specs", "-o", "rec", *model).code == 0
        assert {path.name: path.read_bytes() for path in (ran.folder / "rec").iterdir()} == before


def test_a_folder_that_cannot_be_written_is_told(ran: Project) -> None:
    ran.write("file", "")
    told = ran.evalkit("replies", "export", "specs", "-o", "file/rec", *MODEL)
    assert (told.code, told.err.splitlines()[0]) == (2, "error: file/rec/a.jsonl cannot be written: Not a directory")


def test_import_takes_in_what_is_absent_and_replaces_nothing(
    ran: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ran.evalkit("replies", "export", "specs", "-o", "rec", *MODEL)
    elsewhere = Project(tmp_path_factory.mktemp("elsewhere"), {})
    shutil.copytree(ran.folder / "specs", elsewhere.folder / "specs")
    rec = ran.folder / "rec"
    first = elsewhere.evalkit("replies", "import", str(rec / "a.jsonl"))
    assert (first.code, first.out, first.err) == (0, "2 new, 0 already there, 0 refused\n", "")
    for path in rec.iterdir():  # the same questions, answered otherwise
        path.write_text(path.read_text("utf-8").replace('"content": "yes"', '"content": "changed"'), "utf-8")
    assert elsewhere.evalkit("replies", "import", str(rec)).out == "2 new, 2 already there, 0 refused\n"
    again = elsewhere.evalkit("run", "specs", *MODEL, "--offline", "--json")
    columns = {column["spec"]: column["trials"]["passed"] for column in json.loads(again.out)["columns"]}
    assert columns == {"a": 2, "b": 0}, "what was there stayed, what was not came in"


def test_import_refuses_what_is_not_the_reply_to_its_request(ran: Project) -> None:
    ran.evalkit("replies", "export", "specs", "-o", "rec", *MODEL)
    shutil.rmtree(ran.folder / ".evalkit")
    path = ran.folder / "rec" / "a.jsonl"
    first, second = path.read_text("utf-8").splitlines()
    path.write_text(f"{first.replace('Say ', 'Shout ')}\n{second}\n", "utf-8")
    told = ran.evalkit("replies", "import", "rec")
    assert (told.code, told.out) == (2, "3 new, 0 already there, 1 refused\n")
    assert told.err == "refused   rec/a.jsonl:1: its key is not that of its request\n"
    path.write_text("<<<<<<< HEAD\n", "utf-8")
    told = ran.evalkit("replies", "import", "rec")
    assert (told.code, told.err.splitlines()[0]) == (2, "error: rec/a.jsonl:1 is left from a merge")


def test_a_recording_that_is_damaged_inside_ends_a_run_before_any_call(ran: Project) -> None:
    ran.write("evalkit.toml", 'replies = "rec"\n')
    ran.evalkit("replies", "export", "specs", *MODEL)
    shutil.rmtree(ran.folder / ".evalkit")
    path = ran.folder / "rec" / "a.jsonl"
    path.write_text(path.read_text("utf-8").replace('"reply": {', '"reply": {{', 1), "utf-8")
    ran.write("specs/b.yaml", yes_spec("three", "five"))
    with Server(lambda *_: reply("yes")) as server:
        told = replace(ran, environ=keyed(server)).evalkit("run", "specs", *MODEL)
        assert (told.code, told.out, server.seen) == (2, "", [])
    assert told.err.splitlines()[0].startswith(f"error: {path}:1 is no recording: ")
