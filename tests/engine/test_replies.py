"""The reply store: what is one question and what another, what is kept, and who may ask."""

from __future__ import annotations

import os
import sqlite3
import string
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.engine.question import Question
from evalkit.engine.replies import ReplyStore
from evalkit.engine.store_layout import LAYOUT
from evalkit.errors import UserError
from evalkit.records.exchange import Recording
from tests.projects import Project, keyed, yes_spec
from tests.servers import Answer, Server, reply

QUESTION = Question("aimlapi", "google/gemini", b'{"messages":[]}')

NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=8)
QUESTIONS = st.builds(Question, NAMES, NAMES, st.binary(max_size=30), st.integers(1, 99), st.sampled_from("ab"))


@given(one=QUESTIONS, other=QUESTIONS)
def test_two_questions_have_one_key_only_if_all_that_reaches_the_model_is_equal(one: Question, other: Question) -> None:
    same = (one.provider, one.body, one.draw, one.series) == (other.provider, other.body, other.draw, other.series)
    assert (one.key == other.key) == same


TEXTS = st.text(string.ascii_letters + " äß\N{SNOWMAN}", min_size=1, max_size=12).map(str.strip).filter(bool)
PARAMS = st.dictionaries(
    st.sampled_from(["temperature", "max_tokens", "stop", "seed"]), st.integers(0, 9) | TEXTS, max_size=3
)
SPECS = st.fixed_dictionaries(
    {
        "prompt": st.lists(st.fixed_dictionaries({"user": TEXTS}), min_size=1, max_size=2),
        "model": st.sampled_from(["echo/a", "echo/b"]),
        "params": PARAMS,
    }
)


def keys_of(spec: Mapping[str, Any], text: str = "", **given: Any) -> list[bytes]:
    """The keys of what a spec asks; `text` is written in place of the plainest YAML for it."""
    whole = {**spec, "expect": {"contains": "x"}, "cases": [{"id": "only"}]}
    with TemporaryDirectory() as folder:
        project = Project(Path(folder), {})
        project.write("a.yaml", text or yaml.safe_dump(whole, allow_unicode=True))
        return [trial.question.key for trial in project.plan(**given) if trial.question]


