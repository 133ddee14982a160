"""Groups of checks, and the one place where a verdict is turned round.

Verdicts have three values. A pass or a fail that decides the group decides it whatever the rest is; only
then does an error leave it open, or a part that found nothing to judge keep it failed under `not`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from evalkit.records.result import Answer, Outcome, Score, failed, no_verdict, not_found, passed
from evalkit.scorers.interface import Bound, Scorer

GroupFactory = Callable[[Sequence[Bound]], Scorer]


class Not:
    """`not`: its check must fail. An error stays an error; nothing found stays failed."""

    def __init__(self, parts: Sequence[Bound]) -> None:
        (self._part,) = parts

    def score(self, answer: Answer) -> Score:
        """The part's verdict turned round."""
        part = self._part.score(answer)
        if part.passed is None or not part.is_found:
            turned = part
        elif part.passed:
            turned = failed(f"must not hold: {part.name} {part.reason}")
        else:
            turned = passed(f"{part.name} does not hold")
        return replace(turned, parts=(part,))


class AnyOf:
    """`any_of`: a pass wins; else an error leaves it open; else it failed."""

    def __init__(self, parts: Sequence[Bound]) -> None:
        self._parts = tuple(parts)

    def score(self, answer: Answer) -> Score:
        """Passed when one part passed."""
        parts = tuple(part.score(answer) for part in self._parts)
        return replace(_any(parts), parts=parts)


class AllOf:
    """`all_of`: a fail wins; else an error leaves it open; else it passed."""

    def __init__(self, parts: Sequence[Bound]) -> None:
        self._parts = tuple(parts)

    def score(self, answer: Answer) -> Score:
        """Passed when every part passed."""
        parts = tuple(part.score(answer) for part in self._parts)
        return replace(_all(parts), parts=parts)


def _any(parts: Sequence[Score]) -> Score:
    for part in parts:
        if part.passed:
            return passed(f"{part.name} {part.reason}")
    reasons = "; ".join(f"{part.name}: {part.reason}" for part in parts)
    if _with(parts, Outcome.ERRORED):
        return no_verdict(reasons)
    nothing = [part for part in parts if not part.is_found]
    return not_found(reasons) if nothing else failed(reasons)


def _all(parts: Sequence[Score]) -> Score:
    fails = _with(parts, Outcome.FAILED)
    if fails:
        reasons = "; ".join(f"{part.name}: {part.reason}" for part in fails)
        is_decided = any(part.is_found for part in fails)
        return failed(reasons) if is_decided else not_found(reasons)
    errors = _with(parts, Outcome.ERRORED)
    if errors:
        return no_verdict("; ".join(f"{part.name}: {part.reason}" for part in errors))
    return passed(f"all {len(parts)} hold")


def _with(parts: Sequence[Score], outcome: Outcome) -> list[Score]:
    return [part for part in parts if part.outcome is outcome]
