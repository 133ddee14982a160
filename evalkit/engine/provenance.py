"""Where a run comes from: the project's revision in git, Python, the system, and packages that took part."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from evalkit.engine.git import git_in
from evalkit.records.circumstances import Provenance

PATIENCE = 5.0  # seconds for git; a huge work tree must not hold up a run
_PACKAGES = {  # modules that answer, score or render, and the distributions they are from
    "genai_prices": "genai-prices",
    "jinja2": "jinja2",
    "jsonschema": "jsonschema",
    "regex": "regex",
    "requests": "requests",
    "urllib3": "urllib3",
    "xllamacpp": "xllamacpp",
    "yaml": "pyyaml",
}
_OURS = (":(exclude,top).evalkit", ":(exclude,top)reports")  # what evalkit writes is no change


def provenance_of(root: Path, environ: Mapping[str, str]) -> Provenance:
    """The circumstances of a run that begins now, without the packages: they are imported when they are needed."""
    git = git_in(root, environ)
    revision = git("rev-parse", "HEAD", seconds=PATIENCE)
    changes = git("status", "--porcelain", "--", ".", *_OURS, seconds=PATIENCE) if not revision.failed else revision
    return Provenance(
        revision="" if revision.failed else revision.text,
        # Where git does not say in time, nobody can say that there are none.
        is_dirty=not revision.failed and (changes.failed != "" or changes.out != b""),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
    )


def with_packages(provenance: Provenance) -> Provenance:
    """The same with the versions of the packages that were imported by now."""
    return replace(provenance, packages={name: found for module, name in _PACKAGES.items() if (found := _of(module))})


def _of(module: str) -> str:
    """The version of a module's distribution: as the folder of its metadata is called, which pip puts beside it."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return ""
    named = f"{_PACKAGES[module].replace('-', '_')}-"
    found = [folder.stem.removeprefix(named) for folder in Path(file).parents[1].glob(f"{named}*.dist-info")]
    return found[0] if len(found) == 1 else _looked_up(_PACKAGES[module])


def _looked_up(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # takes a tenth of a short run

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
