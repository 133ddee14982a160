"""`evalkit run`: ask, score, decide, report."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from evalkit.cli.streams import say
from evalkit.errors import Exit, UserError
from evalkit.reporters.interface import one_line
from evalkit.settings import settings_for

if TYPE_CHECKING:
    from evalkit.engine.forecast import Forecast
    from evalkit.reporters.interface import Listener
    from evalkit.settings import Settings


def _moment(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """A time in ISO 8601, UTC where it names no zone, as seconds since 1970."""
    try:
        moment = datetime.fromisoformat(value) if value else None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).timestamp() if moment else None
    except (ValueError, OverflowError):
        raise click.BadParameter(f"`{value}` is no time; write it as 2026-11-25T05:47:42Z") from None


def _name(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The name that was given. Raises UserError for an empty one, which is a variable that nobody set."""
    if value is not None and not value.strip():
        help = "name a git ref or a run; where it comes from a variable, leave the option out while that is empty"
        raise UserError("--against is empty", help)
    return value


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), default=(Path("specs"),))
@click.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    metavar="PROVIDER/ID",
    help="Ask this model instead; repeatable.",
)
@click.option("-k", "--keyword", metavar="WORD", help="Only cases whose id or spec name contains WORD.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only cases or specs with this tag; repeatable.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N cases of each spec.")
@click.option(
    "--failed", "failed_of", is_flag=False, flag_value="latest", metavar="[RUN]",
    help="Only cases that failed or errored in RUN (the latest when left out).",
)  # fmt: skip
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="Ask every case N times.")
@click.option("-j", "workers", type=click.IntRange(min=1), metavar="N", help="At most N calls at once. [default: 64]")
@click.option("--fresh", is_flag=True, default=None, help="Ask again what is recorded.")
@click.option(
    "--fresh-since", metavar="TIME", callback=_moment,
    help="Ask again what was recorded before TIME: continues a --fresh run. [UTC, 2026-11-25T05:47:42Z]",
)  # fmt: skip
@click.option("--offline", is_flag=True, default=None, help="Never ask; what is not recorded is skipped.")
@click.option(
    "--allow-unrecorded", is_flag=True, default=None,
    help="With --offline: leave out what is not recorded, and let the rest decide.",
)  # fmt: skip
@click.option(
    "--no-code", is_flag=True, default=None,
    help="For specs of strangers: no code of theirs runs, and a template gets 1 s and 1 MB.",
)  # fmt: skip
@click.option("--plan", "plan_only", is_flag=True, default=None, help="Say what would be asked, and stop.")
@click.option("--max-calls", type=click.IntRange(min=0), metavar="N", help="Make at most N calls; the rest is skipped.")
@click.option(
    "--max-usd", type=float, metavar="USD",
    help="Spend at most USD dollars; a call whose worst case does not fit any more is skipped.",
)  # fmt: skip
@click.option(
    "--against", metavar="REF", callback=_name,
    help="Did it get worse? Compare with the specs at a git ref, or with a run: its folder, its id, or `latest`, the "
    "run before this one (a tag or branch of that name is refs/tags/latest or refs/heads/latest).",
)  # fmt: skip
@click.option("--margin", type=float, metavar="SHARE", help="A drop that still counts as no worse. [default: 0.05]")
@click.option("--alpha", type=float, metavar="SHARE", help="The chance of a false alarm. [default: 0.05]")
@click.option(
    "--method", type=click.Choice(["confirm", "rounds", "fixed"]),
    help="How draws are bought: one a case and fresh ones of those that differ, in rounds, or all at once.",
)  # fmt: skip
@click.option(
    "--max-trials", type=click.IntRange(min=1), metavar="N",
    help="Go to N draws a case; with confirm, to N fresh ones of those that differ. [default: 5]",
)  # fmt: skip
@click.option("--require", type=click.Choice(["no worse"]), help="Fail unless it is shown to be no worse.")
@click.option("--reuse", is_flag=True, default=None, help="Let the baseline use recorded replies of plain runs.")
@click.option("--strict", is_flag=True, default=None, help="Compare no replies of different served models.")
@click.option("--timeout", type=float, metavar="S", help="Seconds for one attempt of a call. [default: 120]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where this run goes. [default: reports/<run id>]",
)
@click.option("--json", "as_json", is_flag=True, default=None, help="Print run.json instead of the result.")
@click.option("--markdown", is_flag=True, default=None, help="Write summary.md as well, a comment for a pull request.")
@click.option("-v", "--verbose", "verbosity", flag_value=1, type=int, default=None, help="Show all failures.")
@click.option("-q", "--quiet", "verbosity", flag_value=-1, type=int, help="Show the columns only, and no progress.")
def run(paths: tuple[Path, ...], **options: Any) -> int:
    """Run the specs at PATHS (files or folders) and write a report.

    \b
    Examples:
      evalkit run specs/
      evalkit run specs/ -m aimlapi/google/gemini-2.5-flash-lite-preview
      evalkit run specs/reviews.yaml -k sarcasm --trials 5
      evalkit run specs/ --failed
      evalkit run specs/ --against origin/main
    """
    from evalkit.spec.load import load

    settings = settings_for(paths, os.environ, **options)
    loaded = load(settings)
    from evalkit.engine.archive import find_run, report  # only now: a mistake in a spec needs nothing of it
    from evalkit.engine.session import Session

    if settings.failed_of:  # `latest` will be another run when this one is continued
        name = settings.failed_of
        help = f"--failed may be followed by a run; what is to be run stands before it: evalkit run {name} --failed"
        settings = replace(settings, failed_of=os.path.relpath(find_run(settings.reports, name, help)))
    listener = _listener(settings, sys.stderr)
    if settings.plan_only:
        _show_plan(Session(settings, listener.on, loaded).forecast())
        return 0
    stored = Session(settings, listener.on, loaded).run(_command(sys.argv[1:], settings))
    try:
        report(stored, _reporters(settings), sys.stdout)
    except UserError as error:  # the verdict stands
        say(f"error: {error.message}", err=True)
        return stored.info.exit_code or Exit.USER_ERROR
    return stored.info.exit_code or Exit.OK


