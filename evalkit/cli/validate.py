"""`evalkit validate`: every mistake in specs, placed and explained; nothing is asked and no code is run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from evalkit.cli.streams import say
from evalkit.errors import Exit
from evalkit.settings import settings_for


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), default=(Path("specs"),))
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github", "sarif"]), default="text",
    help="How to print problems. [default: text]",
)  # fmt: skip
@click.option("--no-code", is_flag=True, default=None, help="For specs of strangers: templates get 1 s and 1 MB each.")
def validate(paths: tuple[Path, ...], form: str, no_code: bool | None) -> int:
    """Check the specs at PATHS (files or folders): shape, files, templates, every case.

    \b
    Examples:
      evalkit validate specs/
      evalkit validate specs/ --format github
    """
    from evalkit.providers.vendors import keys_in
    from evalkit.reporters.problem_formats import FORMATS
    from evalkit.reporters.problems import counted, listed
    from evalkit.secrets import redact
    from evalkit.spec.load import checked

    loaded = checked(settings_for(paths, os.environ, no_code=no_code))
    if form != "text":
        keys = keys_in(os.environ)
        told = [replace(p, message=redact(p.message, keys), help=redact(p.help, keys)) for p in loaded.problems]
        click.echo(FORMATS[form](told))
        return Exit.USER_ERROR if loaded.errors else Exit.OK
    for text in listed(loaded.problems):
        say(text)
    for file in loaded.skipped:
        say(f"{file}: no spec (neither `prompt` nor `cases`), skipped")
    specs, cases = loaded.files - len(loaded.skipped), loaded.cases
    where = f"{specs:,} spec{'s' if specs != 1 else ''}, {cases:,} case{'s' if cases != 1 else ''}"
    say(f"{counted(loaded.problems)} in {where}")
    return Exit.USER_ERROR if loaded.errors else Exit.OK
