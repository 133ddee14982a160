"""Whatever stands in a file, reading it ends, raises nothing, and complains at places inside it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.reporters.problem_formats import FORMATS
from evalkit.reporters.problems import counted, listed
from evalkit.settings import settings_for
from evalkit.spec.load import read_all
from tests.projects import ROOT

FOLDERS = ("specs", "tests/specs/good", "tests/specs/bad")
BASES = [(folder, path.read_bytes()) for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.yaml"))]
GOOD = [base for base in BASES if not base[0].endswith("bad")]
KEYS = sorted({key for _, data in BASES for key in re.findall(r"(\w+):", data.decode("utf-8", "replace"))})
# What means something to YAML, to Jinja, to files or to numbers, and what hardly any file holds.
BITS = [
    *("{", "}", "[", "]", ":", ": ", "- ", "? ", ",", "#", " #x", "'", '"', "|\n", ">-", "&a ", "*a", "!!str ", "! "),
    *("%", "@", "`", "---\n", "...\n", "<<: ", "\\", '"\\ud800"', '"\\0"', "\n", "\n\n", "  ", "    ", "\t"),
    *("\r", "\r\n", "\u2028", "\u2029", "\x85", "\ufeff", "\x00", "\x07", "\x1b", "\x7f", "\xa0", "\ud800", "\ufffe"),
    *("\U0001f600", "e\u0301", "{{ x }}", "{{", "}}", "{% if %}", "{# ", "{{ x | y }}", "{{ vars }}", "~", "null"),
    *("true", "no", "0x1F", "007", "1e400", ".nan", "-1", "1.5", "9" * 400, "x" * 300, "[]", "{}", "''", "[[a]]"),
    *("{a: b}", "{file: x}", "{file: ..}", "{file: .}", '{file: "\\0"}', "{file: " + "x/" * 200 + "}", "(" * 300),
]
_BREAK = re.compile(r"\r\n?|\n")

bits = st.sampled_from(BITS)
words = bits | st.sampled_from(KEYS) | st.text(max_size=5)
places = st.integers(0, 10_000)  # of a line, a key or a character: taken modulo how many there are
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.binary(max_size=5) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | words, inner, max_size=5),
    max_leaves=15,
)
specs = st.fixed_dictionaries(
    {}, optional={key: values for key in ("prompt", "expect", "cases", "gate", "vars", *KEYS)}
)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, bytes]:
    """A spec of ours after some edits: lines, keys, values and characters taken out, doubled, put in, exchanged."""
    folder, data = draw(st.sampled_from(GOOD) | st.sampled_from(BASES))
    text = data.decode("utf-8", "replace")
    for _ in range(draw(st.integers(1, 6))):
        text = draw(st.sampled_from(EDITS))(draw, text)
    text = draw(st.sampled_from(["", "", "", "\ufeff"])) + text
    ends = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"]))
    return folder, text.replace("\n", ends).encode("utf-8", "surrogatepass")


def _edited_line(draw: st.DrawFn, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at, other = draw(places) % len(lines), draw(places) % len(lines)
    lines[at] = draw(
        st.sampled_from(["", lines[at] * 2, lines[other], " " + lines[at], "\t" + lines[at], lines[at].lstrip()])
    )
    return "".join(lines)


def _edited_key(draw: st.DrawFn, text: str) -> str:
    return _replaced(draw, text, re.finditer(r"\w+(?=:)", text))


def _edited_value(draw: st.DrawFn, text: str) -> str:
    return _replaced(draw, text, re.finditer(r"(?<=: )[^\n]+", text))


def _edited_character(draw: st.DrawFn, text: str) -> str:
    at = draw(places) % (len(text) + 1)
    return text[:at] + draw(words) + text[at + draw(st.integers(0, 3)) :]


def _cut_off(draw: st.DrawFn, text: str) -> str:
    return text[: draw(places) % (len(text) + 1)]


def _replaced(draw: st.DrawFn, text: str, found: Iterator[re.Match[str]]) -> str:
    matches = list(found)
    if not matches:
        return text
    match = matches[draw(places) % len(matches)]
    return text[: match.start()] + draw(words) + text[match.end() :]


EDITS = [_edited_line, _edited_key, _edited_value, _edited_character, _cut_off]


def _dumped(data: Any, is_flow: bool | None) -> bytes:
    dumped = yaml.dump(data, default_flow_style=is_flow, allow_unicode=True, sort_keys=False)
    return dumped.encode("utf-8", "surrogatepass")


files = (
    edited()
    | edited()
    | st.tuples(st.sampled_from(FOLDERS), st.builds(_dumped, specs | values, st.sampled_from([None, True, False])))
    | st.tuples(st.just("specs"), st.lists(words).map(lambda some: "".join(some).encode("utf-8", "surrogatepass")))
    | st.tuples(st.just("specs"), st.binary())
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with our specs and the files that they name."""
    root = tmp_path_factory.mktemp("project")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder)
    return root


_numbers = count()  # for names: the reporter keeps the lines of files that it has shown


def _is_read(root: Path, folder: str, data: bytes) -> None:
    """Read a file as a spec, and show what is said of it in every format."""
    path = root / folder / f"read-{next(_numbers)}.yaml"
    path.write_bytes(data)
    try:
        problems = read_all(settings_for((path,), {}, root=root)).problems
        assert "\n".join([*listed(problems), counted(problems)])
        assert bool(FORMATS["github"](problems)) == bool(problems)
        assert json.loads(FORMATS["json"](problems)) != json.loads(FORMATS["sarif"](problems))
        for place in (place for problem in problems for place in (problem.place, problem.via) if place):
            if place.file != "EVALKIT_MODEL":
                lines = _BREAK.split(Path(place.file).read_bytes().decode("utf-8-sig", "replace"))
                assert 1 <= place.line <= len(lines), place
                assert 1 <= place.column <= len(lines[place.line - 1]) + 1, place
    finally:
        path.unlink()


often = settings(database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@settings(often, max_examples=300)
@given(file=files)
def test_no_file_breaks_the_reader(root: Path, file: tuple[str, bytes]) -> None:
    _is_read(root, *file)


@pytest.mark.prove
@settings(often, max_examples=10_000)
@given(file=files)
def test_none_of_ten_thousand_files_breaks_the_reader(root: Path, file: tuple[str, bytes]) -> None:
    _is_read(root, *file)
