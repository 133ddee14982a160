"""`echo/anything` answers with the last user message: for trying a spec out, and for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evalkit.providers.interface import canonical
from evalkit.records.exchange import Recording, Reply, Request

if TYPE_CHECKING:
    from evalkit.settings import Settings


class Echo:
    """Answers at once, with what was said."""

    name = "echo"
    capacity: int | None = None

    def ready(self, model: str) -> None:
        """Always ready."""

    def encode(self, request: Request) -> bytes:
        """Model, messages and params."""
        messages = [[message.role, message.content] for message in request.messages]
        return canonical({"model": request.model, "messages": messages, "params": dict(request.params)})

    def send(self, request: Request, body: bytes) -> Recording:
        """The last user message, recorded."""
        said = [message.content for message in request.messages if message.role == "user"]
        return Recording(json.dumps({"text": said[-1] if said else "", "model": request.model}).encode())

    def decode(self, recording: Recording) -> Reply:
        """The recorded message as a reply that cost nothing."""
        body = json.loads(recording.body)
        return Reply(text=body["text"], model=body["model"], usd=0.0, seconds=recording.seconds)


def connect(name: str, settings: Settings) -> Echo:
    """The provider `echo`."""
    return Echo()
