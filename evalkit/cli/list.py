"""`evalkit list`: what there is of scorers, providers and runs."""

from __future__ import annotations

import os

import click

from evalkit.cli.streams import say
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
    }
    for name, vendor in VENDORS.items():
        said[name] = f"{vendor.base_url}; key in {' or '.join(vendor.keys)}"
    return [f"{name:<14} {said[name]}" for name in catalog.PROVIDERS]


def _runs() -> list[str]:
    from evalkit.engine.archive import read_info, run_ids

    reports = settings_for((), os.environ).reports
    infos = [read_info(reports / run_id) for run_id in run_ids(reports)]
    return [
        f"{info.id}  {info.state:<11}  exit {'–' if info.exit_code is None else info.exit_code}  "
        f"{info.planned:>6} trials  {', '.join(spec.name for spec in info.specs)[:60]}"
        for info in infos
    ] or ["no run yet: evalkit run specs/"]
