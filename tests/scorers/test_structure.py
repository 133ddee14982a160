"""json_schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scorers.judging import CATASTROPHE, ENDLESS, judge, refusal, verdict
from tests.servers import Answer, Server

INVOICE = {
    "type": "object",
    "required": ["total"],
    "properties": {"total": {"type": "number"}, "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}}},
    "additionalProperties": False,
    "$defs": {"line": {"type": "object", "properties": {"sku": {"type": "string", "pattern": "^[A-Z]-\\d+$"}}}},
}
TREE = {"type": "array", "items": {"$ref": "#"}}
SCHEMAS: list[tuple[Any, str, str, str]] = [
    (INVOICE, '{"total": 5}', "passed", "valid"),
    (INVOICE, ' {"total": 5.5, "lines": [{"sku": "A-1"}]}\n', "passed", "valid"),
    (INVOICE, '{"total": "5"}', "failed", "at `$.total`: \"5\" is not of type 'number'"),
    (INVOICE, '{"total": true}', "failed", "at `$.total`: true is not of type 'number'"),
    (INVOICE, "{}", "failed", "at `$`: 'total' is a required property"),
    (
        INVOICE,
        '{"total": 5, "tax": 1}',
        "failed",
        "at `$`: Additional properties are not allowed ('tax' was unexpected)",
    ),
    (
        INVOICE,
        '{"total": 5, "lines": [{"sku": "A-1"}, {"sku": "x"}]}',
        "failed",
        "at `$.lines[1].sku`: \"x\" does not match '^[A-Z]-\\\\d+$'",
    ),
    (
        INVOICE,
        "The total is 5.",
        "nothing",
        'not JSON (Expecting value: line 1 column 1 (char 0)): "The total is 5."',
    ),
    (INVOICE, "", "nothing", 'not JSON (Expecting value: line 1 column 1 (char 0)): ""'),
    (
        INVOICE,
        '```json\n{"total": 5}\n```',
        "nothing",
        'not JSON (Expecting value: line 1 column 1 (char 0)): "```json {"total": 5} ```"',
    ),
    (
        INVOICE,
        '{"total": 5} and more',
        "nothing",
        'not JSON (Extra data: line 1 column 14 (char 13)): "{"total": 5} and more"',
    ),
    (INVOICE, '{"total": NaN}', "nothing", 'not JSON (NaN is not JSON): "{"total": NaN}"'),
    (INVOICE, '{"total": -Infinity}', "nothing", 'not JSON (-Infinity is not JSON): "{"total": -Infinity}"'),
    (INVOICE, '{"total": 1e999}', "nothing", 'not JSON (a number is too large): "{"total": 1e999}"'),
    (INVOICE, "[" * 100_000, "nothing", f'not JSON (nested too deeply): "{"[" * 79}…"'),
    ({"type": "number"}, "9" * 5000, "nothing", f'not JSON (a number is too large): "{"9" * 79}…"'),
    ({"not": {"type": "string"}}, "5", "passed", "valid"),
    (True, '"anything"', "passed", "valid"),
    (False, "5", "failed", "at `$`: False schema does not allow 5"),
    ({"const": 1234568}, "1234567", "failed", "at `$`: 1234568 was expected"),
    ({"enum": ["a", "b"]}, '"c"', "failed", "at `$`: \"c\" is not one of ['a', 'b']"),
    ({"type": "string"}, '"café"', "passed", "valid"),
    (TREE, "[[], [[]]]", "passed", "valid"),
    (TREE, "[[], [5]]", "failed", "at `$[1][0]`: 5 is not of type 'array'"),
    (TREE, "[" * 300 + "]" * 300, "errored", "the schema goes round in circles, or the answer is nested too deeply"),
    ({"$ref": "#"}, "5", "errored", "the schema goes round in circles, or the answer is nested too deeply"),
    ({"pattern": CATASTROPHE}, f'"{ENDLESS}"', "errored", "the pattern took more than 1 s"),
    ({"pattern": CATASTROPHE}, "5", "passed", "valid"),
    ({"$ref": "http://json-schema.org/draft-07/schema#"}, '{"type": "string"}', "passed", "valid"),
    (
        {"$ref": "#/x-parts/a", "x-parts": {"a": {"$ref": "#/x-parts/b"}}},
        "5",
        "errored",
        "the schema refers to what is not there: /x-parts/b",
    ),
    # What a draft says is read as that draft says it: in draft-07 the keys beside `$ref` are ignored.
    (
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$ref": "#/definitions/any",
            "type": "string",
            "definitions": {"any": True},
        },
        "5",
        "passed",
        "valid",
    ),
]
REFUSED = [
    (5, "`json_schema` takes a schema, not a number"),
    ("string", "`json_schema` takes a schema, not a text"),
    ([INVOICE], "`json_schema` takes a schema, not a list"),
    (None, "`json_schema` takes a schema, not a null"),
    ({"type": "object", "requird": ["a"]}, "JSON Schema has no keyword `requird`"),
    ({"properties": {"requird": {"typ": "string"}}}, "JSON Schema has no keyword `typ`"),
    (
        {"type": "sting"},
        "not a JSON Schema: 'sting' is not one of "
        "['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] (at type)",
    ),
    (
        {"properties": {"a": {"minimum": "1"}}},
        "not a JSON Schema: '1' is not of type 'number' (at properties/a/minimum)",
    ),
    ({"pattern": "("}, "not a JSON Schema: '(' is not a 'regex' (at pattern)"),
    ({"$ref": "#/$defs/line"}, "the schema refers to what is not there: #/$defs/line"),
    ({"properties": {"a": {"$ref": "#line"}}}, "the schema refers to what is not there: #line"),
    ({"anyOf": [True, {"items": {"$ref": "#line"}}]}, "the schema refers to what is not there: #line"),
    ({"items": {"$ref": "file:///etc/hostname"}}, "the schema refers to what is not there: file:///etc/hostname"),
]


@pytest.mark.parametrize(("schema", "reply", "word", "reason"), SCHEMAS)
def test_the_whole_answer_is_json_and_valid(schema: Any, reply: str, word: str, reason: str) -> None:
    assert verdict({"json_schema": schema}, reply) == (word, reason)


@pytest.mark.parametrize(("schema", "reason"), REFUSED)
def test_a_schema_of_no_use_is_refused(schema: Any, reason: str) -> None:
    assert refusal({"json_schema": schema}) == reason


def test_what_a_path_finds_is_validated() -> None:
    check = {"json_schema": {"type": "integer"}, "path": "items.*.price"}
    assert verdict(check, '{"items": []}') == ("failed", "at `$`: [] is not of type 'integer'")
    check = {"json_schema": {"type": "array", "items": {"type": "integer"}}, "path": "items.*.price"}
    assert verdict(check, '{"items": [{"price": 5}, {"price": 6}]}') == ("passed", "valid")


def test_a_text_that_a_path_finds_is_a_json_string_and_not_read_again() -> None:
    check = {"json_schema": {"type": "integer"}, "path": "a"}
    assert verdict(check, '{"a": "5"}') == ("failed", "at `$`: \"5\" is not of type 'integer'")


def test_a_schema_never_fetches_anything() -> None:
    with Server(lambda number, body, headers: Answer()) as server:  # a GET is answered with {}, a schema
        address = f"{server.url}/schema.json"
        assert refusal({"json_schema": {"$ref": address}}) == f"the schema refers to what is not there: {address}"
        assert judge({"json_schema": {"x-a": {"$ref": address}, "$ref": "#/x-a"}}, "5").outcome == "errored"


def test_a_long_reply_gives_a_short_reason() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    reason = judge({"json_schema": schema}, json.dumps({"a": ["x"] * 10_000})).reason
    assert reason.startswith('at `$.a`: ["x", "x"')
    assert reason.endswith("… is not of type 'integer'")
    assert len(judge({"json_schema": False}, json.dumps(["x"] * 10_000)).reason) <= 240
