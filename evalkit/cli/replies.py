"""`evalkit replies`: what is kept of the models' replies, and how it moves."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.streams import say
from evalkit.errors import EvalkitError, Exit, UserError
from evalkit.settings import settings_for

if TYPE_CHECKING:
    from evalkit.engine.replies import ReplyStore

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), default=(Path("specs"),))
MODELS = click.option(
    "-m", "--model", "models", multiple=True, metavar="PROVIDER/ID", help="Of this model; repeatable."
)  # fmt: skip
TRIALS = click.option("--trials", type=click.IntRange(min=1), metavar="N", help="Of N draws of every case.")
NO_CODE = click.option(
    "--no-code", is_flag=True, default=None, help="For specs of strangers: no code of theirs runs."
)  # fmt: skip
_AGE = re.compile(r"(\d{1,6})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def _age(context: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    found = _AGE.fullmatch(value or "")
    if value and not found:
        raise click.BadParameter(f"`{value}` is no time; write hours, days or weeks: 12h, 30d, 8w")
    return timedelta(hours=int(found[1]) * _HOURS[found[2]]) if found else None


def _size(many: int) -> str:
    """Bytes as people read them."""
    return f"{many / 1e6:,.1f} MB" if many >= 1e5 else f"{many / 1e3:,.1f} kB"


@contextmanager
def _told(store: ReplyStore) -> Iterator[None]:
    """Say what became of a damaged store, also where that turns out late or the command fails."""
    from evalkit.reporters.interface import one_line

    try:
        yield
    finally:
        for note in store.notes:
            say(one_line(note, 400), err=True)


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
@MODELS
@TRIALS
@NO_CODE
def export(paths: tuple[Path, ...], folder: Path | None, **options: Any) -> None:
    """Write the recordings that the specs at PATHS need into FOLDER, a file a spec, to be committed.

    Of a file that is there, other models and more draws stay; what no case asks any more goes.

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
    with Session(settings).prepared() as (plan, kept), _told(kept.store):
        for told in exported(plan, kept, folder, keys_in(plan.settings.environ)):
            none = f"; {count(told.missing, 'trial')} without one" if told.missing else ""
            gone = f"; {told.gone:,} gone, asked by no case" if told.gone else ""
            where = f"  {from_here(told.file)}" if told.recordings else ""
            say(f"{one_line(told.spec, 60):<32} {count(told.recordings, 'recording'):>16}{where}{none}{gone}")
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
    with closing(ReplyStore(settings.state / "replies.db")) as store, _told(store):
        told = imported(files, store)
    for why in told.refused:
        say(f"refused   {why}", err=True)
    say(f"{told.new:,} new, {told.known:,} already there, {len(told.refused):,} refused")
    return Exit.USER_ERROR if told.refused else Exit.OK


@replies.command()
def stats() -> None:
    """Say how many replies are kept, of which models, how large, and how old.

    \b
    Examples:
      evalkit replies stats
    """
    from evalkit.engine.kept import kept_for
    from evalkit.reporters.figures import count
    from evalkit.reporters.interface import from_here, one_line

    settings = settings_for((), os.environ)
    with kept_for(settings) as kept, _told(kept.store):
        told = kept.store.stats()
        say(f"replies   {told.replies:,}, {_size(told.bytes_on_disk)} in {from_here(kept.store.path)}")
        if told.replies:
            say(f"oldest    {told.oldest or 'not said'}")
            say(f"newest    {told.newest or 'not said'}")
        for provider, model, many in told.models:
            say(f"model     {one_line(f'{provider}/{model}', 60):<48} {many:>10,}")
        if settings.recordings:
            recordings = count(len(kept.recordings.known()), "recording")
            say(f"files     {recordings} in {from_here(settings.recordings)}")


@replies.command()
@PATHS
@click.option("--unused", is_flag=True, help="What no spec at PATHS asks as it stands, for its models or those of -m.")
@click.option("--older-than", metavar="30d", callback=_age, help="What no run has asked for so long: 12h, 30d, 8w.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and delete nothing.")
@MODELS
@TRIALS
@NO_CODE
def prune(paths: tuple[Path, ...], unused: bool, older_than: timedelta | None, dry_run: bool, **options: Any) -> None:
    """Delete replies from this machine's store; with both conditions, those that meet both. No file is touched.

    \b
    Examples:
      evalkit replies prune --unused --older-than 30d
      evalkit replies prune specs/ --unused --dry-run
    """
    from contextlib import closing

    from evalkit.engine.replies import ReplyStore
    from evalkit.engine.session import Session
    from evalkit.engine.unused import asked_by, unwanted
    from evalkit.reporters.figures import count

    if not unused and older_than is None:
        raise UserError("prune needs a condition", "evalkit replies prune --unused --older-than 30d")
    settings = settings_for(paths, os.environ, **options)
    asked: frozenset[bytes] | None = None
    if unused:
        with Session(settings).prepared() as (plan, kept), _told(kept.store):
            asked = asked_by(plan)
    with closing(ReplyStore(settings.state / "replies.db")) as store, _told(store):
        before = store.stats()
        keys = unwanted(store, asked, older_than)
        if dry_run:
            say(f"{count(len(keys), 'reply', 'replies')} of {before.replies:,} would go")
            return
        gone = store.remove(keys)
        if gone:
            store.shrink()
        freed = _size(max(before.bytes_on_disk - store.stats().bytes_on_disk, 0))
        say(f"{count(gone, 'reply', 'replies')} of {before.replies:,} deleted, {freed} freed")


@replies.command()
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(key: str, as_json: bool) -> None:
    """Show the reply that is kept under KEY: the key, or enough of its beginning.

    \b
    Examples:
      evalkit replies show 6c1f9a
      evalkit replies show 6c1f9a --json
    """
    from evalkit import catalog
    from evalkit.engine.env_file import with_keys_of_env_file
    from evalkit.engine.kept import kept_for
    from evalkit.engine.recordings import line_of
    from evalkit.providers.vendors import keys_in
    from evalkit.reporters.interface import one_line
    from evalkit.secrets import redact

    settings = with_keys_of_env_file(settings_for((), os.environ))
    keys = keys_in(settings.environ)
    with kept_for(settings) as everything, _told(everything.store):
        kept = everything.found(key.lower())
    question = kept.question
    members = json.loads(line_of(question, kept.recording)) | {"used": kept.used}
    if as_json:
        click.echo(redact(json.dumps(members, indent=1), keys).replace("##", r"\u0023#"))
        return
    for name in ("key", "provider", "model", "draw", "series", "seconds", "time", "used", "headers"):
        if members.get(name):
            say(redact(f"{name:<9} {one_line(str(members[name]), 400)}", keys))
    try:
        text = catalog.provider(question.provider, settings).decode(kept.recording).text
    except EvalkitError as error:
        text = f"(cannot be read: {error})"
    for name, said in (("request", _pretty(members, "request")), ("reply", text), ("body", _pretty(members, "reply"))):
        say(f"\n{name}")
        say(redact(said, keys))


def _pretty(members: Mapping[str, Any], name: str) -> str:
    body = members.get(name, members.get(f"{name}_base64"))
    return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
