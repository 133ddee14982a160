"""The tables of what gates say where the truth is known, each figure with what is expected of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import product

from benchmarks.chain import CHANGES, Chain, follow
from benchmarks.figures import ANY, Expected, Figure, mean, share
from benchmarks.simulate import Cell, Seen, simulate
from benchmarks.suites import ALIKE, MEAN, Change
from benchmarks.tables import table
from evalkit.records.spec import Regression
from evalkit.stats.power import needed_trials, reach

NOTHING, SPREAD, FEW = Change(), Change("spread", 0.10), Change("few", 0.10)
AT_MARGIN = (Change("spread", 0.05), Change("few", 0.05))
FALSE_ALARMS, FALSE_CLEARS, MISSES = Expected(most=5.5), Expected(most=6.6), Expected(most=10)
METHODS = {f"`{method}`": Regression(method=method) for method in ("fixed", "rounds", "confirm")}

# By cases and trials: any fall where nothing changed; unpaired: nothing, spread; evalkit: nothing, spread, few.
ONE_LOOK = {
    (20, 1): (73, 1, 12, 1.5, 17, 13),
    (20, 5): (74, 1, 60, 4.6, 82, 81),
    (50, 1): (96, 1, 29, 3.4, 53, 42),
    (50, 3): (97, 1, 79, 5.0, 94, 93),
    (50, 5): (97, 1, 96, 5.2, 99, 100),
    (200, 1): (100, 1, 90, 5.0, 98, 97),
}
# By method: calls where nothing changed, and at a drop that is spread; alarms where nothing changed, spread.
SEQUENTIAL = {"`fixed`": (500, 500, 5.2, 99), "`rounds`": (405, 254, None, 99), "`confirm`": (135, 162, 4, 88)}
PROVED_WITH = ((20, 50, 100, 200), (5, 10))  # cases; trials at most
WITH_RECORDED_BASELINE = Expected(85)
UNBIASED = Expected(0, rounded=0.1)
PEEKING = Expected(10, rounded=2)

COLUMNS = 4
CHAINED = ((50, 1), (50, 5))
KEPT_BEST, KEPT_NOT_RED = Expected(28.5, rounded=5.5), Expected(6.5, rounded=1.5)
CASES, TRIALS, STEADY = (10, 20, 50, 100, 200, 500), (1, 3, 5, 10), 0.02


class Simulation:
    """What was seen, in so many runs of each cell; `figures` are all that were told of it."""

    def __init__(self, pool: ProcessPoolExecutor, runs: int, seed: int) -> None:
        self._pool, self._runs, self._seed = pool, runs, seed
        self._begun: dict[Cell | Chain, Future[Seen]] = {}
        self.figures: list[Figure] = []

    def begin(self, cell: Cell | Chain) -> Future[Seen]:
        """Simulate a cell, or a chain, while others are waited for; once."""
        if cell not in self._begun:
            play = follow if isinstance(cell, Chain) else simulate
            self._begun[cell] = self._pool.submit(play, cell, self._runs, self._seed)
        return self._begun[cell]

    def verdicts(self, cell: Cell | Chain, verdict: str, expected: Expected = ANY) -> str:
        """How often evalkit said it."""
        seen = self.begin(cell).result()
        return self._told(share(seen.verdicts[verdict], seen.runs, expected))

    def others(self, cell: Cell, gate: str, expected: Expected = ANY) -> str:
        """How often another gate alarmed."""
        seen = self.begin(cell).result()
        return self._told(share(seen.others[gate], seen.runs, expected))

    def calls(self, cell: Cell, expected: Expected = ANY, recorded: int = 0) -> str:
        """The mean number of calls of both arms, less those that were recorded."""
        return self._told(mean([calls - recorded for calls in self.begin(cell).result().calls], expected))

    def missed(self, cell: Cell, expected: Expected) -> str:
        """How often the interval did not hold the true change."""
        seen = self.begin(cell).result()
        return self._told(share(seen.missed, seen.runs, expected))

    def off(self, cell: Cell, expected: Expected) -> str:
        """The mean distance of the change that is shown from the true one, in points."""
        return self._told(mean(self.begin(cell).result().off, expected))

    def _told(self, figure: Figure) -> str:
        self.figures.append(figure)
        return str(figure)


def parts(simulation: Simulation) -> Iterator[str]:
    """Tables and sentences, as they are known."""
    for cell in _cells():
        simulation.begin(cell)
    yield from _of_one_look(simulation)
    yield from _of_methods(simulation)
    yield from _of_proofs(simulation)
    yield from _of_intervals(simulation)
    yield from _of_columns(simulation)
    yield from _of_baselines(simulation)
    yield from _reaches()


def _cells() -> Iterator[Cell | Chain]:
    """All that is simulated; what takes long comes first."""
    for size in CHAINED:
        yield Chain(*size, "best")
        yield Chain(*size, "not red")
    for rule in METHODS.values():
        yield Cell(50, rule, columns=COLUMNS)
        yield from (Cell(50, rule, change) for change in (NOTHING, SPREAD, FEW, *AT_MARGIN))
    yield from (_proof(*size) for size in product(*PROVED_WITH))
    for size in ONE_LOOK:
        yield from (_one_look(*size, change) for change in (NOTHING, SPREAD, FEW))


def _one_look(cases: int, trials: int, change: Change = NOTHING) -> Cell:
    return Cell(cases, Regression(method="fixed", max_trials=trials), change)


def _of_one_look(simulation: Simulation) -> Iterator[str]:
    yield "`fixed`: alarms in percent.\n"
    head = ("cases, trials", "any fall: nothing changed", "unpaired: nothing changed", "unpaired: spread")
    ours = ("evalkit: nothing changed", "evalkit: spread", "evalkit: a few")
    yield table((*head, *ours), (tuple(_row_of_one_look(simulation, *size)) for size in ONE_LOOK))


def _row_of_one_look(simulation: Simulation, cases: int, trials: int) -> Iterator[str]:
    any_fall, unpaired, unpaired_spread, nothing, spread, few = ONE_LOOK[cases, trials]
    same, worse = _one_look(cases, trials), _one_look(cases, trials, SPREAD)
    yield f"{cases}, {trials}"
    yield simulation.others(same, "any fall", Expected(any_fall))
    yield simulation.others(same, "unpaired", Expected(unpaired))
    yield simulation.others(worse, "unpaired", Expected(unpaired_spread))
    yield simulation.verdicts(same, "regressed", Expected(nothing, 0.05, FALSE_ALARMS.most))
    yield simulation.verdicts(worse, "regressed", Expected(spread))
    yield simulation.verdicts(_one_look(cases, trials, FEW), "regressed", Expected(few))


def _of_methods(simulation: Simulation) -> Iterator[str]:
    yield "50 cases, up to 5 trials: calls of both arms.\n"
    head = ("", "nothing changed", "spread", "a few")
    yield table(head, (tuple(_row_of_calls(simulation, name)) for name in METHODS))
    confirm, fixed = Cell(50, METHODS["`confirm`"]), Cell(50, METHODS["`fixed`"])
    recorded = simulation.calls(confirm, WITH_RECORDED_BASELINE, recorded=50)
    yield f"Where nothing changed and the baseline's first draws are recorded, `confirm` makes {recorded} calls.\n"
    yield "The same: verdicts in percent. At the margin the drop is five points, and `no worse` is wrong.\n"
    head = ("", "alarms: nothing changed", "alarms: spread", "alarms: a few", "`no worse`: nothing changed")
    more = ("`no worse` at the margin: spread", "`no worse` at the margin: a few")
    yield table((*head, *more), (tuple(_row_of_method(simulation, name)) for name in METHODS))
    peeking = simulation.others(fixed, "peeking", PEEKING)
    yield f"The test of `fixed`, looked at after each of five rounds, alarms where nothing changed in {peeking} %.\n"


def _of_proofs(simulation: Simulation) -> Iterator[str]:
    yield (
        "`rounds`, where nothing changed: how often `no worse` is shown, in percent. With `require: no worse` all "
        "other builds are red.\n"
    )
    cases, trials = PROVED_WITH
    rows = ((f"{many}", *(simulation.verdicts(_proof(many, most), "no worse") for most in trials)) for many in cases)
    yield table(("cases", *(f"up to {most} trials" for most in trials)), rows)


def _proof(cases: int, trials: int) -> Cell:
    return Cell(cases, Regression(method="rounds", max_trials=trials))


def _of_intervals(simulation: Simulation) -> Iterator[str]:
    yield (
        "The same: how often the 90 % interval misses the true change, in percent, and how far from it the change that "
        "is shown is on average, in points. `rounds` stops where luck helps, which its interval does not know.\n"
    )
    head = ("", "missed: nothing changed", "missed: spread", "missed: a few", "off: nothing changed", "off: spread")
    yield table(head, (tuple(_row_of_intervals(simulation, name)) for name in METHODS))


def _row_of_intervals(simulation: Simulation, name: str) -> Iterator[str]:
    rule = METHODS[name]
    missed, off = (ANY, ANY) if rule.method == "rounds" else (MISSES, UNBIASED)
    yield name
    for change in (NOTHING, SPREAD, FEW):
        yield simulation.missed(Cell(50, rule, change), missed)
    for change in (NOTHING, SPREAD):
        yield simulation.off(Cell(50, rule, change), off)


def _row_of_calls(simulation: Simulation, name: str) -> Iterator[str]:
    rule, (calls, calls_at_drop, _, _) = METHODS[name], SEQUENTIAL[name]
    yield name
    yield simulation.calls(Cell(50, rule), Expected(calls))
    yield simulation.calls(Cell(50, rule, SPREAD), Expected(calls_at_drop))
    yield simulation.calls(Cell(50, rule, FEW))


def _row_of_method(simulation: Simulation, name: str) -> Iterator[str]:
    rule, (_, _, alarms, power) = METHODS[name], SEQUENTIAL[name]
    yield name
    yield simulation.verdicts(Cell(50, rule), "regressed", Expected(alarms, most=FALSE_ALARMS.most))
    yield simulation.verdicts(Cell(50, rule, SPREAD), "regressed", Expected(power))
    yield simulation.verdicts(Cell(50, rule, FEW), "regressed")
    yield simulation.verdicts(Cell(50, rule), "no worse")
    for change in AT_MARGIN:
        yield simulation.verdicts(Cell(50, rule, change), "no worse", FALSE_CLEARS)


def _of_columns(simulation: Simulation) -> Iterator[str]:
    yield f"{COLUMNS} columns of 50 cases where nothing changed: runs with an alarm in any of them, in percent.\n"
    cells = [Cell(50, rule, columns=COLUMNS) for rule in METHODS.values()]
    alarms = (simulation.verdicts(cell, "regressed", FALSE_ALARMS) for cell in cells)
    yield table(("", *METHODS), [("alarms", *alarms)])


def _of_baselines(simulation: Simulation) -> Iterator[str]:
    yield f"Alarms in percent after {CHANGES} changes that changed nothing, by what the baseline is.\n"
    head = ("cases, trials", "draws of its own", "the last run that was not red", "the best run so far")
    yield table(head, (tuple(_row_of_baselines(simulation, *size)) for size in CHAINED))


def _row_of_baselines(simulation: Simulation, cases: int, trials: int) -> Iterator[str]:
    yield f"{cases}, {trials}"
    yield simulation.verdicts(_one_look(cases, trials), "regressed", FALSE_ALARMS)
    yield simulation.verdicts(Chain(cases, trials, "not red"), "regressed", KEPT_NOT_RED)
    yield simulation.verdicts(Chain(cases, trials, "best"), "regressed", KEPT_BEST)


def _reaches() -> Iterator[str]:
    yield "The smallest drop, in points, that is found four times in five (by the formula, not simulated).\n"
    flaky = 2 * MEAN * (1 - MEAN) * (1 - ALIKE)  # of 2p(1 − p), the mean over the cases of the simulated suites
    yield table(
        ("", *(f"{trials} a case" for trials in TRIALS)),
        [*_rows_of_reach(flaky, "as above"), *_rows_of_reach(STEADY, "steady")],
    )
    yield (
        f"*As above*: two draws of a case differ in {100 * flaky:.0f} % of cases, and `no worse` at a margin of 5 "
        f"points takes {needed_trials(flaky, 0.05)} draws an arm. *Steady*: {100 * STEADY:.0f} %, and "
        f"{needed_trials(STEADY, 0.05)} draws.\n"
    )


def _rows_of_reach(disagreement: float, kind: str) -> Iterator[Sequence[str]]:
    for cases in CASES:
        yield f"{cases} cases, {kind}", *(f"{100 * reach(disagreement, cases * trials):.1f}" for trials in TRIALS)
