"""Several columns compared at once: the chance of a false alarm is that of all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalkit.decide.contest import Contest
from evalkit.records.comparison import Comparison
from evalkit.stats.multiple import holm


def share_out(contests: Sequence[Contest], others: int = 0) -> None:
    """Give each tested column its part of the chance of a false alarm, before anything is asked.

    `others` counts comparisons that are settled apart. `fixed` shares nothing out: its p values are adjusted in the
    end (Holm).
    """
    tested = [contest for contest in contests if contest.is_tested and contest.gates]
    for contest in tested:
        if contest.rule.method != "fixed":
            contest.level = contest.rule.alpha / (len(tested) + others)


def settled(contests: Sequence[Contest], others: int = 0, *, is_strict: bool = False) -> tuple[Comparison, ...]:
    """What came of all columns; `others` counts tested ones that are settled apart.

    A strict comparison is none where other models served the arms.
    """
    known = [(contest, contest.adjustable_p) for contest in contests if contest.gates]
    fixed = [(contest, p) for contest, p in known if p is not None]
    tested = sum(contest.is_tested for contest, _ in known) + others
    share = tested / len(fixed) if fixed else 1.0  # of alpha: the others were given theirs beforehand
    adjusted = {id(contest): share * p for (contest, _), p in zip(fixed, holm([p for _, p in fixed]), strict=True)}
    found = (contest.comparison(adjusted.get(id(contest))) for contest in contests)
    return tuple(map(_strictly, found) if is_strict else found)


def _strictly(found: Comparison) -> Comparison:
    if not found.is_served_otherwise:
        return found
    return replace(found, verdict="cannot judge", reason="other models served the two arms (--strict)")
