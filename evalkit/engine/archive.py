"""A run's folder in `reports/`: `run.json`, `results.jsonl`, and what reporters write; written and read back."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from evalkit.decide.summary import summarise
from evalkit.errors import UserError, did_you_mean
from evalkit.records.info import FORMAT_VERSION, info_from_json, info_to_json
from evalkit.records.result import Result
from evalkit.records.rows import result_from_json, result_to_json
from evalkit.records.run import RunInfo, StoredRun
from evalkit.reporters.interface import STDOUT, Reporter

RUN = "run.json"
RESULTS = "results.jsonl"
LATEST = "latest"


def new_run_id(now: datetime | None = None) -> str:
    """A name for a run that sorts by time (UTC): `2026-11-22T19-04-31-3f2a`."""
    return f"{now or datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{secrets.token_hex(2)}"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # it holds replies: nobody else's to read


class Archive:
    """Writes one run. Results are appended as they come and put into plan order at the end."""

    def __init__(self, folder: Path, info: RunInfo) -> None:
        self._folder = folder
        self._offsets: dict[int, tuple[int, int]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = open(folder / RESULTS, "w+b", opener=_private)  # noqa: SIM115 - closed by finish
        except OSError as error:
            raise UserError(
                f"{folder} cannot be written: {error.strerror}", "choose another folder: --out FOLDER"
            ) from None
        self._write_info(info)

    def add(self, result: Result) -> None:
        """Append one result; it is on its way to the disk when this returns."""
        line = (json.dumps(result_to_json(result)) + "\n").encode()
        self._offsets[result.index] = (self._file.tell(), len(line))
        self._file.write(line)
        self._file.flush()

    def finish(self, info: RunInfo) -> StoredRun:
        """Put the results into plan order, count them, and write `run.json`."""
        ordered = self._folder / f"{RESULTS}.new"
        with open(ordered, "wb", opener=_private) as file:
            for index in sorted(self._offsets):
                start, size = self._offsets[index]
                self._file.seek(start)
                file.write(self._file.read(size))
        self._file.close()
        os.replace(ordered, self._folder / RESULTS)
        run = _counted(self._folder, info)
        return run

    def _write_info(self, info: RunInfo) -> None:
        write_info(self._folder, info)


def write_info(folder: Path, info: RunInfo) -> None:
    """Write `run.json` whole or not at all."""
    new = folder / f"{RUN}.new"
    with open(new, "w", encoding="utf-8", opener=_private) as file:
        json.dump(info_to_json(info), file, indent=1)
        file.write("\n")
    os.replace(new, folder / RUN)


def report(run: StoredRun, reporters: Iterator[Reporter] | list[Reporter], stdout: IO[str]) -> None:
    """Let reporters write into the run's folder, and to standard output."""
    for reporter in reporters:
        with ExitStack() as stack:
            out: dict[str, IO[str]] = {}
            for name in reporter.files:
                out[name] = stdout if name == STDOUT else stack.enter_context(_opened(run.folder / name))
            reporter.write(run, out)


def _opened(path: Path) -> IO[str]:
    return open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n", opener=_private)


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


def find_run(reports: Path, name: str = LATEST) -> Path:
    """The folder of a run: `latest`, an id, the beginning of one, or a path. Raises UserError."""
    as_path = Path(name)
    if (as_path / RUN).is_file():
        return as_path
    if as_path.name == RUN and as_path.is_file():
        return as_path.parent
    ids = run_ids(reports)
    if name == LATEST:
        if not ids:
            raise UserError("there is no run yet", "evalkit run specs/")
        pointer = reports / LATEST
        pointed = pointer.read_text("utf-8").strip() if pointer.is_file() else pointer.resolve().name
        return reports / (pointed if pointed in ids else ids[-1])
    found = [run_id for run_id in ids if run_id.startswith(name)]
    if len(found) != 1:
        what = f"{len(found)} runs begin with" if found else "there is no run"
        raise UserError(f"{what} `{name}`", did_you_mean(name, ids[-5:]))
    return reports / found[0]


def read_info(folder: Path) -> RunInfo:
    """What `run.json` says, without the columns. Raises UserError for a file of another format."""
    try:
        data: Mapping[str, Any] = json.loads((folder / RUN).read_text("utf-8"))
        version = data["format_version"]
        if version > FORMAT_VERSION:
            raise UserError(
                f"{folder / RUN} has format {version}, this evalkit reads {FORMAT_VERSION}", "update evalkit"
            )
        return info_from_json(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder / RUN} cannot be read: {error}", "run it again") from None


def read_run(folder: Path) -> StoredRun:
    """A run from its folder; its totals are counted anew from its results."""
    return _counted(folder, read_info(folder))


def _counted(folder: Path, info: RunInfo) -> StoredRun:
    def read() -> Iterator[Result]:
        with open(folder / RESULTS, "rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    result = result_from_json(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    if not line.endswith(b"\n"):
                        return  # the run was killed in the middle of this line
                    raise UserError(f"{folder / RESULTS}:{number} is no result", "run it again") from None
                yield result

    columns = summarise(read(), {spec.name: spec.gate for spec in info.specs})
    return StoredRun(folder, replace(info, columns=columns), read)
