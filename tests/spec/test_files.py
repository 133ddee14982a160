"""What stands in a file is read as it was written, or refused at its place: depths, circles, line ends, odd bytes."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from evalkit.documents.read import read_text
from evalkit.errors import did_you_mean, nearest
from evalkit.records.problem import Place
from evalkit.records.spec import Case, Check
from evalkit.settings import settings_for
from evalkit.spec.load import read_all, spec_files
from evalkit.spec.render import Binder
from tests.projects import Project
from tests.spec.loading import asked, cases_of, loaded, spec_of

REST = "prompt: hi\nexpect: {contains: a}\ncases: [{id: a}]\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)

Complaint = tuple[int, int, str]  # line, column, message


def complaints(folder: Path, data: str | bytes) -> list[Complaint]:
    """What is said of a file, and where; all of it is about this file."""
    path = folder / "spec.yaml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    problems = read_all(settings_for((path,), {}, root=folder, models=("echo/x",))).problems
    assert {Path(problem.place.file).name for problem in problems} <= {"spec.yaml"}
    return [(problem.place.line, problem.place.column, problem.message) for problem in problems]


REFUSED: dict[str, tuple[str | bytes, list[Complaint]]] = {
    # depth and circles
    "5,000 levels, block": (
        "\n".join(" " * depth + "a:" for depth in range(5000)),
        [(101, 101, "nested more than 100 deep")],
    ),
    "5,000 levels, dashes": ("- " * 5000 + "x", [(1, 203, "nested more than 100 deep")]),
    "5,000 levels, flow": ("[" * 5000 + "]" * 5000, [(1, 1001, "nested too deeply")]),
    "900 levels, flow": ("[" * 900 + "]" * 900, [(1, 102, "nested more than 100 deep")]),
    "5,000 levels, braces": ("{a: " * 5000 + "}" * 5000, [(1, 402, "nested more than 100 deep")]),
    "300,000 open brackets": ("[" * 300_000, [(1, 1001, "nested too deeply")]),
    "a billion laughs": (BOMB + REST, [(6, 8, "aliases repeat too much")]),
    "a list in itself": ("x-a: &x [*x]\n" + REST, [(1, 10, "the alias `*x` stands inside its own anchor")]),
    "a mapping in itself": ("x-a: &x {b: *x}\n" + REST, [(1, 13, "the alias `*x` stands inside its own anchor")]),
    "merged into itself": ("x-a: &x {<<: *x}\n" + REST, [(1, 14, "the alias `*x` stands inside its own anchor")]),
    # keys
    "a list as a key": ("? [a, b]\n: 1\n" + REST, [(1, 3, "a key that is no text")]),
    "a mapping as a key": ("{a: b}: 1\n" + REST, [(1, 1, "a key that is no text")]),
    "an anchored list as a key": ("? &a [*a]\n: 1\n", [(1, 7, "the alias `*a` stands inside its own anchor")]),
    "1 and '1'": ('vars: {1: a, "1": b}\n' + REST, [(1, 14, "the key `1` stands twice")]),
    "true and 'true'": ('vars: {true: a, "true": b}\n' + REST, [(1, 17, "the key `true` stands twice")]),
    # what is no spec
    "empty": ("", [(1, 1, "the file is empty")]),
    "blank": ("\n \n\n", [(1, 1, "the file is empty")]),
    "a comment": ("# soon\n", [(1, 1, "the file is empty")]),
    "a byte order mark": (b"\xef\xbb\xbf", [(1, 1, "the file is empty")]),
    "null": ("null\n", [(1, 1, "a spec is a mapping, not nothing")]),
    "a tilde": ("~", [(1, 1, "a spec is a mapping, not nothing")]),
    "three dashes": ("---\n", [(2, 1, "a spec is a mapping, not nothing")]),
    "a list": ("- a\n- b\n", [(1, 1, "a spec is a mapping, not a list")]),
    "a text": ("hello\n", [(1, 1, "a spec is a mapping, not a text")]),
    "a number": ("5\n", [(1, 1, "a spec is a mapping, not `5`")]),
    "a truth": ("true\n", [(1, 1, "a spec is a mapping, not `true`")]),
    "two specs": (REST + "---\n" + REST, [(4, 1, "a second document in one file")]),
    # line ends and marks
    "mark": (b"\xef\xbb\xbfbogus: 1\n" + REST.encode(), [(1, 1, "unknown key `bogus`")]),
    "CRLF": ((REST + "bogus: 1\n").replace("\n", "\r\n"), [(4, 1, "unknown key `bogus`")]),
    "CR": ((REST + "bogus: 1\n").replace("\n", "\r"), [(4, 1, "unknown key `bogus`")]),
    "a template, CR": (
        REST.replace("hi", "|\n  hi\n  {{ a b }}").replace("\n", "\r"),
        [(3, 3, "not a template: expected token 'end of print statement', got 'b'")],
    ),
    "U+2028 ends no line": ("x-a: a\u2028b\u2029c\x85d\n" + REST + "bogus: 1\n", [(5, 1, "unknown key `bogus`")]),
    "U+2028 ends no comment": (REST + "# x\u2028bogus: 1\n", []),
    "U+2028 in a block": (
        "prompt: |\n  a\u2028b\x85c\n  {{ a b }}\n" + REST[11:],
        [(3, 3, "not a template: expected token 'end of print statement', got 'b'")],
    ),
    "U+2028 in what is said": ("bo\u2028gus: 1\n" + REST, [(1, 1, "unknown key `bo\u2028gus`")]),
    "a tab before a key": ("prompt:\n\t- user: hi\n", [(2, 1, "a tab where YAML wants spaces")]),
    # bytes and characters
    "latin-1": ("prompt: é\n".encode("latin-1"), [(1, 9, "not UTF-8: byte 0xe9")]),
    "latin-1 after a mark": (b"\xef\xbb\xbfprompt: \xe9\n", [(1, 9, "not UTF-8: byte 0xe9")]),
    "latin-1 after CR": (b"name: a\rprompt: \xe9\r", [(2, 9, "not UTF-8: byte 0xe9")]),
    "a lone surrogate": (b"prompt: \xed\xa0\x80\n", [(1, 9, "not UTF-8: byte 0xed")]),
    "UTF-16": (REST.encode("utf-16"), [(1, 1, "not UTF-8: byte 0xff")]),
    "NUL": ("prompt: a\x00b\n", [(1, 10, "a character that YAML does not allow: U+0000")]),
    "ESC after letters of two bytes": ("prompt: éé\x1bb\n", [(1, 11, "a character that YAML does not allow: U+001B")]),
    "half a character": ('prompt: "\\ud83d\\ude00"\n', [(1, 10, "`\\ud83d` is no character")]),
    "no character": ('prompt: "\\U00110000"\n', [(1, 10, "`\\U00110000` is no character")]),
    # numbers that nothing can be counted with: a gate that wants .nan would always hold
    ".nan": (REST + "gate: {pass_rate: .nan}\n", [(4, 19, "`.nan` is no finite number")]),
    ".inf": (REST + "model: {model: echo/x, timeout: .inf}\n", [(4, 33, "`.inf` is no finite number")]),
    "1e400": (REST + "gate: {p95_seconds: 1e400}\n", [(4, 21, "`1e400` is no finite number")]),
    "400 digits": (
        REST + "gate: {p95_seconds: " + "9" * 400 + "}\n",
        [(4, 21, f"`{'9' * 40}` is no finite number")],
    ),
    # too much
    "a matrix": (
        "prompt: hi\nexpect: {contains: a}\n"
        f"cases: {{matrix: {{{', '.join(f'{name}: {list(range(9))}' for name in 'abcdef')}}}}}\n",
        [(3, 17, "the matrix makes 531,441 combinations")],
    ),
    "an id": (
        'prompt: hi\nexpect: {contains: a}\ncases: {id: "{{ x * 501 }}", matrix: {x: [y]}}\n',
        [(3, 8, "the id has more than 500 characters")],
    ),
    "brackets in a pattern": (
        f'prompt: hi\nexpect: {{regex: "{"(" * 1000}"}}\ncases: [{{id: a}}]\n',
        [(2, 17, "not a pattern: nested too deeply")],
    ),
    "flags at odds in a pattern": (
        'prompt: hi\nexpect: {regex: "(?V1)a"}\ncases: [{id: a}]\n',
        [(2, 17, "not a pattern: VERSION0 and VERSION1 flags are mutually incompatible")],
    ),
    "a limit beyond all counting": (
        f"prompt: '{{{{ a }}}}'\nexpect: {{contains: a}}\ncases: {{matrix: {{a: [1]}}, limit: {'9' * 30}}}\n",
        [],
    ),
    "a scope of no cases": (
        "prompt: hi\nexpect: {contains: a}\ngate: {each: x, pass_rate: 1}\ncases: {matrix: {x: [a]}, where: 'false'}\n",
        [(4, 34, "no case is left")],
    ),
}


@pytest.mark.parametrize(("data", "said"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_told_at_its_place(data: str | bytes, said: list[Complaint], tmp_path: Path) -> None:
    assert complaints(tmp_path, data) == said


def test_a_file_of_21_mb_is_refused_with_advice(tmp_path: Path) -> None:
    found = loaded(tmp_path, REST + "#" + "x" * 21_000_000)
    (problem,) = found.problems
    assert (problem.message, problem.help) == (
        "larger than 20 MB",
        "put the cases into a CSV or JSONL file and name it in `file:`",
    )


WRITTEN: list[tuple[str, Any]] = [
    (
        "{1: a, true: b, null: c, ~: d, 1.0: e, 0x1F: f, no: g, '': h}",
        {"1": "a", "true": "b", "null": "c", "~": "d", "1.0": "e", "0x1F": "f", "no": "g", "": "h"},
    ),
    ("a\u2028b\u2029c\x85d", "a\u2028b\u2029c\x85d"),
    ('"a \u2028 b\x85c"', "a \u2028 b\x85c"),
    ("|\n  a\u2028  b\x85  c\n", "a\u2028  b\x85  c\n"),
    (">\n  a\x85  b\n  c\n", "a\x85  b c\n"),
    ("[\ue000, \x85, \ue001]", ["\ue000", "\x85", "\ue001"]),
    ('"\\N\\L\\P\\0"', "\x85\u2028\u2029\0"),
    ("&a [x, *b]".replace("*b", "y"), ["x", "y"]),
    (
        "[no, on, 12:30, 2026-01-01, 1_000, 0o17, 1e3, -.5]",
        ["no", "on", "12:30", "2026-01-01", "1_000", 15, 1000.0, -0.5],
    ),
    ("a\t", "a"),
]


@pytest.mark.parametrize(("text", "value"), WRITTEN)
def test_what_is_read_is_what_was_written(text: str, value: Any) -> None:
    document = read_text(text, Place("cell"))
    assert document.root is not None
    assert document.root.plain() == value


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_marks_change_nothing_of_what_is_sent(end: str, tmp_path: Path) -> None:
    text = "\ufeffprompt: |\n  a\n  {{ x }}\nexpect: {contains: a}\ncases: [{id: a, vars: {x: b}}]\n"
    spec = spec_of(tmp_path, text.replace("\n", end))
    assert asked(spec, cases_of(spec)["a"]) == [("user", "a\nb")]


FILES: Mapping[str, tuple[str, str]] = {
    "..": ("../outside.md", "`../outside.md` lies outside the project"),
    "an absolute path": ("/etc/hostname", "`/etc/hostname` lies outside the project"),
    "a link out": ("link.md", "`link.md` lies outside the project"),
    "a folder behind a link out": ("folder/outside.md", "`folder/outside.md` lies outside the project"),
    "a circle of links": ("circle.md", "the file `circle.md` is no file"),
    "a pipe": ("pipe.md", "the file `pipe.md` is no file"),
    "a folder": ("sub.md", "the file `sub.md` is a folder"),
    "an endless name": ("x" * 300 + ".md", f"the file `{'x' * 300}.md` is not there"),
    "an endless path": ("x/" * 3000 + "a.md", f"the file `{'x/' * 3000}a.md` is not there"),
    "a NUL": ("a\\0.md", "the file `a\0.md` is not there"),
    "this folder": (".", "the file `.` is a folder"),
}


@pytest.mark.parametrize(("name", "message"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("key", ["prompt", "cases"])
def test_a_file_that_cannot_be_used_is_told_where_it_is_named(
    key: str, name: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "outside.md").write_text("secret\n", "utf-8")
    folder = tmp_path / "project"
    (folder / "sub.md").mkdir(parents=True)
    (folder / "link.md").symlink_to("../outside.md")
    (folder / "folder").symlink_to("..")
    (folder / "circle.md").symlink_to("circle.md")
    os.mkfifo(folder / "pipe.md")
    shared = f'{{file: "{name}"}}'
    text = f"prompt: {shared if key == 'prompt' else 'hi'}\nexpect: {{contains: a}}\n"
    found = loaded(folder, text + f"cases: [{shared if key == 'cases' else '{id: a}'}]\n")
    line, column = (1, 16) if key == "prompt" else (3, 16)
    assert [(p.place.line, p.place.column, p.message) for p in found.problems] == [(line, column, message)]


def test_a_spec_that_is_no_file_is_refused_and_nobody_waits_for_it(project: Project) -> None:
    (project.folder / "specs" / "folder.yaml").mkdir(parents=True)
    os.mkfifo(project.folder / "specs" / "pipe.yaml")
    project.write("specs/folder.yaml/inside.yaml", "null\n")
    ran = project.evalkit("validate", "specs/")
    assert (ran.code, ran.out.splitlines()) == (
        2,
        [
            "specs/folder.yaml/inside.yaml:1:1: error: a spec is a mapping, not nothing",
            "    null",
            "    ^",
            "  help: it has `prompt:` and `cases:`",
            "specs/pipe.yaml:1:1: error: cannot be read: not a file",
            "2 errors in 2 specs, 0 cases",
        ],
    )
    ran = project.evalkit("validate", "x" * 300)
    assert (ran.code, ran.err.splitlines()[0]) == (2, f"error: there is no file or folder `{'x' * 300}`")


def test_data_nested_deeper_than_a_spec_may_be_is_refused_too(tmp_path: Path) -> None:
    """Python raises for what is nested some hundred deep, at a place that depends on who looks at it."""
    deep = "[" * 101 + "1" + "]" * 101
    text = "prompt: '{{ x }}'\nexpect: {contains: a}\ncases: [{file: rows.jsonl}]\n"
    (problem,) = loaded(tmp_path, text, {"rows.jsonl": f'{{"x": 1}}\n{{"vars": {{"x": {deep}}}}}\n'}).problems
    assert (problem.place.line, problem.message) == (2, "nested more than 100 deep")
    text = "prompt: '{{ x }}'\nvars: {x: {file: x.json}}\n" + REST[11:]
    (problem,) = loaded(tmp_path, text, {"x.json": f'{{"x": {deep}}}'}).problems
    assert problem.message == "nested more than 100 deep"


def test_a_json_file_that_is_no_yaml_is_read_as_json_but_for_numbers_that_json_lacks(tmp_path: Path) -> None:
    text = "prompt: '{{ x.e }}'\nvars: {x: {file: x.json}}\n" + REST[11:]
    spec = spec_of(tmp_path, text, {"x.json": '{"e": "\\ud83d\\ude00"}'})
    assert asked(spec, cases_of(spec)["a"]) == [("user", "\U0001f600")]
    for number in ("NaN", "-Infinity", "1e400"):
        (problem,) = loaded(tmp_path, text, {"x.json": '{"e": "\\ud83d\\ude00", "x": ' + number + "}"}).errors
        assert problem.message == "`\\ud83d` is no character"


def test_scorers_that_are_kept_do_not_fill_memory() -> None:
    """A thousand are kept, whatever the length of what was rendered for them."""
    check = Check("contains", "{{ x }}{{ y }}", is_static=False)
    binder, text = Binder(), "x" * 1_000_000
    tracemalloc.start()
    try:
        for number in range(100):
            binder.bound(check, Case(str(number), {"x": text, "y": number}, ()))
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_words_too_long_to_be_slips_are_not_compared_and_long_lists_are_cut() -> None:
    assert nearest("a" * 100, ["a" * 99 + "b"]) == "a" * 99 + "b"
    assert nearest("a" * 101, ["a" * 100 + "b"]) == ""
    names = [f"n{number:03}" for number in range(50)]
    assert did_you_mean("x", names) == "known: " + ", ".join(f"`{name}`" for name in names[:40]) + ", and 10 more"


def test_a_file_that_is_named_in_several_ways_is_one_spec(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(REST, "utf-8")
    (tmp_path / "link.yaml").symlink_to(path)
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    ways = (path, tmp_path / "sub" / ".." / "spec.yaml", tmp_path / "link.yaml")
    (tmp_path / "sub").mkdir()
    assert spec_files(ways) == [path]
    assert spec_files((tmp_path,)) == [tmp_path / "circle.yaml", tmp_path / "link.yaml"]
