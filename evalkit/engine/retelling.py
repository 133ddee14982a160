"""What is wrong with a project as it was at a commit, told so that nobody looks for it in the project of today."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evalkit.engine.revision import Revision
from evalkit.errors import NothingToMeasure, ProviderError, SpecError, UserError
from evalkit.providers.interface import Provider
from evalkit.records.exchange import Recording, Reply, Request
from evalkit.records.problem import Problem

_HAS_IT = "compare with a commit that has it, or with a run"
_IS_VALID = "compare with a commit whose specs are valid, or with a run"


class Retelling:
    """Tells errors about the files of a revision again: with its name, and with paths as the project has them.

    They are no problems with a place any more, because the lines of today would be shown below them.
    """

    def __init__(self, revision: Revision) -> None:
        self._revision = revision
        folder = revision.folder
        self._folders = (Path(os.path.relpath(folder)).as_posix(), folder.as_posix())  # the first may hold the other

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Whatever is raised inside is told again."""
        try:
            yield
        except NothingToMeasure:
            raise
        except SpecError as error:
            raise self._of_problems([each for each in error.problems if each.severity == "error"]) from None
        except UserError as error:
            message = f"at {self._revision.ref}: {self.text(error.message)}"
            raise UserError(message, self._command(error.message) or self.text(error.help)) from None
        except ProviderError as error:
            message, wait = self.text(error.message), error.retry_after
            raise ProviderError(error.kind, message, status=error.status, retry_after=wait) from None

    def text(self, said: str) -> str:
        """A text in which the folder of the revision stands nowhere."""
        for folder in self._folders:
            said = said.replace(f"{folder}/", "").replace(folder, ".")
        return said

    def _of_problems(self, problems: Sequence[Problem]) -> UserError:
        """The first of them, and what may bring what is missing there."""
        first, ref = problems[0], self._revision.ref
        file = self.text(first.place.file)
        command = self._command(first.message, file)
        if not os.path.lexists(self._revision.folder / file):
            return UserError(f"{file} is not there at {ref}", command or _HAS_IT)
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        what = f"{file}:{first.place.line}: {self.text(first.message)}{more}"
        return UserError(f"the specs at {ref} are not valid: {what}", command or _IS_VALID)

    def _command(self, message: str, file: str = "") -> str:
        """What brings a file that an error is about, where this clone does not hold it; "" where that is not so."""
        for name, command in self._revision.missing.items():
            if Path(name).name in message or file.startswith(name):
                return command
        return ""


class Retold:
    """A provider that answers with files of a revision."""

    def __init__(self, provider: Provider, retelling: Retelling) -> None:
        self.name, self.capacity = provider.name, provider.capacity
        self._provider = provider
        self._retelling = retelling

    def ready(self, model: str) -> None:
        """As the provider."""
        with self._retelling.heard():
            self._provider.ready(model)

    def encode(self, request: Request) -> bytes:
        """As the provider."""
        with self._retelling.heard():
            return self._provider.encode(request)

    def send(self, request: Request, body: bytes) -> Recording:
        """As the provider."""
        with self._retelling.heard():
            return self._provider.send(request, body)

    def decode(self, recording: Recording) -> Reply:
        """As the provider."""
        with self._retelling.heard():
            return self._provider.decode(recording)
