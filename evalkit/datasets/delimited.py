"""Comma- and tab-separated files: the first line names the columns, every cell is text."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from evalkit.datasets.interface import DataError, Row, lines_of

_CELL_LIMIT = 10_000_000  # characters; the csv module's own limit of 131,072 is below real documents
_DELIMITERS = ",;\t|"
_QUOTES = "a cell that holds a delimiter, a quote or a line break stands in double quotes"


class Delimited:
    """Rows of a text table as RFC 4180 describes it."""

    def __init__(self, delimiter: str = ",") -> None:
        self._delimiter = delimiter

    def rows(self, path: Path) -> Iterator[Row]:
        """Stream the rows; a row with more or fewer cells than columns is an error at its line."""
        csv.field_size_limit(_CELL_LIMIT)
        rows = self._rows(path)
        header, line = next(rows, ([], 1))
        _check_header(header, line, _DELIMITERS.replace(self._delimiter, ""))
        for cells, line in rows:
            if len(cells) != len(header):
                count = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
                raise DataError(f"{count} where the header has {len(header)}", line=line, help=_QUOTES)
            yield Row(dict(zip(header, cells, strict=True)), line)

    def _rows(self, path: Path) -> Iterator[tuple[list[str], int]]:
        """The cells of each row that is not blank, and the line where it begins."""
        reader = csv.reader(lines_of(path), delimiter=self._delimiter, strict=True)
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield cells, line
                line = reader.line_num + 1
        except csv.Error as error:
            said = "a carriage return outside quotes" if "new-line" in str(error) else error
            raise DataError(f"not a table: {said}", line=line, help=_QUOTES) from None


def _check_header(header: list[str], line: int, foreign: str) -> None:
    if not header:
        raise DataError("the file is empty", help="the first line names the columns")
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise DataError(f"two columns are called `{twice[0]}`", line=line, help="give each a name of its own")
    if any(not name.strip() for name in header):
        raise DataError("a column has no name", line=line, help="the first line names every column")
    if len(header) == 1 and any(mark in header[0] for mark in foreign):
        raise DataError(f"the only column is called `{header[0]}`", line=line, help="write , in .csv and a tab in .tsv")


def comma_separated() -> Delimited:
    """The loader of `.csv` files."""
    return Delimited(",")


def tab_separated() -> Delimited:
    """The loader of `.tsv` files."""
    return Delimited("\t")
