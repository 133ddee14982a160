"""What counts as what: the outcome of every way in which a server can answer, as the design's table has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evalkit.engine.scoring import outcome_of
from evalkit.records.result import Outcome, Result, Score
from tests.projects import Project, keyed
from tests.servers import Answer, Server, failure, reply


@dataclass(frozen=True, slots=True)
class Row:
    """How a server answers, what is expected of it, and what comes of it: outcome, kind of error, scores that fail."""

    name: str
    answer: Answer
    checks: str
    outcome: str
    error: str = ""
    failing: tuple[str, ...] = ()
    text: str | None = None


def finished(reason: str, text: str = "no") -> Answer:
    """A reply that ended for a reason."""
    message = {"role": "assistant", "content": text}
    return reply(choices=[{"index": 0, "finish_reason": reason, "message": message}])


def refusing(words: str) -> Answer:
    """A reply in which the model refuses."""
    message = {"role": "assistant", "content": None, "refusal": words}
    return reply(choices=[{"index": 0, "finish_reason": "stop", "message": message}])


FILTERED = json.dumps({"error": {"code": "content_filter", "message": "withheld"}}).encode()
ERROR = json.dumps({"error": {"message": "overloaded", "code": 400}}).encode()
NOT_SORRY = "{not: {contains: sorry}}"

TABLE = [
    Row("a reply that holds", reply("no"), NOT_SORRY, "passed", text="no"),
    Row("a reply that does not", reply("sorry"), NOT_SORRY, "failed", "", ("not",), "sorry"),
    Row("one check of two fails", reply("no"), "[{contains: no}, {contains: yes}]", "failed", "", ("contains",), "no"),
    Row("empty text", reply(""), NOT_SORRY, "passed", text=""),
    Row("empty text misses", reply(""), "{contains: yes}", "failed", "", ("contains",), ""),
    Row("white space", reply(" \n no\n"), "{equals: no}", "passed", text=" \n no\n"),
    Row("cut off", finished("length"), NOT_SORRY, "failed", "", ("finish_reason",), "no"),
    Row("filter", finished("content_filter", ""), NOT_SORRY, "failed", "", ("finish_reason",), ""),
    Row("filter as 400", Answer(400, body=FILTERED), NOT_SORRY, "failed", "", ("finish_reason",), ""),
    Row("refusal", refusing("I can't"), NOT_SORRY, "failed", "", ("finish_reason",), "I can't"),
    Row("400", failure(400), NOT_SORRY, "errored", "rejected"),
    Row("413", failure(413), NOT_SORRY, "errored", "rejected"),
    Row("error inside a 200", Answer(body=ERROR), NOT_SORRY, "errored", "rejected"),
    Row("500", failure(500, retry_after_ms="1"), NOT_SORRY, "errored", "transient"),
    Row("429", failure(429, retry_after_ms="1"), NOT_SORRY, "errored", "transient"),
    Row("not JSON", Answer(body=b"<html>"), NOT_SORRY, "errored", "transient"),
    Row("no choices", Answer(body=b"{}"), NOT_SORRY, "errored", "transient"),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Result]]:
    """One run of a spec that has every row for a case, by the name of the row."""
    by_name = {row.name: row for row in TABLE}

    def answer(number: int, body: Any, headers: Any) -> Answer:
        return by_name[body["messages"][-1]["content"]].answer

    with Server(answer) as server:
        project = Project(tmp_path_factory.mktemp("table"), keyed(server))
        rows = "".join(f'  - {{id: "{row.name}", vars: {{n: "{row.name}"}}, expect: {row.checks}}}\n' for row in TABLE)
        project.write("table.yaml", f'prompt: "{{{{ n }}}}"\nmodel: aimlapi/m\ncases:\n{rows}')
        run = project.session(attempts=1, workers=1)
        yield {result.case: result for result in run.results()}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_what_a_server_answers_has_its_outcome(row: Row, results: dict[str, Result]) -> None:
    result = results[row.name]
    assert (
        str(result.outcome),
        result.error.kind if result.error else "",
        tuple(score.name for score in result.scores if not score.passed),
        result.reply.text if result.reply else None,
    ) == (row.outcome, row.error, row.failing, row.text)
    assert bool(result.scores) == (row.outcome != "errored")  # what is no reply is never scored
    assert result.is_cut_off == (row.name == "cut off")


def test_what_was_answered_is_replayed_to_the_same_outcome_and_errors_are_asked_again(tmp_path: Path) -> None:
    withheld = Answer(400, body=FILTERED)
    answers = {"cut": finished("length"), "filter": withheld, "bad": failure(400), "fine": reply("no")}
    with Server(lambda number, body, headers: answers[body["messages"][-1]["content"]]) as server:
        project = Project(tmp_path, keyed(server))
        rows = "".join(f"  - {{id: {name}, vars: {{n: {name}}}}}\n" for name in answers)
        project.write("a.yaml", f'prompt: "{{{{ n }}}}"\nmodel: aimlapi/m\nexpect: {NOT_SORRY}\ncases:\n{rows}')
        first, second = project.session(), project.session()
    told = [[(r.case, r.outcome, r.origin) for r in run.results()] for run in (first, second)]
    assert told[0] == [
        ("cut", Outcome.FAILED, "fresh"),
        ("filter", Outcome.FAILED, "fresh"),
        ("bad", Outcome.ERRORED, "fresh"),
        ("fine", Outcome.PASSED, "fresh"),
    ]
    assert told[1] == [(case, outcome, "fresh" if case == "bad" else "replayed") for case, outcome, _ in told[0]]
    assert server.times_asked() == {"cut": 1, "filter": 1, "bad": 2, "fine": 1}


HOLDS, FAILS, OPEN = (Score(None if passed is None else float(passed), passed, "") for passed in (True, False, None))
ADVICE = Score(0.0, False, "", is_advisory=True)


@pytest.mark.parametrize(
    ("scores", "outcome"),
    [
        ([HOLDS], Outcome.PASSED),
        ([HOLDS, FAILS], Outcome.FAILED),
        ([HOLDS, OPEN], Outcome.ERRORED),
        ([OPEN, FAILS, HOLDS], Outcome.FAILED),
        ([HOLDS, ADVICE], Outcome.PASSED),
        ([ADVICE], Outcome.PASSED),  # its gate is about the metric
        ([], Outcome.ERRORED),
    ],
)
def test_a_check_that_fails_beats_one_without_a_verdict_and_advice_counts_nothing(
    scores: list[Score], outcome: Outcome
) -> None:
    assert outcome_of(scores) is outcome


def test_a_case_the_user_skips_is_not_asked_and_not_counted(project: Project) -> None:
    project.write("a.yaml", "prompt: yes\nexpect: {contains: yes}\ncases: [{id: a}, {id: b, skip: no price yet}]\n")
    run = project.session(models="echo/x")
    _, skipped = run.results()
    assert (skipped.outcome, skipped.error and skipped.error.message) == (Outcome.SKIPPED, "no price yet")
    assert (skipped.calls, skipped.scores, skipped.origin) == ((), (), None)
    assert run.info.exit_code == 0
    assert run.info.columns[0].cases.skipped == 1


def test_a_run_of_nothing_but_skipped_cases_measured_nothing(project: Project) -> None:
    project.write("a.yaml", "prompt: yes\nexpect: {contains: yes}\ncases: [{id: b, skip: no price yet}]\n")
    assert project.session(models="echo/x").info.exit_code == 4
