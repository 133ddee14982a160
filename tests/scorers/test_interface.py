"""A check and its scorer, bound: what breaks is errored, and nothing a scorer does can stop the run."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.errors import CheckError
from evalkit.records.exchange import Reply
from evalkit.records.result import Answer, Score, not_found, passed
from evalkit.records.spec import Check
from evalkit.scorers.extract import Extraction
from evalkit.scorers.interface import Bound, kind_of, one_line, quoted, text_argument
from tests.scorers.judging import judge

ANSWER = Answer("yes", Reply("yes"), "yes")


class Plugged:
    """A scorer of someone else: gives what it was told to give, or raises it."""

    def __init__(self, gives: Any) -> None:
        self._gives = gives

    def score(self, answer: Answer) -> Score:
        if isinstance(self._gives, BaseException):
            raise self._gives
        given: Score = self._gives
        return given


def score_of(gives: Any) -> Score:
    """The score of a check whose scorer gives this."""
    return Bound(Check("mine"), Plugged(gives), Extraction(())).score(ANSWER)


@pytest.mark.parametrize(
    ("gives", "reason"),
    [
        (CheckError("the judge gave no grade"), "the judge gave no grade"),
        (ValueError("no luck"), "the scorer broke: ValueError: no luck"),
        (KeyError("id"), "the scorer broke: KeyError: 'id'"),
        (RecursionError("deep"), "the scorer broke: RecursionError: deep"),
        (MemoryError(), "the scorer broke: MemoryError: "),
        (AssertionError(), "the scorer broke: AssertionError: "),
        (None, "the scorer gave a null, not a Score"),
        (True, "the scorer gave a boolean, not a Score"),
        (0.5, "the scorer gave a number, not a Score"),
        (object(), "the scorer gave a object, not a Score"),
        (Score(float("nan"), True, ""), "the scorer gave the value nan, which is not from 0 to 1"),
        (Score(float("inf"), True, ""), "the scorer gave the value inf, which is not from 0 to 1"),
        (Score(85, True, ""), "the scorer gave the value 85, which is not from 0 to 1"),
        (Score(-0.1, False, ""), "the scorer gave the value -0.1, which is not from 0 to 1"),
    ],
)
def test_a_scorer_that_breaks_leaves_no_verdict(gives: Any, reason: str) -> None:
    assert score_of(gives) == Score(None, None, reason, "mine", "mine")


@pytest.mark.parametrize("stops", [KeyboardInterrupt(), SystemExit(3)])
def test_what_stops_the_run_is_not_held_up(stops: BaseException) -> None:
    with pytest.raises(type(stops)):
        score_of(stops)


def test_a_score_bears_its_checks_name_and_whether_it_is_advisory() -> None:
    assert score_of(passed("fine", 0.5)) == Score(0.5, True, "fine", "mine", "mine")
    assert score_of(not_found("none")) == Score(0.0, False, "none", "mine", "mine", is_found=False)
    score = judge({"contains": "yes", "name": "agrees", "advisory": True}, "no")
    assert score == Score(0.0, False, 'expected "yes", found "no"', "contains", "agrees", is_advisory=True)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", '""'),
        ("a\n  b\tc\u2028d", '"a b c d"'),
        (" a ", '" a "'),
        ("x" * 80, f'"{"x" * 80}"'),
        ("x" * 81, f'"{"x" * 79}…"'),
        ("x" * 78 + " yz", f'"{"x" * 78}…"'),
        (" " * 400 + "x", '"…"'),
        ("x" + " " * 400 + "y", '"x…"'),
        (5, "5"),
        (None, "null"),
        (["ä", True], '["ä", true]'),
    ],
)
def test_a_value_is_quoted_on_one_line_and_what_is_cut_shows(value: Any, shown: str) -> None:
    assert quoted(value) == shown


def test_a_line_may_be_given_its_length() -> None:
    assert one_line("abcdef", 6) == "abcdef"
    assert one_line("abcdefg", 6) == "abcde…"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "a null"),
        (True, "a boolean"),
        (1, "a number"),
        (1.5, "a number"),
        ("x", "a text"),
        ({}, "a mapping"),
        ([], "a list"),
        ((), "a list"),
        (b"x", "a bytes"),
    ],
)
def test_kinds_have_the_words_of_yaml(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("value", "text"), [("x", "x"), ("x\n", "x"), ("x\n\n", "x\n"), (5, "5"), (1.5, "1.5"), (True, "true")]
)
def test_a_text_is_wanted_and_numbers_are_welcome(value: Any, text: str) -> None:
    assert text_argument(Check("equals"), value) == text
