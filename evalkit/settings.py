"""Everything a run is told besides its specs, in one frozen record: flags > environment > files > defaults.

The only module that reads the environment; providers look their keys up in what it passes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from os.path import isdir
from pathlib import Path
from typing import Any

from evalkit.errors import UserError, did_you_mean
from evalkit.records.machine import Command, Limits, OwnEndpoint, Price
from evalkit.settings_file import from_file, has_settings

DEFAULT_MODEL = "local/smollm2"
LONGEST = 1e6  # seconds that a time may be set to; sockets count no further than a few years
_LEAST = {"max_trials": 1, "workers": 1, "trials": 1, "limit": 1, "attempts": 1, "max_calls": 0}
_TIMES = ("timeout", "deadline")  # seconds
_SHARES = {"margin": 1.0, "alpha": 0.5}
_WORDS = {"method": ("confirm", "rounds", "fixed"), "require": ("no worse",)}


@dataclass(frozen=True, slots=True)
class Settings:
    """One run's settings. Sizes are counts, times are seconds; None means "no limit" or "as the spec says".

    `limits` are by provider, `prices` by `provider/model`, `commands` are programs by name; `max_usd` is in US dollars.
    With `fresh` only replies kept since `fresh_since` count: seconds since 1970, by default when the settings are made.
    `against` names what a run is compared with (a git ref or a run), "" for nothing; `margin`, `alpha`, `method`,
    `max_trials` and `require` stand above what the specs say of a regression. With `reuse` both arms share recorded
    replies, with `strict` replies of different served models are not compared.
    `recordings` is the folder with committed recordings, None for none.
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
    fresh_since: float = 0.0
    offline: bool = False
    allow_unrecorded: bool = False
    plan_only: bool = False
    no_code: bool = False
    max_calls: int | None = None
    max_usd: float | None = None
    against: str = ""
    margin: float | None = None
    alpha: float | None = None
    method: str | None = None
    max_trials: int | None = None
    require: str | None = None
    reuse: bool = False
    strict: bool = False
    out: Path | None = None
    as_json: bool = False
    markdown: bool = False
    verbosity: int = 0
    timeout: float = 120.0
    attempts: int = 6
    deadline: float = 600.0
    endpoints: Mapping[str, OwnEndpoint] = field(default_factory=dict)
    limits: Mapping[str, Limits] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    commands: Mapping[str, Command] = field(default_factory=dict)
    recordings: Path | None = None
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
    file = from_file(root)
    settings = Settings(
        paths=paths,
        root=root,
        environ=environ,
        default_model=environ.get("EVALKIT_MODEL") or file.model or DEFAULT_MODEL,
        endpoints=file.endpoints,
        limits=file.limits,
        prices=file.prices,
        commands=file.commands,
        recordings=file.replies,
    )
    given = {name: _as_field(name, value) for name, value in flags.items() if value is not None}
    return _timed(_checked(replace(settings, **given)))


def _as_field(name: str, value: Any) -> Any:
    """One text where several may stand, and a text for a folder, as Python callers write them."""
    if name in ("models", "tags"):
        return (value,) if isinstance(value, str) else tuple(value)
    return Path(value) if name in ("root", "out", "recordings") else value


def _timed(settings: Settings) -> Settings:
    """What `fresh` counts from: what came before is asked again, what comes in this run is not."""
    if settings.fresh and not settings.fresh_since:
        return replace(settings, fresh_since=time.time())
    return replace(settings, fresh=True) if settings.fresh_since else settings


def _checked(settings: Settings) -> Settings:
    for name, least in _LEAST.items():
        value = getattr(settings, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            raise UserError(f"`{name}` is {value}", f"it counts from {least}")
    for name in _TIMES:
        value = getattr(settings, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < LONGEST:
            raise UserError(f"`{name}` is {value}", "it is a number of seconds above 0")
    budget = settings.max_usd
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 < budget < 1e9):
        raise UserError(f"`max_usd` is {budget}", "it is a sum of US dollars above 0")
    _check_comparison(settings)
    if (settings.fresh or settings.fresh_since) and settings.offline:
        raise UserError("--fresh asks again and --offline never asks", "give one of them")
    if settings.allow_unrecorded and not settings.offline:
        raise UserError("--allow-unrecorded is about --offline, which is not given", "what is not recorded is asked")
    return settings


def _check_comparison(settings: Settings) -> None:
    for name, most in _SHARES.items():
        value = getattr(settings, name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and 0 < value < most):
            raise UserError(f"`{name}` is {value}", f"it is a share between 0 and {most:g}: 0.05 is 5 %")
    for name, words in _WORDS.items():
        value = getattr(settings, name)
        if value is not None and value not in words:
            raise UserError(f"`{name}` is `{value}`", did_you_mean(str(value), words))
    if settings.against and settings.failed_of:
        help = "cases that are chosen by how they came out cannot show whether it got worse"
        raise UserError("--failed and --against do not go together", help)
    about = [name for name in (*_SHARES, *_WORDS, "max_trials", "reuse", "strict") if getattr(settings, name)]
    if about and not settings.against:
        flag = about[0].replace("_", "-")
        raise UserError(f"--{flag} is about --against, which is not given", "name a git ref, or a run, as its REF")


def project_root(start: Path) -> Path:
    """The nearest folder at or above `start` with `evalkit.toml`, a `[tool.evalkit]` or `.git`, else here.

    Raises UserError where the current folder was deleted.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise UserError("the current folder is no longer there", "cd to one that is") from None
    begin = (here / start).resolve()
    for folder in _upwards(begin if isdir(begin) else begin.parent):  # Path.is_dir() raises for too long a name
        if (folder / ".git").exists() or has_settings(folder):
            return folder
    return here


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents
