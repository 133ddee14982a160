"""From a whole reply to what a check judges: the steps of `extract`, then `path`."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import catalog
from evalkit.records.exchange import Reply
from evalkit.records.result import Answer, Score
from evalkit.scorers.extract import extraction_of
from tests.scorers.judging import CATASTROPHE, ENDLESS, check_of, judge, refusal, verdict

ORDER = '{"id": "A-1", "items": [{"sku": "x", "n": 2}, {"sku": "y", "n": 3}], "by": {"a.b": 1}, "note": null}'

STEPS: list[tuple[Any, str, str]] = [
    ([], "  a\nb ", "a\nb"),
    ("strip", "a", "a"),
    ([{"regex": "=(.*)"}, "strip"], "x= 5 ", "5"),
    ("lowercase", "ÄB", "äb"),
    ("first_line", "\n\n a \nb\n", "a"),
    ("last_line", "a\n b \n\n", "b"),
    ("last_line", "a", "a"),
    ({"regex": "Answer: (.*)"}, "Hm.\nAnswer: 5\nAnswer: 6", "5"),
    ({"regex": "Answer: .*"}, "Hm.\nAnswer: 5", "Answer: 5"),
    ({"regex": "Answer: (.*)", "which": "first"}, "Answer: 5\nAnswer: 6", "5"),
    ({"regex": "Answer: (.*)", "which": "last"}, "Answer: 5\nAnswer: 6", "6"),
    ({"regex": "Answer: (.*)", "which": "only"}, "Answer: 5", "5"),
    ({"regex": "(?P<word>a+)(b+)"}, "aabb", "aa"),
    ({"regex": "(?:a)(b)?"}, "ab", "b"),
    ({"regex": "x*"}, "aaa", ""),
    ({"regex": "Answer: (.*)\n"}, "Answer: 5", "5"),
    ({"between": ["<a>", "</a>"]}, "x <a> 5 </a> <a>6</a>", "5"),
    ({"between": ['"', '"']}, 'say "hi" now', "hi"),
    ({"between": ["(", ")"]}, "f()", ""),
    (["last_line", {"regex": r"\d+"}], "1\nno 23", "23"),
    ([{"between": ["<a>", "</a>"]}, "json", {"regex": r"\d"}], '<a>{"n": 4}</a>', "4"),
]
NOTHING: list[tuple[Any, str, str]] = [
    ("first_line", " \n ", "the reply has no line"),
    ("last_line", "", "the reply has no line"),
    ({"regex": "Answer: (.*)"}, "It is 5.", "the extraction's pattern found nothing"),
    ({"regex": "a", "which": "only"}, "aa", "the extraction's pattern matched 2 times, not once"),
    ({"regex": "a(b)?"}, "ac", "the pattern's group found nothing"),
    ({"between": ["<a>", "</a>"]}, "x <a> 5", "nothing stands between <a> and </a>"),
    ({"between": ["<a>", "</a>"]}, "5 </a>", "nothing stands between <a> and </a>"),
    ({"between": ["<a>", "</a>"]}, "</a> 5 <a>", "nothing stands between <a> and </a>"),
    ("json", "It is 5.", "the reply is not JSON: Expecting value: line 1 column 1 (char 0)"),
    ("json", "", "the reply is not JSON: Expecting value: line 1 column 1 (char 0)"),
    ("json", "[NaN]", "the reply is not JSON: NaN is not JSON"),
    ("json", "[1e999]", "the reply is not JSON: a number is too large"),
    ("json", "9" * 5000, "the reply is not JSON: a number is too large"),
    ("json", "[" * 100_000, "the reply is not JSON: nested too deeply"),
    ("json", "```\n1\n```\n```\n2\n```", "the reply is not JSON: Expecting value: line 1 column 1 (char 0)"),
    ("json", "```\n1\n2\n```", "the reply is not JSON: Extra data: line 2 column 1 (char 2)"),
]
JSON = [
    ("5", 5),
    (' {"a": 1} ', {"a": 1}),
    ('```json\n{"a": 1}\n```', {"a": 1}),
    ('Here it is: ```\n{"a": 1}\n``` Good?', None),
    ('Here it is:\n```\n{"a": 1}\n```\nGood?', {"a": 1}),
    ('```json\r\n{"a": 1}\r\n```\r\n', {"a": 1}),
    ('```json\n{"a": 1}```', {"a": 1}),
    ('  ```json5 \n  {"a": 1}\n  ```  ', {"a": 1}),
    ('```json\n{"code": "```py\\nx\\n```"}\n```', {"code": "```py\nx\n```"}),
    ('```json {"a": 1}\n```', None),
    ('```json\n{"a": 1}', None),
]
PATHS = [
    ("id", "A-1"),
    ("$.id", "A-1"),
    ("items.0.sku", "x"),
    ("items.-1.sku", "y"),
    ("items.*.sku", ["x", "y"]),
    ("items.*.n", [2, 3]),
    ("items.0.*", ["x", 2]),
    ("items.0", {"sku": "x", "n": 2}),
    ("note", None),
    ("by", {"a.b": 1}),
]
LEADS_NOWHERE = [
    ("total", "the reply has no `total` (path `total`)"),
    ("items.2.sku", "the reply has no `2` (path `items.2.sku`)"),
    ("items.-3", "the reply has no `-3` (path `items.-3`)"),
    ("items.sku", "the reply has no `sku` (path `items.sku`)"),
    ("items.*.price", "the reply has no `price` (path `items.*.price`)"),
    ("items.--1", "the reply has no `--1` (path `items.--1`)"),
    ("items.²", "the reply has no `²` (path `items.²`)"),
    ("id.0", "the reply has no `0` (path `id.0`)"),
    ("id.*", "the reply has no `*` (path `id.*`)"),
    ("note.x", "the reply has no `x` (path `note.x`)"),
    ("Id", "the reply has no `Id` (path `Id`)"),
]


def extracted(check: dict[str, Any], reply: str) -> Answer | Score:
    """What a check with this `extract` and `path` would judge."""
    return extraction_of(check_of({"equals": "", **check})).apply(Answer(reply.strip(), Reply(reply), reply.strip()))


@pytest.mark.parametrize(("steps", "reply", "text"), STEPS)
def test_a_step_leads_to_a_text(steps: Any, reply: str, text: str) -> None:
    found = extracted({"extract": steps}, reply)
    assert isinstance(found, Answer)
    assert (found.text, found.value, found.is_parsed) == (text, text, False)


@pytest.mark.parametrize(("steps", "reply", "reason"), NOTHING)
def test_what_finds_nothing_fails_the_check_also_under_not(steps: Any, reply: str, reason: str) -> None:
    check = {"equals": "", "extract": steps}
    assert verdict(check, reply) == ("nothing", reason)
    assert verdict({"not": check}, reply) == ("nothing", reason)


@pytest.mark.parametrize(("reply", "value"), JSON)
def test_json_is_the_whole_reply_or_its_only_code_fence(reply: str, value: Any) -> None:
    found = extracted({"extract": "json"}, reply)
    assert (found.value if isinstance(found, Answer) else None) == value


@pytest.mark.parametrize(("path", "value"), PATHS)
def test_a_path_leads_to_a_value_whose_text_is_compact_json(path: str, value: Any) -> None:
    found = extracted({"path": path}, ORDER)
    assert isinstance(found, Answer)
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    assert (found.text, found.value, found.is_parsed) == (text, value, True)


@pytest.mark.parametrize(("path", "reason"), LEADS_NOWHERE)
def test_a_path_that_leads_nowhere_fails_the_check_also_under_not(path: str, reason: str) -> None:
    assert verdict({"equals": "x", "path": path}, ORDER) == ("nothing", reason)
    assert verdict({"not": {"equals": "x", "path": path}}, ORDER) == ("nothing", reason)


def test_an_empty_list_has_no_values_for_each() -> None:
    assert verdict({"equals": "[]", "path": "items.*.sku"}, '{"items": []}') == ("passed", 'is "[]"')


def test_steps_go_before_the_path_and_the_path_reads_json() -> None:
    check = {"equals": "x", "extract": {"between": ["<a>", "</a>"]}, "path": "sku"}
    assert verdict(check, 'Sure! <a>{"sku": "x"}</a>') == ("passed", 'is "x"')
    assert verdict(check, '{"sku": "x"}') == ("nothing", "nothing stands between <a> and </a>")


def test_the_reasoning_is_judged_where_a_check_says_so() -> None:
    check = catalog.bind(check_of({"equals": "because", "source": "reasoning", "extract": "first_line"}))
    thought = check.score(Answer("yes", Reply("yes", reasoning=" because\nit is "), "yes"))
    assert (thought.passed, thought.reason) == (True, 'is "because"')
    for reasoning in ("", " \n"):
        silent = check.score(Answer("because", Reply("because", reasoning=reasoning), "because"))
        assert (silent.passed, silent.is_found, silent.reason) == (False, False, "the reply has no reasoning")


def test_json_inside_json_is_read_by_a_second_path() -> None:
    check = {"equals": 5, "extract": ["json", {"regex": r"\{.*\}"}], "path": "n"}
    assert verdict(check, '["{\\"n\\": 5}"]') == ("nothing", "the reply is not JSON: Expecting property name enclosed "
                                                  "in double quotes: line 1 column 2 (char 1)")  # fmt: skip
    check = {"equals": 5, "extract": [{"regex": "is (.*)"}, "json"], "path": "n"}
    assert verdict(check, 'it is {"n": 5}') == ("passed", 'is "5"')


def test_a_pattern_without_end_leaves_the_check_without_a_verdict() -> None:
    check = {"equals": "a", "extract": {"regex": CATASTROPHE}}
    assert verdict({"not": check}, ENDLESS) == ("errored", "the pattern took more than 1 s")


def test_searches_at_the_same_time_do_not_use_up_the_limit_of_each_other() -> None:
    length = 10
    begun = time.monotonic()
    while time.monotonic() - begun < 0.15:  # a search that takes about that long, on any machine
        length += 1
        begun = time.monotonic()
        assert verdict({"regex": CATASTROPHE}, "a" * length + "b")[0] == "failed"
    text = "a" * length + "b"
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda number: verdict({"regex": CATASTROPHE}, text)[0], range(16)))
    assert set(outcomes) == {"failed"}


def test_white_space_without_end_in_a_fence_ends_too() -> None:
    assert judge({"equals": "a", "path": "a"}, "```\n" + " " * 400_000 + "x").outcome in ("failed", "errored")


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ({"equals": "x", "extract": {"regex": "("}}, "not a pattern: missing ) at position 1"),
        ({"equals": "x", "path": "a..b"}, "not a path: `a..b`"),
        ({"equals": "x", "path": "."}, "not a path: `.`"),
        ({"equals": "x", "path": "$."}, "not a path: `$.`"),
        ({"equals": "x", "path": "a."}, "not a path: `a.`"),
    ],
)
def test_a_pattern_or_path_of_no_use_is_refused(check: dict[str, Any], reason: str) -> None:
    assert refusal(check) == reason


KEYS = st.text(min_size=1, max_size=5).filter(lambda key: "." not in key and key not in ("*", "$"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@given(VALUES, st.lists(KEYS, max_size=3))
def test_a_value_is_found_where_it_lies(value: Any, keys: list[str]) -> None:
    whole = value
    for key in reversed(keys):
        whole = {key: whole}
    found = extracted({"extract": "json", "path": ".".join(keys)}, json.dumps(whole))
    assert isinstance(found, Answer)
    assert found.value == value


@given(VALUES, st.text(max_size=8))
def test_no_path_breaks_on_any_value(value: Any, path: str) -> None:
    check = {"equals": "x", "path": path}
    reason = refusal(check) or judge(check, json.dumps(value)).reason
    assert not reason.startswith("the scorer broke")
