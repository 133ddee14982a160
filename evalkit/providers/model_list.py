"""What a server says it has: the ids of its models, to tell which one was meant where there is none of a name."""

from __future__ import annotations

import difflib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvalkitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.providers.http import Endpoint

SECONDS = 5.0  # that a list is waited for
LIMIT = 8 * 1024 * 1024  # bytes of it that are read
_NEAREST = 3  # ids that are named
_LONGEST = 100  # characters of an id


class ModelList:
    """The ids of a server's models, asked for once, when first wanted. Used by many threads."""

    def __init__(self, connect: Callable[[], Endpoint | None], seconds: float = SECONDS) -> None:
        self._connect = connect
        self._seconds = seconds
        self._lock = threading.Lock()
        self._ids: tuple[str, ...] | None = None

    def ids(self) -> tuple[str, ...]:
        """All of them, aliases included; none where the server tells none. Never raises, never takes long."""
        with self._lock:
            if self._ids is None:
                self._ids = self._asked()
            return self._ids

    def hint(self, model: str) -> str:
        """What to say of a model that the server does not have, in words that follow an error; "" for nothing."""
        ids = self.ids()
        if model in ids:
            return f"; it is in the server's own list of models all the same, which has {len(ids)}"
        near = _nearest(model, ids)
        if not near:
            return f"; none of the server's {len(ids)} models has a name like it" if ids else ""
        return f"; the server's nearest: {', '.join(near)}"

    def _asked(self) -> tuple[str, ...]:
        try:
            endpoint = self._connect()
            if endpoint is None:
                return ()
            answer = endpoint.get(self._seconds, LIMIT)
            body = json.loads(answer.body) if answer.status == 200 else None
        except (EvalkitError, ValueError, RecursionError):
            return ()
        return tuple(dict.fromkeys(name for name in _named_in(body) if name and len(name) <= _LONGEST))


def _nearest(model: str, ids: Iterable[str]) -> list[str]:
    """The ids most like `model`, best first; the vendor before a slash counts less than what follows it."""
    lowered = {name.lower(): name for name in ids}
    found = difflib.get_close_matches(model.lower(), lowered, n=_NEAREST, cutoff=0.6)
    tail = model.lower().rpartition("/")[2]
    found += [low for low in sorted(lowered, key=len) if low.rpartition("/")[2] == tail]
    return [lowered[low] for low in dict.fromkeys(found)][:_NEAREST]


def _named_in(body: Any) -> Iterator[str]:
    """The ids in `{"data": [{"id": …, "aliases": […]}]}`, `{"models": [{"name": "models/…"}]}`, or a bare list."""
    rows = body
    if isinstance(body, Mapping):
        rows = next((body[key] for key in ("data", "models") if isinstance(body.get(key), list)), None)
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, str):
            yield row
        elif isinstance(row, Mapping):
            aliases = row.get("aliases")
            names = [row.get("id") or row.get("name"), *(aliases if isinstance(aliases, list) else ())]
            yield from (name.removeprefix("models/") for name in names if isinstance(name, str))
