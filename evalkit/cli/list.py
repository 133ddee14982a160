"""`evalkit list`: what there is of scorers, providers and runs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from evalkit.cli.streams import say
from evalkit.errors import UserError
from evalkit.reporters.interface import one_line
from evalkit.settings import settings_for


@click.command("list")
@click.argument("kind", type=click.Choice(["scorers", "providers", "runs"]))
def list_(kind: str) -> None:
    """List all scorers, providers or runs.

    \b
    Examples:
      evalkit list scorers
      evalkit list runs
    """
    for line in {"scorers": _scorers, "providers": _providers, "runs": _runs}[kind]():
        say(line)


def _scorers() -> list[str]:
    from evalkit import catalog
    from evalkit.spec.schema import schema

    definitions = schema("spec")["definitions"]
    names = [*catalog.SCORERS, *catalog.GROUPS]
    return [f"{name:<14} {definitions[f'scorer_{name}']['properties'][name]['description']}" for name in names]


def _providers() -> list[str]:
    from evalkit import catalog
    from evalkit.providers.vendors import VENDORS

    said = {
        "local": "the embedded model: local/smollm2, or local/PATH.gguf",
        "echo": "answers with the last user message: echo/x",
        "scripted": "answers from a file: scripted/replies.yaml",
        "python": "a function of yours: python/FILE.py:FUNCTION",
        "command": "a program of yours, by its name in the settings: command/NAME",
    }
    for name, vendor in VENDORS.items():
        address = vendor.base_url or f"the address in {' or '.join(vendor.base_urls)}"
        said[name] = f"{address}; key in {' or '.join(vendor.keys)}" + ("" if vendor.needs_key else ", if it wants one")
    return [f"{name:<14} {said[name]}" for name in catalog.PROVIDERS]


def _runs() -> list[str]:
    from evalkit.engine.archive import run_ids

    reports = settings_for((), os.environ).reports
    return [f"{run_id}  {_run(reports / run_id)}" for run_id in run_ids(reports)] or ["no run yet: evalkit run specs/"]


def _run(folder: Path) -> str:
    from evalkit.engine.archive import read_info
    from evalkit.reporters.figures import count

    try:
        info = read_info(folder)
    except UserError:
        return "cannot be read"
    code = "–" if info.exit_code is None else info.exit_code
    specs = one_line(", ".join(spec.name for spec in info.specs), 60)
    return f"{info.state:<11}  exit {code:<3}  {count(info.planned, 'trial'):>14}  {specs}"
