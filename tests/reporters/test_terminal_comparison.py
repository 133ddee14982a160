"""What a terminal says of a comparison, as whole pages (golden/terminal-*.expected.txt)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from rich.cells import cell_len

from evalkit.records.result import Column
from evalkit.records.run import StoredRun
from evalkit.reporters.interface import STDOUT
from evalkit.reporters.terminal import Terminal
from evalkit.reporters.terminal_comparison import TerminalComparison
from tests.reporters.comparisons import (
    a_compared_run,
    a_comparison,
    a_hostile_run,
    a_regressed_run,
    a_run_of_columns,
    broken_off,
    every_verdict,
    of_few_cases,
    untouched,
    with_a_warning,
    with_incidents,
)
from tests.reporters.golden import held_against
from tests.reporters.runs import MODEL


@dataclass(frozen=True)
class Scene:
    """A run on a terminal so wide, in such letters."""

    run: Callable[[], StoredRun]
    width: int = 100
    encoding: str = "utf-8"
    verbosity: int = 0
    reporter: type[Terminal] | type[TerminalComparison] = Terminal


def all_unchanged() -> StoredRun:
    return a_compared_run([untouched()])


def many_unchanged() -> StoredRun:
    columns = [untouched(Column(f"spec-{number}", MODEL)) for number in range(11)]
    return a_compared_run([*columns, a_comparison(worse=(), better=())])


SCENES = {
    "every-verdict": Scene(every_verdict),
    "every-verdict-at-60": Scene(every_verdict, 60, "ascii", -1),
    "regression": Scene(a_regressed_run),
    "regression-at-60": Scene(a_regressed_run, 60),
    "regression-at-80": Scene(a_regressed_run, 80, verbosity=-1),
    "regression-at-79": Scene(a_regressed_run, 79, verbosity=-1),
    "regression-with-v": Scene(a_regressed_run, verbosity=1),
    "columns": Scene(a_run_of_columns),
    "columns-at-60": Scene(a_run_of_columns, 60, "ascii"),
    "all-unchanged": Scene(all_unchanged),
    "many-unchanged": Scene(many_unchanged),
    "few-cases": Scene(of_few_cases),
    "incidents": Scene(with_incidents),
    "warning": Scene(with_a_warning),
    "warning-at-80": Scene(with_a_warning, 80),
    "broken-off": Scene(broken_off),
    "two-runs": Scene(a_regressed_run, reporter=TerminalComparison),
    "hostile": Scene(a_hostile_run, 60),
}


def shown(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the terminal gets, without the blanks at the ends of lines."""
    monkeypatch.setenv("COLUMNS", str(scene.width))
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=scene.encoding, errors="backslashreplace", newline="\n") as out:
        scene.reporter(scene.verbosity).write(scene.run(), {STDOUT: out})
        out.flush()
        return "".join(f"{line.rstrip()}\n" for line in raw.getvalue().decode(scene.encoding).splitlines())


@pytest.mark.parametrize("name", SCENES)
def test_the_page_is_as_expected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said, expected = held_against(f"terminal-{name}", shown(SCENES[name], monkeypatch))
    assert said == expected


@pytest.mark.parametrize("name", SCENES)
def test_nothing_but_what_is_copied_is_wider_than_the_terminal(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(SCENES[name], monkeypatch).splitlines()
    wide = [line for line in lines if cell_len(line) > SCENES[name].width and not line.startswith("    again ")]
    assert wide == []


@pytest.mark.parametrize("width", [60, 100])
def test_whatever_a_model_or_a_server_says_commands_nothing(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    page = shown(Scene(a_hostile_run, width, verbosity=1), monkeypatch)
    assert [line for line in page.splitlines() if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)] == []
    assert {character for character in page if not character.isprintable()} <= {"\n", "\N{NO-BREAK SPACE}"}
