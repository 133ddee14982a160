"""What a Python file says about itself without being run: the names it defines, and the version of a function."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import UserError, did_you_mean

VERSION = "VERSION"
_HOW = 'write VERSION = "1" at the top of the file'


@dataclass(frozen=True, slots=True)
class Source:
    """A function in a file: where it is, and the version its author gave it, "" for none."""

    path: Path
    function: str
    version: str


def source_of(model: str, root: Path) -> Source:
    """The function that `FILE.py:FUNCTION` names, by reading the file. Raises UserError with the nearest names."""
    file, _, function = model.rpartition(":")
    if not file.endswith(".py") or not function.isidentifier():
        raise UserError(f"`{model}` names no function", "write python/FILE.py:FUNCTION")
    path = _within(root, file)
    statements = tuple(_at_top(_parsed(path, file).body))
    names = set(_bound(statements))
    if function not in names and not names & {"*", "__getattr__"}:
        callables = {each.name for each in statements if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
        raise UserError(f"{file} has no function `{function}`", did_you_mean(function, callables) or "it has none")
    return Source(path, function, _version(statements, function, file))


def _within(root: Path, file: str) -> Path:
    """Where a file of the project is. Raises UserError for one that is not there or lies outside."""
    path, home = (root / file).resolve(), root.resolve()
    if not path.is_relative_to(home):
        raise UserError(f"`{file}` is outside the project", f"its root is {home}")
    if not path.is_file():
        there = [str(other.relative_to(home)) for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
        help = did_you_mean(file, there) or "a path begins at the project's root"
        raise UserError(f"there is no file `{file}`", help)
    return path


def _parsed(path: Path, file: str) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise UserError(f"{file} is no Python: line {error.lineno}: {error.msg}", "mend the file") from None
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"{file} cannot be read: {error}", "mend the file") from None


def _at_top(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when the file is imported, those within `if`, `try` and `with` among them."""
    for statement in statements:
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for part in ("body", "orelse", "finalbody"):
                yield from _at_top(getattr(statement, part, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from _at_top(handler.body)


def _bound(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that statements give to something; `*` where another module's names come in unseen."""
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
        else:
            yield from (target.id for target, _ in _assigned(statement) if isinstance(target, ast.Name))


def _assigned(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    if isinstance(statement, ast.Assign):
        yield from ((target, statement.value) for target in statement.targets)
    elif isinstance(statement, ast.AnnAssign):
        yield statement.target, statement.value


def _version(statements: Iterable[ast.stmt], function: str, file: str) -> str:
    """The text of `function.version = "…"`, else of `VERSION = "…"`; "" where neither stands there.

    Raises UserError for one that has to be computed: nothing of the file is run before it is asked.
    """
    found: dict[str, ast.expr | None] = {}
    for statement in statements:
        for target, value in _assigned(statement):
            found[ast.unparse(target)] = value
    for name in (f"{function}.version", VERSION):
        value = found.get(name)
        if value is not None:
            if isinstance(value, ast.Constant) and isinstance(value.value, str | int | float) and str(value.value):
                return str(value.value)
            raise UserError(f"`{name}` in {file} is no plain text", _HOW)
    return ""
