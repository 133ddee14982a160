"""The process in which a user's function answers: requests in, replies out, JSON, one a line.

A script of the standard library alone, started with the file and the function's name. Standard output belongs to
the protocol, so what the function prints goes to standard error. When whoever started it is gone, it ends itself
and all that it started.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import io
import json
import os
import queue
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import IO, Any

OTHERWISE = "evalkit_provider"  # what a file is called whose name is taken by a module of Python's own


def main(file: str, function: str) -> None:
    """Answer until there are no more requests."""
    requests, answers = _own_streams()
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, asked), daemon=True).start()
    path = Path(file).resolve()
    sys.path.insert(0, str(path.parent))
    loaded: Any = None
    while True:
        line = asked.get()
        try:
            loaded = loaded or getattr(_module(path), function)
            answer = _written(_answered(loaded, json.loads(line)))
        except BaseException as error:  # noqa: BLE001 - whatever the user's code raises, exits included
            answer = _written({"error": _told(error, path)})
        answers.write(answer)
        answers.flush()


def _own_streams() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes to whoever started us; in their places are an empty input and standard error."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):  # what it prints last is to be there when it ends at once
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    return requests, answers


def _listen(requests: IO[bytes], asked: queue.SimpleQueue[bytes]) -> None:
    for line in requests:
        asked.put(line)
    if sys.platform != "win32":
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _module(path: Path) -> Any:
    """The user's file as a module of its own name."""
    name = OTHERWISE if path.stem in sys.modules else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _answered(function: Any, request: dict[str, Any]) -> dict[str, Any]:
    made = function(request)
    if inspect.isawaitable(made):
        made = asyncio.run(_awaited(made))
    if isinstance(made, str):
        return {"text": made}
    if isinstance(made, dict):
        return made
    raise TypeError(f"a text or a dict is wanted, and it returned {type(made).__name__}")


async def _awaited(made: Any) -> Any:
    return await made


def _written(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, allow_nan=False).encode("ascii") + b"\n"


def _told(error: BaseException, path: Path) -> str:
    """The last line of the traceback, and where in the user's file it went wrong."""
    (said, *_) = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1:] or [""]
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        lines = [error.lineno]
    return f"{said} ({path.name}:{lines[-1]})" if lines else said


if __name__ == "__main__":
    main(*sys.argv[1:])
