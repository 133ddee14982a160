"""A run as a whole: what it tells, what it leaves, and how it ends when something breaks in the middle."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from evalkit.engine.archive import find_run, read_run
from evalkit.engine.session import Session
from evalkit.records.event import Ended, Event, Finished, Planned, Waiting
from evalkit.records.run import StoredRun
from tests.projects import Project, keyed, yes_spec
from tests.servers import Server, failure, reply


def test_a_listener_hears_the_plan_each_result_and_the_end(project: Project) -> None:
    project.write("a.yaml", yes_spec("yes", "no"))
    project.write("b.yaml", yes_spec("yes"))
    events: list[Event] = []
    run = Session(project.settings(models="echo/x", workers=1), events.append).run()
    planned = Planned((("a", 2), ("b", 1)), ("echo/x",), trials=3, to_ask=3, recorded=0, workers=1, usd=0)
    results = [(event.result.index, event.result.outcome) for event in events if isinstance(event, Finished)]
    assert results == [(result.index, result.outcome) for result in run.results()]
    assert (events[0], events[-1], len(events)) == (planned, Ended(), 5)


def test_a_listener_hears_why_it_has_to_wait(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    answers = [failure(429, "slow down", retry_after_ms="1"), reply("yes")]
    events: list[Event] = []
    with Server(lambda number, *_: answers[number]) as server:
        project = replace(project, environ=keyed(server))
        Session(project.settings(models="aimlapi/m"), events.append).run()
    (waiting,) = (event for event in events if isinstance(event, Waiting))
    assert (waiting.attempt, waiting.attempts) == (2, 6)
    assert waiting.why == f"429 from 127.0.0.1:{server.port}: slow down"


def test_the_plan_in_numbers_is_what_the_run_then_does(project: Project) -> None:
    project.write("a.yaml", yes_spec("yes", "no", "maybe"))
    project.session(models="echo/x", limit=1)
    forecast = Session(project.settings(models="echo/x")).forecast()
    assert (forecast.trials, forecast.to_ask, forecast.recorded, forecast.asked) == (3, 2, 1, (("echo", "x"),))
    run = project.session(models="echo/x")
    (column,) = run.info.columns
    assert (column.spending.fresh, column.spending.replayed) == (2, 1)
    offline = Session(project.settings(models="echo/y", offline=True)).forecast()
    assert (offline.trials, offline.to_ask, offline.recorded, offline.asked) == (3, 0, 0, ())


def test_a_run_keeps_its_specs_its_size_and_its_end(project: Project) -> None:
    project.write("a.yaml", yes_spec("yes", "no") + "gate: {pass_rate: 0.5}\n")
    run = project.session(models="echo/x")
    stored = read_run(find_run(project.folder / "reports"))
    assert stored.info == run.info
    assert (run.info.planned, run.info.state, run.info.exit_code) == (2, "finished", 0)
    ((spec, verdict),) = zip(run.info.specs, (column.verdict for column in run.info.columns), strict=True)
    assert (spec.name, [rule.pass_rate for rule in spec.gate], verdict) == ("a", [0.5], "holds")


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        (("{pass_rate: 1}", "{pass_rate: 1}"), 1),
        (("{pass_rate: 0.5}", "{pass_rate: 0.5}"), 0),
        (("{pass_rate: 0.5}", "{pass_rate: 1}"), 1),
    ],
)
def test_the_worst_column_is_the_exit_of_the_run(gates: tuple[str, str], code: int, project: Project) -> None:
    for name, gate in zip("ab", gates, strict=True):
        project.write(f"{name}.yaml", yes_spec("yes", "no") + f"gate: {gate}\n")
    assert project.session(models="echo/x").info.exit_code == code


ANSWERS = """
- {when: {contains: yes}, reply: yes}
- {when: {contains: no}, reply: no}
- {when: {contains: broken}, reply: {error: 400}}
"""


@pytest.mark.parametrize(
    ("words", "gate", "code"),
    [
        (("yes", "broken"), "", 3),  # it could have passed
        (("no", "broken"), "", 1),  # it fails even so
        (("yes", "broken"), "gate: {pass_rate: 0.5, max_errors: 1}", 0),  # it holds even so
        (("yes", "broken"), "gate: {pass_rate: 0.5}", 3),  # no error is accepted
        (("yes", "no", "broken"), "gate: {pass_rate: 0.6, max_errors: 1}", 3),
        (("yes", "no", "broken"), "gate: {pass_rate: 0.7, max_errors: 1}", 1),
        (("broken",), "gate: {max_errors: 1}", 3),  # nothing was decided
    ],
)
def test_errors_are_in_no_denominator_and_leave_open_what_they_could_decide(
    words: tuple[str, ...], gate: str, code: int, project: Project
) -> None:
    project.write("answers.yaml", ANSWERS)
    project.write("specs/a.yaml", yes_spec(*words) + gate)
    assert project.session("specs", models="scripted/answers.yaml").info.exit_code == code


def test_trials_of_a_case_count_together(project: Project) -> None:
    project.write("dice.yaml", "- {reply: {one_of: [{p: 0.5, reply: yes}, {p: 0.5, reply: no}]}}\n")
    project.write("specs/a.yaml", yes_spec("one", "two", "three") + "trials: {count: 9, pass: any}\n")
    run = project.session("specs", models="scripted/dice.yaml")
    (column,) = run.info.columns
    assert (column.cases.total, column.trials.total, column.flaky) == (3, 27, 3)
    assert (column.cases.passed, run.info.exit_code) == (3, 0)
    again = project.session("specs", models="scripted/dice.yaml")
    assert [r.reply for r in again.results()] == [r.reply for r in run.results()]
    assert {r.origin for r in again.results()} == {"replayed"}


def test_a_red_build_does_not_turn_green_by_being_run_again(project: Project) -> None:
    project.write("dice.yaml", "- {reply: {one_of: [{p: 0.5, reply: yes}, {p: 0.5, reply: no}]}}\n")
    project.write("specs/a.yaml", yes_spec("one", "two", "three", "four", "five"))
    codes = [
        project.session("specs", models="scripted/dice.yaml", fresh=fresh).info.exit_code for fresh in (False, True)
    ]
    assert codes == [1, 1]


def test_a_plan_needs_no_key(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    assert Session(project.settings(models="aimlapi/m")).forecast().to_ask == 1


class Broken(Exception):
    """What a test breaks a run with."""


def broken_off(project: Project, after: int) -> StoredRun:
    """A run whose listener breaks after so many results, as it is found in its folder."""
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        if sum(isinstance(one, Finished) for one in heard) == after:
            raise Broken

    with pytest.raises(Broken):
        Session(project.settings(models="echo/x", workers=1), hear).run()
    return project.latest()


def test_a_run_that_breaks_in_the_middle_is_readable_and_says_so(project: Project) -> None:
    project.write("a.yaml", yes_spec(*(f"w{number}" for number in range(20))))
    run = broken_off(project, after=5)
    assert (run.info.state, run.info.exit_code, run.info.planned) == ("running", None, 20)
    assert [result.index for result in run.results()] == list(range(5))


def test_a_store_that_breaks_in_the_middle_is_replaced_and_the_run_says_so(project: Project) -> None:
    project.write("a.yaml", yes_spec("one", "two", "three"))

    def hear(event: Event) -> None:
        if isinstance(event, Planned):
            with closing(sqlite3.connect(project.folder / ".evalkit" / "replies.db")) as database, database:
                database.execute("DROP TABLE replies")

    run = Session(project.settings(models="echo/x", workers=1), hear).run()
    assert (run.info.state, [result.origin for result in run.results()]) == ("finished", ["fresh"] * 3)
    assert ["was damaged" in note for note in run.info.notes] == [True]
    again = project.session(models="echo/x")
    assert [result.origin for result in again.results()] == ["replayed"] * 3
