"""Who is asked and who no longer: a provider that is done for, params that are always refused, a budget, a bound."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evalkit.engine.attempts import Policy
from evalkit.engine.caller import Caller
from evalkit.engine.kept import kept_for
from evalkit.engine.pool import Pool
from evalkit.engine.question import Question
from evalkit.engine.session import Session
from evalkit.engine.standing import PATIENCE, Standing
from evalkit.errors import ErrorKind, ProviderError, UserError
from evalkit.records.event import Event, Finished
from evalkit.records.exchange import Recording, Reply, Request
from evalkit.records.run import StoredRun
from evalkit.records.spec import Message
from evalkit.settings import Settings
from tests.disks import read_only
from tests.projects import Project, keyed, yes_spec
from tests.servers import Answer, Server, failure, reply

WORDS = tuple(f"w{number}" for number in range(200))


def outcomes(run: StoredRun) -> Counter[tuple[str, str]]:
    """How many trials came to which (outcome, kind of error)."""
    return Counter((str(result.outcome), result.error.kind if result.error else "") for result in run.results())


def served(behaviour: Callable[[int, Any, Any], Answer], project: Project, **settings: Any) -> tuple[StoredRun, Server]:
    """A run of the project's specs against a server."""
    with Server(behaviour) as server:
        run = Project(project.folder, keyed(server)).session(**{"models": "aimlapi/m", **settings})
    return run, server


def test_a_refused_key_ends_the_asking_and_no_negated_check_turns_it_green(project: Project) -> None:
    project.write("a.yaml", yes_spec(*WORDS, checks="{not: {contains: sorry}}"))
    run, server = served(lambda *_: failure(401, "bad key"), project, workers=8)
    assert run.info.exit_code == 3
    assert 1 <= len(server.seen) <= 8
    assert outcomes(run) == {
        ("errored", "terminal"): len(server.seen),
        ("skipped", "gone"): 200 - len(server.seen),
    }
    (column,) = run.info.columns
    assert (column.pass_rate, column.mean_score, column.cases.decided) == (None, None, 0)


@pytest.mark.parametrize("status", [402, 403, 302])
def test_whatever_ends_a_provider_ends_all_its_models(status: int, project: Project) -> None:
    project.write("a.yaml", yes_spec("one", "two"))
    run, server = served(lambda *_: failure(status), project, models=("aimlapi/a", "aimlapi/b"), workers=1)
    assert outcomes(run) == {("errored", "terminal"): 1, ("skipped", "gone"): 3}
    assert len(server.seen) == 1


def test_a_model_that_is_not_found_takes_no_other_with_it(project: Project) -> None:
    project.write("a.yaml", yes_spec("one", "two", "three"))

    def answer(number: int, body: Any, headers: Any) -> Answer:
        return failure(404, "no such model") if body["model"] == "a" else reply("yes")

    run, server = served(answer, project, models=("aimlapi/a", "aimlapi/b"), workers=1)
    assert outcomes(run) == {("errored", "terminal"): 1, ("skipped", "gone"): 2, ("passed", ""): 3}
    assert Counter(seen.json["model"] for seen in server.seen) == {"a": 1, "b": 3}
    assert run.info.exit_code == 3


def test_what_is_refused_three_times_in_the_same_words_is_not_sent_again(project: Project) -> None:
    project.write("a.yaml", yes_spec(*WORDS[:20]))
    run, server = served(lambda *_: failure(400, "temperature is not supported"), project, workers=1)
    assert len(server.seen) == PATIENCE
    assert outcomes(run) == {("errored", "rejected"): PATIENCE, ("skipped", "gone"): 20 - PATIENCE}
    assert run.info.exit_code == 3


def test_refusals_in_different_words_are_each_about_their_own_request(project: Project) -> None:
    project.write("a.yaml", yes_spec(*WORDS[:9]))
    run, server = served(lambda number, *_: failure(400, f"field {number} is wrong"), project, workers=1)
    assert len(server.seen) == 9
    assert outcomes(run) == {("errored", "rejected"): 9}


