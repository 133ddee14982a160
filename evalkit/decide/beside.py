"""Two lists of cases laid side by side: which are the same, and what became of the others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from evalkit.records.comparison import Matching
from evalkit.records.result import Column

Key = TypeVar("Key", bound=Hashable)
Ours = TypeVar("Ours")
Theirs = TypeVar("Theirs")


def side_by_side(
    ours: Iterable[tuple[Key, Ours]], theirs: Iterable[tuple[Key, Theirs]]
) -> Iterator[tuple[Ours | None, Theirs | None]]:
    """Pairs with the same key, each as soon as both are met; those without a partner come last, theirs after ours.

    What is kept meanwhile is what one side is ahead of the other: nothing where both have the same order.
    """
    our_items, their_items = iter(ours), iter(theirs)
    ahead_of_us: dict[Key, Theirs] = {}
    ahead_of_them: dict[Key, Ours] = {}
    is_more = True
    while is_more:
        mine, other = next(our_items, None), next(their_items, None)
        is_more = mine is not None or other is not None
        if other is not None:
            ahead_of_us[other[0]] = other[1]
        if mine is not None:
            ahead_of_them[mine[0]] = mine[1]
        for key in {found[0]: None for found in (mine, other) if found is not None}:
            if key in ahead_of_us and key in ahead_of_them:
                yield ahead_of_them.pop(key), ahead_of_us.pop(key)
    yield from ((left, None) for left in ahead_of_them.values())
    yield from ((None, left) for left in ahead_of_us.values())


@dataclass(slots=True)
class Matcher:
    """Sorts the cases of one spec. A case's `content` is a digest of its own variables, "" if its id is."""

    _matched: int = 0
    _changed: list[str] = field(default_factory=list)
    _new: dict[str, str] = field(default_factory=dict)  # content by id
    _gone: dict[str, str] = field(default_factory=dict)

    def meet(self, ours: tuple[str, str] | None, theirs: tuple[str, str] | None) -> bool:
        """Take note of a pair, or of one alone, each as (id, content); whether it is a case in both."""
        if ours and theirs and ours[1] == theirs[1]:
            self._matched += 1
            return True
        if ours and theirs:
            self._changed.append(ours[0])
        elif ours:
            self._new[ours[0]] = ours[1]
        elif theirs:
            self._gone[theirs[0]] = theirs[1]
        return False

    def matching(self, tested: int, *, is_cut: bool = False) -> Matching:
        """What was met. A case that is new and has the content of one that is gone was renamed.

        Where our side is cut to its first cases, the others are not gone.
        """
        before = {content: case for case, content in reversed(self._gone.items()) if content}
        renamed = {case: old for case, content in self._new.items() if (old := before.pop(content, None)) is not None}
        return Matching(
            matched=self._matched,
            tested=tested,
            new=tuple(case for case in self._new if case not in renamed),
            gone=() if is_cut else tuple(case for case in self._gone if case not in renamed.values()),
            changed=tuple(self._changed),
            renamed=tuple((old, case) for case, old in renamed.items()),
        )


def columns_beside(ours: Sequence[Column], theirs: Sequence[Column]) -> dict[Column, Column]:
    """The baseline's column for each of a candidate's, of one spec: of the same name, else the one left over.

    So a prompt that got a name, or a model that was replaced, is compared with what stood there before.
    """
    pairs = {column: column for column in ours if column in theirs}
    for column in ours:
        left = [each for each in theirs if each not in pairs.values()]
        alike = [each for each in left if each.model == column.model or each.variant == column.variant]
        if column not in pairs and len(alike) == 1:
            pairs[column] = alike[0]
    rest = [column for column in ours if column not in pairs]
    left = [column for column in theirs if column not in pairs.values()]
    return {**pairs, **({rest[0]: left[0]} if len(rest) == len(left) == 1 else {})}
