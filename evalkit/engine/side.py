"""One side of a comparison: what its specs ask, case by case, and which numbers the draws of equal questions have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from evalkit.engine.plan import Plan
from evalkit.engine.question import Question
from evalkit.records.exchange import Request
from evalkit.records.result import Column
from evalkit.records.spec import Case, Model, Spec, Variant
from evalkit.spec.seen import Seen


@dataclass(frozen=True, slots=True)
class Asked:
    """A case in one column of a side: what is asked, and the numbers of its draws.

    `own` are those of the trials that the spec wants; the draws beyond them are numbered behind those of all cases with
    the same question, so that no draw is another's: `after`, then every `step`.
    """

    model: Model
    variant: Variant
    request: Request
    question: Question
    own: tuple[int, ...] = ()
    after: int = 0
    step: int = 1

    def numbered(self, draw: int) -> tuple[Request, Question]:
        """The request and the question of the case's n-th draw, counted from 1."""
        beyond = draw - len(self.own)
        number = self.own[draw - 1] if beyond <= 0 else self.after + (beyond - 1) * self.step
        return replace(self.request, draw=number), replace(self.question, draw=number)


Asks = dict[Column, Asked]


@dataclass(slots=True)
class _Counted:
    """How often each question of a spec is asked: draws that the spec wants, and cases."""

    draws: Seen
    cases: Seen


class Side:
    """The specs of one arm. `series` is where its draws are kept; `has_trials` says whether it has those of its specs.

    The first pass over a spec counts its questions, later ones know the numbers of all draws.
    """

    def __init__(self, plan: Plan, series: str, *, has_trials: bool) -> None:
        self.plan = plan
        self.specs = {spec.name: spec for spec in plan.specs}
        self._series = series
        self._has_trials = has_trials
        self._counted: dict[str, _Counted] = {}

    @property
    def is_cut(self) -> bool:
        """Whether only the first cases of a spec are asked."""
        return self.plan.selection.limit is not None

    def cases(self, spec: Spec) -> Iterator[tuple[Case, Asks]]:
        """The selected cases, in order, each with what its columns ask: nothing where the user skips it."""
        seen, all_of_it = _Counted(Seen(), Seen()), self._counted.get(spec.name)
        taken = 0
        for case in spec.cases:
            asks = {} if case.skip else dict(self._asks(spec, case, seen, all_of_it))
            is_wanted = self.plan.selection.takes(spec, case)
            limit = self.plan.selection.limit
            if is_wanted and (limit is None or taken < limit):
                taken += 1
                yield case, asks
        self._counted.setdefault(spec.name, seen)

    def _asks(
        self, spec: Spec, case: Case, seen: _Counted, all_of_it: _Counted | None
    ) -> Iterator[tuple[Column, Asked]]:
        for model, variant in product(spec.models, spec.variants):
            request, question = self.plan.asking(spec, case, model, variant)
            print_ = question.print
            wanted = case.trials.count if self._has_trials else 0
            own = tuple(seen.draws.times(print_) for _ in range(wanted))
            place = seen.cases.times(print_)
            asked = Asked(model, variant, request, replace(question, series=self._series), own)
            if all_of_it:
                after = all_of_it.draws.count(print_) + place
                asked = replace(asked, after=after, step=all_of_it.cases.count(print_))
            yield Column(spec.name, model.name, variant.name), asked


def columns_of(spec: Spec) -> list[Column]:
    """The columns of a spec, in their order."""
    return [Column(spec.name, model.name, variant.name) for model, variant in product(spec.models, spec.variants)]
