"""What can be gone through again and again: few things are made once and kept, many are made anew in each pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

MOST = 32_000_000  # the weight that is kept; beyond that memory must not grow

Item = TypeVar("Item")


class Few(Generic[Item]):
    """Each iteration is a pass. `make` starts one from the beginning; only what came to its end is kept.

    It is few as long as what its items `weigh` (bytes, about) adds up to no more than `most`.
    """

    def __init__(self, make: Callable[[], Iterator[Item]], weigh: Callable[[Item], int], most: int = MOST) -> None:
        self._make = make
        self._weigh = weigh
        self._most = most
        self._kept: list[Item] | None = None
        self._is_many = False

    def __iter__(self) -> Iterator[Item]:
        if self._kept is not None:
            yield from self._kept
        elif self._is_many:
            yield from self._make()
        else:
            yield from self._first()

    def _first(self) -> Iterator[Item]:
        kept: list[Item] = []
        weight = 0
        for item in self._make():
            if not self._is_many:
                kept.append(item)
                weight += self._weigh(item)
                if weight > self._most:
                    self._is_many = True
                    kept.clear()
            yield item
        if not self._is_many:
            self._kept = kept
