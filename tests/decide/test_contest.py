"""What a comparison asks for, and what it says in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.decide.contest import Contest, Stage
from evalkit.decide.gate import exit_of
from evalkit.decide.settle import settled, share_out
from evalkit.errors import Exit
from evalkit.records.comparison import Comparison, ComparisonVerdict, Matching
from evalkit.records.spec import Regression, Required
from tests.decide.arms import PLACE, contest_of, played

FIXED = Regression(method="fixed", max_trials=1)
WORSE = "P>F " * 8
EQUAL = "P>P " * 60


def comparison_of(words: str, rule: Regression = FIXED, same: int = 0) -> Comparison:
    (found,) = settled([played(words, rule, same)[0]])
    return found


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (EQUAL, "no worse"),
        ("F>F " * 60, "no worse"),
        (WORSE, "regressed"),
        ("P>P " * 20, "undecided"),  # 20 cases cannot exclude a drop of 5 points
        ("P>F " * 3 + "P>P " * 40, "undecided"),
        ("P>F " * 5 + "P>P " * 40, "regressed"),
        ("F>P " * 30, "no worse"),
        ("P>F", "undecided"),
        ("P>P", "undecided"),
    ],
)
def test_the_verdict_of_one_look_at_one_draw(words: str, verdict: str) -> None:
    assert comparison_of(words).verdict == verdict


@pytest.mark.parametrize(
    ("words", "stages", "verdict"),
    [
        (EQUAL, [Stage(1, 1)], "no worse"),
        ("P>P " * 20, [Stage(1, 1)], "no alarm"),  # nothing differs: there is nothing to look at again
        (WORSE, [Stage(1, 1)], "regressed"),
        (
            "PPPPPP>FFFFFF PPPPPP>FFFFFF P>P P>P",
            [Stage(1, 1), Stage(2, 6, frozenset({"case-0", "case-1"}))],
            "regressed",
        ),
        (
            "PPPPPP>FPPPPP PPPPPP>FPPPPP P>P P>P",
            [Stage(1, 1), Stage(2, 6, frozenset({"case-0", "case-1"}))],
            "no alarm",
        ),
        ("F>P F>P P>P", [Stage(1, 1)], "no alarm"),
    ],
)
def test_confirm_looks_again_only_at_cases_that_differed_and_only_where_they_got_worse(
    words: str, stages: list[Stage], verdict: str
) -> None:
    contest, asked = played(words)
    assert (asked, contest.comparison().verdict) == (stages, verdict)


def test_the_second_look_is_at_fresh_draws_alone() -> None:
    """Case 0 failed at first and never again: an analysis that kept the first draw would count it twice."""
    found = played("PPPPPP>FPPPPP PPPPPP>FPPPPP P>P P>P")[0].comparison()
    assert (found.p, found.second_p) == (0.125, 1.0)


@pytest.mark.parametrize(
    ("words", "stages", "verdict"),
    [
        ("PPPPP>FFFFF " * 8, 1, "regressed"),
        ("PPPPP>PPPPP " * 20, 4, "no worse"),  # a round less than there are
        ("PPPPP>PPPPP " * 200, 1, "no worse"),
        ("PPPPP>PPPPP " * 4, 5, "undecided"),
    ],
)
def test_rounds_end_as_soon_as_it_is_decided(words: str, stages: int, verdict: str) -> None:
    contest, asked = played(words, Regression(method="rounds"))
    assert (asked, contest.comparison().verdict) == ([Stage(n, n) for n in range(1, stages + 1)], verdict)


def test_a_case_that_is_the_same_in_both_arms_counts_in_the_rates_and_in_no_test() -> None:
    found = comparison_of("P>F P>F", same=38)
    assert (found.before, found.now) == (1.0, 0.95)
    assert found.effect == pytest.approx(-0.05)
    assert found.matching == Matching(matched=40, tested=2)
    assert found.interval
    assert found.interval.low >= -0.05, "only two cases can have changed"


def test_what_the_second_look_of_confirm_asks_again_does_not_say_how_large_the_change_is() -> None:
    """It asks only the cases that differed; those that are alike by luck would make the change look smaller."""
    found = played("PPPPPP>FPPPPP PPPPPP>FPPPPP P>P P>P")[0].comparison()
    assert (found.before, found.now) == (1.0, 0.5)
    assert found.effect == pytest.approx(-0.5)
    assert found.draws == (14, 14)


def test_only_what_could_have_changed_bounds_the_drop() -> None:
    """One of 50 cases differs: however it goes, the drop is at most 2 points, less than the margin."""
    assert comparison_of("P>F", same=49).verdict == "no worse"


def test_nothing_that_differs_is_unchanged_and_asks_for_nothing() -> None:
    contest = contest_of("", same=3)
    assert (contest.next_stage(), contest.comparison().verdict) == (None, "unchanged")


def test_fewer_than_half_of_the_cases_matched_cannot_be_judged_and_asks_for_nothing() -> None:
    contest = contest_of("P>P", matching=Matching(matched=1, tested=1, new=("a", "b")))
    found = contest.comparison()
    assert contest.next_stage() is None
    assert (found.verdict, found.reason) == (
        "cannot judge",
        "only 1 of its 3 cases are in the baseline with the same content",
    )


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("P>P " * 99 + "P>E", "no worse"),
        ("P>P " * 60 + "P>E", "undecided"),  # a failure in its place would leave it open
        ("P>F " * 5 + "P>P " * 34 + "P>E", "regressed"),
        ("P>F " * 5 + "P>P " * 34 + "E>F", "regressed"),
        ("P>F " * 5 + "F>P " + "P>P " * 34 + "F>E", "undecided"),  # a pass in its place would not be an alarm
        ("P>P " * 90 + "P>E " * 10, "cannot judge"),
        ("P>P " * 90 + "E>P " * 10, "cannot judge"),
    ],
)
def test_what_is_missing_may_not_make_a_verdict(words: str, verdict: str) -> None:
    assert comparison_of(words).verdict == verdict


def test_what_has_no_recording_cannot_be_judged_here() -> None:
    found = comparison_of("P>N " * 3 + "P>P " * 7)
    assert (found.verdict, exit_of(found)) == ("cannot judge", Exit.NOTHING_MEASURED)
    assert found.reason == "3 of its 10 matched cases have no recording on a side"


@pytest.mark.parametrize(
    ("verdict", "require", "code"),
    [
        ("unchanged", "", 0),
        ("no worse", "", 0),
        ("no alarm", "", 0),
        ("undecided", "", 0),
        ("regressed", "", 1),
        ("cannot judge", "", 3),
        ("unchanged", "no worse", 0),
        ("no worse", "no worse", 0),
        ("no alarm", "no worse", 1),
        ("undecided", "no worse", 1),
        ("regressed", "no worse", 1),
        ("cannot judge", "no worse", 3),
    ],
)
def test_the_exit_of_each_verdict(verdict: ComparisonVerdict, require: Required, code: int) -> None:
    found = replace(contest_of("", same=1).comparison(), rule=replace(Regression(), require=require))
    assert exit_of(replace(found, verdict=verdict)) == code


def test_columns_that_are_tested_share_the_chance_of_a_false_alarm() -> None:
    contests = [contest_of(WORSE), contest_of(WORSE), contest_of("", same=4)]
    share_out(contests)
    assert [contest.level for contest in contests] == [0.025, 0.025, 0.05]


def test_several_columns_at_once_are_adjusted_after_holm() -> None:
    """p is 1/32 for each: an alarm alone, none beside another."""

    def five() -> Contest:
        return played("P>F " * 5 + "P>P " * 40, FIXED)[0]

    alone, beside, other = five(), five(), five()
    assert [found.verdict for found in settled([alone])] == ["regressed"]
    assert alone.comparison().p == pytest.approx(1 / 64)
    together = settled([beside, other, five(), five()])
    assert {(found.verdict, found.reason) for found in together} == {
        ("undecided", "its p value would do for one column, not for several")
    }


def test_the_cases_that_moved_are_told_largest_first() -> None:
    rule = Regression(method="fixed", max_trials=2)
    found = comparison_of("PP>PF PP>FF FF>PP PP>PP FF>FP", rule)
    assert [(m.case, m.change, m.where.line) for m in found.worse] == [("case-1", -1.0, 7), ("case-0", -0.5, 7)]
    assert [(m.case, m.change) for m in found.better] == [("case-2", 1.0), ("case-4", 0.5)]
    assert (found.flaky, found.draws) == (2, (10, 10))


def test_it_says_what_it_could_have_seen() -> None:
    """Also without a discordant pair: a drop of d is d discordant pairs. And 52 draws for a margin of 5 points."""
    found = comparison_of("P>P " * 20)
    assert found.reach == pytest.approx(6.18 / 20, abs=1e-3)
    assert found.more == 52 - 20


def test_cases_are_counted_by_the_draws_that_tell_the_change_and_shown_with_all_of_them() -> None:
    """Two cases fall at first; one of them for good, the other gains what it lost. The rates fall by both."""
    found = played("PPPPPP>FFFFFF PFFFFF>FPPPPP P>P P>P")[0].comparison()
    assert (found.before, found.now) == (1.0, 0.5)
    assert [(m.case, m.before, m.now) for m in found.worse] == [("case-0", 6, 0), ("case-1", 1, 5)]
    assert found.better == ()


def test_the_interval_has_the_confidence_of_the_two_decisions() -> None:
    usual = comparison_of("P>P " * 50)
    sure = comparison_of("P>P " * 50, Regression(alpha=0.01, method="fixed", max_trials=1))
    assert (usual.confidence, sure.confidence) == (0.9, 0.98)
    assert sure.interval
    assert usual.interval
    assert sure.interval.low < usual.interval.low


def test_a_budget_does_not_undo_what_several_columns_share() -> None:
    """One of the cases was not bought; the p value is still adjusted for the other columns."""

    def five() -> Contest:
        contest = played("P>F " * 5 + "P>P " * 40, FIXED)[0]
        contest.test("unbought", PLACE, "")
        return contest

    assert {found.verdict for found in settled([five() for _ in range(4)])} == {"undecided"}
    (alone,) = settled([five()])
    assert (alone.verdict, alone.reason) == ("regressed", "the budget bought 45 of its 46 tested cases")
