"""From numbers to a verdict and an exit code.

One rule for errors: trials without a verdict are in no denominator. A rule that would fail even if all of
them had passed fails. A rule that would hold even if all of them had failed, with at most `max_errors` of
them, holds. Anything else is open. Where a trial has no recording, a rule that does not fail cannot be verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from evalkit.decide.counts import Counts, Sum, percentile
from evalkit.decide.derived import derived_value
from evalkit.errors import Exit
from evalkit.records.comparison import Comparison
from evalkit.records.result import Column
from evalkit.records.run import ColumnSummary, RuleVerdict, RunState, SpecInfo, Tally, Verdict
from evalkit.records.spec import Limit, Rule

EVERY_CASE = Rule(pass_rate=1.0)  # what holds for a spec without a gate
_EXITS = (
    ("fails", Exit.GATE_FAILED),
    ("open", Exit.NO_VERDICT),
    ("unrecorded", Exit.NOTHING_MEASURED),
    ("empty", Exit.NOTHING_MEASURED),
)
_TOLERANCE = 1e-9  # a share such as 0.7 has no exact binary form
Scopes = Mapping[tuple[int, str], Counts]


def judged(spec: SpecInfo, column: Column, counts: Counts, scopes: Scopes) -> tuple[RuleVerdict, ...]:
    """The verdict of each rule on one column; without a gate, of the rule that every case passes.

    A rule with a scope has one for each value of its `each`; `scopes` are what was counted of them, by the rule's
    number and that value.
    """
    verdicts: list[RuleVerdict] = []
    is_compared = column in spec.compared
    for number, rule in enumerate(spec.gate or (() if is_compared else (EVERY_CASE,))):
        if _is_judged_elsewhere(rule, is_compared=is_compared):
            continue
        if rule.is_scoped:
            found = {scope: kept for (of, scope), kept in scopes.items() if of == number}
            verdicts += _of_scopes(rule, found, spec.metrics)
        else:
            verdicts.append(_judge(rule, "", counts, spec.metrics))
    return tuple(verdicts)


def _is_judged_elsewhere(rule: Rule, *, is_compared: bool) -> bool:
    """Whether a rule is about nothing but a comparison that is made, and says itself what errors do to it."""
    if rule.regression is None or rule != Rule(regression=rule.regression):
        return False
    return is_compared or bool(rule.regression.against)


def _of_scopes(rule: Rule, found: Mapping[str, Counts], derived: Mapping[str, str]) -> Iterator[RuleVerdict]:
    for scope, counts in found.items():
        yield _judge(rule, f"{rule.each} = {scope}" if rule.each else rule.where, counts, derived)
    if not found:
        words = _words(rule, rule.where or f"each {rule.each}")
        yield RuleVerdict(words, "empty", "no case that it is about was asked")


@dataclass(frozen=True, slots=True)
class _Part:
    """What became of one key of a rule."""

    verdict: Verdict
    reason: str


def _judge(rule: Rule, about: str, counts: Counts, derived: Mapping[str, str]) -> RuleVerdict:
    words, cases = _words(rule, about), counts.cases
    if not cases.decided + cases.open:
        return RuleVerdict(words, "empty", "nothing was measured: every case was skipped")
    parts = list(_parts(rule, counts, derived))
    for verdict in ("fails", "unrecorded", "open"):
        worst = next((part for part in parts if part.verdict == verdict), None)
        if worst:
            return RuleVerdict(words, worst.verdict, worst.reason)
    if counts.trials.open > rule.max_errors:
        reason = f"{_many(counts.trials.open, 'trial')} without a verdict, at most {rule.max_errors} accepted"
        return RuleVerdict(words, "open", reason)
    if not cases.decided:
        return RuleVerdict(words, "open", "no case has a verdict")
    measured = [part for part in parts if part.verdict == "holds"]
    if parts and not measured:
        return RuleVerdict(words, "empty", parts[0].reason)
    reasons = [part.reason for part in measured] or [f"{cases.passed} of {_many(cases.decided, 'case')} passed"]
    return RuleVerdict(words, "holds", "; ".join(reasons))


def _parts(rule: Rule, counts: Counts, derived: Mapping[str, str]) -> Iterator[_Part]:
    if counts.trials.unrecorded:
        yield _Part("unrecorded", without_recording(counts.trials.unrecorded))
    if rule.pass_rate is not None:
        yield _pass_rate(rule.pass_rate, counts.cases)
    if rule.mean_score is not None:
        yield _mean("mean_score", counts.scores, counts.trials.open, Limit(low=rule.mean_score))
    for name, limit in rule.metrics.items():
        if name in derived:
            yield _derived(name, limit, counts, derived)
        else:
            kept = counts.metrics.get(name, Sum())
            yield _mean(name, kept, counts.trials.open + kept.missing, limit)
    if rule.p95_seconds is not None:
        yield _p95(rule.p95_seconds, counts)


def _pass_rate(least: float, cases: Tally) -> _Part:
    wanted = least * (cases.decided + cases.open) - _TOLERANCE
    said = f"{cases.passed} of {_many(cases.decided, 'case')} passed"
    if cases.decided and cases.passed + cases.open < wanted:
        others = f", too few even if the {cases.open} without a verdict had" if cases.open else ""
        return _Part("fails", said + others)
    if cases.open and cases.passed < wanted:
        return _Part("open", f"{_many(cases.open, 'case')} without a verdict could still decide it")
    return _Part("holds", said)


def _mean(name: str, kept: Sum, missing: int, limit: Limit) -> _Part:
    """A mean within its limits, also if every one that is missing counted 0 or 1."""
    if not kept.count:
        return _Part("open" if missing else "empty", f"no trial gives `{name}`")
    everyone = kept.count + missing
    low, high = kept.total / everyone, (kept.total + missing) / everyone
    said = f"`{name}` is {_shown(kept.total / kept.count, limit)}"
    if _is_outside(high, low, limit):
        return _Part("fails", said + (", also if the trials without a verdict were counted" if missing else ""))
    if _is_outside(low, high, limit):
        return _Part("open", f"{said}; {_many(missing, 'trial')} without a verdict could still decide it")
    return _Part("holds", said)


def _is_outside(at_least: float, at_most: float, limit: Limit) -> bool:
    """Whether a value of `at_least` is too low for the limit, or one of `at_most` too high."""
    is_low = limit.low is not None and at_least < limit.low - _TOLERANCE
    return is_low or (limit.high is not None and at_most > limit.high + _TOLERANCE)


def _derived(name: str, limit: Limit, counts: Counts, derived: Mapping[str, str]) -> _Part:
    """A derived metric within its limits. How missing trials would move it cannot be known, so they leave it open."""
    values = {label: kept.total / kept.count for label, kept in counts.metrics.items() if kept.count}
    for each, expression in derived.items():
        value = derived_value(expression, values)
        if isinstance(value, str):
            if each == name:
                return _Part("open", f"`{name}` cannot be computed: {value}")
            continue
        values[each] = value
    said = f"`{name}` is {_shown(values[name], limit)}"
    missing = counts.trials.open + sum(kept.missing for kept in counts.metrics.values())
    if missing:
        return _Part("open", f"{said}; {_many(missing, 'trial')} without a verdict could change it")
    return _Part("fails" if _is_outside(values[name], values[name], limit) else "holds", said)


def _p95(most: float, counts: Counts) -> _Part:
    seconds = percentile(counts.seconds, 0.95)
    if seconds is None:
        return _Part("empty", "no reply is fresh, so no time was measured")
    said = f"95 % of the fresh replies took at most {_shown(seconds, Limit(high=most))} s"
    return _Part("holds" if seconds <= most else "fails", said)


def _shown(value: float, limit: Limit) -> str:
    """A value with three digits, or as many as it takes not to look within a limit that it is not within."""
    is_outside = _is_outside(value, value, limit)
    texts = (f"{value:.{digits}g}" for digits in (3, 6, 9))
    rounded = (text for text in texts if _is_outside(float(text), float(text), limit) == is_outside)
    return next(rounded, repr(value))


def without_recording(trials: int) -> str:
    """That so many trials have no recording, in words."""
    return f"{_many(trials, 'trial')} {'has' if trials == 1 else 'have'} no recording"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _words(rule: Rule, about: str) -> str:
    """The rule as it was written, and which cases it is about."""
    if rule == EVERY_CASE:
        return "every case passes"
    parts = [f"pass_rate {rule.pass_rate:g}"] if rule.pass_rate is not None else []
    parts += [f"mean_score {rule.mean_score:g}"] if rule.mean_score is not None else []
    parts += [f"{name} {limit}" for name, limit in rule.metrics.items()]
    parts += [f"p95_seconds {rule.p95_seconds:g}"] if rule.p95_seconds is not None else []
    parts += ["regression"] if rule.regression else []
    parts += [f"max_errors {rule.max_errors}"] if rule.max_errors or not parts else []
    return ", ".join(parts) + (f" where {about}" if about else "")


def exit_code(
    columns: Iterable[ColumnSummary], state: RunState = "finished", comparisons: Iterable[Comparison] = ()
) -> Exit:
    """How the command ends: the worst of its columns and comparisons, in the order 1, 3, 4, 0.

    Broken off, it has no verdict. A column without rules is judged by its comparison alone.
    """
    if state != "finished":
        return Exit.INTERRUPTED if state == "interrupted" else Exit.NO_VERDICT
    gating = [found for found in comparisons if found.gates]
    compared = {found.column for found in gating} | {found.baseline for found in gating if found.kind == "column"}
    verdicts = [column.verdict for column in columns if column.rules or column.column not in compared]
    exits = {code for verdict, code in _EXITS if verdict in verdicts} | {exit_of(found) for found in gating}
    if not verdicts and not gating:
        return Exit.NOTHING_MEASURED
    return next((code for _, code in _EXITS if code in exits), Exit.OK)


def exit_of(found: Comparison) -> Exit:
    """How a command ends whose only verdict this is."""
    if found.verdict == "cannot judge":
        return Exit.NOTHING_MEASURED if found.unrecorded else Exit.NO_VERDICT
    is_bad = found.verdict == "regressed" or (found.rule.require and found.verdict not in ("unchanged", "no worse"))
    return Exit.GATE_FAILED if is_bad else Exit.OK
