"""A candidate beside its baseline: how their cases pair, what moved, and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from evalkit.records.problem import Place
from evalkit.records.result import Column
from evalkit.records.spec import NOWHERE, Regression

ComparisonVerdict = Literal["unchanged", "no worse", "no alarm", "regressed", "undecided", "cannot judge"]
Arm = Literal["baseline", "candidate"]
BaselineKind = Literal["revision", "run", "column"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a run is compared with: `name` as the user gave it, `shown` with what it stands for.

    `revision` is the git commit, "" where there is none; `is_reused` says that it shares the candidate's replies
    (`--reuse`) instead of having its own, `is_rescored` that its replies are scored by the candidate's checks.
    """

    kind: BaselineKind
    name: str
    shown: str = ""
    revision: str = ""
    is_reused: bool = False
    is_rescored: bool = True


@dataclass(frozen=True, slots=True)
class Matching:
    """How the candidate's cases pair with the baseline's, by id and content.

    `matched` cases are in both with the same variables; `tested` are those of them whose requests or checks differ.
    All others are named: they are in no test. `renamed` are (before, now).
    """

    matched: int = 0
    tested: int = 0
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether both have the same cases."""
        return not (self.new or self.gone or self.changed or self.renamed)

    @property
    def candidates(self) -> int:
        """The candidate's cases."""
        return self.matched + len(self.new) + len(self.changed) + len(self.renamed)


@dataclass(frozen=True, slots=True)
class Movement:
    """A tested case in both arms: the sum of its draws' values (passes, or scores in [0, 1]) and how many they are."""

    case: str
    before: float
    before_draws: int
    now: float
    now_draws: int
    where: Place = field(default=NOWHERE, compare=False)

    @property
    def change(self) -> float:
        """The difference of its two means, in [-1, 1]; below 0 it got worse."""
        return self.now / self.now_draws - self.before / self.before_draws


@dataclass(frozen=True, slots=True)
class Interval:
    """Two ends, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column beside its baseline.

    Rates are over the matched cases, in [0, 1]. `effect` is the rate's change, in [-1, 1]; `interval` is its interval
    for these cases, at `confidence`, `population` for cases like these. `p` is the mid-p value of the first look,
    `second_p` that of fresh draws of the cases that differed. `level` is the part of the rule's alpha that this column
    has. `reach` is the smallest drop that would have been found four times in five, `more` how many further draws an
    arm would prove "no worse" as often; None where that is not known. `worse` and `better` moved at the draws that tell
    the effect, and are told with all they drew, largest first. `draws` and `missing` count those of the tested cases in
    (baseline, candidate). `rejudged` counts tested cases that have the same replies on both sides and other outcomes.
    `bought` and `replayed` count the calls that only the comparison wanted, the baseline's and
    the candidate's beyond its trials; `usd` is their price in US dollars, those of unknown price apart. `served` are
    the models' own names in both arms. `gates` says whether the verdict decides the exit code.
    """

    column: Column
    baseline: Column
    rule: Regression
    verdict: ComparisonVerdict
    kind: BaselineKind = "revision"
    reason: str = ""
    gates: bool = True
    matching: Matching = Matching()
    before: float | None = None
    now: float | None = None
    effect: float | None = None
    interval: Interval | None = None
    population: Interval | None = None
    p: float | None = None
    second_p: float | None = None
    level: float = 0.05
    reach: float | None = None
    more: int | None = None
    worse: tuple[Movement, ...] = ()
    better: tuple[Movement, ...] = ()
    flaky: int = 0
    draws: tuple[int, int] = (0, 0)
    missing: tuple[int, int] = (0, 0)
    unrecorded: int = 0
    rejudged: int = 0
    bought: int = 0
    replayed: int = 0
    usd: float = 0.0
    unpriced: int = 0
    served: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def confidence(self) -> float:
        """Of its intervals: each end is a one-sided decision at alpha, so 0.9 where that is 0.05."""
        return 1 - 2 * self.rule.alpha

    @property
    def is_served_otherwise(self) -> bool:
        """Whether one and the same model was asked for, and the servers named others in each arm."""
        before, now = self.served
        return self.column.model == self.baseline.model and bool(before and now) and set(before) != set(now)
