"""All contenders on the same load, in turns, so that a busy minute of the machine falls on all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import Load
from benchmarks.contenders import Commands, Contender
from benchmarks.measure import BenchmarkError, Command, Cost, Costs, cost
from benchmarks.server import Seen, Server


@dataclass(frozen=True)
class Lap:
    """One run of a contender: what it cost, what the server saw of it, and the server's own processor seconds."""

    cost: Cost
    calls: int
    at_once: int
    server_cpu: float


@dataclass(frozen=True)
class Raced:
    """All runs of a contender: those that asked, and those that repeated what was kept, if it keeps anything."""

    contender: Contender
    fresh: tuple[Lap, ...]
    again: tuple[Lap, ...]

    @property
    def fresh_costs(self) -> Costs:
        return Costs(tuple(lap.cost for lap in self.fresh))

    @property
    def again_costs(self) -> Costs:
        return Costs(tuple(lap.cost for lap in self.again))


class Track:
    """The server, a folder to work in and the load."""

    def __init__(self, server: Server, folder: Path, load: Load) -> None:
        self._server = server
        self._folder = folder
        self._load = load

    def race(self, contenders: Sequence[Contender], rounds: int) -> Iterator[Raced]:
        """Each warms up and fills its store once, then `rounds` times each in turn asks anew and repeats.

        Raises BenchmarkError where one asked more or less often than there are cases, or asked when it repeated.
        """
        kept = {one.name: self._warm(one) for one in contenders}
        fresh: dict[str, list[Lap]] = {one.name: [] for one in contenders}
        again: dict[str, list[Lap]] = {one.name: [] for one in contenders}
        for _ in range(rounds):
            for one in contenders:
                commands = one.laid(self._folder / one.name / "fresh", self._server.url, self._load)
                fresh[one.name].append(self._lap(commands.fresh, self._load.cases))
                repeat = kept[one.name].again
                if repeat:
                    again[one.name].append(self._lap(repeat, 0))
        return (Raced(one, tuple(fresh[one.name]), tuple(again[one.name])) for one in contenders)

    def _warm(self, one: Contender) -> Commands:
        commands = one.laid(self._folder / one.name / "kept", self._server.url, self._load)
        self._lap(commands.fill or commands.fresh, self._load.cases)
        return commands

    def _lap(self, command: Command, calls: int) -> Lap:
        before: Seen = self._server.seen()
        spent = cost(command)
        after = self._server.seen()
        lap = Lap(spent, after.calls - before.calls, after.at_once, after.cpu - before.cpu)
        if lap.calls != calls:
            raise BenchmarkError(f"{' '.join(command.program)} made {lap.calls} calls, not {calls}")
        return lap
