"""From paths to specs: find the files, read, check, build and rehearse them all; all problems at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evalkit.documents.read import read
from evalkit.errors import NothingToMeasure, SpecError, UserError
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import Spec
from evalkit.settings import Settings
from evalkit.spec.build import SpecBuilder
from evalkit.spec.check import shape_problems
from evalkit.spec.rehearse import rehearse

SUFFIXES = (".yaml", ".yml")
NO_SPECS_IN = ("data", "prompts", "shared", "replies")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The specs that were found, and what is wrong with them."""

    specs: tuple[Spec, ...]
    problems: tuple[Problem, ...]


def load(settings: Settings) -> tuple[Spec, ...]:
    """The specs at the settings' paths. Raises SpecError with all problems, UserError for a path without specs."""
    loaded = read_all(settings)
    if any(problem.severity == "error" for problem in loaded.problems):
        raise SpecError(loaded.problems)
    return loaded.specs


def read_all(settings: Settings) -> Loaded:
    """The specs and all their problems, by place."""
    specs: list[Spec] = []
    problems: list[Problem] = []
    for path in spec_files(settings.paths):
        spec, found = _read_one(path, settings)
        problems += found
        if spec:
            specs.append(spec)
    problems += _same_names(specs)
    return Loaded(tuple(specs), tuple(sorted(problems, key=lambda problem: problem.place)))


def spec_files(paths: Iterable[Path]) -> list[Path]:
    """The files that hold specs: those named, and below a folder those whose names and folders say so."""
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"there is no file or folder `{path}`", "name a spec, or a folder of specs")
        found = sorted(_below(path)) if path.is_dir() else [path]
        if not found:
            raise NothingToMeasure(f"no spec in `{path}`", "a spec is a .yaml file; `_` at the front hides one")
        files += [file for file in found if file not in files]
    return files


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _hidden(name) and name not in NO_SPECS_IN]
        for name in names:
            if not _hidden(name) and name.lower().endswith(SUFFIXES):
                yield Path(parent, name)


def _hidden(name: str) -> bool:
    return name.startswith(("_", "."))


def shown_path(path: Path) -> str:
    """A path as the user knows it: relative to the current folder, with forward slashes."""
    return Path(os.path.relpath(path)).as_posix()


def _read_one(path: Path, settings: Settings) -> tuple[Spec | None, list[Problem]]:
    document = read(path, shown_path(path))
    if document.root is None:
        return None, list(document.problems)
    problems = shape_problems(document.root)
    if problems:
        return None, problems
    spec, problems = SpecBuilder(document, settings).build()
    return spec, problems or rehearse(spec)


def _same_names(specs: Iterable[Spec]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for spec in specs:
        if spec.name in first:
            message = f"two specs are called `{spec.name}`"
            yield Problem(Place(spec.file), message, f"the other is {first[spec.name]}; give one a `name:` of its own")
        first.setdefault(spec.name, spec.file)
