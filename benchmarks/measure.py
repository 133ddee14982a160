"""One command in a process of its own, and what it cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCH = Path(__file__).with_name("launch.py")
# What would change what is measured: no byte code would be kept, and a peer would find our modules.
_UNWANTED = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONUNBUFFERED", "COLUMNS")


class BenchmarkError(Exception):
    """What was to be measured did not do what it should."""


@dataclass(frozen=True)
class Command:
    """What to run: a program with its arguments, where, what is added to the environment, and how it is to end."""

    program: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    exits: int = 0


@dataclass(frozen=True)
class Cost:
    """What one run cost: seconds by the clock, processor seconds (user and system, children too), and the peak
    memory of its largest process in MB."""

    wall: float
    cpu: float
    peak: float


def cost(command: Command) -> Cost:
    """Run it once. Raises BenchmarkError, with the end of what it said, when it ends otherwise than it should."""
    environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    environment.update(command.environment, NO_PROXY="127.0.0.1")
    said, spent = command.folder / "said.txt", command.folder / "spent.txt"
    with said.open("wb") as out:
        subprocess.run(
            (sys.executable, "-I", "-S", _LAUNCH, spent, *command.program),
            cwd=command.folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=True,
        )  # fmt: skip
    code, wall, cpu, peak = spent.read_text("utf-8").split()
    if int(code) != command.exits:
        tail = said.read_text("utf-8", "replace")[-2000:]
        raise BenchmarkError(f"{' '.join(command.program)} ended with {code}:\n{tail}")
    return Cost(float(wall), float(cpu), float(peak))


@dataclass(frozen=True)
class Costs:
    """What several runs of one command cost."""

    runs: tuple[Cost, ...]

    @property
    def walls(self) -> Spread:
        return Spread.of(run.wall for run in self.runs)

    @property
    def cpus(self) -> Spread:
        return Spread.of(run.cpu for run in self.runs)

    @property
    def peak(self) -> float:
        """MB, the median."""
        return statistics.median(run.peak for run in self.runs)


@dataclass(frozen=True)
class Spread:
    """The median of several numbers, the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Spread:
        known = sorted(numbers)
        return cls(statistics.median(known), known[0], known[-1])

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}–{self.most:.2f})"
