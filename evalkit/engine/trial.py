"""One trial from request to result: ask, clean, extract, score."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.engine.caller import Called, Caller
from evalkit.engine.plan import Trial
from evalkit.errors import CheckError, NotAsked, TemplateError, UserError
from evalkit.records.exchange import Reply
from evalkit.records.result import Answer, Failure, Outcome, Result, Score, failed
from evalkit.records.spec import Case, Check
from evalkit.spec.render import Binder, scopes_of

_BROKEN_OFF = {
    "length": "cut off: the model ran out of tokens",
    "filter": "the provider's filter withheld the reply",
    "refusal": "the model refused",
}


class Performer:
    """Performs trials. Used by many threads."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._binder = Binder()

    def perform(self, trial: Trial) -> Result:
        """What came of a trial, whatever happened."""
        if trial.request is None or trial.question is None:
            return _result(trial, Outcome.SKIPPED, error=Failure("skip", trial.case.skip))
        try:
            called = self._caller.call(trial.request, trial.question, trial.provider)
        except NotAsked as why:
            return _result(trial, Outcome.SKIPPED, error=Failure(why.kind, why.message))
        if called.failure or called.call.reply is None:
            return _result(trial, Outcome.ERRORED, called, error=called.failure)
        scores = self._scores(trial.case, called.call.reply)
        outcome = outcome_of(scores)
        broken = next((s for s in scores if s.passed is None and not s.is_advisory), None)
        error = Failure("check", f"{broken.name}: {broken.reason}") if broken and outcome is Outcome.ERRORED else None
        return _result(trial, outcome, called, scores, error)

    def _scores(self, case: Case, reply: Reply) -> tuple[Score, ...]:
        answer = Answer(text=reply.text.strip(), reply=reply, value=reply.text.strip())
        scores = tuple(self._score(check, case, answer) for check in case.checks)
        if reply.finish_reason in _BROKEN_OFF:
            cut = failed(_BROKEN_OFF[reply.finish_reason])
            scores += (Score(cut.value, cut.passed, cut.reason, "finish_reason", "finish_reason"),)
        return scores

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


def _result(
    trial: Trial,
    outcome: Outcome,
    called: Called | None = None,
    scores: tuple[Score, ...] = (),
    error: Failure | None = None,
) -> Result:
    case, column = trial.case, trial.column
    return Result(
        index=trial.index,
        spec=column.spec,
        case=case.id,
        model=column.model,
        variant=column.variant,
        draw=trial.draw,
        outcome=outcome,
        origin=called.call.origin if called else None,
        scores=scores,
        calls=(called.call,) if called else (),
        error=error,
        tags=(*trial.spec.tags, *case.tags),
        group=case.group,
        needed=case.trials.needed,
        content=case.content,
        arm=trial.arm,
        scopes=scopes_of(trial.spec.gate, case),
        where=case.place,
    )
