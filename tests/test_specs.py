"""Good specs, and specs with mistakes beside what evalkit says of them: dropping a file in is adding a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.reporters.problems import counted, listed
from evalkit.settings import settings_for
from evalkit.spec.load import read_all

SPECS = Path(__file__).parent / "specs"
BAD = sorted((SPECS / "bad").glob("*.yaml"))
GOOD = sorted((SPECS / "good").glob("*.yaml"))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_what_is_said_of_a_mistake_stands_beside_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said now is left in `*.actual.txt` where it differs."""
    monkeypatch.chdir(path.parent)
    problems = read_all(settings_for((Path(path.name),), {}, models=_model(path))).problems
    said = "\n".join([*listed(problems), counted(problems)]) + "\n"
    expected, actual = path.with_suffix(".expected.txt"), path.with_suffix(".actual.txt")
    actual.unlink(missing_ok=True)
    if not expected.exists() or expected.read_text("utf-8") != said:
        actual.write_text(said, "utf-8")
    assert said == (expected.read_text("utf-8") if expected.exists() else "")
    assert problems, "a file in bad/ has a mistake"


def _model(path: Path) -> tuple[str, ...] | None:
    """Specs whose mistake is the model are asked for theirs; the others for one that is always there."""
    return None if "model" in path.stem or "several" in path.stem else ("echo/x",)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_spec_has_no_problem(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    assert read_all(settings_for((Path(path.name),), {})).problems == ()


def test_every_place_lies_inside_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SPECS / "bad")
    for path in BAD:
        for problem in read_all(settings_for((Path(path.name),), {})).problems:
            lines = Path(problem.place.file).read_bytes().decode("utf-8", "replace").split("\n")
            assert 1 <= problem.place.line <= len(lines), problem
            assert 1 <= problem.place.column <= len(lines[problem.place.line - 1]) + 1, problem


def _expected() -> Iterator[Path]:
    yield from (SPECS / "bad").glob("*.expected.txt")


def test_nothing_is_expected_of_a_spec_that_is_not_there() -> None:
    assert {path.name.removesuffix(".expected.txt") for path in _expected()} == {path.stem for path in BAD}
