"""From numbers to a verdict and an exit code.

One rule for errors: trials without a verdict are in no denominator. A rule that would fail even if all of
them had passed fails. A rule that would hold even if all of them had failed, with at most `max_errors` of
them, holds. Anything else is open.
"""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.errors import Exit
from evalkit.records.run import ColumnSummary, RuleVerdict, Tally
from evalkit.records.spec import Rule

EVERY_CASE = Rule(pass_rate=1.0)  # what holds for a spec without a gate
_EXITS = (("fails", Exit.GATE_FAILED), ("open", Exit.NO_VERDICT), ("empty", Exit.NOTHING_MEASURED))
_TOLERANCE = 1e-9  # a share such as 0.7 has no exact binary form


def judged(gate: tuple[Rule, ...], cases: Tally, trials: Tally) -> tuple[RuleVerdict, ...]:
    """The verdict of each rule on one column; without a gate, of the rule that every case passes."""
    return tuple(_judge(rule, cases, trials) for rule in gate or (EVERY_CASE,))


def _judge(rule: Rule, cases: Tally, trials: Tally) -> RuleVerdict:
    words = _words(rule)
    if not cases.decided + cases.open:
        return RuleVerdict(words, "empty", "nothing was measured: every case was skipped")
    if rule.pass_rate is not None:
        known = cases.decided + cases.open
        best, worst = cases.passed + cases.open, cases.passed
        wanted = rule.pass_rate * known - _TOLERANCE
        if cases.decided and best < wanted:
            return RuleVerdict(words, "fails", f"{cases.passed} of {cases.decided} cases passed{_even_if(cases)}")
        if cases.open and worst < wanted:
            return RuleVerdict(words, "open", f"{_count(cases.open)} without a verdict could still decide it")
    if trials.open > rule.max_errors:
        return RuleVerdict(words, "open", f"{trials.open} trials without a verdict, {rule.max_errors} are accepted")
    if not cases.decided:
        return RuleVerdict(words, "open", "no case has a verdict")
    return RuleVerdict(words, "holds", f"{cases.passed} of {cases.decided} cases passed")


def _even_if(cases: Tally) -> str:
    return f", too few even if all {cases.open} open ones had" if cases.open else ""


def _count(cases: int) -> str:
    return "1 case" if cases == 1 else f"{cases} cases"


def _words(rule: Rule) -> str:
    if rule == EVERY_CASE:
        return "every case passes"
    parts = [f"pass_rate {rule.pass_rate:g}"] if rule.pass_rate is not None else []
    parts += [f"max_errors {rule.max_errors}"] if rule.max_errors or not parts else []
    return ", ".join(parts)


def exit_code(columns: Iterable[ColumnSummary], *, was_interrupted: bool = False) -> Exit:
    """How the command ends: the worst of its columns, in the order 1, 3, 4, 0."""
    if was_interrupted:
        return Exit.INTERRUPTED
    verdicts = [column.verdict for column in columns]
    if not verdicts:
        return Exit.NOTHING_MEASURED
    return next((code for verdict, code in _EXITS if verdict in verdicts), Exit.OK)
