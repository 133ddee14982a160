"""The caret of a problem stands below the very character, however wide those before it are."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.records.problem import Place, Problem
from evalkit.reporters.problems import as_text

CELLS = [
    ("plain", "abc", 3),
    ("wide letters", "日本語", 6),
    ("a letter and its combining accent", "e\u0301", 1),
    ("marks that Unicode's combining class does not tell", "नमस्ते", 4),
    ("a sign and what selects how it looks", "✔\ufe0f", 1),
    ("what joins two letters", "क्\u200dष", 2),
]


@pytest.mark.parametrize(("before", "cells"), [each[1:] for each in CELLS], ids=[each[0] for each in CELLS])
def test_the_caret_is_as_many_cells_in_as_the_text_before_is_wide(tmp_path: Path, before: str, cells: int) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(f"{before}!\n", "utf-8")
    shown = as_text(Problem(Place(str(file), 1, len(before) + 1), "wrong")).split("\n")
    assert shown[2] == "    " + " " * cells + "^"
