"""What a loader of data files is, and how all of them read text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from evalkit.errors import EvalkitError


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its columns (name to value) and the line where it begins, counted from 1."""

    values: Mapping[str, Any]
    line: int


class DataError(EvalkitError):
    """A data file, or one row of it, cannot be read. `line` counts from 1."""

    def __init__(self, message: str, *, line: int = 1, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.help = help


class Loader(Protocol):
    """Reads one kind of data file."""

    def rows(self, path: Path) -> Iterator[Row]:
        """Stream the rows of `path`; each knows its line. Raises DataError at the first bad one."""
        ...


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 text file (a byte order mark is dropped), ends kept. Raises DataError."""
    line = 0
    try:
        with path.open("rb") as file:
            for raw in file:
                line += 1
                yield raw.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise DataError(
            f"not UTF-8: byte 0x{byte:02x}",
            line=line,
            help="save the file as UTF-8, with or without a byte order mark",
        ) from None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from None
