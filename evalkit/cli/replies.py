"""`evalkit replies`: what is kept of the models' replies, and how it moves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from evalkit.cli.streams import say
from evalkit.errors import Exit, UserError
from evalkit.settings import settings_for

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), default=(Path("specs"),))


@click.group()
def replies() -> None:
    """Export, import, count and delete what is kept of the models' replies.

    \b
    Examples:
      evalkit replies export -o specs/replies specs/
      evalkit replies stats
      evalkit replies prune --unused --older-than 30d
    """


@replies.command()
@PATHS
@click.option(
    "-o", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Where the files go. [default: `replies` of the settings]",
)  # fmt: skip
@click.option("-m", "--model", "models", multiple=True, metavar="PROVIDER/ID", help="Of this model; repeatable.")
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="Of N draws of every case.")
@click.option("--no-code", is_flag=True, default=None, help="For specs of strangers: no code of theirs runs.")
def export(paths: tuple[Path, ...], folder: Path | None, **options: Any) -> None:
    """Write the recordings that the specs at PATHS need into FOLDER, a file a spec, to be committed.

    \b
    Examples:
      evalkit replies export -o specs/replies specs/
      evalkit replies export -m aimlapi/google/gemini-2.5-flash-lite-preview
    """
    from evalkit.engine.commands import commands_that_record
    from evalkit.engine.session import Session
    from evalkit.engine.transfer import exported
    from evalkit.providers.vendors import keys_in
    from evalkit.reporters.figures import count
    from evalkit.reporters.interface import from_here, one_line

    settings = settings_for(paths, os.environ, **options)
    folder = folder or settings.recordings
    if folder is None:
        help = 'evalkit replies export -o specs/replies, or write replies = "specs/replies" into [tool.evalkit]'
        raise UserError("there is no folder to export to", help)
    missing = 0
    with Session(settings).prepared() as (plan, kept):
        for told in exported(plan, kept, folder, keys_in(plan.settings.environ)):
            none = f"; {count(told.missing, 'trial')} without one" if told.missing else ""
            where = f"  {from_here(told.file)}" if told.recordings else ""
            say(f"{one_line(told.spec, 60):<32} {count(told.recordings, 'recording'):>16}{where}{none}")
            for case in told.with_key:
                say(f"! {one_line(f'{told.spec} › {case}', 100)} holds a key of yours and was left out; change the key")
            missing += told.missing
    if missing:
        say(f"record    {commands_that_record(settings)[0]}")


@replies.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def import_(files: tuple[Path, ...]) -> int:
    """Take the recordings in FILES (or folders of them) into this machine's store. Nothing there is replaced.

    \b
    Examples:
      evalkit replies import specs/replies/
    """
    from contextlib import closing

    from evalkit.engine.replies import ReplyStore
    from evalkit.engine.transfer import imported

    settings = settings_for((), os.environ)
    with closing(ReplyStore(settings.state / "replies.db")) as store:
        told = imported(files, store)
    for why in told.refused:
        say(f"refused   {why}", err=True)
    say(f"{told.new:,} new, {told.known:,} already there, {len(told.refused):,} refused")
    return Exit.USER_ERROR if told.refused else Exit.OK
