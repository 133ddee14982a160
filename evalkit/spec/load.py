"""From paths to specs: find the files, read, check, build and rehearse them all; all problems at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit.documents.nodes import Node
from evalkit.documents.read import read
from evalkit.errors import NothingToMeasure, SpecError, UserError, nearest
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import Spec
from evalkit.settings import Settings
from evalkit.spec.build import SpecBuilder
from evalkit.spec.check import Shape
from evalkit.spec.few import MOST_OF_CASES, Room
from evalkit.spec.gate import about_metrics, about_rivals
from evalkit.spec.parts import is_about_unused
from evalkit.spec.prune import Pruning
from evalkit.spec.rehearse import rehearse
from evalkit.spec.share import Sharing
from evalkit.template_guard import guarded

SUFFIXES = (".yaml", ".yml")
MAKES_A_SPEC = ("prompt", "prompts", "cases", "expect", "gate", "tests", "assert")
NO_SPECS_IN = ("data", "prompts", "shared", "replies")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The specs that were found, and what is wrong with them: by place, what is alike said once a file.

    `files` counts the files read, `cases` the cases in them, `skipped` names the files that hold no spec.
    """

    specs: tuple[Spec, ...]
    problems: tuple[Problem, ...]
    files: int = 0
    cases: int = 0
    skipped: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are no warnings."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load(settings: Settings) -> Loaded:
    """The good specs at the settings' paths, with warnings. Raises SpecError with all problems where one is an error.

    Raises UserError for a path without specs.
    """
    loaded = read_all(settings)
    if loaded.errors:
        raise SpecError(loaded.problems)
    return loaded


def read_all(settings: Settings) -> Loaded:
    """The specs and all their problems; every file is taken for a spec."""
    return _loaded([_Reading(path, settings) for path in spec_files(settings.paths)], settings)


def checked(settings: Settings) -> Loaded:
    """The same, but files that hold something else than a spec are skipped."""
    readings = [_Reading(path, settings) for path in spec_files(settings.paths)]
    loaded = _loaded([reading for reading in readings if not reading.is_other], settings)
    skipped = tuple(reading.shown for reading in readings if reading.is_other)
    return replace(loaded, files=len(readings), skipped=skipped)


def _loaded(readings: Sequence[_Reading], settings: Settings) -> Loaded:
    specs: list[Spec] = []
    problems: list[Problem] = []
    room = Room(MOST_OF_CASES)
    with guarded(settings.no_code):
        for reading in readings:
            spec, found = reading.done(room)
            problems += found
            if spec:
                specs.append(spec)
    problems += _same_names(specs)
    cases = sum(reading.cases for reading in readings)
    return Loaded(tuple(specs), tuple(_said_once(problems)), len(readings), cases)


def spec_files(paths: Iterable[Path]) -> list[Path]:
    """The files that hold specs: those named, and below a folder those whose names and folders say so."""
    files: dict[str, Path] = {}  # each once, also where it is named in several ways
    for path in paths:
        if not os.path.exists(path):  # Path.exists() raises for a name that is too long
            raise UserError(f"there is no file or folder `{path}`", "name a spec, or a folder of specs")
        found = sorted(_below(path)) if path.is_dir() else [path]
        if not found:
            raise NothingToMeasure(f"no spec in `{path}`", "a spec is a .yaml file; `_` at the front hides one")
        for file in found:
            files.setdefault(os.path.realpath(file), file)  # Path.resolve() raises for circles of links
    return list(files.values())


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


class _Reading:
    """One spec from its file. Each step looks at what the steps before left over."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self._document = read(path, shown_path(path))
        self._settings = settings
        self._sharing = Sharing(settings.root)
        self._shape = Shape()
        self.shown = self._document.shown
        self.cases = 0

    @property
    def is_other(self) -> bool:
        """Whether the file holds something else than a spec: a mapping without any of the keys that make one."""
        root = self._document.root
        if root is None or not isinstance(root.value, dict):
            return False
        return not any(key in MAKES_A_SPEC or nearest(key, MAKES_A_SPEC) for key in root.value)

    def done(self, room: Room) -> tuple[Spec | None, list[Problem]]:
        """The Spec, None where it could not be read, and all problems. Its cases are kept if there is room for them."""
        if self._document.root is None:
            return None, list(self._document.problems)
        root = self._sharing.spread(self._document)
        problems = self._sharing.problems + [p for p in self._shape.problems(root) if p.place not in self._sharing.lost]
        spec = None
        if isinstance(root.value, dict):
            pruning = Pruning({problem.place for problem in problems} | self._sharing.lost)
            spec, found = self._built(pruning.of(root) if problems else root, pruning, room)
            known = {problem.place for problem in problems}
            problems += [problem for problem in found if problem.place not in known]
        if any(problem.severity == "error" for problem in problems):
            problems = [problem for problem in problems if not is_about_unused(problem)]
        return spec, [self._placed(problem) for problem in problems]

    def _built(self, root: Node, pruning: Pruning, room: Room) -> tuple[Spec, list[Problem]]:
        """The Spec of what is left of a file, and what only meaning can tell is wrong with it."""
        builder = SpecBuilder(self._document, self._settings, self._shape, self._sharing.files, room)
        spec = builder.build(root)
        problems = builder.complain.problems
        known = {problem.place for problem in problems if problem.severity == "error"}
        rehearsed = rehearse(spec, pruning)
        self.cases = rehearsed.cases
        problems += [problem for problem in rehearsed.problems if problem.place not in known]
        problems += [problem for problem in about_rivals(spec) if problem.place not in known]
        if not pruning.took_metrics:
            problems += about_metrics(spec, rehearsed.labels, _places_of_metrics(root))
        if pruning.is_nothing and not root.get("prompt") and not root.get("prompts"):
            help = 'for example: prompt: "Translate: {{ text }}"'
            problems.append(Problem(root.place, "a spec needs `prompt`", help))
        return spec, problems

    def _placed(self, problem: Problem) -> Problem:
        """A problem in a shared file also tells where the spec names that file."""
        return replace(problem, via=self._sharing.named.get(problem.place.file))


def _places_of_metrics(root: Node) -> dict[str, Place]:
    metrics = root.get("metrics")
    return metrics.keys if metrics else {}


def _same_names(specs: Iterable[Spec]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for spec in specs:
        if spec.name in first:
            message = f"two specs are called `{spec.name}`"
            yield Problem(Place(spec.file), message, f"the other is {first[spec.name]}; give one a `name:` of its own")
        first.setdefault(spec.name, spec.file)


def _said_once(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by place; those of a file that say the same are one, with the number of the others."""
    told: dict[tuple[str, str, str], Problem] = {}
    for problem in sorted(problems, key=lambda problem: problem.place):
        key = (problem.place.file, problem.message, problem.help)
        before = told.get(key)
        told[key] = (
            replace(before, more=before.more + 1) if before and before.place != problem.place else before or problem
        )
    return list(told.values())
