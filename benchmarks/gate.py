"""How often the regression gate is right, by simulation: prints Markdown, and with --write puts it into
docs/statistics.md. Exit code 1 where chance does not explain how far a figure is from what is expected."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor

from benchmarks import page
from benchmarks.figures import ANY, Expected, Figure, mean, share
from benchmarks.server import ROOT
from benchmarks.simulate import Cell, Seen, simulate
from benchmarks.suites import ALIKE, MEAN, Change
from benchmarks.tables import table
from evalkit.records.spec import Regression
from evalkit.stats.power import needed_trials, reach

PAGE = ROOT / "docs" / "statistics.md"
NOTHING, SPREAD, FEW = Change(), Change("spread", 0.10), Change("few", 0.10)
AT_MARGIN = (Change("spread", 0.05), Change("few", 0.05))
FALSE_ALARMS, FALSE_CLEARS = Expected(most=5.5), Expected(most=6.6)
COLUMNS = 4
CASES, TRIALS, STEADY = (10, 20, 50, 100, 200, 500), (1, 3, 5, 10), 0.02
METHODS = {
    "`fixed`": Regression(method="fixed"),
    "`rounds`": Regression(method="rounds"),
    "`confirm`": Regression(method="confirm"),
}

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
WITH_RECORDED_BASELINE = Expected(85)
PEEKING = Expected(10, rounded=2)


class Simulation:
    """What was seen in each cell, simulated when it is first asked for; `figures` are all that were told of it."""

    def __init__(self, pool: ProcessPoolExecutor, runs: int, seed: int) -> None:
        self._pool, self._runs, self._seed = pool, runs, seed
        self._begun: dict[Cell, Future[Seen]] = {}
        self.figures: list[Figure] = []

    def begin(self, cells: Sequence[Cell]) -> None:
        """Simulate cells while others are waited for."""
        for cell in cells:
            if cell not in self._begun:
                self._begun[cell] = self._pool.submit(simulate, cell, self._runs, self._seed)

    def seen(self, cell: Cell) -> Seen:
        """What was seen in a cell."""
        self.begin([cell])
        return self._begun[cell].result()

    def verdicts(self, cell: Cell, verdict: str, expected: Expected = ANY) -> str:
        """How often evalkit said it."""
        seen = self.seen(cell)
        return self._told(share(seen.verdicts[verdict], seen.runs, expected))

    def others(self, cell: Cell, gate: str, expected: Expected = ANY) -> str:
        """How often another gate alarmed."""
        seen = self.seen(cell)
        return self._told(share(seen.others[gate], seen.runs, expected))

    def calls(self, cell: Cell, expected: Expected = ANY, recorded: int = 0) -> str:
        """The mean number of calls of both arms, less those that were recorded."""
        return self._told(mean([calls - recorded for calls in self.seen(cell).calls], expected))

    def _told(self, figure: Figure) -> str:
        self.figures.append(figure)
        return str(figure)


def main() -> int:
    """Print the tables as they are known."""
    options = _options()
    parts = []
    with ProcessPoolExecutor() as pool:
        simulation = Simulation(pool, 300 if options.quick else options.runs, options.seed)
        simulation.begin(list(_cells()))
        for part in _parts(simulation):
            print(part, flush=True)
            parts.append(part)
    if options.write:
        page.put("\n".join(parts), PAGE, "make bench-gate")
    strange = sum(not figure.is_explained for figure in simulation.figures)
    if strange:
        print(f"{strange} of {len(simulation.figures)} figures are not what is expected: in bold", file=sys.stderr)
    return 1 if strange else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="simulated runs for each figure")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="300 runs for each figure")
    parser.add_argument("--write", action="store_true", help=f"put the result into {PAGE.relative_to(ROOT)}")
    return parser.parse_args()


def _cells() -> Iterator[Cell]:
    """All of them; those that take long come first."""
    for rule in METHODS.values():
        yield Cell(50, rule, columns=COLUMNS)
        yield from (Cell(50, rule, change) for change in (NOTHING, SPREAD, FEW, *AT_MARGIN))
    for cases, trials in ONE_LOOK:
        yield from (_one_look(cases, trials, change) for change in (NOTHING, SPREAD, FEW))


def _one_look(cases: int, trials: int, change: Change = NOTHING) -> Cell:
    return Cell(cases, Regression(method="fixed", max_trials=trials), change)


def _parts(simulation: Simulation) -> Iterator[str]:
    yield "Alarms in percent, `method: fixed`:\n"
    head = ("cases, trials", "any fall: nothing changed", "unpaired: nothing changed", "unpaired: spread")
    yield table(
        (*head, "evalkit: nothing changed", "evalkit: spread", "evalkit: a few"),
        (tuple(_row_of_one_look(simulation, *size)) for size in ONE_LOOK),
    )
    yield "50 cases, up to 5 trials: calls of both arms, and verdicts in percent:\n"
    head = ("method", "calls: nothing changed", "calls: spread", "alarms: nothing changed", "alarms: spread")
    more = ("alarms: a few", "`no worse`: nothing changed", "`no worse` at the margin: spread", "at the margin: a few")
    yield table((*head, *more), (tuple(_row_of_method(simulation, name)) for name in METHODS))
    confirm, fixed = Cell(50, METHODS["`confirm`"]), Cell(50, METHODS["`fixed`"])
    yield (
        f"Calls of `confirm` where nothing changed and the baseline's first draws are recorded: "
        f"{simulation.calls(confirm, WITH_RECORDED_BASELINE, recorded=50)}. A plain 5 % test that is looked at after "
        f"each of 5 rounds alarms where nothing changed in {simulation.others(fixed, 'peeking', PEEKING)} %.\n"
    )
    yield f"{COLUMNS} columns of 50 cases where nothing changed: runs with an alarm in any column, percent:\n"
    columns = {name: Cell(50, rule, columns=COLUMNS) for name, rule in METHODS.items()}
    alarms = (simulation.verdicts(cell, "regressed", FALSE_ALARMS) for cell in columns.values())
    yield table(("", *columns), [("alarms", *alarms)])
    yield from _reaches()


def _reaches() -> Iterator[str]:
    flaky = 2 * MEAN * (1 - MEAN) * (1 - ALIKE)  # of p(1 − p) twice, the mean over the cases of the simulated suites
    for disagreement, kind in ((flaky, "the suites above"), (STEADY, "a steadier suite")):
        yield (
            f"The smallest drop, in points, that a suite finds four times in five, by cases and trials: {kind}, where "
            f"two draws of a case differ in {disagreement:.0%} of cases. `no worse` at a margin of 5 points takes some "
            f"{needed_trials(disagreement, 0.05)} trials an arm there (cases × trials):\n"
        )
        head = ("cases", *(f"{trials} a case" for trials in TRIALS))
        yield table(head, (_row_of_reach(disagreement, cases) for cases in CASES))


def _row_of_reach(disagreement: float, cases: int) -> list[str]:
    return [str(cases), *(f"{100 * reach(disagreement, cases * trials):.1f}" for trials in TRIALS)]


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


def _row_of_method(simulation: Simulation, name: str) -> Iterator[str]:
    rule, (calls, calls_at_drop, alarms, power) = METHODS[name], SEQUENTIAL[name]
    same, worse = Cell(50, rule), Cell(50, rule, SPREAD)
    yield name
    yield simulation.calls(same, Expected(calls))
    yield simulation.calls(worse, Expected(calls_at_drop))
    yield simulation.verdicts(same, "regressed", Expected(alarms, most=FALSE_ALARMS.most))
    yield simulation.verdicts(worse, "regressed", Expected(power))
    yield simulation.verdicts(Cell(50, rule, FEW), "regressed")
    yield simulation.verdicts(same, "no worse")
    for change in AT_MARGIN:
        yield simulation.verdicts(Cell(50, rule, change), "no worse", FALSE_CLEARS)


if __name__ == "__main__":
    sys.exit(main())
