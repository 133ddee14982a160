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

    files: tuple[str, ...] = (STDOUT,)

    def write(self, run: StoredRun, out: Mapping[str, IO[str]]) -> None:
        """Write one JSON object, with the run's folder. A server's word in it cannot command a CI log: no `##vso[`."""
        text = json.dumps({**info_to_json(run.info), "folder": str(run.folder)}, indent=1)
        out[STDOUT].write(text.replace("##", r"\u0023#") + "\n")
