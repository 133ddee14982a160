"""What will be asked: the trials of all specs, in order, each with its request and the question it is kept under.

A plan streams: it renders a case when its trials are taken, and keeps them only if all of them are few.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, islice, product

from evalkit.engine.question import Question
from evalkit.errors import UserError
from evalkit.providers.interface import Provider
from evalkit.records.exchange import Request
from evalkit.records.result import Column, WantedBy
from evalkit.records.spec import Case, Model, Spec, Variant
from evalkit.settings import Settings
from evalkit.spec.few import MOST_OF_TRIALS, Few, Room, weight_of
from evalkit.spec.render import render_messages
from evalkit.spec.seen import Seen
from evalkit.spec.stream import CaseStream

Providers = Callable[[str], Provider]

_BARE = 1000  # bytes of a trial without its case and what it says
_Draw = tuple[Model, Variant, int, Request | None, Question | None]  # a trial of a case that is yet to be chosen


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt at a case in a column; `draw` counts from 1. `question` is None for a case the user skips.

    `provider` is who encoded the question and answers it. `arm` is "" for a trial that the spec wants, else the side of
    a comparison that alone wants it.
    """

    index: int
    spec: Spec
    case: Case
    model: Model
    variant: Variant
    draw: int
    request: Request | None = None
    question: Question | None = None
    provider: Provider | None = None
    arm: WantedBy = ""

    @property
    def column(self) -> Column:
        """The column it belongs to."""
        return Column(self.spec.name, self.model.name, self.variant.name)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which cases are asked: a word in the id or spec name, tags, the first so many of a spec, those of a set."""

    keyword: str = ""
    tags: tuple[str, ...] = ()
    limit: int | None = None
    only: frozenset[tuple[str, str]] | None = None

    def takes(self, spec: Spec, case: Case) -> bool:
        """Whether a case is selected (the limit apart)."""
        names = f"{spec.name} {case.id}".lower()
        wanted = not self.tags or bool(set(self.tags) & {*spec.tags, *case.tags})
        return self.keyword.lower() in names and wanted and (self.only is None or (spec.name, case.id) in self.only)


@dataclass(frozen=True, slots=True)
class Plan:
    """The trials of a run; iterating starts a new pass."""

    specs: tuple[Spec, ...]
    selection: Selection
    settings: Settings
    provider: Providers
    _trials: Few[Trial] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        trials = Few(self._made, _weight, Room(MOST_OF_TRIALS))
        trials.is_many = any(isinstance(spec.cases, CaseStream) and spec.cases.is_many for spec in self.specs)
        object.__setattr__(self, "_trials", trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self._trials)

    def _made(self) -> Iterator[Trial]:
        index = count()
        for spec in self.specs:
            for case, draws in self._of(spec):
                for draw in draws:
                    yield Trial(next(index), spec, case, *draw)

    def _of(self, spec: Spec) -> Iterator[tuple[Case, list[_Draw]]]:
        """What a spec asks. Draws are counted over all its cases, so that a selection changes no reply."""
        seen = Seen()
        cases = ((case, list(self._draws(spec, case, seen))) for case in spec.cases)
        chosen = (pair for pair in cases if self.selection.takes(spec, pair[0]))
        return islice(chosen, min(self.selection.limit or sys.maxsize, sys.maxsize))

    def _draws(self, spec: Spec, case: Case, seen: Seen) -> Iterator[_Draw]:
        for model, variant in product(spec.models, spec.variants):
            if case.skip:
                yield model, variant, 1, None, None
                continue
            request, first = self.asking(spec, case, model, variant)
            for draw in range(1, case.trials.count + 1):
                number = seen.times(first.print)
                if number == first.draw:
                    yield model, variant, draw, request, first
                else:
                    yield model, variant, draw, replace(request, draw=number), replace(first, draw=number)

    def asking(self, spec: Spec, case: Case, model: Model, variant: Variant) -> tuple[Request, Question]:
        """What is asked of a case in a column, and what it is kept under. Raises UserError where that cannot be."""
        request = Request(
            provider=model.provider,
            model=model.id,
            messages=render_messages(variant, case),
            params=model.params,
            timeout=model.timeout or self.settings.timeout,
            case=case.id,
            spec=spec.name,
        )
        provider = self.provider(request.provider)
        try:
            return request, Question(provider.name, request.model, provider.encode(request))
        except ValueError as error:
            raise UserError(f"{request.provider}/{request.model} cannot be asked: {error}", "see its params") from None


def _weight(trial: Trial) -> int:
    """The bytes that a trial takes in memory, about: its own, of its messages and their body, of its case."""
    said = 2 * len(trial.question.body) if trial.question else 0
    return _BARE + said + weight_of(trial.case)
