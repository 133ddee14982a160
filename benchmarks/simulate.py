"""What gates say of suites whose truth is known: evalkit's, driven as a run drives it, and three that others use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from math import sqrt
from random import Random
from typing import NamedTuple

from benchmarks.suites import Change, Suite, suite
from evalkit.decide.contest import Contest, Stage
from evalkit.decide.settle import settled, share_out
from evalkit.records.comparison import Arm, Comparison, Matching
from evalkit.records.result import Column, Outcome, Result, failed, passed
from evalkit.records.spec import NOWHERE, Regression
from evalkit.stats.distributions import normal_quantile
from evalkit.stats.permutation import mid_p

ARMS: tuple[Arm, Arm] = ("baseline", "candidate")


class Cell(NamedTuple):
    """What is simulated: so many cases in each of so many columns, all of which change alike, and how it is tested."""

    cases: int
    rule: Regression
    change: Change = Change()
    columns: int = 1


@dataclass(slots=True)
class Seen:
    """How often what was said in so many runs: by evalkit, of several columns the worst; by other gates.

    `calls` are those of each run, both arms; `off` is how far the change that the first column shows was from the true
    one, in points, and `missed` how often its 90 % interval did not hold that.
    """

    runs: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    calls: list[int] = field(default_factory=list)
    off: list[float] = field(default_factory=list)
    missed: int = 0


def simulate(cell: Cell, runs: int, seed: int = 1) -> Seen:
    """So many runs of a cell; the same seed gives the same."""
    cases, rule, change, columns = cell
    random, seen = Random(f"{seed} {cases} {rule.method} {rule.max_trials} {change} {columns}"), Seen(runs)
    for _ in range(runs):
        drawn = [_Drawn(suite(cases, change, random), rule, random) for _ in range(columns)]
        contests = [each.contest for each in drawn]
        share_out(contests)
        for each in drawn:
            each.buy()
        comparisons = settled(contests)
        verdicts = {comparison.verdict for comparison in comparisons}
        seen.verdicts["regressed" if "regressed" in verdicts else min(verdicts)] += 1
        seen.calls.append(sum(each.calls for each in drawn))
        seen.off.append(100 * (_shown(comparisons[0]) - drawn[0].change))
        seen.missed += not _holds(comparisons[0], drawn[0].change)
        if rule.method == "fixed":
            seen.others.update(_red(drawn[0]))
    return seen


class _Drawn:
    """A column and its baseline, whose draws are dice instead of calls."""

    def __init__(self, truth: Suite, rule: Regression, random: Random) -> None:
        cases = len(truth.before)
        self.contest = Contest(Column("suite", "model"), Column("suite", "model"), rule)
        self.contest.matching = Matching(matched=cases, tested=cases)
        self.draws: list[tuple[list[bool], list[bool]]] = [([], []) for _ in range(cases)]
        self._truth, self._random = truth, random
        for case in range(cases):
            self.contest.test(str(case), NOWHERE, "")

    def buy(self) -> None:
        """Draw what the contest asks for, until it is decided."""
        while stage := self.contest.next_stage():
            for case, rates in enumerate(zip(*self._truth, strict=True)):
                if stage.cases is None or str(case) in stage.cases:
                    self._buy(case, rates, stage)

    def _buy(self, case: int, rates: tuple[float, ...], stage: Stage) -> None:
        for draw in range(stage.first, stage.last + 1):
            for arm, rate, drawn in zip(ARMS, rates, self.draws[case], strict=True):
                drawn.append(self._random.random() < rate)
                self.contest.add(arm, _result(case, draw, drawn[-1]))

    @property
    def change(self) -> float:
        """The true one, of the mean."""
        return (sum(self._truth.now) - sum(self._truth.before)) / len(self._truth.now)

    @property
    def calls(self) -> int:
        """The draws of both arms."""
        return sum(len(before) + len(now) for before, now in self.draws)


@cache
def _result(case: int, draw: int, holds: bool) -> Result:
    outcome, score = (Outcome.PASSED, passed("")) if holds else (Outcome.FAILED, failed(""))
    return Result(0, "suite", str(case), "model", "", draw, outcome, scores=(score,))


def _shown(comparison: Comparison) -> float:
    assert comparison.effect is not None
    return comparison.effect


def _holds(comparison: Comparison, change: float) -> bool:
    assert comparison.interval
    return comparison.interval.low <= change <= comparison.interval.high


def _red(column: _Drawn) -> Iterator[str]:
    """The other gates that alarm at these draws."""
    rule, draws = column.contest.rule, column.draws
    if any(all(before) and not all(now) for before, now in draws):
        yield "any fall"
    if _is_lower(draws, rule.alpha):
        yield "unpaired"
    if any(
        mid_p([(before[:done], now[:done]) for before, now in draws]) <= rule.alpha
        for done in range(1, rule.max_trials + 1)
    ):
        yield "peeking"


def _is_lower(draws: list[tuple[list[bool], list[bool]]], alpha: float) -> bool:
    """The z test of two proportions, all draws of an arm in one pot."""
    before = [draw for arm, _ in draws for draw in arm]
    now = [draw for _, arm in draws for draw in arm]
    share = (sum(before) + sum(now)) / (len(before) + len(now))
    error = sqrt(share * (1 - share) * (1 / len(before) + 1 / len(now)))
    return error > 0 and (sum(now) / len(now) - sum(before) / len(before)) / error <= normal_quantile(alpha)
