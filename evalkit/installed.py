"""Which version of a package is installed, told from where it lies, without importing it."""

from __future__ import annotations

from pathlib import Path


def version_of(distribution: str, file: str | None) -> str:
    """The version of a distribution whose package has this `__init__.py`; "" where there is none.

    It is read from the name of the folder with its metadata, which pip puts beside the package.
    """
    if not file:
        return ""
    named = f"{distribution.replace('-', '_')}-"
    found = [folder.stem.removeprefix(named) for folder in Path(file).parents[1].glob(f"{named}*.dist-info")]
    return found[0] if len(found) == 1 else _looked_up(distribution)


def _looked_up(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # takes a tenth of a short run

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
