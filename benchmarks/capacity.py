"""What the loopback server can do: calls from a bare client that does nothing but ask again.

    python -m benchmarks.capacity PORT CONNECTIONS SECONDS

The client shares the machine's processors with the server, as every contender does. It prints its calls a second.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass

from benchmarks.server import COMPLETION, ROOT, Server

BODY = b'{"model":"bench","messages":[{"role":"user","content":"Is this review positive or negative? It is number 1"}]}'
REQUEST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
CONNECTIONS = 64


@dataclass(frozen=True)
class Capacity:
    """Calls a second that the server answers when it waits for nothing, its processor time for one call in seconds,
    and what a lone call takes, in seconds, of a server that waits."""

    calls_a_second: float
    cpu_a_call: float
    latency: float


class _Client(asyncio.Protocol):
    def __init__(self) -> None:
        self.calls = 0
        self._missing = len(COMPLETION)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        self._missing -= len(data)
        if not self._missing:
            self.calls += 1
            self._missing = len(COMPLETION)
            self._transport.write(REQUEST)


async def _ask(port: int, connections: int, seconds: float) -> float:
    loop = asyncio.get_running_loop()
    clients = [(await loop.create_connection(_Client, "127.0.0.1", port))[1] for _ in range(connections)]
    before, begun = sum(client.calls for client in clients), time.perf_counter()
    await asyncio.sleep(seconds)
    return (sum(client.calls for client in clients) - before) / (time.perf_counter() - begun)


def capacity(latency: float, seconds: float) -> Capacity:
    """Ask for `seconds` each a server that answers at once, and one that takes `latency` seconds."""
    with Server(0) as server:
        before = server.seen()
        calls_a_second = _asked(server, CONNECTIONS, seconds)
        after = server.seen()
    cpu_a_call = (after.cpu - before.cpu) / (after.calls - before.calls)
    with Server(latency) as server:
        return Capacity(calls_a_second, cpu_a_call, 1 / _asked(server, 1, seconds))


def _asked(server: Server, connections: int, seconds: float) -> float:
    """Calls a second of a client in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.capacity", str(server.port), str(connections), str(seconds)]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    print(asyncio.run(_ask(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
