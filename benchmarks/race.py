"""All contenders on the same load, in turns, so that a busy minute of the machine falls on all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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
    """All runs of a contender: those that asked, those that repeated what was kept, if it keeps anything, and what
    was said of those that failed."""

    contender: Contender
    fresh: list[Lap] = field(default_factory=list)
    again: list[Lap] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def hold(self) -> None:
        """Raises BenchmarkError where a run failed."""
        if self.failed:
            raise BenchmarkError(self.failed[0])

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

    def race(self, contenders: Sequence[Contender], rounds: int) -> list[Raced]:
        """Each warms up and fills its store once, then `rounds` times each in turn asks anew and repeats.

        A run of a peer that fails, asks more or less often than there are cases, or asks when it repeats, is kept as
        what was said of it. Raises BenchmarkError where the first contender does that.
        """
        raced = [Raced(one) for one in contenders]
        kept = [self._warm(one) for one in raced]
        for _ in range(rounds):
            for one, commands in zip(raced, kept, strict=True):
                fresh = one.contender.laid(self._folder / one.contender.name / "fresh", self._server.url, self._load)
                self._run(one, one.fresh, fresh.fresh, self._load.cases)
                if commands.again:
                    self._run(one, one.again, commands.again, 0)
            raced[0].hold()
        return raced

    def _warm(self, one: Raced) -> Commands:
        commands = one.contender.laid(self._folder / one.contender.name / "kept", self._server.url, self._load)
        self._run(one, [], commands.fill or commands.fresh, self._load.cases)
        return commands

    def _run(self, one: Raced, laps: list[Lap], command: Command, calls: int) -> None:
        try:
            laps.append(self._lap(command, calls))
        except BenchmarkError as error:
            one.failed.append(str(error))

    def _lap(self, command: Command, calls: int) -> Lap:
        before: Seen = self._server.seen()
        spent = cost(command)
        after = self._server.seen()
        lap = Lap(spent, after.calls - before.calls, after.at_once, after.cpu - before.cpu)
        if lap.calls != calls:
            raise BenchmarkError(f"{' '.join(command.program)} made {lap.calls} calls, not {calls}")
        return lap
