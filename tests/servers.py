"""A real HTTP server on the loopback that answers chat completions as a test wants, and remembers what it saw.

    with Server(lambda number, body, headers: reply("yes")) as server:
        ...  # server.url, server.seen

`python -m tests.servers DELAY` serves in a process of its own: it prints its port, answers "yes" after DELAY
seconds, tells at GET /seen how often each last message was asked, and ends with its standard input.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def asked(self) -> str:
        """The last message."""
        return str(self.json["messages"][-1]["content"])


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back after `delay` seconds.

    `manner`: whole; reset (the connection is cut before a byte); short (fewer bytes than announced);
    drip (the body, a byte every 0.1 s); drip_head (the same from the first line on).
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    manner: Literal["whole", "reset", "short", "drip", "drip_head"] = "whole"


Behaviour = Callable[[int, Any, Mapping[str, str]], Answer]


def reply(text: str = "yes", *, delay: float = 0.0, **fields: Any) -> Answer:
    """A chat completion that says `text`; `fields` go beside its choices."""
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    usage = {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}
    body = {"object": "chat.completion", "model": "served", "choices": choices, "usage": usage, **fields}
    return Answer(body=json.dumps(body).encode(), delay=delay)


def failure(status: int, message: str = "no", **headers: str) -> Answer:
    """An error as AI/ML API writes it."""
    body = {"requestId": "r", "statusCode": status, "path": "/v1/chat/completions", "message": message}
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


class Server:
    """A server on a free port while the `with` lasts. `behaviour` is given the request's number from 0.

    `models` is its answer to a GET; `listed` has those requests.
    """

    def __init__(self, behaviour: Behaviour, *, certificate: Path | None = None, models: Answer | None = None) -> None:
        self.seen: list[Seen] = []
        self.listed: list[Seen] = []
        self.models = models or Answer(404)
        self._behaviour = behaviour
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._scheme = "https" if certificate else "http"

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """The base URL."""
        return f"{self._scheme}://127.0.0.1:{self.port}/v1"

    def times_asked(self) -> Counter[str]:
        """How often each last message was asked."""
        with self._lock:
            return Counter(seen.asked for seen in self.seen)

    def answer(self, seen: Seen) -> Answer:
        with self._lock:
            number = len(self.seen)
            self.seen.append(seen)
        try:
            body = seen.json
        except ValueError:
            body = None
        return self._behaviour(number, body, seen.headers)

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()


class _Http(ThreadingHTTPServer):
    owner: Server
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Cut the connections that clients still hold, so that their threads end."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it is gone already

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_POST(self) -> None:
        announced = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(announced)
        if len(body) < announced:
            return  # the client was killed while it sent
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.owner.answer(Seen(self.path, headers, body))
        time.sleep(answer.delay)
        if answer.manner == "reset":
            self._hang_up()
        else:
            self._write(answer)

    def do_GET(self) -> None:
        owner = self.server.owner
        if self.path == "/seen":
            self._write(Answer(body=json.dumps(owner.times_asked()).encode()))
            return
        owner.listed.append(Seen(self.path, {name.lower(): value for name, value in self.headers.items()}, b""))
        time.sleep(owner.models.delay)
        self._write(owner.models)

    def _write(self, answer: Answer) -> None:
        length = len(answer.body) + (7 if answer.manner == "short" else 0)
        headers = {"Content-Type": "application/json", "Content-Length": str(length), **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} Said", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        head = "\r\n".join(lines).encode("latin-1")
        if answer.manner == "drip_head":
            self._drip(head + answer.body)
        elif answer.manner == "drip":
            self.wfile.write(head)
            self._drip(answer.body)
        else:
            self.wfile.write(head + answer.body)
        if answer.manner == "short":
            self._hang_up()

    def _drip(self, data: bytes) -> None:
        for byte in data:
            self.wfile.write(bytes([byte]))
            time.sleep(0.1)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


if __name__ == "__main__":
    seconds = float(sys.argv[1])
    with Server(lambda number, body, headers: reply(delay=seconds)) as served:
        sys.stdout.write(f"{served.port}\n")
        sys.stdout.flush()
        sys.stdin.read()  # until whoever started it closes the pipe, or is gone
