"""A file of results: a line each, appended as they come, put into plan order at the end, and read back."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import IO

from evalkit.errors import UserError
from evalkit.records.result import Result
from evalkit.records.rows import result_from_json, result_to_json
from evalkit.secrets import redact

SMALL = 5_000_000  # bytes of results; as records they take about four times as much
_told = json.JSONEncoder(check_circular=False).encode  # a result is a tree


def private(path: str, flags: int) -> int:
    """Open a file that is nobody else's to read: it holds replies."""
    return os.open(path, flags, 0o600)


class Lines:
    """Results in a file of their own. `keys` are taken out of every line. Every method may raise OSError."""

    def __init__(self, path: Path, keys: Iterable[str] = ()) -> None:
        self._path, self._keys = path, tuple(keys)
        self._starts = array("q")  # by index: where its line starts in the file, -1 for none
        self._end = 0
        self._few: dict[int, Result] | None = {}  # by index: what the lines say, as long as they are few
        self._file = open(path, "w+b", opener=private)  # noqa: SIM115 - closed by `close`

    def add(self, result: Result) -> bool:
        """Append one result; it is on its way to the disk when this returns. Whether its line says all of it."""
        told = _told(result_to_json(result))
        kept = redact(told, self._keys)
        line = kept.encode() + b"\n"
        self._starts.extend([-1] * (result.index + 1 - len(self._starts)))
        self._starts[result.index] = self._end
        self._end += len(line)
        if self._end > SMALL or kept != told:
            self._few = None
        if self._few is not None:
            self._few[result.index] = result
        self._file.write(line)
        self._file.flush()
        return kept == told

    @property
    def few(self) -> tuple[Result, ...] | None:
        """The results in plan order, if they are so few that they are still in memory."""
        return None if self._few is None else tuple(self._few[index] for index in sorted(self._few))

    def put_in_order(self) -> None:
        """Put the lines into plan order. Nothing is added after that."""
        starts = array("q", (start for start in self._starts if start >= 0))
        if all(before < after for before, after in pairwise(starts)):  # as they come when nothing was asked
            return
        with replacing(self._path) as new, open(new, "wb", opener=private) as file:
            file.writelines(_lines_at(self._file, starts))
        self._file.close()

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # what a full disk did not take is tried once more
            self._file.close()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write, that takes the place of `path` when it is whole, and no room when it is not."""
    new = path.with_name(f"{path.name}.new")
    try:
        yield new
        os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def read_lines(path: Path, *, is_in_order: bool) -> Iterator[Result]:
    """The results in a file, in plan order. Raises UserError for a file that is none of ours, or cannot be read."""
    try:
        with open(path, "rb") as file:
            yield from _results_in(file if is_in_order else _lines_at(file, _starts_in_order(file)), path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "run it again") from None


def _lines_at(file: IO[bytes], starts: Iterable[int]) -> Iterator[bytes]:
    for start in starts:
        file.seek(start)
        yield file.readline()


def _results_in(lines: Iterable[bytes], path: Path) -> Iterator[Result]:
    for number, line in enumerate(lines, start=1):
        try:
            result = result_from_json(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            if not line.endswith(b"\n"):
                return  # the run was killed in the middle of this line
            raise UserError(f"{path}:{number} is no result", "run it again") from None
        yield result


def _starts_in_order(file: IO[bytes]) -> list[int]:
    """Where lines that stand as they came start, in plan order; one that was not written whole is left out."""
    starts: list[tuple[int, int]] = []
    start = 0
    for line in file:
        if line.endswith(b"\n"):
            starts.append((_index_of(line), start))
        start += len(line)
    return [start for _, start in sorted(starts)]


def _index_of(line: bytes) -> int:
    try:
        return int(json.loads(line)["index"])
    except (ValueError, KeyError, TypeError):
        return -1  # no result; whoever reads it will say so
