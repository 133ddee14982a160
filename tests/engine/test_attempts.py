"""One call in one or more attempts, against a real server: what is tried again, how often, and until when."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from evalkit.engine.attempts import FIRST_WAIT, JITTER, LONGEST_WAIT, Asked, Policy, ask
from evalkit.engine.pace import Paces
from evalkit.errors import NotAsked
from evalkit.providers.chat import Chat
from evalkit.providers.vendors import VENDORS
from evalkit.records.event import Waiting
from evalkit.records.exchange import Request
from evalkit.records.spec import Message
from evalkit.settings import Settings
from tests.projects import keyed
from tests.servers import Answer, Server, failure, reply

REQUEST = Request("aimlapi", "m", (Message("user", "Hello"),), timeout=5.0)
SOON = {"retry_after_ms": "1"}


@dataclass
class Trying:
    """A policy that remembers what it announced, and can stop when it has announced so much."""

    attempts: int = 6
    deadline: float = 30.0
    stop_after: int | None = None
    announced: list[Waiting] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def announce(self, waiting: Waiting) -> None:
        self.announced.append(waiting)
        if self.stop_after == len(self.announced):
            self.stop.set()

    @property
    def policy(self) -> Policy:
        return Policy(self.attempts, self.deadline, self.stop, self.announce)


def asked(answers: Sequence[Answer], trying: Trying, request: Request = REQUEST) -> tuple[Asked, int]:
    """What came of a call to a server that gives these answers, the last one for ever; and what the server saw."""
    behaviour: Callable[..., Answer] = lambda number, body, headers: answers[min(number, len(answers) - 1)]  # noqa: E731
    with Server(behaviour) as server:
        chat = Chat(VENDORS["aimlapi"], keyed(server))
        paces = Paces(Settings(), trying.stop)
        with paces.of(chat).turn(request, trying.deadline) as turn:
            came = ask(chat, request, chat.encode(request), trying.policy, turn)
        return came, len(server.seen)


@pytest.mark.parametrize(
    "first",
    [
        failure(429, **SOON),
        failure(408, **SOON),
        failure(500, **SOON),
        failure(503, **SOON),
        Answer(529, {"retry-after-ms": "1"}, b"overloaded"),
    ],
    ids=lambda answer: str(answer.status),
)
def test_what_will_pass_is_tried_again_and_the_reply_counts(first: Answer) -> None:
    came, seen = asked([first, first, reply("yes")], Trying())
    assert came.reply is not None
    assert (came.reply.text, came.error, seen) == ("yes", None, 3)
    assert [bool(attempt.error) for attempt in came.attempts] == [True, True, False]
    assert came.attempts[0].waited == 0
    assert all(attempt.waited >= 0.001 for attempt in came.attempts[1:])


@pytest.mark.parametrize(
    ("answer", "kind", "seen"),
    [
        (failure(400), "rejected", 1),
        (failure(422), "rejected", 1),
        (failure(401), "terminal", 1),
        (failure(402), "terminal", 1),
        (failure(403), "terminal", 1),
        (failure(404), "terminal", 1),
        (Answer(302, {"Location": "http://127.0.0.1:9/"}), "terminal", 1),
        (failure(429, **SOON), "transient", 4),
        (failure(500, **SOON), "transient", 4),
        (failure(504, **SOON), "transient", 2),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
def test_an_error_that_stays_ends_the_call_after_a_bound_of_its_kind(answer: Answer, kind: str, seen: int) -> None:
    came, tried = asked([answer], Trying(attempts=4))
    assert came.error is not None
    assert (came.error.kind, tried, len(came.attempts), came.recording) == (kind, seen, seen, None)
    assert (f"({seen} attempts, 0 s)" in came.error.message) == (seen > 1)


def test_another_kind_of_error_on_the_way_ends_the_call() -> None:
    came, seen = asked([failure(429, **SOON), failure(400, "too long")], Trying())
    assert came.error is not None
    assert (came.error.kind, seen) == ("rejected", 2)
    assert "too long" in came.error.message


def test_each_wait_is_announced_with_its_reason_and_the_bound() -> None:
    trying = Trying(attempts=3)
    asked([failure(429, "slow down", **SOON)], trying)
    assert [(w.attempt, w.attempts, "slow down" in w.why) for w in trying.announced] == [(2, 3, True), (3, 3, True)]


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6])
def test_without_a_wish_of_the_server_waits_double_up_to_a_bound(number: int) -> None:
    trying = Trying(attempts=9, stop_after=number)
    with pytest.raises(NotAsked):
        asked([failure(429, **SOON)] * (number - 1) + [failure(429)], trying)
    longest = min(FIRST_WAIT * 2 ** (number - 1), LONGEST_WAIT)
    assert longest * (1 - JITTER) <= trying.announced[-1].seconds <= longest


def test_a_wait_of_nothing_is_no_wish_so_that_the_attempts_are_not_used_up_at_once() -> None:
    trying = Trying(stop_after=1)
    with pytest.raises(NotAsked):
        asked([failure(429, retry_after="0")], trying)
    assert trying.announced[0].seconds >= FIRST_WAIT * (1 - JITTER)


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    trying = Trying(deadline=20.0)
    came, seen = asked([failure(429, retry_after="3600")], trying)
    assert came.error is not None
    assert (came.error.kind, seen, trying.announced) == ("transient", 1, [])
    assert came.error.message.endswith(": no: asks to wait 3600 s, longer than the 20 s a call may take")


def test_a_wait_beyond_what_is_left_of_the_deadline_says_so() -> None:
    came, seen = asked([failure(429, retry_after="1"), failure(429, retry_after="1.9")], Trying(deadline=2.0))
    assert came.error is not None
    assert (seen, len(came.attempts)) == (2, 2)
    assert "asks to wait 2 s, longer than what is left of the 2 s a call may take" in came.error.message


@pytest.mark.parametrize(
    ("first", "kind", "seen"),
    [
        (failure(429, x_should_retry="false", **SOON), "rejected", 1),
        (failure(500, x_should_retry="false", **SOON), "rejected", 1),
        (failure(400, x_should_retry="true", **SOON), "transient", 3),
        (failure(401, x_should_retry="true", **SOON), "terminal", 1),
    ],
    ids=["429 without", "500 without", "400 with", "401 all the same"],
)
def test_whether_a_server_wants_another_attempt_is_heeded(first: Answer, kind: str, seen: int) -> None:
    came, tried = asked([first], Trying(attempts=3))
    assert came.error is not None
    assert (came.error.kind, tried) == (kind, seen)


def test_a_wait_is_read_from_the_body_where_no_header_has_one() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.02s"}]
    body = json.dumps([{"error": {"code": 429, "message": "slow down", "details": details}}]).encode()
    trying = Trying()
    came, seen = asked([Answer(429, body=body), reply("yes")], trying)
    assert (came.error, seen) == (None, 2)
    assert 0.02 <= trying.announced[0].seconds <= 0.02 * (1 + JITTER)
    assert came.attempts[1].waited >= 0.02


def test_an_attempt_has_no_more_time_than_the_call_has_left() -> None:
    came, seen = asked([reply("late", delay=3.0)], Trying(deadline=0.2))
    assert came.error is not None
    assert (came.error.kind, seen) == ("transient", 1)
    assert "within 0.2 s" in came.error.message


def test_an_attempt_has_no_more_time_than_the_request_gives() -> None:
    came, _ = asked([reply("late", delay=3.0)], Trying(attempts=1), replace(REQUEST, timeout=0.1))
    assert came.error is not None
    assert "within 0.1 s" in came.error.message


def test_who_waits_for_another_attempt_stops_at_once_when_the_run_does() -> None:
    trying = Trying(stop_after=1)
    with pytest.raises(NotAsked) as caught:
        asked([failure(429, retry_after="20")], trying)
    assert (caught.value.kind, len(trying.announced)) == ("interrupted", 1)


@pytest.mark.parametrize(
    "broken",
    [
        Answer(manner="reset"),
        replace(reply("yes"), manner="short"),
        Answer(body=b"<html>hold on</html>"),
        Answer(body=b'{"error": {"message": "overloaded"}}'),
        Answer(body=b'{"choices": []}'),
    ],
    ids=["connection cut", "half a body", "not JSON", "an error inside a 200", "no choices"],
)
def test_what_is_no_reply_is_tried_again_and_never_taken_for_one(broken: Answer) -> None:
    trying = Trying(stop_after=1)
    with pytest.raises(NotAsked):
        asked([broken], trying)
    assert [waiting.attempt for waiting in trying.announced] == [2]
