"""JSON Lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets.loading import complaint_of, rows_of

LINES: list[tuple[str | bytes, list[tuple[int, dict[str, Any]]]]] = [
    ('{"a": 1}\n{"a": "x"}\n', [(1, {"a": 1}), (2, {"a": "x"})]),
    ('{"a": 1}\r\n\r\n  \n{"a": 2}', [(1, {"a": 1}), (4, {"a": 2})]),
    (b'\xef\xbb\xbf{"a": 1}\n', [(1, {"a": 1})]),
    ('  {"a": 1}  \n', [(1, {"a": 1})]),
    ("", []),
    ("\n\n", []),
    ("{}\n", [(1, {})]),
    ('{"a": [1, {"b": null}], "c": true, "d": 1.5}\n', [(1, {"a": [1, {"b": None}], "c": True, "d": 1.5})]),
    ('{"a": "x\\ny", "ä": "\u2028\u0085"}\n', [(1, {"a": "x\ny", "ä": "\u2028\u0085"})]),
    ('{"a": "{{ x }}"}\n', [(1, {"a": "{{ x }}"})]),
    ('{"vars": {"a": 1}, "expect": "x"}\n', [(1, {"vars": {"a": 1}, "expect": "x"})]),
    ('{"a": {"x": 1}, "b": {"x": 1}}\n', [(1, {"a": {"x": 1}, "b": {"x": 1}})]),
]
WRONG: list[tuple[str | bytes, int, str]] = [
    ('{"a": 1}\n{"a": }\n', 2, "not JSON: Expecting value (column 7)"),
    ('{"a": 1}\n\n{a: 1}\n', 3, "not JSON: Expecting property name enclosed in double quotes (column 2)"),
    ('{"a": 1} {"a": 2}\n', 1, "not JSON: Extra data (column 10)"),
    ('{"a":\n1}\n', 1, "not JSON: Expecting value (column 6)"),
    ('[{"a": 1}]\n', 1, "not a JSON object"),
    ('{"a": 1}\n"text"\n', 2, "not a JSON object"),
    ("null\n", 1, "not a JSON object"),
    ('{"a": 1, "b": 2, "a": 1}\n', 1, "not JSON: the key `a` stands twice"),
    ('{}\n{"a": [{"b": 1, "b": 2}]}\n', 2, "not JSON: the key `b` stands twice"),
    ('{"a": NaN}\n', 1, "not JSON: NaN is no number"),
    ('{"a": 1}\n{"a": -Infinity}\n', 2, "not JSON: -Infinity is no number"),
    ('{"a": 1e999}\n', 1, "not JSON: a number is too large"),
    ('{"a": ' + "9" * 309 + "}\n", 1, "not JSON: a number is too large"),
    ('{"a": ' + "[" * 100 + "1" + "]" * 100 + "}\n", 1, "nested more than 100 deep"),
    ('{"a": ' + "[" * 100_000 + "\n", 1, "not JSON: nested too deeply"),
    ('{"a": "tab\tinside"}\n', 1, "not JSON: Invalid control character at (column 11)"),
    (b'{"a": 1}\n{"a": "caf\xe9"}\n', 2, "not UTF-8: byte 0xe9"),
    ('{"a": 1}\n'.encode("utf-16"), 1, "not UTF-8: byte 0xff"),
]


@pytest.mark.parametrize(("data", "rows"), LINES)
def test_every_line_is_an_object(data: str | bytes, rows: list[tuple[int, dict[str, Any]]], tmp_path: Path) -> None:
    assert rows_of(tmp_path, ".jsonl", data) == rows


@pytest.mark.parametrize(("data", "line", "message"), WRONG)
def test_what_is_no_object_is_an_error_at_its_line(data: str | bytes, line: int, message: str, tmp_path: Path) -> None:
    assert complaint_of(tmp_path, ".jsonl", data) == (line, message)


def test_a_value_may_be_as_long_as_a_book(tmp_path: Path) -> None:
    book = "x" * 20_000_000
    assert rows_of(tmp_path, ".jsonl", json.dumps({"a": book})) == [(1, {"a": book})]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(rows=st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=3), is_ascii=st.booleans())
def test_what_json_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], is_ascii: bool
) -> None:
    data = "\n".join(json.dumps(row, ensure_ascii=is_ascii) for row in rows)
    assert rows_of(tmp_path_factory.getbasetemp(), ".jsonl", data) == list(enumerate(rows, start=1))
