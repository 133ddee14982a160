"""Where a run comes from: the project's revision in git, Python, the system, and packages that took part."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from evalkit.engine.git import git_in
from evalkit.installed import version_of
from evalkit.records.circumstances import Provenance

PATIENCE = 5.0  # seconds for git; a huge work tree must not hold up a run
_PACKAGES = {  # modules that answer, score or render, and the distributions they are from
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


def with_packages(provenance: Provenance, others: Mapping[str, str]) -> Provenance:
    """The same with the versions of the packages that were imported by now, and of others that took part."""
    imported = {name: getattr(sys.modules.get(module), "__file__", None) for module, name in _PACKAGES.items()}
    versions = {name: version_of(name, file) for name, file in imported.items()} | dict(others)
    return replace(provenance, packages={name: versions[name] for name in sorted(versions) if versions[name]})
