"""The cases of a spec: those written inline, and those that data files bring, streamed anew in each pass."""

from __future__ import annotations

import hashlib
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from evalkit import catalog, templates
from evalkit.datasets.interface import DataError, Row
from evalkit.documents.nodes import Node
from evalkit.documents.read import Document, read_text
from evalkit.errors import SpecError, TemplateError, UserError, did_you_mean
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import Case, Check, Trials
from evalkit.settings import Settings
from evalkit.spec.check import case_problems, expect_problems
from evalkit.spec.checks import CheckReader
from evalkit.spec.parts import Complaints, node_of, text_list, text_of, trials_of, variables_of

SLUG = 24  # characters of a variable that an id made from content begins with
_ROW_ROLES = (
    "id",
    "expect",
)  # columns that are also the case's own; `tags` and `group` only through `columns`


@dataclass(frozen=True, slots=True)
class CaseDefaults:
    """What every case of the spec has: checks, variables, trials."""

    checks: tuple[Check, ...]
    vars: Mapping[str, Any]
    trials: Trials | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item of `cases` whose data file brings rows; `node` has its options."""

    node: Node
    file: Path
    shown: str
    vars: Mapping[str, Any]
    checks: tuple[Check, ...]

    def option(self, name: str) -> Any:
        node = self.node.get(name)
        return node.plain() if node else None


class CaseStream:
    """The cases of one spec in order. Iterating raises SpecError where a data file cannot be read."""

    def __init__(self, document: Document, settings: Settings, checks: CheckReader, defaults: CaseDefaults) -> None:
        self._document = document
        self._settings = settings
        self._checks = checks
        self._defaults = defaults
        self._complain = checks.complain
        cases = document.root.get("cases") if document.root else None
        self._items = [self._item(node) for node in (cases.entries() if cases else [])]

    def __iter__(self) -> Iterator[Case]:
        for item in self.checked():
            if isinstance(item, Problem):
                raise SpecError([item])
            yield item

    def checked(self) -> Iterator[Case | Problem]:
        """The cases, and a Problem in place of each that cannot be read."""
        seen: Counter[str] = Counter()
        for item in self._items:
            cases: Iterable[Case | Problem] = [item] if isinstance(item, Case) else self._rows(item)
            for case in cases:
                if isinstance(case, Case) and not case.id:
                    made = content_id(case)
                    seen[made] += 1
                    case = replace(case, id=made if seen[made] == 1 else f"{made}#{seen[made]}")
                yield case

    def _item(self, node: Node) -> Case | _Entry:
        if node.get("file"):
            return self._entry(node)
        return self._case(node, {}, (), is_data=False)

    def _case(self, node: Node, variables: Mapping[str, Any], checks: tuple[Check, ...], *, is_data: bool) -> Case:
        """A case from its nodes; `variables` and `checks` are its entry's. Its id stays "" until all is known."""
        own = variables_of(node.get("vars"), self._complain)
        name, group, skip = node.get("id"), node.get("group"), node.get("skip")
        return Case(
            id=text_of(name, self._complain) if name else "",
            vars={**self._defaults.vars, **variables, **own},
            own=tuple(own),
            checks=self._defaults.checks + checks + self._checks.read(node.get("expect"), is_data=is_data),
            tags=text_list(node.get("tags")),
            group=text_of(group, self._complain) if group else "",
            skip=str(skip.value) if skip else "",
            trials=self._trials(trials_of(node.get("trials"), self._complain)),
            place=node.place,
        )

    def _trials(self, own: Trials | None) -> Trials:
        trials = own or self._defaults.trials or Trials()
        if self._settings.trials is None:
            return trials
        rule = min(trials.rule, self._settings.trials) if isinstance(trials.rule, int) else trials.rule
        return Trials(self._settings.trials, rule)

    def _entry(self, node: Node) -> _Entry:
        file = node.value["file"]
        if node.get("where"):
            self._complain.about_expression(node.value["where"])
        identity = node.get("id")
        if identity:
            self._complain.about_template(text_of(identity, self._complain), identity.place)
        path = (self._document.path.parent / str(file.value)).resolve()
        self._about_file(path, file)
        folder = Path(self._document.shown).parent
        return _Entry(
            node,
            path,
            (folder / str(file.value)).as_posix(),
            variables_of(node.get("vars"), self._complain),
            self._checks.read(node.get("expect")),
        )

    def _about_file(self, path: Path, file: Node) -> None:
        if not path.is_relative_to(self._settings.root.resolve()):
            self._complain(file.place, f"`{file.value}` lies outside the project", "copy it into the project")
        elif not path.is_file():
            siblings = [sibling.name for sibling in path.parent.glob("*")] if path.parent.is_dir() else []
            self._complain(file.place, f"there is no file `{file.value}`", did_you_mean(path.name, siblings))
        elif path.suffix.lower() not in catalog.DATASETS:
            known = ", ".join(catalog.DATASETS)
            self._complain(file.place, f"no loader reads `{path.suffix}` files", f"known: {known}")

    def _rows(self, entry: _Entry) -> Iterator[Case | Problem]:
        try:
            count = 0
            for case in _chosen(self._row_cases(entry), entry):
                count += 1
                yield case
            if not count:
                yield Problem(entry.node.value["file"].place, f"no row of `{entry.shown}` is left", "see `where`")
        except DataError as error:
            yield Problem(Place(entry.shown, error.line), error.message, error.help)
        except TemplateError as error:
            place = error.place or entry.node.place
            yield Problem(place, error.message, error.help)
        except (SpecError, UserError) as error:
            yield from (error.problems if isinstance(error, SpecError) else [Problem(entry.node.place, error.message)])

    def _row_cases(self, entry: _Entry) -> Iterator[Case]:
        where = entry.option("where")
        for row in catalog.loader(entry.file.suffix).rows(entry.file):
            case = self._row_case(entry, row)
            try:
                if where is None or templates.evaluate(where, case.vars):
                    yield case
            except TemplateError as error:
                error.place = entry.node.value["where"].place
                raise

    def _row_case(self, entry: _Entry, row: Row) -> Case:
        place = Place(entry.shown, row.line)
        if isinstance(row.values.get("vars"), Mapping):
            return self._whole_case(entry, row, place)
        columns = entry.option("columns") or {}
        values = {**row.values, **{name: _cell(row, column, entry) for name, column in columns.items()}}
        nulls = [name for name, value in values.items() if value is None]
        if nulls:
            raise DataError(
                f"the variable `{nulls[0]}` is null", line=row.line, help="leave it out, or give it a value"
            )
        variables = {**self._defaults.vars, **entry.vars, **values}
        return Case(
            id=self._row_id(entry, row, values, variables),
            vars=variables,
            own=(*values, *entry.vars),
            checks=self._defaults.checks + entry.checks + self._cell_checks(values.get("expect"), place),
            tags=text_list(entry.node.get("tags")) + (_words(values["tags"]) if "tags" in columns else ()),
            group=str(values["group"]) if "group" in columns else str(entry.option("group") or ""),
            skip=str(entry.option("skip") or ""),
            trials=self._trials(trials_of(entry.node.get("trials"), Complaints())),
            place=place,
        )

    def _row_id(self, entry: _Entry, row: Row, values: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
        pattern = entry.option("id")
        if pattern is not None:
            return templates.render_text(str(pattern), variables)
        identity = str(values.get("id", "")).strip()
        if "id" in values and not identity:
            raise DataError("the id is empty", line=row.line)
        return identity

    def _cell_checks(self, cell: Any, place: Place) -> tuple[Check, ...]:
        """The checks of an `expect` cell: a text, or YAML where it begins with `{` or `[`."""
        if cell is None or cell == "":
            return ()
        node = node_of(cell, place)
        if isinstance(cell, str) and cell.lstrip()[:1] in ("{", "["):
            document = read_text(cell, place)
            if document.root is None:
                raise SpecError(document.problems)
            node = document.root
        problems = expect_problems(node)
        if problems:
            raise SpecError(problems)
        return self._checks.read(node, is_data=True)

    def _whole_case(self, entry: _Entry, row: Row, place: Place) -> Case:
        """A JSON row with a `vars` mapping is a case as it would stand in YAML."""
        node = node_of(row.values, place)
        problems = case_problems(node)
        if problems:
            raise SpecError(problems)
        return self._case(node, entry.vars, entry.checks, is_data=True)


def _cell(row: Row, column: str, entry: _Entry) -> Any:
    if column not in row.values:
        raise DataError(f"there is no column `{column}`", help=did_you_mean(column, row.values))
    return row.values[column]


def _words(cell: Any) -> tuple[str, ...]:
    parts = cell if isinstance(cell, list) else re.split(r"[,;\s]+", str(cell))
    return tuple(str(part) for part in parts if str(part).strip())


def _chosen(cases: Iterator[Case], entry: _Entry) -> Iterator[Case]:
    """`sample` draws with `seed` and keeps the file's order; then `limit` takes the first."""
    sample, limit = entry.option("sample"), entry.option("limit")
    if sample is not None:
        cases = iter(_sampled(cases, sample, random.Random(entry.option("seed") or 0)))
    return islice(cases, limit)


def _sampled(cases: Iterable[Case], size: int, dice: random.Random) -> list[Case]:
    """`size` of the cases, each with equal chance, in their order (Vitter 1985, algorithm R)."""
    kept: list[tuple[int, Case]] = []
    for index, case in enumerate(cases):
        if index < size:
            kept.append((index, case))
        elif (slot := dice.randrange(index + 1)) < size:
            kept[slot] = (index, case)
    return [case for _, case in sorted(kept, key=lambda item: item[0])]


def content_id(case: Case) -> str:
    """An id from a case's own variables: `i-loved-it-3fa2b81c`. Other cases never change it."""
    own = {name: case.vars[name] for name in case.own}
    digest = hashlib.sha256(templates.to_json(dict(sorted(own.items()))).encode("utf-8", "surrogatepass")).hexdigest()
    text = next((value for value in own.values() if isinstance(value, str)), "")
    slug = slugged(text)
    return f"{slug}-{digest[:8]}" if slug else digest[:8]


def slugged(text: str) -> str:
    """The first words of a text, lower case, joined by hyphens."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text[: SLUG * 4]).lower())
    slug = ""
    for word in words:
        if slug and len(slug) + 1 + len(word) > SLUG:
            break
        slug = f"{slug}-{word}" if slug else word[:SLUG]
    return slug
