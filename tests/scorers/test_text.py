"""equals, contains, starts_with, ends_with, regex."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scorers.judging import CATASTROPHE, ENDLESS, judge, refusal, verdict

CAFE = unicodedata.normalize("NFC", "café")
CAFE_IN_PARTS = unicodedata.normalize("NFD", "café")

EQUALS = [
    ("equals: Paris", "Paris", "passed", 'is "Paris"'),
    ("equals: Paris", "  Paris \n", "passed", 'is "Paris"'),
    ("equals: ' Paris '", "Paris", "passed", 'is " Paris "'),
    ("equals: Paris", "Paris.", "failed", 'expected "Paris", found "Paris."'),
    ("equals: Paris", "paris", "failed", 'expected "Paris", found "paris"'),
    ("{equals: Paris, ignore_case: true}", "PARIS", "passed", 'is "Paris"'),
    ("{equals: STRASSE, ignore_case: true}", "Straße", "passed", 'is "STRASSE"'),
    ("equals: [Paris, Lutetia]", "Lutetia", "passed", 'is "Lutetia"'),
    ("equals: [Paris, Lutetia]", "Rome", "failed", 'expected "Paris" or "Lutetia", found "Rome"'),
    ("equals: [a, b, c, d, e, f]", "g", "failed", 'expected "a" or "b" or "c" or "d" or "e" or …, found "g"'),
    ("equals: 5", "5", "passed", 'is "5"'),
    ("equals: 5", "-5", "failed", 'expected "5", found "-5"'),
    ("equals: -5", "5", "failed", 'expected "-5", found "5"'),
    ("equals: 5", "25", "failed", 'expected "5", found "25"'),
    ("equals: 1234568", "1234567", "failed", 'expected "1234568", found "1234567"'),
    ("equals: true", "true", "passed", 'is "true"'),
    ("equals: true", "True", "failed", 'expected "true", found "True"'),
    ("equals: C", "C++", "failed", 'expected "C", found "C++"'),
    ("equals: C++", "C", "failed", 'expected "C++", found "C"'),
    ("equals: ''", "", "passed", 'is ""'),
    ("equals: ''", "   ", "passed", 'is ""'),
    ("equals: ''", "no", "failed", 'expected "", found "no"'),
    (f"equals: {CAFE}", CAFE_IN_PARTS, "passed", f'is "{CAFE}"'),
    (f"equals: {CAFE_IN_PARTS}", CAFE, "passed", f'is "{CAFE_IN_PARTS}"'),
    ("equals: cafe", CAFE, "failed", f'expected "cafe", found "{CAFE}"'),
]
CONTAINS = [
    ("contains: refund", "We refund you.", "passed", 'contains "refund"'),
    ("contains: refund", "We Refund you.", "failed", 'expected "refund", found "We Refund you."'),
    ("{contains: refund, ignore_case: true}", "We REFUND you.", "passed", 'contains "refund"'),
    ("contains: [refund, return]", "A return, then.", "passed", 'contains "return"'),
    ("contains: [refund, return]", "No.", "failed", 'expected "refund" or "return", found "No."'),
    ("contains: 42", "It is 42.", "passed", 'contains "42"'),
    ("contains: no", "I know that", "passed", 'contains "no"'),  # inside a word, as it says
    (r"regex: \bno\b", "I know that", "failed", r'expected a match of "\bno\b", found "I know that"'),
    ("contains: ' no '", "I know that", "failed", 'expected " no ", found "I know that"'),
    (f"contains: {CAFE}", f"Ein {CAFE_IN_PARTS}!", "passed", f'contains "{CAFE}"'),
    ("contains: cafe", f"Ein {CAFE_IN_PARTS}!", "failed", f'expected "cafe", found "Ein {CAFE_IN_PARTS}!"'),
    ("contains: |\n  refund\n", "a refund, then", "passed", 'contains "refund"'),
    ("contains: a", "", "failed", 'expected "a", found ""'),
]
WHOLE = [
    ("{contains: no, whole_word: true}", "I know that", "failed", 'expected the word "no", found "I know that"'),
    ("{contains: no, whole_word: true}", "Oh no!", "passed", 'contains "no"'),
    ("{contains: no, whole_word: true}", "No.", "failed", 'expected the word "no", found "No."'),
    ("{contains: no, whole_word: true, ignore_case: true}", "No.", "passed", 'contains "no"'),
    ("{contains: [no, never], whole_word: true}", "nowhere, never", "passed", 'contains "never"'),
    ("{contains: [no, never], whole_word: true}", "nor", "failed", 'expected the word "no" or "never", found "nor"'),
    ("{contains: ' no ', whole_word: true}", "no", "passed", 'contains " no "'),
    ("{contains: new york, whole_word: true}", "in new york.", "passed", 'contains "new york"'),
    ("{contains: 5, whole_word: true}", "-5", "failed", 'expected the word "5", found "-5"'),
    ("{contains: 5, whole_word: true}", "2.5 or 5,000", "failed", 'expected the word "5", found "2.5 or 5,000"'),
    ("{contains: C, whole_word: true}", "C++", "failed", 'expected the word "C", found "C++"'),
    ("{contains: C++, whole_word: true}", "in C++.", "passed", 'contains "C++"'),
    ("{contains: 'a{1}', whole_word: true}", "a", "failed", 'expected the word "a{1}", found "a"'),
    ("{starts_with: no, whole_word: true}", "no, thanks", "passed", 'starts with "no"'),
    ("{starts_with: no, whole_word: true}", "nothing", "failed", 'expected the word "no", found "nothing"'),
    ("{starts_with: no, whole_word: true}", "oh no", "failed", 'expected the word "no", found "oh no"'),
    ("{ends_with: no, whole_word: true}", "oh no", "passed", 'ends with "no"'),
    ("{ends_with: no, whole_word: true}", "casino", "failed", 'expected the word "no", found "casino"'),
    ("{ends_with: 5, whole_word: true}", "...25", "failed", 'expected the word "5", found "...25"'),
]
ENDS = [
    ("starts_with: Dear", "Dear Ms Lee,", "passed", 'starts with "Dear"'),
    ("starts_with: Dear", "\n Dear Ms Lee,", "passed", 'starts with "Dear"'),
    ("starts_with: ' Dear'", "Dear Ms Lee,", "passed", 'starts with " Dear"'),
    ("starts_with: Dear", "Oh Dear", "failed", 'expected "Dear", found "Oh Dear"'),
    ("{starts_with: dear, ignore_case: true}", "DEAR Ms Lee,", "passed", 'starts with "dear"'),
    ("starts_with: [Dear, Hello]", "Hello!", "passed", 'starts with "Hello"'),
    ("starts_with: 5", "-5", "failed", 'expected "5", found "-5"'),
    ("ends_with: Regards", "Best Regards \n", "passed", 'ends with "Regards"'),
    ("ends_with: |\n  Regards\n", "Best Regards", "passed", 'ends with "Regards"'),
    ("ends_with: 'Regards '", "Best Regards", "passed", 'ends with "Regards "'),
    ("ends_with: Regards", "Regards, Ann", "failed", 'expected "Regards", found "Regards, Ann"'),
    ("{ends_with: REGARDS, ignore_case: true}", "Regards", "passed", 'ends with "REGARDS"'),
    ("ends_with: [Ann, Bob]", "Yours, Bob", "passed", 'ends with "Bob"'),
    (f"ends_with: {CAFE}", f"un {CAFE_IN_PARTS}", "passed", f'ends with "{CAFE}"'),
    (f"ends_with: {CAFE[-1]}", CAFE_IN_PARTS, "passed", f'ends with "{CAFE[-1]}"'),
    ("ends_with: e", CAFE_IN_PARTS, "failed", f'expected "e", found "{CAFE_IN_PARTS}"'),
]
REGEX = [
    (r"regex: '\bINV-\d{6}\b'", "See INV-123456.", "passed", 'matches "INV-123456"'),
    (
        r"regex: '\bINV-\d{6}\b'",
        "See INV-12345.",
        "failed",
        r'expected a match of "\bINV-\d{6}\b", found "See INV-12345."',
    ),
    ("regex: yes", "YES", "failed", 'expected a match of "yes", found "YES"'),
    ("{regex: yes, flags: i}", "YES", "passed", 'matches "YES"'),
    ("{regex: '^b$', flags: m}", "a\nb", "passed", 'matches "b"'),
    ("regex: '^b$'", "a\nb", "failed", 'expected a match of "^b$", found "a b"'),
    ("{regex: a.b, flags: s}", "a\nb", "passed", 'matches "a b"'),
    ("{regex: a b, flags: x}", "ab", "passed", 'matches "ab"'),
    ("{regex: '^A.B$', flags: ims}", "x\na\nb", "passed", 'matches "a b"'),
    ("regex: '[ab]+'", "xxabba", "passed", 'matches "abba"'),
    ("{regex: '[ab]+', full: true}", "xxabba", "failed", 'expected a match of "[ab]+", found "xxabba"'),
    ("{regex: '[ab]+', full: true}", "abba\n", "passed", 'matches "abba"'),
    ("{regex: 'a|ab', full: true}", "ab", "passed", 'matches "ab"'),
    ("regex: |\n  [ab]+$\n", "xxabba", "passed", 'matches "abba"'),
    (f"regex: ^{CAFE}$", CAFE_IN_PARTS, "passed", f'matches "{CAFE}"'),
    (f"regex: ^{CAFE_IN_PARTS}$", CAFE, "passed", f'matches "{CAFE}"'),
    (f"regex: {CATASTROPHE}", ENDLESS, "errored", "the pattern took more than 1 s"),
]
REFUSED = [
    ("contains: ''", "`contains` has an empty text, which every reply would pass"),
    ("contains: '  '", "`contains` has an empty text, which every reply would pass"),
    ('contains: "\\n"', "`contains` has an empty text, which every reply would pass"),
    ("contains: [refund, '']", "`contains` has an empty text, which every reply would pass"),
    ("starts_with: ''", "`starts_with` has an empty text, which every reply would pass"),
    ("starts_with: ' '", "`starts_with` has an empty text, which every reply would pass"),
    ("ends_with: ''", "`ends_with` has an empty text, which every reply would pass"),
    ('ends_with: "\\n"', "`ends_with` has an empty text, which every reply would pass"),
    ("contains: []", "`contains` has an empty list; no reply could pass"),
    ("not: {contains: ''}", "`contains` has an empty text, which every reply would pass"),
    ("equals: []", "`equals` has an empty list; no reply could pass"),
    ("equals: null", "`equals` takes a text, not a null"),
    ("equals: {a: 1}", "`equals` takes a text, not a mapping"),
    ("contains: [{a: 1}]", "`contains` takes a text, not a mapping"),
    ("contains: [[a]]", "`contains` takes a text, not a list"),
    ("regex: ''", "`regex` takes a pattern"),
    ("regex: null", "`regex` takes a pattern"),
    ("regex: x*", 'the pattern "x*" matches every reply, so the check can never fail'),
    ("regex: .*", 'the pattern ".*" matches every reply, so the check can never fail'),
    ("{regex: '.*', full: true, flags: s}", 'the pattern ".*" matches every reply, so the check can never fail'),
    ("regex: '('", "not a pattern: missing ) at position 1"),
    ("regex: '[a'", "not a pattern: unterminated character set at position 2"),
]


@pytest.mark.parametrize(("check", "reply", "word", "reason"), [*EQUALS, *CONTAINS, *WHOLE, *ENDS, *REGEX])
def test_texts_are_compared_as_written(check: str, reply: str, word: str, reason: str) -> None:
    assert verdict(check, reply) == (word, reason)


@pytest.mark.parametrize(("check", "reason"), REFUSED)
def test_a_check_that_every_reply_or_none_would_pass_is_refused(check: str, reason: str) -> None:
    assert refusal(check) == reason


@given(st.text(min_size=1).filter(lambda text: text.strip()), st.text(), st.text())
def test_a_text_is_found_where_it_was_put(needle: str, before: str, after: str) -> None:
    needle = needle.strip()
    assert judge({"equals": needle}, f" {needle}\n").passed
    assert judge({"contains": needle}, f"{before}\n{needle}\n{after}").passed
    assert judge({"starts_with": needle}, f"{needle}\n{after}").passed
    assert judge({"ends_with": needle}, f"{before}\n{needle}").passed


@given(st.text(max_size=2000))
def test_a_reason_is_one_short_line_whatever_the_reply_is(reply: str) -> None:
    reason = judge("equals: Paris", reply).reason
    assert len(reason) <= 110
    assert len(reason.splitlines()) == 1
