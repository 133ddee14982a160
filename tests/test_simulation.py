"""What the gate promises holds where the truth is known; all of it, with the power of each size: -m prove."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from math import comb
from pathlib import Path
from random import Random

import pytest

from benchmarks.chain import Chain, follow
from benchmarks.figures import Expected, mean, share
from benchmarks.simulate import Cell, Seen, simulate
from benchmarks.suites import Change, suite
from evalkit.records.spec import Method, Regression

ROOT = Path(__file__).resolve().parent.parent
RUNS = 150
METHODS: tuple[Method, ...] = ("fixed", "rounds", "confirm")
FIXED = Regression(method="fixed", max_trials=3)
NOTHING, SPREAD, FEW = Change(), Change("spread", 0.10), Change("few", 0.10)


@cache
def seen(method: Method, change: Change) -> Seen:
    """50 cases; 3 trials of each at once, or up to 5 one by one."""
    return simulate(Cell(50, FIXED if method == "fixed" else Regression(method=method), change), RUNS)


def most_by_chance(rate: float, runs: int) -> int:
    """What an event of this rate exceeds in one of 1,000 simulations."""
    beyond, count = 1.0, -1
    while beyond > 0.001:
        count += 1
        beyond -= comb(runs, count) * rate**count * (1 - rate) ** (runs - count)
    return count


@pytest.mark.parametrize("method", METHODS)
def test_a_change_that_changes_nothing_alarms_once_in_twenty_at_most(method: Method) -> None:
    assert seen(method, NOTHING).verdicts["regressed"] <= most_by_chance(0.05, RUNS)


def test_that_bound_finds_a_gate_that_alarms_too_often() -> None:
    assert seen("fixed", NOTHING).others["any fall"] > 0.9 * RUNS


def test_looking_after_each_round_at_the_same_level_alarms_more_often() -> None:
    found = seen("fixed", NOTHING)
    assert found.others["peeking"] > 1.3 * found.verdicts["regressed"] > 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("change", [Change("spread", 0.05), Change("few", 0.05)], ids=lambda change: change.how)
def test_a_drop_of_the_margin_is_called_no_worse_once_in_fifteen_at_most(method: Method, change: Change) -> None:
    assert seen(method, change).verdicts["no worse"] <= most_by_chance(0.066, RUNS)


@pytest.mark.parametrize(
    ("method", "change", "power"),
    [("fixed", SPREAD, 94), ("fixed", FEW, 93), ("rounds", SPREAD, 99), ("confirm", SPREAD, 88)],
    ids=str,
)
def test_a_drop_of_ten_points_is_found(method: Method, change: Change, power: float) -> None:
    found = share(seen(method, change).verdicts["regressed"], RUNS, Expected(power))
    assert found.is_explained, str(found)


def test_the_paired_test_finds_what_the_unpaired_one_misses() -> None:
    found = seen("fixed", SPREAD)
    assert found.others["unpaired"] < 0.9 * RUNS < found.verdicts["regressed"]


@pytest.mark.parametrize("method", ["fixed", "confirm"])
@pytest.mark.parametrize("change", [NOTHING, SPREAD], ids=str)
def test_the_change_that_is_shown_is_the_true_one_on_average(method: Method, change: Change) -> None:
    off = mean(seen(method, change).off, Expected(0, rounded=0.1))
    assert off.is_explained, str(off)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("change", [NOTHING, SPREAD, FEW], ids=str)
def test_the_interval_misses_the_true_change_once_in_eight_at_most(method: Method, change: Change) -> None:
    assert seen(method, change).missed <= most_by_chance(0.12, RUNS)


@pytest.mark.parametrize(("method", "calls"), [("fixed", 300), ("rounds", 405), ("confirm", 135)])
def test_looking_earlier_saves_calls(method: Method, calls: float) -> None:
    found = mean(seen(method, NOTHING).calls, Expected(calls))
    assert found.is_explained, str(found)


@pytest.mark.parametrize("method", METHODS)
def test_four_columns_alarm_no_more_often_than_one(method: Method) -> None:
    rule = FIXED if method == "fixed" else Regression(method=method)
    found = simulate(Cell(50, rule, NOTHING, columns=4), RUNS)
    assert found.verdicts["regressed"] <= most_by_chance(0.05, RUNS)


def test_who_keeps_the_best_run_as_the_baseline_alarms_at_luck() -> None:
    assert follow(Chain(50, 1, "best"), RUNS).verdicts["regressed"] > 2 * most_by_chance(0.05, RUNS)


@pytest.mark.parametrize("change", [SPREAD, FEW, Change("few", 0.05)], ids=str)
def test_a_change_lowers_the_mean_of_a_suite_by_just_what_it_says(change: Change) -> None:
    before, now = suite(30, change, Random(3))
    assert sum(before) / 30 - sum(now) / 30 == pytest.approx(change.drop, abs=1e-9)
    assert all(0 <= q <= p for p, q in zip(before, now, strict=True))


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    cell = Cell(20, Regression(), SPREAD)
    assert simulate(cell, 20, seed=5) == simulate(cell, 20, seed=5) != simulate(cell, 20, seed=6)


def test_a_figure_that_chance_does_not_explain_is_told() -> None:
    assert [str(share(100, 2000, Expected(value))) for value in (5.2, 9)] == ["5.0 ± 1.0 (5.2)", "**5.0 ± 1.0 (9)**"]
    assert [str(share(140, 2000, Expected(most=most))) for most in (5.5, 4)] == [
        "7.0 ± 1.1 (≤ 5.5)",
        "**7.0 ± 1.1 (≤ 4)**",
    ]
    assert [mean([100, 102, 104], Expected(value)).is_explained for value in (103, 120)] == [True, False]


@pytest.mark.prove
def test_the_tables_of_the_docs_are_what_the_simulation_gives() -> None:
    done = subprocess.run((sys.executable, "-m", "benchmarks.gate"), cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    page = (ROOT / "docs" / "statistics.md").read_text("utf-8")
    assert done.stdout.strip() in page
