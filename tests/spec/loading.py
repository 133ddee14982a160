"""Specs written in tests, loaded and rendered as a run would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.records.spec import Case, Spec
from evalkit.settings import settings_for
from evalkit.spec.load import Loaded, read_all
from evalkit.spec.render import render_messages


def loaded(folder: Path, text: str, files: Mapping[str, str] | None = None, **settings: Any) -> Loaded:
    """A spec and the files beside it, read and checked; `folder` is the project."""
    for name, content in {**(files or {}), "spec.yaml": text}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8", newline="")
    (folder / ".git").mkdir(exist_ok=True)
    return read_all(settings_for((folder / "spec.yaml",), settings.pop("environ", {}), **settings))


def spec_of(folder: Path, text: str, files: Mapping[str, str] | None = None, **settings: Any) -> Spec:
    """The one spec, which must be good."""
    found = loaded(folder, text, files, **settings)
    assert found.errors == ()
    (spec,) = found.specs
    return spec


def cases_of(spec: Spec) -> dict[str, Case]:
    """Its cases by id."""
    return {case.id: case for case in spec.cases}


def asked(spec: Spec, case: Case, variant: str = "") -> list[tuple[str, str]]:
    """The messages of one case as (role, text)."""
    (prompt,) = (each for each in spec.variants if each.name == variant)
    return [(message.role, message.content) for message in render_messages(prompt, case)]
