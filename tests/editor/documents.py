"""The documents of these tests: what is written, where it is said to lie, and how it is tied to the schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas" / "spec.schema.json").read_text("utf-8"))
PARTS: dict[str, Any] = SCHEMA["definitions"]
SCORERS = [name.removeprefix("scorer_") for name in PARTS if name.startswith("scorer_")]

# How an editor comes to know the schema of a document: (its folder, its first line). The folder `by-settings`
# stands in the settings of the server.
WAYS = {
    "modeline": ("specs", "# yaml-language-server: $schema=../schemas/spec.schema.json\n"),
    "JetBrains' modeline": ("specs", "# $schema: ../schemas/spec.schema.json\n"),
    "settings": ("by-settings", "# any other comment\n"),
}


def document(way: str, title: str, text: str) -> tuple[str, str]:
    """The name and the text of a document that is tied to the schema in one of the ways."""
    folder, first_line = WAYS[way]
    return f"{folder}/{re.sub(r'[^a-z0-9]+', '-', f'{title} {way}'.lower())}.yaml", first_line + text


def spec(text: str) -> str:
    """The text, and of what a spec has to have the parts that are not in it."""
    rest = {"prompt": "prompt: Say {{ word }}.\n", "cases": "cases:\n  - vars: {word: hello}\n"}
    return text + "".join(part for key, part in rest.items() if not re.search(f"^{key}:", text, re.MULTILINE))
