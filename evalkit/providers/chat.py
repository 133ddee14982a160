"""Servers that speak chat completions over HTTP: one POST, one recording, one reply."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evalkit.errors import ProviderError, UserError
from evalkit.providers import completion
from evalkit.providers.interface import kind_of_status
from evalkit.providers.vendors import VENDORS, Vendor
from evalkit.records.exchange import Recording, Reply, Request
from evalkit.secrets import redact
from evalkit.version import __version__

if TYPE_CHECKING:
    from evalkit.providers.http import Endpoint, Response
    from evalkit.settings import Settings

_KEPT_HEADERS = ("x-aimlapi-usd-spent", "x-litellm-response-cost", "x-inference-id", "x-request-id")


class Chat:
    """One vendor's chat completions."""

    capacity: int | None = None

    def __init__(self, vendor: Vendor, environ: Mapping[str, str]) -> None:
        self.name = vendor.name
        self._vendor = vendor
        self._url = vendor.url(environ)
        self._variable, self._key = vendor.key(environ)
        self._endpoint: Endpoint | None = None

    def ready(self) -> None:
        """Find the key. Raises UserError that names the variables it may stand in."""
        if not self._key:
            first, *others = self._vendor.keys
            also = f" (or {' or '.join(others)})" if others else ""
            raise UserError(
                f"no key for {self.name}: the environment has no {first}{also}",
                f"export {first}=…, or run without a key: evalkit run -m local/smollm2",
            )
        self._endpoint = self._connected()

    def _connected(self) -> Endpoint:
        from evalkit.providers.http import Endpoint  # requests is only needed where something is asked

        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "User-Agent": f"evalkit/{__version__}",
        }
        return Endpoint(self._url, headers)

    def encode(self, request: Request) -> bytes:
        """The body as it goes over the wire."""
        return completion.encode(request)

    def send(self, request: Request, body: bytes) -> Recording:
        """One POST. Raises ProviderError for every status but 200."""
        if self._endpoint is None:
            self.ready()
        assert self._endpoint is not None
        response = self._endpoint.post(body, request.timeout)
        if response.status != 200:
            raise self._error(response)
        headers = {
            name: redact(response.headers[name], [self._key]) for name in _KEPT_HEADERS if name in response.headers
        }
        return Recording(response.body, headers, response.seconds, datetime.now(UTC).isoformat(timespec="seconds"))

    def decode(self, recording: Recording) -> Reply:
        """The reply in a recorded body."""
        return completion.decode(recording)

    def _error(self, response: Response) -> ProviderError:
        try:
            said = completion.error_in(json.loads(response.body), response.status)
        except (ValueError, RecursionError):
            said = None
        start = response.body[: completion.SHOWN].decode("utf-8", "replace").strip()
        message = redact(said.message if said else start or "no body", [self._key])
        kind = said.kind if said and said.kind == "terminal" else kind_of_status(response.status)
        hint = f" (the key is from {self._variable})" if response.status in (401, 403) else ""
        host = self._endpoint.host if self._endpoint else self.name
        return ProviderError(
            kind,
            f"{response.status} from {host}: {message}{hint}",
            status=response.status,
            retry_after=_seconds(response.headers.get("retry-after")),
        )


def _seconds(header: str | None) -> float | None:
    try:
        return max(float(header), 0.0) if header else None
    except ValueError:
        return None


def connect(name: str, settings: Settings) -> Chat:
    """The provider for a vendor of the table."""
    return Chat(VENDORS[name], settings.environ)
