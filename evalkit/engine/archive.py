"""A run's folder in `reports/`: `run.json`, `results.jsonl`, and what reporters write; written and read back."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

from evalkit.decide.summary import Adding, summarise
from evalkit.engine.lines import SMALL, Lines, private, read_lines, replacing
from evalkit.errors import UserError, did_you_mean
from evalkit.records.info import FORMAT_VERSION, info_from_json, info_to_json
from evalkit.records.result import Result
from evalkit.records.run import ColumnSummary, RunInfo, StoredRun
from evalkit.reporters.interface import STDOUT, Reporter

RUN = "run.json"
RESULTS = "results.jsonl"
OTHERS = "comparison.jsonl"  # what only a comparison wanted
LATEST = "latest"
_AT_ONCE = 256  # results that are counted together, because a processor does the same faster than one thing and another
_A_RUN = f"a run is named by its folder, its {RUN}, its id or the beginning of one, or `{LATEST}`"
_STOPPED = "Stopped: "  # how the note begins that tells what stopped a run

Said = TypeVar("Said")


def new_run_id(now: datetime | None = None) -> str:
    """A name for a run that sorts by time (UTC): `2026-11-22T19-04-31-3f2a`."""
    return f"{now or datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{secrets.token_hex(2)}"


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> UserError:
    help = "choose another folder with --out FOLDER, or make room; every reply that came is kept"
    return UserError(f"{folder} cannot be written: {error.strerror}", help)


class Archive:
    """Writes one run. Results are appended as they come and put into plan order at the end.

    Those that only a comparison wants are in a file of their own. `keys` are taken out of every line. A context
    manager; raises UserError where the folder cannot be written. What goes wrong later is `trouble`: from then on
    nothing is appended.
    """

    trouble: UserError | None = None

    def __init__(self, folder: Path, info: RunInfo, keys: Iterable[str] = ()) -> None:
        self._folder, self._keys = folder, tuple(keys)
        self._others: Lines | None = None
        self._adding: Adding | None = Adding()  # as long as results come in plan order, and their lines say all of them
        self._last = -1
        self._uncounted: list[Result] = []
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_info(folder, info)
            (folder / OTHERS).unlink(missing_ok=True)  # of a run before in the same folder, which this one may not have
            self._results = Lines(folder / RESULTS, self._keys)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *error: object) -> None:
        for lines in self._files():
            lines.close()

    def add(self, result: Result) -> None:
        """Append one result; it is on its way to the disk when this returns, unless there is trouble."""
        if self.trouble:
            return
        try:
            if result.arm:
                self._others = self._others or Lines(self._folder / OTHERS, self._keys)
                self._others.add(result)
            else:
                self._count(result, is_whole=self._results.add(result))
        except OSError as error:
            self.trouble = _unwritable(self._folder, error)

    def _count(self, result: Result, *, is_whole: bool) -> None:
        """Count a result as it comes, where that is what its line will say in its place."""
        if self._adding is None:
            return
        if not is_whole or result.index < self._last:
            self._adding = None
            self._uncounted.clear()
            return
        self._last = result.index
        self._uncounted.append(result)
        if len(self._uncounted) >= _AT_ONCE:
            self._count_all(self._adding)

    def _count_all(self, adding: Adding) -> Adding:
        for result in self._uncounted:
            adding.add(result)
        self._uncounted.clear()
        return adding

    def finish(self, info: RunInfo) -> StoredRun:
        """Put the results into plan order, and count them. The run as it will be once `run.json` says so.

        Where there is trouble it was stopped, and its results stand as they came.
        """
        try:
            if not self.trouble:
                with _writing(self._folder):
                    for lines in self._files():
                        lines.put_in_order()
        except UserError as error:
            self.trouble = error
        if self.trouble:
            return _counted(self._folder, stopped(info, self.trouble))
        columns = self._count_all(self._adding).summaries(info.specs) if self._adding else None
        return _counted(self._folder, info, self._results.few, columns)

    def _files(self) -> Iterator[Lines]:
        yield self._results
        if self._others:
            yield self._others


def write_info(folder: Path, info: RunInfo) -> None:
    """Write `run.json` whole or not at all. Raises UserError where that cannot be."""
    with (
        _writing(folder),
        replacing(folder / RUN) as new,
        open(new, "w", encoding="utf-8", opener=private) as file,
    ):
        json.dump(info_to_json(info), file, indent=1)
        file.write("\n")


def stopped(info: RunInfo, why: UserError | None) -> RunInfo:
    """A run that could not keep what it learnt, if there is a `why`: it is not finished, and says once what to do."""
    if why is None or any(note.startswith(_STOPPED) for note in info.notes):
        return info
    todo = f"{why.help[:1].upper()}{why.help[1:]}"
    note = f"{_STOPPED}{why.message}. {todo}; the same command continues."
    return replace(info, state=info.state if info.state == "interrupted" else "stopped", notes=(*info.notes, note))


def report(run: StoredRun, reporters: Iterable[Reporter], stdout: IO[str]) -> None:
    """Let reporters write into the run's folder, and to standard output.

    Raises UserError for a full disk, when those that need no room have written.
    """
    trouble: UserError | None = None
    for reporter in reporters:
        try:
            with _writing(run.folder), ExitStack() as stack:
                out: dict[str, IO[str]] = {}
                for name in reporter.files:
                    out[name] = stdout if name == STDOUT else stack.enter_context(_opened(run.folder / name))
                reporter.write(run, out)
        except UserError as error:
            trouble = trouble or error
            for name in reporter.files:
                with suppress(OSError):
                    (run.folder / name).unlink()  # half a report is none
    if trouble:
        raise trouble


def _opened(path: Path) -> IO[str]:
    return open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n", opener=private)


def point_at(reports: Path, run_id: str) -> None:
    """Make `reports/latest` lead to a run: a symlink, or a file with the id where links are refused."""
    latest = reports / LATEST
    try:
        if latest.is_symlink() or latest.is_file():
            latest.unlink()
        try:
            latest.symlink_to(run_id, target_is_directory=True)
        except OSError:
            latest.write_text(run_id + "\n", "utf-8")
    except OSError:
        return  # a convenience; the report is where it was said to be


def run_ids(reports: Path) -> list[str]:
    """The ids of the runs in a reports folder, oldest first."""
    return sorted(path.parent.name for path in reports.glob(f"*/{RUN}") if not path.parent.is_symlink())


def find_run(reports: Path, name: str = LATEST, of_a_path: str = _A_RUN) -> Path:
    """The folder of a run: `latest`, an id, the beginning of one, or a path.

    Raises UserError; `of_a_path` is its help where the name is that of a file or folder which is no run.
    """
    as_path = Path(name)
    if (as_path / RUN).is_file():
        return as_path
    if as_path.name == RUN and as_path.is_file():
        return as_path.parent
    ids = run_ids(reports)
    if name == LATEST:
        if not ids:
            raise UserError("there is no run yet", "evalkit run specs/")
        pointed = _pointed_at(reports / LATEST)
        return reports / (pointed if pointed in ids else ids[-1])
    found = [run_id for run_id in ids if name and run_id.startswith(name)]
    if len(found) == 1:
        return reports / found[0]
    if name and os.path.exists(name):  # Path.exists() raises for a name that is too long
        raise UserError(f"`{name}` is no run: there is no {RUN} in it", of_a_path)
    what = f"{len(found)} runs begin with `{name}`" if found else f"there is no run `{name}`"
    raise UserError(what, did_you_mean(name, ids[-5:]) or "evalkit run specs/ makes one")


def _pointed_at(pointer: Path) -> str:
    """The id that `reports/latest` leads to; "" where it cannot be read."""
    try:
        return pointer.read_text("utf-8").strip() if pointer.is_file() else os.path.basename(os.path.realpath(pointer))
    except (OSError, ValueError):
        return ""


def read_info(folder: Path) -> RunInfo:
    """What `run.json` says, without the columns. Raises UserError for a file of another format."""
    return _said_in(folder, info_from_json)


def lost(run: StoredRun) -> int:
    """How many results are not there any more that a finished run counted in `run.json` when it ended.

    Below 0 there are more. Raises UserError where that file cannot be read.
    """
    counted: int = _said_in(run.folder, lambda data: sum(data["totals"]["trials"].values()))
    return counted - sum(column.trials.total for column in run.info.columns)


def _said_in(folder: Path, take: Callable[[Mapping[str, Any]], Said]) -> Said:
    try:
        data: Mapping[str, Any] = json.loads((folder / RUN).read_text("utf-8"))
        version = data["format_version"]
        if version > FORMAT_VERSION:
            raise UserError(
                f"{folder / RUN} has format {version}, this evalkit reads {FORMAT_VERSION}", "update evalkit"
            )
        return take(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder / RUN} cannot be read: {error}", "run it again") from None


def read_run(folder: Path) -> StoredRun:
    """A run from its folder; its totals are counted anew from its results."""
    return _counted(folder, read_info(folder))


def _counted(
    folder: Path,
    info: RunInfo,
    kept: tuple[Result, ...] | None = None,
    columns: tuple[ColumnSummary, ...] | None = None,
) -> StoredRun:
    """The run with its numbers.

    `kept` are its results in plan order, where what the file says is still in memory; `columns` are its numbers, where
    they were counted while it was written.
    """
    path, is_in_order = folder / RESULTS, info.state == "finished"

    def read() -> Iterator[Result]:
        return read_lines(path, is_in_order=is_in_order)

    def read_others() -> Iterator[Result]:
        return read_lines(others, is_in_order=is_in_order) if others.is_file() else iter(())

    others = folder / OTHERS
    if kept is None and path.is_file() and path.stat().st_size <= SMALL:
        kept = tuple(read())  # so few that not everyone who wants them need read them anew
    if columns is None:
        columns = summarise(read() if kept is None else kept, info.specs)
    read_all = read if kept is None else lambda: iter(kept)
    return StoredRun(folder, replace(info, columns=columns), read_all, read_others)
