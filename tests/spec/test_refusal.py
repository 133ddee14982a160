"""What of a value the schema of specs refuses: the same as jsonschema would, for whatever part and value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from evalkit.documents.nodes import Node
from evalkit.documents.read import read
from evalkit.spec.refusal import KEYWORDS, refusals
from evalkit.spec.schema import checked_part, schema
from tests.projects import ROOT

SPECS = [path for folder in ("good", "bad") for path in sorted((ROOT / "tests/specs" / folder).glob("*.yaml"))]
WHOLE, DEFINITIONS = checked_part("spec")


def _written() -> Iterator[Any]:
    """Everything that stands anywhere in a spec of the tests, as bare data."""
    for path in SPECS:
        root = read(path, path.name).root
        yield from (node.plain() for node in (root.walk() if isinstance(root, Node) else ()))


VALUES = [
    *_written(),
    *(example for part in DEFINITIONS.values() if part is not True for example in part.get("examples", ())),
]
KEYS = sorted({key for value in VALUES if isinstance(value, dict) for key in value})
PARTS = ["spec", *DEFINITIONS]

values: st.SearchStrategy[Any] = st.sampled_from(VALUES) | st.sampled_from(
    [True, False, None, 0, 1, 1.0, -1, 0.5, 1e9, "", "x", [], {}]
)
keys = st.sampled_from(KEYS)


@st.composite
def edited(draw: st.DrawFn) -> Any:
    """A value that stands in some spec; a mapping or list with some of its items exchanged, put in or taken out."""
    value = draw(values)
    for _ in range(draw(st.integers(0, 3))):
        if isinstance(value, dict):
            key = draw(st.sampled_from(sorted(value)) | keys if value else keys)
            value = {**value, key: draw(values)} if draw(st.booleans()) else {k: value[k] for k in value if k != key}
        elif isinstance(value, list):
            value = [*value, draw(values)] if draw(st.booleans()) else value[1:]
    return value


def _of_the_library(value: Any, part: str) -> set[tuple[tuple[str | int, ...], str]]:
    held = WHOLE if part == "spec" else {"$ref": f"#/definitions/{part}", "definitions": DEFINITIONS}
    return {(tuple(error.absolute_path), str(error.validator)) for error in Draft7Validator(held).iter_errors(value)}


@given(edited(), st.sampled_from(PARTS))
def test_what_is_refused_is_what_the_library_refuses(value: Any, part: str) -> None:
    assert {(each.path, each.keyword) for each in refusals(value, *checked_part(part))} == _of_the_library(value, part)


def test_every_spec_of_the_tests_is_refused_as_the_library_would() -> None:
    for path in SPECS:
        root = read(path, path.name).root
        value = root.plain() if root else None
        found = {(each.path, each.keyword) for each in refusals(value, WHOLE, DEFINITIONS)}
        assert found == _of_the_library(value, "spec"), path.name


def _keywords(part: Any) -> set[str]:
    """The keywords of a schema, at any depth."""
    if isinstance(part, list):
        return set().union(*map(_keywords, part))
    if not isinstance(part, dict):
        return set()
    named = [
        inner for key in ("properties", "patternProperties", "definitions") for inner in part.get(key, {}).values()
    ]
    inner = [part[key] for key in ("if", "then", "else", "allOf", "items", "additionalProperties") if key in part]
    return {*part}.union(*map(_keywords, (*named, *inner)))


def test_the_schema_has_no_keyword_that_would_be_passed_over() -> None:
    assert _keywords(WHOLE) <= KEYWORDS
    assert _keywords(schema("spec")) - KEYWORDS == {"anyOf", "not"}  # for editors: taken out, or in parts done by hand
