"""What a provider is, and which HTTP statuses are worth another attempt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from evalkit.errors import ErrorKind
from evalkit.records.exchange import Recording, Reply, Request

_TRANSIENT = (408, 409, 425, 429)
_TERMINAL = (401, 402, 403, 404)
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class Provider(Protocol):
    """Reaches models. One instance serves a whole run, from many threads.

    The three steps of a call are apart because the reply store keeps what `send` brought as it came: `encode`
    makes the body that, with the draw, is the key, and `decode` reads recordings old and new.

    `name` is part of the key; `capacity` is the most calls at once that help. None is for no such bound: a call only
    waits for a server, and the threads of a run share one core.
    """

    name: str
    capacity: int | None

    def ready(self, model: str) -> None:
        """Raise UserError where `model` cannot be asked (no key, no weights). Only called for calls to be made."""
        ...

    def encode(self, request: Request) -> bytes:
        """The canonical body: equal for equal questions, different for different ones."""
        ...

    def send(self, request: Request, body: bytes) -> Recording:
        """Exactly one attempt. Raises ProviderError."""
        ...

    def decode(self, recording: Recording) -> Reply:
        """The reply in a recording. Raises ProviderError where it holds an error instead."""
        ...


def canonical(body: Mapping[str, Any]) -> bytes:
    """One spelling for equal JSON: sorted keys, no spaces, ASCII. Raises ValueError for NaN and Infinity."""
    return _CANONICAL.encode(body).encode("ascii")


def kind_of_status(status: int) -> ErrorKind:
    """What an HTTP status other than 200 means for the call. A redirect is never followed, so it ends the asking."""
    if status in _TRANSIENT or status >= 500:
        return "transient"
    return "terminal" if status in _TERMINAL or 300 <= status < 400 else "rejected"
