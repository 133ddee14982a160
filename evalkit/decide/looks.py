"""Looks at two arms: what may be said after each, and whether another round of draws is worth buying.

Three methods. `fixed` looks once, at all draws. `rounds` looks after each round of one draw a case, at levels that keep
the chance of a false alarm over all of them. `confirm` looks at one draw a case, and where that leaves it open once
more, at fresh draws of the cases that differed: "retry the failures", made valid.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from evalkit.decide.pairs import Pair, drawn, missing
from evalkit.records.comparison import ComparisonVerdict
from evalkit.stats.distributions import normal_quantile
from evalkit.stats.paired import z_at
from evalkit.stats.permutation import mid_p
from evalkit.stats.sequential import combination_bound, combined, first_stage_level
from evalkit.stats.sequential import levels as spent

_TOLERANCE = 1e-9  # a margin such as 0.05 has no exact binary form
HOPELESS = 0.5  # a first p value above this is no reason for a second look


class Look:
    """Draws of both arms, as they came; and what they would say if all that is missing spoke for one side."""

    def __init__(self, pairs: Iterable[Pair], wanted: Collection[int] | None = None) -> None:
        pairs = list(pairs)
        self.draws = drawn(pairs, wanted)
        is_whole = not any(missing(pairs, wanted))
        self._if_worse = self.draws if is_whole else drawn(pairs, wanted, (1.0, 0.0))
        self._if_better = self.draws if is_whole else drawn(pairs, wanted, (0.0, 1.0))

    @cached_property
    def p(self) -> float:
        """The one-sided mid-p value of "the candidate is worse"."""
        return mid_p(self.draws)

    @cached_property
    def most_p(self) -> float:
        """The same if everything missing spoke for the candidate."""
        return self.p if self._if_better is self.draws else max(self.p, mid_p(self._if_better))

    @cached_property
    def least_p(self) -> float:
        """The same if everything missing spoke against the candidate."""
        return self.p if self._if_worse is self.draws else min(self.p, mid_p(self._if_worse))

    def is_no_worse(self, margin: float, level: float) -> bool:
        """Whether a drop of `margin` can be excluded, also if all that is missing spoke against the candidate."""
        if not self.draws or margin > 1 + _TOLERANCE:
            return bool(self.draws)  # no drop is so large
        arms = [self.draws] if self._if_worse is self.draws else [self.draws, self._if_worse]
        bound = normal_quantile(1 - level)
        return all(z_at(draws, -min(margin, 1.0)) >= bound for draws in arms)


@dataclass(frozen=True, slots=True)
class Levels:
    """Chances of a wrong verdict: of clearing what is worse by the margin, of an alarm where nothing is."""

    clear: float
    alarm: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What a comparison came to; the p values are of its first and of its second look."""

    verdict: ComparisonVerdict
    p: float
    second_p: float | None = None


def of_level(look: Look, margin: float, levels: Levels) -> Decision:
    """What a single look says at its levels."""
    if look.is_no_worse(margin, levels.clear):
        return Decision("no worse", look.p)
    return Decision("regressed" if look.most_p <= levels.alarm else "undecided", look.p)


def after_round(look: Look, margin: float, levels: Levels, rounds: tuple[int, int]) -> Decision | None:
    """What the look after a round says; None where the next round may tell more. `rounds` are (done, all)."""
    done, all_rounds = rounds
    clear, alarm = (spent(all_rounds, level)[done - 1] for level in (levels.clear, levels.alarm))
    decision = of_level(look, margin, Levels(clear, alarm))
    return None if decision.verdict == "undecided" and done < all_rounds else decision


def at_first(look: Look, margin: float, levels: Levels) -> Decision | None:
    """What the first look of `confirm` says; None where a second is worth its calls."""
    if look.is_no_worse(margin, levels.clear):
        return Decision("no worse", look.p)
    if look.most_p <= first_stage_level(levels.alarm):
        return Decision("regressed", look.p)
    if look.p <= HOPELESS:
        return None
    return Decision("no alarm" if look.least_p > levels.alarm else "undecided", look.p)


def confirmed(first: Look, second: Look, level: float) -> Decision:
    """What both looks of `confirm` say together; the second is at fresh draws."""
    bound = combination_bound(level)
    if combined(first.most_p, second.most_p) >= bound:
        return Decision("regressed", first.p, second.p)
    is_open = combined(first.least_p, second.least_p) >= bound
    return Decision("undecided" if is_open else "no alarm", first.p, second.p)
