"""`evalkit schema`: the JSON Schema of specs or of runs, for editors and other tools."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("name", type=click.Choice(["spec", "run"]), default="spec")
@click.option("--with-plugins", is_flag=True, help="With the scorers of installed plug-ins.")
def schema(name: str, with_plugins: bool) -> None:
    """Print the JSON Schema of specs (or of run.json and results.jsonl: `run`).

    \b
    Examples:
      evalkit schema > schemas/spec.schema.json
      evalkit schema --with-plugins
    """
    from evalkit.spec.schema import schema_path, with_scorers

    if not with_plugins:
        click.echo(schema_path(name).read_text("utf-8"), nl=False)
        return
    from evalkit import catalog

    click.echo(json.dumps(with_scorers(catalog.plugged_scorers()), indent=2, ensure_ascii=False))
