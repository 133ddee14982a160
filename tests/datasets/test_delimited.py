"""Comma- and tab-separated files."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import catalog
from evalkit.datasets.interface import DataError
from tests.datasets.loading import complaint_of, rows_of

TABLES: list[tuple[str, str | bytes, list[tuple[int, dict[str, str]]]]] = [
    (".csv", "a,b\n1,2\n3,4\n", [(2, {"a": "1", "b": "2"}), (3, {"a": "3", "b": "4"})]),
    (".csv", "a,b\n1,2", [(2, {"a": "1", "b": "2"})]),
    (".csv", "a,b\r\n1,2\r\n\r\n3,4\r\n", [(2, {"a": "1", "b": "2"}), (4, {"a": "3", "b": "4"})]),
    (".csv", b"\xef\xbb\xbfa,b\n1,2\n", [(2, {"a": "1", "b": "2"})]),
    (".csv", b'\xef\xbb\xbf"a, or b"\n1\n', [(2, {"a, or b": "1"})]),
    (".csv", "\n\na\n\n1\n\n", [(5, {"a": "1"})]),
    (".csv", "a,b\n", []),
    (".csv", 'a,b\n"1,5","say ""hi"""\n', [(2, {"a": "1,5", "b": 'say "hi"'})]),
    (".csv", 'a,b\n"one\ntwo\n\nfour",2\nx,y\n', [(2, {"a": "one\ntwo\n\nfour", "b": "2"}), (6, {"a": "x", "b": "y"})]),
    (".csv", 'a,b\n"one\r\ntwo",2\r\nx,y\r\n', [(2, {"a": "one\r\ntwo", "b": "2"}), (4, {"a": "x", "b": "y"})]),
    (".csv", '"a\nb",c\n1,2\n', [(3, {"a\nb": "1", "c": "2"})]),
    (".csv", "a,b\n,\n  , x \n", [(2, {"a": "", "b": ""}), (3, {"a": "  ", "b": " x "})]),
    (".csv", 'a\n""\n', [(2, {"a": ""})]),
    (".csv", "a,b\ntrue,007\nnull,1e3\n", [(2, {"a": "true", "b": "007"}), (3, {"a": "null", "b": "1e3"})]),
    (".csv", "a\n{{ x }}{% for %}\n", [(2, {"a": "{{ x }}{% for %}"})]),
    (".csv", "ä,b\nçé\u2028,\u0085\n", [(2, {"ä": "çé\u2028", "b": "\u0085"})]),
    (".CSV", "a,b\n1,2\n", [(2, {"a": "1", "b": "2"})]),
    (".tsv", "a\tb\n1,5\t2;\n", [(2, {"a": "1,5", "b": "2;"})]),
    (".tsv", 'a\tb\n"1\t5"\t"x\ny"\n', [(2, {"a": "1\t5", "b": "x\ny"})]),
]
WRONG: list[tuple[str, str | bytes, int, str]] = [
    (".csv", "", 1, "the file is empty"),
    (".csv", "\n\n", 1, "the file is empty"),
    (".csv", b"\xef\xbb\xbf", 1, "the file is empty"),
    (".csv", "a,b\n1,2\n3\n", 3, "1 cell where the header has 2"),
    (".csv", "a,b\n1,2\n\n3,4,5\n", 4, "3 cells where the header has 2"),
    (".csv", 'a,b\n"x\ny",2\n3\n', 4, "1 cell where the header has 2"),
    (".csv", "a,b\n1,2\n  \n", 3, "1 cell where the header has 2"),
    (".csv", "a,b,a\n", 1, "two columns are called `a`"),
    (".csv", "a,\n1,2\n", 1, "a column has no name"),
    (".csv", "\na, \n1,2\n", 2, "a column has no name"),
    (".csv", "text;label\nI loved it;positive\n", 1, "the only column is called `text;label`"),
    (".csv", "a,b\r1,2\r", 1, "not a table: a carriage return outside quotes"),
    (".csv", "text\tlabel\n", 1, "the only column is called `text\tlabel`"),
    (".tsv", "text,label\nI loved it,positive\n", 1, "the only column is called `text,label`"),
    (".csv", 'a,b\n1,2\n"3,4\n5,6\n7,8\n', 3, "not a table: unexpected end of data"),
    (".csv", 'a,b\n1,2\n"3"x,4\n', 3, "not a table: ',' expected after '\"'"),
    (".tsv", 'a\tb\n1\t2\n"3"x\t4\n', 3, "not a table: '\t' expected after '\"'"),
    (".csv", "a,b\n1,2\nx\ry,4\n", 3, "not a table: a carriage return outside quotes"),
    (".csv", b"a,b\n1,2\ncaf\xe9,3\n", 3, "not UTF-8: byte 0xe9"),
    (".csv", b'a,b\n"x\ny\nz\xff",3\n', 4, "not UTF-8: byte 0xff"),
    (".csv", "a,b\n1,2\n".encode("utf-16"), 1, "not UTF-8: byte 0xff"),
    (".csv", "ä,b\n".encode("latin-1"), 1, "not UTF-8: byte 0xe4"),
    (".csv", "a\n" + "x" * 10_000_001 + "\n", 2, "not a table: field larger than field limit (10000000)"),
]


@pytest.mark.parametrize(("suffix", "data", "rows"), TABLES)
def test_every_cell_is_the_text_that_stands_there(
    suffix: str, data: str | bytes, rows: list[tuple[int, dict[str, str]]], tmp_path: Path
) -> None:
    assert rows_of(tmp_path, suffix, data) == rows


@pytest.mark.parametrize(("suffix", "data", "line", "message"), WRONG)
def test_what_is_no_table_is_an_error_at_its_line(
    suffix: str, data: str | bytes, line: int, message: str, tmp_path: Path
) -> None:
    assert complaint_of(tmp_path, suffix, data) == (line, message)


def test_a_cell_may_be_as_long_as_a_book(tmp_path: Path) -> None:
    book = "x" * 2_000_000
    assert rows_of(tmp_path, ".csv", f"a,b\n{book},1\n") == [(2, {"a": book, "b": "1"})]


def test_a_file_that_is_gone_or_is_none_is_an_error(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "gone.csv", "cannot be read: No such file"), (tmp_path, "cannot be read: Is a")):
        with pytest.raises(DataError, match=message):
            list(catalog.loader(".csv").rows(path))


def test_rows_are_streamed(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("a,b\n1,2\n3,4\nbroken\n", "utf-8")
    assert [row.line for row in islice(catalog.loader(".csv").rows(file), 2)] == [2, 3]


CELLS = st.text(max_size=20)


@given(table=st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5))
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *table])
    rows = rows_of(tmp_path_factory.getbasetemp(), ".csv", out.getvalue())
    assert [list(values.values()) for _, values in rows] == table
