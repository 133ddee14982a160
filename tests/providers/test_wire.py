"""What can happen between the question and a whole answer: each with its outcome, against a real server."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from evalkit.errors import ProviderError
from evalkit.providers.chat import Chat
from evalkit.providers.vendors import VENDORS
from evalkit.records.exchange import Reply, Request, Usage
from evalkit.records.spec import Message
from tests.providers.bodies import Bad
from tests.servers import Answer, Server, reply

REQUEST = Request("openai", "m", (Message("user", "Hello"),), timeout=5.0)
HASTY = replace(REQUEST, timeout=0.4)
OK = reply("ok").body
SERVED = Reply("ok", model="served", usage=Usage(5, 1, None, None, 6))
LONG = "x" * 10_000_000
ABOVE = 32 * 1024 * 1024 + 1


def _typed(kind: str, body: bytes = OK, **headers: str) -> Answer:
    return Answer(headers={"Content-Type": kind, **headers}, body=body)


@dataclass(frozen=True)
class Event:
    """An answer (or none), and the reply or the error that comes of it."""

    name: str
    answer: Answer
    expected: Reply | Bad
    request: Request = REQUEST


EVENTS = (
    Event("as it should be", _typed("application/json"), SERVED),
    Event("JSON that calls itself a page", _typed("text/html"), SERVED),
    Event("JSON in no charset that there is", _typed("application/json; charset=klingon"), SERVED),
    Event("JSON without a type", _typed(""), SERVED),
    Event("gzip", _typed("application/json", gzip.compress(OK), **{"Content-Encoding": "gzip"}), SERVED),
    Event("deflate", _typed("application/json", zlib.compress(OK), **{"Content-Encoding": "deflate"}), SERVED),
    Event(
        "gzip that is none", Answer(headers={"Content-Encoding": "gzip"}, body=OK), Bad("transient", "no reply from")
    ),
    Event(
        "gzip cut short",
        Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(OK)[:-20]),
        Bad("transient", "not JSON: {"),
    ),
    Event(
        "an encoding nobody knows",
        Answer(headers={"Content-Encoding": "rot13"}, body=b"{bx}"),
        Bad("transient", "not JSON: {bx}"),
    ),
    Event("a page of a proxy", _typed("text/html", b"<html>Blocked by IT</html>"), Bad("transient", "Blocked by IT")),
    Event("a page of a gateway", Answer(502, body=b"<html>Bad Gateway</html>"), Bad("transient", "Bad Gateway")),
    Event("JSON cut short", Answer(body=OK[:-9]), Bad("transient", "not JSON: {")),
    Event("nothing at all", Answer(), Bad("transient", "not JSON: it is empty")),
    Event(
        "invalid UTF-8",
        Answer(body=b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'),
        Bad("transient", "not JSON"),
    ),
    Event("10 MB", reply(LONG), replace(SERVED, text=LONG)),
    Event("32 MB and a byte", Answer(body=b" " * ABOVE), Bad("rejected", "larger than 32 MB")),
    Event(
        "32 MB and a byte, zipped small",
        Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b" " * ABOVE)),
        Bad("rejected", "larger than 32 MB"),
    ),
    Event("32 MB of error", Answer(500, body=b"x" * ABOVE), Bad("rejected", "larger than 32 MB")),
    Event(
        "a redirect", Answer(307, {"Location": "/v2"}), Bad("terminal", "a redirect to /v2, which is never followed")
    ),
    Event("a redirect to nowhere", Answer(301), Bad("terminal", "a redirect to nowhere")),
    Event("reset before a byte", Answer(manner="reset"), Bad("transient", "no reply from HOST: ")),
    Event("fewer bytes than announced", Answer(body=OK, manner="short"), Bad("transient", "no reply from HOST: ")),
    Event("silence", replace(reply(), delay=2.0), Bad("transient", "no reply from HOST within 0.4 s"), HASTY),
    Event("headers that drip", Answer(body=OK, manner="drip_head"), Bad("transient", "within 0.4 s"), HASTY),
    Event("a body that drips", Answer(body=OK, manner="drip"), Bad("transient", "within 0.4 s"), HASTY),
)


def outcome(url: str, request: Request = REQUEST) -> Reply | ProviderError:
    """What comes of one attempt."""
    chat = Chat(VENDORS["openai"], {"OPENAI_API_KEY": "sk-12345678", "OPENAI_BASE_URL": url})
    try:
        return replace(chat.decode(chat.send(request, chat.encode(request))), seconds=0.0)
    except ProviderError as error:
        return error


def agrees(found: Reply | ProviderError, expected: Reply | Bad, host: str) -> None:
    """Hold what came of an attempt against what should have."""
    if isinstance(expected, Reply) or isinstance(found, Reply):
        assert found == expected
        return
    assert (found.kind, expected.says.replace("HOST", host) in found.message) == (expected.kind, True), found.message
    assert len(found.message) < 700


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_whatever_happens_on_the_wire_is_a_reply_or_an_error_of_a_kind(event: Event) -> None:
    with Server(lambda number, body, headers: event.answer) as server:
        agrees(outcome(server.url, event.request), event.expected, f"127.0.0.1:{server.port}")
    assert len(server.seen) == 1


def _closed() -> str:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


NOWHERE = (
    ("nobody listens", _closed, "Connection refused"),
    ("no such name", lambda: "http://no-such-host.invalid/v1", "no reply from no-such-host.invalid"),
    ("a name that is none", lambda: f"http://{'x' * 64}.invalid/v1", "no reply from"),
)


@pytest.mark.parametrize(("name", "url", "says"), NOWHERE, ids=[name for name, *_ in NOWHERE])
def test_a_server_that_cannot_be_reached_is_transient(name: str, url: Callable[[], str], says: str) -> None:
    agrees(outcome(url()), Bad("transient", says), "")


def test_a_server_that_speaks_no_tls_where_tls_is_wanted_is_transient() -> None:
    with Server(lambda number, body, headers: reply()) as server:
        agrees(
            outcome(server.url.replace("http:", "https:")),
            Bad("transient", "no reply from HOST: "),
            f"127.0.0.1:{server.port}",
        )
    assert server.seen == []


def test_an_oversized_list_of_headers_is_transient() -> None:
    many = {f"X-{number}": "y" for number in range(200)}
    with Server(lambda number, body, headers: Answer(headers=many, body=OK)) as server:
        agrees(outcome(server.url), Bad("transient", "no reply from"), "")


def test_a_connection_that_broke_is_not_used_again() -> None:
    answers = [Answer(manner="short", body=OK), Answer(body=b" " * ABOVE), reply("ok")]
    with Server(lambda number, body, headers: answers[number]) as server:
        chat = Chat(VENDORS["openai"], {"OPENAI_API_KEY": "sk-12345678", "OPENAI_BASE_URL": server.url})
        for _ in range(2):
            with pytest.raises(ProviderError):
                chat.send(REQUEST, b"{}")
        assert json.loads(chat.send(REQUEST, b"{}").body)["model"] == "served"
