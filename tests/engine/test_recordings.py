"""Recordings in files: exact, the same bytes for the same replies, found in any file, and read only when wanted."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.engine.kept import kept_for
from evalkit.engine.question import Question
from evalkit.engine.recordings import Recordings, line_of, recorded_in
from evalkit.engine.transfer import file_name
from evalkit.errors import ProviderError, UserError
from evalkit.providers import completion
from evalkit.records.exchange import Recording, Reply
from tests.projects import KEY, ROOT, Project, keyed, yes_spec
from tests.providers.bodies import ERRORS_INSIDE_A_200, REPLIES, Row
from tests.servers import Server, reply

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
BODIES = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(str.encode),
    st.builds(
        lambda value, options: json.dumps(value, **options).encode("utf-8", "replace"),
        ANY_JSON,
        st.sampled_from([{}, {"indent": 1}, {"ensure_ascii": False}, {"sort_keys": False, "separators": (",", ":")}]),
    ),
)
NAMES = st.text(max_size=8)
QUESTIONS = st.builds(Question, NAMES, NAMES, BODIES, st.integers(1, 99), st.sampled_from("ab"))
RECORDINGS = st.builds(
    Recording,
    BODIES,
    st.dictionaries(st.sampled_from(["x-aimlapi-usd-spent", "x-of-a-plug-in"]), NAMES),
    st.floats(0, 1e5),
    st.sampled_from(["", "2026-11-22T19:04:31+00:00"]),
)


def meant(body: bytes) -> Any:
    """What a reader of JSON makes of a body; the bytes themselves where it is none."""
    try:
        return repr(json.loads(body.decode()))  # 1, 1.0 and True are three things, and NaN is one
    except (ValueError, RecursionError):
        return body


@given(question=QUESTIONS, recording=RECORDINGS)
def test_a_line_is_turned_back_into_its_question_and_recording(question: Question, recording: Recording) -> None:
    line = line_of(question, recording)
    recorded = recorded_in(line)
    assert line.count(b"\n") == 1
    assert recorded.question == question
    assert meant(recorded.recording.body) == meant(recording.body)
    assert replace(recorded.recording, body=b"", seconds=0) == replace(recording, body=b"", seconds=0)
    assert recorded.recording.seconds == round(recording.seconds, 3)
    assert line_of(recorded.question, recorded.recording) == line, "written again, it is the same"


def decoded(recording: Recording) -> Reply | str:
    """The reply in a recording, or the error it stands for."""
    try:
        return completion.decode(recording)
    except ProviderError as error:
        return f"{error.kind}: {error.message}"


@pytest.mark.parametrize("row", [*REPLIES, *ERRORS_INSIDE_A_200], ids=lambda row: row.name)
def test_a_recording_is_decoded_as_the_reply_it_was_made_of(row: Row) -> None:
    headers = {name.lower(): value for name, value in row.headers.items()}
    came = Recording(row.raw, headers, 0.25, "2026-11-22T19:04:31+00:00")
    assert decoded(recorded_in(line_of(Question("openai", "m", b"{}"), came)).recording) == decoded(came)


def test_a_line_can_be_read_by_people_and_has_no_traces_of_the_server() -> None:
    question = Question(
        "aimlapi", "google/gemini", b'{"messages":[{"content":"Gr\\u00fc\\u00dfe"}],"model":"google/gemini"}'
    )
    came = Recording(
        '{"choices":[{"message":{"content":"Schön"}}]}'.encode(),
        {"x-request-id": "r-1", "request-id": "r-2", "x-inference-id": "i-3", "x-aimlapi-usd-spent": "0.5"},
        0.123456,
        "2026-11-22T19:04:31+00:00",
    )
    assert line_of(question, came).decode() == (
        f'{{"key": "{question.key.hex()}", "provider": "aimlapi", "model": "google/gemini", "draw": 1, '
        '"request": {"messages": [{"content": "Grüße"}], "model": "google/gemini"}, '
        '"reply": {"choices": [{"message": {"content": "Schön"}}]}, '
        '"headers": {"x-aimlapi-usd-spent": "0.5"}, "seconds": 0.123, "time": "2026-11-22T19:04:31+00:00"}\n'
    )


ONE, TWO = Question("echo", "x", b'{"a":1}'), Question("echo", "x", b'{"a":2}')
CAME = Recording(b'{"text": "yes"}', {}, 0.5, "2026-11-22T19:04:31+00:00")


def test_a_recording_is_found_in_whichever_file_it_stands(tmp_path: Path) -> None:
    (tmp_path / "renamed.jsonl").write_bytes(b"\n" + line_of(ONE, CAME))
    (tmp_path / "a.jsonl").write_bytes(line_of(TWO, CAME).replace(b"\n", b"\r\n"))  # as git checks it out on Windows
    (tmp_path / "notes.txt").write_text("no recording")
    found = Recordings(tmp_path)
    assert (found.get(ONE), found.get(TWO), found.get(replace(ONE, draw=2))) == (CAME, CAME, None)


def test_other_tools_may_have_written_a_line_without_spaces(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(json.dumps(json.loads(line_of(ONE, CAME)), separators=(",", ":")).encode())
    assert Recordings(tmp_path).get(ONE) == CAME


def test_a_folder_that_is_not_there_has_no_recordings(tmp_path: Path) -> None:
    assert Recordings(tmp_path / "none").get(ONE) is None


def test_the_store_wins_over_the_recordings_and_both_are_replayed(project: Project) -> None:
    project.write("evalkit.toml", 'replies = "rec"')
    project.write("rec/a.jsonl", line_of(ONE, CAME).decode() + line_of(TWO, CAME).decode())
    mine = replace(CAME, body=b'{"text": "mine"}')
    with kept_for(project.settings()) as kept:
        kept.put(ONE, mine)
        assert (kept.get(ONE), kept.get(TWO)) == (mine, CAME)
        assert kept.known([ONE, TWO, replace(TWO, draw=2)]) == {ONE.key, TWO.key}
        assert kept.known([ONE, TWO], since=time.time() - 60) == {ONE.key}


WHOLE = line_of(ONE, CAME).decode()
ANEW = "write the file anew: evalkit replies export"
IN_GIT = "take the file from git, or delete the line"
DAMAGED: Mapping[str, tuple[str, str, str]] = {
    "cut off": (WHOLE[:-20] + "\n", ":3 is no recording, or not all of one", IN_GIT),
    "another kind of file": (
        '{"model": "x"}\n',
        ":3 is no recording, or not all of one",
        f"recordings have a folder of their own; is it one, {IN_GIT}",
    ),
    "ours": ("<<<<<<< HEAD\n", ":3 is left from a merge", f"take either side, then {ANEW}"),
    "theirs": ("=======\n", ":3 is left from a merge", f"take either side, then {ANEW}"),
    "end of a merge": (">>>>>>> topic\n", ":3 is left from a merge", f"take either side, then {ANEW}"),
    "LFS": ("version https://git-lfs.github.com/spec/v1\n", ":3 is a pointer of Git LFS", "git lfs pull"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_line_that_cannot_be_a_recording_is_told_by_its_place_at_the_first_look(damage: str, tmp_path: Path) -> None:
    text, said, help = DAMAGED[damage]
    path = tmp_path / "a.jsonl"
    path.write_text(f"{WHOLE}\n{text}{line_of(TWO, CAME).decode()}", "utf-8")
    with pytest.raises(UserError) as told:
        Recordings(tmp_path).get(TWO)
    assert (told.value.message, told.value.help) == (f"{path}{said}", help)


INSIDE: Mapping[str, tuple[str, str, str]] = {
    "a word is missing": ('"draw": 1,', '"draw": ,', "Expecting value: line 1 column"),
    "the reply is gone": ('"reply": {"text": "yes"}, ', "", "it has no `reply`"),
    "the request was edited": ('"request": {"a": 1}', '"request": {"a": 3}', "its key is not that of its request"),
    "the draw is another": ('"draw": 1', '"draw": 2', "its key is not that of its request"),
    "the draw is a text": ('"draw": 1', '"draw": "1"', "it is not of that form"),
    "a header that is no text": ('"seconds"', '"headers": {"a": 1}, "seconds"', "it is not of that form"),
    "seconds beyond numbers": ('"seconds": 0.5', '"seconds": 1e999', "it is not of that form"),
    "seconds in words": ('"seconds": 0.5', '"seconds": "nan"', "it is not of that form"),
    "a number for a body": ('"reply": {"text": "yes"}', '"reply_base64": 7', "it is not of that form"),
    "no base64": ('"reply": {"text": "yes"}', '"reply_base64": "ü"', "string argument should contain only ASCII"),
    "seconds that are none": ('"seconds": 0.5', '"seconds": null', "it is not of that form"),
}


@pytest.mark.parametrize("damage", INSIDE)
def test_a_line_that_is_damaged_inside_is_told_by_its_place_when_it_is_wanted(damage: str, tmp_path: Path) -> None:
    old, new, why = INSIDE[damage]
    assert old in WHOLE
    path = tmp_path / "a.jsonl"
    path.write_text(f"\n{WHOLE.replace(old, new)}{line_of(TWO, CAME).decode()}", "utf-8")
    found = Recordings(tmp_path)
    assert found.get(TWO) == CAME, "what is not wanted is not looked at"
    with pytest.raises(UserError) as told:
        found.get(ONE)
    assert told.value.message.startswith(f"{path}:2 is no recording: {why}"), told.value.message


@pytest.mark.parametrize(
    "line",
    [
        line_of(replace(ONE, draw=10**30), CAME),
        line_of(replace(ONE, draw=0), CAME),
        line_of(ONE, CAME).replace(b'"model": "x"', b'"model": "\\ud800"'),
        line_of(ONE, CAME).replace(b'"time": "', b'"time": "\\udfff'),
        line_of(ONE, CAME).replace(b'"seconds"', b'"headers": {"a": "\\ud800"}, "seconds"'),
        line_of(ONE, CAME).replace(b'"seconds": 0.5', b'"seconds": ' + b"1" * 400),
    ],
    ids=["draw 10**30", "draw 0", "half a character", "half in a time", "half in a header", "seconds of 400 digits"],
)
def test_a_line_that_no_store_can_keep_is_no_recording(line: bytes) -> None:
    """Its key is that of its request: whoever made it meant it."""
    with pytest.raises(ValueError, match="it is not of that form"):
        recorded_in(line)


@pytest.mark.parametrize("damage", ["cut off", "ours"])
def test_a_run_on_damaged_recordings_ends_before_any_call(damage: str, project: Project) -> None:
    project.write("evalkit.toml", 'replies = "rec"')
    project.write("a.yaml", yes_spec("one"))
    project.write("rec/a.jsonl", DAMAGED[damage][0])
    with Server(lambda *_: reply("yes")) as server:
        ran = Project(project.folder, keyed(server)).evalkit("run", "a.yaml", "-m", "aimlapi/m")
        assert (ran.code, ran.out, server.seen) == (2, "", [])
    assert "a.jsonl:1 is" in ran.err.splitlines()[0]


def test_a_file_that_is_written_anew_under_a_run_is_read_anew(tmp_path: Path) -> None:
    path, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_bytes(line_of(ONE, CAME) + line_of(TWO, CAME))
    found = Recordings(tmp_path)
    assert found.get(ONE) == CAME
    path.write_bytes(b"\n\n" + line_of(TWO, CAME) + line_of(ONE, CAME))
    assert (found.get(ONE), found.get(TWO)) == (CAME, CAME)
    path.rename(other)
    assert (found.get(ONE), found.get(TWO)) == (CAME, CAME)


@pytest.mark.parametrize("left", [True, False])
def test_a_recording_that_is_taken_away_under_a_run_is_told_as_often_as_it_is_wanted(
    left: bool, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line_of(ONE, CAME) + line_of(TWO, CAME))
    found = Recordings(tmp_path)
    assert found.get(ONE) == CAME
    if left:
        path.write_bytes(line_of(TWO, CAME))
    else:
        path.unlink()
    for _ in range(2):
        with pytest.raises(UserError) as told:
            found.get(ONE)
        assert told.value.message == f"{path} was changed or deleted meanwhile: a recording in it is gone"
    if left:
        assert found.get(TWO) == CAME


def test_a_folder_of_recordings_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "rec").write_text("")
    with pytest.raises(UserError, match="is no folder"):
        Recordings(tmp_path / "rec").get(ONE)


def test_a_folder_of_recordings_that_cannot_be_read_is_told_and_does_not_count_as_empty(tmp_path: Path) -> None:
    loop = tmp_path / "rec"
    loop.symlink_to(loop)
    with pytest.raises(UserError) as told:
        Recordings(loop).get(ONE)
    assert told.value.message == f"{loop} cannot be read: Too many levels of symbolic links"


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("review-sentiment", "review-sentiment.jsonl"),
        ("v1.2_b", "v1.2_b.jsonl"),
        ("Review", "review-aff0766a.jsonl"),
        ("review", "review.jsonl"),
        ("../../etc/passwd", "etc-passwd-3754d6cb.jsonl"),
        ("größe › de", "gr-e-de-6e6a4414.jsonl"),
        ("日本語", "spec-77710aed.jsonl"),
        ("../x", "x-d6b96a97.jsonl"),
        ("x-d6b96a97", "x-d6b96a97-e00d179c.jsonl"),
        ("con", "con-1143da2b.jsonl"),
        ("Nul", "nul-e54bdb05.jsonl"),
        ("aux.txt", "aux-txt-0857d0cb.jsonl"),
        ("console", "console.jsonl"),
    ],
)
def test_a_spec_s_file_has_a_name_on_any_system_and_no_two_share_one(spec: str, name: str) -> None:
    assert file_name(spec) == name


def exported(project: Project, *arguments: str) -> Mapping[str, str]:
    """The files after an export into `rec`."""
    ran = project.evalkit("replies", "export", "-o", "rec", "-m", "aimlapi/m", *arguments)
    assert ran.code == 0, ran
    return {path.name: path.read_text("utf-8") for path in sorted((project.folder / "rec").iterdir())}


def test_equal_recordings_give_equal_files_and_a_case_more_gives_a_line_more(project: Project) -> None:
    project.write("specs/a.yaml", yes_spec("one", "two"))
    project.write("specs/b.yaml", yes_spec("two"))
    with Server(lambda number, *_: reply(f"yes, {number}")) as server:
        there = replace(project, environ=keyed(server))
        there.evalkit("run", "specs", "-m", "aimlapi/m")
        first = exported(there, "specs")
        assert exported(there, "specs") == first
        project.write("specs/a.yaml", yes_spec("one", "zero", "two"))
        there.evalkit("run", "specs", "-m", "aimlapi/m")
    more = exported(there, "specs")
    assert {name: text.count("\n") for name, text in first.items()} == {"a.jsonl": 2, "b.jsonl": 1}
    assert set(first["a.jsonl"].splitlines()) < set(more["a.jsonl"].splitlines())
    assert more["b.jsonl"] == first["b.jsonl"]
    for text in more.values():
        assert text.splitlines() == sorted(text.splitlines()), "sorted by key, which begins the line"
    project.write("specs/a.yaml", yes_spec("zero"))
    assert exported(there, "specs/a.yaml")["a.jsonl"].count("\n") == 1, "what no case asks is gone"


def test_no_recording_that_holds_a_key_is_exported(project: Project) -> None:
    project.write("a.yaml", yes_spec("one", "two"))
    with Server(lambda number, *_: reply(f"yes, {KEY}" if number else "yes")) as server:
        there = replace(project, environ=keyed(server))
        there.evalkit("run", "a.yaml", "-m", "aimlapi/m", "-j", "1")
    ran = there.evalkit("replies", "export", "a.yaml", "-o", "rec", "-m", "aimlapi/m")
    (text,) = [path.read_text("utf-8") for path in (project.folder / "rec").iterdir()]
    assert (text.count("\n"), KEY in text) == (1, False)
    assert ran.out.splitlines()[1] == "! a › two holds a key of yours and was left out; change the key"


def test_every_question_of_the_examples_is_recorded_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a store of this machine: what git has is enough. What the model says is of no matter here."""
    monkeypatch.chdir(ROOT)
    plan = Project(ROOT, {}).plan("specs")
    keys = {trial.question.key.hex() for trial in plan if trial.question}
    lines = [line for path in (ROOT / "specs" / "replies").iterdir() for line in path.read_text("utf-8").splitlines()]
    assert keys == {json.loads(line)["key"] for line in lines}


def test_the_examples_recordings_are_small_and_of_no_machine() -> None:
    files = sorted((ROOT / "specs" / "replies").iterdir())
    texts = [path.read_bytes().decode("utf-8") for path in files]
    assert sum(map(len, texts)) < 400_000
    for text in texts:
        lines = text.split("\n")
        assert (lines[-1], lines[:-1]) == ("", sorted(lines[:-1]))
        assert not any(trace in text for trace in ("/home", "/root", "/tmp", ".gguf", "timings", str(ROOT)))
