"""Comparisons as a table: a line for each with its name, its change, its verdict and the sign of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evalkit.decide.gate import exit_of
from evalkit.errors import Exit
from evalkit.records.comparison import Comparison
from evalkit.records.result import Column
from evalkit.reporters.figures import MISSING
from evalkit.reporters.interface import one_line
from evalkit.reporters.points import change, p_value, rate

SEPARATOR = " › "  # between the parts of a name
NAME_LIMIT = 80  # characters
UNASKED = 10  # columns without a change that have a row each
_MARK_BY_EXIT = {Exit.GATE_FAILED: "failed", Exit.NO_VERDICT: "errored", Exit.NOTHING_MEASURED: "skipped"}


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One line of the table of comparisons; `mark` is the outcome whose sign it bears."""

    mark: str
    column: str
    before: str
    now: str
    change: str
    verdict: str


def worth_a_row(comparisons: Iterable[Comparison]) -> tuple[list[Comparison], int]:
    """The comparisons that have a row each, and how many have none: columns not asked, where these are many."""
    found = list(comparisons)
    told = [each for each in found if each.verdict != "unchanged" or each.now is not None]
    unasked = len(found) - len(told)
    return (told, unasked) if unasked > UNASKED else (found, 0)


def rows_of(comparisons: Iterable[Comparison]) -> tuple[ComparisonRow, ...]:
    """The table, a line a column."""
    comparisons = tuple(comparisons)
    with_model = _has_models(comparisons)
    return tuple(
        ComparisonRow(
            mark=mark_of(found),
            column=f"{_name(found.column, with_model)}{_beside(found)}",
            before=rate(found, found.before),
            now=rate(found, found.now),
            change=change(found),
            verdict=verdict(found),
        )
        for found in comparisons
    )


def mark_of(found: Comparison) -> str:
    """The outcome whose sign a comparison bears: a warning does not look like a success, nor a finding like a gate."""
    if not found.gates or found.verdict == "unchanged":
        return "skipped"
    return "errored" if is_warning(found) else _MARK_BY_EXIT.get(exit_of(found), "passed")


def is_warning(found: Comparison) -> bool:
    """Whether nothing is shown, and the build goes on nevertheless."""
    return found.gates and found.verdict == "undecided" and not found.rule.require


def naming(comparisons: Iterable[Comparison]) -> Callable[[Comparison], str]:
    """What to call each of these: with the model where there are several, the other column where one has several."""
    comparisons = tuple(comparisons)
    with_model = _has_models(comparisons)
    many = Counter(found.column for found in comparisons)

    def name_of(found: Comparison) -> str:
        return f"{_name(found.column, with_model)}{_beside(found) if many[found.column] > 1 else ''}"

    return name_of


def verdict(found: Comparison) -> str:
    """The verdict, with the p value where that decided it; of columns of one run without a gate, what was seen."""
    if found.kind == "column" and not found.gates:
        return _seen(found)
    if found.verdict == "unchanged":
        return "unchanged" if found.now is not None else "unchanged, not asked"
    required = f", {found.rule.require} required" if mark_of(found) == "failed" and found.verdict != "regressed" else ""
    second = f", {p_value(found.second_p)} on fresh draws" if found.second_p is not None else ""
    is_told = found.p is not None and found.verdict in ("regressed", "undecided")
    return f"{found.verdict}{f', {p_value(found.p)}{second}' if is_told and found.p is not None else ''}{required}"


def _has_models(comparisons: Iterable[Comparison]) -> bool:
    """Whether names need the model."""
    return len({found.column.model for found in comparisons}) > 1


def _name(column: Column, with_model: bool) -> str:
    parts = (column.spec, column.variant, column.model if with_model else "")
    return one_line(SEPARATOR.join(part for part in parts if part), NAME_LIMIT)


def _beside(found: Comparison) -> str:
    """What tells the baseline's column from the candidate's; "" where they have the same name."""
    ours, theirs = found.column, found.baseline
    parts = [theirs.variant] if ours.variant != theirs.variant else []
    parts += [theirs.model] if ours.model != theirs.model else []
    other = one_line(SEPARATOR.join(part or "the prompt without a name" for part in parts), NAME_LIMIT)
    if ours.spec != theirs.spec:
        other = _name(theirs, with_model=True)
    return f", beside {other}" if other else ""


def _seen(found: Comparison) -> str:
    """What two columns of one run show, each side for itself: nothing of it is a gate."""
    if found.p is None:
        return "the same" if found.verdict == "unchanged" else MISSING
    side, p = ("worse", found.p) if found.p < 0.5 else ("better", 1 - found.p)
    differs = p <= found.rule.alpha and found.p < 1  # 1 says that no case differs, which is no proof of anything
    return f"{side}, {p_value(p)}" if differs else "no difference seen"
