"""`run.json` on standard output, for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO

from evalkit.records.info import info_to_json
from evalkit.records.run import StoredRun
from evalkit.reporters.interface import STDOUT


class Json:
    """Writes what `run.json` holds; the results stay in `results.jsonl` beside it."""

    files = (STDOUT,)

    def write(self, run: StoredRun, out: Mapping[str, IO[str]]) -> None:
        """Write one JSON object, with the run's folder."""
        json.dump({**info_to_json(run.info), "folder": str(run.folder)}, out[STDOUT], indent=1)
        out[STDOUT].write("\n")
