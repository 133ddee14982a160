"""The provider for chat completions, against a real server: what it sends, what it makes of the answer."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from evalkit.errors import ProviderError
from evalkit.providers.chat import Chat
from evalkit.providers.vendors import VENDORS
from evalkit.records.exchange import Recording, Reply, Request
from evalkit.records.spec import Message
from tests.providers.bodies import ERRORS_BY_STATUS, ERRORS_INSIDE_A_200, REPLIES, Row
from tests.servers import Answer, Server, reply

KEY = "sk-0123456789abcdef0123456789abcdef"
REQUEST = Request("aimlapi", "google/gemini", (Message("user", "Hello"),), {"temperature": 0.5}, timeout=5.0)


def chat_at(server: Server, **environ: str) -> Chat:
    """The provider `aimlapi`, sent to a server on the loopback."""
    return Chat(VENDORS["aimlapi"], {"AIMLAPI_API_KEY": KEY, "AIMLAPI_BASE_URL": server.url, **environ})


def asked(chat: Chat, request: Request = REQUEST) -> Reply:
    """One attempt."""
    return chat.decode(chat.send(request, chat.encode(request)))


def refused(chat: Chat, request: Request = REQUEST) -> ProviderError:
    """The error of one attempt."""
    with pytest.raises(ProviderError) as caught:
        asked(chat, request)
    return caught.value


def served(row: Row) -> Server:
    """A server that always answers so."""
    return Server(lambda number, body, headers: Answer(row.status, row.headers, row.raw))


@pytest.mark.parametrize("row", [*REPLIES, *ERRORS_INSIDE_A_200, *ERRORS_BY_STATUS], ids=lambda row: row.name)
def test_what_a_server_answers_is_a_reply_or_an_error_of_a_kind(row: Row) -> None:
    with served(row) as server:
        if isinstance(row.expected, Reply):
            assert replace(asked(chat_at(server)), seconds=0.0) == row.expected
        else:
            error = refused(chat_at(server))
            assert error.kind == row.expected.kind
            assert row.expected.says.replace("HOST", f"127.0.0.1:{server.port}") in error.message
            assert len(error.message) < 700


def test_the_server_sees_the_body_the_key_and_nothing_of_ours() -> None:
    with Server(lambda number, body, headers: Answer(headers={"Set-Cookie": "a=b"}, body=reply().body)) as server:
        chat = chat_at(server)
        asked(chat)
        asked(chat)
    for seen in server.seen:
        assert seen.path == "/v1/chat/completions"
        assert seen.json == {
            "model": "google/gemini",
            "messages": [{"role": "user", "content": "Hello"}],
            "temperature": 0.5,
        }
        assert seen.headers["authorization"] == f"Bearer {KEY}"
        assert seen.headers["content-type"] == "application/json"
        assert seen.headers["user-agent"].startswith("evalkit/")
        assert set(seen.headers) <= {
            *("authorization", "content-type", "user-agent"),
            *("host", "accept-encoding", "content-length"),
        }


def test_a_netrc_file_does_not_replace_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("own.netrc", ".netrc", "_netrc"):
        (tmp_path / name).write_text("machine 127.0.0.1 login thief password stolen\n", "utf-8")
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "own.netrc"))
    with Server(lambda number, body, headers: reply()) as server:
        asked(chat_at(server))
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_redirect_is_never_followed_and_says_where_it_would_lead() -> None:
    with Server(lambda number, body, headers: reply()) as elsewhere:
        for status in (301, 302, 307, 308):
            away = Answer(status, {"Location": f"{elsewhere.url}/chat/completions"})
            with Server(lambda number, body, headers, away=away: away) as server:  # type: ignore[misc]
                error = refused(chat_at(server))
            assert error.kind == "terminal"
            assert f"a redirect to {elsewhere.url}" in error.message
    assert elsewhere.seen == []


def test_a_zipped_reply_is_unzipped_and_its_recording_is_plain() -> None:
    body = reply("Grüß").body
    zipped = Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(body))
    with Server(lambda number, sent, headers: zipped) as server:
        assert chat_at(server).send(REQUEST, b"{}").body == body


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(headers={"Content-Encoding": "gzip"}, body=b"this is not gzip"), "no reply from"),
        (Answer(manner="reset"), "no reply from"),
        (Answer(manner="short", body=reply().body), "no reply from"),
        (Answer(body=b"x" * 2000), "not JSON"),
    ],
    ids=["not gzip", "reset", "shorter than announced", "no JSON"],
)
def test_an_answer_that_does_not_arrive_whole_is_transient(answer: Answer, says: str) -> None:
    with Server(lambda number, body, headers: answer) as server:
        error = refused(chat_at(server))
    assert error.kind == "transient"
    assert says in error.message


@pytest.mark.parametrize(
    "answer",
    [replace(reply(), delay=3.0), replace(reply(), manner="drip"), replace(reply(), manner="drip_head")],
    ids=["silent", "drips its body", "drips its headers"],
)
def test_the_time_limit_holds_for_the_whole_attempt_however_slowly_it_drips(answer: Answer) -> None:
    with Server(lambda number, body, headers: answer) as server:
        begun = time.monotonic()
        error = refused(chat_at(server), replace(REQUEST, timeout=0.4))
        assert time.monotonic() - begun < 3.0
    assert error.kind == "transient"
    assert "within 0.4 s" in error.message


def test_a_connection_serves_again_after_an_attempt_that_ran_out_of_time() -> None:
    slow_first = [replace(reply("late"), delay=0.5), reply("a"), reply("b")]
    with Server(lambda number, body, headers: slow_first[number]) as server:
        chat = chat_at(server)
        refused(chat, replace(REQUEST, timeout=0.2))
        assert [asked(chat).text, asked(chat).text] == ["a", "b"]


def test_a_reply_without_end_is_refused_and_the_next_one_is_read() -> None:
    endless = Answer(body=b" " * (33 * 1024 * 1024))
    with Server(lambda number, body, headers: reply("next") if number else endless) as server:
        chat = chat_at(server)
        error = refused(chat)
        assert (error.kind, "larger than 32 MB" in error.message) == ("rejected", True)
        assert asked(chat).text == "next"


def test_no_server_at_all_is_transient() -> None:
    with Server(lambda number, body, headers: reply()) as server:
        pass
    error = refused(chat_at(server))
    assert (error.kind, error.message) == ("transient", f"no reply from 127.0.0.1:{server.port}: Connection refused")


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(lambda number, body, headers: reply("by proxy")) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        chat = Chat(VENDORS["aimlapi"], {"AIMLAPI_API_KEY": KEY, "AIMLAPI_BASE_URL": "http://model.invalid/v1"})
        assert asked(chat).text == "by proxy"
    assert proxy.seen[0].path == "http://model.invalid/v1/chat/completions"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1, signed by nobody."""
    if which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    words = [*make.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", str(file) + ".crt"]
    subprocess.run(words, check=True, capture_output=True)
    file.write_text(file.read_text("utf-8") + Path(str(file) + ".crt").read_text("utf-8"), "utf-8")
    return file


def test_tls_is_verified_and_keeps_the_time_limit(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [reply("safe"), replace(reply(), manner="drip")]
    with Server(lambda number, body, headers: answers[number], certificate=certificate) as server:
        error = refused(chat_at(server))
        assert (error.kind, "certificate verify failed" in error.message) == ("transient", True)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        chat = chat_at(server)
        assert asked(chat).text == "safe"
        begun = time.monotonic()
        assert "within 0.4 s" in refused(chat, replace(REQUEST, timeout=0.4)).message
        assert time.monotonic() - begun < 3.0


def _echoing(number: int, body: Any, headers: Mapping[str, str]) -> Answer:
    """Answers that quote the Authorization header, one shape after another."""
    said = headers["authorization"]
    return [
        Answer(500, body=json.dumps({"error": {"message": f"bad header {said}"}}).encode()),
        Answer(401, body=json.dumps({"statusCode": 401, "message": f"no such key: {said}"}).encode()),
        Answer(400, body=f"<html>{said}</html>".encode()),
        Answer(400, body=b"x" * 485 + said.encode()),
        Answer(500, body=json.dumps({"error": {"message": "x" * 480 + said}}).encode()),
        Answer(302, {"Location": f"http://127.0.0.1/?key={said}"}),
        Answer(200, body=json.dumps({"error": {"message": said}}).encode()),
        Answer(200, body=f"not JSON, {said}".encode()),
        Answer(200, body=b"x" * 470 + said.encode()),
        Answer(200, body=json.dumps({"choices": [{"message": {"content": {"a": [7, said]}}}]}).encode()),
        Answer(200, body=json.dumps({"choices": [{"message": {"content": [[7, said]]}}]}).encode()),
    ][number]


def test_the_key_never_shows_in_an_error_not_even_half_of_it() -> None:
    with Server(_echoing) as server:
        chat = chat_at(server)
        for _ in range(9):
            message = refused(chat).message
            assert KEY[:6] not in message
            assert KEY[-6:] not in message


def test_the_key_never_shows_in_a_kept_header() -> None:
    with Server(lambda number, body, headers: replace(reply(), headers={"X-Request-Id": f"r-{KEY}"})) as server:
        assert chat_at(server).send(REQUEST, b"{}").headers == {"x-request-id": "r-[redacted]"}


def test_a_recording_is_the_body_as_it_came_with_the_headers_that_matter() -> None:
    headers = {"x-inference-id": "i-1", "x-aimlapi-usd-spent": "0.001", "Set-Cookie": "no"}
    body = b'  {"choices":[{"message":{"content":"ok"}}],   "id":"gen-1"}\n'
    with Server(lambda number, sent, seen: Answer(headers=headers, body=body)) as server:
        recording = chat_at(server).send(REQUEST, b"{}")
    assert recording.body == body
    assert recording.headers == {"x-inference-id": "i-1", "x-aimlapi-usd-spent": "0.001"}
    assert recording.time.endswith("+00:00")
    assert chat_at(server).decode(recording) == Reply("ok", usd=0.001, seconds=recording.seconds)


def test_a_server_says_how_long_to_wait() -> None:
    with Server(lambda number, body, headers: Answer(429, {"Retry-After": "7"})) as server:
        error = refused(chat_at(server))
    assert (error.kind, error.status, error.retry_after) == ("transient", 429, 7.0)


def test_what_a_body_says_of_a_missing_model_is_about_that_model_alone() -> None:
    nested = Answer(400, body=json.dumps({"error": {"code": 404, "message": "no such model"}}).encode())
    with Server(lambda number, body, headers: nested) as server:
        error = refused(chat_at(server))
    assert (error.kind, error.status) == ("terminal", 404)


def test_decoding_needs_no_key() -> None:
    row = REPLIES[0]
    assert Chat(VENDORS["aimlapi"], {}).decode(Recording(row.raw)) == row.expected
