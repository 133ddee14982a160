"""Servers that speak chat completions over HTTP: one POST, one recording, one reply."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evalkit.errors import ProviderError, UserError
from evalkit.providers import completion
from evalkit.providers.interface import kind_of_status
from evalkit.providers.mishaps import error_in, is_withheld, told
from evalkit.providers.vendors import VENDORS, Vendor
from evalkit.providers.waits import heeded, wished_wait
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

    def ready(self, model: str) -> None:
        """Find the key. Raises UserError that names the variables it may stand in, or what is wrong with it."""
        if not self._key and self._vendor.keys:
            first, *others = self._vendor.keys
            also = f" (or {' or '.join(others)})" if others else ""
            raise UserError(
                f"no key for {self.name}: the environment has no {first}{also}",
                f"export {first}=…, or run without a key: evalkit run -m local/smollm2",
            )
        if not all("!" <= character <= "~" for character in self._key):
            raise UserError(
                f"the value of {self._variable} is no key: it holds spaces or letters that no key has", "copy it again"
            )
        if self._endpoint is None:
            self._endpoint = self._connected()

    def _connected(self) -> Endpoint:
        from evalkit.providers.http import Endpoint  # requests is only needed where something is asked

        headers = {
            **({"Authorization": f"Bearer {self._key}"} if self._key else {}),
            "Content-Type": "application/json",
            "User-Agent": f"evalkit/{__version__}",
        }
        return Endpoint(self._url, headers)

    def encode(self, request: Request) -> bytes:
        """The body as it goes over the wire."""
        return completion.encode(request)

    def send(self, request: Request, body: bytes) -> Recording:
        """One POST. Raises ProviderError for every status but 200, unless a filter withheld the reply."""
        if self._endpoint is None:
            self.ready(request.model)
        assert self._endpoint is not None
        response = self._endpoint.post(body, request.timeout)
        if response.status != 200:
            said = _read(response.body)
            if not is_withheld(said):
                raise self._error(response, said, self._endpoint.host)
        headers = {
            name: redact(response.headers[name], [self._key]) for name in _KEPT_HEADERS if name in response.headers
        }
        return Recording(response.body, headers, response.seconds, datetime.now(UTC).isoformat(timespec="seconds"))

    def decode(self, recording: Recording) -> Reply:
        """The reply in a recorded body."""
        try:
            return completion.decode(recording)
        except ProviderError as error:
            raise told(error, [self._key]) from None

    def _error(self, response: Response, body: Any, host: str) -> ProviderError:
        status, said = response.status, error_in(body, response.status)
        if 300 <= status < 400:
            words = f"a redirect to {response.headers.get('location', 'nowhere')}, which is never followed"
        else:
            words = said.message if said else response.body.decode("utf-8", "replace").strip() or "no body"
        hint = f" (the key is from {self._variable})" if status in (401, 403) else ""
        is_over = said is not None and said.kind == "terminal"
        kind = heeded("terminal" if is_over else kind_of_status(status), response.headers)
        error = told(ProviderError(kind, words), [self._key])
        return ProviderError(
            error.kind,
            f"{status} from {host}: {error.message}{hint}",
            status=said.status if said and is_over else status,
            retry_after=wished_wait(response.headers, body, status),
        )


def _read(body: bytes) -> Any:
    try:
        return completion.read(body)
    except ValueError:
        return None


def connect(name: str, settings: Settings) -> Chat:
    """The provider for a vendor of the table, or for an endpoint of one's own."""
    own = settings.endpoints.get(name)
    vendor = Vendor(own.name, own.base_url, (own.key,) if own.key else ()) if own else VENDORS[name]
    return Chat(vendor, settings.environ)
