"""From the nodes of an `expect` to Checks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit import catalog, templates
from evalkit.documents.nodes import Node
from evalkit.records.problem import Place
from evalkit.records.spec import Check, Step
from evalkit.spec.check import COMMON_OPTIONS, scorer_of
from evalkit.spec.explain import NOT_YET
from evalkit.spec.parts import Complaints, about_texts, place_of_name

_LOOKS_LIKE_TEMPLATE = re.compile(r"\{\{.*\}\}", re.DOTALL)
_STEP_OPTIONS = ("which",)
_VALUES = ("number", "word_count", "json_schema")  # their arguments are values, not texts
_SOURCES = ("reasoning",)  # what this version can judge besides the reply


@dataclass(frozen=True, slots=True)
class _Judged:
    """What of a reply is judged: its source, the steps of extraction, the path."""

    source: str
    extract: tuple[Step, ...]
    path: str


class CheckReader:
    """Reads checks; the spec's `extract` and `path` stand in where a check has none of its own."""

    def __init__(self, complain: Complaints, extract: Node | None = None, path: Node | None = None) -> None:
        self.complain = complain
        self._judged_of_all = _Judged("", steps_of(extract, complain), str(path.value) if path else "")
        self._nodes: dict[Place, Node] = {}

    def read(self, expect: Node | None, *, is_data: bool = False) -> tuple[Check, ...]:
        """The checks of an `expect`. Those that came as data are never templates."""
        if expect is None:
            return ()
        if not isinstance(expect.value, dict | list):
            expect = Node(expect.place, {"equals": expect}, keys={"equals": expect.place})
        return tuple(self._check(node, self._judged_of_all, is_data) for node in expect.entries())

    def place_of_name(self, check: Check, name: str) -> Place:
        """Where a check's templates read a variable."""
        node = self._nodes.get(check.place)
        return place_of_name(node, name) if node is not None and name else check.place

    def place_in(self, check: Check, where: Sequence[str | int]) -> Place:
        """The place at a path from a check; of its argument when there is none."""
        node = self._nodes.get(check.place)
        return node.at(where or (check.scorer,)).place if node is not None else check.place

    def _check(self, node: Node, judged: _Judged, is_data: bool) -> Check:
        scorer = scorer_of(node)
        judged = self._judged(node, judged)
        argument = node.value[scorer]
        is_group = scorer in catalog.GROUPS
        parts = tuple(self._check(part, judged, is_data) for part in argument.entries()) if is_group else ()
        options = self._options(node, scorer)
        value = None if is_group else self._argument(argument, scorer)
        place = node.key_place(scorer)
        if not is_data:
            self._nodes[place] = node
            self._about_templates(node, scorer if is_group else "")
        is_static = is_data or not (templates.has_templates(value) or templates.has_templates(options))
        name, advisory, weight = node.get("name"), node.get("advisory"), node.get("weight")
        return Check(
            scorer=scorer,
            argument=value,
            options=options,
            name=str(name.value) if name else "",
            is_advisory=bool(advisory.value) if advisory else False,
            source="" if is_group else judged.source,
            extract=() if is_group else judged.extract,
            path="" if is_group else judged.path,
            parts=parts,
            weight=float(weight.value) if weight else 1.0,
            is_static=is_static and all(part.is_static for part in parts),
            place=place,
        )

    def _about_templates(self, node: Node, group: str) -> None:
        """Complain of the templates of a check, but of those of its parts, which have their own turn."""
        for key, item in node.own().items():
            if key in COMMON_OPTIONS:
                self._about_no_template(key, item)
            elif key != group:
                self.complain.about_templates_in(item)

    def _about_no_template(self, key: str, node: Node) -> None:
        """Warn of what looks like a template where none is rendered."""
        for each in node.walk():
            if isinstance(each.value, str) and _LOOKS_LIKE_TEMPLATE.search(each.value):
                help = "templates stand in prompts, and in what a check compares with"
                self.complain.warn(each.place, f"`{key}` is no template, `{{{{` stands for itself", help)

    def _judged(self, node: Node, around: _Judged) -> _Judged:
        """What of the reply a check judges: as it says itself, else as is said around it."""
        source, extract, path = node.get("source"), node.get("extract"), node.get("path")
        if source and source.value not in _SOURCES:
            self.complain(source.place, f"`source: {source.value}` is not in this version yet", NOT_YET)
        steps = steps_of(extract, self.complain) if extract else around.extract
        kept_path = "" if extract else around.path
        return _Judged(str(source.value) if source else around.source, steps, str(path.value) if path else kept_path)

    def _argument(self, node: Node, scorer: str) -> Any:
        if scorer not in _VALUES:
            about_texts(node, self.complain)
        if scorer in _VALUES or not isinstance(node.value, int | float) or isinstance(node.value, bool):
            return node.plain()
        return json.dumps(node.value)

    def _options(self, node: Node, scorer: str) -> dict[str, Any]:
        left_out = (scorer, *COMMON_OPTIONS)
        return {k: v.plain() for k, v in node.value.items() if k not in left_out and not k.startswith("x-")}


def steps_of(node: Node | None, complain: Complaints) -> tuple[Step, ...]:
    """The steps of an `extract`."""
    return tuple(step for item in node.entries() for step in _steps(item, complain)) if node else ()


def _steps(node: Node, complain: Complaints) -> Iterator[Step]:
    if not isinstance(node.value, dict):
        yield Step(str(node.value))
        return
    kinds = [key for key in node.own() if key not in _STEP_OPTIONS]
    if len(kinds) == 1:
        options = {key: node.value[key].plain() for key in _STEP_OPTIONS if key in node.value}
        yield Step(kinds[0], node.value[kinds[0]].plain(), options)
    else:
        complain(node.place, "a step does one thing", "write `- regex: …` or `- between: […]`, one item for each")
