"""The one way git is asked: in a folder, without a shell, a prompt or a hook, and for a bounded time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0  # seconds
NOT_INSTALLED = "git is not installed"
NOT_IN_TIME = "it did not end within"
_COMMAND = (
    *("git", "--no-optional-locks"),  # status would write the index that it has refreshed
    *("-c", "core.fsmonitor=false"),  # starts a process that stays
    *("-c", f"core.hooksPath={os.devnull}"),  # even writing an index may run one
    *("-c", "core.splitIndex=false"),  # a part of a temporary index would stay in the repository
    *("-c", "core.warnAmbiguousRefs=true"),
)
_OF_ANOTHER = frozenset(  # a hook of git's finds these set, and they are about the command that runs the hook
    (
        *("GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_PREFIX", "GIT_NAMESPACE"),
        *("GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH"),
        *("GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_ATTR_SOURCE"),
        *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
    )
)
_OURS = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}  # its complaints are read, so they are in English


@dataclass(frozen=True, slots=True)
class Said:
    """What git printed, and what it complained of; `failed` says in a line why it did not do as told, "" if it did."""

    out: bytes = b""
    complaints: str = ""
    failed: str = ""

    @property
    def text(self) -> str:
        """What it printed, without the line break at the end."""
        return os.fsdecode(self.out).removesuffix("\n")

    @property
    def names(self) -> list[str]:
        """What it printed with -z: file names may hold line breaks, and bytes that are no text."""
        return os.fsdecode(self.out).split("\0")[:-1]


@dataclass(frozen=True, slots=True)
class Git:
    """git in a folder, with an environment that is all its own."""

    folder: Path
    environ: Mapping[str, str]

    def __call__(self, *words: str, given: bytes = b"", seconds: float = PATIENCE) -> Said:
        """What git says to a command that reads `given`. What still runs after so many seconds is ended."""
        command = [*_COMMAND, "-C", str(self.folder), *words]
        try:
            process = subprocess.Popen(
                command,
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # no terminal to ask for a password; and its filters can be ended with it
            )
        except OSError:
            return Said(failed=NOT_INSTALLED)
        with process:
            try:
                out, complaints = process.communicate(given, seconds)
            except subprocess.TimeoutExpired:
                _kill(process)
                return Said(failed=f"{NOT_IN_TIME} {seconds:g} s")
            except BaseException:
                _kill(process)
                raise
        return _said(process.returncode, out, complaints.decode("utf-8", "replace"))


def git_in(folder: Path, environ: Mapping[str, str], **more: str) -> Git:
    """git in a folder, of whose repository it learns from the folder alone, not from the environment.

    `more` are environment variables that it shall find all the same.
    """
    inherited = {name: value for name, value in environ.items() if name not in _OF_ANOTHER}
    return Git(folder, inherited | _OURS | more)


def _said(code: int, out: bytes, complaints: str) -> Said:
    complaints = re.sub(r"(?<=://)[^/@\s]+@", "", complaints).strip()  # a password in a remote's address
    if code == 0:
        return Said(out, complaints)
    lines = complaints.splitlines() or [f"git ended with exit code {code}"]
    fatal = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    return Said(out, complaints, (fatal or lines)[-1].removeprefix("fatal: ").removeprefix("error: "))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End git and the filters and connections that it started, which may wait for what never comes."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
