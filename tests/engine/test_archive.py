"""A run's folder: written as results come, put into plan order, readable whenever it was broken off."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.engine.archive import (
    RESULTS,
    RUN,
    Archive,
    find_run,
    lost,
    new_run_id,
    point_at,
    read_info,
    read_run,
    report,
    run_ids,
    write_info,
)
from evalkit.errors import UserError
from evalkit.records.result import Result
from evalkit.records.run import RunInfo, StoredRun
from evalkit.reporters.html import Html
from evalkit.reporters.machine import Json
from tests.disks import small_disk
from tests.projects import KEY
from tests.reporters.runs import a_failed_result, a_result, an_errored_result

INFO = RunInfo("2026-11-22T19-04-31-3f2a", "2026-11-22T19:04:31+00:00", "0.1.0", "evalkit run specs/", planned=4)


def numbered(results: Sequence[Result]) -> list[Result]:
    """The results at consecutive places of the plan, each a case of its own."""
    return [replace(result, index=index, case=f"c{index}") for index, result in enumerate(results)]


FOUR = numbered([a_result(), a_failed_result(), an_errored_result(), a_result()])


def archived(folder: Path, results: Sequence[Result], keys: Sequence[str] = ()) -> StoredRun:
    """A run that ended, its results coming in this order."""
    with Archive(folder, INFO, keys) as archive:
        for result in results:
            archive.add(result)
        return archive.finish(replace(INFO, state="finished"))


@given(order=st.permutations(FOUR), dropped=st.sets(st.integers(0, 3)))
def test_results_come_in_any_order_and_are_read_in_the_plans(
    tmp_path_factory: pytest.TempPathFactory, order: list[Result], dropped: set[int]
) -> None:
    kept = [result for result in order if result.index not in dropped]
    run = archived(tmp_path_factory.mktemp("run"), kept)
    expected = [result for result in FOUR if result.index not in dropped]
    assert list(run.results()) == expected
    assert list(run.results()) == expected
    lines = (run.folder / RESULTS).read_text("utf-8").splitlines()
    assert [json.loads(line)["index"] for line in lines] == [result.index for result in expected]


def test_a_run_that_ended_is_read_back_as_it_was(tmp_path: Path) -> None:
    run = archived(tmp_path / "run", FOUR)
    write_info(run.folder, run.info)
    again = read_run(run.folder)
    assert again.info == run.info
    assert list(again.results()) == FOUR
    (column,) = again.info.columns
    assert (column.cases.passed, column.cases.failed, column.cases.errored) == (2, 1, 1)


def test_totals_are_counted_from_the_results_whatever_run_json_says(tmp_path: Path) -> None:
    run = archived(tmp_path, FOUR)
    said = json.loads((tmp_path / RUN).read_text("utf-8"))
    assert said["columns"] == []
    assert len(read_run(tmp_path).info.columns) == len(run.info.columns) == 1


@pytest.mark.parametrize("left", [4, 3, 0])
def test_a_run_that_ended_knows_how_many_of_its_results_were_lost(left: int, tmp_path: Path) -> None:
    """Half a line is no result."""
    run = archived(tmp_path / "run", FOUR)
    write_info(run.folder, run.info)
    path = run.folder / RESULTS
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:left]) + b"".join(lines[left : left + 1])[:20])
    assert lost(read_run(run.folder)) == 4 - left


@given(order=st.permutations(FOUR), data=st.data())
def test_a_run_killed_at_any_byte_is_read_up_to_there(
    tmp_path_factory: pytest.TempPathFactory, order: list[Result], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("run")
    with Archive(folder, INFO) as archive:
        for result in order:
            archive.add(result)
    path = folder / RESULTS
    whole = path.read_bytes()
    left = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:left])
    complete = whole[:left].count(b"\n")
    run = read_run(folder)
    assert run.info.state == "running"
    assert list(run.results()) == sorted(order[:complete], key=lambda result: result.index)


def test_a_run_that_was_interrupted_and_could_not_be_put_in_order_is_read_in_plan_order(tmp_path: Path) -> None:
    with Archive(tmp_path, INFO) as archive:
        for result in reversed(FOUR):
            archive.add(result)
    write_info(tmp_path, replace(INFO, state="interrupted"))
    assert list(read_run(tmp_path).results()) == FOUR


def test_a_run_from_before_recordings_is_read(tmp_path: Path) -> None:
    archived(tmp_path, FOUR)
    told = json.loads((tmp_path / RUN).read_text("utf-8"))
    del told["record"]
    (tmp_path / RUN).write_text(json.dumps(told), "utf-8")
    assert (read_run(tmp_path).info.record, len(list(read_run(tmp_path).results()))) == ((), 4)


def test_a_result_is_on_its_way_to_the_disk_when_add_returns(tmp_path: Path) -> None:
    with Archive(tmp_path, INFO) as archive:
        for number, result in enumerate(FOUR, start=1):
            archive.add(result)
            assert len(list(read_run(tmp_path).results())) == number


def test_keys_are_taken_out_of_what_is_kept(tmp_path: Path) -> None:
    leaking = replace(a_failed_result(reason=f"the reply is {KEY!r}"), index=0)
    run = archived(tmp_path, [leaking], keys=[KEY, ""])
    text = (tmp_path / RESULTS).read_text("utf-8")
    assert KEY not in text
    (result,) = run.results()
    assert result.scores[0].reason == "the reply is '[redacted]'"


def test_a_run_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        run = archived(tmp_path / "run", FOUR)
        write_info(run.folder, run.info)
        report(run, [Html(), Json()], StringIO())
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in run.folder.iterdir()}
    assert modes == {RUN: 0o600, RESULTS: 0o600, "index.html": 0o600}


def test_ids_sort_by_time_and_differ_within_a_second() -> None:
    now = datetime(2026, 11, 22, 19, 4, 31, tzinfo=UTC)
    ids = {new_run_id(now) for _ in range(20)}
    assert len(ids) > 1
    assert all(re.fullmatch(r"2026-11-22T19-04-31-[0-9a-f]{4}", run_id) for run_id in ids)
    assert max(ids) < new_run_id(now.replace(second=32))


def reports_with(folder: Path, *ids: str) -> Path:
    """A reports folder with runs of these ids."""
    for run_id in ids:
        (folder / run_id).mkdir(parents=True)
        write_info(folder / run_id, replace(INFO, id=run_id))
    return folder


OLD, MIDDLE, NEW = "2026-11-21T10-00-00-aaaa", "2026-11-22T10-00-00-bbbb", "2026-11-22T11-00-00-cccc"


@pytest.mark.parametrize(
    ("name", "found"),
    [(OLD, OLD), ("2026-11-21", OLD), ("2026-11-22T11", NEW), ("latest", MIDDLE)],
)
def test_a_run_is_found_by_its_id_the_beginning_of_it_or_latest(name: str, found: str, tmp_path: Path) -> None:
    reports = reports_with(tmp_path, OLD, MIDDLE, NEW)
    point_at(reports, MIDDLE)
    assert find_run(reports, name) == reports / found
    assert run_ids(reports) == [OLD, MIDDLE, NEW]


def test_a_run_anywhere_is_found_by_its_path(tmp_path: Path) -> None:
    elsewhere = reports_with(tmp_path / "elsewhere", OLD) / OLD
    for path in (elsewhere, elsewhere / RUN):
        assert find_run(tmp_path / "reports", str(path)) == elsewhere


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("2026-11-22", "2 runs begin with `2026-11-22`"),
        ("2020", "there is no run `2020`"),
        ("", "there is no run ``"),
    ],
)
def test_a_run_that_cannot_be_told_is_refused(name: str, said: str, tmp_path: Path) -> None:
    reports = reports_with(tmp_path, OLD, MIDDLE, NEW)
    with pytest.raises(UserError, match=re.escape(said)):
        find_run(reports, name)


def test_a_path_that_holds_no_run_is_answered_by_what_whoever_asks_says_of_it(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    for path in (tmp_path / "specs", tmp_path):
        with pytest.raises(UserError, match=r"is no run: there is no run\.json in it") as raised:
            find_run(tmp_path / "reports", str(path), "show takes a run")
        assert raised.value.help == "show takes a run"


def test_an_empty_name_means_no_run_also_where_there_is_only_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no run ``"):
        find_run(reports_with(tmp_path, OLD), "")


def test_without_runs_there_is_no_latest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no run yet"):
        find_run(tmp_path / "reports")


def test_latest_is_a_link_that_moves_on(tmp_path: Path) -> None:
    reports = reports_with(tmp_path, OLD, NEW)
    for run_id in (OLD, NEW, OLD):
        point_at(reports, run_id)
        assert (reports / "latest").readlink() == Path(run_id)
        assert find_run(reports) == reports / run_id


def test_latest_may_be_a_file_with_the_id(tmp_path: Path) -> None:
    reports = reports_with(tmp_path, OLD, NEW)
    (reports / "latest").write_text(OLD + "\n", "utf-8")
    assert find_run(reports) == reports / OLD
    point_at(reports, NEW)
    assert find_run(reports) == reports / NEW


@pytest.mark.parametrize("content", [b"nonsense", b"\xff\xfe", b""])
def test_a_latest_that_leads_nowhere_gives_way_to_the_newest(content: bytes, tmp_path: Path) -> None:
    reports = reports_with(tmp_path, OLD, NEW)
    (reports / "latest").write_bytes(content)
    assert find_run(reports) == reports / NEW


def test_a_latest_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    reports = reports_with(tmp_path, OLD, NEW)
    (reports / "latest").mkdir()
    point_at(reports, OLD)
    assert find_run(reports) == reports / NEW
    point_at(tmp_path / "nowhere", OLD)


def test_a_run_of_a_newer_evalkit_is_refused_in_words(tmp_path: Path) -> None:
    archived(tmp_path, FOUR)
    path = tmp_path / RUN
    path.write_text(path.read_text("utf-8").replace('"format_version": 1', '"format_version": 2'), "utf-8")
    with pytest.raises(UserError, match=r"run\.json has format 2, this evalkit reads 1"):
        read_info(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": 1}', '{"format_version": "x"}', "\udcff"])
def test_a_run_json_that_is_none_is_refused_in_words(text: str, tmp_path: Path) -> None:
    (tmp_path / RUN).write_text(text, "utf-8", errors="surrogateescape")
    with pytest.raises(UserError, match=r"run\.json cannot be read"):
        read_run(tmp_path)


@pytest.mark.parametrize("line", ["{}", "nonsense", "[1]", '{"index": 0}'])
def test_a_line_that_is_no_result_is_named(line: str, tmp_path: Path) -> None:
    run = archived(tmp_path, FOUR)
    write_info(run.folder, run.info)
    path = tmp_path / RESULTS
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines[:2], line, *lines[2:], ""]), "utf-8")
    with pytest.raises(UserError, match=r"results\.jsonl:3 is no result"):
        read_run(tmp_path)


def test_a_run_without_results_file_is_refused_in_words(tmp_path: Path) -> None:
    archived(tmp_path, FOUR)
    (tmp_path / RESULTS).unlink()
    with pytest.raises(UserError, match=r"results\.jsonl cannot be read: No such file"):
        read_run(tmp_path)


def test_a_folder_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x", "utf-8")
    with pytest.raises(UserError, match="cannot be written: File exists") as caught:
        Archive(tmp_path / "out", INFO)
    assert "--out FOLDER" in caught.value.help


def test_a_full_disk_is_said_at_whatever_step_it_is_met(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=64) as disk:
        run = archived(disk / "run", FOUR)
        room = os.statvfs(disk)
        (disk / "ballast").write_bytes(b"x" * room.f_bavail * room.f_frsize)
        for step in (
            lambda: report(run, [Html()], StringIO()),
            lambda: write_info(run.folder, run.info),
            lambda: archived(disk / "other", FOUR),
            lambda: archived(run.folder, FOUR * 200),
        ):
            with pytest.raises(UserError, match="cannot be written: No space left on device"):
                step()
