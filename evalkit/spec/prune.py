"""A spec without the parts that are already complained about, so that the rest can be looked at in the same pass."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from evalkit.documents.nodes import Node
from evalkit.records.problem import Place

_WHOLE = ("prompt", "expect", "gate")  # lists whose items are taken out whole


def pruned(root: Node, bad: Collection[Place]) -> Node:
    """The root of a spec without what stands at `bad` places."""
    kept = _keys(root, bad)
    cases = kept.get("cases")
    if cases is not None:
        left = [_keys(case, bad) for case in cases.entries() if isinstance(case.value, dict)]
        kept.value["cases"] = replace(cases, value=left)
    return kept


def _keys(node: Node, bad: Collection[Place]) -> Node:
    kept = {
        key: _items(item, bad) if key in _WHOLE else item
        for key, item in node.value.items()
        if node.key_place(key) not in bad and not _is_lost(key, item, bad)
    }
    return replace(node, value=kept)


def _is_lost(key: str, node: Node, bad: Collection[Place]) -> bool:
    """Whether a value goes as one: not `cases`, nor a list that can be left without some of its items."""
    if key == "cases":
        return False
    if key in _WHOLE and isinstance(node.value, list):
        return node.place in bad
    return _is_bad(node, bad)


def _items(node: Node, bad: Collection[Place]) -> Node:
    if not isinstance(node.value, list):
        return node
    return replace(node, value=[item for item in node.value if not _is_bad(item, bad)])


def _is_bad(node: Node, bad: Collection[Place]) -> bool:
    return any(place in bad for each in node.walk() for place in (each.place, *each.keys.values()))
