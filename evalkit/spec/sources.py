"""Entries of `cases` that bring many: what they say, read once; `rows.py` makes the cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from evalkit import catalog
from evalkit.documents.nodes import Node
from evalkit.documents.read import Document
from evalkit.records.problem import Place
from evalkit.spec.cases import Around
from evalkit.spec.checks import CheckReader
from evalkit.spec.share import about_file, beside

Combination = Mapping[str, Any]
_OF_USE_WITH = {"columns": "file", "seed": "sample"}
LARGEST_MATRIX = 100_000  # combinations; they are kept


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of `cases` that brings many. `file` is None where a matrix brings them alone, `is_lost` says that
    it is of no use, which was complained about.

    `own` are its own variables as ids are made of them (a shared file by its name), `combinations` those of its
    matrix: one without variables when it has none.
    """

    node: Node
    place: Place
    around: Around
    own: Mapping[str, Any]
    file: Path | None
    shown: str
    is_lost: bool
    columns: Mapping[str, str]
    identity: str
    where: str
    combinations: tuple[Combination, ...]

    def number(self, key: str) -> int | None:
        """The value of `sample`, `seed` or `limit`."""
        found = self.node.get(key)
        return int(found.value) if found else None

    def place_of(self, key: str) -> Place:
        """Where the value of a key stands."""
        found = self.node.get(key)
        return found.place if found else self.place


class EntryReader:
    """Reads the entries of one spec."""

    def __init__(self, document: Document, root: Path, checks: CheckReader) -> None:
        self._document = document
        self._root = root
        self.checks = checks

    def read(self, node: Node, around: Around) -> Entry:
        """An entry from its node; what is wrong with it is complained about."""
        complain = self.checks.complain
        file, where, identity, columns = (node.get(key) for key in ("file", "where", "id", "columns"))
        if where:
            complain.about_expression(where)
        if identity and isinstance(identity.value, str):
            complain.about_template(identity)
        for key, needed in _OF_USE_WITH.items():
            if node.get(key) and not node.get(needed):
                complain(node.key_place(key), f"`{key}` without `{needed}` changes nothing", "take it out")
        own, path, is_lost = node.get("vars"), None, False
        inside = around.with_own(node, self.checks)
        if file:
            path, is_lost = self._file(file)
        return Entry(
            node=node,
            place=node.place,
            around=inside,
            own={name: item.file or inside.vars[name] for name, item in own.value.items()} if own else {},
            file=path,
            is_lost=is_lost,
            shown=(Path(self._document.shown).parent / file.text).as_posix() if file else "",
            columns={name: item.plain() for name, item in columns.own().items()} if columns and file else {},
            identity=identity.text if identity else "",
            where=str(where.value) if where else "",
            combinations=tuple(self._combinations(node.get("matrix"))),
        )

    def _file(self, name: Node) -> tuple[Path, bool]:
        """Where a data file is, and whether it is of no use."""
        path = beside(self._document.path, name)
        problem = about_file(path, name, self._root)
        if problem:
            self.checks.complain.problems.append(problem)
        elif not catalog.is_data_file(path.suffix):
            known = ", ".join(catalog.DATASETS)
            self.checks.complain(name.place, f"no loader reads `{path.suffix}` files", f"known: {known}")
        return path, problem is not None or not catalog.is_data_file(path.suffix)

    def _combinations(self, matrix: Node | None) -> Iterator[Combination]:
        axes: list[list[tuple[str, Any]]] = []
        for name, values in matrix.own().items() if matrix else ():
            items = values.value if isinstance(values.value, list) else []
            bad = [item for item in items if isinstance(item.value, dict | list) or item.value is None]
            if bad or not items:
                place = bad[0].place if bad else values.place
                self.checks.complain(place, f"`{name}` of the matrix takes a list of texts or numbers", "")
            axes.append([(name, item.plain()) for item in items])
        count = prod(map(len, axes))
        if matrix and count > LARGEST_MATRIX:
            help = f"at most {LARGEST_MATRIX:,}; more cases stand in a data file"
            self.checks.complain(matrix.place, f"the matrix makes {count:,} combinations", help)
            return iter(())
        return map(dict, product(*axes))
