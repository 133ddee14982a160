"""What of a value a JSON Schema refuses: as much of draft 7 as the schema of specs is written in.

A library knows all of it, and would cost every command more time than the rest of reading a spec.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
Part = Schema | bool  # true takes everything
Step = str | int  # a key of a mapping or a position in a list

_CLASSES: Mapping[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


@dataclass(frozen=True, slots=True)
class Refusal:
    """`value`, which stands at `path`, is not what the `keyword` of `schema` wants."""

    path: tuple[Step, ...]
    keyword: str
    schema: Schema
    value: Any

    @property
    def wanted(self) -> Any:
        """What stands at the keyword."""
        return self.schema[self.keyword]


def is_kind(value: Any, kind: str) -> bool:
    """Whether a value is of a JSON type; a number without a fraction is an integer, as draft 7 has it."""
    if kind in ("number", "integer"):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and (kind == "number" or isinstance(value, int) or value.is_integer())
    return isinstance(value, _CLASSES[kind])


def _is_one_of(value: Any, kinds: str | list[str]) -> bool:
    return any(is_kind(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _is_choice(value: Any, choices: list[Any]) -> bool:
    return any(value == choice and isinstance(value, bool) == isinstance(choice, bool) for choice in choices)


def extra_keys(value: Mapping[str, Any], schema: Schema) -> list[str]:
    """The keys of a mapping that a schema does not name."""
    known, patterns = schema.get("properties", ()), schema.get("patternProperties", ())
    return [key for key in value if key not in known and not any(re.search(each, key) for each in patterns)]


# What each keyword asks of values of a kind ("" of all), and of no others.
_HOLDS: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "type": ("", _is_one_of),
    "enum": ("", _is_choice),
    "required": ("object", lambda value, keys: all(key in value for key in keys)),
    "minProperties": ("object", lambda value, least: len(value) >= least),
    "minItems": ("array", lambda value, least: len(value) >= least),
    "maxItems": ("array", lambda value, most: len(value) <= most),
    "minLength": ("string", lambda value, least: len(value) >= least),
    "maxLength": ("string", lambda value, most: len(value) <= most),
    "pattern": ("string", lambda value, pattern: re.search(pattern, value) is not None),
    "minimum": ("number", operator.ge),
    "maximum": ("number", operator.le),
    "exclusiveMinimum": ("number", operator.gt),
}
_LEADS_ON = "$ref definitions allOf if then else properties patternProperties additionalProperties items"
_ANNOTATES = "$schema $id $comment title description examples default"
KEYWORDS = frozenset((*_HOLDS, *_LEADS_ON.split(), *_ANNOTATES.split()))  # a schema with another one is not held


def refusals(value: Any, schema: Part, definitions: Schema, path: tuple[Step, ...] = ()) -> Iterator[Refusal]:
    """Everything that `schema` refuses; `definitions` are what `$ref` leads to."""
    while not isinstance(schema, bool) and "$ref" in schema:  # in draft 7 nothing beside it counts
        schema = definitions[schema["$ref"].removeprefix("#/definitions/")]
    if isinstance(schema, bool):
        return
    yield from _own(value, schema, path)
    for part in _alternatives(value, schema, definitions):
        yield from refusals(value, part, definitions, path)
    for step, inner, part in _inside(value, schema):
        yield from refusals(inner, part, definitions, (*path, step))


def _own(value: Any, schema: Schema, path: tuple[Step, ...]) -> Iterator[Refusal]:
    """What a schema refuses of a value as a whole."""
    for keyword, (kind, holds) in _HOLDS.items():
        if keyword in schema and (not kind or is_kind(value, kind)) and not holds(value, schema[keyword]):
            yield Refusal(path, keyword, schema, value)
    if isinstance(value, dict) and schema.get("additionalProperties") is False and extra_keys(value, schema):
        yield Refusal(path, "additionalProperties", schema, value)


def _alternatives(value: Any, schema: Schema, definitions: Schema) -> Iterator[Part]:
    """The schemas that are about the same value."""
    yield from schema.get("allOf", ())
    if "if" in schema:
        is_refused = any(True for _ in refusals(value, schema["if"], definitions))
        yield schema.get("else" if is_refused else "then", True)


def _inside(value: Any, schema: Schema) -> Iterator[tuple[Step, Any, Part]]:
    """(step, value, schema) of what a value holds."""
    if isinstance(value, list) and "items" in schema:
        yield from ((number, item, schema["items"]) for number, item in enumerate(value))
    if isinstance(value, dict):
        named, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        yield from ((key, value[key], part) for key, part in named.items() if key in value)
        for pattern, part in schema.get("patternProperties", {}).items():
            yield from ((key, item, part) for key, item in value.items() if re.search(pattern, key))
        if isinstance(rest, Mapping):
            yield from ((key, value[key], rest) for key in extra_keys(value, schema))
