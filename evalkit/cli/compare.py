"""`evalkit compare`: two finished runs, case by case; nothing is asked."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from evalkit.errors import Exit
from evalkit.settings import settings_for

if TYPE_CHECKING:
    from evalkit.reporters.interface import Reporter


@click.command()
@click.argument("base")
@click.argument("cand", default="latest")
@click.option("--margin", type=float, metavar="SHARE", help="A drop that still counts as no worse. [default: 0.05]")
@click.option("--alpha", type=float, metavar="SHARE", help="The chance of a false alarm. [default: 0.05]")
@click.option("--require", type=click.Choice(["no worse"]), help="Fail unless it is shown to be no worse.")
@click.option("--strict", is_flag=True, default=None, help="Compare no replies of different served models.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json of CAND with the comparison in it.")
@click.option("--markdown", is_flag=True, help="Write summary.md into the folder of CAND as well.")
@click.option("-v", "--verbose", is_flag=True, help="Show all cases that moved.")
def compare(base: str, cand: str, as_json: bool, verbose: bool, **options: Any) -> int:
    """Compare the run CAND with the run BASE, each as it was scored: a folder, an id, the beginning of one, `latest`.

    \b
    Examples:
      evalkit compare 2026-11-22T19-04 latest
      evalkit compare reports/2026-11-22T19-04-31-3f2a/run.json reports/latest/run.json

    Exit codes: 0 no worse, no alarm, unchanged or undecided; 1 regressed, or with --require not shown to be no worse;
    2 there is nothing to compare: no such run, one that has not ended, or the same run twice; 3 cannot judge;
    4 nothing was measured: the runs have nothing in common.
    """
    from evalkit import catalog
    from evalkit.decide.gate import exit_code
    from evalkit.engine.archive import find_run, read_run, report
    from evalkit.engine.comparing import compared
    from evalkit.reporters.terminal_comparison import TerminalComparison

    settings = settings_for((), os.environ, against=base, **options)
    help = "compare takes two runs; specs are compared with those at a git ref by: evalkit run specs/ --against REF"
    before, now = (read_run(find_run(settings.reports, name, help)) for name in (base, cand))
    found = compared(now, before, settings)
    code = exit_code((), comparisons=found.info.comparisons)
    found = replace(found, info=replace(found.info, exit_code=int(code)))
    comment: list[Reporter] = [catalog.reporter("markdown")] if settings.markdown else []
    result = catalog.reporter("json") if as_json else TerminalComparison(1 if verbose else 0)
    report(found, [*comment, result], sys.stdout)
    return code or Exit.OK
