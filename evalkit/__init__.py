"""Declarative tests and evaluations for prompts. The public names, each imported when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from evalkit.version import __version__

if TYPE_CHECKING:
    from evalkit.api import compare, load, load_run, run
    from evalkit.records.result import Answer, Score
    from evalkit.records.spec import Case

_HOMES = {
    "compare": "evalkit.api",
    "load": "evalkit.api",
    "run": "evalkit.api",
    "load_run": "evalkit.api",
    "Answer": "evalkit.records.result",
    "Score": "evalkit.records.result",
    "Case": "evalkit.records.spec",
}

__all__ = ["Answer", "Case", "Score", "__version__", "compare", "load", "load_run", "run"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'evalkit' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
