"""Groups of checks, and the one place where a verdict is turned round.

Verdicts have three values. A pass or a fail that decides the group decides it whatever the rest is; only
then does an error leave it open, or a part that found nothing to judge keep it failed under `not`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from evalkit.errors import CheckError
from evalkit.records.result import Answer, Outcome, Score, failed, no_verdict, not_found, passed
from evalkit.records.spec import Check
from evalkit.scorers.interface import Bound, Scorer

_TOLERANCE = 1e-9  # a share such as 0.7 has no exact binary form
GroupFactory = Callable[[Check, Sequence[Bound]], Scorer]


class Not:
    """`not`: its check must fail. An error stays an error; nothing found stays failed."""

    def __init__(self, check: Check, parts: Sequence[Bound]) -> None:
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
    """`any_of`: `at_least` passes (one, if nothing is said) win; else an error leaves it open; else it failed."""

    def __init__(self, check: Check, parts: Sequence[Bound]) -> None:
        self._parts = tuple(parts)
        self._wanted = int(check.options.get("at_least", 1))
        if self._wanted > len(self._parts):
            message = f"{self._wanted} of {len(self._parts)} checks can never hold"
            raise CheckError(message, help=f"`at_least` is at most {len(self._parts)}", where=["at_least"])

    def score(self, answer: Answer) -> Score:
        """Passed when enough parts passed."""
        parts = tuple(part.score(answer) for part in self._parts)
        return replace(_any(parts, self._wanted), parts=parts)


class AllOf:
    """`all_of`: a fail wins; else an error leaves it open; else it passed."""

    def __init__(self, check: Check, parts: Sequence[Bound]) -> None:
        self._parts = tuple(parts)

    def score(self, answer: Answer) -> Score:
        """Passed when every part passed."""
        parts = tuple(part.score(answer) for part in self._parts)
        return replace(_all(parts), parts=parts)


class Average:
    """`average`: the weighted mean of the parts' values reaches `min`.

    Parts without a verdict leave it open where they could still decide it: counted once as 0 and once as 1.
    """

    def __init__(self, check: Check, parts: Sequence[Bound]) -> None:
        self._parts = tuple(parts)
        self._least = float(check.options["min"])
        self._weights = tuple(part.check.weight for part in self._parts)

    def score(self, answer: Answer) -> Score:
        """Passed when the mean reaches the least one; its value is the mean."""
        parts = tuple(part.score(answer) for part in self._parts)
        low, high = self._mean(parts, 0.0), self._mean(parts, 1.0)
        if low >= self._least - _TOLERANCE:
            return replace(passed(f"has a mean of {low:.3g}", low), parts=parts)
        if high < self._least - _TOLERANCE:
            score = failed(f"expected a mean of {self._least:g}, found {low:.3g}", low)
            hoped = self._mean([part if part.is_found else no_verdict("") for part in parts], 1.0)
            return replace(score, parts=parts, is_found=hoped < self._least - _TOLERANCE)
        broken = _with(parts, Outcome.ERRORED)
        return replace(no_verdict("; ".join(f"{part.name}: {part.reason}" for part in broken)), parts=parts)

    def _mean(self, parts: Sequence[Score], instead: float) -> float:
        """The weighted mean, with a value instead of those that are missing."""
        values = (instead if part.value is None else part.value for part in parts)
        return sum(w * v for w, v in zip(self._weights, values, strict=True)) / sum(self._weights)


def _any(parts: Sequence[Score], wanted: int) -> Score:
    passes, errors = _with(parts, Outcome.PASSED), _with(parts, Outcome.ERRORED)
    if len(passes) >= wanted:
        return passed("; ".join(f"{part.name} {part.reason}" for part in passes[:wanted]))
    reasons = "; ".join(f"{part.name}: {part.reason}" for part in parts if not part.passed)
    if len(passes) + len(errors) >= wanted:
        return no_verdict(reasons)
    nothing = [part for part in parts if not part.is_found]
    is_decided = len(passes) + len(errors) + len(nothing) < wanted
    return failed(reasons) if is_decided else not_found(reasons)


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
