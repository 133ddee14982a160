"""Keys from a `.env` beside the project's settings: keys alone, never over the environment, never from git."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from evalkit.engine.git import git_in
from evalkit.errors import UserError
from evalkit.providers.vendors import is_key
from evalkit.settings import Settings

NAME = ".env"


def with_keys_of_env_file(settings: Settings) -> Settings:
    """The settings with the keys of the project's `.env`. Raises UserError where git tracks that file."""
    file = settings.root / NAME
    if not file.is_file():
        return settings
    from dotenv import dotenv_values  # takes its time, and most projects have no such file

    try:
        found: Mapping[str, str | None] = dotenv_values(file, interpolate=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read: {error}", "mend the file, or take it away") from None
    keys = {name: value for name, value in found.items() if value and is_key(name)}
    if not keys:
        return settings
    if _is_tracked(file, settings.environ):
        raise UserError(f"git tracks {NAME}, so its keys are public", f"git rm --cached {NAME}, and change the keys")
    return replace(settings, environ={**keys, **settings.environ})


def _is_tracked(file: Path, environ: Mapping[str, str]) -> bool:
    return not git_in(file.parent, environ)("ls-files", "--error-unmatch", file.name).failed
