"""Where the JSON Schemas are: inside the wheel, else beside the package in a checkout."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
SCHEMAS = ("spec", "run")


def schema_path(name: str) -> Path:
    """The file of the schema `spec` or `run`."""
    file = f"{name}.schema.json"
    inside = _PACKAGE / "schemas" / file
    return inside if inside.is_file() else _PACKAGE.parent / "schemas" / file


@lru_cache
def schema(name: str) -> dict[str, Any]:
    """The schema itself; not to be changed."""
    loaded: dict[str, Any] = json.loads(schema_path(name).read_text("utf-8"))
    return loaded
