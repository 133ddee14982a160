"""A run with a baseline: specs at a commit, or a finished run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from evalkit.decide.beside import columns_beside
from evalkit.decide.contest import Contest
from evalkit.decide.settle import settled
from evalkit.engine.archive import LATEST, RUN, find_run, read_run
from evalkit.engine.comparing import (
    against_run,
    baseline_of,
    baseline_results,
    between_columns,
    by_spec,
    columns_in,
    regression_of,
    rules_between,
    whole,
    with_comparisons,
)
from evalkit.engine.duel import Duel
from evalkit.engine.former import former_of
from evalkit.engine.plan import Plan, Trial
from evalkit.engine.revision import is_ref
from evalkit.engine.side import Side, columns_of
from evalkit.engine.work import Work
from evalkit.errors import UserError
from evalkit.providers.interface import Provider
from evalkit.records.comparison import Baseline
from evalkit.records.result import Column, Result
from evalkit.records.run import RunInfo, StoredRun
from evalkit.records.spec import Spec
from evalkit.settings import Settings

_CANDIDATES, _BASELINES = "a", "b"  # the series that draws are kept in


@contextmanager
def against(plan: Plan, provider: Callable[[str], Provider]) -> Iterator[Work]:
    """What is to be done with a plan beside its baseline, as long as the context. Raises UserError without one."""
    settings = plan.settings
    former = _run_called(settings)
    if former:
        yield AgainstRun(plan, former)
        return
    with former_of(settings, plan.selection, provider) as then:
        series = _CANDIDATES if settings.reuse else _BASELINES
        ours = Side(plan, _CANDIDATES, has_trials=True)
        theirs = Side(then.plan, series, has_trials=settings.reuse)
        rules = rules_between(plan.specs)
        duel = Duel(ours, theirs, lambda spec: regression_of(spec.gate, settings), rules)
        yield TwoArms(duel, then.baseline, settings)


class AgainstRun:
    """The trials that specs want, and a run of before that is compared as it lies."""

    def __init__(self, plan: Plan, former: StoredRun) -> None:
        self.specs = plan.specs
        self.first = plan
        self.contests: tuple[Contest, ...] = ()
        self.compared = _columns_in(former.info, plan.specs)
        self.baseline = baseline_of(former, plan.settings.against)
        self._former = former
        self._settings = plan.settings

    def next(self) -> None:
        """Nothing more: the draws of another day would not be alike."""

    def further(self, trial: Trial) -> int:
        """None."""
        return 0

    def add(self, result: Result) -> None:
        """Nothing is learnt from a single trial."""

    def notes(self) -> Iterator[str]:
        """Specs that the run of before has not."""
        new = [spec.name for spec in self.specs if not self.compared.get(spec.name)]
        yield from _not_compared(new, is_all=len(new) == len(self.specs))

    def concluded(self, run: StoredRun) -> StoredRun:
        """With the run of before, and of the columns; nothing where it did not come to its end."""
        if run.info.state != "finished":
            return run
        contests = against_run(run, self._former, self._settings, self.specs)
        found = settled(contests, rules_between(self.specs), is_strict=self._settings.strict)
        run = replace(run, read_others=baseline_results(self._former))
        return with_comparisons(run, [*found, *between_columns(run, _tested(contests))])


class TwoArms:
    """Specs as they are and as they were, asked in turns, until it is decided whether they got worse."""

    def __init__(self, duel: Duel, baseline: Baseline, settings: Settings) -> None:
        self.specs = duel.asked
        self.contests = duel.contests
        self.compared = by_spec(contest.column for contest in duel.contests)
        self.baseline = baseline
        self.first: Iterable[Trial] = duel.next() or ()
        self._duel = duel
        self._settings = settings

    def next(self) -> Iterable[Trial] | None:
        """What the contests that are open ask for."""
        return self._duel.next()

    def further(self, trial: Trial) -> int:
        """As many as its contest may go to, in its arm."""
        return self._duel.further(trial)

    def add(self, result: Result) -> None:
        """Of either arm."""
        self._duel.add(result)

    def notes(self) -> Iterator[str]:
        """Specs that only one side has."""
        yield from _not_compared(self._duel.new, is_all=not self.contests)
        if self._duel.gone:
            yield f"Only in the baseline: {', '.join(self._duel.gone)}."

    def concluded(self, run: StoredRun) -> StoredRun:
        """What the contests came to, and the columns as their gates want."""
        beside = between_columns(run, _tested(self.contests)) if run.info.state == "finished" else []
        return with_comparisons(run, [*self._duel.comparisons(is_strict=self._settings.strict), *beside])


def _tested(contests: Iterable[Contest]) -> int:
    return sum(contest.is_tested for contest in contests)


def _not_compared(names: Iterable[str], *, is_all: bool) -> Iterator[str]:
    """That specs have no baseline."""
    new = ", ".join(names)
    if is_all:
        yield "Nothing was compared: no spec of this run is in the baseline."
    elif new:
        yield f"Not in the baseline, judged by {'their gates' if ', ' in new else 'its gate'}: {new}."


def _columns_in(former: RunInfo, specs: Iterable[Spec]) -> dict[str, tuple[Column, ...]]:
    """The columns of specs that an earlier run has one for, by the spec's name."""
    known = columns_in(former)
    return {spec.name: tuple(columns_beside(columns_of(spec), known.get(spec.name, ()))) for spec in specs}


def _run_called(settings: Settings) -> StoredRun | None:
    """The run that `--against` names; None where it names a commit."""
    name = settings.against
    is_path = name == LATEST or (Path(name) / RUN).is_file() or (Path(name).name == RUN and Path(name).is_file())
    if not is_path and is_ref(settings.root, name, settings.environ):
        return None
    try:
        folder = find_run(settings.reports, name)
    except UserError:
        if is_path:
            raise
        return None  # then git says what it knows
    for name in ("method", "max_trials", "reuse"):
        if getattr(settings, name):
            flag, help = name.replace("_", "-"), "leave it out; a run is compared with the draws that it has"
            raise UserError(f"--{flag} is about a baseline that is asked, and {settings.against} is a run", help)
    return whole(read_run(folder))
