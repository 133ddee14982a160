"""The shape of a spec: every place where it is not what the JSON Schema says, as a Problem.

Checks are dispatched on their scorer's name and validated against that branch alone; validating the whole
schema would try every scorer on every check and explain none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft7Validator

from evalkit import catalog
from evalkit.documents.nodes import Node
from evalkit.errors import did_you_mean
from evalkit.records.problem import Problem
from evalkit.spec import later
from evalkit.spec.schema import schema

COMMON_OPTIONS = ("name", "advisory", "extract", "path")
_NEWER = "or it is newer than this evalkit"
_KINDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


def shape_problems(root: Node) -> list[Problem]:
    """Everything about the shape of a spec that its schema refuses, in no order."""
    if not isinstance(root.value, dict):
        return [Problem(root.place, "a spec is a mapping", "it has at least `prompt`, `expect` and `cases`")]
    problems = list(_explained(_spec_validator(), root))
    for expect in _expectations(root):
        problems += expect_problems(expect)
    return problems


def case_problems(node: Node) -> list[Problem]:
    """What is wrong with a case that came from a data file."""
    problems = list(_explained(_part_validator("case"), node))
    expect = node.get("expect")
    return problems + (expect_problems(expect) if expect else [])


def expect_problems(expect: Node) -> list[Problem]:
    """What is wrong with the checks of one `expect`."""
    if isinstance(expect.value, dict):
        return _check_problems(expect)
    if not isinstance(expect.value, list):
        return []
    problems: list[Problem] = []
    for item in expect.value:
        problems += _check_problems(item)
    return problems


def scorer_of(node: Node) -> str:
    """The scorer a check names: its key that is one."""
    return next(str(key) for key in node.value if catalog.is_scorer(key))


def _expectations(root: Node) -> Iterator[Node]:
    cases = root.get("cases")
    for holder in (root, *(cases.entries() if cases else ())):
        expect = holder.get("expect")
        if expect is not None:
            yield expect


def _check_problems(node: Node) -> list[Problem]:
    if not isinstance(node.value, dict):
        wanted = f"write `equals: {node.text}`" if node.text else "a scorer's name with its argument"
        return [Problem(node.place, "a list of checks holds mappings only", wanted)]
    scorers = [key for key in node.value if catalog.is_scorer(key)]
    if not scorers:
        return [_no_scorer(node)]
    if len(scorers) > 1:
        named = " and ".join(f"`{name}`" for name in scorers)
        separate = "   ".join(f"- {name}: …" for name in scorers)
        place = node.key_place(scorers[1])
        return [Problem(place, f"two scorers in one check: {named}", f"a check has one scorer; write two:  {separate}")]
    (scorer,) = scorers
    if scorer not in catalog.SCORERS and scorer not in catalog.GROUPS:
        return []  # a plug-in's: it checks its own options when it is made
    problems = list(_explained(_part_validator(f"scorer_{scorer}"), node, scorer))
    if scorer in catalog.GROUPS and not problems:
        for part in node.value[scorer].entries():
            problems += _check_problems(part)
    return problems


def _no_scorer(node: Node) -> Problem:
    words = [key for key in node.value if key not in COMMON_OPTIONS and not key.startswith("x-")]
    if not words:
        return Problem(node.place, "a check without a scorer", did_you_mean("", [*catalog.SCORERS, *catalog.GROUPS]))
    place = node.key_place(words[0])
    if words[0] in later.SCORERS:
        return Problem(place, f"the scorer `{words[0]}` is not in this version yet", "it is part of the format")
    known = [*catalog.SCORERS, *catalog.GROUPS]
    return Problem(place, f"no scorer is called `{words[0]}`", did_you_mean(words[0], known))


@lru_cache
def _spec_validator() -> Draft7Validator:
    return Draft7Validator(_without_checks(schema("spec")))


@lru_cache
def _part_validator(name: str) -> Draft7Validator:
    whole = _without_checks(schema("spec"))
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": whole["definitions"]})


def _without_checks(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with checks left open: they are dispatched on by name, one by one."""
    return {**whole, "definitions": {**whole["definitions"], "check": True}}


def _explained(validator: Draft7Validator, node: Node, scorer: str = "") -> Iterator[Problem]:
    for error in validator.iter_errors(node.plain()):
        yield from _problems(error, node, scorer)


def _problems(error: Any, root: Node, scorer: str) -> Iterable[Problem]:
    node = root.at(list(error.absolute_path))
    name = _name_of(error, scorer)
    if error.validator == "additionalProperties":
        return [_unknown_key(key, node, error.schema, scorer) for key in _extra_keys(error)]
    if error.validator == "required":
        missing = re.findall(r"^'(.+?)' is a required", error.message)[0]
        return [Problem(node.place, f"{name} needs `{missing}`", _described(root, missing))]
    if error.validator == "type":
        kinds = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        wanted = " or ".join(_KINDS[kind] for kind in kinds)
        return [Problem(node.place, f"{name} is {_found(node)}", f"it takes {wanted}{_example(error)}")]
    if error.validator == "enum":
        choices = [str(choice) for choice in error.validator_value]
        return [Problem(node.place, f"{name} cannot be `{node.text}`", did_you_mean(node.text, choices))]
    return [Problem(node.place, f"{name}: {_bound(error)}", _example(error).removeprefix(", for example: "))]


def _name_of(error: Any, scorer: str) -> str:
    path = [str(step) for step in error.absolute_path]
    if not path:
        return f"`{scorer}`" if scorer else "a spec"
    return f"`{path[-1]}`" if not path[-1].isdigit() else f"item {int(path[-1]) + 1} of `{(['list', *path])[-2]}`"


def _found(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if node.value is None:
        return "empty"
    return f"`{node.text}`"


def _extra_keys(error: Any) -> list[str]:
    known = error.schema.get("properties", {})
    patterns = [re.compile(pattern) for pattern in error.schema.get("patternProperties", {})]
    return [key for key in error.instance if key not in known and not any(p.search(key) for p in patterns)]


def _unknown_key(key: str, node: Node, within: Mapping[str, Any], scorer: str) -> Problem:
    place = node.key_place(key)
    if key in later.KEYS:
        return Problem(place, f"`{key}` is not in this version yet", "it is part of the format")
    known = [name for name in within.get("properties", {}) if name != scorer]
    what = f"`{scorer}` has no option `{key}`" if scorer else f"unknown key `{key}`"
    return Problem(place, what, f"{did_you_mean(key, known)} {_NEWER}".strip())


def _described(root: Node, key: str) -> str:
    text = schema("spec")["properties"].get(key, {}).get("description", "")
    return str(text)


def _example(error: Any) -> str:
    examples = error.schema.get("examples", []) if isinstance(error.schema, Mapping) else []
    return f", for example: {_flow(examples[0])}" if examples else ""


def _flow(value: Any) -> str:
    """A value as YAML would have it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _bound(error: Any) -> str:
    limit = error.validator_value
    words: dict[str, str] = {
        "minimum": f"at least {limit}",
        "maximum": f"at most {limit}",
        "exclusiveMinimum": f"more than {limit}",
        "minItems": f"at least {limit} item{'s' if limit != 1 else ''}",
        "maxItems": f"at most {limit} items",
        "minLength": "must not be empty",
        "minProperties": "must not be empty",
        "pattern": f"must match {limit}",
    }
    return words.get(str(error.validator), str(error.message))
