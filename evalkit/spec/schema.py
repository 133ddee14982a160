"""Where the JSON Schemas are, and the schema of specs as it is checked: part by part.

Editors get the whole schema. When evalkit checks a spec itself, three things are taken out of it: keys of the
format that this version does not know yet (`$comment: later`), `{file: …}` in the place of a text (files have
been put in by then), and the parts that are dispatched on by hand, because a validator would try every scorer
on every check and explain none of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
SCHEMAS = ("spec", "run")
SCORER = "scorer_"  # what the definitions of scorers begin with
_LATER = "later"
_SHARED = {"$ref": "#/definitions/shared"}
_BY_HAND = ("check", "case")
Schema = Mapping[str, Any]


def schema_path(name: str) -> Path:
    """The file of the schema `spec` or `run`: inside the wheel, else beside the package in a checkout."""
    file = f"{name}.schema.json"
    inside = _PACKAGE / "schemas" / file
    return inside if inside.is_file() else _PACKAGE.parent / "schemas" / file


@lru_cache
def schema(name: str) -> dict[str, Any]:
    """The schema itself; not to be changed."""
    loaded: dict[str, Any] = json.loads(schema_path(name).read_text("utf-8"))
    return loaded


def definition(name: str) -> Schema:
    """A definition of the spec's schema."""
    found: Schema = schema("spec")["definitions"][name]
    return found


def is_defined(name: str) -> bool:
    """Whether the spec's schema has a definition of that name."""
    return name in schema("spec")["definitions"]


def is_later(part: Any) -> bool:
    """Whether a part of the schema is for a later version."""
    return isinstance(part, Mapping) and part.get("$comment") == _LATER


def with_scorers(names: Iterable[str]) -> dict[str, Any]:
    """The schema of specs with scorers of plug-ins, which take what they like beside the options of every check."""
    whole: dict[str, Any] = json.loads(schema_path("spec").read_text("utf-8"))
    definitions = whole["definitions"]
    guard, *branches = definitions["check"]["allOf"]
    options = {key: part for key, part in definitions[f"{SCORER}all_of"]["properties"].items() if key != "all_of"}
    for name in names:
        taken = {"description": "A scorer that a plug-in brings.", "examples": [True]}
        definitions[SCORER + name] = {
            "title": name,
            "type": "object",
            "required": [name],
            "properties": {name: taken, **options},
        }
        definitions["scorers"]["properties"][name] = taken
        guard["if"]["not"]["anyOf"].append({"required": [name]})
        then = {"$ref": f"#/definitions/{SCORER}{name}"}
        branches.append({"if": {"type": "object", "required": [name]}, "then": then})
    definitions["check"]["allOf"] = [guard, *branches]
    return whole


@lru_cache
def later_scorers() -> frozenset[str]:
    """Scorers of the format that this version does not know yet."""
    named = schema("spec")["definitions"].items()
    return frozenset(name.removeprefix(SCORER) for name, part in named if name.startswith(SCORER) and is_later(part))


@lru_cache
def later_keys() -> frozenset[str]:
    """Keys of the format, wherever they stand, that this version does not know yet."""
    return frozenset(key for key, part in _properties(schema("spec")) if is_later(part))


@lru_cache
def keys_with_rules() -> frozenset[str]:
    """Keys whose texts are not free: the schema has a choice or a pattern for them."""
    ruled = {"": False}  # by definition; one that is looked into stands as False meanwhile
    return frozenset(key for key, part in _properties(schema("spec")) if _has_rule(part, ruled))


def _has_rule(part: Any, ruled: dict[str, bool]) -> bool:
    if isinstance(part, list):
        return any(_has_rule(inner, ruled) for inner in part)
    if not isinstance(part, dict):
        return False
    if "enum" in part or "const" in part or "pattern" in part:
        return True
    name = str(part.get("$ref", "")).rpartition("/")[2]
    if name not in ruled:
        ruled[name] = False
        ruled[name] = _has_rule(definition(name), ruled)
    inner = (each for key, each in part.items() if key not in ("properties", "patternProperties", "examples"))
    return ruled[name] or any(_has_rule(each, ruled) for each in inner)


def _properties(part: Any) -> Iterator[tuple[str, Any]]:
    """Every (key, subschema) of a schema, at any depth."""
    if isinstance(part, dict):
        properties = part.get("properties")
        yield from properties.items() if isinstance(properties, dict) else ()
        for inner in part.values():
            yield from _properties(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _properties(inner)


@lru_cache
def _whole() -> dict[str, Any]:
    """The schema as evalkit checks specs by it."""
    whole: dict[str, Any] = _as_checked(schema("spec"))
    whole["definitions"].update(dict.fromkeys(_BY_HAND, True))
    return whole


@lru_cache
def checked_part(name: str) -> Schema:
    """The part of the schema that a `spec`, or anything with a definition of its own, is held against."""
    return _whole() if name == "spec" else {"$ref": f"#/definitions/{name}", "definitions": _whole()["definitions"]}


def _as_checked(part: Any) -> Any:
    if isinstance(part, list):
        return [_as_checked(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    alternatives = part.get("anyOf", ())
    is_shared = _SHARED in alternatives
    kept = {key: _as_checked(inner) for key, inner in part.items() if not (key == "anyOf" and is_shared)}
    properties = part.get("properties")
    if isinstance(properties, dict):
        kept["properties"] = {key: kept["properties"][key] for key, inner in properties.items() if not is_later(inner)}
    if is_shared:
        (own,) = (inner for inner in alternatives if inner != _SHARED)
        kept.update(_as_checked(own))
    return kept
