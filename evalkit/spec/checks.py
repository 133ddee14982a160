"""From the nodes of an `expect` to Checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit import catalog, templates
from evalkit.documents.nodes import Node
from evalkit.records.spec import Check, Step
from evalkit.spec.check import COMMON_OPTIONS, scorer_of
from evalkit.spec.parts import Complaints, text_of

_STEP_OPTIONS = ("which",)
_NUMBERS_WELCOME = ("equals", "number", "word_count", "json_schema")  # their arguments are values, not texts


class CheckReader:
    """Reads checks; the spec's `extract` and `path` stand in where a check has none of its own."""

    def __init__(self, complain: Complaints, extract: Node | None = None, path: Node | None = None) -> None:
        self.complain = complain
        self._extract = steps_of(extract, complain)
        self._path = str(path.value) if path else ""

    def read(self, expect: Node | None, *, is_data: bool = False) -> tuple[Check, ...]:
        """The checks of an `expect`. Those that came as data are never templates."""
        if expect is None:
            return ()
        if not isinstance(expect.value, dict | list):
            expect = Node(expect.place, {"equals": expect}, keys={"equals": expect.place})
        return tuple(self._check(node, self._extract, self._path, is_data) for node in expect.entries())

    def _check(self, node: Node, extract: tuple[Step, ...], path: str, is_data: bool) -> Check:
        scorer = scorer_of(node)
        own_extract, own_path = node.get("extract"), node.get("path")
        if own_extract:
            extract, path = steps_of(own_extract, self.complain), ""
        if own_path:
            path = str(own_path.value)
        argument = node.value[scorer]
        is_group = scorer in catalog.GROUPS
        parts = tuple(self._check(p, extract, path, is_data) for p in argument.entries()) if is_group else ()
        options = self._options(node, scorer)
        value = None if is_group else self._argument(argument, scorer)
        if not is_data:
            self.complain.about_templates_in(node)
        is_static = is_data or not (templates.has_templates(value) or templates.has_templates(options))
        name, advisory = node.get("name"), node.get("advisory")
        return Check(
            scorer=scorer,
            argument=value,
            options=options,
            name=str(name.value) if name else "",
            is_advisory=bool(advisory.value) if advisory else False,
            extract=() if is_group else extract,
            path="" if is_group else path,
            parts=parts,
            is_static=is_static and all(part.is_static for part in parts),
            place=node.key_place(scorer),
        )

    def _argument(self, node: Node, scorer: str) -> Any:
        if scorer in _NUMBERS_WELCOME or not isinstance(node.value, int | float) or isinstance(node.value, bool):
            return node.plain()
        return text_of(node, self.complain)

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
    kinds = [key for key in node.value if key not in _STEP_OPTIONS]
    if len(kinds) == 1:
        options = {key: node.value[key].plain() for key in _STEP_OPTIONS if key in node.value}
        yield Step(kinds[0], node.value[kinds[0]].plain(), options)
    else:
        complain(node.place, "a step does one thing", "write `- regex: …` or `- between: […]`, one item for each")
