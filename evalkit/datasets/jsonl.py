"""JSON Lines: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from evalkit.datasets.interface import DataError, Row, lines_of
from evalkit.documents.nodes import DEPTH_LIMIT, is_too_deep
from evalkit.documents.numbers import bounded, finite

_whole = partial(bounded, digits=308)  # no float has more
_HELP = "one JSON object a line"


class JsonLines:
    """Rows of a file that holds one JSON object a line; blank lines are passed over."""

    def rows(self, path: Path) -> Iterator[Row]:
        """Stream the rows; a line that is no JSON object is an error at its line."""
        for number, text in enumerate(lines_of(path), start=1):
            if text.strip():
                yield Row(_object(text.rstrip(), number), number)


def _object(text: str, line: int) -> dict[str, Any]:
    try:
        value = json.loads(
            text, object_pairs_hook=_no_repeats, parse_constant=_no_constants, parse_float=finite, parse_int=_whole
        )
    except json.JSONDecodeError as error:
        raise DataError(f"not JSON: {error.msg} (column {error.colno})", line=line, help=_HELP) from None
    except RecursionError:
        raise DataError("not JSON: nested too deeply", line=line, help=_HELP) from None
    except ValueError as error:
        raise DataError(f"not JSON: {error}", line=line, help=_HELP) from None
    if text.count("[") + text.count("{") > DEPTH_LIMIT and is_too_deep(value):
        raise DataError(
            f"nested more than {DEPTH_LIMIT} deep", line=line, help="keep what the spec reads, nearer to the top"
        )
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
    raise ValueError(f"{name} is no number")