def test_params_that_were_accepted_once_are_sent_again_whatever_is_refused_later(project: Project) -> None:
    project.write("a.yaml", yes_spec(*WORDS[:9]))
    run, _ = served(lambda number, *_: failure(400, "too long") if number else reply("yes"), project, workers=1)
    assert outcomes(run) == {("passed", ""): 1, ("errored", "rejected"): 8}


def test_other_params_of_a_model_are_not_refused_with_the_first(project: Project) -> None:
    models = "models: [aimlapi/m, {model: aimlapi/m, name: hot, params: {temperature: 1}}]\n"
    project.write("a.yaml", models + yes_spec(*WORDS[:5]))

    def answer(number: int, body: Any, headers: Any) -> Answer:
        return failure(400, "no temperature") if "temperature" in body else reply("yes")

    run, server = served(answer, project, models=(), workers=1)
    assert outcomes(run) == {("passed", ""): 5, ("errored", "rejected"): 3, ("skipped", "gone"): 2}
    assert Counter("temperature" in seen.json for seen in server.seen) == {False: 5, True: 3}


REQUEST = Request("p", "m", (Message("user", "hi"),))


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([("rejected", "a", 400)] * 2, ""),
        ([("rejected", "a", 400)] * 3, "a"),
        ([("rejected", "a", 400)] * 2 + [("rejected", "b", 400)] + [("rejected", "a", 400)] * 2, ""),
        ([("rejected", "a", 400)] * 2 + [("transient", "b", 500)] + [("rejected", "a", 400)], "a"),
        ([("transient", "a", 500)] * 9, ""),
        ([("terminal", "a", 401), ("terminal", "b", 401)], "a"),
        ([("terminal", "a", 404)], "a"),
    ],
)
def test_the_standing_of_a_model_after_errors(errors: list[tuple[ErrorKind, str, int]], said: str) -> None:
    standing = Standing()
    for kind, message, status in errors:
        standing.failed(REQUEST, ProviderError(kind, message, status=status))
    assert standing.why_not(REQUEST) == said


@pytest.mark.parametrize("most", [0, 1, 7])
def test_no_more_calls_are_made_than_the_budget_allows(most: int, project: Project) -> None:
    project.write("a.yaml", yes_spec(*WORDS[:40]))
    run, server = served(lambda *_: reply("yes", delay=0.01), project, max_calls=most, workers=16)
    assert len(server.seen) == most
    assert outcomes(run) == Counter({("passed", ""): most, ("skipped", "budget"): 40 - most})
    assert run.info.exit_code == 3


def test_what_is_recorded_costs_no_budget(project: Project) -> None:
    project.write("a.yaml", yes_spec(*WORDS[:6]))
    with Server(lambda *_: reply("yes")) as server:
        project = Project(project.folder, keyed(server))
        project.session(models="aimlapi/m", limit=4)
        run = project.session(models="aimlapi/m", max_calls=1, workers=1)
    assert [result.origin for result in run.results()] == ["replayed"] * 4 + ["fresh", None]


def test_offline_asks_nothing_and_needs_no_key(project: Project) -> None:
    project.write("a.yaml", yes_spec("one", "two"))
    with Server(lambda *_: reply("yes")) as server:
        Project(project.folder, keyed(server)).session(models="aimlapi/m", limit=1)
    run = project.session(models="aimlapi/m", offline=True)
    assert outcomes(run) == {("passed", ""): 1, ("skipped", "unrecorded"): 1}
    assert run.info.exit_code == 4
    assert project.session(models="aimlapi/m", offline=True, limit=1).info.exit_code == 0


