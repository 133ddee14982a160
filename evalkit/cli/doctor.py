"""`evalkit doctor`: whether a model can be asked, before a run is begun."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.streams import say
from evalkit.errors import Exit
from evalkit.settings import settings_for

if TYPE_CHECKING:
    from evalkit.engine.doctor import Check

_MARKS = {"fine": "✓", "wrong": "✗", "odd": "!", "open": "–"}
_PLAIN = {"fine": "+", "wrong": "x", "odd": "!", "open": "-"}
_WORST_LAST = (Exit.OK, Exit.NO_VERDICT, Exit.USER_ERROR)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("-m", "--model", "models", multiple=True, metavar="PROVIDER/ID", help="Look at this model; repeatable.")
@click.option("--timeout", type=float, metavar="S", help="Seconds for one call. [default: 120]")
@click.option("--no-code", is_flag=True, default=None, help="For specs of strangers: no code of theirs runs.")
def doctor(paths: tuple[Path, ...], **options: Any) -> int:
    """Look whether a model can be asked: key, address, name, one small call; with PATHS also the params of specs.

    At most 8 calls a model, and nothing is kept. Exit codes: 0 all is well; 2 something for you to mend; 3 the server
    does not answer.

    \b
    Examples:
      evalkit doctor -m aimlapi/google/gemini-2.5-flash-lite-preview
      evalkit doctor specs/
    """
    from evalkit.engine.doctor import CALLS, examined, patients
    from evalkit.engine.env_file import with_keys_of_env_file

    settings = with_keys_of_env_file(settings_for(paths, os.environ, **options))
    codes = [Exit.OK]
    for model in patients(settings):
        say(f"{model.provider}/{model.id}: at most {CALLS} calls, and nothing is kept")
        for check in examined(model, settings):
            for line in _lines(check):
                say(line)
            codes.append(check.code)
    return max(codes, key=_WORST_LAST.index)


def _lines(check: Check) -> list[str]:
    mark = (_MARKS if _can_write("✓✗–") else _PLAIN)[check.state]
    said, help = (" ".join(text.split()) for text in (check.said, check.help))  # servers write it, in lines of theirs
    return [f"{mark} {check.name:<9} {said}", *([f"  help: {help}"] if help else [])]


def _can_write(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
