"""Cases in both arms of a comparison: what their draws gave, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from evalkit.records.comparison import Arm, Movement
from evalkit.records.problem import Place
from evalkit.records.result import Outcome, Result
from evalkit.records.spec import NOWHERE

Draws = tuple[list[float], list[float]]  # the values of a case: baseline, candidate
Fill = tuple[float, float]  # what stands for a missing value: in the baseline, in the candidate


@dataclass(slots=True)
class Pair:
    """A tested case. Its values are in [0, 1], by draw; None where a draw has no verdict."""

    case: str
    where: Place = NOWHERE
    group: str = ""
    before: dict[int, float | None] = field(default_factory=dict)
    now: dict[int, float | None] = field(default_factory=dict)

    def add(self, arm: Arm, draw: int, value: float | None) -> None:
        """One draw more."""
        (self.now if arm == "candidate" else self.before)[draw] = value

    def movement(self, wanted: Collection[int] | None = None) -> Movement | None:
        """The case over the draws that are wanted (None: all); None where an arm has none."""
        before, now = _at(self.before, wanted, None), _at(self.now, wanted, None)
        if not before or not now:
            return None
        return Movement(self.case, sum(before), len(before), sum(now), len(now), self.where)

    @property
    def is_flaky(self) -> bool:
        """Whether draws of the same arm differ."""
        return any(len(set(_known(arm.values()))) > 1 for arm in (self.before, self.now))

    def differs(self, draw: int) -> bool:
        """Whether the arms have different values at a draw."""
        before, now = self.before.get(draw), self.now.get(draw)
        return before is not None and now is not None and before != now


def value_of(result: Result) -> float | None:
    """What a trial counts in a comparison: 1 passed, 0 failed, None without a verdict.

    Where all its checks are advisory it is the mean of their scores: nothing in it can fail.
    """
    if result.outcome not in (Outcome.PASSED, Outcome.FAILED):
        return None
    if result.outcome is Outcome.FAILED or not all(score.is_advisory for score in result.scores):
        return float(result.outcome is Outcome.PASSED)
    values = _known(score.value for score in result.scores)
    return sum(values) / len(values) if values else None


def drawn(pairs: Iterable[Pair], wanted: Collection[int] | None = None, fill: Fill | None = None) -> list[Draws]:
    """The values of each case at the draws that are wanted (None: all), those that are missing filled or left out.

    A case without a value in an arm is left out: there is nothing to compare.
    """
    found: list[Draws] = []
    for pair in pairs:
        arms = (pair.before, pair.now)
        before, now = (_at(arm, wanted, fill[number] if fill else None) for number, arm in enumerate(arms))
        if before and now:
            found.append((before, now))
    return found


def missing(pairs: Iterable[Pair], wanted: Collection[int] | None = None) -> tuple[int, int]:
    """How many of the draws that were asked have no verdict: in the baseline, in the candidate."""
    before = now = 0
    for pair in pairs:
        before += _gaps(pair.before, wanted)
        now += _gaps(pair.now, wanted)
    return before, now


def _at(arm: dict[int, float | None], wanted: Collection[int] | None, fill: float | None) -> list[float]:
    values = (arm[draw] for draw in sorted(arm) if wanted is None or draw in wanted)
    return [value for each in values if (value := fill if each is None else each) is not None]


def _gaps(arm: dict[int, float | None], wanted: Collection[int] | None) -> int:
    return sum(value is None for draw, value in arm.items() if wanted is None or draw in wanted)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
