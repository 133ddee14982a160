"""The specs of a project as they stood at a commit: what the baseline of a comparison asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from evalkit import catalog
from evalkit.engine.plan import Plan, Selection
from evalkit.engine.retelling import Retelling, Retold
from evalkit.engine.revision import Revision, laid_out
from evalkit.errors import NothingToMeasure, UserError
from evalkit.providers.interface import Provider
from evalkit.records.comparison import Baseline
from evalkit.records.spec import Spec
from evalkit.settings import Settings
from evalkit.spec.load import load, shown_path


@dataclass(frozen=True, slots=True)
class Former:
    """What was asked at a commit: the plan of those specs, and what to call them."""

    plan: Plan
    baseline: Baseline


@contextmanager
def former_of(settings: Settings, selection: Selection, provider: Callable[[str], Provider]) -> Iterator[Former]:
    """The specs at the settings' paths as they were at `settings.against`, as long as the context.

    Keys, endpoints, prices and limits are today's. Raises UserError where git has no such commit, or where the specs
    were not valid there.
    """
    with laid_out(settings.root, settings.against, settings.environ) as revision:
        then = replace(settings, root=revision.folder, paths=_paths(settings, revision), recordings=None)
        retelling = Retelling(revision)
        of_then = lru_cache(lambda name: Retold(catalog.provider(name, then), retelling))
        specs = _specs(then, retelling) if then.paths else ()
        plan = Plan(
            specs,
            replace(selection, limit=None),  # the first cases of today may stand further down there
            then,
            lambda name: of_then(name) if name in catalog.OF_THE_PROJECT else provider(name),
        )
        shown = f"{revision.ref} ({revision.shown})"
        yield Former(plan, Baseline("revision", revision.ref, shown, revision.commit, settings.reuse))


def _paths(settings: Settings, revision: Revision) -> tuple[Path, ...]:
    """The same paths in the laid-out folder, those that were there."""
    root = settings.root.resolve()
    found = []
    for path in settings.paths:
        try:
            inside = _in_place(path).relative_to(root)
        except ValueError:
            help = f"it is outside of {shown_path(root)}; run evalkit in the project that has it"
            raise UserError(f"`{path}` cannot be compared with `{revision.ref}`", help) from None
        found.append(revision.folder / inside)
    return tuple(path for path in found if os.path.lexists(path))


def _in_place(path: Path) -> Path:
    """Where a path stands: a link to a spec is what the project has there, not what it leads to."""
    return path.parent.resolve() / path.name if path.name not in ("", "..") else path.resolve()


def _specs(then: Settings, retelling: Retelling) -> tuple[Spec, ...]:
    try:
        with retelling.heard():
            return load(then).specs
    except NothingToMeasure:
        return ()
