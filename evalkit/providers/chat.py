"""Servers that speak chat completions over HTTP: one POST, one recording, one reply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evalkit.providers import completion
from evalkit.providers.line import Line
from evalkit.providers.vendors import VENDORS, Vendor
from evalkit.records.exchange import Recording, Reply, Request

if TYPE_CHECKING:
    from evalkit.settings import Settings


class Chat:
    """One vendor's chat completions."""

    capacity: int | None = None

    def __init__(self, vendor: Vendor, environ: Mapping[str, str]) -> None:
        self.name = vendor.name
        self.line = Line(vendor, environ)

    def ready(self, model: str) -> None:
        """Find key and address. Raises UserError that says what is missing."""
        self.line.ready(model)

    def encode(self, request: Request) -> bytes:
        """The body as it goes over the wire."""
        return completion.encode(request)

    def send(self, request: Request, body: bytes) -> Recording:
        """One POST. Raises ProviderError for every status but 200, unless a filter withheld the reply."""
        return self.line.post(request, body)

    def decode(self, recording: Recording) -> Reply:
        """The reply in a recorded body."""
        return self.line.decoded(recording, completion.decode)


def connect(name: str, settings: Settings) -> Chat:
    """The provider for a vendor of the table, or for an endpoint of one's own."""
    own = settings.endpoints.get(name)
    vendor = Vendor(own.name, own.base_url, (own.key,) if own.key else ()) if own else VENDORS[name]
    return Chat(vendor, settings.environ)
