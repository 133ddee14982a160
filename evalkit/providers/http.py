"""The one door to HTTP: a prepared POST sent through one adapter a thread, never a session.

A session would follow redirects with the key in hand and let a line in ~/.netrc replace it. The time-out is
held in the socket: each read waits no longer than what is left, so that a server that drips cannot stretch it.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.util.ssl_ import create_urllib3_context

from evalkit.errors import ProviderError, UserError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BODY_LIMIT = 32 * 1024 * 1024  # bytes of a reply that are read
CONNECTING = 20.0  # seconds to wait for a connection


@dataclass(frozen=True, slots=True)
class Response:
    """What a server answered: status, headers with lower-case names, body, seconds from send to last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Endpoint:
    """One URL to post JSON to, or to get something from, from many threads."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.host = _host(url)
        self._prepared = requests.PreparedRequest()
        try:
            self._prepared.prepare(method="POST", url=url, headers=dict(headers), data=b"{}")
        except requests.RequestException as error:
            raise UserError(f"`{url}` cannot be asked: {type(error).__name__}", "see the base URL") from None
        session = requests.Session()
        around = session.merge_environment_settings(self._prepared.url, {}, True, None, None)
        self._proxies = around["proxies"]
        self._verify: bool | str = True if around["verify"] is None else around["verify"]
        self._mine = threading.local()  # a thread's own adapter and request: it makes one call at a time

    def post(self, body: bytes, timeout: float) -> Response:
        """Send `body` once and have the answer within `timeout` seconds (the look-up of the host's name apart).

        Raises ProviderError (transient) where no complete answer came.
        """
        request = self._request()
        request.body = body
        request.headers["Content-Length"] = str(len(body))
        return self._answered(request, timeout, BODY_LIMIT)

    def get(self, timeout: float, limit: int) -> Response:
        """The same for a GET whose answer has at most `limit` bytes."""
        request = self._prepared.copy()
        request.method, request.body = "GET", None
        request.headers.pop("Content-Length", None)
        return self._answered(request, timeout, limit)

    def _answered(self, request: requests.PreparedRequest, timeout: float, limit: int) -> Response:
        begun = time.perf_counter()
        _call.end = time.monotonic() + timeout
        try:
            answer: Any = self._adapter().send(
                request,
                stream=True,
                timeout=(min(timeout, CONNECTING), timeout),
                verify=self._verify,
                proxies=self._proxies,
            )
            content = answer.read(limit + 1, decode_content=True)
            _let_go(answer, is_whole=len(content) <= limit)
        except (requests.Timeout, TimedOut):
            raise ProviderError("transient", f"no reply from {self.host} within {round(timeout, 2):g} s") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            raise ProviderError("transient", f"no reply from {self.host}: {_cause(error)}") from None
        if len(content) > limit:
            raise ProviderError("rejected", f"the reply of {self.host} is larger than {limit >> 20} MB")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status, headers, content, time.perf_counter() - begun)

    def _adapter(self) -> HTTPAdapter:
        adapter: HTTPAdapter | None = getattr(self._mine, "adapter", None)
        if adapter is None:
            adapter = self._mine.adapter = _Adapter(pool_connections=1, pool_maxsize=1, max_retries=0)
        return adapter

    def _request(self) -> requests.PreparedRequest:
        request: requests.PreparedRequest | None = getattr(self._mine, "request", None)
        if request is None:
            request = self._mine.request = self._prepared.copy()
            # Each name is there once by now. urllib3 copies and walks them in every call: 12 µs less for a plain dict.
            request.headers = dict(request.headers)  # type: ignore[assignment]
        return request


def _host(url: str) -> str:
    """Host and port of a URL, as errors name it. Raises UserError for what is no plain http(s) URL."""
    try:
        parts = requests.compat.urlsplit(url)
        named = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname or "")
    except ValueError:
        parts, named = None, ""
    if parts is None or not named or parts.scheme not in ("http", "https"):
        raise UserError(f"`{url}` is no base URL", "write it as https://host/v1")
    if "@" in parts.netloc:
        raise UserError(f"the base URL of {named} holds a user name", "take it out: it would replace the key")
    return named


def _let_go(answer: HTTPResponse, *, is_whole: bool) -> None:
    """Keep the connection for the next call; close it where something is left unread."""
    if is_whole:
        answer.release_conn()
    else:
        answer.close()


_call = threading.local()  # `end`: when the call that a thread makes must be over, in monotonic seconds


def _time_left() -> float:
    left: float = _call.end - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for this call is over")
    return left


class _Socket(socket.socket):
    """A socket that reads no longer than its thread's call may take."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(_time_left())
        return super().recv_into(buffer, nbytes, flags)


class _TlsSocket(ssl.SSLSocket):
    """The same over TLS."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(_time_left())
        return super().recv_into(buffer, nbytes, flags)


class _InOnePiece(HTTPConnection):
    """A connection that sends head and body together: a packet less, and a server that wakes up once."""

    _head: bytes | None = None  # held back until the body comes; b"" while it is still to be written

    def endheaders(self, *args: Any, **options: Any) -> None:
        self._head = b""
        super().endheaders(*args, **options)

    def send(self, data: Any) -> None:
        if self._head == b"":
            self._head = data
        else:
            head, self._head = self._head, None
            super().send(head + data if head else data)

    def getresponse(self) -> Any:
        if self._head:  # there is no body
            self.send(b"")
        return super().getresponse()


class _Connection(_InOnePiece):
    """A connection on a socket of ours."""

    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        timeout = plain.gettimeout()
        timed = _Socket(fileno=plain.detach())
        timed.settimeout(timeout)
        return timed


class _TlsConnection(_InOnePiece, HTTPSConnection):
    """The same over TLS, whose context brings the socket."""


class _Pool(HTTPConnectionPool):
    """Makes such connections."""

    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    """requests' adapter, on the sockets above and for one URL: what it finds out of it holds for every call."""

    _pool: Any = None
    _verified: Any = None  # the pool that knows how to verify its server
    _target = ""

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **options)
        return self._pool

    def cert_verify(self, conn: Any, *how: Any) -> None:
        if conn is not self._verified:
            super().cert_verify(conn, *how)  # type: ignore[no-untyped-call]  # the stubs give it no types
            self._verified = conn

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        self._target = self._target or super().request_url(request, proxies)
        return self._target

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> Any:
        """The response as it is: no cookies are kept."""
        return resp

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=_tls(), **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        if proxy in self.proxy_manager or proxy.lower().startswith("socks"):
            return super().proxy_manager_for(proxy, **options)
        manager = super().proxy_manager_for(proxy, ssl_context=_tls(), **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _tls() -> ssl.SSLContext:
    context = create_urllib3_context()
    context.sslsocket_class = _TlsSocket
    return context


def _cause(error: BaseException) -> str:
    """The plain reason at the bottom of a chain of wrapped exceptions."""
    inner = error
    while deeper := _inside(inner):
        inner = deeper
    return str(getattr(inner, "strerror", None) or inner) or type(inner).__name__


def _inside(error: BaseException) -> BaseException | None:
    wrapped = (getattr(error, "reason", None), *error.args, error.__cause__)
    return next((inner for inner in wrapped if isinstance(inner, BaseException)), None)
