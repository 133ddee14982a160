"""`evalkit show`: a finished run again, from its folder; nothing is asked."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from evalkit.cli.streams import say
from evalkit.reporters.interface import from_here
from evalkit.settings import settings_for


@click.command()
@click.argument("run", default="latest")
@click.option("--html", is_flag=True, help="Write index.html anew as well.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json instead of the result.")
@click.option("--no-code", is_flag=True, help="For runs of strangers' specs: a template gets 1 s and 1 MB.")
@click.option("-v", "--verbose", is_flag=True, help="Show all failures.")
def show(run: str, html: bool, as_json: bool, no_code: bool, verbose: bool) -> None:
    """Show RUN again: its id, the beginning of it, its folder, or `latest`.

    \b
    Examples:
      evalkit show
      evalkit show 2026-11-22T19-04 --html
    """
    from evalkit import catalog
    from evalkit.engine.archive import find_run, read_run, report
    from evalkit.reporters.terminal import Terminal
    from evalkit.template_guard import guarded

    settings = settings_for((), os.environ)
    with guarded(no_code):
        stored = read_run(find_run(settings.reports, run))
    reporters: list[Any] = [catalog.reporter("html")] if html else []
    reporters.append(catalog.reporter("json") if as_json else Terminal(1 if verbose else 0))
    report(stored, reporters, sys.stdout)
    if html:
        say(f"written   {from_here(stored.folder / 'index.html')}", err=True)
