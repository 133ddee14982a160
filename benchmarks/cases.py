"""What every contender is given: the same cases, the same prompt, the same check, in the same folder."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from benchmarks.server import SAYS

ASKS = "Is this review positive or negative?"
LABEL = SAYS  # what each reply is to contain


@dataclass(frozen=True)
class Load:
    """How many cases, how many calls at once, and the seconds that the server takes to answer one."""

    cases: int
    at_once: int
    latency: float

    @property
    def ideal(self) -> float:
        """Seconds that asking takes at least: no client of so many connections can be faster."""
        return self.cases * self.latency / self.at_once


def reviews(count: int) -> list[str]:
    """The texts of the cases."""
    return [f"This is review number {number} and I liked what I got" for number in range(count)]


def write_reviews(path: Path, count: int, **beside: str) -> None:
    """The cases as CSV: a column `review`, and the same text in each column of `beside`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["review", *beside])
        table.writerows([review, *beside.values()] for review in reviews(count))
