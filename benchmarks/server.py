"""A chat-completions server on loopback that answers everything after a fixed time, in a process of its own.

    python -m benchmarks.server SECONDS

Written by hand on bare asyncio so that it is not what is measured: an answer is ready-made bytes, and a request is
read no further than its length. GET /seen says how many calls came, how many were under way at once, and what
processor time they took. It prints its port, and ends when its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
SAYS = "positive"
MODEL = "bench"
_LENGTH = b"content-length:"
_END = b"\r\n\r\n"


def _answer(body: object) -> bytes:
    text = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text)


COMPLETION = _answer(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1764000000,
        "model": MODEL,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": SAYS}}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 1, "total_tokens": 21},
    }
)


@dataclass
class Seen:
    """What the server has seen since it began; `cpu` is its processor time in seconds."""

    calls: int = 0
    at_once: int = 0
    cpu: float = 0.0


class _Connection(asyncio.Protocol):
    """One client's connection, kept alive."""

    under_way = 0  # calls of all connections

    def __init__(self, seconds: float, seen: Seen) -> None:
        self._seconds = seconds
        self._seen = seen
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(_END)) >= 0:
            head = self._unread[:end].lower()
            after = end + len(_END) + _length(head)
            if len(self._unread) < after:
                return
            self._unread = self._unread[after:]
            self._asked(head)

    def _asked(self, head: bytes) -> None:
        if head.startswith(b"post "):
            self._seen.calls += 1
            _Connection.under_way += 1
            self._seen.at_once = max(self._seen.at_once, _Connection.under_way)
            asyncio.get_running_loop().call_later(self._seconds, self._reply)
        else:
            self._seen.cpu = time.process_time()
            self._transport.write(_answer(vars(self._seen)))
            self._seen.at_once = 0

    def _reply(self) -> None:
        _Connection.under_way -= 1
        self._transport.write(COMPLETION)


def _length(head: bytes) -> int:
    at = head.find(_LENGTH)
    return int(head[at + len(_LENGTH) :].split(b"\r", 1)[0]) if at >= 0 else 0


async def _serve(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    seen, closed = Seen(), asyncio.Event()
    server = await loop.create_server(lambda: _Connection(seconds, seen), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.add_reader(sys.stdin.fileno(), closed.set)
    await closed.wait()


class Server:
    """The server, in a process of its own, while the `with` lasts. `seconds` is how long each answer takes."""

    def __init__(self, seconds: float) -> None:
        self._command = [sys.executable, "-m", "benchmarks.server", str(seconds)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    @property
    def url(self) -> str:
        """The base URL, as clients of chat completions want it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def seen(self) -> Seen:
        """What it has seen; the most at once is counted from the last time that this was asked."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen") as answer:
            return Seen(**json.load(answer))


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
