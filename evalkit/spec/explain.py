"""From what the JSON Schema refuses to a Problem: what is wrong, in the words of the file, and what to write."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.documents.mistakes import in_quotes
from evalkit.documents.nodes import Node
from evalkit.errors import did_you_mean, nearest
from evalkit.records.problem import Place, Problem
from evalkit.spec import friends
from evalkit.spec.schema import definition, later_keys, schema

NEWER = "or it is newer than this evalkit"
NOT_YET = "it is part of the format, and comes in a later version"
_SUBJECTS = {
    "spec": "a spec",
    "inline_case": "a case",
    "source": "an entry of `cases`",
    "model": "a model",
    "rule": "a rule of the gate",
    "message": "a message",
    "step": "a step of `extract`",
}
_KINDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}
# What to write instead, where a key has a value of a kind that people take it to have: (key, kind found).
_INSTEAD = {
    ("prompt", "a mapping"): "a prompt is one text, or a list of messages: `- system: …`, `- user: …`",
    ("prompts", "a list"): "prompts have names: `terse: …`, `careful: …`",
    ("prompts", "a text"): "one prompt stands at `prompt:`",
    ("model", "a list"): "several models stand at `models:`",
    ("models", "a text"): "one model stands at `model:`",
    ("cases", "a text"): "name a data file below `cases:`:  - file: {found}",
    ("gate", "a number"): "name the rule: `gate: {{pass_rate: {found}}}`",
    ("vars", "a list"): "variables are a mapping: `name: value`",
    ("trials", "a text"): "write a number without quotes, or {{count: 5, pass: majority}}",
    ("pass_rate", "a text"): "write a share: 90 % is 0.9",
}
_SHARES = ("pass_rate", "mean_score")


def explained(errors: Iterable[Any], root: Node, part: str) -> Iterator[Problem]:
    """Problems for the errors of a validator. `part` is the definition that `root` was held against."""
    found = [problem for error in errors for problem in _Finding(error, root, part).problems()]
    meant = {problem.instead for problem in found if problem.instead}
    yield from (each.problem for each in found if each.needs not in meant)


@dataclass(frozen=True, slots=True)
class _Found:
    """A problem; `needs` is the (mapping, key) that it misses, `instead` the one that an unknown key is meant for."""

    problem: Problem
    needs: tuple[Place, str] | None = None
    instead: tuple[Place, str] | None = None


class _Finding:
    """One error of the validator, at its node."""

    def __init__(self, error: Any, root: Node, part: str) -> None:
        self._error = error
        self._part = part
        self._steps = [str(step) for step in error.absolute_path]
        self._node = root.at(list(error.absolute_path))

    def problems(self) -> Iterator[_Found]:
        error, node = self._error, self._node
        if error.validator == "additionalProperties":
            for key in _extra_keys(error):
                problem = self._unknown(key)
                meant = re.search(r"`(\w+):?`", problem.help)
                yield _Found(problem, instead=(node.place, meant.group(1)) if meant else None)
        elif error.validator == "required":
            missing = re.findall(r"^'(.+?)' is a required", error.message)[0]
            problem = Problem(node.place, f"{self._name()} needs `{missing}`", self._described(missing))
            yield _Found(problem, needs=(node.place, missing))
        elif error.validator == "type":
            yield _Found(Problem(node.place, f"{self._name()} is {found(node)}", self._wanted()))
        elif error.validator == "enum":
            choices = [str(choice) for choice in error.validator_value]
            help = did_you_mean(node.text, choices)
            yield _Found(Problem(node.place, f"{self._name()} cannot be {found(node)}", help))
        else:
            yield _Found(Problem(node.place, f"{self._name()} is {found(node)}: {_bound(error)}", self._hint()))

    def _name(self) -> str:
        if not self._steps:
            return _subject(self._part)
        *before, last = self._steps
        return f"item {int(last) + 1} of `{before[-1]}`" if last.isdigit() and before else f"`{last}`"

    def _key(self) -> str:
        """The nearest key that is no position."""
        return next((step for step in reversed(self._steps) if not step.isdigit()), "")

    def _unknown(self, key: str) -> Problem:
        node, place = self._node, self._node.key_place(key)
        known = [name for name in self._error.schema.get("properties", {}) if name != _scorer(self._part)]
        is_check = self._part.startswith("scorer_") and not self._steps
        what = f"{_subject(self._part)} has no option `{key}`" if is_check else f"unknown key `{key}`"
        if not is_check and self._steps:
            what = f"{self._name()} has no key `{key}`"
        if key in later_keys():
            return Problem(place, f"`{key}` is not in this version yet", NOT_YET)
        owner = _comma_before(node, key)
        if owner:
            help = f"a comma ends a value inside {{...}}; quote the whole text of `{owner}`"
            return Problem(place, what, help)
        friend = self._friend(key, "check" if is_check else _mapping_of(self._error, self._part), known)
        if friend:
            return Problem(place, what, friend)
        if is_check and nearest(key, known):
            return Problem(place, what, did_you_mean(key, known))
        said = did_you_mean(key, known)
        return Problem(place, what, f"{said}, {NEWER}" if said.startswith("known") else f"{said} {NEWER}".strip())

    def _friend(self, key: str, part: str, known: Collection[str]) -> str:
        """What to write for another tool's word, or for a slip of one that is no slip of ours."""
        return friends.instead_of(key, part) or ("" if nearest(key, known) else friends.instead_of_like(key, part))

    def _wanted(self) -> str:
        instead = _INSTEAD.get((self._key(), _kind(self._node)))
        if instead and not self._steps[-1].isdigit():
            return instead.format(found=self._node.text)
        if self._node.file and self._key() in ("prompt", "prompts"):
            return f"write `- user: {{file: {self._node.file}}}`"
        value = self._error.validator_value
        kinds = [value] if isinstance(value, str) else value
        return f"it takes {_or([_KINDS[kind] for kind in kinds])}{_example(self._error)}"

    def _described(self, key: str) -> str:
        part = self._error.schema.get("properties", {}).get(key) or schema("spec")["properties"].get(key, {})
        said = str(part.get("description", "")).split(". ")[0].removesuffix(".")
        example = _flow(next(iter(part.get("examples", ())), ""))
        return f"{said}; for example `{key}: {example}`" if example and len(example) <= 60 else said

    def _hint(self) -> str:
        if self._key() in _SHARES and isinstance(self._node.value, int | float) and self._node.value >= 2:
            return f"write a share: {self._node.text} % is {self._node.value / 100:g}"
        return _example(self._error).removeprefix(", ")


