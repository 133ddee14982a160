"""Comma- and tab-separated files: the first line names the columns, every cell is text."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from evalkit.datasets.interface import DataError, Row, lines_of

_CELL_LIMIT = 10_000_000  # characters; the csv module's own limit of 131,072 is below real documents


class Delimited:
    """Rows of a text table as RFC 4180 describes it."""

    def __init__(self, delimiter: str = ",") -> None:
        self._delimiter = delimiter

    def rows(self, path: Path) -> Iterator[Row]:
        """Stream the rows; a row with more or fewer cells than columns is an error at its line."""
        csv.field_size_limit(_CELL_LIMIT)
        reader = csv.reader(lines_of(path), delimiter=self._delimiter, strict=True)
        try:
            header = next(reader, None)
            if header is None:
                raise DataError("the file is empty", help="the first line names the columns")
            _check_header(header)
            yield from _cells(reader, header)
        except csv.Error as error:
            raise DataError(f"not a table: {error}", line=reader.line_num) from None


def _cells(reader: Iterator[list[str]], header: list[str]) -> Iterator[Row]:
    line = 2
    for cells in reader:
        if cells and len(cells) != len(header):
            raise DataError(
                f"{len(cells)} cells where the header has {len(header)}",
                line=line,
                help="a cell that holds a delimiter or a line break stands in double quotes",
            )
        if cells:
            yield Row(dict(zip(header, cells, strict=True)), line)
        line = reader.line_num + 1  # type: ignore[attr-defined]  # csv.reader counts lines, Iterator does not


def _check_header(header: list[str]) -> None:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise DataError(f"two columns are called `{twice[0]}`")
    if any(not name.strip() for name in header):
        raise DataError("a column has no name")


def comma_separated() -> Delimited:
    """The loader of `.csv` files."""
    return Delimited(",")


def tab_separated() -> Delimited:
    """The loader of `.tsv` files."""
    return Delimited("\t")
