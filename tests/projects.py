"""A folder with specs in which evalkit runs: in a process of its own, as users start it, or as a Session in ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from evalkit.catalog import provider
from evalkit.engine.archive import find_run, read_run
from evalkit.engine.plan import Plan, Selection
from evalkit.engine.session import Session
from evalkit.records.run import StoredRun
from evalkit.settings import Settings, settings_for
from evalkit.spec.load import load
from tests.servers import Server

KEY = "sk-0123456789abcdef0123456789abcdef"
GEMINI = "aimlapi/google/gemini-2.5-flash-lite-preview"
ROOT = Path(__file__).resolve().parent.parent
_PASSED_ON = ("PATH", "HOME", "PYTHONPATH", "SYSTEMROOT", "TMPDIR")  # of our environment, to the processes we start


@dataclass(frozen=True, slots=True)
class Ran:
    """How a process ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folder; `environ` is what processes started in it find in their environment, `python` runs them."""

    folder: Path
    environ: Mapping[str, str]
    python: tuple[str, ...] = (sys.executable,)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def start(self, *arguments: str, **pipes: Any) -> subprocess.Popen[str]:
        """Start a command; its standard streams are pipes unless `pipes` says otherwise."""
        return subprocess.Popen(
            [*self.python, "-m", "evalkit", *arguments],
            cwd=self.folder,
            env={**{name: os.environ[name] for name in _PASSED_ON if name in os.environ}, **self.environ},
            encoding="utf-8",
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes},
        )

    def evalkit(self, *arguments: str, **pipes: Any) -> Ran:
        """Run a command to its end."""
        process = self.start(*arguments, **pipes)
        out, err = process.communicate(timeout=120)
        return Ran(process.returncode, out or "", err or "")

    def settings(self, *paths: str, **settings: Any) -> Settings:
        """Settings for specs of the project, or for all of it."""
        files = tuple(self.folder / path for path in paths or ("",))
        return settings_for(files, self.environ, **{"root": self.folder, **settings})

    def session(self, *paths: str, **settings: Any) -> StoredRun:
        """Run specs in this process."""
        return Session(self.settings(*paths, **settings)).run()

    def plan(self, *paths: str, selection: Selection | None = None, **settings: Any) -> Plan:
        """What would be asked."""
        given = self.settings(*paths, **settings)
        providers = lru_cache(lambda name: provider(name, given))
        return Plan(load(given).specs, selection or Selection(), given, providers)

    def latest(self) -> StoredRun:
        """The last run."""
        return read_run(find_run(self.folder / "reports"))


def cases(*words: str) -> str:
    """The cases of a spec: one a word, which is its id and its only variable, `word`."""
    return "cases:\n" + "".join(f"  - {{id: {word}, vars: {{word: {word}}}}}\n" for word in words)


def yes_spec(*words: str, checks: str = "{contains: yes}") -> str:
    """A spec that asks `Say <word>.` in each case and wants a yes."""
    return f'prompt: "Say {{{{ word }}}}."\nexpect: {checks}\n{cases(*words)}'


def keyed(server: Server) -> dict[str, str]:
    """An environment that leads aimlapi to a server on the loopback, with a key."""
    return {"AIMLAPI_API_KEY": KEY, "AIMLAPI_BASE_URL": server.url}


def complaints(document: Any, *, definition: str = "") -> list[str]:
    """What `schemas/run.schema.json`, or one of its definitions, has against a document."""
    schema = json.loads((ROOT / "schemas" / "run.schema.json").read_text("utf-8"))
    if definition:
        schema = {"$ref": f"#/definitions/{definition}", "definitions": schema["definitions"]}
    return [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(document)]
