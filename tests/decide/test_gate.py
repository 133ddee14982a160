"""The one rule for errors, and what a run ends with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.decide.gate import exit_code
from evalkit.errors import Exit
from evalkit.records.exchange import Call, Reply, Request
from evalkit.records.result import Result, Score
from evalkit.records.spec import Limit, Rule
from tests.decide.results import results, summary_of, verdict_of, whole_verdict_of

HALF = Rule(pass_rate=0.5)
TOLERANT = Rule(pass_rate=0.5, max_errors=1)
SKIPPED = "nothing was measured: every case was skipped"

CASES: list[tuple[Rule | None, str, str, str]] = [
    # without a gate every case passes
    (None, "P", "holds", "1 of 1 case passed"),
    (None, "P P P", "holds", "3 of 3 cases passed"),
    (None, "P F", "fails", "1 of 2 cases passed"),
    (None, "P E", "open", "1 case without a verdict could still decide it"),
    (None, "P U", "open", "1 case without a verdict could still decide it"),
    (None, "E E U", "open", "3 cases without a verdict could still decide it"),
    (None, "F E", "fails", "0 of 1 case passed, too few even if the 1 without a verdict had"),
    (None, "P S", "holds", "1 of 1 case passed"),
    (None, "S S", "empty", SKIPPED),
    # what is not recorded is not verified, unless the rule fails whatever it would have given
    (None, "P N", "unrecorded", "1 trial has no recording"),
    (None, "N N E S", "unrecorded", "2 trials have no recording"),
    (None, "F N", "fails", "0 of 1 case passed, too few even if the 1 without a verdict had"),
    (HALF, "P N", "unrecorded", "1 trial has no recording"),
    (HALF, "P P F N", "unrecorded", "1 trial has no recording"),
    (HALF, "F F F N", "fails", "0 of 3 cases passed, too few even if the 1 without a verdict had"),
    (TOLERANT, "P P F N", "unrecorded", "1 trial has no recording"),
    # a share of cases
    (HALF, "P F", "holds", "1 of 2 cases passed"),
    (HALF, "P F F", "fails", "1 of 3 cases passed"),
    (HALF, "F F F E", "fails", "0 of 3 cases passed, too few even if the 1 without a verdict had"),
    (HALF, "P F F E", "open", "1 case without a verdict could still decide it"),
    (HALF, "P F U", "open", "1 case without a verdict could still decide it"),
    (HALF, "P P F E", "open", "1 trial without a verdict, at most 0 accepted"),
    (HALF, "P P P E E", "open", "2 trials without a verdict, at most 0 accepted"),
    (HALF, "E", "open", "1 case without a verdict could still decide it"),
    (HALF, "S", "empty", SKIPPED),
    (HALF, "P S S S", "holds", "1 of 1 case passed"),
    (Rule(pass_rate=0.0), "F F", "holds", "0 of 2 cases passed"),
    (Rule(pass_rate=0.0, max_errors=9), "E E", "open", "no case has a verdict"),
    # accepted errors
    (TOLERANT, "P P F E", "holds", "2 of 3 cases passed"),
    (TOLERANT, "P P P E E", "open", "2 trials without a verdict, at most 1 accepted"),
    (TOLERANT, "P F F E", "open", "1 case without a verdict could still decide it"),
    (TOLERANT, "P P F U", "holds", "2 of 3 cases passed"),
    # accepted errors alone add no pass rule
    (Rule(max_errors=0), "F F", "holds", "0 of 2 cases passed"),
    (Rule(max_errors=0), "F E", "open", "1 trial without a verdict, at most 0 accepted"),
    (Rule(max_errors=1), "F E", "holds", "0 of 1 case passed"),
    (Rule(max_errors=5), "E E", "open", "no case has a verdict"),
    # errors of draws count, also where the case is decided
    (None, "PE", "open", "1 case without a verdict could still decide it"),
    (HALF, "FE PP", "open", "1 trial without a verdict, at most 0 accepted"),
    (TOLERANT, "FE PP", "holds", "1 of 2 cases passed"),
]
WORDS = [
    (Rule(pass_rate=1.0), "every case passes"),
    (Rule(pass_rate=0.8), "pass_rate 0.8"),
    (Rule(pass_rate=1.0, max_errors=2), "pass_rate 1, max_errors 2"),
    (Rule(), "max_errors 0"),
    (Rule(max_errors=3), "max_errors 3"),
    (Rule(mean_score=0.5, p95_seconds=2.0), "mean_score 0.5, p95_seconds 2"),
    (Rule(metrics={"equals": Limit(0.8), "ter": Limit(None, 45.0), "x": Limit(0.1, 0.2)}),
     "equals 0.8, ter at most 45, x 0.1 to 0.2"),
    (Rule(pass_rate=0.8, where="language == 'de'"), "pass_rate 0.8 where language == 'de'"),
    (Rule(pass_rate=0.8, each="language"), "pass_rate 0.8 where each language"),
]  # fmt: skip
VERDICTS = {
    "P": Exit.OK,
    "F": Exit.GATE_FAILED,
    "E": Exit.NO_VERDICT,
    "S": Exit.NOTHING_MEASURED,
    "N": Exit.NOTHING_MEASURED,
}
WORST_FIRST = (Exit.GATE_FAILED, Exit.NO_VERDICT, Exit.NOTHING_MEASURED, Exit.OK)


@pytest.mark.parametrize(("rule", "cases", "verdict", "reason"), CASES)
def test_errors_leave_a_rule_open_that_they_could_decide(
    rule: Rule | None, cases: str, verdict: str, reason: str
) -> None:
    assert verdict_of(cases, rule) == (verdict, reason)


@given(
    counts=st.tuples(*[st.integers(0, 4)] * 6),
    rate=st.integers(0, 20).map(lambda twentieths: twentieths / 20),
    accepted=st.integers(0, 5),
)
def test_a_verdict_is_what_no_outcome_of_the_open_cases_could_change(
    counts: tuple[int, ...], rate: float, accepted: int
) -> None:
    passed, failed, errored, unasked, skipped, unrecorded = counts
    decided, missing = passed + failed, errored + unasked + unrecorded
    if not sum(counts):
        return
    sayings = {passed + more >= rate * (decided + missing) - 1e-9 for more in range(missing + 1)}
    if not decided + missing:
        wanted = "empty"
    elif decided and sayings == {False}:
        wanted = "fails"
    elif unrecorded:
        wanted = "unrecorded"
    elif not decided or len(sayings) == 2:
        wanted = "open"
    else:
        wanted = "holds" if missing <= accepted else "open"
    cases = " ".join("P" * passed + "F" * failed + "E" * errored + "U" * unasked + "S" * skipped + "N" * unrecorded)
    assert verdict_of(cases, Rule(pass_rate=rate, max_errors=accepted))[0] == wanted


@given(st.integers(1, 40).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_exactly_the_share_that_is_wanted_is_enough(share: tuple[int, int]) -> None:
    passed, count = share
    rule = Rule(pass_rate=passed / count)
    assert verdict_of(" ".join("P" * passed + "F" * (count - passed)), rule)[0] == "holds"
    if passed:
        assert verdict_of(" ".join("P" * (passed - 1) + "F" * (count - passed + 1)), rule)[0] == "fails"


@pytest.mark.parametrize(("rule", "words"), WORDS)
def test_a_rule_is_shown_as_it_was_written(rule: Rule, words: str) -> None:
    assert whole_verdict_of(list(results("P")), rule).rule == words


def test_every_rule_of_a_gate_has_its_verdict_and_the_worst_is_the_columns() -> None:
    rules = (Rule(pass_rate=0.5), Rule(pass_rate=0.9), Rule(max_errors=0))
    column = summary_of(results("P F E"), *rules)
    assert [rule.verdict for rule in column.rules] == ["open", "fails", "open"]
    assert column.verdict == "fails"


def scored(values: str) -> list[Result]:
    """Trials of a case each whose advisory check `tone` gave these values; for `-` it broke, for `E` the trial did."""
    found = []
    for number, value in enumerate(values.split()):
        (result,) = results("E" if value == "E" else "P")
        tone = Score(None, None, "") if value == "-" else Score(float(value), True, "") if value != "E" else None
        added = (replace(tone, scorer="judge", name="tone", is_advisory=True),) if tone else ()
        found.append(replace(result, case=f"case-{number}", scores=result.scores + added))
    return found


FLOOR = {"tone": Limit(0.6)}
CEILING = {"tone": Limit(None, 0.6)}
METRICS: list[tuple[Mapping[str, Limit], int, str, str, str]] = [
    (FLOOR, 0, "0.5 0.7", "holds", "`tone` is 0.6"),
    (FLOOR, 0, "0.5 0.6", "fails", "`tone` is 0.55"),
    (FLOOR, 0, "0.6 0.5999", "fails", "`tone` is 0.59995"),
    (FLOOR, 0, "1 1 E", "open", "1 trial without a verdict, at most 0 accepted"),
    (FLOOR, 1, "1 1 E", "holds", "`tone` is 1"),
    (FLOOR, 9, "1 0.5 E", "open", "`tone` is 0.75; 1 trial without a verdict could still decide it"),
    (FLOOR, 0, "0 0 0 E", "fails", "`tone` is 0, also if the trials without a verdict were counted"),
    # a check that broke in a trial that has a verdict leaves the metric as open as an error does
    (FLOOR, 0, "1 -", "open", "`tone` is 1; 1 trial without a verdict could still decide it"),
    (FLOOR, 0, "1 1 -", "holds", "`tone` is 1"),
    (FLOOR, 0, "- -", "open", "no trial gives `tone`"),
    ({"tune": Limit(0.6)}, 0, "1", "empty", "no trial gives `tune`"),
    (CEILING, 0, "0.5 0.7", "holds", "`tone` is 0.6"),
    (CEILING, 0, "0.7", "fails", "`tone` is 0.7"),
    (CEILING, 9, "0.5 E", "open", "`tone` is 0.5; 1 trial without a verdict could still decide it"),
    ({"tone": Limit(0.4, 0.6)}, 0, "0.5", "holds", "`tone` is 0.5"),
    ({"tone": Limit(0.4, 0.6)}, 0, "0.3", "fails", "`tone` is 0.3"),
]


@pytest.mark.parametrize(("limits", "accepted", "values", "verdict", "reason"), METRICS)
def test_a_metric_holds_whatever_the_missing_values_would_have_been(
    limits: Mapping[str, Limit], accepted: int, values: str, verdict: str, reason: str
) -> None:
    assert verdict_of(scored(values), Rule(metrics=limits, max_errors=accepted)) == (verdict, reason)


@pytest.mark.parametrize(
    ("expression", "values", "verdict", "reason"),
    [
        ("1 - tone", "0.25", "holds", "`d` is 0.75"),
        ("1 - tone", "0.75", "fails", "`d` is 0.25"),
        ("1 - tone", "0.25 E", "open", "`d` is 0.75; 1 trial without a verdict could change it"),
        ("1 - tone", "0.25 -", "open", "`d` is 0.75; 1 trial without a verdict could change it"),
        ("1 / (1 - tone)", "1", "open", "`d` cannot be computed: the template failed: float division by zero"),
        ("1 - tune", "1", "open", "`d` cannot be computed: `tune` is undefined"),
        ("'high'", "1", "open", "`d` cannot be computed: it is no number"),
        ("tone > 0", "1", "open", "`d` cannot be computed: it is no number"),
    ],
)
def test_a_derived_metric_is_computed_from_the_others(expression: str, values: str, verdict: str, reason: str) -> None:
    rule = Rule(metrics={"d": Limit(0.5)}, max_errors=9)
    assert verdict_of(scored(values), rule, metrics={"d": expression}) == (verdict, reason)


def timed(*seconds: float, origin: Any = "fresh") -> list[Result]:
    """Trials of a case each whose replies took so long."""
    request = Request("echo", "x", ())
    calls = [(Call(request, Reply("", seconds=taken), origin=origin),) for taken in seconds]
    trials = results(" ".join("P" * len(seconds)))
    return [replace(result, calls=call) for result, call in zip(trials, calls, strict=True)]


@pytest.mark.parametrize(
    ("found", "verdict", "reason"),
    [
        (timed(1.0, 2.0), "holds", "95 % of the fresh replies took at most 2 s"),
        (timed(*[1.0] * 19, 9.0), "holds", "95 % of the fresh replies took at most 1 s"),
        (timed(*[1.0] * 18, 9.0), "fails", "95 % of the fresh replies took at most 9 s"),
        (timed(2.0001), "fails", "95 % of the fresh replies took at most 2.0001 s"),
        (timed(9.0, origin="replayed"), "empty", "no reply is fresh, so no time was measured"),
    ],
)
def test_times_are_those_of_fresh_replies(found: list[Result], verdict: str, reason: str) -> None:
    assert verdict_of(found, Rule(p95_seconds=2.0)) == (verdict, reason)


def test_a_rule_about_times_and_passes_holds_on_replayed_replies_for_its_passes() -> None:
    assert verdict_of(timed(9.0, origin="replayed"), Rule(pass_rate=1.0, p95_seconds=2.0))[0] == "holds"


def test_a_rule_with_a_scope_is_judged_on_its_cases_alone() -> None:
    german = list(results("P P F", scopes={0: "de"}))
    japanese = [replace(result, case=f"ja-{result.case}") for result in results("F E", scopes={0: "ja"})]
    column = summary_of(german + japanese, Rule(pass_rate=0.6, each="language"))
    assert [(rule.rule, rule.verdict) for rule in column.rules] == [
        ("pass_rate 0.6 where language = de", "holds"),
        ("pass_rate 0.6 where language = ja", "fails"),
    ]
    other = summary_of(german, Rule(pass_rate=0.6), Rule(pass_rate=0.6, where="language == 'fr'"))
    assert [(rule.verdict, rule.reason) for rule in other.rules] == [
        ("holds", "2 of 3 cases passed"),
        ("empty", "no case that it is about was asked"),
    ]


def test_a_trial_without_a_recording_leaves_its_column_unverified_whichever_rules_it_belongs_to() -> None:
    german, other = list(results("P P", scopes={0: "de"})), [replace(next(results("N")), case="other")]
    column = summary_of(german + other, Rule(pass_rate=1.0, each="language"))
    assert ([rule.verdict for rule in column.rules], column.verdict) == (["holds"], "unrecorded")
    failing = summary_of([*results("F", scopes={0: "de"}), *other], Rule(pass_rate=1.0, each="language"))
    assert failing.verdict == "fails"


def test_a_run_ends_with_the_worst_of_its_columns() -> None:
    assert exit_code([]) == Exit.NOTHING_MEASURED
    for letters in product("PFESN", repeat=3):
        exits = {VERDICTS[letter] for letter in letters}
        wanted = next(code for code in WORST_FIRST if code in exits)
        assert exit_code([summary_of(results(letter)) for letter in letters]) == wanted, letters
        assert exit_code([summary_of(results(letter)) for letter in letters], "interrupted") == Exit.INTERRUPTED
        assert exit_code([summary_of(results(letter)) for letter in letters], "stopped") == Exit.NO_VERDICT