def test_a_missing_key_is_found_before_any_call(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    with pytest.raises(UserError, match="no key for aimlapi: the environment has no AIMLAPI_API_KEY"):
        project.session(models=("echo/x", "aimlapi/m"))
    assert {path.name for path in project.folder.iterdir()} == {"a.yaml", ".evalkit"}


class Narrow:
    """A provider of one's own, as a plug-in brings it: two at a time, and each reply says how many there were."""

    name = "narrow"
    capacity: int | None = 2

    def __init__(self, breaks: BaseException | None = None) -> None:
        self.breaks = breaks
        self.busy = 0
        self.lock = threading.Lock()

    def ready(self, model: str) -> None:
        """Always."""

    def encode(self, request: Request) -> bytes:
        return json.dumps([request.model, request.case]).encode()

    def send(self, request: Request, body: bytes) -> Recording:
        if self.breaks:
            raise self.breaks
        with self.lock:
            self.busy += 1
            busy = self.busy
        time.sleep(0.02)
        with self.lock:
            self.busy -= 1
        return Recording(str(busy).encode())

    def decode(self, recording: Recording) -> Reply:
        return Reply(recording.body.decode())


def called(provider: Narrow, folder: Path, many: int) -> list[Any]:
    """What came of so many calls made by eight threads."""
    stop = threading.Event()
    with kept_for(Settings(root=folder)) as kept:
        policy = Policy(1, 10.0, stop, lambda waiting: None)
        caller = Caller(kept, lambda name: provider, Settings(), policy)

        def work(case: str) -> Any:
            request = Request("narrow", "m", (), case=case)
            return caller.call(request, Question("narrow", "m", provider.encode(request)))

        return list(Pool(work, 8, stop, lambda: None).run(f"c{number}" for number in range(many)))


def test_a_provider_is_never_given_more_at_once_than_it_can_take(tmp_path: Path) -> None:
    assert {came.call.reply.text for came in called(Narrow(), tmp_path, 20)} == {"1", "2"}


@pytest.mark.parametrize(
    ("breaks", "kind", "said"),
    [
        (KeyError("x"), "rejected", "the provider broke: KeyError: 'x'"),
        (UserError("the weights are gone"), "terminal", "the weights are gone"),
        (ProviderError("transient", "busy"), "transient", "busy"),
    ],
)
def test_a_provider_that_breaks_breaks_its_own_calls_only(
    breaks: BaseException, kind: str, said: str, tmp_path: Path
) -> None:
    (came,) = called(Narrow(breaks), tmp_path, 1)
    assert (came.failure.kind, came.failure.message) == (kind, said)
    assert came.call.reply is None


def test_a_result_keeps_every_attempt_of_its_call(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    answers = [failure(429, "slow down", retry_after_ms="1"), reply("yes")]
    run, _ = served(lambda number, *_: answers[number], project)
    (result,) = run.results()
    attempts = result.calls[0].attempts
    assert [bool(attempt.error) for attempt in attempts] == [True, False]
    assert "slow down" in attempts[0].error


@dataclass(frozen=True, slots=True)
class Mixed:
    """A project with twenty recordings in a file and as many new cases between them, and no store yet."""

    project: Project
    server: Server
    old: tuple[str, ...] = WORDS[:20]

    @property
    def file(self) -> Path:
        return self.project.folder / "rec" / "a.jsonl"

    def empty_a_reply(self) -> None:
        """Let the first recording hold a reply that no parser takes."""
        first, *rest = self.file.read_text("utf-8").splitlines(keepends=True)
        self.file.write_text(json.dumps({**json.loads(first), "reply": {}}) + "\n" + "".join(rest), "utf-8")

    def run(self, disturb: Callable[[], object], **settings: Any) -> StoredRun:
        """A run that is disturbed once it has the first results."""
        heard: list[Event] = []

        def hear(event: Event) -> None:
            heard.append(event)
            if sum(isinstance(one, Finished) for one in heard) == 4:
                disturb()

        return Session(self.project.settings("a.yaml", models="aimlapi/m", **settings), hear).run()


@pytest.fixture
def mixed(project: Project) -> Iterator[Mixed]:
    with Server(lambda *_: reply("yes", delay=0.05)) as server:
        there = Mixed(Project(project.folder, keyed(server)), server)
        project.write("evalkit.toml", 'replies = "rec"')
        project.write("a.yaml", yes_spec(*there.old))
        there.project.session("a.yaml", models="aimlapi/m")
        assert there.project.evalkit("replies", "export", "a.yaml", "-m", "aimlapi/m").code == 0
        shutil.rmtree(project.folder / ".evalkit")
        project.write(
            "a.yaml", yes_spec(*(word for pair in zip(there.old, WORDS[20:40], strict=True) for word in pair))
        )
        yield there


def twice(server: Server) -> int:
    """How many calls asked what another had asked."""
    return sum(times - 1 for times in server.times_asked().values())


def test_recordings_that_are_written_anew_under_a_run_are_still_found(mixed: Mixed) -> None:
    run = mixed.run(lambda: mixed.file.write_bytes(b"\n" + mixed.file.read_bytes()), workers=4)
    assert (outcomes(run), run.info.state, run.info.exit_code) == ({("passed", ""): 40}, "finished", 0)
    assert twice(mixed.server) == 0


def test_recordings_that_are_taken_away_under_a_run_stop_it_and_the_same_command_loses_no_reply(mixed: Mixed) -> None:
    run = mixed.run(mixed.file.unlink, workers=4)
    (note,) = [note for note in run.info.notes if note.startswith("Stopped: ")]
    assert note == (
        f"Stopped: {mixed.file} was changed or deleted meanwhile: a recording in it is gone. "
        "Put it back to replay it; the same command continues."
    )
    assert (run.info.state, run.info.exit_code) == ("stopped", 3)
    assert set(outcomes(run)) == {("passed", ""), ("skipped", "stopped")}
    assert twice(mixed.server) == 0, "what went was not bought again"
    run = mixed.run(lambda: None, workers=4)
    assert (run.info.exit_code, outcomes(run)) == (0, {("passed", ""): 40})
    assert sum(mixed.server.times_asked().values()) <= 60, "calls in flight were kept"


def test_a_store_that_can_no_longer_be_read_stops_the_run_in_words(mixed: Mixed) -> None:
    store = mixed.project.folder / ".evalkit"

    def disturb() -> None:
        with closing(sqlite3.connect(store / "replies.db")) as db, db:
            db.execute("DROP TABLE replies")
        shutil.rmtree(store)
        store.write_text("a file")

    run = mixed.run(disturb, workers=4)
    assert (run.info.state, run.info.exit_code) == ("stopped", 3)
    said = f"Stopped: the reply store {store}/replies.db cannot be "
    assert sum(note.startswith(said) for note in run.info.notes) == 1, run.info.notes
    assert outcomes(run)["skipped", "stopped"] > 0


def test_what_turns_out_unreadable_is_not_bought_where_nothing_can_be_kept(mixed: Mixed) -> None:
    mixed.project.write("a.yaml", yes_spec(*mixed.old))
    mixed.empty_a_reply()
    with read_only(mixed.project.folder):
        run = mixed.project.session("a.yaml", models="aimlapi/m", out=mixed.project.folder.parent / "out")
    assert (run.info.state, run.info.exit_code) == ("stopped", 3)
    assert outcomes(run) == {("passed", ""): 19, ("skipped", "stopped"): 1}
    assert sum(mixed.server.times_asked().values()) == 20


def test_what_turns_out_unreadable_without_a_key_is_an_error_in_words(mixed: Mixed) -> None:
    mixed.project.write("a.yaml", yes_spec(*mixed.old))
    mixed.empty_a_reply()
    environ = {name: value for name, value in mixed.project.environ.items() if not name.endswith("KEY")}
    run = Project(mixed.project.folder, environ).session("a.yaml", models="aimlapi/m")
    assert [result.error.message for result in run.results() if result.error] == [
        "no key for aimlapi: the environment has no AIMLAPI_API_KEY (or AIML_API_KEY or AIMLAPI_KEY)"
    ]
    assert (run.info.state, run.info.exit_code) == ("finished", 3)
    assert sum(mixed.server.times_asked().values()) == 20
