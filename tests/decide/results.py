"""Results written as letters: what the tables of this folder share.

P passed, F failed, E errored, U should have been asked and was not, N is not recorded, S skipped by the user. A word is
a case, its letters are its draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from evalkit.decide.summary import summarise
from evalkit.records.result import Failure, Outcome, Result, Score
from evalkit.records.run import ColumnSummary, RuleVerdict, SpecInfo
from evalkit.records.spec import Rule

_OUTCOMES = {
    "P": Outcome.PASSED,
    "F": Outcome.FAILED,
    "E": Outcome.ERRORED,
    "U": Outcome.SKIPPED,
    "N": Outcome.SKIPPED,
    "S": Outcome.SKIPPED,
}
_ERRORS = {
    "E": Failure("transient", "503"),
    "U": Failure("budget", "--max-calls 1 is reached"),
    "N": Failure("unrecorded", "not recorded"),
    "S": Failure("skip", "waits for a fix"),
}
_SCORES = {"P": (Score(1.0, True, "", "equals", "equals"),), "F": (Score(0.0, False, "", "equals", "equals"),)}


def results(words: str, needed: int | None = None, **fields: Any) -> Iterator[Result]:
    """The results of cases in order; `needed` draws make a case pass, all if nothing is said."""
    index = 0
    for number, word in enumerate(words.split()):
        for draw, letter in enumerate(word, start=1):
            result = Result(index, "spec", f"case-{number}", "echo/x", "", draw, _OUTCOMES[letter])
            scored = replace(result, scores=_SCORES.get(letter, ()), error=_ERRORS.get(letter))
            yield replace(scored, needed=len(word) if needed is None else needed, **fields)
            index += 1


def summary_of(
    found: Iterator[Result] | list[Result], *gate: Rule, metrics: Mapping[str, str] | None = None
) -> ColumnSummary:
    """The summary of the results of one column."""
    (column,) = summarise(found, [SpecInfo("spec", "spec.yaml", gate=gate, metrics=metrics or {})])
    return column


def verdict_of(found: str | list[Result], rule: Rule | None = None, **options: Any) -> tuple[str, str]:
    """What became of the one rule of a gate (none: the rule of a spec without a gate), and why."""
    made = list(results(found)) if isinstance(found, str) else found
    verdict = whole_verdict_of(made, rule, **options)
    return verdict.verdict, verdict.reason


def whole_verdict_of(found: list[Result], rule: Rule | None = None, **options: Any) -> RuleVerdict:
    """The same with the rule in words."""
    (verdict,) = summary_of(found, *([rule] if rule else []), **options).rules
    return verdict
