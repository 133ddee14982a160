"""The cases of one spec in order: those written inline, and those that entries bring, anew in each pass if many."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from evalkit.documents.nodes import Node
from evalkit.errors import SpecError
from evalkit.records.problem import Problem
from evalkit.records.spec import Case
from evalkit.spec.cases import Around, case_of
from evalkit.spec.check import SOURCES, Shape
from evalkit.spec.few import Few, Room, least_weight_of, weight_of
from evalkit.spec.identity import Names
from evalkit.spec.rows import Rows
from evalkit.spec.sources import Entry, EntryReader

_LARGE = 1_000_000  # bytes; the rows of smaller files are counted when they are read


class CaseStream:
    """Can be iterated again and again. Iterating raises SpecError where a data file cannot be read."""

    def __init__(self, items: Iterable[Node], around: Around, entries: EntryReader, shape: Shape, room: Room) -> None:
        self.checks = checks = entries.checks
        self._shape = shape
        self._names = Names()
        self._items = [
            entries.read(node, around)
            if any(node.get(key) for key in SOURCES)
            else case_of(node, around, checks, self._names)
            for node in items
        ]
        self._few = Few(self._read, _weight, room)
        self._few.is_many = least_weight_of(sum(map(_lines_of, self.files))) > room.left

    @property
    def is_many(self) -> bool:
        """Whether there are too many to be kept, as far as is known."""
        return self._few.is_many

    @property
    def files(self) -> tuple[Path, ...]:
        """The data files that rows come from."""
        return tuple(item.file for item in self._items if isinstance(item, Entry) and item.file and not item.is_lost)

    @property
    def is_whole(self) -> bool:
        """Whether every entry is of use."""
        return not any(isinstance(item, Entry) and item.is_lost for item in self._items)

    def __iter__(self) -> Iterator[Case]:
        for item in self.checked():
            if isinstance(item, Problem):
                raise SpecError([item])
            yield item

    def checked(self) -> Iterator[Case | Problem]:
        """The cases, and a Problem in place of each that cannot be read."""
        return iter(self._few)

    def _read(self) -> Iterator[Case | Problem]:
        names = Names(self._names)
        for item in self._items:
            if isinstance(item, Entry) and not item.is_lost:
                yield from Rows(item, self.checks, self._shape, names).cases()
            elif isinstance(item, Case):
                yield item


def _lines_of(file: Path) -> int:
    """The lines of a large file, which are about its rows; 0 of one that is small, or cannot be read."""
    try:
        with open(file, "rb") as opened:
            if os.fstat(opened.fileno()).st_size < _LARGE:
                return 0
            return sum(block.count(b"\n") for block in iter(lambda: opened.read(_LARGE), b""))
    except OSError:
        return 0  # whoever reads its rows says so


def _weight(item: Case | Problem) -> int:
    return weight_of(item) if isinstance(item, Case) else 0
