"""Values that know where they were written: what a YAML file becomes before anything is made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.records.problem import Place

DEPTH_LIMIT = 100  # mappings and lists within one another


def is_too_deep(value: Any) -> bool:
    """Whether data is nested deeper than the limit, so deep that walking down may be more than Python allows."""
    level = [value]
    for _ in range(DEPTH_LIMIT + 1):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(level)


@dataclass(slots=True, eq=False)
class Node:
    """A value with its place. `value` is a scalar, a dict of Nodes or a list of Nodes.

    `text` is a scalar as written, `is_plain` whether it stands without quotes, `is_flow` whether a mapping or
    list is written in braces or brackets; `keys` are the places of a mapping's keys. `body` is where the first
    character of a text stands when the file holds that text as it is, line by line; None when it is folded or
    has escapes. `comment` is what follows a text without quotes as a comment that begins with a letter or digit.
    `file` is the shared file whose content stands here, as it was named.
    """

    place: Place
    value: Any
    text: str = ""
    is_plain: bool = False
    is_flow: bool = False
    keys: dict[str, Place] = field(default_factory=dict)
    body: Place | None = None
    comment: str = ""
    file: str = ""

    @classmethod
    def of(cls, value: Any, place: Place) -> Node:
        """Nodes for data that came from elsewhere than YAML; all of it has one place."""
        if isinstance(value, Mapping):
            items = {str(key): cls.of(item, place) for key, item in value.items()}
            return cls(place, items, keys=dict.fromkeys(items, place))
        if isinstance(value, list):
            return cls(place, [cls.of(item, place) for item in value])
        return cls(place, value, value if isinstance(value, str) else json.dumps(value))

    def plain(self) -> Any:
        """The bare data: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def get(self, key: str) -> Node | None:
        """The value under `key` of a mapping; None when there is none."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def own(self) -> dict[str, Node]:
        """A mapping without the keys that begin with `x-`, which are notes of the user's."""
        return {key: item for key, item in self.value.items() if not key.startswith("x-")}

    def entries(self) -> list[Node]:
        """The items of a list; a value that may stand without its list is a list of one."""
        return self.value if isinstance(self.value, list) else [self]

    def children(self) -> Iterable[Node]:
        """The values of a mapping or the items of a list; none of a scalar."""
        if isinstance(self.value, dict):
            return self.value.values()
        return self.value if isinstance(self.value, list) else ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of the file."""
        yield self
        for child in self.children():
            yield from child.walk()

    def at(self, path: Iterable[str | int]) -> Node:
        """The node at a path of keys and positions (as far as it leads)."""
        node = self
        for step in path:
            try:
                node = node.value[step]
            except (LookupError, TypeError):
                break
        return node

    def key_place(self, key: str) -> Place:
        """Where a mapping's key stands; the mapping's own place when it has no such key."""
        return self.keys.get(key, self.place)

    def place_in(self, line: int, column: int = 1) -> Place:
        """Where a line and column (from 1) of its text stand in the file; its own place when that is not known."""
        if self.body is None:
            return self.place
        return Place(self.body.file, self.body.line + line - 1, self.body.column + column - 1)

    def moved(self, place: Place) -> Node:
        """The same value, all of it at one place: that of the cell it was read from."""
        if isinstance(self.value, dict):
            items = {key: item.moved(place) for key, item in self.value.items()}
            return Node(place, items, is_flow=self.is_flow, keys=dict.fromkeys(items, place))
        if isinstance(self.value, list):
            return Node(place, [item.moved(place) for item in self.value], is_flow=self.is_flow)
        return Node(place, self.value, self.text, self.is_plain)
