"""Templates of strangers, compiled and rendered at arm's length: in a process of their own that can be ended.

Each gets 1 s of the processor, 1 MB of text and a bounded memory, and the system holds that process to it. Requests
and answers are JSON, one a line. While a guard stands nothing of Jinja runs in our own process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import wraps
from signal import Signals
from typing import IO, Any, TypeVar, TypeVarTuple

from evalkit.errors import TemplateError, TemplateMistake, UserError

SECONDS = 1.0  # of the processor, so that a busy machine refuses nothing
LARGEST = 1_000_000  # bytes of text
MEMORY = 512 * 1024 * 1024  # bytes of the process, the interpreter included
PATIENCE = 10  # templates that may pass a limit; after these no more is rendered
_LONGEST = 1000  # characters of a message: a template may have made it

_TOO_SLOW = f"the template took more than {SECONDS:g} s"
_TOO_LARGE = "the template made more than 1 MB"
TOO_MUCH = "the template took too much memory"
_HELP = "with --no-code a template gets 1 s and 1 MB"
_BEGIN = "import sys; sys.path[:] = sys.argv[1:]; from evalkit import template_guard, templates; template_guard.serve()"

_Given = TypeVarTuple("_Given")
_Made = TypeVar("_Made")
_WORK: dict[str, Callable[..., Any]] = {}
_standing: list[_Guard] = []  # one guard, once for each time it was entered
_entering = threading.Lock()


def at_arms_length(work: Callable[[*_Given], _Made]) -> Callable[[*_Given], _Made]:
    """`work`, done by the guard while there is one. It takes and gives what JSON has, and takes a template first."""
    _WORK[work.__name__] = work

    @wraps(work)
    def done(*given: *_Given) -> _Made:
        return _standing[-1].asked(work.__name__, given) if _standing else work(*given)

    return done


@contextmanager
def guarded(is_wanted: bool = True) -> Iterator[None]:
    """While inside, every thread's templates are rendered by a guard; entered again inside, by the same one."""
    if not is_wanted:
        yield
        return
    with _entering:
        guard = _standing[-1] if _standing else _Guard()
        _standing.append(guard)
    try:
        yield
    finally:
        with _entering:
            _standing.remove(guard)
            if guard not in _standing:
                guard.end()


def within_limit(texts: Iterable[str]) -> Iterable[str]:
    """The texts of one rendering. Raises TemplateError on the way, where they are more than a guard allows."""
    return _counted(texts) if _standing else texts


def _counted(texts: Iterable[str]) -> Iterator[str]:
    size = 0
    for text in texts:
        size += _size(text)
        if size > LARGEST:
            raise TemplateError(_TOO_LARGE, help=_HELP)
        yield text


def _size(value: Any) -> int:
    return len(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else _line(value))


class _Guard:
    """The process that renders: started when it is first needed, and again after it was ended. For all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_new = True
        self._refused: dict[bytes, TemplateError] = {}  # by template: what passed a limit is not tried in each case

    def asked(self, work: str, given: tuple[Any, ...]) -> Any:
        """What `work` makes of what is given. Raises the TemplateError that it raises, or one about a limit."""
        template, request = _line(given[0]), _line([work, *given])
        with self._lock:
            if template in self._refused:
                raise _again(self._refused[template])
            kind = TemplateError if isinstance(given[-1], Mapping) else TemplateMistake
            if len(self._refused) >= PATIENCE:
                raise kind(f"after {PATIENCE} templates that passed a limit no more are rendered", help=_HELP)
            answer = self._answer(request)
            if "past" in answer:
                self._refused[template] = kind(answer["past"], help=_HELP)
                raise _again(self._refused[template])
        if "bug" in answer:
            raise RuntimeError(answer["bug"])
        if "error" in answer:
            raise _error_of(**answer["error"])
        return answer["made"]

    def _answer(self, request: bytes) -> dict[str, Any]:
        answer = self._exchanged(request)
        if "past" in answer:
            was_new = self._is_new
            self.end()
            if answer["past"] == TOO_MUCH and not was_new:  # what it kept of others may have taken that memory
                return self._exchanged(request)
        self._is_new = False
        return answer

    def _exchanged(self, request: bytes) -> dict[str, Any]:
        try:
            process = self._started()
            with suppress(BrokenPipeError):
                _pipe(process.stdin).write(request)
                _pipe(process.stdin).flush()
            line = _pipe(process.stdout).readline()
        except BaseException:  # Ctrl-C in between: the answer would be taken for that to the next request
            self.end()
            raise
        if line.endswith(b"\n"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        return {"past": _TOO_SLOW if process.wait() == -Signals.SIGPROF else TOO_MUCH}

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._is_new = True
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BEGIN, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C is for us
            )
            if not _pipe(self._process.stdout).readline():
                raise UserError("--no-code cannot be kept here", "it needs a system that limits time and memory")
        return self._process

    def end(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(BrokenPipeError), process:
                process.kill()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_as_json).encode("utf-8", "surrogatepass") + b"\n"


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TemplateError(f"with --no-code a template cannot be given a {type(value).__name__}")


def _again(error: TemplateError) -> TemplateError:
    """The same error anew: whoever catches one may write on it."""
    return type(error)(error.message, help=error.help)


def _error_of(kind: str, **said: Any) -> TemplateError:
    return TemplateMistake(**said) if kind == TemplateMistake.__name__ else TemplateError(**said)


def serve() -> None:
    """The guard's process: answers one request after the other, until there are no more."""
    from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit, setrlimit
    from signal import ITIMER_PROF, SIG_DFL, setitimer, signal

    signal(Signals.SIGPROF, SIG_DFL)  # ends the process, whatever it is doing
    hard = getrlimit(RLIMIT_AS)[1]
    with suppress(ValueError):  # macOS: only time is limited there
        setrlimit(RLIMIT_AS, (MEMORY if hard == RLIM_INFINITY else min(MEMORY, hard), hard))
    sys.stdout.buffer.write(b"ready\n")
    sys.stdout.buffer.flush()
    for line in sys.stdin.buffer:
        setitimer(ITIMER_PROF, SECONDS)
        answer = _line(_answered(line))
        setitimer(ITIMER_PROF, 0)
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


def _answered(line: bytes) -> dict[str, Any]:
    try:
        work, *given = json.loads(line)
        made = _WORK[work](*given)
        return {"made": made} if _size(made) <= LARGEST else {"past": _TOO_LARGE}
    except TemplateError as error:
        if isinstance(error.__cause__, MemoryError):
            return {"past": TOO_MUCH}
        said = {"message": error.message[:_LONGEST], "help": error.help[:_LONGEST], "name": error.name}
        return {"error": {"kind": type(error).__name__, "line": error.line, "column": error.column, **said}}
    except MemoryError:
        return {"past": TOO_MUCH}
    except Exception:  # noqa: BLE001 - ours, and said where the user is
        return {"bug": traceback.format_exc()}
