"""What an editor shows of a key: what the schema says of it, and not what it says of a kind of value."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.editor.documents import PARTS, SCHEMA, SCORERS, WAYS, document
from tests.editor.server import CARET, LanguageServer

pytestmark = pytest.mark.editor

Keys = dict[str, Any]
Shown = dict[
    tuple[str, int], str
]  # what is said of a key, by the key and the number of the example it has as its value

# Mappings of the format: what stands before their first key, what stands before each other, and their keys.
TOP = ("", "", SCHEMA["properties"])
PLACES = {
    "a case": ("cases:\n  - ", "    ", PARTS["inline_case"]["properties"]),
    "a source of cases": ("cases:\n  - ", "    ", PARTS["source"]["properties"]),
    "a rule": ("gate:\n  - ", "    ", PARTS["rule"]["properties"]),
    "a message": ("prompt:\n  - ", "    ", PARTS["message"]["properties"]),
    "a model": ("models:\n  - ", "    ", PARTS["model"]["then"]["properties"]),
    "trials": ("trials:\n  ", "  ", PARTS["trials"]["then"]["properties"]),
    "a step": ("extract:\n  - ", "    ", PARTS["step"]["else"]["properties"]),
    **{f"the check {name}": ("expect:\n  - ", "    ", PARTS[f"scorer_{name}"]["properties"]) for name in SCORERS},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_key_of_a_spec_is_described_whatever_its_value(server: LanguageServer, way: str) -> None:
    assert _shown(server, way, *TOP) == _described(TOP[2])


@pytest.mark.parametrize("title", PLACES)
def test_every_key_of_a_part_is_described_whatever_its_value(server: LanguageServer, title: str) -> None:
    assert _shown(server, "modeline", *PLACES[title]) == _described(PLACES[title][2])


def _described(keys: Keys) -> Shown:
    """What the schema says of the keys."""
    wholes = {key: _whole(part) for key, part in keys.items()}
    return {(key, n): part["description"] for key, part in wholes.items() for n, _ in enumerate(part["examples"])}


def _shown(server: LanguageServer, way: str, first: str, other: str, keys: Keys) -> Shown:
    """What the server says of the keys, in a document that holds all of them."""
    shown = {}
    for key, part in keys.items():
        for n, example in enumerate(_whole(part)["examples"]):
            values = {name: _whole(each)["examples"][0] for name, each in keys.items()} | {key: example}
            lines = [f"{_marked(name, name == key)}: {json.dumps(value)}\n" for name, value in values.items()]
            hover = server.hover(*document(way, "hover", first + other.join(lines)))
            shown[key, n] = _description(hover)
    return shown


def _marked(key: str, is_asked: bool) -> str:
    return f"{key[0]}{CARET}{key[1:]}" if is_asked else key


def _description(hover: str) -> str:
    """The second paragraph; the first is a title."""
    return re.sub(r"\\(.)", r"\1", hover.split("\n\n")[1])


def _whole(part: Keys) -> Keys:
    """A part of the schema with what it refers to, as editors see it."""
    return {**PARTS[part["$ref"].rpartition("/")[2]], **part} if "$ref" in part else part
