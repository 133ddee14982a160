"""The shape of a spec: every place where it is not what the JSON Schema says, as a Problem.

Cases and checks are dispatched on by hand and held against their own branch alone. Many are written alike, so
each shape is validated once: 2,000 cases cost what their few shapes cost.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from jsonschema import Draft7Validator

from evalkit import catalog
from evalkit.documents.mistakes import in_quotes
from evalkit.documents.nodes import Node
from evalkit.errors import nearest
from evalkit.records.problem import Problem
from evalkit.spec import friends
from evalkit.spec.explain import NOT_YET, explained
from evalkit.spec.schema import SCORER, checked_part, definition, is_defined, keys_with_rules, later_scorers

COMMON_OPTIONS = ("name", "advisory", "source", "extract", "path", "weight")
SOURCES = ("file", "matrix", "python")  # keys that make an entry of `cases` bring many
_FREE = ("vars",)  # keys below which anything may stand
_NO_PARTS = ("x-",)


class Shape:
    """Holds the parts of specs against the schema."""

    def __init__(self) -> None:
        self._good: set[Hashable] = set()

    def problems(self, root: Node) -> list[Problem]:
        """Everything about the shape of a spec that its schema refuses, in no order."""
        if not isinstance(root.value, dict):
            return [Problem(root.place, f"a spec is a mapping, not {_what(root)}", "it has `prompt:` and `cases:`")]
        problems = list(self._held("spec", root))
        cases, expect = root.get("cases"), root.get("expect")
        if cases is not None and isinstance(cases.value, dict | list):
            for case in cases.entries():
                problems += self.case_problems(case)
        return problems + (self.expect_problems(expect) if expect else [])

    def case_problems(self, node: Node) -> list[Problem]:
        """What is wrong with an entry of `cases`, or with a whole case of a data file."""
        if not isinstance(node.value, dict):
            help = "write `- vars: {name: value}`; a data file is `- file: rows.csv`"
            return [Problem(node.place, f"a case is a mapping, not {_what(node)}", help)]
        problems = list(self._held("source" if any(map(_is_source, node.own())) else "inline_case", node))
        expect = node.get("expect")
        return problems + (self.expect_problems(expect) if expect else [])

    def expect_problems(self, expect: Node) -> list[Problem]:
        """What is wrong with the checks of one `expect`."""
        if isinstance(expect.value, dict):
            return self._check_problems(expect)
        items = expect.value if isinstance(expect.value, list) else ()
        return [problem for item in items for problem in self._check_problems(item)]

    def _held(self, part: str, node: Node, left_out: tuple[str, ...] = ()) -> Iterator[Problem]:
        """Problems of one node against one part; a shape that was good once is good."""
        shape = (part, _shape(node, "", ("cases",) if part == "spec" else ("expect",)))
        if shape in self._good:
            return
        problems = list(explained(_validator(part).iter_errors(_looked_at(node, part)), node, part))
        if not problems:
            self._good.add(shape)
        yield from problems

    def _check_problems(self, node: Node, group: str = "") -> list[Problem]:
        if not isinstance(node.value, dict):
            return [_bare(node)]
        misplaced = _misplaced(node, group)
        if misplaced:
            return [misplaced]
        scorers = _scorers_in(node)
        if not scorers:
            return [_no_scorer(node)]
        if len(scorers) > 1:
            return [_several_scorers(node, scorers)]
        scorer = scorers[0]
        if scorer not in catalog.SCORERS and scorer not in catalog.GROUPS and scorer not in later_scorers():
            return []  # a plug-in's: it checks its own options when it is made
        problems = list(self._held(SCORER + scorer, node))
        if scorer in later_scorers() and not problems:
            return [Problem(node.key_place(scorer), f"the scorer `{scorer}` is not in this version yet", NOT_YET)]
        if scorer == "not" and len(node.value[scorer].entries()) != 1:
            help = "put several below `any_of:` or `all_of:`, and that below `not:`"
            return [Problem(node.value[scorer].place, "`not` takes one check", help)]
        if scorer in catalog.GROUPS and not problems:
            for part in node.value[scorer].entries():
                problems += self._check_problems(part, scorer)
        return problems


def scorer_of(node: Node) -> str:
    """The scorer a check names: its first key that is one."""
    return next(str(key) for key in node.value if key not in COMMON_OPTIONS and catalog.is_scorer(key))


def _is_source(key: str) -> bool:
    """Whether a key of an entry, or what it is a slip of, makes the entry bring many cases."""
    known = definition("source")["properties"]
    return key in SOURCES or (key not in known and nearest(key, known) in SOURCES)


@lru_cache
def _validator(part: str) -> Draft7Validator:
    return Draft7Validator(checked_part(part))


def _looked_at(node: Node, part: str) -> Any:
    """The data that a validator is given: of a spec's cases, which have their own turn, the first."""
    cases = node.get("cases") if part == "spec" else None
    if cases is None or not isinstance(cases.value, list):
        return node.plain()
    return replace(node, value={**node.value, "cases": replace(cases, value=cases.value[:1])}).plain()


