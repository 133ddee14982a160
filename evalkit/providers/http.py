"""The one door to HTTP: a prepared POST sent through one adapter a thread, never a session.

A session would follow redirects with the key in hand and let a line in ~/.netrc replace it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from evalkit.errors import ProviderError, UserError

BODY_LIMIT = 32 * 1024 * 1024  # bytes of a reply that are read


@dataclass(frozen=True, slots=True)
class Response:
    """What a server answered: status, headers with lower-case names, body, seconds from send to last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Endpoint:
    """One URL to post JSON to, from many threads."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._prepared = requests.PreparedRequest()
        try:
            self._prepared.prepare(method="POST", url=url, headers=dict(headers), data=b"{}")
        except requests.RequestException as error:
            raise UserError(f"not a URL: {url}", str(error)) from None
        session = requests.Session()
        around = session.merge_environment_settings(self._prepared.url, {}, True, None, None)
        self._proxies = around["proxies"]
        self._verify: bool | str = True if around["verify"] is None else around["verify"]
        self._local = threading.local()
        self.host = requests.compat.urlparse(url).netloc

    def post(self, body: bytes, timeout: float) -> Response:
        """Send `body` once. Raises ProviderError (transient) where no complete answer came."""
        request = self._prepared.copy()
        request.body = body
        request.headers["Content-Length"] = str(len(body))
        begun = time.perf_counter()
        try:
            answer = self._adapter().send(
                request,
                stream=True,
                timeout=(min(timeout, 20.0), timeout),
                verify=self._verify,
                proxies=self._proxies,
            )
            content = answer.raw.read(BODY_LIMIT + 1, decode_content=True)
            answer.raw.release_conn()
        except requests.Timeout:
            raise ProviderError("transient", f"no reply from {self.host} within {timeout:g} s") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            raise ProviderError("transient", f"no reply from {self.host}: {_cause(error)}") from None
        if len(content) > BODY_LIMIT:
            raise ProviderError("rejected", f"the reply of {self.host} is larger than {BODY_LIMIT >> 20} MB")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, content, time.perf_counter() - begun)

    def _adapter(self) -> HTTPAdapter:
        adapter: HTTPAdapter | None = getattr(self._local, "adapter", None)
        if adapter is None:
            adapter = self._local.adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
        return adapter


def _cause(error: BaseException) -> str:
    """The plain reason at the bottom of a chain of wrapped exceptions."""
    inner: object = error
    while isinstance(inner, BaseException):
        deeper = getattr(inner, "reason", None) or next((a for a in inner.args if isinstance(a, BaseException)), None)
        if not isinstance(deeper, BaseException):
            break
        inner = deeper
    text = str(getattr(inner, "strerror", None) or inner)
    return text.rsplit(": ", 1)[-1] if "object at 0x" in text else text
