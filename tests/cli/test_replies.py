"""`evalkit replies`: what is kept is exported, imported, counted, shown and deleted, and nothing is asked."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.engine.replies import ReplyStore
from tests.projects import KEY, Project, keyed, yes_spec
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


def test_stats_count_what_is_kept_and_what_is_in_files(ran: Project) -> None:
    lines = [line.split() for line in ran.evalkit("replies", "stats").out.splitlines()]
    assert [line[0] for line in lines] == ["replies", "oldest", "newest", "model"]
    assert (lines[0][1], lines[0][-1]) == ("4,", ".evalkit/replies.db")
    assert lines[1][1] <= lines[2][1], "times are UTC"
    assert lines[3] == ["model", "aimlapi/m", "4"]
    ran.write("evalkit.toml", 'replies = "rec"\n')
    ran.evalkit("replies", "export", "specs/a.yaml", *MODEL)
    assert ran.evalkit("replies", "stats").out.splitlines()[-1] == "files     2 recordings in rec"


def test_stats_of_a_project_that_asked_nothing_yet(project: Project) -> None:
    told = project.evalkit("replies", "stats")
    assert (told.code, told.err) == (0, "")
    assert re.fullmatch(r"replies   0, .* in \.evalkit/replies\.db\n", told.out)


def test_show_tells_all_of_a_reply_by_enough_of_its_key(ran: Project) -> None:
    """The key is found where people find it: at the front of a line that was exported."""
    ran.evalkit("replies", "export", "specs/a.yaml", "-o", "rec", *MODEL)
    members = [json.loads(line) for line in (ran.folder / "rec" / "a.jsonl").read_text("utf-8").splitlines()]
    told = members[0]
    for beginning in (told["key"], told["key"][:12], told["key"][:12].upper()):
        shown = ran.evalkit("replies", "show", beginning)
        assert (shown.code, shown.err) == (0, "")
        assert shown.out.startswith(f"key       {told['key']}\nprovider  aimlapi\nmodel     m\ndraw      1\n")
        assert f"\nrequest\n{json.dumps(told['request'], indent=2)}\n\nreply\nyes\n\nbody\n" in shown.out
        assert shown.out.endswith(f"\nbody\n{json.dumps(told['reply'], indent=2)}\n")
    as_json = json.loads(ran.evalkit("replies", "show", told["key"][:12], "--json").out)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", as_json.pop("used"))
    assert as_json == told


def test_show_finds_what_only_files_have(ran: Project) -> None:
    ran.write("evalkit.toml", 'replies = "rec"\n')
    ran.evalkit("replies", "export", "specs/a.yaml", *MODEL)
    shutil.rmtree(ran.folder / ".evalkit")
    key = (ran.folder / "rec" / "a.jsonl").read_text("utf-8")[9:29]
    assert ran.evalkit("replies", "show", key).out.startswith(f"key       {key}")


@pytest.mark.parametrize(
    ("beginning", "message"),
    [("", "several keys begin with ``"), ("no key", "no reply is kept under `no key`"), ("0" * 64, "no reply is kept")],
)
def test_show_wants_the_beginning_of_one_key(beginning: str, message: str, ran: Project) -> None:
    told = ran.evalkit("replies", "show", beginning)
    assert (told.code, told.out, message in told.err.splitlines()[0]) == (2, "", True), told


def test_show_makes_visible_what_a_model_hides_and_keeps_keys_to_itself(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    with Server(lambda *_: reply(f"\x1b[2Jyes\u202e {KEY}\n::error::pwned\n##vso[task]")) as server:
        there = replace(project, environ=keyed(server))
        there.evalkit("run", "a.yaml", *MODEL)
    assert there.evalkit("replies", "export", "a.yaml", "-o", "rec", *MODEL).code == 0
    assert not (project.folder / "rec").exists()
    (key,) = keys_of(project)
    for options in ((), ("--json",)):
        told = there.evalkit("replies", "show", key[:8], *options).out
        assert not any(hidden in told for hidden in ("\x1b", "\u202e", KEY, "\n::", "##vso"))
        assert "[redacted]" in told


def keys_of(project: Project) -> list[str]:
    """The keys of the store, in order."""
    with closing(ReplyStore(project.folder / ".evalkit" / "replies.db")) as store:
        return list(map(bytes.hex, store.keys()))


def test_prune_deletes_what_no_spec_asks_any_more_and_nothing_else(ran: Project) -> None:
    before = keys_of(ran)
    ran.write("specs/b.yaml", yes_spec("three", "five"))
    ran.write("rec/kept.jsonl", "")
    dry = ran.evalkit("replies", "prune", "specs", "--unused", "--dry-run", *MODEL)
    assert (dry.code, dry.out, keys_of(ran)) == (0, "1 reply of 4 would go\n", before)
    real = ran.evalkit("replies", "prune", "specs", "--unused", *MODEL)
    assert (real.code, real.out.startswith("1 reply of 4 deleted, ")) == (0, True), real
    assert set(keys_of(ran)) < set(before)
    with Server(lambda *_: reply("yes")) as server:
        again = replace(ran, environ=keyed(server)).evalkit("run", "specs", *MODEL)
    assert (again.code, server.times_asked()) == (0, {"Say five.": 1})


def test_prune_deletes_what_meets_both_conditions(ran: Project) -> None:
    ran.write("specs/b.yaml", yes_spec("five"))
    today = ("replies", "prune", "specs", "--older-than", "1d", *MODEL)
    assert ran.evalkit(*today).out.startswith("0 replies of 4 deleted"), "asked today"
    assert ran.evalkit(*today, "--unused").out.startswith("0 replies of 4 deleted")
    days_later(ran, 40)
    assert ran.evalkit(*today, "--unused").out.startswith("2 replies of 4 deleted")
    assert ran.evalkit("run", "specs/a.yaml", "-k", "one", "--offline", *MODEL).code == 0, "a replay counts as use"
    assert ran.evalkit("replies", "prune", "--older-than", "4w").out.startswith("1 reply of 2 deleted")
    assert ran.evalkit("run", "specs/a.yaml", "-k", "one", "--offline", *MODEL).code == 0


def days_later(project: Project, days: int) -> None:
    """Make all that a store kept and noted older."""
    with closing(sqlite3.connect(project.folder / ".evalkit" / "replies.db")) as db:
        db.execute("UPDATE replies SET time = date(time, ?), kept = kept - ?", (f"-{days} days", days * 86400))
        db.execute("UPDATE uses SET used = date(used, ?)", (f"-{days} days",))
        db.commit()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "error: prune needs a condition"),
        (("--older-than", "30"), "Error: Invalid value for '--older-than': `30` is no time"),
        (("--older-than", "-1d"), "Error: Invalid value for '--older-than': `-1d` is no time"),
        (("--unused", "nowhere/"), "error: there is no file or folder `nowhere`"),
    ],
)
def test_prune_deletes_nothing_without_a_condition_that_it_understands(
    arguments: tuple[str, ...], said: str, ran: Project
) -> None:
    told = ran.evalkit("replies", "prune", *arguments)
    assert (told.code, told.out, said in told.err) == (2, "", True), told
    assert len(keys_of(ran)) == 4


def lines_in(folder: Path) -> dict[str, set[str]]:
    """The lines of each file of a folder."""
    return {path.name: set(path.read_text("utf-8").splitlines()) for path in folder.iterdir()}


def test_export_drops_nothing_that_another_export_wrote_and_only_what_no_case_asks(ran: Project) -> None:
    """Models that this plan does not ask and draws beyond its own stay; a request that was edited goes."""
    with Server(lambda *_: reply("yes")) as server:
        there = replace(ran, environ=keyed(server))
        for arguments in (("-m", "aimlapi/n"), (*MODEL, "--trials", "3")):
            assert there.evalkit("run", "specs", *arguments).code == 0
            assert there.evalkit("replies", "export", "specs", "-o", "rec", *arguments).code == 0
    shutil.rmtree(ran.folder / ".evalkit")
    rec = ran.folder / "rec"
    before = lines_in(rec)
    assert {name: len(lines) for name, lines in before.items()} == {"a.jsonl": 8, "b.jsonl": 8}
    assert ran.evalkit("replies", "export", "specs", "-o", "rec", *MODEL).code == 0
    assert lines_in(rec) == before
    ran.write("specs/b.yaml", yes_spec("three", "five"))
    told = ran.evalkit("replies", "export", "specs", "-o", "rec", *MODEL)
    assert [" ".join(line.split()) for line in told.out.splitlines()[:2]] == [
        "a 8 recordings rec/a.jsonl",
        "b 5 recordings rec/b.jsonl; 1 trial without one; 3 gone, asked by no case",
    ]
    gone = {line for line in before["b.jsonl"] if "Say four." in line and '"model": "m", "draw"' in line}
    assert lines_in(rec) == {"a.jsonl": before["a.jsonl"], "b.jsonl": before["b.jsonl"] - gone}


def test_a_case_that_moves_to_another_spec_takes_its_recording_along(ran: Project) -> None:
    ran.evalkit("replies", "export", "specs", "-o", "rec", *MODEL)
    shutil.rmtree(ran.folder / ".evalkit")
    before = lines_in(ran.folder / "rec")
    ran.write("specs/a.yaml", yes_spec("one"))
    ran.write("specs/b.yaml", yes_spec("two", "three", "four"))
    assert ran.evalkit("replies", "export", "specs", "-o", "rec", *MODEL).code == 0
    after = lines_in(ran.folder / "rec")
    moved = {line for line in before["a.jsonl"] if "Say two." in line}
    assert after == {"a.jsonl": before["a.jsonl"] - moved, "b.jsonl": before["b.jsonl"] | moved}


def test_export_overwrites_no_file_that_holds_something_else(ran: Project) -> None:
    own = '{"id": "one", "vars": {"word": "one"}}\n'
    ran.write("data/b.jsonl", own)
    told = ran.evalkit("replies", "export", "specs", "-o", "data", *MODEL)
    assert (told.code, told.out) == (2, "")
    assert told.err.splitlines()[0] == "error: data/b.jsonl is there, and is no file of recordings"
    assert lines_in(ran.folder / "data") == {"b.jsonl": {own.strip()}}, "nothing was written for the other spec either"


def test_an_export_that_fails_leaves_all_files_as_they_were(ran: Project) -> None:
    ran.evalkit("replies", "export", "specs/a.yaml", "-o", "rec", *MODEL)
    before = (ran.folder / "rec" / "a.jsonl").read_bytes()
    ran.write("specs/a.yaml", yes_spec("one"))
    (ran.folder / "rec" / ".b.jsonl.new").mkdir()  # in the way of what is written first
    told = ran.evalkit("replies", "export", "specs", "-o", "rec", *MODEL)
    assert (told.code, told.err.splitlines()[0]) == (2, "error: rec/b.jsonl cannot be written: Is a directory")
    assert sorted(path.name for path in (ran.folder / "rec").iterdir()) == [".b.jsonl.new", "a.jsonl"]
    assert (ran.folder / "rec" / "a.jsonl").read_bytes() == before


def test_export_takes_both_sides_of_a_merge(ran: Project) -> None:
    ran.evalkit("replies", "export", "specs/a.yaml", "-o", "rec", *MODEL)
    path = ran.folder / "rec" / "a.jsonl"
    whole = path.read_text("utf-8")
    ours, theirs = whole.splitlines()
    path.write_text(f"<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> topic\n", "utf-8")
    assert ran.evalkit("replies", "export", "specs/a.yaml", "-o", "rec", *MODEL).code == 0
    assert path.read_text("utf-8") == whole


def test_a_damaged_line_is_written_anew_from_the_store_and_told_where_nothing_else_has_it(ran: Project) -> None:
    export = ("replies", "export", "specs/a.yaml", "-o", "rec", *MODEL)
    ran.evalkit(*export)
    path = ran.folder / "rec" / "a.jsonl"
    whole = path.read_text("utf-8")
    path.write_text(whole[:-20], "utf-8")
    assert (ran.evalkit(*export).code, path.read_text("utf-8")) == (0, whole)
    shutil.rmtree(ran.folder / ".evalkit")
    path.write_text(whole[:-20], "utf-8")
    told = ran.evalkit(*export)
    assert (told.code, path.read_text("utf-8")) == (2, whole[:-20])
    message, help = told.err.splitlines()
    assert message.startswith("error: rec/a.jsonl:2 is no recording")
    assert help == "  help: take the file from git, or delete the line"
    path.write_text(whole.splitlines(keepends=True)[0], "utf-8")
    assert ran.evalkit(*export).code == 0, "the line is deleted, as the message says"


def test_no_line_that_holds_a_key_stays_in_a_file(project: Project) -> None:
    """Also one of a model that is not asked; the file goes where nothing is left."""
    project.write("a.yaml", yes_spec("one"))
    with Server(lambda *_: reply(f"yes, {KEY}")) as server:
        there = replace(project, environ=keyed(server))
        for model in ("aimlapi/m", "aimlapi/n"):
            there.evalkit("run", "a.yaml", "-m", model)
            project.evalkit("replies", "export", "a.yaml", "-o", "rec", "-m", model)  # by someone without the key
    path = project.folder / "rec" / "a.jsonl"
    other = next(json.loads(line)["key"] for line in path.read_text("utf-8").splitlines() if '"model": "n"' in line)
    told = there.evalkit("replies", "export", "a.yaml", "-o", "rec", *MODEL)
    assert (told.code, path.exists()) == (0, False)
    assert told.out.splitlines()[1:] == [
        "! a › one holds a key of yours and was left out; change the key",
        f"! a › recording {other[:12]} holds a key of yours and was left out; change the key",
    ]


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_show_keeps_the_keys_of_the_project_s_env_file_to_itself(options: tuple[str, ...], project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    project.write(".env", f"AIMLAPI_API_KEY={KEY}\n")
    with Server(lambda *_: reply(f"yes, {KEY}")) as server:
        there = replace(project, environ={"AIMLAPI_BASE_URL": server.url})
        assert there.evalkit("run", "a.yaml", *MODEL).code == 0
    (key,) = keys_of(project)
    told = there.evalkit("replies", "show", key[:8], *options)
    assert (told.code, KEY in told.out + told.err, "[redacted]" in told.out) == (0, False, True)


def test_import_of_a_folder_without_recordings_says_so(ran: Project) -> None:
    ran.write("notes/read.me", "")
    told = ran.evalkit("replies", "import", "notes")
    assert (told.code, told.out, told.err.splitlines()[0]) == (2, "", "error: no file of recordings lies in notes")


@pytest.mark.parametrize("age", ["999999d", "999999w"])
def test_prune_finds_nothing_that_is_older_than_the_calendar(age: str, ran: Project) -> None:
    told = ran.evalkit("replies", "prune", "--older-than", age)
    assert (told.code, told.out.startswith("0 replies of 4 deleted"), told.err) == (0, True, "")
