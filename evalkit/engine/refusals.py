"""Which parameters a server refuses, found with a few calls: those it names are left out, else they are halved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.errors import ProviderError
from evalkit.records.exchange import Reply

_REFUSALS = range(400, 500)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a call: a reply or an error; `arrived` is whether a server answered at all."""

    reply: Reply | None = None
    error: ProviderError | None = None
    arrived: bool = True

    @property
    def is_refusal(self) -> bool:
        """Whether the server read the request and would have none of it."""
        return self.error is not None and self.error.kind == "rejected" and self.error.status in _REFUSALS


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the last call brought, the parameters it was made without, with the words each was refused in.

    `suspects` are those of which one is refused, where there were too few calls to tell which.
    """

    tried: Tried
    refused: Mapping[str, str] = field(default_factory=dict)
    suspects: tuple[str, ...] = ()


Ask = Callable[[Mapping[str, Any]], Tried | None]  # a call with these parameters; None where no more may be made


def verdict_on(params: Mapping[str, Any], first: Tried, ask: Ask) -> Verdict:
    """Which of `params` are refused; `first` is what came of a call with all of them."""
    tried, rest = first, dict(params)
    refused: dict[str, str] = {}
    innocent: set[str] = set()
    while tried.is_refusal and rest:
        words = tried.error.message if tried.error else ""
        named = next((name for name in rest if name not in innocent and _names(words, name)), "")
        suspects = [named] if named else _halved(rest, ask)
        if len(suspects) != 1:
            return Verdict(tried, refused, tuple(suspects))
        (suspect,) = suspects
        without = {name: value for name, value in rest.items() if name != suspect}
        again = ask(without)
        if again is None:
            return Verdict(tried, refused, (suspect,))
        if named and again.is_refusal and again.error and _names(again.error.message, named):
            innocent.add(named)  # it is still named, so the word means something else
            continue
        refused[suspect] = words
        tried, rest = again, without
    return Verdict(tried, refused)


def _halved(params: Mapping[str, Any], ask: Ask) -> Sequence[str]:
    """The parameter with which a request becomes one that is refused; more than one where calls are used up.

    None where it is refused without any parameter, too.
    """
    names = list(params)
    bare = ask({})
    if bare is None or bare.error:
        return () if bare else names
    low, high = 0, len(names)  # the first `low` are taken, the first `high` are refused
    while high - low > 1:
        middle = (low + high) // 2
        tried = ask({name: params[name] for name in names[:middle]})
        if tried is None or (tried.error and not tried.is_refusal):
            break
        low, high = (low, middle) if tried.is_refusal else (middle, high)
    return names[low:high]


def _names(words: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", words) is not None