def _shape(node: Node, key: str, by_hand: tuple[str, ...] = ()) -> Hashable:
    """What a validator looks at: keys, kinds, numbers, and those texts that the schema has rules for."""
    value = node.value
    if isinstance(value, dict):
        if key in _FREE:
            return key
        return tuple(
            (name, _shape(item, name) if name not in by_hand else type(item.value)) for name, item in value.items()
        )
    if isinstance(value, list):
        return tuple(_shape(item, key) for item in value)
    if isinstance(value, str) and key not in keys_with_rules():
        return bool(value)
    return type(value), value


def _scorers_in(node: Node) -> list[str]:
    """The keys of a check that are scorers; what is an option of the first one is none, whatever it is called.

    Plug-ins are looked for last: finding them takes its time.
    """
    found: list[str] = []
    options: Container[str] = COMMON_OPTIONS
    for key in node.value:
        if key not in options and (key in later_scorers() or catalog.is_scorer(key)):
            found.append(key)
            if len(found) == 1 and is_defined(SCORER + key):
                options = definition(SCORER + key)["properties"]
    return found


def _what(node: Node) -> str:
    if node.value is None:
        return "nothing"
    if isinstance(node.value, list):
        return "a list"
    if isinstance(node.value, dict):
        return "a mapping"
    return "a text" if isinstance(node.value, str) else f"`{node.text}`"


def _bare(node: Node) -> Problem:
    """An item of a list of checks that is no mapping."""
    text = node.text
    if isinstance(node.value, list) or node.value is None:
        return Problem(node.place, f"a check is a mapping, not {_what(node)}", "write `- contains: …`")
    if catalog.is_scorer(text) or text in later_scorers():
        argument = "true" if _takes_true(text) else "…"
        return Problem(node.place, f"the scorer `{text}` without its argument", f"write `- {text}: {argument}`")
    friend = friends.scorer_instead_of(text)
    if friend:
        return Problem(node.place, f"no scorer is called `{text}`", f"write {friend}")
    written = text if node.is_plain else in_quotes(text)
    help = f"write `- equals: {written}`; `equals: [a, b]` is any of these"
    return Problem(node.place, "a bare text where a check is wanted", help)


def _misplaced(node: Node, group: str) -> Problem | None:
    """A problem with an option that means nothing to a part of this group, or ("") outside of groups."""
    if node.get("weight") and group != "average":
        help = "only the parts of an `average` have one"
        return Problem(node.key_place("weight"), "`weight` outside an `average`", help)
    if node.get("advisory") and group:
        help = "a group passes or fails as one; put `advisory` beside it"
        return Problem(node.key_place("advisory"), f"`advisory` inside of `{group}`", help)
    return None


def _takes_true(scorer: str) -> bool:
    branch = definition(SCORER + scorer)["properties"][scorer] if scorer in {*catalog.SCORERS, *later_scorers()} else {}
    return branch.get("type") == "boolean"


def _several_scorers(node: Node, scorers: list[str]) -> Problem:
    named = " and ".join(f"`{name}`" for name in scorers)
    separate = "   ".join(f"- {name}: ..." for name in scorers)
    help = f"a check has one scorer; write two:  {separate}"
    return Problem(node.place, f"two scorers in one check: {named}", help)


def _no_scorer(node: Node) -> Problem:
    words = [key for key in node.value if key not in COMMON_OPTIONS and not key.startswith("x-")]
    if not words:
        return Problem(node.place, "a check without a scorer", "it begins with a scorer's name:  - contains: …")
    kind = node.get("type")
    if kind is not None and isinstance(kind.value, str):
        return _typed(node, kind)
    word = words[0]
    place = node.key_place(word)
    near = nearest(word, [*catalog.SCORERS, *catalog.GROUPS, *catalog.plugged_scorers(), *later_scorers()])
    friend = friends.scorer_instead_of(word) or friends.instead_of(word, "check")
    help = f"write {friend}" if friend.startswith("`") else friend
    help = help or (f"did you mean `{near}`?" if near else "see: evalkit list scorers")
    return Problem(place, f"no scorer is called `{word}`", help)


def _typed(node: Node, kind: Node) -> Problem:
    """`type: contains` with `value: x`, as promptfoo has it."""
    name = kind.text.replace("-", "_")
    value = node.get("value")
    is_known = catalog.is_scorer(name) or name in later_scorers()
    shown = value.text if value is not None and isinstance(value.value, str | int | float) else "…"
    if is_known and _takes_true(name):
        shown = "true"
    friend = friends.scorer_instead_of(kind.text)
    write = f"`- {name}: {shown}`" if is_known else friend or "`- contains: …`"
    message = "a check begins with its scorer's name; there is no `type`"
    return Problem(node.key_place("type"), message, f"write {write}")
