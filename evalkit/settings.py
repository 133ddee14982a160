"""Everything a run is told besides its specs, in one frozen record: flags > environment > files > defaults.

The only module that reads the environment; providers look their keys up in what it passes on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from evalkit.errors import UserError, did_you_mean

DEFAULT_MODEL = "local/smollm2"
LONGEST = 1e6  # seconds that a time may be set to; sockets count no further than a few years
_FILE_KEYS = ("model", "endpoints")  # what [tool.evalkit] may set
_ENDPOINT_KEYS = ("base_url", "key")
KEY_PREFIX = "EVALKIT_KEY_"  # what the variable with an own endpoint's key begins with
_LEAST = {"workers": 1, "trials": 1, "limit": 1, "attempts": 1, "max_calls": 0}
_TIMES = ("timeout", "deadline")  # seconds


@dataclass(frozen=True, slots=True)
class OwnEndpoint:
    """A server of one's own that speaks chat completions: `[tool.evalkit.endpoints.mine]`, in specs `mine/model`.

    `key` is the environment variable with its key, "" for a server that wants none.
    """

    name: str
    base_url: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """One run's settings. Sizes are counts, times are seconds; None means "no limit" or "as the spec says".

    `environ` is the process's environment; only key and base URL look-ups read it.
    """

    paths: tuple[Path, ...] = ()
    root: Path = Path()
    models: tuple[str, ...] = ()
    default_model: str = DEFAULT_MODEL
    keyword: str = ""
    tags: tuple[str, ...] = ()
    limit: int | None = None
    failed_of: str | None = None
    trials: int | None = None
    workers: int = 64
    fresh: bool = False
    offline: bool = False
    plan_only: bool = False
    no_code: bool = False
    max_calls: int | None = None
    out: Path | None = None
    as_json: bool = False
    verbosity: int = 0
    timeout: float = 120.0
    attempts: int = 6
    deadline: float = 600.0
    endpoints: Mapping[str, OwnEndpoint] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def state(self) -> Path:
        """The folder for what evalkit keeps between runs."""
        return self.root / ".evalkit"

    @property
    def reports(self) -> Path:
        """The folder that holds a folder for every run."""
        return self.root / "reports"


def settings_for(paths: tuple[Path, ...], environ: Mapping[str, str], **flags: Any) -> Settings:
    """The settings of one run. Raises UserError for an unknown setting in a file or a flag out of range."""
    known = {item.name for item in fields(Settings)}
    unknown = sorted(set(flags) - known)
    if unknown:
        raise UserError(f"there is no setting `{unknown[0]}`", did_you_mean(unknown[0], known))
    root = project_root(paths[0] if paths else Path())
    from_files = _from_files(root)
    settings = Settings(
        paths=paths,
        root=root,
        environ=environ,
        default_model=environ.get("EVALKIT_MODEL") or from_files.get("model") or DEFAULT_MODEL,
        endpoints=from_files.get("endpoints", {}),
    )
    given = {name: _as_field(name, value) for name, value in flags.items() if value is not None}
    return _checked(replace(settings, **given))


def _as_field(name: str, value: Any) -> Any:
    """One text where several may stand, and a text for a folder, as Python callers write them."""
    if name in ("models", "tags"):
        return (value,) if isinstance(value, str) else tuple(value)
    return Path(value) if name in ("root", "out") else value


def _checked(settings: Settings) -> Settings:
    for name, least in _LEAST.items():
        value = getattr(settings, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            raise UserError(f"`{name}` is {value}", f"it counts from {least}")
    for name in _TIMES:
        value = getattr(settings, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < LONGEST:
            raise UserError(f"`{name}` is {value}", "it is a number of seconds above 0")
    if settings.fresh and settings.offline:
        raise UserError("--fresh asks again and --offline never asks", "give one of them")
    return settings


def project_root(start: Path) -> Path:
    """The nearest folder at or above `start` with `evalkit.toml`, a `[tool.evalkit]` or `.git`, else here."""
    here = Path.cwd()
    begin = (here / start).resolve()
    for folder in _upwards(begin if begin.is_dir() else begin.parent):
        if (folder / "evalkit.toml").is_file() or (folder / ".git").exists() or _has_table(folder):
            return folder
    return here


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents


def _has_table(folder: Path) -> bool:
    try:
        return _table(folder / "pyproject.toml") is not None
    except UserError:
        return False  # someone else's broken file, above us: not ours to complain about


def _table(file: Path) -> Any:
    """What stands at `tool.evalkit` in a pyproject.toml; None for nothing, and where there is no such file."""
    tools = _toml(file).get("tool") if file.is_file() else None
    return tools.get("evalkit") if isinstance(tools, Mapping) else None


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{file.name} cannot be read: {error}", "mend the file") from None


def _from_files(root: Path) -> Mapping[str, Any]:
    own, shared = root / "evalkit.toml", root / "pyproject.toml"
    found: Any = _toml(own) if own.is_file() else _table(shared)
    shown = own.name if own.is_file() else f"[tool.evalkit] in {shared.name}"
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise UserError(f"{shown} is no table", 'write [tool.evalkit], and below it model = "…"')
    for key in found:
        if key not in _FILE_KEYS:
            raise UserError(f"{shown} has no setting `{key}`", did_you_mean(key, _FILE_KEYS))
    if not isinstance(found.get("model", ""), str):
        raise UserError(f"`model` in {shown} is not a text", 'write model = "…"')
    return {**found, "endpoints": dict(_endpoints(found.get("endpoints", {}), shown))}


def _endpoints(tables: Any, shown: str) -> Iterator[tuple[str, OwnEndpoint]]:
    """The endpoints of a settings file. Raises UserError for what is none."""
    how = 'write [tool.evalkit.endpoints.mine], and below it base_url = "https://…/v1"'
    if not isinstance(tables, Mapping):
        raise UserError(f"`endpoints` in {shown} is no table", how)
    for name, table in tables.items():
        where = f"the endpoint `{name}` in {shown}"
        if not isinstance(table, Mapping) or not table.get("base_url"):
            raise UserError(f"{where} has no base_url", how)
        for key, value in table.items():
            if key not in _ENDPOINT_KEYS:
                raise UserError(f"{where} has no setting `{key}`", did_you_mean(key, _ENDPOINT_KEYS))
            if not isinstance(value, str):
                raise UserError(f"`{key}` of {where} is not a text", f'write {key} = "…"')
        variable = table.get("key", "")
        if variable and not variable.startswith(KEY_PREFIX):
            help = f'so that no project file can send another key there: write key = "{KEY_PREFIX}{name.upper()}"'
            raise UserError(f"the key variable of {where} does not begin with {KEY_PREFIX}", help)
        yield name, OwnEndpoint(name, table["base_url"], variable)
