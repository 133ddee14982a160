"""The command `evalkit`: finds the subcommand, and turns whatever is raised into a message and an exit code."""

from __future__ import annotations

import gc
import os
import sys
import threading
import traceback
from importlib import import_module

import click

from evalkit.cli.streams import say, take_streams, trouble_with_output
from evalkit.errors import Exit, NothingToMeasure, SpecError, UserError, did_you_mean
from evalkit.version import __version__

COMMANDS = {
    "run": "evalkit.cli.run:run",
    "validate": "evalkit.cli.validate:validate",
    "init": "evalkit.cli.init:init",
    "compare": "evalkit.cli.compare:compare",
    "show": "evalkit.cli.show:show",
    "schema": "evalkit.cli.schema:schema",
    "list": "evalkit.cli.list:list_",
    "doctor": "evalkit.cli.doctor:doctor",
    "replies": "evalkit.cli.replies:replies",
}


class _Commands(click.Group):
    """Imports a command when it is named, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            ctx.fail(f"No such command '{cmd_name}'; {did_you_mean(cmd_name, COMMANDS)}")
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="evalkit")
def cli() -> None:
    """Test prompts: YAML specs in, a verdict you can trust and a report people enjoy out.

    \b
      evalkit init                            write a project that passes, to start from
      evalkit validate specs/                 every mistake in the specs, with place and mend
      evalkit run specs/                      run all specs on their models
      evalkit run specs/a.yaml -k sarcasm     one case
      evalkit run specs/ --plan               what would be asked, without asking
      evalkit run specs/ --against main       did it get worse?
      evalkit compare RUN latest              two finished runs, case by case
      evalkit show                            the last result again
      evalkit doctor -m aimlapi/gpt-4o        whether a model can be reached, and what it refuses
      evalkit replies export specs/           recordings to commit, for runs without a key

    Exit codes: 0 every gate holds; 1 a gate failed, or it got worse; 2 a spec, the usage or a key is wrong (nothing was
    called); 3 no verdict, errors leave it open; 4 nothing was measured, or not verifiable here (--offline,
    and trials have no recording); 5 a bug in evalkit; 130 interrupted.
    """


def main() -> None:
    """Run the command line and exit."""
    gc.set_threshold(200_000, 20, 20)  # as often as Python would, cycles are looked for in vain: a fifth of the work
    take_streams()
    code = exit_code_of(sys.argv[1:])
    trouble = trouble_with_output()
    if trouble:
        click.echo(f"error: standard output cannot be written: {trouble}", err=True)
    code = code or (Exit.USER_ERROR if trouble else Exit.OK)
    if threading.active_count() > 1:  # calls left behind: native code among them crashes when Python winds down
        _end_programs()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _end_programs() -> None:
    """End the programs of the user's own that calls left behind are waiting for."""
    program = sys.modules.get("evalkit.providers.program")
    if program is not None:
        program.end_all()


def exit_code_of(arguments: list[str]) -> int:
    """Run one command line; every way it can end is decided here."""
    try:
        code = cli.main(args=arguments, prog_name="evalkit", standalone_mode=False)
        return int(code or 0)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as usage:
        usage.show()
        return Exit.USER_ERROR
    except SpecError as wrong:
        from evalkit.cli.problems import show_problems

        show_problems(wrong.problems)
        return Exit.USER_ERROR
    except UserError as wrong:
        say(f"error: {wrong.message}", err=True)
        if wrong.help:
            say(f"  help: {wrong.help}", err=True)
        return Exit.NOTHING_MEASURED if isinstance(wrong, NothingToMeasure) else Exit.USER_ERROR
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped; every reply that came is kept, the same command continues", err=True)
        return Exit.INTERRUPTED
    except Exception:  # noqa: BLE001 - the last word: a bug of ours
        say(traceback.format_exc().rstrip(), err=True)
        click.echo(f"\nThis is a bug in evalkit {__version__}. Please report it with the lines above.", err=True)
        return Exit.BUG
