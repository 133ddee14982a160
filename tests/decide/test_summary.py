"""The numbers of every column, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.decide.counts import case_outcome, percentile
from evalkit.decide.summary import summarise
from evalkit.records.exchange import Call, Reply, Request, Usage
from evalkit.records.result import Column, Outcome, Result, Score
from evalkit.records.run import Estimate, Metric, Spending, Tally
from evalkit.stats.intervals import wilson
from tests.decide.results import results, summary_of

REQUEST = Request("echo", "x", ())
LETTERS = {"P": Outcome.PASSED, "F": Outcome.FAILED, "E": Outcome.ERRORED, "U": Outcome.SKIPPED}

# draws, how many must pass, and the case's outcome
DRAWS = [
    ("P", 1, "passed"),
    ("F", 1, "failed"),
    ("E", 1, "errored"),
    ("U", 1, "skipped"),
    ("PPP", 3, "passed"),
    ("PPF", 3, "failed"),
    ("PPE", 3, "errored"),
    ("PFE", 3, "failed"),
    ("PPE", 2, "passed"),
    ("PFE", 2, "errored"),
    ("PFU", 2, "errored"),
    ("FFE", 2, "failed"),
    ("FFF", 1, "failed"),
    ("FFE", 1, "errored"),
    ("FFP", 1, "passed"),
    ("EEP", 1, "passed"),
    ("EEE", 1, "errored"),
    ("EUU", 1, "errored"),
    ("UUU", 1, "skipped"),
    ("PP", 3, "errored"),  # broken off: the third draw is open
    ("F", 3, "failed"),
    ("FP", 3, "failed"),
]
CASES = [
    ("P", Tally(passed=1), Tally(passed=1)),
    ("P F E U S N", Tally(1, 1, 1, 1, 1, 1), Tally(1, 1, 1, 1, 1, 1)),
    ("PP PF FF", Tally(passed=1, failed=2), Tally(passed=3, failed=3)),
    ("PE FE EE", Tally(failed=1, errored=2), Tally(passed=1, failed=1, errored=4)),
    ("PU UU SS", Tally(errored=1, unasked=1, skipped=1), Tally(passed=1, unasked=3, skipped=2)),
    # a case that only lacks recordings counts as that; what is left out leaves it out
    ("PN NN NS", Tally(unrecorded=3), Tally(passed=1, unrecorded=4, skipped=1)),
    ("FN EN UN", Tally(failed=1, errored=1, unasked=1), Tally(failed=1, errored=1, unasked=1, unrecorded=3)),
    ("PUN PS", Tally(errored=1, skipped=1), Tally(passed=2, unasked=1, unrecorded=1, skipped=1)),
]


def rate(passed: int, decided: int) -> Estimate:
    """A share with its interval."""
    return Estimate(passed / decided, *wilson(passed, decided), decided)


@pytest.mark.parametrize(("draws", "needed", "outcome"), DRAWS)
def test_a_case_is_decided_when_its_open_draws_could_not_change_it(draws: str, needed: int, outcome: str) -> None:
    assert case_outcome(Counter(LETTERS[letter] for letter in draws), needed) == outcome


def test_a_case_is_what_no_outcome_of_its_open_draws_could_change() -> None:
    for draws in product("PFE", repeat=4):
        for needed in (1, 2, 3, 4):
            worlds = product(*(("PF" if letter == "E" else letter) for letter in draws))
            sayings = {world.count("P") >= needed for world in worlds}
            wanted = "errored" if len(sayings) == 2 else "passed" if sayings == {True} else "failed"
            assert case_outcome(Counter(LETTERS[letter] for letter in draws), needed) == wanted


@pytest.mark.parametrize(("words", "cases", "trials"), CASES)
def test_cases_and_trials_are_counted(words: str, cases: Tally, trials: Tally) -> None:
    column = summary_of(results(words))
    assert (column.cases, column.trials) == (cases, trials)
    assert column.pass_rate == (rate(cases.passed, cases.decided) if cases.decided else None)
    assert column.trial_pass_rate == (rate(trials.passed, trials.decided) if trials.decided else None)


def test_without_a_verdict_there_is_no_number() -> None:
    column = summary_of(results("E U S"))
    assert (column.pass_rate, column.trial_pass_rate, column.mean_score, column.metrics) == (None, None, None, {})
    assert (column.p50_seconds, column.p95_seconds) == (None, None)


def test_columns_keep_the_order_in_which_they_come() -> None:
    found = [
        replace(result, model=model, variant=variant)
        for result in results("P F")
        for model, variant in (("b/x", ""), ("a/x", "terse"), ("b/x", "terse"))
    ]
    columns = summarise(found, [])
    assert [column.column for column in columns] == [
        Column("spec", "b/x"),
        Column("spec", "a/x", "terse"),
        Column("spec", "b/x", "terse"),
    ]
    assert [column.cases for column in columns] == [Tally(passed=1, failed=1)] * 3
    assert summarise([], []) == ()


@pytest.mark.parametrize(
    ("words", "flaky"), [("PF PP FF", 1), ("PFP FPF", 2), ("PE FE", 0), ("P F", 0), ("PFE", 1), ("FEP PP", 1)]
)
def test_a_case_that_both_passed_and_failed_is_flaky(words: str, flaky: int) -> None:
    assert summary_of(results(words, needed=1)).flaky == flaky


def with_scores(*scores: Score, outcome: Outcome = Outcome.PASSED) -> Result:
    """A trial with these scores."""
    (result,) = results("P")
    return replace(result, scores=scores, outcome=outcome)


def a_score(value: float | None, name: str = "a", **fields: Any) -> Score:
    """A score of this value."""
    return replace(Score(value, None if value is None else value > 0, "", "equals", name), **fields)


def numbered(found: Iterable[Result]) -> list[Result]:
    """The same trials, each of a case of its own."""
    return [replace(result, index=index, case=f"case-{index}") for index, result in enumerate(found)]


def test_a_trials_score_is_the_mean_of_its_checks_and_advisory_ones_are_apart() -> None:
    found = [
        with_scores(a_score(1.0), a_score(0.5, "b")),
        with_scores(a_score(0.0), a_score(1.0, "b", is_advisory=True), outcome=Outcome.FAILED),
        with_scores(a_score(1.0), a_score(None, "b"), outcome=Outcome.ERRORED),
        with_scores(a_score(1.0, "b", is_advisory=True)),
    ]
    assert summary_of(numbered(found)).mean_score == (0.75 + 0.0) / 2


def test_every_name_of_a_check_is_a_metric_of_the_trials_with_a_verdict() -> None:
    found = [
        with_scores(a_score(1.0), a_score(0.5, "b")),
        with_scores(a_score(0.0), a_score(1.0, "b", is_advisory=True), outcome=Outcome.FAILED),
        with_scores(a_score(1.0), a_score(None, "b"), outcome=Outcome.ERRORED),
        with_scores(a_score(None, "c", is_advisory=True)),
    ]
    assert summary_of(numbered(found)).metrics == {
        "a": Metric(0.5, *wilson(1.0, 2), 2),
        "b": Metric(0.75, *wilson(1.5, 2), 2),
    }


def test_derived_metrics_follow_those_they_are_made_of() -> None:
    derived = {"both": "a + b", "half": "both / 2", "none": "c + 1", "word": "'x'"}
    metrics = summary_of([with_scores(a_score(1.0), a_score(0.5, "b"))], metrics=derived).metrics
    assert {name: metric.value for name, metric in metrics.items()} == {"a": 1.0, "b": 0.5, "both": 1.5, "half": 0.75}
    assert metrics["both"] == Metric(1.5)


def with_calls(*calls: Call) -> Result:
    """A trial with these calls."""
    (result,) = results("P")
    return replace(result, calls=calls)


def a_call(reply: Reply | None, **fields: Any) -> Call:
    """A fresh call of the tested model."""
    return replace(Call(REQUEST, reply), **fields)


PRICED = Reply("x", usd=0.5, usage=Usage(10, 2), seconds=1.0, model="served-1")
FREE = replace(PRICED, usd=0.0, seconds=3.0, model="")
UNPRICED = replace(PRICED, usd=None, usage=Usage(None, 3), seconds=2.0, model="served-2")


@pytest.mark.parametrize(
    ("calls", "spending"),
    [
        ([], Spending()),
        ([a_call(PRICED)], Spending(fresh=1, prompt_tokens=10, completion_tokens=2, usd=0.5)),
        ([a_call(FREE)], Spending(fresh=1, prompt_tokens=10, completion_tokens=2)),
        ([a_call(UNPRICED)], Spending(fresh=1, completion_tokens=3, unpriced=1)),
        ([a_call(None)], Spending(fresh=1)),
        ([a_call(PRICED, origin="replayed")], Spending(replayed=1, prompt_tokens=10, completion_tokens=2)),
        ([a_call(UNPRICED, origin="replayed")], Spending(replayed=1, completion_tokens=3)),
        (
            [a_call(PRICED), a_call(UNPRICED), a_call(PRICED, origin="replayed", role="judge")],
            Spending(fresh=2, replayed=1, prompt_tokens=20, completion_tokens=7, usd=0.5, unpriced=1),
        ),
    ],
)
def test_only_fresh_calls_cost_and_a_price_not_known_is_not_zero(calls: list[Call], spending: Spending) -> None:
    assert summary_of([with_calls(*calls)]).spending == spending


def test_times_are_those_of_fresh_replies() -> None:
    found = [with_calls(a_call(PRICED), a_call(FREE)), with_calls(a_call(UNPRICED, origin="replayed"), a_call(None))]
    column = summary_of(numbered(found))
    assert (column.p50_seconds, column.p95_seconds) == (1.0, 3.0)


def test_served_models_are_named_once_and_ten_are_enough() -> None:
    many = [with_calls(a_call(replace(PRICED, model=f"served-{number % 12}"))) for number in range(24)]
    assert summary_of(numbered(many)).served == tuple(f"served-{number}" for number in range(10))
    assert summary_of([with_calls(a_call(FREE), a_call(None))]).served == ()


def test_replies_that_ran_out_of_tokens_are_counted() -> None:
    cut = replace(PRICED, finish_reason="length")
    found = [
        with_calls(a_call(cut)),
        with_calls(a_call(cut), a_call(PRICED)),
        with_calls(a_call(PRICED), a_call(cut, role="judge")),
        with_calls(a_call(cut, origin="replayed")),
    ]
    assert summary_of(numbered(found)).cut_off == 2


@pytest.mark.parametrize(
    ("values", "share", "value"),
    [
        ([], 0.5, None),
        ([7.0], 0.0, 7.0),
        ([7.0], 1.0, 7.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 3.0, 2.0, 1.0], 0.5, 2.0),
        ([float(number) for number in range(1, 101)], 0.95, 95.0),
        ([float(number) for number in range(1, 21)], 0.95, 19.0),
        ([1.0, 2.0], 0.95, 2.0),
    ],
)
def test_a_percentile_is_the_nearest_rank(values: list[float], share: float, value: float | None) -> None:
    assert percentile(values, share) == value


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300), st.sampled_from([0.5, 0.95]))
def test_at_least_that_share_does_not_exceed_a_percentile(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    exact = Fraction(str(share)) * len(values)
    assert sum(value <= found for value in values) >= exact
    assert sum(value < found for value in values) < exact
