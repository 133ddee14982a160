"""The shape of the code: layers, strangers, doors, no cycles, and no long tail."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "evalkit"

# Lowest first; a file may import what stands on its own line or on a line above it.
LAYERS = (
    ("records", "version"),
    ("errors", "settings", "settings_file", "secrets", "installed"),
    ("stats",),
    ("decide", "prices", "price_list", "templates", "template_guard", "template_mistakes", "documents"),
    ("providers", "scorers", "reporters", "datasets"),
    ("catalog",),
    ("spec",),
    ("engine",),
    ("api", "__init__"),
    ("cli", "__main__"),
)
STRANGERS = ("providers", "scorers", "reporters", "datasets")
DOORS = {
    "requests": {"providers/http.py"},
    "urllib3": {"providers/http.py"},
    "yaml": {"documents/read.py"},
    "jsonschema": {"spec/check.py", "scorers/structure.py"},
    "jinja2": {"templates.py", "reporters/html.py"},
    "sqlite3": {"engine/store_file.py", "engine/store_layout.py", "engine/store_rescue.py"},
    "regex": {"scorers/extract.py"},
    "rich": {"reporters/terminal_page.py", "reporters/progress.py"},
    "dotenv": {"engine/env_file.py"},
    "xllamacpp": {"providers/local.py"},
    "genai_prices": {"price_list.py"},
}
FILE_LINES = 300
FUNCTION_LINES = 40
PARAMETERS = 5


@dataclass(frozen=True)
class Import:
    """One import: the module (and name) imported, where it stands, whether only for type checkers."""

    module: str
    name: str
    line: int
    is_for_types: bool


@dataclass(frozen=True)
class Source:
    """One file of the package."""

    path: Path

    @property
    def shown(self) -> str:
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def room(self) -> str:
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def module(self) -> str:
        parts = ("evalkit", *self.path.relative_to(PACKAGE).with_suffix("").parts)
        return ".".join(part for part in parts if part != "__init__")

    def tree(self) -> ast.Module:
        return _parsed(self.path)

    def imports(self) -> Iterator[Import]:
        yield from _imports(self.tree(), is_for_types=False)


@lru_cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _imports(node: ast.AST, *, is_for_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, "", child.lineno, is_for_types)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                yield Import(child.module or "", alias.name, child.lineno, is_for_types)
        else:
            guard = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from _imports(child, is_for_types=is_for_types or guard)


SOURCES = [Source(path) for path in sorted(PACKAGE.rglob("*.py"))]
MODULES = {source.module for source in SOURCES}


def _target(found: Import) -> str:
    """The module of ours that an import leads to; "" when it leads elsewhere."""
    whole = f"{found.module}.{found.name}"
    return whole if whole in MODULES else found.module if found.module in MODULES else ""


def _layer(room: str) -> int:
    return next(height for height, rooms in enumerate(LAYERS) if room in rooms)


def _ours() -> Iterator[tuple[Source, Import, str]]:
    for source in SOURCES:
        for found in source.imports():
            target = _target(found)
            if target:
                yield source, found, target


def test_every_room_has_its_layer() -> None:
    assert sorted({source.room for source in SOURCES}) == sorted(room for rooms in LAYERS for room in rooms)


def test_imports_lead_downward() -> None:
    wrong = [
        f"{source.shown}:{found.line} imports {target}"
        for source, found, target in _ours()
        if not found.is_for_types and target != "evalkit"
        if _layer(target.split(".")[1]) > _layer(source.room)
    ]
    assert wrong == []


def test_rooms_of_plug_ins_are_strangers_to_one_another() -> None:
    wrong = [
        f"{source.shown}:{found.line} imports {target}"
        for source, found, target in _ours()
        if source.room in STRANGERS and target.split(".")[1] in set(STRANGERS) - {source.room}
    ]
    assert wrong == []


def test_names_are_imported_from_the_file_where_they_live() -> None:
    packages = {source.module for source in SOURCES if source.path.name == "__init__.py"} - {"evalkit"}
    wrong = [f"{source.shown}:{found.line}" for source, found, target in _ours() if target in packages]
    assert wrong == []


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_its_door(library: str) -> None:
    users = {
        source.shown
        for source in SOURCES
        for found in source.imports()
        if found.module.split(".")[0] == library and not found.is_for_types
    }
    assert users <= DOORS[library]


def test_records_import_only_the_standard_library() -> None:
    foreign = {
        found.module
        for source in SOURCES
        if source.room == "records"
        for found in source.imports()
        if found.module.split(".")[0] not in sys.stdlib_module_names and not found.module.startswith("evalkit.records")
    }
    assert foreign == set()


def test_there_is_no_import_cycle() -> None:
    edges: dict[str, set[str]] = {source.module: set() for source in SOURCES}
    for source, found, target in _ours():
        if not found.is_for_types:
            edges[source.module].add(target)
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for target in edges[module]:
                visit(target, (*path, module))
            done.add(module)

    for module in edges:
        visit(module, ())


def test_only_the_edge_names_the_process_environment() -> None:
    users = {s.shown for s in SOURCES if "os.environ" in s.path.read_text("utf-8")}
    assert {user for user in users if not user.startswith("cli/")} <= {"settings.py", "api.py"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.shown)
def test_nothing_has_grown_long(source: Source) -> None:
    assert len(source.path.read_text("utf-8").splitlines()) <= FILE_LINES
    for node in ast.walk(source.tree()):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            named = [a for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in ("self", "cls")]
            assert lines <= FUNCTION_LINES, f"{node.name} has {lines} lines"
            assert len(named) + len(node.args.kwonlyargs) <= PARAMETERS, f"{node.name} has too many parameters"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.shown)
def test_every_module_says_what_it_is_for(source: Source) -> None:
    assert ast.get_docstring(source.tree())
