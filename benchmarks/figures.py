"""Numbers that were simulated, beside those that are expected, and how far chance may part them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

RUNS_EXPECTED = 1500  # what is expected was simulated too, by another program, in at least as many runs
_MOST = 3  # standard errors that are put down to chance


@dataclass(frozen=True, slots=True)
class Expected:
    """What a number should be, give or take `rounded`; or, without a value, at most how much."""

    value: float | None = None
    rounded: float = 0.5
    most: float | None = None


ANY = Expected()


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, the standard error that chance leaves it with in so many runs, and what was expected of it."""

    value: float
    error: float
    runs: int
    expected: Expected = ANY

    @property
    def is_explained(self) -> bool:
        """Whether chance and rounding explain how far it is from what was expected."""
        expected = self.expected
        if expected.most is not None and self.value - _MOST * self.error > expected.most:
            return False
        if expected.value is None:
            return True
        apart = self.error * sqrt(1 + self.runs / RUNS_EXPECTED)
        return abs(self.value - expected.value) <= expected.rounded + _MOST * apart

    def __str__(self) -> str:
        places = 0 if self.value > 100 else 1
        value = round(self.value, places) + 0.0  # no −0
        told = f"{value:.{places}f} ± {2 * self.error:.{places}f}".replace("-", "−")
        if self.expected.value is not None:
            told += f" ({self.expected.value:g})"
        elif self.expected.most is not None:
            told += f" (≤ {self.expected.most:g})"
        return told if self.is_explained else f"**{told}**"


def share(count: int, runs: int, expected: Expected = ANY) -> Figure:
    """A share in percent. Its error is that of two successes and two failures more (Agresti & Coull 1998): never 0."""
    rate = (count + 2) / (runs + 4)
    return Figure(100 * count / runs, 100 * sqrt(rate * (1 - rate) / runs), runs, expected)


def mean(values: Sequence[float], expected: Expected = ANY) -> Figure:
    """The mean of at least two values."""
    return Figure(fmean(values), stdev(values) / sqrt(len(values)), len(values), expected)
