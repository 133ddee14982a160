"""What a run finds out beside its scores: models served in place of others, replies that hold a key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from evalkit.decide.gate import without_recording
from evalkit.records.result import Failure, Result
from evalkit.secrets import holds

_DATE = re.compile(r"[-@](20\d\d-?\d\d-?\d\d|\d\d-\d\d|\d\d-20\d\d|\d{3,4})$")  # 2024-08-06, 20250514, 06-17, 0613, 001
_OF_A_VARIANT = re.compile(r":\w+$")  # OpenRouter's `:free`, Ollama's `:latest`
LEFT_OUT = Failure("left_out", "not recorded")  # what --allow-unrecorded makes of a trial without a recording
_NAMES_NO_MODEL = ("azure",)  # what is asked for there is a deployment, whatever its model


@lru_cache(maxsize=1024)
def is_same_model(requested: str, served: str) -> bool:
    """Whether a served model is the one asked for, by its name: a vendor before it or a date after it is no matter.

    A date that was asked for has to be the one that is served, if that says one.
    """
    asked, got = _plain(requested), _plain(served)
    undated = _undated(got)
    return asked == got or _undated(asked) == got or asked.removesuffix("-latest") in (got, undated)


def _plain(name: str) -> str:
    return _OF_A_VARIANT.sub("", name.lower().strip().rpartition("/")[2])


def _undated(name: str) -> str:
    return _DATE.sub("", name)


class Findings:
    """Gathers them over the results of a run; `keys` are the values that no reply should hold."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = tuple(keys)
        self._replies: Counter[str] = Counter()
        self._served: Counter[tuple[str, str]] = Counter()
        self._with_key = 0
        self._left_out = 0

    def add(self, result: Result) -> None:
        """Look at the calls of one result, or at why it has none."""
        self._left_out += result.error == LEFT_OUT
        for call in result.calls:
            if call.reply is None:
                continue
            asked, got = f"{call.request.provider}/{call.request.model}", call.reply.model
            self._replies[asked] += 1
            is_comparable = got and call.request.provider not in _NAMES_NO_MODEL
            if is_comparable and not is_same_model(call.request.model, got):
                self._served[asked, got] += 1
            self._with_key += holds(call.reply.text + call.reply.reasoning, self._keys)

    def notes(self) -> Iterator[str]:
        """The findings, a sentence each."""
        for (asked, got), many in self._served.items():
            yield f"Asked for {asked}, served {got} in {many:,} of {_replies(self._replies[asked])}."
        if self._with_key:
            verb = "holds" if self._with_key == 1 else "hold"
            yield f"{_replies(self._with_key)} {verb} a key of yours: shown as [redacted]; change the key."
        if self._left_out:
            yield f"{without_recording(self._left_out)}: left out of every number, as --allow-unrecorded says."


def _replies(many: int) -> str:
    return f"{many:,} repl{'y' if many == 1 else 'ies'}"
