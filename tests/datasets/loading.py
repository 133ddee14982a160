"""Bytes of a data file put through its loader: what the tables of this folder share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from evalkit import catalog
from evalkit.datasets.interface import DataError


def rows_of(folder: Path, suffix: str, data: str | bytes) -> list[tuple[int, Mapping[str, Any]]]:
    """The rows of a file with this content, each with its line."""
    file = folder / f"data{suffix}"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return [(row.line, row.values) for row in catalog.loader(suffix).rows(file)]


def complaint_of(folder: Path, suffix: str, data: str | bytes) -> tuple[int, str]:
    """The line and the message of what is wrong with it."""
    with pytest.raises(DataError) as caught:
        rows_of(folder, suffix, data)
    assert caught.value.help
    return caught.value.line, caught.value.message
