"""What a run has learnt of its models: which are done for, and why."""

from __future__ import annotations

import threading

from evalkit.errors import ProviderError
from evalkit.providers.interface import canonical
from evalkit.records.exchange import Request

PATIENCE = 3  # equal rejections in a row, with nothing accepted before, after which the same params are not tried again

_Params = tuple[str, str, bytes]


class Standing:
    """Used by many threads.

    A terminal error ends a provider, a 404 only its model. Params that were never accepted and were rejected
    in the same words PATIENCE times in a row are not sent again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over = ""
        self._gone: dict[tuple[str, str], str] = {}
        self._accepted: set[_Params] = set()
        self._rejected: dict[_Params, tuple[str, int]] = {}

    def why_not(self, request: Request) -> str:
        """Why a request is not to be made; "" if it may be."""
        if self._over:
            return self._over
        for model in (request.model, ""):
            if (request.provider, model) in self._gone:
                return self._gone[request.provider, model]
        message, count = self._rejected.get(_params(request), ("", 0))
        return message if count >= PATIENCE else ""

    def end(self, why: str) -> None:
        """No model may be asked any more."""
        self._over = self._over or why

    def accepted(self, request: Request) -> None:
        """There is a reply to such a request."""
        params = _params(request)
        if params not in self._accepted:
            with self._lock:
                self._accepted.add(params)
                self._rejected.pop(params, None)

    def failed(self, request: Request, error: ProviderError) -> None:
        """A call ended with an error."""
        with self._lock:
            if error.kind == "terminal":
                model = request.model if error.status == 404 else ""
                self._gone.setdefault((request.provider, model), error.message)
            elif error.kind == "rejected" and _params(request) not in self._accepted:
                before, count = self._rejected.get(_params(request), ("", 0))
                same = before == error.message
                self._rejected[_params(request)] = (error.message, count + 1 if same else 1)


def _params(request: Request) -> _Params:
    return request.provider, request.model, canonical(request.params)
