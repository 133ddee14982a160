"""`command/NAME` asks a program that the settings name: the request on its input, the reply on its output.

Each call starts the program anew, in the project's root; one that does not end in time is ended, with all that it
started. Its output is the reply's text, or JSON with the parts of a reply.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from evalkit.errors import ProviderError, UserError, did_you_mean
from evalkit.providers import own
from evalkit.providers.interface import canonical
from evalkit.providers.mishaps import told
from evalkit.providers.program import Program
from evalkit.providers.vendors import keys_in
from evalkit.records.exchange import Recording, Reply, Request
from evalkit.records.machine import Command

if TYPE_CHECKING:
    from evalkit.settings import Settings

MOST_AT_ONCE = 4


class Commands:
    """The programs of the settings."""

    name = "command"

    def __init__(self, settings: Settings) -> None:
        limits = settings.limits.get(self.name)
        self.capacity: int | None = (limits.concurrency if limits else None) or MOST_AT_ONCE
        self._settings = settings
        self._run = secrets.token_hex(8)

    def ready(self, model: str) -> None:
        """Ready when the program is there. Raises UserError."""
        program = self._command(model).words[0]
        folder, path = self._settings.root, self._settings.environ.get("PATH")
        if not shutil.which(str(folder / program) if "/" in program else program, path=path):
            raise UserError(f"there is no program `{program}`", f"see the command `{model}` in the settings")

    def encode(self, request: Request) -> bytes:
        """The question, the program and its version; without one, this run's own mark, so that nothing is replayed."""
        command = self._command(request.model)
        told = {"version": command.version} if command.version else {"run": self._run}
        return canonical({**own.question(request), "words": command.words, **told})

    def send(self, request: Request, body: bytes) -> Recording:
        """The program, once."""
        given = canonical({**own.question(request), "draw": request.draw}) + b"\n"
        command = self._command(request.model)
        name, settings = f"{self.name}/{request.model}", self._settings
        begun = time.perf_counter()
        try:
            output = Program(name, command.words, settings.root, settings.environ, given).output(request.timeout)
            return own.recording(_answer(output), time.perf_counter() - begun, is_kept=bool(command.version))
        except ProviderError as error:
            raise told(error, keys_in(settings.environ)) from None

    def decode(self, recording: Recording) -> Reply:
        """The recorded answer."""
        return own.decode(recording)

    def _command(self, model: str) -> Command:
        if model not in self._settings.commands:
            raise UserError(*_unknown(model, self._settings.commands))
        return self._settings.commands[model]


def _answer(output: bytes) -> dict[str, Any]:
    """A JSON object with `text`, `tool_calls` or `error` as it is; any other output is the text itself."""
    try:
        text = output.decode("utf-8")
    except UnicodeDecodeError:
        raise ProviderError("rejected", "the output is no UTF-8") from None
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        parts = None
    is_reply = isinstance(parts, dict) and any(key in parts for key in own.MAKES_A_REPLY)
    return parts if is_reply else {"text": text.removesuffix("\n").removesuffix("\r")}


def _unknown(model: str, known: Iterable[str]) -> tuple[str, str]:
    help = did_you_mean(model, known) or f'write [tool.evalkit.commands], and below it {model} = ["program"]'
    return f"the settings name no command `{model}`", help


def complaint(model: str, settings: Settings) -> tuple[str, str] | None:
    """What is wrong with a model's name, and what to write; nothing is run to tell."""
    return None if model in settings.commands else _unknown(model, settings.commands)


def connect(name: str, settings: Settings) -> Commands:
    """The provider `command`."""
    return Commands(settings)