def _reporters(settings: Settings) -> list[Any]:
    from evalkit import catalog
    from evalkit.reporters.terminal import Terminal

    result = catalog.reporter("json") if settings.as_json else Terminal(settings.verbosity)
    comment = [catalog.reporter("markdown")] if settings.markdown else []
    return [catalog.reporter("html"), *comment, result]


def _listener(settings: Settings, err: IO[str]) -> Listener:
    from evalkit.reporters.progress import Block, Lines, Silent

    if settings.verbosity < 0:
        return Silent()
    is_terminal = err.isatty() and not settings.environ.get("CI") and settings.environ.get("TERM") != "dumb"
    return Block(err) if is_terminal else Lines(err)


def _command(arguments: Sequence[str], settings: Settings) -> str:
    """What continues this run: not asking again what it asked, and choosing from the same run."""
    words = ["evalkit"]
    for word, before in zip(arguments, ("", *arguments), strict=False):
        is_name_of_run = before == "--failed" and not word.startswith("-")
        is_time = before == "--fresh-since"
        if not word.startswith(("--fresh", "--failed")) and not is_name_of_run and not is_time:
            words.append(word)
    if settings.fresh:
        since = datetime.fromtimestamp(settings.fresh_since, UTC).isoformat()
        words += ["--fresh-since", since.replace("+00:00", "Z")]
    return shlex.join([*words, "--failed", settings.failed_of] if settings.failed_of else words)


def _show_plan(forecast: Forecast) -> None:
    from evalkit.reporters.figures import count

    for name, trials in forecast.specs:
        say(f"{one_line(name, 60):<32} {count(trials, 'trial'):>14}")
    say(f"models    {', '.join(forecast.models)}")
    missing = f", {forecast.unrecorded:,} not recorded" if forecast.unrecorded else ""
    further = f"; up to {forecast.further:,} more, fewer where they are recorded" if forecast.further else ""
    say(f"calls     {forecast.to_ask:,} to make, {forecast.recorded:,} recorded{missing}{further}")
    if forecast.to_ask:
        say(f"tokens    about {forecast.prompt_tokens:,} in the prompts of the calls to make")
        say(f"cost      {_cost(forecast)}")
    if forecast.further:
        say(f"          {_further_cost(forecast)}")
    for sentence in forecast.outlook:
        say(f"against   {one_line(sentence, 400)}")


def _further_cost(forecast: Forecast) -> str:
    """What the calls may cost that a comparison makes beyond the first."""
    from evalkit.reporters.figures import dollars

    if forecast.further_usd is None:
        return "and more, of unknown price, where cases differ"
    return f"and at most {dollars(forecast.further_usd)} more where cases differ"


def _cost(forecast: Forecast) -> str:
    """What the calls to make cost at most, as far as that is known."""
    from evalkit.prices import HOW_TO_PRICE, MOST_TOKENS
    from evalkit.reporters.figures import UNKNOWN, count, dollars

    if forecast.unpriced == forecast.to_ask:
        return f"{UNKNOWN} before the replies say it; prices in the settings tell it now, and {HOW_TO_PRICE}"
    known = f"at most {dollars(forecast.usd)}" if forecast.usd else dollars(0)
    rest = f", and {count(forecast.unpriced, 'call')} of unknown price" if forecast.unpriced else ""
    guess = f", with {MOST_TOKENS:,} tokens a completion where `max_tokens` is not set" if forecast.unbounded else ""
    return f"{known}{rest}{guess}"
