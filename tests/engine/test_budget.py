"""A run costs no more than it may, with any number of calls in flight, and says what it could not ask."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from evalkit.engine.budget import WHOLE_RUN, Budget, most_usd
from evalkit.errors import NotAsked, UserError
from evalkit.prices import Tariff
from evalkit.records.exchange import Request
from evalkit.records.machine import Price
from evalkit.records.run import StoredRun
from evalkit.records.spec import Message
from evalkit.reporters.figures import dollars
from tests.projects import Project, keyed, yes_spec
from tests.servers import Answer, Server, failure, reply

PRICES = {"aimlapi/m": Price(input=1.0, output=10.0)}
REQUEST = Request("aimlapi", "m", (Message("user", ""),), {"max_tokens": 90}, spec="a")  # at worst $0.001
WORDS = tuple(f"w{number}" for number in range(200))
BOUNDED = "params: {max_tokens: 8}\n"


def budget(**caps: float) -> Budget:
    """A budget; `whole_run` is that of the run."""
    named = {WHOLE_RUN if name == "whole_run" else name: usd for name, usd in caps.items()}
    return Budget(Tariff(PRICES), named, threading.Event())


def pay(budget: Budget, usd: float | None, request: Request = REQUEST) -> None:
    """A call that costs so much."""
    with budget.reserved(request) as bill:
        bill.usd = usd


def calls_made(budget: Budget, usd: float | None, request: Request = REQUEST) -> int:
    """How many calls of that price are made, one after the other."""
    for number in range(1000):
        try:
            pay(budget, usd, request)
        except NotAsked:
            return number
    return 1000


@pytest.mark.parametrize(
    ("caps", "usd", "calls"),
    [
        ({}, 0.001, 1000),
        ({"whole_run": 0.01}, 0.001, 10),
        ({"whole_run": 0.01}, 0.0, 1000),
        ({"whole_run": 0.01}, 0.0005, 19),  # the 20th could cost 0.001, and 0.0005 are left
        ({"whole_run": 0.01}, None, 10),  # what nobody knows counts at its worst
        ({"whole_run": 0.0009}, 0.0, 0),
        ({"whole_run": 0.01, "a": 0.005}, 0.001, 5),
        ({"whole_run": 0.005, "a": 0.01}, 0.001, 5),
        ({"b": 0.005}, 0.001, 1000),
    ],
)
def test_calls_are_made_while_the_worst_case_fits(caps: dict[str, float], usd: float | None, calls: int) -> None:
    assert calls_made(budget(**caps), usd) == calls


def test_what_is_dearer_than_its_worst_case_has_more_set_aside_from_then_on() -> None:
    spent = budget(whole_run=0.01)
    pay(spent, 0.004)
    assert calls_made(spent, 0.004) == 1
    (note,) = spent.notes()
    assert note == "The budget of $0.01 (--max-usd) is used up: $0.00800 spent, 1 call not made."


def test_the_note_tells_what_was_guessed() -> None:
    spent = budget(a=0.05)
    unbounded = replace(REQUEST, params={})
    pay(spent, None, unbounded)
    assert calls_made(spent, 0.0, unbounded) == 0
    assert list(spent.notes()) == [
        "The budget of $0.05 (`max_usd` of a) is used up: $0 spent, at most $0.0411 on calls of unknown cost, "
        "1 call not made. 4,096 tokens were set aside for each completion that `max_tokens` does not bound."
    ]


def test_a_call_that_does_not_fit_waits_for_what_those_in_flight_leave() -> None:
    shared, made = budget(whole_run=0.0015), threading.Event()

    def second() -> None:
        pay(shared, 0.0004)
        made.set()

    with shared.reserved(REQUEST) as bill:
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not made.wait(0.05)
        bill.usd = 0.0001
    waiting.join(5)
    assert made.is_set()


def test_a_call_that_waits_for_money_ends_with_the_run() -> None:
    stop = threading.Event()
    shared = Budget(Tariff(PRICES), {WHOLE_RUN: 0.001}, stop)
    with shared.reserved(REQUEST):
        stop.set()
        with pytest.raises(NotAsked, match="stopped before it was asked"):
            pay(shared, 0.0)


@pytest.mark.parametrize(
    ("caps", "specs", "usd"),
    [
        ({}, ["a", "b"], None),
        ({"a": 1.0}, ["a", "b"], None),
        ({"a": 1.0, "b": 2.0}, ["a", "b"], 3.0),
        ({"a": 1.0, "b": 2.0}, ["b"], 2.0),
        ({WHOLE_RUN: 2.0, "a": 1.0}, ["a"], 1.0),
        ({WHOLE_RUN: 2.0, "a": 1.0}, ["a", "b"], 2.0),
    ],
)
def test_a_run_may_cost_what_the_lowest_budget_says(caps: dict[str, float], specs: list[str], usd: float) -> None:
    assert most_usd(caps, specs) == usd


def spending(run: StoredRun) -> tuple[float, Counter[str]]:
    """Dollars that the replies cost, and why trials have no verdict."""
    usd = sum(call.reply.usd or 0.0 for result in run.results() for call in result.calls if call.reply)
    return usd, Counter(result.error.kind for result in run.results() if result.error)


def test_64_calls_in_flight_spend_no_more_than_the_budget(project: Project) -> None:
    project.write("a.yaml", BOUNDED + yes_spec(*WORDS))
    used = {"prompt_tokens": 4, "completion_tokens": 7, "total_tokens": 11}  # $0.000074 a call
    with Server(lambda *_: reply("yes", delay=0.005, usage=used)) as server:
        project = replace(project, environ=keyed(server))
        project.write("evalkit.toml", '[prices."aimlapi/m"]\ninput = 1.0\noutput = 10.0\n')
        run = project.session("a.yaml", models="aimlapi/m", max_usd=0.005)
    usd, why = spending(run)
    asked = len(server.seen)
    assert usd == pytest.approx(asked * 0.000074)
    assert 0.005 - 2 * 0.000086 < usd <= 0.005
    assert why == {"budget": 200 - asked}
    assert run.info.notes[0] == (
        f"The budget of $0.005 (--max-usd) is used up: {dollars(usd)} spent, {200 - asked} calls not made."
    )
    assert (run.info.max_usd, run.info.exit_code) == (0.005, 3)


@pytest.mark.parametrize(
    ("params", "prompt"),
    [
        ("{max_tokens: 1}", 80),  # a short prompt in a long template
        (f"{{max_tokens: 1, tools: [{{type: function, function: {{name: {'lookup_' * 400}}}}}]}}", 1200),
    ],
)
def test_what_a_model_reads_besides_the_messages_is_set_aside_before_a_price_is_known(
    params: str, prompt: int, project: Project
) -> None:
    project.write("a.yaml", f"params: {params}\n{yes_spec(*WORDS[:20])}")
    used = {"prompt_tokens": prompt, "completion_tokens": 1}
    cap = 3.5 * prompt * 1e-6
    with Server(lambda *_: reply("yes", delay=0.02, usage=used)) as server:
        project = replace(project, environ=keyed(server))
        run = project.session("a.yaml", models="aimlapi/m", prices=PRICES, max_usd=cap)
    usd, why = spending(run)
    assert 0 < usd <= cap
    assert why["budget"] == 20 - len(server.seen)


def test_every_attempt_that_may_have_been_paid_for_counts_and_is_made_only_if_there_is_money_for_it(
    project: Project,
) -> None:
    project.write("a.yaml", BOUNDED + yes_spec("one"))
    with Server(lambda *_: Answer(body=b'{"choices": [')) as server:
        project = replace(project, environ=keyed(server))
        run = project.session("a.yaml", models="aimlapi/m", prices=PRICES, max_usd=0.0004)
    (result,) = run.results()
    assert len(server.seen) == 2
    assert result.error is not None
    assert result.error.message.endswith("s); no money for another attempt")


def test_an_error_that_costs_nothing_leaves_the_money_for_another_attempt(project: Project) -> None:
    project.write("a.yaml", BOUNDED + yes_spec("one"))
    with Server(lambda number, *_: reply("yes") if number else failure(500, retry_after_ms="1")) as server:
        project = replace(project, environ=keyed(server))
        run = project.session("a.yaml", models="aimlapi/m", prices=PRICES, max_usd=0.0002)
    assert (len(server.seen), run.info.exit_code) == (2, 0)


def test_a_specs_budget_bounds_its_own_calls_alone(project: Project) -> None:
    project.write("a.yaml", BOUNDED + yes_spec(*WORDS[:20]) + "max_usd: 0.0006\n")
    project.write("b.yaml", BOUNDED + yes_spec(*WORDS[20:40]))
    used = {"prompt_tokens": 4, "completion_tokens": 7}
    with Server(lambda *_: reply("yes", usage=used)) as server:
        project = replace(project, environ=keyed(server))
        run = project.session(models="aimlapi/m", prices=PRICES)
    skipped = Counter(result.spec for result in run.results() if result.error)
    assert skipped == {"a": 14}
    assert run.info.max_usd is None


def test_what_is_recorded_costs_nothing_anew(project: Project) -> None:
    project.write("a.yaml", BOUNDED + yes_spec("one", "two"))
    with Server(lambda *_: reply("yes")) as server:
        project = replace(project, environ=keyed(server))
        first = project.session(models="aimlapi/m", prices=PRICES)
        second = project.session(models="aimlapi/m", prices=PRICES, max_usd=1e-9)
    assert [column.spending.usd for run in (first, second) for column in run.info.columns] == [
        pytest.approx(30e-6),
        0.0,
    ]
    assert (second.info.exit_code, second.info.columns[0].spending.unpriced) == (0, 0)


@pytest.mark.parametrize(("status", "asked"), [(500, 6), (400, 3)])
def test_an_error_that_a_server_stated_costs_nothing(status: int, asked: int, project: Project) -> None:
    project.write("a.yaml", BOUNDED + yes_spec(*WORDS[:6]))
    with Server(lambda *_: failure(status, "no")) as server:
        project = replace(project, environ=keyed(server))
        project.session(models="aimlapi/m", prices=PRICES, max_usd=0.0002, workers=1, attempts=1)
    assert len(server.seen) == asked


@pytest.mark.parametrize(
    ("spec", "settings", "said"),
    [
        ("", {"max_usd": 1.0}, "--max-usd cannot be held: the price of `aimlapi/m` is not known"),
        ("max_usd: 1\n", {}, "`max_usd` of a cannot be held: the price of `aimlapi/m` is not known"),
    ],
)
def test_a_budget_for_calls_of_unknown_price_is_an_error_before_any_call(
    spec: str, settings: dict[str, Any], said: str, project: Project
) -> None:
    project.write("a.yaml", yes_spec("one") + spec)
    with Server(lambda *_: reply("yes")) as server:
        project = replace(project, environ=keyed(server))
        with pytest.raises(UserError) as wrong:
            project.session(models="aimlapi/m", **settings)
        project.session(models="echo/x", **settings)
    assert wrong.value.message == said
    assert wrong.value.help.startswith('write [tool.evalkit.prices."aimlapi/m"], and below it input = … and output = …')
    assert server.seen == []


@pytest.mark.parametrize(
    ("files", "arguments", "cost"),
    [
        ({}, ["-m", "echo/x"], "$0"),
        ({}, [], "at most $0.0819, with 4,096 tokens a completion where `max_tokens` is not set"),
        (
            {"b.yaml": yes_spec("four") + "model: aimlapi/other\n"},
            ["-k", "o"],
            "at most $0.0819, and 1 call of unknown",
        ),
    ],
)
def test_the_plan_says_what_the_calls_cost_at_most(
    files: dict[str, str], arguments: list[str], cost: str, project: Project
) -> None:
    project.write("evalkit.toml", '[prices."aimlapi/m"]\ninput = 1.0\noutput = 10.0\n')
    project.write("a.yaml", yes_spec("one", "two") + "model: aimlapi/m\n")
    for name, text in files.items():
        project.write(name, text)
    ran = project.evalkit("run", ".", "--plan", *arguments)
    (line,) = (line for line in ran.out.splitlines() if line.startswith("cost"))
    assert line.startswith(f"cost      {cost}"), ran


def test_a_run_with_a_budget_is_held_to_it_by_its_flag(project: Project) -> None:
    project.write("evalkit.toml", '[prices."aimlapi/m"]\ninput = 1.0\noutput = 10.0\n')
    project.write("a.yaml", BOUNDED + yes_spec(*WORDS[:20]) + "model: aimlapi/m\ngate: {max_errors: 20}\n")
    with Server(lambda *_: Answer(body=reply("yes").body)) as server:
        project = replace(project, environ=keyed(server))
        begun = time.monotonic()
        ran = project.evalkit("run", "a.yaml", "--max-usd", "0.0002")
    assert ran.code == 0, (ran, time.monotonic() - begun)
    assert "The budget of $0.0002 (--max-usd) is used up" in " ".join(ran.out.split())
