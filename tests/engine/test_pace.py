"""How fast providers are asked, against real servers that allow so much and no more."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.engine.pace import Pacer
from evalkit.engine.pool import Pool
from evalkit.errors import NotAsked, ProviderError
from evalkit.records.exchange import Reply, Request, Usage
from evalkit.records.machine import Limits
from evalkit.records.run import StoredRun
from evalkit.records.spec import Message
from tests.projects import Project, complaints, keyed, yes_spec
from tests.servers import Answer, Server, failure, reply

REQUEST = Request("p", "m", (Message("user", "Hello"),))


@dataclass
class Busy:
    """A server's behaviour that knows how many calls it is at: `answer` is given that, and its calls' number."""

    answer: Callable[[int, int], Answer]
    seconds: float = 0.0
    slots: threading.Semaphore | None = None
    busy: int = 0
    seen: list[tuple[float, int, int]] = field(default_factory=list)  # when, how many at once, with which status
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, number: int, body: Any, headers: Any) -> Answer:
        with self.lock:
            self.busy += 1
            answer = self.answer(number, self.busy)
            self.seen.append((time.monotonic(), self.busy, answer.status))
        if answer.status == 200 and self.slots:
            with self.slots:
                time.sleep(self.seconds)
        elif answer.status == 200:
            time.sleep(self.seconds)
        with self.lock:
            self.busy -= 1
        return answer

    def refusals_by_quarter(self) -> list[int]:
        """How many 429s each quarter of the calls met."""
        quarter = -(-len(self.seen) // 4)
        statuses = [status for _, _, status in self.seen]
        return [statuses[start : start + quarter].count(429) for start in range(0, len(statuses), quarter)]


def ran(project: Project, behaviour: Any, many: int, **settings: Any) -> StoredRun:
    """A run of so many cases against such a server."""
    project.write("a.yaml", yes_spec(*[f"w{number}" for number in range(many)]))
    with Server(behaviour) as server:
        return Project(project.folder, keyed(server)).session(**{"models": "aimlapi/m", **settings})


def outcomes(run: StoredRun) -> Counter[str]:
    """How many trials came to which outcome."""
    return Counter(str(result.outcome) for result in run.results())


def refused(number: int, busy: int, *, above: int, every: int = 1, **headers: str) -> Answer:
    """429 for every so-many-th call that comes while more than `above` are under way."""
    return failure(429, "slow down", **headers) if busy > above and number % every == every - 1 else reply("yes")


@pytest.mark.prove
def test_a_storm_of_429s_is_weathered_and_dies_down(project: Project) -> None:
    storm = Busy(partial(refused, above=4, every=2, retry_after="0.2"), seconds=0.05)
    run = ran(project, storm, 500)
    first, *_, last = storm.refusals_by_quarter()
    assert outcomes(run) == {"passed": 500}
    assert last < first
    (pace,) = run.info.paces
    assert pace.throttled == sum(status == 429 for _, _, status in storm.seen)


@pytest.mark.prove
def test_a_server_that_refuses_every_second_call_whatever_it_is_asked_gets_them_one_by_one(project: Project) -> None:
    storm = Busy(partial(refused, above=0, every=2, retry_after="0.2"))
    run = ran(project, storm, 100)
    assert outcomes(run) == {"passed": 100}
    assert max(busy for _, busy, _ in storm.seen[20:]) <= 2


@pytest.mark.prove
def test_how_many_a_server_allows_at_once_is_found(project: Project) -> None:
    strict = Busy(partial(refused, above=10, retry_after_ms="100"), seconds=0.05)
    run = ran(project, strict, 400)
    assert outcomes(run) == {"passed": 400}
    assert max(busy for _, busy, _ in strict.seen) > 8
    late = strict.seen[200:]
    assert sum(status == 429 for _, _, status in late) < len(late) / 20


@pytest.mark.prove
def test_a_server_that_queues_does_not_get_all_workers_at_once(project: Project) -> None:
    queue = Busy(lambda number, busy: reply("yes"), seconds=0.05, slots=threading.Semaphore(4))
    run = ran(project, queue, 400)
    assert outcomes(run) == {"passed": 400}
    assert sum(busy > 32 for _, busy, _ in queue.seen) < 40
    (pace,) = run.info.paces
    assert any("bring as many replies a second" in step.why for step in pace.steps)


def test_a_time_out_halves_what_a_server_is_given_at_once(project: Project) -> None:
    slow = Busy(lambda number, busy: reply("yes", delay=0.0 if number else 3.0))
    run = ran(project, slow, 4, timeout=0.3)
    assert outcomes(run) == {"passed": 4}
    (pace,) = run.info.paces
    assert [(step.limit, step.why) for step in pace.steps[:2]] == [(8, "start"), (4, "a call timed out")]


def test_while_a_server_wants_to_be_left_alone_nobody_asks_it(project: Project) -> None:
    once = Busy(lambda number, busy: failure(429, retry_after="1") if number == 0 else reply("yes", delay=0.01))
    run = ran(project, once, 60, workers=2)
    times = [at for at, _, _ in once.seen]
    assert outcomes(run) == {"passed": 60}
    assert max(later - earlier for earlier, later in pairwise(times)) >= 0.95
    (pace,) = run.info.paces
    assert (pace.throttled, 1.0 <= pace.paused <= 1.3) == (1, True)
    (retried,) = [call for result in run.results() for call in result.calls if len(call.attempts) > 1]
    assert retried.attempts[1].waited >= 1.0


def test_a_wait_longer_than_a_call_may_take_ends_it_at_once_and_those_that_would_follow(project: Project) -> None:
    asked = Busy(lambda number, busy: failure(429, "later", retry_after="900"))
    run = ran(project, asked, 50, workers=4)
    results = list(run.results())
    errors = {result.error.message for result in results if result.error and str(result.outcome) == "errored"}
    skips = {result.error.kind for result in results if result.error and str(result.outcome) == "skipped"}
    assert len(asked.seen) <= 4
    assert all(error.endswith(": later: asks to wait 900 s, longer than the 600 s a call may take") for error in errors)
    assert (len(errors), skips, run.info.exit_code) == (1, {"gone"}, 3)


def test_a_refused_key_wastes_no_more_than_the_calls_in_flight_of_64_workers(project: Project) -> None:
    asked = Busy(lambda number, busy: failure(401, "bad key"))
    run = ran(project, asked, 300, workers=64)
    assert 1 <= len(asked.seen) <= 8
    assert outcomes(run) == {"errored": len(asked.seen), "skipped": 300 - len(asked.seen)}


def test_every_attempt_of_a_call_that_failed_stands_in_its_result(project: Project) -> None:
    run = ran(project, Busy(lambda number, busy: failure(429, "no", retry_after_ms="5")), 3, attempts=4, workers=1)
    for result in run.results():
        assert len(result.calls[0].attempts) == 4
        assert all("429" in attempt.error for attempt in result.calls[0].attempts)
        assert result.error is not None
        assert "(4 attempts, " in result.error.message


def test_a_limit_of_requests_a_minute_is_kept(project: Project) -> None:
    project.write("evalkit.toml", "[limits.aimlapi]\nrpm = 600\n")
    asked = Busy(lambda number, busy: reply("yes"))
    assert outcomes(ran(project, asked, 25)) == {"passed": 25}
    times = sorted(at for at, _, _ in asked.seen)
    assert times[-1] - times[0] >= 2.2


def test_a_limit_of_tokens_a_minute_counts_what_the_replies_report(project: Project) -> None:
    project.write("evalkit.toml", "[limits.aimlapi]\ntpm = 3600\n")
    asked = Busy(lambda number, busy: reply("yes"))
    assert outcomes(ran(project, asked, 16, workers=1)) == {"passed": 16}
    times = sorted(at for at, _, _ in asked.seen)
    assert times[-1] - times[0] >= (15 * 6 - 6 - 6) / 60  # a reply reports six tokens, a second allows sixty


def test_a_stated_concurrency_is_never_passed(project: Project) -> None:
    project.write("evalkit.toml", "[limits.aimlapi]\nconcurrency = 3\n")
    asked = Busy(lambda number, busy: reply("yes"), seconds=0.01)
    assert outcomes(ran(project, asked, 40)) == {"passed": 40}
    assert max(busy for _, busy, _ in asked.seen) == 3


def test_the_history_of_a_run_is_in_its_run_json_and_as_the_schema_says(project: Project) -> None:
    run = ran(project, Busy(lambda number, busy: reply("yes"), seconds=0.01), 80)
    (pace,) = run.info.paces
    assert (pace.provider, pace.steps[0].limit, pace.throttled, pace.paused) == ("aimlapi", 8, 0, 0.0)
    assert 8 <= pace.highest <= 64
    assert project.latest().info.paces == run.info.paces
    assert complaints(json.loads((run.folder / "run.json").read_text("utf-8"))) == []


def test_ctrl_c_in_a_pause_ends_the_run_at_once(project: Project) -> None:
    project.write("a.yaml", yes_spec(*[f"w{number}" for number in range(30)]))
    with Server(lambda *_: failure(429, retry_after="100")) as server:
        process = Project(project.folder, keyed(server)).start("run", "a.yaml", "-m", "aimlapi/m")
        assert process.stderr
        while "waiting 1" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 130
    assert len(server.seen) <= 8


def pacer(stop: threading.Event | None = None, **limits: Any) -> Pacer:
    """A pacer of its own, with these limits."""
    return Pacer("p", Limits(**limits), stop or threading.Event(), time.monotonic())


def test_a_call_that_is_tried_again_goes_before_those_that_came_later() -> None:
    paced, order = pacer(concurrency=1), []
    waiting = threading.Barrier(2)

    def later() -> None:
        waiting.wait()
        with paced.turn(REQUEST, 60.0) as turn:
            order.append("later")
            turn.replied(Reply("yes"))

    with paced.turn(REQUEST, 60.0) as turn:
        thread = threading.Thread(target=later)
        thread.start()
        waiting.wait()
        time.sleep(0.05)  # so that it stands in line
        turn.failed(ProviderError("transient", "429", status=429), 0.2)
        turn.take(60.0)
        order.append("again")
        turn.replied(Reply("yes"))
    thread.join()
    assert order == ["again", "later"]


def test_whoever_stands_in_line_is_sent_home_when_the_run_stops() -> None:
    stop = threading.Event()
    paced, kinds = pacer(stop, concurrency=1), []

    def stand() -> None:
        try:
            with paced.turn(REQUEST, 60.0):
                kinds.append("a place")
        except NotAsked as why:
            kinds.append(why.kind)

    with paced.turn(REQUEST, 60.0):
        threads = [threading.Thread(target=stand) for _ in range(5)]
        for thread in threads:
            thread.start()
        stop.set()
        paced.release()
        for thread in threads:
            thread.join(timeout=10)
    assert kinds == ["interrupted"] * 5


def test_a_place_is_given_back_whatever_happens_to_its_call() -> None:
    paced = pacer(concurrency=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), paced.turn(REQUEST, 60.0):
            raise ZeroDivisionError
    assert paced.record().highest == 1


OUTCOMES = {
    "reply": None,
    "429": ProviderError("transient", "429", status=429),
    "503 with a wish": ProviderError("transient", "503", status=503, retry_after=0.001),
    "500": ProviderError("transient", "500", status=500),
    "400": ProviderError("rejected", "400", status=400),
    "no answer": ProviderError("transient", "no reply"),
    "broken": ProviderError("rejected", "the provider broke"),
}


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from(sorted(OUTCOMES)), min_size=1, max_size=4), min_size=1, max_size=40),
    st.integers(1, 12),
    st.sampled_from([None, 600_000.0]),
)
def test_whatever_servers_say_all_calls_end_and_never_more_than_the_ceiling_are_under_way(
    scripts: list[list[str]], ceiling: int, a_minute: float | None
) -> None:
    stop = threading.Event()
    paced = pacer(stop, concurrency=ceiling, rpm=a_minute, tpm=a_minute)

    def work(script: list[str]) -> int:
        with paced.turn(REQUEST, 60.0) as turn:
            for number, outcome in enumerate(script):
                if number:
                    turn.take(60.0)
                error = OUTCOMES[outcome]
                if error is None:
                    turn.replied(Reply("yes", usage=Usage(2, 1)))
                else:
                    turn.failed(error, 0.001, timed_out=outcome == "no answer")
        return len(script)

    done = list(Pool(work, 16, stop, lambda: None).run(scripts))
    pace = paced.record()
    assert sorted(done) == sorted(len(script) for script in scripts)
    assert 1 <= pace.highest <= ceiling
    assert all(1 <= step.limit <= ceiling for step in pace.steps)
    assert pace.throttled == sum(script.count("429") for script in scripts)
