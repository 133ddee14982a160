"""What a run is to do: the trials that specs want, and with a baseline those of both arms, in stages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from evalkit.decide.contest import Contest
from evalkit.engine.archive import LATEST, RUN, find_run, read_run
from evalkit.engine.comparing import against_run, baseline_of, between_columns, regression_of
from evalkit.engine.duel import Duel
from evalkit.engine.former import former_of
from evalkit.engine.plan import Plan, Trial
from evalkit.engine.revision import is_ref
from evalkit.engine.side import Side
from evalkit.errors import UserError
from evalkit.providers.interface import Provider
from evalkit.records.comparison import Baseline, Comparison
from evalkit.records.result import Result
from evalkit.records.run import StoredRun
from evalkit.records.spec import Spec
from evalkit.settings import Settings

_CANDIDATES, _BASELINES = "a", "b"  # the series that draws are kept in


class Work(Protocol):
    """Trials in stages: all of one have their results before the next is known. Mostly there is one.

    `specs` are those that are asked, `compared` names those of them that have a `baseline`; `contests` are the columns
    of two arms. `first` is the first stage.
    """

    @property
    def specs(self) -> tuple[Spec, ...]: ...
    @property
    def compared(self) -> frozenset[str]: ...
    @property
    def baseline(self) -> Baseline | None: ...
    @property
    def contests(self) -> tuple[Contest, ...]: ...
    @property
    def first(self) -> Iterable[Trial]: ...

    def next(self) -> Iterable[Trial] | None:
        """The stage after the one before; None when nothing is left to ask."""
        ...

    def add(self, result: Result) -> None:
        """What came of a trial."""
        ...

    def notes(self) -> Iterator[str]:
        """What is to be known of it beside the numbers, a sentence each."""
        ...

    def comparisons(self, run: StoredRun) -> tuple[Comparison, ...]:
        """What the columns of the run came to beside their baselines, and beside one another."""
        ...


class OneArm:
    """The trials that specs want, in one stage; compared with a run of before if there is a `former`."""

    def __init__(self, plan: Plan, former: StoredRun | None = None) -> None:
        self.specs = plan.specs
        self.first = plan
        self.contests: tuple[Contest, ...] = ()
        self.compared = frozenset(spec.name for spec in former.info.specs) if former else frozenset[str]()
        self.baseline = baseline_of(former, plan.settings.against) if former else None
        self._former = former
        self._settings = plan.settings

    def next(self) -> None:
        """Nothing more."""

    def add(self, result: Result) -> None:
        """Nothing is learnt from a single trial."""

    def notes(self) -> Iterator[str]:
        """Nothing."""
        return iter(())

    def comparisons(self, run: StoredRun) -> tuple[Comparison, ...]:
        """With the run of before, and of the columns."""
        found = against_run(run, self._former, self._settings, self.specs) if self._former else []
        return (*found, *between_columns(run))


class TwoArms:
    """Specs as they are and as they were, asked in turns, until it is decided whether they got worse."""

    def __init__(self, duel: Duel, baseline: Baseline, settings: Settings) -> None:
        self.specs = duel.asked
        self.contests = duel.contests
        self.compared = frozenset(contest.column.spec for contest in duel.contests)
        self.baseline = baseline
        self.first: Iterable[Trial] = duel.next() or ()
        self._duel = duel
        self._settings = settings

    def next(self) -> Iterable[Trial] | None:
        """What the contests that are open ask for."""
        return self._duel.next()

    def add(self, result: Result) -> None:
        """Of either arm."""
        self._duel.add(result)

    def notes(self) -> Iterator[str]:
        """Specs that only one side has."""
        if self._duel.new:
            gate = "its gate" if len(self._duel.new) == 1 else "their gates"
            yield f"Not in the baseline, judged by {gate}: {', '.join(self._duel.new)}."
        if self._duel.gone:
            yield f"Only in the baseline: {', '.join(self._duel.gone)}."

    def comparisons(self, run: StoredRun) -> tuple[Comparison, ...]:
        """What the contests came to, and the columns as their gates want."""
        return (*self._duel.comparisons(is_strict=self._settings.strict), *between_columns(run))


@contextmanager
def work_of(plan: Plan, provider: Callable[[str], Provider]) -> Iterator[Work]:
    """What is to be done with a plan, as long as the context. Raises UserError where there is no such baseline."""
    settings = plan.settings
    former = _run_called(settings) if settings.against else None
    if former or not settings.against:
        yield OneArm(plan, former)
        return
    with former_of(settings, plan.selection, provider) as then:
        series = _CANDIDATES if settings.reuse else _BASELINES
        ours = Side(plan, _CANDIDATES, has_trials=True)
        theirs = Side(then.plan, series, has_trials=settings.reuse)
        yield TwoArms(Duel(ours, theirs, lambda spec: regression_of(spec.gate, settings)), then.baseline, settings)


def _run_called(settings: Settings) -> StoredRun | None:
    """The run that `--against` names; None where it names a commit."""
    name = settings.against
    is_path = name == LATEST or (Path(name) / RUN).is_file() or (Path(name).name == RUN and Path(name).is_file())
    if not is_path and is_ref(settings.root, name, settings.environ):
        return None
    try:
        return read_run(find_run(settings.reports, name))
    except UserError:
        if is_path:
            raise
        return None  # then git says what it knows
