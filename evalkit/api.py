"""evalkit from Python: what the command line does, as functions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from evalkit.engine.archive import find_run, read_run
from evalkit.engine.comparing import compared
from evalkit.engine.session import Session
from evalkit.records.comparison import Comparison
from evalkit.records.run import StoredRun
from evalkit.records.spec import Spec
from evalkit.settings import settings_for
from evalkit.spec.load import load as load_specs


def load(*paths: str | Path, **settings: Any) -> tuple[Spec, ...]:
    """The specs at `paths`, checked. `settings` are fields of Settings. Raises SpecError with all problems."""
    return load_specs(settings_for(tuple(map(Path, paths)), os.environ, **settings)).specs


def run(*paths: str | Path, **settings: Any) -> StoredRun:
    """Run the specs at `paths` as `evalkit run` does; the folder of the run has `run.json` and `results.jsonl`.

    `settings` are fields of Settings: `models=("local/smollm2",)`, `trials=5`, … Raises UserError before any call.
    """
    return Session(settings_for(tuple(map(Path, paths)), os.environ, **settings)).run()


def compare(base: str | Path, cand: str | Path = "latest", **settings: Any) -> tuple[Comparison, ...]:
    """The columns of the finished run `cand` against those of `base`, each as it was scored; nothing is asked.

    Runs are given as `load_run` takes them; `settings` are `margin`, `alpha`, `require` and `strict`. Raises UserError.
    """
    given = settings_for((), os.environ, against=str(base), **settings)
    before, now = (read_run(find_run(given.reports, str(name))) for name in (base, cand))
    return compared(now, before, given).info.comparisons


def load_run(name: str | Path = "latest") -> StoredRun:
    """A finished run by its folder, its id or `latest`. Raises UserError where there is none."""
    return read_run(find_run(settings_for((), os.environ).reports, str(name)))
