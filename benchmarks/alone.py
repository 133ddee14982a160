"""evalkit by itself: what starting costs, what many cases cost, and how large what it leaves behind is."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import evalkit
from benchmarks.measure import Costs, cost
from benchmarks.server import ROOT

TYPO = "promt: Say {{ word }}.\nexpect: [{contains: x}]\ncases:\n  - vars: {word: x}\n"
LABELS = 'prompt: "Label: {{ text }}"\nexpect: [{label: "{{ label }}", among: [good, bad]}]\ncases:\n'
# One in five fails: a report says more of those.
MANY = """\
prompt: "Repeat: {{ text }}"
expect: [{contains: "{{ expected }}"}]
cases: {file: many.csv}
gate: {pass_rate: 0.5}
"""
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Row:
    """A command by its name, and what it cost."""

    name: str
    costs: Costs


@dataclass(frozen=True)
class Sizes:
    """Bytes on the disk after one run, by what they are."""

    trials: int
    bytes_by_name: dict[str, int]


def starting(folder: Path, inline: int, rows: int, runs: int) -> Iterator[Row]:
    """What it costs until a mistake, or that there is none, is said."""
    folder.mkdir()
    (folder / "typo.yaml").write_text(TYPO, "utf-8")
    (folder / "inline.yaml").write_text(LABELS + "".join(map(_inline, range(inline))), "utf-8")
    (folder / "rows.yaml").write_text(LABELS + "  - file: rows.csv\n", "utf-8")
    lines = (f"sentence {number},good\n" for number in range(rows))
    (folder / "rows.csv").write_text("text,label\n" + "".join(lines), "utf-8")
    yield _row("`evalkit --help`", folder, ("--help",), runs)
    yield _row("`evalkit run`, a misspelt key", folder, ("run", "typo.yaml"), runs, exits=2)
    yield _row("`evalkit validate`, the examples of this repository", folder, ("validate", str(ROOT / "specs")), runs)
    yield _row(f"`evalkit validate`, {inline:,} cases in the spec", folder, ("validate", "inline.yaml"), runs)
    yield _row(f"`evalkit validate`, {rows:,} CSV rows", folder, ("validate", "rows.yaml"), runs)


def many(folder: Path, cases: int, runs: int) -> tuple[list[Row], Sizes]:
    """`cases` CSV rows on a model that answers at once, the same replayed, ten times as many, and what one run left."""
    for count in (cases, 10 * cases):
        _lay_many(folder / str(count), count)
    few, lots = folder / str(cases), folder / str(10 * cases)
    run = ("run", "many.yaml", "-m", "echo/x", "-q", "-j", "64")
    rows = [
        _row(f"{cases:,} CSV cases, asked", few, (*run, "--fresh", "--out", "out"), 1),
        _row(f"{cases:,} CSV cases, replayed", few, run, runs),
        _row(f"{10 * cases:,} CSV cases, asked", lots, (*run, "--fresh"), 1),
    ]
    sizes = {name: (few / "out" / name).stat().st_size for name in ("index.html", "results.jsonl", "run.json")}
    sizes["replies.db"] = sum(file.stat().st_size for file in (few / ".evalkit").glob("replies.db*"))
    return rows, Sizes(cases, sizes)


def installed(folder: Path) -> dict[str, int]:
    """Bytes of what `pip install` of this repository brings, without extras; it needs a package index."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run((*pip, "--target", str(folder), str(ROOT)), check=True)
    with_byte_code = _weight(folder)
    for cache in list(folder.rglob("__pycache__")):
        shutil.rmtree(cache)
    return {"with byte code": with_byte_code, "without": _weight(folder)}


def _weight(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _row(name: str, folder: Path, arguments: tuple[str, ...], runs: int, *, exits: int = 0) -> Row:
    command = evalkit(*arguments, folder=folder, exits=exits)
    if runs > 1:
        cost(command)  # warms the disk
    return Row(name, Costs(tuple(cost(command) for _ in range(runs))))


def _inline(number: int) -> str:
    """One case with a check of its own."""
    given = f"{{text: sentence {number}, label: good}}"
    return f"  - id: case-{number}\n    vars: {given}\n    expect: [{{contains: good}}]\n"


def _lay_many(folder: Path, cases: int) -> None:
    folder.mkdir(parents=True)
    (folder / "evalkit.toml").write_text("", "utf-8")
    (folder / "many.yaml").write_text(MANY, "utf-8")
    with (folder / "many.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["text", "expected"])
        for number in range(cases):
            text = f"sentence number {number}"
            table.writerow([text, text if number % 5 else "nothing of the kind"])
