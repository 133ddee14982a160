"""The cases that an entry brings: the rows of a data file, the combinations of a matrix, or both together."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from evalkit import catalog, templates
from evalkit.datasets.interface import DataError, Row
from evalkit.documents.nodes import Node
from evalkit.documents.read import read_text
from evalkit.errors import SpecError, TemplateError, UserError, did_you_mean
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import Case, Check
from evalkit.spec.cases import case_of
from evalkit.spec.check import Shape
from evalkit.spec.checks import CheckReader
from evalkit.spec.identity import Names, digest_of
from evalkit.spec.sources import Combination, Entry

_MOST_BAD = 1_000  # problems of rows after which the others are not looked at


class Rows:
    """One pass over what one entry brings. Streams: no case is kept, but those that `sample` has drawn."""

    def __init__(self, entry: Entry, checks: CheckReader, shape: Shape, names: Names) -> None:
        self._entry = entry
        self._checks = checks
        self._shape = shape
        self._names = names
        self._around = entry.around
        self._draws = entry.around.draws()
        self._bad: list[Problem] = []  # of rows; the others go on

    def cases(self) -> Iterator[Case | Problem]:
        """The cases, and a Problem in place of what cannot be read."""
        entry = self._entry
        try:
            is_empty = True
            for case in _chosen(self._taken(), entry):
                is_empty = False
                yield case
            if is_empty and not self._bad:
                what = f"no row of `{entry.shown}` is left" if entry.file else "no case is left"
                key = "where" if entry.where else "file" if entry.file else "matrix"
                yield Problem(
                    entry.place_of(key), what, "loosen `where`" if entry.where else "add a row below its header"
                )
        except DataError as error:
            yield Problem(Place(entry.shown, error.line), error.message, error.help)
        except TemplateError as error:
            yield Problem(error.place or entry.place, error.message, error.help)
        except (SpecError, UserError) as error:
            yield from (error.problems if isinstance(error, SpecError) else [Problem(entry.place, error.message)])
        yield from self._bad

    def _taken(self) -> Iterator[Case]:
        """Every case for which `where` holds."""
        entry = self._entry
        own = Row({name: entry.around.vars[name] for name in entry.own}, entry.place.line)
        made = self._of_file() if entry.file else self._combined(own, (), entry.place)
        return (case for case in made if self._takes(case)) if entry.where else made

    def _takes(self, case: Case) -> bool:
        try:
            return bool(templates.evaluate(self._entry.where, case.vars))
        except TemplateError as error:
            error.place = self._entry.place_of("where")
            raise

    def _of_file(self) -> Iterator[Case]:
        entry = self._entry
        assert entry.file is not None
        for row in catalog.loader(entry.file.suffix).rows(entry.file):
            try:
                yield from self._of_row(row, Place(entry.shown, row.line))
            except SpecError as error:
                self._bad += error.problems
            except DataError as error:
                self._bad.append(Problem(Place(entry.shown, error.line), error.message, error.help))
            if len(self._bad) >= _MOST_BAD:
                return

    def _of_row(self, row: Row, place: Place) -> Iterator[Case]:
        """The cases of one row. Raises SpecError or DataError where it is of no use."""
        entry = self._entry
        if isinstance(row.values.get("vars"), Mapping):
            yield from self._whole(row, place)
            return
        if entry.columns:
            named = {name: self._cell(row, name, column) for name, column in entry.columns.items()}
            row = Row({**row.values, **named}, row.line)
        _hold(row.values, row.line)
        yield from self._combined(row, self._checks_of(row.values.get("expect"), place), place)

    def _combined(self, row: Row, checks: tuple[Check, ...], place: Place) -> Iterator[Case]:
        """A case for each combination, of what a row says."""
        entry, around, values = self._entry, self._around, row.values
        tags = _words(values["tags"]) if "tags" in entry.columns else ()
        group = str(values["group"]) if "group" in entry.columns else around.group
        identity = "" if entry.identity else self._id(row)
        is_named = bool(entry.identity or ("id" in values and entry.file))
        for combination in entry.combinations:
            variables = {**around.vars, **values, **combination}
            yield Case(
                id=(self._rendered_id(variables) if entry.identity else identity) + _suffix(combination),
                vars=variables,
                own=(*values, *entry.own, *combination),
                content=digest_of({**values, **entry.own, **combination}) if is_named else "",
                checks=around.checks + checks if checks else around.checks,
                tags=around.tags + tags,
                group=group,
                skip=around.skip,
                trials=self._draws,
                place=place,
            )

    def _id(self, row: Row) -> str:
        """The id that a row has of its own, else one made from its content."""
        entry, values = self._entry, row.values
        if "id" not in values or not entry.file:
            own = {**values, **entry.own}
            return self._names.of(own) if own else self._names.numbered("")  # a matrix alone adds all there is
        identity = str(values["id"]).strip()
        if not identity:
            raise DataError("the id is empty", line=row.line)
        return identity

    def _rendered_id(self, variables: Mapping[str, Any]) -> str:
        try:
            return templates.render_text(self._entry.identity, variables)
        except TemplateError as error:
            error.place = self._entry.place_of("id")
            raise

    def _cell(self, row: Row, name: str, column: str) -> Any:
        """What a row has in a column that the entry names."""
        if column not in row.values:
            place = self._entry.node.at(("columns", name)).place
            message = f"`{self._entry.shown}` has no column `{column}`"
            raise SpecError([Problem(place, message, did_you_mean(column, row.values))])
        return row.values[column]

    def _checks_of(self, cell: Any, place: Place) -> tuple[Check, ...]:
        """The checks of an `expect` cell: a text, or YAML where it begins with `{` or `[`."""
        if cell is None or cell == "":
            return ()
        node = Node.of(cell, place)
        if isinstance(cell, str) and cell.lstrip()[:1] in ("{", "["):
            document = read_text(cell, place)
            if document.root is None:
                raise SpecError(document.problems)
            node = document.root
        problems = self._shape.expect_problems(node)
        if problems:
            raise SpecError(problems)
        return self._checks.read(node, is_data=True)

    def _whole(self, row: Row, place: Place) -> Iterator[Case]:
        """A JSON row with a `vars` mapping is a case as it would stand in YAML."""
        node = Node.of(row.values, place)
        problems = self._shape.case_problems(node)
        if self._entry.columns:
            help = "a row with `vars` names its variables, tags and group itself"
            problems.append(Problem(self._entry.node.key_place("columns"), "`columns` of rows that are cases", help))
        if problems:
            raise SpecError(problems)
        _hold(row.values["vars"], row.line)
        case = case_of(node, self._around, self._checks, self._names, is_data=True)
        for combination in self._entry.combinations:
            more = {**case.vars, **combination}
            identity, content = case.id, case.content
            if self._entry.identity:
                identity = self._rendered_id(more)
                content = digest_of({name: case.vars[name] for name in case.own})
            own = (*case.own, *combination)
            yield replace(case, id=identity + _suffix(combination), vars=more, own=own, content=content)


def _hold(variables: Mapping[str, Any], line: int) -> None:
    """Raise DataError for variables of a row that no template could read."""
    if None in variables.values():
        null = next(name for name, value in variables.items() if value is None)
        raise DataError(f"the variable `{null}` is null", line=line, help="leave it out, or give it a value")
    if templates.ALL_VARS in variables:
        raise DataError("`vars` is the name for all variables together", line=line, help="choose another name")


def _suffix(combination: Combination) -> str:
    return f"[{','.join(map(templates.as_text, combination.values()))}]" if combination else ""


def _words(cell: Any) -> tuple[str, ...]:
    parts = cell if isinstance(cell, list) else re.split(r"[,;\s]+", str(cell))
    return tuple(str(part) for part in parts if str(part).strip())


def _chosen(cases: Iterator[Case], entry: Entry) -> Iterator[Case]:
    """`sample` draws with `seed` and keeps the file's order; then `limit` takes the first."""
    sample, limit = entry.number("sample"), entry.number("limit")
    if sample is not None:
        cases = iter(_sampled(cases, sample, random.Random(entry.number("seed") or 0)))
    return islice(cases, min(limit, sys.maxsize) if limit is not None else None)


def _sampled(cases: Iterable[Case], size: int, dice: random.Random) -> list[Case]:
    """`size` of the cases, each with equal chance, in their order (Vitter 1985, algorithm R)."""
    kept: list[tuple[int, Case]] = []
    for index, case in enumerate(cases):
        if index < size:
            kept.append((index, case))
        elif (slot := dice.randrange(index + 1)) < size:
            kept[slot] = (index, case)
    return [case for _, case in sorted(kept, key=lambda item: item[0])]