def _subject(part: str) -> str:
    scorer = _scorer(part)
    return f"`{scorer}`" if scorer else _SUBJECTS.get(part, "this")


def _scorer(part: str) -> str:
    return part.removeprefix("scorer_") if part.startswith("scorer_") else ""


def _mapping_of(error: Any, part: str) -> str:
    """The definition of the mapping in which a key is unknown; `part` itself when it is no other's."""
    names = [name for name in ("model", "rule") if name in friends.BY_PART and _is_inside(error, name)]
    return names[0] if names else part


def _is_inside(error: Any, name: str) -> bool:
    branch = definition(name)
    closed = branch.get("then", branch)
    return set(closed.get("properties", ())) >= set(error.schema.get("properties", ())) > set()


def _extra_keys(error: Any) -> list[str]:
    known = error.schema.get("properties", {})
    patterns = [re.compile(pattern) for pattern in error.schema.get("patternProperties", {})]
    return [key for key in error.instance if key not in known and not any(p.search(key) for p in patterns)]


def _comma_before(node: Node, key: str) -> str:
    """The key whose text was cut by a comma inside {…}: what follows the comma is then a key without a value."""
    value = node.value[key]
    if not node.is_flow or value.value is not None or value.text:
        return ""
    before = ""
    for name, item in node.value.items():
        if name == key:
            return before
        if isinstance(item.value, str):
            before = name
    return ""


def found(node: Node) -> str:
    """What stands at a node, as a message says it."""
    kind = "empty" if node.value in ([], {}) else _kind(node)
    if kind in ("a mapping", "a list", "empty"):
        return kind
    line = " ".join(node.text.splitlines())
    text = line if len(line) <= 60 else f"{line[:59]}…"
    return f"`{text}`" if node.is_plain or not isinstance(node.value, str) else in_quotes(text)


def _kind(node: Node) -> str:
    value = node.value
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "empty"
    return "a text" if isinstance(value, str) else "true or false" if isinstance(value, bool) else "a number"


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


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
    text = str(value)
    return in_quotes(text) if isinstance(value, str) and re.search(r"[{}\[\],:#]|^[%@`*&!|>'\"]", text) else text


def _bound(error: Any) -> str:
    limit = error.validator_value
    words: dict[str, str] = {
        "minimum": f"it must be at least {limit}",
        "maximum": f"it must be at most {limit}",
        "exclusiveMinimum": f"it must be more than {limit}",
        "exclusiveMaximum": f"it must be less than {limit}",
        "minItems": f"it must have at least {limit} item{'s' if limit != 1 else ''}",
        "maxItems": f"it must have at most {limit} items",
        "minLength": "it must not be empty",
        "maxLength": f"it must have at most {limit} characters",
        "minProperties": "it must not be empty",
        "pattern": f"it must match {limit}",
    }
    return words.get(str(error.validator), str(error.message))
