"""A spec without the parts that are already complained about, so that the rest can be looked at in the same pass."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from evalkit.documents.nodes import Node
from evalkit.errors import nearest
from evalkit.records.problem import Place
from evalkit.spec.friends import instead_of

_WHOLE = ("prompt", "expect", "gate")  # lists whose items are taken out whole
_GIVE_VARIABLES = ("vars", "file", "matrix", "columns")
_GIVE_CHECKS = ("expect", "cases", "file")
_GIVE_METRICS = (*_GIVE_CHECKS, "metrics")


@dataclass(slots=True)
class Pruning:
    """Takes out what stands at `bad` places. `dropped` are the keys that went, or that something went from."""

    bad: Collection[Place]
    dropped: set[str] = field(default_factory=set)

    def of(self, root: Node) -> Node:
        """The root of a spec without its bad parts."""
        kept = self._keys(root)
        cases = kept.get("cases")
        if cases is not None:
            entries = [case for case in cases.entries() if isinstance(case.value, dict)]
            if len(entries) < len(cases.entries()):
                self.dropped.add("cases")
            kept.value["cases"] = replace(cases, value=[self._keys(case) for case in entries])
        return kept

    @property
    def is_nothing(self) -> bool:
        """Whether the spec is whole."""
        return not self.dropped

    @property
    def took_variables(self) -> bool:
        """Whether what went could have given variables."""
        return any(self._stands_for(key, _GIVE_VARIABLES) for key in self.dropped)

    @property
    def took_checks(self) -> bool:
        """Whether what went could have given checks."""
        return any(self._stands_for(key, _GIVE_CHECKS) for key in self.dropped)

    @property
    def took_metrics(self) -> bool:
        """Whether what went could have given metrics."""
        return any(self._stands_for(key, _GIVE_METRICS) for key in self.dropped)

    def _stands_for(self, key: str, meant: Collection[str]) -> bool:
        """Whether a key is one of those meant, a slip of one, or another tool's word for one."""
        said = instead_of(key, "spec") + instead_of(key, "inline_case")
        return key in meant or nearest(key, meant) != "" or any(f"`{each}:`" in said for each in meant)

    def _keys(self, node: Node) -> Node:
        kept: dict[str, Node] = {}
        for key, item in node.value.items():
            if node.key_place(key) in self.bad or self._is_lost(key, item):
                self.dropped.add(key)
            else:
                kept[key] = self._items(key, item) if key in _WHOLE else item
                if item.place in self.bad:
                    self.dropped.add(key)
        return replace(node, value=kept)

    def _is_lost(self, key: str, node: Node) -> bool:
        """Whether a value goes as one: not `cases`, nor a list that can be left without some of its items."""
        if key == "cases":
            return not isinstance(node.value, dict | list)
        if key in _WHOLE and isinstance(node.value, list):
            return node.place in self.bad
        return self._is_bad(node)

    def _items(self, key: str, node: Node) -> Node:
        if not isinstance(node.value, list):
            return node
        kept = [item for item in node.value if not self._is_bad(item)]
        if len(kept) < len(node.value):
            self.dropped.add(key)
        return replace(node, value=kept)

    def _is_bad(self, node: Node) -> bool:
        return any(place in self.bad for each in node.walk() for place in (each.place, *each.keys.values()))
