"""The budgets of a run: a call's worst case is set aside before it is made, and its price put in its place after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from evalkit.engine.attempts import Asked
from evalkit.errors import NotAsked, ProviderError, UserError
from evalkit.prices import HOW_TO_PRICE, MOST_TOKENS, Tariff, size_of
from evalkit.records.exchange import Request
from evalkit.records.spec import Spec
from evalkit.reporters.figures import dollars
from evalkit.settings import Settings

WHOLE_RUN = ""  # whose budget it is that no spec's is
_TICK = 0.1  # seconds between looks at the wish to stop
_TOLERANCE = 1e-12  # US dollars; sums of floats are not exact


def caps_of(settings: Settings, specs: Iterable[Spec]) -> dict[str, float]:
    """The budgets in US dollars: the run's (under WHOLE_RUN) and those of specs, by their names."""
    caps = {spec.name: spec.max_usd for spec in specs if spec.max_usd is not None}
    return caps if settings.max_usd is None else {WHOLE_RUN: settings.max_usd, **caps}


def most_usd(caps: Mapping[str, float], specs: Iterable[str]) -> float | None:
    """What a run of these specs may cost at most; None where nothing bounds it."""
    of_specs = [caps.get(name) for name in specs]
    bounds = [caps.get(WHOLE_RUN), None if None in of_specs else sum(filter(None, of_specs))]
    return min((bound for bound in bounds if bound is not None), default=None)


def about_unpriced(caps: Mapping[str, float], unpriced: Iterable[tuple[str, str]]) -> None:
    """Raise UserError where a budget bounds calls of unknown price; `unpriced` are (spec, `provider/model`)."""
    for spec, model in unpriced:
        for owner in (WHOLE_RUN, spec):
            if owner in caps:
                raise UserError(
                    f"{_named(owner)} cannot be held: the price of `{model}` is not known",
                    f'write [tool.evalkit.prices."{model}"], and below it input = … and output = … (US dollars for a '
                    f"million tokens); {HOW_TO_PRICE}",
                )


def _named(owner: str) -> str:
    return "--max-usd" if owner == WHOLE_RUN else f"`max_usd` of {owner}"


@dataclass(slots=True)
class Bill:
    """What a call cost, to be filled in: US dollars of its last attempt, None for a price that is not known.

    `affords` says whether there may be another attempt after one that brought an error.
    """

    usd: float | None = 0.0
    affords: Callable[[ProviderError], bool] = lambda error: True


@dataclass(slots=True)
class _Purse:
    """One budget: US dollars it has, spent, at worst spent on calls of unknown cost, and set aside for those `flying`;
    `refused` counts the calls it had nothing left for.
    """

    name: str
    most: float
    spent: float = 0.0
    unknown: float = 0.0
    aside: float = 0.0
    flying: int = 0
    refused: int = 0

    def has(self, usd: float) -> bool:
        return self.spent + self.unknown + self.aside + usd <= self.most + _TOLERANCE

    @property
    def why_not(self) -> str:
        return f"the budget of ${self.most:g} ({self.name}) is used up"


class Budget:
    """Holds the calls of a run to what they may cost. Used by many threads.

    While something is set aside for calls in flight, a call that does not fit waits for what they leave. A call
    whose price stays unknown counts at its worst, and so does every attempt of it. Where a model turns out dearer
    than its worst case (it thinks beyond `max_tokens`), that much more is set aside for its calls from then on.
    """

    def __init__(self, tariff: Tariff, caps: Mapping[str, float], stop: threading.Event) -> None:
        self.tariff = tariff
        self._purses = {owner: _Purse(_named(owner), most) for owner, most in caps.items()}
        self._stop = stop
        self._changed = threading.Condition()
        self._dearness: dict[tuple[str, str], float] = {}
        self._is_guessed = False

    @contextmanager
    def reserved(self, request: Request) -> Iterator[Bill]:
        """Set a call's worst case aside as long as it lasts. Raises NotAsked where it does not fit any more."""
        bill = Bill()
        purses = [self._purses[owner] for owner in (WHOLE_RUN, request.spec) if owner in self._purses]
        if not purses:
            yield bill
            return
        worst = self.tariff.worst(request) or 0.0
        aside = self._set_aside(purses, request, worst)
        bill.affords = lambda error: error.status is not None or self._written_off(purses, aside)
        try:
            yield bill
        finally:
            self._settle(purses, request, worst, aside, bill.usd)

    def cost_of(self, request: Request, asked: Asked) -> float | None:
        """What a call cost that has ended: an error costs nothing, but one that no server stated may have."""
        if asked.reply is not None:
            return self.tariff.priced(request, asked.reply).usd
        return None if asked.error is None or asked.error.status is None else 0.0

    def notes(self) -> Iterator[str]:
        """What was not asked for want of money, a sentence for each budget."""
        guessed = f" {MOST_TOKENS:,} tokens were set aside for each completion that `max_tokens` does not bound."
        for purse in self._purses.values():
            if purse.refused:
                calls = f"{purse.refused:,} call{'s' if purse.refused != 1 else ''}"
                why_not = purse.why_not[0].upper() + purse.why_not[1:]
                unknown = f", at most {dollars(purse.unknown)} on calls of unknown cost" if purse.unknown else ""
                spent = f"{dollars(purse.spent)} spent{unknown}"
                yield f"{why_not}: {spent}, {calls} not made.{guessed if self._is_guessed else ''}"

    def _set_aside(self, purses: list[_Purse], request: Request, worst: float) -> float:
        with self._changed:
            while True:
                usd = worst * self._dearness.get((request.provider, request.model), 1.0)
                short = next((purse for purse in purses if not purse.has(usd)), None)
                if short is None:
                    break
                if not short.flying:
                    short.refused += 1
                    self._is_guessed |= not size_of(request).is_bounded
                    raise NotAsked("budget", short.why_not)
                if self._stop.is_set():
                    raise NotAsked("interrupted", "stopped before it was asked")
                self._changed.wait(_TICK)
            for purse in purses:
                purse.aside += usd
                purse.flying += 1
        return usd

    def _written_off(self, purses: list[_Purse], aside: float) -> bool:
        """Count an attempt of unknown cost at its worst, if there is as much for another; it must not wait for it."""
        with self._changed:
            if not all(purse.has(aside) for purse in purses):
                return False
            for purse in purses:
                purse.unknown += aside
            return True

    def _settle(self, purses: list[_Purse], request: Request, worst: float, aside: float, usd: float | None) -> None:
        with self._changed:
            for purse in purses:
                purse.aside -= aside
                purse.flying -= 1
                purse.spent += usd or 0.0
                purse.unknown += aside if usd is None else 0.0
            if usd and worst:
                model = request.provider, request.model
                self._dearness[model] = max(self._dearness.get(model, 1.0), usd / worst)
            self._changed.notify_all()