@settings(max_examples=40)
@given(one=SPECS, other=SPECS)
def test_what_reaches_the_model_is_the_key_of_a_spec(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    assert (keys_of(one) == keys_of(other)) == (one == other)


@settings(max_examples=40)
@given(spec=SPECS, data=st.data())
def test_order_comments_names_checks_gates_and_workers_are_no_part_of_the_key(
    spec: Mapping[str, Any], data: st.DataObject
) -> None:
    items = {
        "name": data.draw(NAMES),
        "description": "whatever",
        "tags": ["a"],
        "prompt": spec["prompt"],
        "model": {"model": spec["model"], "name": data.draw(NAMES)},
        "params": dict(data.draw(st.permutations(list(spec["params"].items())))),
        "expect": [{"not": {"equals": "y"}}],
        "gate": {"pass_rate": 0.5},
        "cases": [{"id": data.draw(NAMES), "tags": ["b"]}],
    }
    order = data.draw(st.permutations(list(items)))
    text = "# said before\n" + "".join(
        yaml.safe_dump({key: items[key]}, allow_unicode=True, sort_keys=False) + "# said between\n" for key in order
    )
    workers = data.draw(st.integers(1, 99))
    assert keys_of(spec, text, workers=workers, timeout=3.0, fresh=True) == keys_of(spec)


@pytest.mark.parametrize(
    "changed",
    [
        'prompt: "Say {{ w }}!"\nmodel: echo/x\nparams: {temperature: 0}',
        'prompt: [{system: "Say {{ w }}"}]\nmodel: echo/x\nparams: {temperature: 0}',
        'prompt: [{system: Be brief}, {user: "Say {{ w }}"}]\nmodel: echo/x\nparams: {temperature: 0}',
        'prompt: "Say {{ w }}"\nmodel: echo/y\nparams: {temperature: 0}',
        'prompt: "Say {{ w }}"\nmodel: echo/x\nparams: {temperature: 1}',
        'prompt: "Say {{ w }}"\nmodel: echo/x\nparams: {temperature: 0, top_p: 1}',
        'prompt: "Say {{ w }}"\nmodel: echo/x\nparams: {temperature: "0"}',
        'prompt: "Say {{ w }}"\nmodel: echo/x',
        'prompt: "Say {{ w + w }}"\nmodel: echo/x\nparams: {temperature: 0}',
    ],
)
def test_each_change_of_prompt_model_or_params_is_another_question(changed: str) -> None:
    rest = "\nexpect: {contains: x}\ncases: [{id: only, vars: {w: x}}]\n"
    before = keys_of({}, 'prompt: "Say {{ w }}"\nmodel: echo/x\nparams: {temperature: 0}' + rest)
    assert keys_of({}, changed + rest) != before


@settings(max_examples=40)
@given(body=st.binary(max_size=300), headers=st.dictionaries(NAMES, TEXTS), seconds=st.floats(0, 1e6))
def test_a_recording_comes_back_as_it_went_in(body: bytes, headers: Mapping[str, str], seconds: float) -> None:
    recording = Recording(body, headers, seconds, "2026-11-22T19:04:31+00:00")
    with TemporaryDirectory() as folder, closing(ReplyStore(Path(folder, "replies.db"))) as store:
        store.put(QUESTION, recording)
        assert store.get(QUESTION) == recording


def test_a_recording_outlives_the_process_and_a_fresh_one_replaces_it(tmp_path: Path) -> None:
    path = tmp_path / ".evalkit" / "replies.db"
    for body in (b"\x00\xff first", b"second"):
        with closing(ReplyStore(path)) as store:
            store.put(QUESTION, Recording(body))
        with closing(ReplyStore(path)) as store:
            assert store.get(QUESTION) == Recording(body)
            assert store.known([QUESTION.key]) == {QUESTION.key}
            assert store.get(Question("aimlapi", "google/gemini", QUESTION.body, draw=2)) is None


def test_the_bodies_of_servers_are_kept_untouched(project: Project) -> None:
    odd = b'  {"choices": [{"message": {"content": "yes", "later": 1}}], "unheard_of": [1.0, 1e2]}\r\n'
    with Server(lambda number, body, headers: Answer(body=odd)) as server:
        project = Project(project.folder, keyed(server))
        project.write("a.yaml", yes_spec("one"))
        project.session(models="aimlapi/m")
        (question,) = [trial.question for trial in project.plan(models="aimlapi/m")]
    assert question is not None
    with closing(ReplyStore(project.folder / ".evalkit" / "replies.db")) as store:
        kept = store.get(question)
    assert kept is not None
    assert kept.body == odd
    assert question.body == server.seen[0].body


def test_two_threads_that_want_one_draw_ask_once(project: Project) -> None:
    with Server(lambda number, body, headers: reply("yes", delay=0.1)) as server:
        project = Project(project.folder, keyed(server))
        for name in ("a", "b", "c"):
            project.write(f"{name}.yaml", yes_spec("one", "two"))
        run = project.session(models="aimlapi/m", workers=6)
    assert server.times_asked() == {"Say one.": 1, "Say two.": 1}
    assert sorted(str(result.origin) for result in run.results()) == ["fresh"] * 2 + ["replayed"] * 4
    assert run.info.exit_code == 0


def test_fresh_asks_a_draw_once_however_many_want_it(project: Project) -> None:
    with Server(lambda number, body, headers: reply("yes", delay=0.05)) as server:
        project = Project(project.folder, keyed(server))
        for name in ("a", "b"):
            project.write(f"{name}.yaml", yes_spec("one"))
        for _ in range(2):
            project.session(models="aimlapi/m", fresh=True)
    assert server.times_asked() == {"Say one.": 2}


OPENING = """
import sys
from contextlib import closing
from pathlib import Path
from evalkit.engine.question import Question
from evalkit.engine.replies import ReplyStore
from evalkit.records.exchange import Recording
for number in range(25):
    with closing(ReplyStore(Path(sys.argv[1], str(number), "replies.db"))) as store:
        store.put(Question("a", "m", sys.argv[2].encode()), Recording(b"yes"))
"""


def test_processes_that_open_a_new_store_at_once_do_not_collide(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPENING, str(tmp_path)]
    opening = [subprocess.Popen([*command, str(n)], stderr=subprocess.PIPE, text=True) for n in range(4)]
    assert [process.communicate(timeout=60)[1] for process in opening] == ["", "", "", ""]
    with closing(ReplyStore(tmp_path / "24" / "replies.db")) as store:
        keys = [Question("a", "m", str(n).encode()).key for n in range(4)]
        assert store.known(keys) == set(keys)


def test_two_processes_that_want_one_draw_ask_once(project: Project) -> None:
    words = [f"w{number}" for number in range(12)]
    with Server(lambda number, body, headers: reply("yes", delay=0.3)) as server:
        project = Project(project.folder, keyed(server))
        project.write("a.yaml", yes_spec(*words))
        both = [project.start("run", "a.yaml", "-m", "aimlapi/m", "-j", "4") for _ in range(2)]
        ended = [(*process.communicate(timeout=60), process.returncode) for process in both]
    assert [code for _, _, code in ended] == [0, 0], ended
    assert server.times_asked() == dict.fromkeys((f"Say {word}." for word in words), 1)


def test_a_draw_claimed_by_a_process_that_was_killed_is_free(project: Project) -> None:
    with Server(lambda number, body, headers: reply("yes", delay=0.0 if number else 30.0)) as server:
        project = Project(project.folder, keyed(server))
        project.write("a.yaml", yes_spec("one"))
        first = project.start("run", "a.yaml", "-m", "aimlapi/m")
        while not server.seen and first.poll() is None:
            time.sleep(0.01)
        first.kill()
        first.communicate()
        assert project.session(models="aimlapi/m").info.exit_code == 0
    assert server.times_asked() == {"Say one.": 2}


def test_errors_are_never_kept(project: Project) -> None:
    project.write("specs/a.yaml", yes_spec("one", "two"))
    project.write("answers.yaml", "- {when: {contains: one}, reply: {error: 400}}\n- {reply: yes}\n")
    for origins in (["fresh", "fresh"], ["fresh", "replayed"]):
        run = project.session("specs", models="scripted/answers.yaml")
        assert [(str(r.outcome), r.origin) for r in run.results()] == list(
            zip(["errored", "passed"], origins, strict=True)
        )


def test_a_damaged_row_is_asked_again_and_mended(project: Project) -> None:
    project.write("a.yaml", yes_spec("yes", "one"))
    path = project.folder / ".evalkit" / "replies.db"
    project.session(models="echo/x")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE replies SET body = x'00ff'")
    assert [result.origin for result in project.session(models="echo/x").results()] == ["fresh", "fresh"]
    assert [result.origin for result in project.session(models="echo/x").results()] == ["replayed", "replayed"]


def test_a_recording_that_no_longer_parses_is_asked_again(project: Project) -> None:
    with Server(lambda number, body, headers: reply("yes")) as server:
        project = Project(project.folder, keyed(server))
        project.write("a.yaml", yes_spec("one"))
        (question,) = [trial.question for trial in project.plan(models="aimlapi/m")]
        assert question is not None
        with closing(ReplyStore(project.folder / ".evalkit" / "replies.db")) as store:
            store.put(question, Recording(b"half a bo"))
        run = project.session(models="aimlapi/m")
    assert [(str(r.outcome), r.origin) for r in run.results()] == [("passed", "fresh")]


@pytest.mark.parametrize("umask", [0, 0o077])
def test_the_store_is_its_owners_alone(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        with closing(ReplyStore(tmp_path / "replies.db")) as store:
            store.put(QUESTION, Recording(b"secret"))
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert set(modes) == {"replies.db", "replies.db-wal", "replies.db-shm", "replies.lock"}
    assert set(modes.values()) == {0o600}


def test_a_store_of_a_newer_evalkit_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    ReplyStore(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = DELETE")  # a newer one may keep it as it likes
        database.execute(f"PRAGMA user_version = {LAYOUT + 1}")
    before = path.read_bytes()
    with pytest.raises(UserError, match="a newer evalkit wrote the reply store") as caught:
        ReplyStore(path)
    assert caught.value.help == "update evalkit, or move the file away"
    assert path.read_bytes() == before
