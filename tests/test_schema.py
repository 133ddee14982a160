"""The JSON Schemas: valid, described, with examples that hold, and in step with the catalog and the specs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from evalkit import catalog
from evalkit.documents.read import read
from evalkit.spec.schema import SCHEMAS, later_scorers, schema

ROOT = Path(__file__).resolve().parent.parent
GOOD = sorted([*ROOT.glob("specs/*.yaml"), *ROOT.glob("tests/specs/good/*.yaml")])
SPEC = schema("spec")
PARTS: dict[str, Any] = SPEC["definitions"]
SCORERS = {name.removeprefix("scorer_"): part for name, part in PARTS.items() if name.startswith("scorer_")}
WHOLE: dict[str, Any] = {"prompt": "Say {{ word }}.", "cases": [{"vars": {"word": "hello"}}]}

# Specs that the whole schema refuses, by what is wrong with them.
REFUSED: dict[str, dict[str, Any]] = {
    "a misspelt scorer": {"expect": [{"contians": "hi"}]},
    "a misspelt option": {"expect": [{"contains": "hi", "ignore_cse": True}]},
    "two scorers": {"expect": [{"contains": "hi", "regex": "hi"}]},
    "no scorer": {"expect": [{"name": "polite"}]},
    "an empty check": {"expect": [{}]},
    "an empty item": {"expect": [None]},
    "a bare text in a list": {"expect": ["hi"]},
    "no scorer, not in a list": {"expect": {"name": "polite"}},
    "a file with something beside it": {"expect": [{"file": "house.yaml", "name": "polite"}]},
    "a file for a file's name": {"prompt": {"file": {"file": "a.md"}}},
    "label without among": {"expect": [{"label": "a"}]},
    "a weight that is no number": {"expect": [{"average": [{"equals": "a", "weight": "b"}], "min": 0.5}]},
    "a misspelt scorer in a group": {"expect": [{"any_of": [{"contians": "hi"}]}]},
    "a misspelt scorer in a turn": {"cases": [{"turns": [{"user": "hi", "expect": [{"contians": "hi"}]}]}]},
    "an unknown key": {"casses": []},
    "an unknown key of a case": {"cases": [{"vars": {}, "expects": "a"}]},
    "an unknown key of a source": {"cases": [{"file": "a.csv", "colums": {"a": "b"}}]},
    "an unknown key of a rule": {"gate": {"pas_rate": 0.9}},
    "no cases": {"cases": []},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_of_draft_7(name: str) -> None:
    assert schema(name)["$schema"] == Draft7Validator.META_SCHEMA["$id"]
    Draft7Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_refers_to_its_definitions_and_to_all_of_them(name: str) -> None:
    referred = {part["$ref"] for _, part in _parts(schema(name), "") if "$ref" in part}
    from_outside = {"#/definitions/trial"} if name == "run" else set()  # it describes lines of results.jsonl
    assert referred | from_outside == {f"#/definitions/{definition}" for definition in schema(name)["definitions"]}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_has_a_description(name: str) -> None:
    assert [place for place, part in _keys(name) if not part.get("description")] == []


def test_every_key_of_a_spec_has_an_example() -> None:
    assert [place for place, part in _keys("spec") if not part.get("examples")] == []


def test_every_example_is_valid_where_it_stands() -> None:
    wrong = [
        f"{place}: {error.message}"
        for place, part in _parts(SPEC, "")
        for example in part.get("examples", ())
        for error in Draft7Validator({**part, "definitions": PARTS}).iter_errors(example)
    ]
    assert wrong == []


def test_scorers_of_this_version_are_those_of_the_catalog() -> None:
    assert {*SCORERS} - later_scorers() == {*catalog.SCORERS, *catalog.GROUPS}


@pytest.mark.parametrize("scorer", SCORERS)
def test_a_scorer_is_closed_and_named_and_needs_its_argument(scorer: str) -> None:
    part = SCORERS[scorer]
    common = {"name", "advisory", "source", "extract", "path"}
    assert (part["title"], part["type"], part["additionalProperties"]) == (scorer, "object", False)
    assert part["required"][0] == scorer
    assert {*part["required"], *common} <= {*part["properties"]}


def test_a_check_has_a_branch_for_each_scorer_behind_its_guard() -> None:
    guard, *branches = PARTS["check"]["allOf"]
    assert guard["if"] == {"not": {"type": "object", "anyOf": [{"required": [name]} for name in SCORERS]}}
    assert branches == [
        {"if": {"type": "object", "required": [name]}, "then": {"$ref": f"#/definitions/scorer_{name}"}}
        for name in SCORERS
    ]


def test_what_is_said_before_a_scorer_is_named_is_what_it_says_itself() -> None:
    own = {name: part["properties"][name] for name, part in SCORERS.items()}
    assert _said(PARTS["scorers"]["properties"]) == _said(own)
    bringing = {key: PARTS["source"]["properties"][key] for key in ("file", "matrix", "python")}
    assert _said(PARTS["case"]["else"]["properties"]) == _said(bringing)


def test_every_option_may_stand_before_its_scorer_is_named() -> None:
    options = {option for name, part in SCORERS.items() for option in part["properties"] if option != name}
    alternatives = [re.findall(r"\^\((.+)\)\$", pattern) for pattern in PARTS["scorers"]["patternProperties"]]
    assert {word for found in alternatives for words in found for word in words.split("|")} == {*options, "weight"}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_spec_is_valid_as_a_whole(path: Path) -> None:
    root = read(path, path.name).root
    assert root is not None
    assert [error.message for error in Draft7Validator(SPEC).iter_errors(root.plain())] == []


@pytest.mark.parametrize("title", REFUSED)
def test_a_spec_with_a_mistake_is_not_valid_as_a_whole(title: str) -> None:
    validator = Draft7Validator(SPEC)
    assert validator.is_valid(WHOLE)
    assert not validator.is_valid({**WHOLE, **REFUSED[title]})


def _parts(part: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema, with where it stands."""
    if not isinstance(part, dict):
        return
    yield place, part
    for keyword in ("properties", "patternProperties", "definitions"):
        for key, inner in part.get(keyword, {}).items():
            yield from _parts(inner, f"{place}/{keyword}/{key}")
    for keyword in ("allOf", "anyOf"):
        for number, inner in enumerate(part.get(keyword, ())):
            yield from _parts(inner, f"{place}/{keyword}/{number}")
    for keyword in ("items", "additionalProperties", "if", "then", "else", "not"):
        yield from _parts(part.get(keyword), f"{place}/{keyword}")


def _keys(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that a schema names, with its subschema and what that refers to, as editors see it."""
    for place, part in _parts(schema(name), ""):
        for key, inner in part.get("properties", {}).items():
            referred = inner.get("$ref", "/").rpartition("/")[2]
            yield f"{place}/{key}", {**schema(name)["definitions"].get(referred, {}), **inner}


def _said(keys: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {word: part.get(word) for word in ("$comment", "description", "examples")} for key, part in keys.items()
    }
