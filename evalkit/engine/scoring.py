"""A reply against the checks of its case: scores, and the outcome they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalkit.errors import CheckError, TemplateError, UserError
from evalkit.records.exchange import Reply
from evalkit.records.result import Answer, Failure, Outcome, Result, Score, failed
from evalkit.records.spec import Case, Check
from evalkit.spec.render import Binder

_BROKEN_OFF = {
    "length": "cut off: the model ran out of tokens",
    "filter": "the provider's filter withheld the reply",
    "refusal": "the model refused",
}


class Scoring:
    """Scores replies, and keeps the scorers it made. Used by many threads."""

    def __init__(self) -> None:
        self._binder = Binder()

    def scores(self, case: Case, reply: Reply) -> tuple[Score, ...]:
        """A score for each check, and a failed one where the reply was broken off."""
        answer = Answer(text=reply.text.strip(), reply=reply, value=reply.text.strip())
        scores = tuple(self._score(check, case, answer) for check in case.checks)
        if reply.finish_reason in _BROKEN_OFF:
            cut = failed(_BROKEN_OFF[reply.finish_reason])
            scores += (Score(cut.value, cut.passed, cut.reason, "finish_reason", "finish_reason"),)
        return scores

    def rescored(self, result: Result, case: Case) -> Result:
        """A result as a case's checks see its reply; one without a reply stays as it is."""
        if result.reply is None:
            return result
        scores = self.scores(case, result.reply)
        outcome = outcome_of(scores)
        return replace(result, scores=scores, outcome=outcome, error=failure_of(scores, outcome))

    def _score(self, check: Check, case: Case, answer: Answer) -> Score:
        try:
            return self._binder.bound(check, case).score(answer)
        except (CheckError, TemplateError, UserError) as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001 - nothing a scorer does can stop the run, nor its factory
            why = f"the scorer cannot be made: {type(error).__name__}: {error}"
        return Score(None, None, why, check.scorer, check.label, check.is_advisory)


def outcome_of(scores: Sequence[Score]) -> Outcome:
    """A trial's outcome: a check that failed wins, else one without a verdict, else it passed; advisory ones apart.

    With advisory checks alone it passed, whatever they say: the gate looks at the metrics they give.
    """
    outcomes = {score.outcome for score in scores if not score.is_advisory}
    for outcome in (Outcome.FAILED, Outcome.ERRORED):
        if outcome in outcomes:
            return outcome
    return Outcome.PASSED if scores else Outcome.ERRORED


def failure_of(scores: Sequence[Score], outcome: Outcome) -> Failure | None:
    """Why scores have no outcome: the first check without a verdict."""
    broken = next((score for score in scores if score.passed is None and not score.is_advisory), None)
    return Failure("check", f"{broken.name}: {broken.reason}") if broken and outcome is Outcome.ERRORED else None
