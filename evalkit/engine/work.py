"""What a run is to do: the trials that specs want, or two arms of them in stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from evalkit.engine.plan import Plan, Trial
from evalkit.records.comparison import Comparison
from evalkit.records.result import Result
from evalkit.records.spec import Spec


class Work(Protocol):
    """Trials in stages: all of one have their results before the next is known. One stage is the usual case.

    `specs` are those that are asked. `next` gives the trials of the next stage until there is none, `add` takes what
    came of each. `first_trials` are those of the first stage, for a forecast.
    """

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The specs that are asked, in their order."""
        ...

    def first_trials(self) -> Iterable[Trial]:
        """What is certain to be asked; can be iterated without a trace."""
        ...

    def next(self) -> Iterable[Trial] | None:
        """The trials of the next stage; None when nothing is left to ask."""
        ...

    def add(self, result: Result) -> None:
        """What came of a trial."""
        ...

    def comparisons(self) -> tuple[Comparison, ...]:
        """What two arms came to; nothing where there is one."""
        ...


class OneArm:
    """The trials that specs want, in one stage."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._stages: Iterator[Plan] = iter((plan,))

    @property
    def specs(self) -> tuple[Spec, ...]:
        """All specs of the plan."""
        return self._plan.specs

    def first_trials(self) -> Plan:
        """All trials."""
        return self._plan

    def next(self) -> Plan | None:
        """All trials, once."""
        return next(self._stages, None)

    def add(self, result: Result) -> None:
        """Nothing is to be learnt from it."""

    def comparisons(self) -> tuple[Comparison, ...]:
        """None."""
        return ()
