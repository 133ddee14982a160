"""Those that are measured on the same load: evalkit, and each peer in a file of its own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import ASKS, LABEL, Load, write_reviews
from benchmarks.measure import Command
from benchmarks.server import MODEL, ROOT
from evalkit.version import __version__

SPEC = f"""\
model: bench/{MODEL}
params: {{temperature: 0, max_tokens: 8}}
prompt: "{ASKS} {{{{ review }}}}"
expect: [{{contains: {LABEL}}}]
cases: {{file: reviews.csv}}
"""


@dataclass(frozen=True)
class Setting:
    """Where a contender works: an empty folder of its own, the server's base URL, the load, its programs."""

    folder: Path
    url: str
    load: Load
    programs: Path


@dataclass(frozen=True)
class Commands:
    """A whole run that asks everything; the same again from what was kept, None for who keeps nothing; and a run that
    keeps what the first one was told not to."""

    fresh: Command
    again: Command | None = None
    fill: Command | None = None


@dataclass(frozen=True)
class Contender:
    """One of those measured; `commands` writes what it needs into the folder. `programs` is where its command is."""

    name: str
    commands: Callable[[Setting], Commands]
    programs: Path = Path()
    version: str = ""

    def laid(self, folder: Path, url: str, load: Load) -> Commands:
        """Its commands, in a folder that is made anew."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return self.commands(Setting(folder, url, load, self.programs))


def evalkit(*arguments: str, folder: Path, exits: int = 0) -> Command:
    """The command line of the evalkit that stands beside these benchmarks."""
    return Command((sys.executable, "-m", "evalkit", *arguments), folder, {"PYTHONPATH": str(ROOT)}, exits)


def lay_spec(folder: Path, url: str, cases: int) -> None:
    """A spec, its cases, and the settings that say where its model is."""
    (folder / "evalkit.toml").write_text(f'[endpoints.bench]\nbase_url = "{url}"\n', "utf-8")
    (folder / "reviews.yaml").write_text(SPEC, "utf-8")
    write_reviews(folder / "reviews.csv", cases)


def _evalkit(setting: Setting) -> Commands:
    lay_spec(setting.folder, setting.url, setting.load.cases)
    run = ("run", "reviews.yaml", "-j", str(setting.load.at_once))
    return Commands(evalkit(*run, "--fresh", folder=setting.folder), evalkit(*run, folder=setting.folder))


EVALKIT = Contender("evalkit", _evalkit, version=__version__)
