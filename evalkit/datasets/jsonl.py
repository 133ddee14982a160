"""JSON Lines: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from evalkit.datasets.interface import DataError, Row, lines_of


class JsonLines:
    """Rows of a file that holds one JSON object a line; blank lines are passed over."""

    def rows(self, path: Path) -> Iterator[Row]:
        """Stream the rows; a line that is no JSON object is an error at its line."""
        for number, text in enumerate(lines_of(path), start=1):
            if text.strip():
                yield Row(_object(text, number), number)


def _object(text: str, line: int) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_no_repeats, parse_constant=_no_constants)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}", line=line, help="one JSON object a line") from None
    if not isinstance(value, dict):
        raise DataError("not a JSON object", line=line, help='write {"name": value, …}')
    return value


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key `{twice}` stands twice")
    return found


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
