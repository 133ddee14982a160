"""The line to one vendor: its key, its address, one POST, and what it says when it does not answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evalkit.errors import ProviderError, UserError
from evalkit.providers import completion
from evalkit.providers.interface import kind_of_status
from evalkit.providers.mishaps import error_in, is_withheld, told
from evalkit.providers.model_list import ModelList
from evalkit.providers.vendors import Vendor
from evalkit.providers.waits import heeded, wished_wait
from evalkit.records.exchange import Recording, Reply, Request
from evalkit.secrets import redact
from evalkit.version import __version__

if TYPE_CHECKING:
    from evalkit.providers.http import Endpoint, Response

_KEPT_HEADERS = ("x-aimlapi-usd-spent", "x-litellm-response-cost", "x-inference-id", "x-request-id", "request-id")
A_RATE = 60.0  # seconds; a quota that is there again so soon is a rate


class Line:
    """One vendor's endpoints. `variable` is the environment variable that its key is from, "" for none."""

    def __init__(self, vendor: Vendor, environ: Mapping[str, str]) -> None:
        self._vendor = vendor
        self._environ = environ
        self.variable, self._key = vendor.key(environ)
        self._endpoints: dict[str, Endpoint] = {}
        self._lock = threading.Lock()
        self.models = ModelList(self._catalogue)

    def ready(self, model: str) -> None:
        """Find key and address. Raises UserError that names the variables they may stand in, or says what is wrong."""
        vendor = self._vendor
        if not self._key and vendor.keys and vendor.needs_key:
            first, *others = vendor.keys
            also = f" (or {' or '.join(others)})" if others else ""
            raise UserError(
                f"no key for {vendor.name}: the environment has no {first}{also}",
                f"export {first}=…, or run without a key: evalkit run -m local/smollm2",
            )
        if not all("!" <= character <= "~" for character in self._key):
            raise UserError(
                f"the value of {self.variable} is no key: it holds spaces or letters that no key has", "copy it again"
            )
        self._endpoint(self.url(model))

    def url(self, model: str) -> str:
        """Where a model is asked. Raises UserError where that is not known."""
        return self._vendor.url(self._environ, model)

    def post(self, request: Request, body: bytes) -> Recording:
        """One POST. Raises ProviderError for every status but 200, unless a filter withheld the reply."""
        url = self.url(request.model)
        if url not in self._endpoints:
            self.ready(request.model)
        endpoint = self._endpoints[url]
        response = endpoint.post(body, request.timeout)
        if response.status != 200:
            said = _read(response.body)
            if not is_withheld(said):
                raise self._error(response, said, endpoint.host, request.model)
        headers = {
            name: redact(response.headers[name], [self._key]) for name in _KEPT_HEADERS if name in response.headers
        }
        return Recording(response.body, headers, response.seconds, datetime.now(UTC).isoformat(timespec="seconds"))

    def decoded(self, recording: Recording, decode: Callable[[Recording], Reply]) -> Reply:
        """The reply in a recording; the key is in no error."""
        try:
            return decode(recording)
        except ProviderError as error:
            raise told(error, [self._key]) from None

    def _endpoint(self, url: str) -> Endpoint:
        from evalkit.providers.http import Endpoint  # requests is only needed where something is asked

        headers = {
            **self._vendor.carried(self._key),
            **self._vendor.headers,
            "Content-Type": "application/json",
            "User-Agent": f"evalkit/{__version__}",
        }
        with self._lock:
            if url not in self._endpoints:
                self._endpoints[url] = Endpoint(url, headers)
            return self._endpoints[url]

    def _catalogue(self) -> Endpoint | None:
        url = self._vendor.catalogue_url(self._environ)
        return self._endpoint(url) if url else None

    def _error(self, response: Response, body: Any, host: str, model: str) -> ProviderError:
        status, said = response.status, error_in(body, response.status)
        if 300 <= status < 400:
            words = f"a redirect to {response.headers.get('location', 'nowhere')}, which is never followed"
        else:
            words = said.message if said else response.body.decode("utf-8", "replace").strip() or "no body"
        is_over = said is not None and said.kind == "terminal" and not _is_a_rate(response)
        about = said.status if said and is_over else status
        kind = heeded("terminal" if is_over else kind_of_status(status), response.headers)
        message = f"{status} from {host}: {told(ProviderError(kind, words), [self._key]).message}"
        if about in (401, 403) and self.variable:
            message += f" (the key is from {self.variable})"
        if about == 404:
            message += redact(self.models.hint(model), [self._key])
        wait = wished_wait(response.headers, body, status)
        return ProviderError(kind, message, status=about, retry_after=wait)


def _is_a_rate(response: Response) -> bool:
    """Whether a quota is there again soon: Azure says that there is none left where a minute's is used up."""
    stated = {name: value for name, value in response.headers.items() if name.startswith("retry-after")}
    wait = wished_wait(stated) if response.status == 429 else None
    return wait is not None and wait <= A_RATE


def _read(body: bytes) -> Any:
    try:
        return completion.read(body)
    except ValueError:
        return None
