"""Request parameters held against what a vendor takes, before it is asked: what is sent, and what is said of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.errors import nearest
from evalkit.providers.dialects import LLAMACPP, OPEN, Dialect
from evalkit.providers.vendors import VENDORS

EXTRA, OMIT = "extra_body", "omit"
_OURS = ("messages", "model")
_LIMITS = ("max_tokens", "max_completion_tokens")
_FIXED = ("frequency_penalty", "logprobs", "presence_penalty", "temperature", "top_logprobs", "top_p")
_SHOWN = 60  # characters of a value
_AS_IT_IS = f"it is sent as it is; below `{EXTRA}:` it is sent without this warning"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be said of the parameter `name`: an error, or a warning."""

    name: str
    message: str
    help: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Fitted:
    """The parameters as they are sent, and the remarks on those that were written."""

    params: Mapping[str, Any]
    remarks: tuple[Remark, ...] = ()


def fitted(provider: str, model: str, params: Mapping[str, Any], *, is_own: bool = False) -> Fitted:
    """What a provider is sent of `params`. One that is not a vendor's (a plug-in, a script) gets them as they are."""
    dialect = OPEN if is_own else LLAMACPP if provider == "local" else None
    if provider in VENDORS and not is_own:
        dialect = VENDORS[provider].dialect
    return _Fitting(dialect, provider, model, params).done() if dialect else Fitted(params)


class _Fitting:
    """One model's parameters on their way."""

    def __init__(self, dialect: Dialect, provider: str, model: str, params: Mapping[str, Any]) -> None:
        self._dialect = dialect
        self._provider = provider
        self._model = f"{provider}/{model}"
        self._reasons = bool(dialect.reasoner and re.match(dialect.reasoner, model))
        self._params = dict(params)

    def done(self) -> Fitted:
        remarks = [*self._hatches()]
        extra = self._params.pop(EXTRA, {})
        for name in self._params.pop(OMIT, ()):
            self._params.pop(name, None)
        remarks += [*self._unknown(), *self._out_of_range(), *self._idle(), *self._renamed(), *self._lacking()]
        missing = {name: value for name, value in self._dialect.always.items() if not _says(name, self._params)}
        return Fitted({**missing, **self._params, **extra}, tuple(remarks))

    def _hatches(self) -> Iterator[Remark]:
        """What is wrong with `extra_body` and `omit`, and with what stands there; taken out where it is."""
        extra, omit = self._params.get(EXTRA, {}), self._params.get(OMIT, [])
        if not isinstance(extra, Mapping):
            yield Remark(EXTRA, f"`{EXTRA}` is no mapping", "write the fields to add, each as `name: value`", True)
            del self._params[EXTRA]
        if not isinstance(omit, list) or not all(isinstance(name, str) for name in omit):
            yield Remark(OMIT, f"`{OMIT}` is no list of names", "write for example `omit: [seed]`", True)
            del self._params[OMIT]
        help = "the model stands at `model`, and the messages are made from `prompt`"
        for place in (EXTRA, OMIT):
            for name in _OURS:
                if name in self._params.get(place, ()):
                    yield Remark(place, f"`{name}` is no parameter", help, True)
        for name in _OURS:
            if self._params.pop(name, None) is not None:
                yield Remark(name, f"`{name}` is no parameter", help, True)

    def _unknown(self) -> Iterator[Remark]:
        for name in self._params:
            if name not in self._dialect.known | self._dialect.lacks:
                near = nearest(name, self._dialect.known)
                help = f"did you mean `{near}`? {_AS_IT_IS}" if near else _AS_IT_IS
                yield Remark(name, f"{self._provider} knows no parameter `{name}`", help)

    def _out_of_range(self) -> Iterator[Remark]:
        for name, allowed in self._dialect.ranges.items():
            if name in self._params and self._params[name] not in allowed:
                yield Remark(
                    name,
                    f"`{name}` is {_shown(self._params[name])}, and {self._provider} takes {allowed}",
                    f"mend it, or take it away with `{name}: null`",
                    True,
                )

    def _idle(self) -> Iterator[Remark]:
        """Parameters that would be paid for, or break the reply, and bring nothing."""
        if self._params.get("stream"):
            yield Remark("stream", "replies are read whole, and a stream is none", "take it away", True)
        count = self._params.get("n")
        if isinstance(count, int) and count > 1:
            yield Remark(
                "n", f"{count} replies are paid for and the first is scored", "write `trials: …` for more draws"
            )

    def _renamed(self) -> Iterator[Remark]:
        limit = "max_completion_tokens" if self._reasons else self._dialect.limit
        others = {name: limit for name in _LIMITS if limit and name != limit}
        for name, theirs in {**others, **self._dialect.renames}.items():
            if name in self._params:
                value = self._params.pop(name)
                kept = self._params.setdefault(theirs, value)
                said = f"sent as `{theirs}`" if kept is value else f"not sent beside `{theirs}`"
                yield Remark(name, f"`{name}` is {said}: {self._model} knows it by that name", f"write `{theirs}`")

    def _lacking(self) -> Iterator[Remark]:
        for name in [name for name in self._params if name in self._dialect.lacks]:
            del self._params[name]
            help = f"take it away with `{name}: null`, or send it all the same, below `{EXTRA}:`"
            yield Remark(name, f"`{name}` is not sent: {self._provider} has no such parameter", help)
        for name in [name for name in _FIXED if self._reasons and name in self._params]:
            help = f"if it is refused, take it away with `{name}: null`"
            yield Remark(name, f"{self._model} reasons, and while it does such models refuse `{name}`", help)


def _shown(value: Any) -> str:
    """A value in one short line, texts in quotes."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _says(name: str, params: Mapping[str, Any]) -> bool:
    return any(other in params for other in (_LIMITS if name in _LIMITS else (name,)))
