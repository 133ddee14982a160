"""What will be asked: the trials of all specs, in order, each with its request and the question it is kept under.

A plan streams: it renders a case when its trials are taken and keeps no case.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from evalkit.engine.question import Question
from evalkit.errors import UserError
from evalkit.providers.interface import Provider
from evalkit.records.exchange import Request
from evalkit.records.result import Column
from evalkit.records.spec import Case, Model, Spec, Variant
from evalkit.settings import Settings
from evalkit.spec.render import render_messages

Providers = Callable[[str], Provider]


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt at a case in a column; `draw` counts from 1. `question` is None for a case the user skips."""

    index: int
    spec: Spec
    case: Case
    model: Model
    variant: Variant
    draw: int
    request: Request | None = None
    question: Question | None = None

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

    def __iter__(self) -> Iterator[Trial]:
        index = 0
        for spec in self.specs:
            for trial in self._of(spec):
                yield replace(trial, index=index)
                index += 1

    def _of(self, spec: Spec) -> Iterator[Trial]:
        """A spec's trials. Draws are counted over all its cases, so that a selection changes no reply."""
        seen: Counter[bytes] = Counter()
        chosen = (case for case in self._cases(spec, seen) if case is not None)
        for trials in islice(chosen, min(self.selection.limit or sys.maxsize, sys.maxsize)):
            yield from trials

    def _cases(self, spec: Spec, seen: Counter[bytes]) -> Iterator[list[Trial] | None]:
        for case in spec.cases:
            trials = list(self._trials(spec, case, seen))
            yield trials if self.selection.takes(spec, case) else None

    def _trials(self, spec: Spec, case: Case, seen: Counter[bytes]) -> Iterator[Trial]:
        for model in spec.models:
            for variant in spec.variants:
                if case.skip:
                    yield Trial(0, spec, case, model, variant, 1)
                else:
                    yield from self._draws(Trial(0, spec, case, model, variant, 1), seen)

    def _draws(self, first: Trial, seen: Counter[bytes]) -> Iterator[Trial]:
        case, model = first.case, first.model
        request = Request(
            provider=model.provider,
            model=model.id,
            messages=render_messages(first.variant, case),
            params=model.params,
            timeout=model.timeout or self.settings.timeout,
            case=case.id,
            spec=first.spec.name,
        )
        provider = self.provider(model.provider)
        body = _encoded(provider, request)
        once = Question(provider.name, model.id, body).key
        for draw in range(1, case.trials.count + 1):
            seen[once] += 1
            number = seen[once]
            question = Question(provider.name, model.id, body, number)
            yield replace(first, draw=draw, request=replace(request, draw=number), question=question)


def _encoded(provider: Provider, request: Request) -> bytes:
    try:
        return provider.encode(request)
    except ValueError as error:
        raise UserError(f"{request.provider}/{request.model} cannot be asked: {error}", "see its params") from None
