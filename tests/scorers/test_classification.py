"""label."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scorers.judging import judge, refusal, verdict

MOODS = ["positive", "negative"]

LABELS = [
    ("positive", MOODS, "positive", "passed", 'is "positive"'),
    ("positive", MOODS, "Positive.", "passed", 'is "positive"'),
    ("positive", MOODS, "Sentiment: **Positive**!", "passed", 'is "positive"'),
    ("positive", MOODS, "__positive__", "passed", 'is "positive"'),
    ("positive", MOODS, "'positive'", "passed", 'is "positive"'),
    ("positive", MOODS, "-positive", "passed", 'is "positive"'),
    ("positive", MOODS, "positive, very positive", "passed", 'is "positive"'),
    ("positive", MOODS, "Negative", "failed", 'expected "positive", found "negative"'),
    ("positive", MOODS, "", "nothing", 'expected "positive", no label in ""'),
    ("positive", MOODS, "It is good.", "nothing", 'expected "positive", no label in "It is good."'),
    ("positive", MOODS, "positive/negative", "nothing", 'expected one label, found 2: "negative", "positive"'),
    ("positive", MOODS, "not negative but positive", "nothing", 'expected one label, found 2: "negative", "positive"'),
    ("positive", MOODS, "non-positive", "nothing", 'expected "positive", no label in "non-positive"'),
    ("positive", MOODS, "positive-ish", "nothing", 'expected "positive", no label in "positive-ish"'),
    ("positive", MOODS, "unpositive", "nothing", 'expected "positive", no label in "unpositive"'),
    ("positive", MOODS, "very_positive", "nothing", 'expected "positive", no label in "very_positive"'),
    ("positive", MOODS, "very__positive", "nothing", 'expected "positive", no label in "very__positive"'),
    ("positive", MOODS, "positive_1", "nothing", 'expected "positive", no label in "positive_1"'),
    ("no", ["yes", "no"], "I know that", "nothing", 'expected "no", no label in "I know that"'),
    ("can", ["can", "cannot"], "I can't", "nothing", 'expected "can", no label in "I can\'t"'),
    ("can", ["can", "cannot"], "I can’t", "nothing", 'expected "can", no label in "I can’t"'),
    ("can", ["can", "cannot"], "I cannot", "failed", 'expected "can", found "cannot"'),
    ("Ann", ["Ann", "Bob"], "Ann's is right", "passed", 'is "Ann"'),
    ("Ann", ["Ann", "Bob"], "Ann'sson", "nothing", 'expected "Ann", no label in "Ann\'sson"'),
    ("C", ["C", "Java"], "C++", "nothing", 'expected "C", no label in "C++"'),
    ("C", ["C", "Java"], "C#", "nothing", 'expected "C", no label in "C#"'),
    ("C", ["C", "C++"], "C++", "failed", 'expected "C", found "C++"'),
    ("C++", ["C", "C++"], "C++!", "passed", 'is "C++"'),
    ("A", ["A", "B"], "A+", "nothing", 'expected "A", no label in "A+"'),
    ("A", ["A", "B"], "(A) is right", "passed", 'is "A"'),
    ("York", ["York", "New York"], "New York", "failed", 'expected "York", found "New York"'),
    ("safe", ["safe", "not safe"], "Not safe.", "failed", 'expected "safe", found "not safe"'),
    (5, [4, 5], "5", "passed", 'is "5"'),
    (5, [4, 5], "5.", "passed", 'is "5"'),
    (5, [4, 5], "-5", "nothing", 'expected "5", no label in "-5"'),
    (5, [4, 5], "−5", "nothing", 'expected "5", no label in "−5"'),
    (5, [4, 5], "5.5", "nothing", 'expected "5", no label in "5.5"'),
    (5, [4, 5], "4.5", "nothing", 'expected "5", no label in "4.5"'),
    (5, [4, 5], "5,000", "nothing", 'expected "5", no label in "5,000"'),
    (5, [4, 5], "...25", "nothing", 'expected "5", no label in "...25"'),
    (5, [4, 5], "4/5", "nothing", 'expected one label, found 2: "4", "5"'),
    (1, [1, -1], "-1", "failed", 'expected "1", found "-1"'),
    (True, [True, False], "True", "passed", 'is "true"'),
    ("1", ["1", "10"], "10", "failed", 'expected "1", found "10"'),
    ("STRASSE", ["STRASSE", "Weg"], "Straße", "passed", 'is "STRASSE"'),
    ("café", ["café", "bar"], unicodedata.normalize("NFD", "café"), "passed", 'is "café"'),
    ("cafe", ["cafe", "bar"], "café", "nothing", 'expected "cafe", no label in "café"'),
    ("a.b", ["a.b", "c"], "axb", "nothing", 'expected "a.b", no label in "axb"'),
]
REFUSED = [
    ({"label": "a"}, "`label` needs `among`: a list of at least two labels"),
    ({"label": "a", "among": "a, b"}, "`label` needs `among`: a list of at least two labels"),
    ({"label": "a", "among": ["a"]}, "`label` needs `among`: a list of at least two labels"),
    ({"label": "a", "among": ["a", ""]}, "`among` holds an empty label, or one label twice"),
    ({"label": "a", "among": ["a", "A"]}, "`among` holds an empty label, or one label twice"),
    ({"label": "a", "among": ["a", " a\n"]}, "`among` holds an empty label, or one label twice"),
    ({"label": "a", "among": ["a", None]}, "`label` takes a text, not a null"),
    ({"label": None, "among": ["a", "b"]}, "`label` takes a text, not a null"),
    ({"label": ["a"], "among": ["a", "b"]}, "`label` takes a text, not a list"),
    (
        {"label": "postive", "among": MOODS},
        'the label "postive" is not in `among`',
    ),
    (
        {"label": "A", "among": ["a", "b"], "ignore_case": False},
        'the label "A" is not in `among`',
    ),
]


@pytest.mark.parametrize(("label", "among", "reply", "word", "reason"), LABELS)
def test_exactly_the_label_stands_there_as_a_word(
    label: Any, among: list[Any], reply: str, word: str, reason: str
) -> None:
    assert verdict({"label": label, "among": among}, reply) == (word, reason)


def test_case_counts_when_it_is_told_to() -> None:
    check = {"label": "A", "among": ["A", "a"], "ignore_case": False}
    assert verdict(check, "it is a") == ("failed", 'expected "A", found "a"')
    assert verdict(check, "it is A") == ("passed", 'is "A"')


@pytest.mark.parametrize(("check", "reason"), REFUSED)
def test_labels_that_no_reply_could_hold_are_refused(check: dict[str, Any], reason: str) -> None:
    assert refusal(check) == reason


@given(st.text(), st.sampled_from(MOODS))
def test_never_passed_where_the_label_does_not_stand(reply: str, label: str) -> None:
    score = judge({"label": label, "among": MOODS}, reply)
    assert label in reply.casefold() or not score.passed
