"""One trial from request to result: ask, clean, extract, score."""

from __future__ import annotations

from evalkit.engine.caller import Called, Caller
from evalkit.engine.plan import Trial
from evalkit.engine.scoring import Scoring, failure_of, outcome_of
from evalkit.errors import NotAsked
from evalkit.records.result import Failure, Outcome, Result, Score
from evalkit.spec.render import scopes_of


class Performer:
    """Performs trials. Used by many threads."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._scoring = Scoring()

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
        scores = self._scoring.scores(trial.case, called.call.reply)
        outcome = outcome_of(scores)
        return _result(trial, outcome, called, scores, failure_of(scores, outcome))


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
