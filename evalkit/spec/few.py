"""What can be gone through again and again: few things are made once and kept, many are made anew in each pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from evalkit.records.spec import Case

MOST_OF_CASES = 16_000_000  # the weight of cases that is kept, of all specs together
MOST_OF_TRIALS = 32_000_000  # of a plan's trials with their cases; beyond that memory must not grow

_BARE = 500  # bytes of a case without what it says
_BARE_CHECK = 400  # of one that came with it
_BARE_VALUE = 100  # bytes of a variable beside its text

Item = TypeVar("Item")


class Room:
    """How much more weight (bytes, about) may be kept, by all that share it."""

    def __init__(self, most: int) -> None:
        self.left = most


class Few(Generic[Item]):
    """Each iteration is a pass. `make` starts one from the beginning; only what came to its end is kept.

    It is few as long as there is room for all its items `weigh`. What `is_many` from the start keeps nothing at first
    either: memory that was once taken is not given back.
    """

    def __init__(self, make: Callable[[], Iterator[Item]], weigh: Callable[[Item], int], room: Room) -> None:
        self._make = make
        self._weigh = weigh
        self._room = room
        self._kept: list[Item] | None = None
        self.is_many = False

    def __iter__(self) -> Iterator[Item]:
        if self._kept is not None:
            yield from self._kept
        elif self.is_many:
            yield from self._make()
        else:
            yield from self._first()

    def _first(self) -> Iterator[Item]:
        kept: list[Item] = []
        weight = 0
        for item in self._make():
            if not self.is_many:
                kept.append(item)
                weight += self._weigh(item)
                if weight > self._room.left:
                    self.is_many = True
                    kept.clear()
            yield item
        if not self.is_many:
            self._kept = kept
            self._room.left -= weight


def least_weight_of(rows: int) -> int:
    """The bytes that so many cases take in memory at least, about."""
    return rows * (_BARE + _BARE_VALUE)


def weight_of(case: Case) -> int:
    """The bytes that a case takes in memory, about. Checks of another file than its own are shared and add nothing."""
    own = sum(check.place.file == case.place.file for check in case.checks)
    return _BARE + own * _BARE_CHECK + _size(case.vars)


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return sum([_BARE_VALUE + _size(part) for part in parts])
