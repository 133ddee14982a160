"""Which peers are here: those that `make bench-peers` and `make bench-promptfoo` put into .venv-peers."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

from benchmarks.contenders import Contender
from benchmarks.peers import inspect_ai, promptfoo, pydantic_evals, sic_evalkit
from benchmarks.server import ROOT

PROGRAMS = ROOT / ".venv-peers" / "bin"
NODE_PROGRAMS = ROOT / ".venv-peers" / "node_modules" / ".bin"
PEERS = (
    Contender("sic-evalkit", sic_evalkit.commands),
    Contender("inspect-ai", inspect_ai.commands),
    Contender("pydantic-evals", pydantic_evals.commands),
)
PROMPTFOO = Contender("promptfoo", promptfoo.commands, NODE_PROGRAMS)
_VERSIONS = """
import importlib.metadata, json, sys
found = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in importlib.metadata.distributions()}
print(json.dumps({name: found[name] for name in sys.argv[1:] if name in found}))
"""


def peers(*, with_promptfoo: bool) -> tuple[Contender, ...]:
    """Those that are installed, named with their versions."""
    versions = _installed()
    here = [replace(peer, programs=PROGRAMS, version=versions[peer.name]) for peer in PEERS if peer.name in versions]
    if with_promptfoo and (NODE_PROGRAMS / "promptfoo").exists():
        package = json.loads((NODE_PROGRAMS.parent / "promptfoo" / "package.json").read_text("utf-8"))
        here.append(replace(PROMPTFOO, version=package["version"]))
    return tuple(here)


def _installed() -> dict[str, str]:
    """The versions of the peers in Python, by name."""
    if not (PROGRAMS / "python").exists():
        return {}
    command = (str(PROGRAMS / "python"), "-c", _VERSIONS, *(peer.name for peer in PEERS))
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, str] = json.loads(said)
    return found
