"""What a run is to do: the trials that specs want, and with a baseline those of both arms, in stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from evalkit.engine.plan import Plan, Trial
from evalkit.records.comparison import Baseline
from evalkit.records.result import Column, Result
from evalkit.records.run import StoredRun
from evalkit.records.spec import Spec

if TYPE_CHECKING:
    from evalkit.decide.contest import Contest


class Work(Protocol):
    """Trials in stages: all of one have their results before the next is known. Mostly there is one.

    `specs` are those that are asked, `compared` are their columns that have a `baseline`; `contests` are the columns of
    two arms. `first` is the first stage.
    """

    @property
    def specs(self) -> tuple[Spec, ...]: ...
    @property
    def compared(self) -> Mapping[str, tuple[Column, ...]]: ...
    @property
    def baseline(self) -> Baseline | None: ...
    @property
    def contests(self) -> tuple[Contest, ...]: ...
    @property
    def first(self) -> Iterable[Trial]: ...

    def next(self) -> Iterable[Trial] | None:
        """The stage after the one before; None when nothing is left to ask."""
        ...

    def further(self, trial: Trial) -> int:
        """How many draws a trial of the first stage may be followed by, at most; told at the last of its arm."""
        ...

    def add(self, result: Result) -> None:
        """What came of a trial."""
        ...

    def notes(self) -> Iterator[str]:
        """What is to be known of it beside the numbers, a sentence each."""
        ...

    def concluded(self, run: StoredRun) -> StoredRun:
        """The run with what its columns came to beside their baselines, and beside one another."""
        ...


class OneArm:
    """The trials that specs want, in one stage; it knows no baseline."""

    def __init__(self, plan: Plan) -> None:
        self.specs = plan.specs
        self.first = plan
        self.contests: tuple[Contest, ...] = ()
        self.compared: Mapping[str, tuple[Column, ...]] = {}
        self.baseline: Baseline | None = None

    def next(self) -> None:
        """Nothing more."""

    def further(self, trial: Trial) -> int:
        """None."""
        return 0

    def add(self, result: Result) -> None:
        """Nothing is learnt from a single trial."""

    def notes(self) -> Iterator[str]:
        """Nothing."""
        return iter(())

    def concluded(self, run: StoredRun) -> StoredRun:
        """With its columns beside one another, where a spec has several; nothing where it did not come to its end."""
        if run.info.state != "finished" or len(run.info.columns) <= len(run.info.specs):
            return run
        from evalkit.engine.comparing import between_columns, with_comparisons  # most runs compare nothing

        return with_comparisons(run, between_columns(run))
