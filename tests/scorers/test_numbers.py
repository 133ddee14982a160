"""number, word_count."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.scorers.numbers import numbers_in
from tests.scorers.judging import judge, refusal, verdict

READ = [
    # plain
    ("", []),
    ("none at all", []),
    ("42", ["42"]),
    ("It is 42.", ["42"]),
    ("**42**, `7`, (8), [9], '10'", ["42", "7", "8", "9", "10"]),
    ("3.14159", ["3.14159"]),
    (".5 or -.5", ["0.5", "-0.5"]),
    ("5. Then 6.", ["5", "6"]),
    ("5th of 12kg", ["5", "12"]),
    ("a5 b_6", []),
    # signs
    ("-5", ["-5"]),
    ("+5", ["5"]),
    ("−5 ‑6 –7 －8", ["-5", "-6", "-7", "-8"]),
    ("3-5, pages 3–5", ["3", "5", "3", "5"]),
    ("- 5", ["5"]),
    ("x-5", ["5"]),
    ("x=-5", ["-5"]),
    ("(3,-5)", ["3", "-5"]),
    ("...-5", ["-5"]),
    ("(2)-5", ["2", "5"]),
    ("50%-60%", ["50", "60"]),
    ("2024-01-15", ["2024", "1", "15"]),
    # thousands
    ("1,234", ["1234"]),
    ("1,234,567.89", ["1234567.89"]),
    ("1'234'567 and 1’234", ["1234567", "1234"]),
    ("1\u202f234\u202f567", ["1234567"]),
    ("1\u00a0234 and 1\u2009234", ["1234", "1234"]),
    ("1, 2, 3", ["1", "2", "3"]),
    ("1 234", ["1", "234"]),
    # what may be part of another number is none
    ("...25", ["25"]),
    ("The answer is...25", ["25"]),
    ("1..25", ["1", "25"]),
    ("1.2.3", []),
    ("1.234,56", []),
    ("1,5", []),
    ("1,23,456", []),
    ("1_000", []),
    ("1e5000", []),
    # scientific
    ("1e3 1E+3 1.5e-3", ["1000", "1000", "0.0015"]),
    ("6.02×10^23", ["6.02e23"]),
    ("6.02 × 10²³", ["6.02e23"]),
    ("1.6 × 10⁻¹⁹", ["1.6e-19"]),
    (r"1.6 \times 10^{-19}", ["1.6e-19"]),
    ("3*10^5 = 300000", ["3e5", "300000"]),
    ("10^5", ["1e5"]),
    ("10 and 5", ["10", "5"]),
    # money and percent
    ("$5 €5 5€ US$5 £.50", ["5", "5", "5", "5", "0.50"]),
    ("-$5 $-5 −€5 -US$5 -₹5 -$ 5", ["-5", "-5", "-5", "-5", "-5", "-5"]),
    ("$1,234.50", ["1234.50"]),
    ("12.5 %, 12.5%", ["12.5", "12.5"]),
    ("-5°C", ["-5"]),
    # digits of other scripts
    ("٤٢ and ４２", ["42", "42"]),
]
NUMBER = [
    ("number: 5", "5", "passed", "is 5"),
    ("number: 5", "5.0", "passed", "is 5.0"),
    ("number: 5", "-5", "failed", "expected 5, found -5"),
    ("number: -5", "5", "failed", "expected -5, found 5"),
    ("number: 5", "–5 °C", "failed", "expected 5, found -5"),
    ("number: 5", "The answer is...25", "failed", "expected 5, found 25"),
    ("number: 5", "(3,-5)", "failed", "expected 5, found -5"),
    ("number: 5", "3 × 10^5", "failed", "expected 5, found 300000"),
    ("number: 1", "1_000", "nothing", 'no number in "1_000"'),
    ("number: 1234568", "1234567", "failed", "expected 1234568, found 1234567"),
    ("number: 12345678901234567", "12345678901234568", "failed", "expected 12345678901234567, found 12345678901234568"),
    ("number: 0.3", "0.30000000000000004", "failed", "expected 0.3, found 0.30000000000000004"),
    ("number: 567", "1\u202f234\u202f567", "failed", "expected 567, found 1234567"),
    ("number: 1234.5", "$1,234.50", "passed", "is 1234.50"),
    ("number: '$1,234.50'", "1234.5", "passed", "is 1234.5"),
    ("number: 50", "50%", "passed", "is 50"),
    ("number: 5", "five", "nothing", 'no number in "five"'),
    ("number: 5", "", "nothing", 'no number in ""'),
    ("number: 5", "NaN", "nothing", 'no number in "NaN"'),
    ("not: {number: 5}", "five", "nothing", 'no number in "five"'),
    # which
    ("number: 5", "3 + 2 = 5", "passed", "is 5"),
    ("number: 5", "5, not 3", "failed", "expected 5, found 3"),
    ("{number: 5, which: first}", "5, not 3", "passed", "is 5"),
    ("{number: 5, which: first}", "3 or 5", "failed", "expected 5, found 3"),
    ("{number: 5, which: only}", "It is 5.", "passed", "is 5"),
    ("{number: 5, which: only}", "5 = 5.0", "passed", "is 5.0"),
    ("{number: 5, which: only}", "3 or 5", "nothing", '2 numbers in "3 or 5", only one was wanted'),
    # tolerance, relative: the wider one
    ("{number: 5, tolerance: 0.1}", "5.1", "passed", "is 5.1"),
    ("{number: 5, tolerance: 0.1}", "4.9", "passed", "is 4.9"),
    ("{number: 5, tolerance: 0.1}", "5.11", "failed", "expected 5 ± 0.1, found 5.11"),
    ("{number: -200, relative: 0.05}", "-190", "passed", "is -190"),
    ("{number: -200, relative: 0.05}", "-189", "failed", "expected -200 ± 10.00, found -189"),
    ("{number: 200, relative: 0.05, tolerance: 20}", "220", "passed", "is 220"),
    ("{number: 200, relative: 0.05, tolerance: 1}", "210", "passed", "is 210"),
    ("{number: 0, relative: 0.5}", "0.1", "failed", "expected 0, found 0.1"),
    # ranges
    ("number: {min: 1, max: 10}", "1", "passed", "is 1"),
    ("number: {min: 1, max: 10}", "10.0", "passed", "is 10.0"),
    ("number: {min: 1, max: 10}", "10.01", "failed", "expected 1 to 10, found 10.01"),
    ("number: {min: 1}", "0", "failed", "expected at least 1, found 0"),
    ("number: {max: 10}", "-3", "passed", "is -3"),
    ("number: {max: 10}", "11", "failed", "expected at most 10, found 11"),
    ("number: {min: '1,000'}", "999", "failed", "expected at least 1000, found 999"),
    ("number: {max: 3, x-why: mine}", "3", "passed", "is 3"),
    # JSON
    ("{number: 5, path: total}", '{"total": 5}', "passed", "is 5"),
    ("{number: 5, path: total}", '{"total": "USD 5"}', "passed", "is 5"),
    ("{number: 1, path: ok}", '{"ok": true}', "nothing", 'no number in "true"'),
    ("{number: 5, path: total}", '{"total": null}', "nothing", 'no number in "null"'),
    ("{number: {min: 5}, path: total}", '{"total": 1e999}', "nothing", "the reply is not JSON: a number is too large"),
    (
        "{number: {min: 5}, path: total}",
        '{"total": Infinity}',
        "nothing",
        "the reply is not JSON: Infinity is not JSON",
    ),
]
WORDS = [
    ("word_count: {max: 3}", "one two three", "passed", "3 words"),
    ("word_count: {max: 3}", "one two three four", "failed", "expected at most 3, found 4 words"),
    ("word_count: {min: 2}", "one", "failed", "expected at least 2, found 1 word"),
    ("word_count: {min: 2, max: 3}", "", "failed", "expected 2 to 3, found 0 words"),
    ("word_count: {max: 3}", "", "passed", "0 words"),
    ("word_count: {max: 3}", "a well-known\n\tfact", "passed", "3 words"),
    ("word_count: {max: 3}", "one — two ... three !", "passed", "3 words"),
    ("word_count: {min: 1, max: 1}", "**42**", "passed", "1 word"),
]
REFUSED = [
    ("number: five", '`number` wants one number and got "five"'),
    ("number: ''", '`number` wants one number and got ""'),
    ("number: 3 to 5", '`number` wants one number and got "3 to 5"'),
    ("number: true", "`number` wants a number, not a boolean"),
    ("number: null", "`number` wants a number, not a null"),
    ("number: [5]", "`number` wants a number, not a list"),
    ("number: {}", "`number` takes {min: …, max: …}"),
    ("number: {least: 3}", "`number` takes {min: …, max: …}"),
    ("number: {min: 3, mx: 5}", "`number` takes {min: …, max: …}"),
    ("number: {min: null}", "`number` wants a number, not a null"),
    ("number: {min: 10, max: 1}", "`min` 10 is above `max` 1"),
    ("{number: {min: 1}, tolerance: 1}", "a range has its own ends; `tolerance` and `relative` go with one number"),
    ("{number: {min: 1}, relative: 0.1}", "a range has its own ends; `tolerance` and `relative` go with one number"),
    ("{number: 5, tolerance: -1}", "`tolerance` is below 0"),
    ("{number: 5, tolerance: some}", '`number` wants one number and got "some"'),
    ("{number: 5, relative: 5}", "`relative` is a share, from 0 to below 1: 0.05 is 5 %"),
    ("{number: 5, relative: -0.1}", "`relative` is a share, from 0 to below 1: 0.05 is 5 %"),
    ("{number: 5, relative: 5%}", "a share is written without %: `relative: 0.05` is 5 %"),
    ("{number: 5, tolerance: 5 %}", "a share is written without %: `relative: 0.05` is 5 %"),
    ("word_count: 5", "`word_count` takes {min: …, max: …}"),
    ("word_count: {max: many}", '`word_count` wants one number and got "many"'),
]


@pytest.mark.parametrize(("text", "numbers"), READ)
def test_numbers_are_read_as_people_write_them(text: str, numbers: list[str]) -> None:
    assert numbers_in(text) == [Decimal(number) for number in numbers]


@pytest.mark.parametrize(("check", "reply", "word", "reason"), [*NUMBER, *WORDS])
def test_a_number_is_the_one_in_the_answer(check: str, reply: str, word: str, reason: str) -> None:
    assert verdict(check, reply) == (word, reason)


@pytest.mark.parametrize(("check", "reason"), REFUSED)
def test_an_expected_number_that_is_none_is_refused(check: str, reason: str) -> None:
    assert refusal(check) == reason


@given(st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_a_number_printed_is_read_back(number: Any) -> None:
    assert numbers_in(f"It is {number:f}, I think." if isinstance(number, Decimal) else f"({number})") == [number]
    assert numbers_in(f"= {Decimal(number):,f}; so") == [number]


@given(st.integers(), st.integers(), st.text())
def test_two_numbers_that_differ_are_not_equal(one: int, other: int, text: str) -> None:
    assert judge({"number": one}, str(other)).passed == (one == other)
    assert judge({"number": one, "path": "n"}, f'{{"n": {other}}}').passed == (one == other)
    assert judge({"number": one}, text).outcome != "errored"


def test_a_number_of_any_length_gives_a_short_reason() -> None:
    score = judge("number: 5", "9" * 100_000)
    assert (score.passed, score.reason) == (False, f"expected 5, found {'9' * 79}…")
