"""What an editor complains of: each mistake once, at its place, in a clean message; and nothing in good specs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editor.documents import ROOT, WAYS, document, spec
from tests.editor.server import CARET, Complaint, LanguageServer

pytestmark = pytest.mark.editor

GOOD = sorted([*ROOT.glob("specs/*.yaml"), *ROOT.glob("tests/specs/good/*.yaml")])
CHECK_WANTED = 'Incorrect type. Expected "check | a file".'
SCORER_WANTED = 'Missing property "a scorer".'


def unknown(key: str) -> str:
    return f"Property {key} is not allowed."


# A spec with a caret at each place that is complained of, and what is said there.
MISTAKES = {
    # scorers
    "a misspelt scorer": (spec("expect:\n  - ‸contians: hi\n"), unknown("contians")),
    "a misspelt scorer among options": (
        spec("expect:\n  - name: polite\n    ‸contians: hi\n    ignore_case: true\n"),
        unknown("contians"),
    ),
    "a misspelt scorer, not in a list": (spec("expect:\n  ‸contians: hi\n"), unknown("contians")),
    "a misspelt scorer in not": (spec("expect:\n  - not:\n      ‸contians: hi\n"), unknown("contians")),
    "a misspelt scorer in any_of": (
        spec("expect:\n  - any_of:\n      - ‸contians: a\n      - contains: b\n"),
        unknown("contians"),
    ),
    "a misspelt scorer in average": (
        spec("expect:\n  - average:\n      - ‸contians: a\n        weight: 2\n    min: 0.5\n"),
        unknown("contians"),
    ),
    "a misspelt scorer of a case": (
        spec("cases:\n  - vars: {q: a}\n    expect:\n      - ‸contians: a\n"),
        unknown("contians"),
    ),
    "no scorer": (spec("expect:\n  - ‸name: polite\n"), SCORER_WANTED),
    "an empty check": (spec("expect:\n  - ‸{}\n"), SCORER_WANTED),
    "an empty item": (spec("expect:\n  - ‸\n"), CHECK_WANTED),
    "a bare text": (spec("expect:\n  - ‸hello\n"), CHECK_WANTED),
    "two scorers": (
        spec("expect:\n  - ‸contains: hi\n    ‸regex: a\n"),
        unknown("contains"),
        unknown("regex"),
    ),
    # options
    "a misspelt option": (spec("expect:\n  - contains: hi\n    ‸ignore_cse: true\n"), unknown("ignore_cse")),
    "another scorer's option": (spec("expect:\n  - equals: hi\n    ‸among: [hi]\n"), unknown("among")),
    "label without among": (spec("expect:\n  - ‸label: a\n"), 'Missing property "among".'),
    "average without min": (spec("expect:\n  - ‸average:\n      - contains: a\n"), 'Missing property "min".'),
    # values
    "a text for yes or no": (
        spec("expect:\n  - contains: hi\n    advisory: ‸maybe\n"),
        'Incorrect type. Expected "boolean".',
    ),
    "a number for a range": (spec("expect:\n  - word_count: ‸3\n"), 'Incorrect type. Expected "range".'),
    "a mapping for a text": (
        spec("expect:\n  - contains: ‸{a: 1}\n"),
        "Incorrect type. Expected one of string, number, boolean, array.",
    ),
    "a list for a pattern": (spec("expect:\n  - regex: ‸[a]\n"), "Incorrect type. Expected one of string, number."),
    "a text for a weight": (
        spec("expect:\n  - average:\n      - contains: a\n        weight: ‸heavy\n    min: 0.5\n"),
        'Incorrect type. Expected "number".',
    ),
    "no such choice": (
        spec("expect:\n  - number: 3\n    which: ‸middle\n"),
        'Value is not accepted. Valid values: "last", "first", "only".',
    ),
    # the rest of a spec
    "an unknown key of a spec": (spec("‸casses: []\n"), unknown("casses")),
    "no cases": ("‸prompt: Say hello.\n", 'Missing property "cases".'),
    "an unknown key of a case": (spec("cases:\n  - vars: {q: a}\n    ‸expects: a\n"), unknown("expects")),
    "an unknown key of a source": (spec("cases:\n  - file: a.csv\n    ‸colums: {a: b}\n"), unknown("colums")),
    "an unknown key of a rule": (spec("gate: {‸pas_rate: 0.3}\n"), unknown("pas_rate")),
    "an unknown role": (spec("prompt:\n  - ‸sytem: a\n"), unknown("sytem")),
    "a share above 1": (spec("gate: {pass_rate: ‸90}\n"), "Value is above the maximum of 1."),
    "a mapping for a prompt": (spec("prompt: ‸{a: b}\n"), "Incorrect type. Expected one of string, array."),
    "no such pass": (
        spec("trials: {count: 3, pass: ‸most}\n"),
        'Value is not accepted. Valid values: "all", "any", "majority".',
    ),
    "no such step": (
        spec("extract: ‸jason\n"),
        'Value is not accepted. Valid values: "strip", "lowercase", "json", "first_line", "last_line".',
    ),
}


@pytest.fixture(scope="module")
def opened(server: LanguageServer) -> LanguageServer:
    """The server with all documents of this file open: it looks at each only when nothing was typed for a while."""
    for way in WAYS:
        for title, (text, *_) in MISTAKES.items():
            server.open(*document(way, title, text.replace(CARET, "")))
    for path in GOOD:
        server.open(_name(path), path.read_text("utf-8"))
        server.open(_name(path, "-stranger"), f"{path.read_text('utf-8')}\nunheard_of: 1\n")
    return server


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("title", MISTAKES)
def test_a_mistake_is_said_once_at_its_place(opened: LanguageServer, way: str, title: str) -> None:
    text, *said = MISTAKES[title]
    name, marked = document(way, title, text)
    expected = [Complaint(*place, message) for place, message in zip(_carets(marked), said, strict=True)]
    assert opened.complaints(name) == expected


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_spec_draws_no_complaint_and_is_held_against_the_schema(opened: LanguageServer, path: Path) -> None:
    last = path.read_text("utf-8").count("\n") + 2
    assert opened.complaints(_name(path)) == []
    assert opened.complaints(_name(path, "-stranger")) == [Complaint(last, 1, unknown("unheard_of"))]


def _carets(text: str) -> Iterator[tuple[int, int]]:
    """Where the carets of a document are: lines and columns from 1. A line has one at most."""
    for number, line in enumerate(text.splitlines(), 1):
        if CARET in line:
            yield number, line.index(CARET) + 1


def _name(path: Path, ending: str = "") -> str:
    return path.with_stem(path.stem + ending).relative_to(ROOT).as_posix()
