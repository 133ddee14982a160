"""Which columns of one run are compared with which: as a gate says, and each with the first where it says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from evalkit.decide.contest import Contest
from evalkit.records.result import Column
from evalkit.records.run import SpecInfo
from evalkit.records.spec import Regression


def rivals_of(spec: SpecInfo, columns: Sequence[Column]) -> list[Contest]:
    """The contests between the columns of a spec. Those that no rule asks for decide no exit code."""
    rules = [rule.regression for rule in spec.gate if rule.regression and rule.regression.against]
    found = [contest for rule in rules for contest in _against(rule, columns)]
    held = {contest.column for contest in found} | {contest.baseline for contest in found}
    if spec.compared or len(columns) < 2:
        return found
    rest = [column for column in columns[1:] if column not in held]
    plain = Regression(method="fixed")
    return [*found, *(Contest(column, columns[0], plain, kind="column", gates=False) for column in rest)]


def _against(rule: Regression, columns: Sequence[Column]) -> Iterator[Contest]:
    """Each column against the one that has the named variant, or the named model, in its place."""
    for column in columns:
        others = (replace(column, variant=rule.against), replace(column, model=rule.against))
        for other in others:
            if other != column and other in columns:
                yield Contest(column, other, replace(rule, method="fixed"), kind="column")
                break
