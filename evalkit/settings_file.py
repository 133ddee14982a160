"""`evalkit.toml`, or `[tool.evalkit]` in pyproject.toml: read, and every table of it held to what it may say."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from evalkit.errors import UserError, did_you_mean
from evalkit.records.machine import Command, Limits, OwnEndpoint, Price

KEY_PREFIX = "EVALKIT_KEY_"  # what the variable with an own endpoint's key begins with
OWN = "evalkit.toml"
SHARED = "pyproject.toml"
_KEYS = ("model", "replies", "endpoints", "limits", "prices", "commands")
_REPLIES = 'write replies = "specs/replies", a folder of the project'
_HOW = {
    "endpoint": 'write [tool.evalkit.endpoints.mine], and below it base_url = "https://…/v1"',
    "limit": "write [tool.evalkit.limits.aimlapi], and below it for example rpm = 60",
    "price": 'write [tool.evalkit.prices."mine/model"], and below it input = 0.10 and output = 0.40 (US dollars for a '
    "million tokens)",
    "command": 'write [tool.evalkit.commands], and below it check = ["python", "check.py"]',
}
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class FromFile:
    """What the settings file says; `replies` is the folder of recordings."""

    model: str = ""
    replies: Path | None = None
    endpoints: Mapping[str, OwnEndpoint] = field(default_factory=dict)
    limits: Mapping[str, Limits] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    commands: Mapping[str, Command] = field(default_factory=dict)


def has_settings(folder: Path) -> bool:
    """Whether a folder has a settings file of ours. One that cannot be read, and is not ours, is none."""
    try:
        return (folder / OWN).is_file() or _table(folder / SHARED) is not None
    except UserError:
        return False


def from_file(root: Path) -> FromFile:
    """The settings of a project. Raises UserError for what cannot be read or is not known."""
    own = root / OWN
    found: Any = _toml(own) if own.is_file() else _table(root / SHARED)
    shown = OWN if own.is_file() else f"[tool.evalkit] in {SHARED}"
    if found is None:
        return FromFile()
    if not isinstance(found, Mapping):
        raise UserError(f"{shown} is no table", 'write [tool.evalkit], and below it model = "…"')
    for key in found:
        if key not in _KEYS:
            raise UserError(f"{shown} has no setting `{key}`", did_you_mean(key, _KEYS))
    return FromFile(
        model=_text(found, "model", shown, 'write model = "…"'),
        replies=_replies(_text(found, "replies", shown, _REPLIES), root, shown),
        endpoints=dict(_tables(found, "endpoint", shown, _endpoint)),
        limits=dict(_tables(found, "limit", shown, _limits)),
        prices=dict(_tables(found, "price", shown, _price)),
        commands=dict(_tables(found, "command", shown, _command)),
    )


def _text(found: Mapping[str, Any], key: str, shown: str, how: str) -> str:
    said = found.get(key, "")
    if not isinstance(said, str):
        raise UserError(f"`{key}` in {shown} is not a text", how)
    return said


def _replies(said: str, root: Path, shown: str) -> Path | None:
    """The folder of recordings; what is committed with a project lies inside it."""
    try:
        is_inside = (root / said).resolve().is_relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):  # a NUL in the name, links in a circle
        raise UserError(f"`replies` in {shown} names no folder", _REPLIES) from None
    if not is_inside:
        raise UserError(f"`replies` in {shown} leads out of the project", _REPLIES)
    return root / said if said else None


def _table(file: Path) -> Any:
    """What stands at `tool.evalkit` in a pyproject.toml; None for nothing, and where there is no such file."""
    tools = _toml(file).get("tool") if file.is_file() else None
    return tools.get("evalkit") if isinstance(tools, Mapping) else None


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{file.name} cannot be read: {error}", "mend the file") from None


def _tables(
    found: Mapping[str, Any], kind: str, shown: str, make: Callable[[str, Any, str], Made]
) -> Iterator[tuple[str, Made]]:
    """The entries of a table (`endpoints` of what is an `endpoint`), each made into what it stands for."""
    tables = found.get(f"{kind}s", {})
    if not isinstance(tables, Mapping):
        raise UserError(f"`{kind}s` in {shown} is no table", _HOW[kind])
    for name, table in tables.items():
        yield name, make(name, table, f"the {kind} `{name}` in {shown}")


def _endpoint(name: str, table: Any, where: str) -> OwnEndpoint:
    said = _keys(table, ("base_url", "key"), where, _HOW["endpoint"])
    if not said.get("base_url"):
        raise UserError(f"{where} has no base_url", _HOW["endpoint"])
    for key, value in said.items():
        if not isinstance(value, str):
            raise UserError(f"`{key}` of {where} is not a text", f'write {key} = "…"')
    variable = said.get("key", "")
    if variable and not variable.startswith(KEY_PREFIX):
        help = f'so that no project file can send another key there: write key = "{KEY_PREFIX}{name.upper()}"'
        raise UserError(f"the key variable of {where} does not begin with {KEY_PREFIX}", help)
    return OwnEndpoint(name, said["base_url"], variable)


def _limits(name: str, table: Any, where: str) -> Limits:
    said = _keys(table, ("rpm", "tpm", "concurrency"), where, _HOW["limit"])
    numbers = {key: _number(value, f"`{key}` of {where}", least=1) for key, value in said.items()}
    at_once = numbers.pop("concurrency", None)
    return Limits(**numbers, concurrency=int(at_once) if at_once is not None else None)


def _price(name: str, table: Any, where: str) -> Price:
    said = _keys(table, ("input", "output", "cached"), where, _HOW["price"])
    missing = {"input", "output"} - set(said)
    if missing:
        raise UserError(f"{where} has no `{min(missing)}`", _HOW["price"])
    return Price(**{key: _number(value, f"`{key}` of {where}", least=0) for key, value in said.items()})


def _command(name: str, said: Any, where: str) -> Command:
    """A list of words, or a table `{argv = […], version = "…"}`."""
    words, version = said, ""
    if isinstance(said, Mapping):
        table = _keys(said, ("argv", "version"), where, _HOW["command"])
        words, version = table.get("argv"), table.get("version", "")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        raise UserError(f"{where} is no list of words", f'write {name} = ["python", "check.py"]')
    if not isinstance(version, str):
        raise UserError(f"`version` of {where} is not a text", 'write version = "1"')
    return Command(tuple(words), version)


def _keys(table: Any, known: tuple[str, ...], where: str, how: str) -> Mapping[str, Any]:
    if not isinstance(table, Mapping):
        raise UserError(f"{where} is no table", how)
    for key in table:
        if key not in known:
            raise UserError(f"{where} has no setting `{key}`", did_you_mean(key, known))
    return table


def _number(value: Any, what: str, *, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < 1e12:
        raise UserError(f"{what} is no number from {least:g} up", "write a number")
    return float(value)
