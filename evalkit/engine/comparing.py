"""A finished run against an earlier one, and its columns against one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from evalkit.decide.beside import columns_beside
from evalkit.decide.contest import Contest
from evalkit.decide.rivals import rivals_of
from evalkit.decide.settle import settled
from evalkit.decide.stored import compare_columns, compare_runs
from evalkit.engine.archive import RESULTS, lost
from evalkit.engine.scoring import Scoring
from evalkit.engine.side import columns_of
from evalkit.errors import NothingToMeasure, UserError
from evalkit.records.comparison import Baseline, Comparison
from evalkit.records.result import Column, Result
from evalkit.records.run import RunInfo, SpecInfo, StoredRun
from evalkit.records.spec import Regression, Rule, Spec
from evalkit.settings import Settings


def regression_of(gate: Iterable[Rule], settings: Settings) -> Regression:
    """What counts as worse than the baseline: the flags say, else the spec's gate, else the usual."""
    rules = (rule.regression for rule in gate if rule.regression and not rule.regression.against)
    said = {name: getattr(settings, name) for name in ("margin", "alpha", "method", "max_trials", "require")}
    found = replace(next(rules, Regression()), **{name: value for name, value in said.items() if value is not None})
    if settings.require and settings.method is None and found.method == "confirm":
        return replace(found, method="rounds")  # `confirm` is for those who need no proof
    return found


def baseline_of(run: StoredRun, name: str) -> Baseline:
    """A finished run as what another is compared with."""
    return Baseline("run", name, f"run {run.info.id}", run.info.provenance.revision)


def against_run(run: StoredRun, before: StoredRun, settings: Settings, specs: Sequence[Spec] = ()) -> list[Contest]:
    """The columns of a run against those of an earlier one, played.

    With `specs` the earlier replies are scored by today's checks; else each run keeps the outcomes it had.
    """
    ours, theirs = columns_in(run.info), columns_in(before.info)
    gates = {spec.name: spec.gate for spec in run.info.specs}
    contests = [
        Contest(column, other, replace(regression_of(gates.get(name, ()), settings), method="fixed"), kind="run")
        for name, columns in ours.items()
        for column, other in columns_beside(columns, theirs.get(name, ())).items()
    ]
    compare_runs(before.results(), run.results(), contests, _rescored(specs))
    return contests


def between_columns(run: StoredRun, others: int = 0) -> list[Comparison]:
    """The columns of each spec against one another: as its gate says, and against the first where it says nothing.

    `others` counts the columns that are tested against a baseline besides.
    """
    columns = columns_in(run.info)
    contests = [contest for spec in run.info.specs for contest in rivals_of(spec, columns.get(spec.name, ()))]
    if not contests:
        return []
    compare_columns(run.results(), contests)
    return list(settled(contests, others))


def with_comparisons(run: StoredRun, found: Iterable[Comparison]) -> StoredRun:
    """The run, with these comparisons."""
    return replace(run, info=replace(run.info, comparisons=tuple(found)))


def rules_between(specs: Iterable[Spec]) -> int:
    """How many comparisons between columns the gates of specs ask for."""
    infos = ((SpecInfo(spec.name, spec.file, gate=spec.gate), columns_of(spec)) for spec in specs)
    return sum(contest.gates for info, columns in infos for contest in rivals_of(info, columns))


def compared(run: StoredRun, before: StoredRun, settings: Settings) -> StoredRun:
    """A finished run beside an earlier one, each as it was scored; what else is said of it stays out.

    Raises UserError where one of them has not ended, or both are the same; NothingToMeasure where they share no spec.
    """
    if run.info.id == before.info.id:
        help = "name an earlier run as BASE: its folder, its id or the beginning of one"
        raise UserError(f"both are the same run, {run.info.id}", help)
    for each in (run, before):
        whole(each)
    columns = columns_in(run.info)
    former = columns_in(before.info)
    if not columns.keys() & former.keys():
        help = f"the first has {_named(former)}; the second has {_named(columns)}"
        raise NothingToMeasure("the two runs have no spec in common", help)
    specs = tuple(replace(spec, compared=columns.get(spec.name, ())) for spec in run.info.specs)
    found = settled(against_run(run, before, settings), is_strict=settings.strict)
    baseline = replace(baseline_of(before, settings.against), is_rescored=False)
    info = replace(run.info, specs=specs, baseline=baseline, comparisons=found, notes=())
    return StoredRun(run.folder, info, run.read, baseline_results(before))


def baseline_results(run: StoredRun) -> Callable[[], Iterator[Result]]:
    """Reads a run's results as those of a baseline."""
    return lambda: (replace(result, arm="baseline") for result in run.read())


def whole(run: StoredRun) -> StoredRun:
    """The same run. Raises UserError where it has not ended, or lost results: these would seem to be gone cases."""
    if run.info.state != "finished":
        help = f"end it with: {run.info.command}" if run.info.command else "compare one that has ended"
        raise UserError(f"run {run.info.id} has not ended, so it cannot be compared", help)
    if gone := lost(run):
        there = sum(column.trials.total for column in run.info.columns)
        what = f"{run.folder / RESULTS} has {there:,} results, and the run counted {there + gone:,} when it ended"
        raise UserError(what, "the file was changed or cut; run it again, or compare another run")
    return run


def _rescored(specs: Sequence[Spec]) -> Callable[[Result], Result]:
    cases = {(spec.name, case.id): case for spec in specs for case in spec.cases}
    scoring = Scoring()

    def rescored(result: Result) -> Result:
        case = cases.get((result.spec, result.case))
        return scoring.rescored(result, case) if case else result

    return rescored


def _named(specs: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in specs) or "none"


def by_spec(columns: Iterable[Column]) -> dict[str, tuple[Column, ...]]:
    """Columns by the name of their spec, in their order."""
    found: defaultdict[str, tuple[Column, ...]] = defaultdict(tuple)
    for column in columns:
        found[column.spec] += (column,)
    return dict(found)


def columns_in(info: RunInfo) -> dict[str, tuple[Column, ...]]:
    """The columns of a run by the name of their spec."""
    return by_spec(each.column for each in info.columns)
