"""Standard output and error as a command line needs them: always there, in any encoding, and never the end of a run."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

from evalkit.reporters.interface import harmless, visible
from evalkit.secrets import redact

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Outlet(io.FileIO):
    """A file descriptor to write to. What cannot be written is let go, and `trouble` says why.

    A reader that has left (`| head`) is no trouble. There is no buffer around it: one that is left by Ctrl-C
    in the middle of a write would be written twice.
    """

    trouble = ""

    def write(self, data: ReadableBuffer, /) -> int:
        left = memoryview(data).cast("B")
        size = left.nbytes
        try:
            while left:
                left = left[super().write(left) or 0 :]
        except BrokenPipeError:
            pass
        except OSError as error:
            self.trouble = self.trouble or error.strerror or str(error)
        return size


def say(text: str, *, err: bool = False) -> None:
    """Print lines with no key in them, nothing hidden, and nothing that a CI log would obey."""
    from evalkit.providers.vendors import keys_in

    click.echo(harmless(visible(redact(text, keys_in(os.environ)))), err=err)


def take_streams() -> None:
    """Make `sys.stdout` and `sys.stderr` outlive narrow encodings, full disks and readers that leave."""
    sys.stdout, sys.stderr = _taken(sys.stdout), _taken(sys.stderr)


def _taken(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed by whoever started us
        return open(os.devnull, "w", encoding="utf-8")
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if stream.isatty():
        stream.reconfigure(errors="replace")
        return stream
    outlet = _Outlet(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(outlet, stream.encoding, errors="replace", line_buffering=stream.line_buffering)


def trouble_with_output() -> str:
    """Write out what waits to be written to standard output; why some of it could not be, "" if all was."""
    sys.stdout.flush()
    outlet = getattr(sys.stdout, "buffer", None)
    return outlet.trouble if isinstance(outlet, _Outlet) else ""
