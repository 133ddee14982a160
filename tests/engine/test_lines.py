"""Files of results: `results.jsonl`, and beside it `comparison.jsonl` with what only a comparison wanted."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.engine.archive import OTHERS, RESULTS, Archive, read_run, write_info
from evalkit.engine.lines import Lines, read_lines, replacing
from evalkit.errors import UserError
from evalkit.records.result import Result, WantedBy
from evalkit.records.run import RunInfo, StoredRun
from tests.projects import KEY
from tests.reporters.runs import a_failed_result, a_result

INFO = RunInfo("2026-11-22T19-04-31-3f2a", "2026-11-22T19:04:31+00:00", "0.1.0", "evalkit run specs/", planned=2)


def numbered(*arms: WantedBy) -> list[Result]:
    """A result for each arm, at consecutive places of the plan, each of a draw of its own."""
    return [replace(a_result(), index=index, arm=arm, draw=index + 1) for index, arm in enumerate(arms)]


OWN = numbered("", "")
THEIRS = numbered("baseline", "candidate", "baseline")


def archived(folder: Path, results: Sequence[Result], keys: Sequence[str] = ()) -> StoredRun:
    """A run that ended, its results coming in this order, as it is read from its folder."""
    with Archive(folder, INFO, keys) as archive:
        for result in results:
            archive.add(result)
        run = archive.finish(replace(INFO, state="finished"))
    write_info(folder, run.info)
    return read_run(folder)


def indexes(path: Path) -> list[int]:
    """What the lines of a file say of their place in the plan."""
    return [json.loads(line)["index"] for line in path.read_text("utf-8").splitlines()]


@given(order=st.permutations([*OWN, *THEIRS]))
def test_what_only_a_comparison_wanted_is_in_a_file_of_its_own_in_plan_order(
    tmp_path_factory: pytest.TempPathFactory, order: list[Result]
) -> None:
    """Both files count from 0, and no number of the run's counts the other's."""
    run = archived(tmp_path_factory.mktemp("run"), order)
    for _ in range(2):
        assert (list(run.results()), list(run.read_others())) == (OWN, THEIRS)
    assert indexes(run.folder / RESULTS) == [0, 1]
    assert indexes(run.folder / OTHERS) == [0, 1, 2]
    assert sum(column.trials.total for column in run.info.columns) == 2


def test_a_run_without_a_comparison_has_no_such_file(tmp_path: Path) -> None:
    run = archived(tmp_path, OWN)
    assert not (tmp_path / OTHERS).exists()
    assert list(run.read_others()) == []


def test_a_folder_that_is_used_again_keeps_nothing_of_the_run_before(tmp_path: Path) -> None:
    """`--out` may name one; a comparison of before would be read as one of this run."""
    archived(tmp_path, [*OWN, *THEIRS])
    run = archived(tmp_path, OWN[:1])
    assert (list(run.results()), list(run.read_others())) == (OWN[:1], [])


@given(order=st.permutations(THEIRS), data=st.data())
def test_a_comparison_killed_at_any_byte_is_read_up_to_there(
    tmp_path_factory: pytest.TempPathFactory, order: list[Result], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("run")
    with Archive(folder, INFO) as archive:
        for result in (*OWN, *order):
            archive.add(result)
    path = folder / OTHERS
    whole = path.read_bytes()
    left = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:left])
    run = read_run(folder)
    complete = order[: whole[:left].count(b"\n")]
    assert list(run.read_others()) == sorted(complete, key=lambda result: result.index)
    assert list(run.results()) == OWN


def test_a_result_of_a_comparison_is_on_its_way_to_the_disk_when_add_returns(tmp_path: Path) -> None:
    with Archive(tmp_path, INFO) as archive:
        for number, result in enumerate(THEIRS, start=1):
            archive.add(result)
            assert list(read_run(tmp_path).read_others()) == THEIRS[:number]


def test_keys_are_taken_out_of_what_a_comparison_keeps(tmp_path: Path) -> None:
    leaking = replace(a_failed_result(reason=f"the reply is {KEY!r}"), index=0, arm="baseline")
    run = archived(tmp_path, [*OWN, leaking], keys=[KEY])
    (result,) = run.read_others()
    assert result.scores[0].reason == "the reply is '[redacted]'"
    assert KEY not in (tmp_path / OTHERS).read_text("utf-8")


@pytest.mark.parametrize("order", [THEIRS, THEIRS[::-1]])
def test_what_a_comparison_keeps_is_its_owners_alone(order: list[Result], tmp_path: Path) -> None:
    """Also where the lines had to be put into order, into a file that takes the place of the first."""
    before = os.umask(0)
    try:
        archived(tmp_path, [*OWN[::-1], *order])
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"run.json": 0o600, RESULTS: 0o600, OTHERS: 0o600}


def test_few_results_are_at_hand_as_they_were_written_and_those_with_a_key_are_read_anew(tmp_path: Path) -> None:
    """What was taken out of a line is still in memory, so memory is not what the file says."""
    clean, leaky = Lines(tmp_path / "clean"), Lines(tmp_path / "leaky", [KEY])
    for result in OWN[::-1]:
        clean.add(result)
        leaky.add(result)
    leaky.add(replace(a_failed_result(reason=KEY), index=2))
    for lines in (clean, leaky):
        lines.put_in_order()
        lines.close()
    assert clean.few == tuple(OWN) == tuple(read_lines(tmp_path / "clean", is_in_order=True))
    assert leaky.few is None
    assert [result.index for result in read_lines(tmp_path / "leaky", is_in_order=True)] == [0, 1, 2]


def half_replaced(path: Path) -> None:
    """Begin to replace a file, and stop in the middle."""
    with replacing(path) as new:
        new.write_text("half", "utf-8")
        raise KeyboardInterrupt


def test_a_file_that_is_replaced_is_the_old_one_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old", "utf-8")
    with pytest.raises(KeyboardInterrupt):
        half_replaced(path)
    assert [(each.name, each.read_text("utf-8")) for each in tmp_path.iterdir()] == [("file", "old")]
    with replacing(path) as new:
        new.write_text("new", "utf-8")
        assert path.read_text("utf-8") == "old"
    assert [(each.name, each.read_text("utf-8")) for each in tmp_path.iterdir()] == [("file", "new")]


@pytest.mark.parametrize(("line", "place"), [('{"index": 3}', 4), ("[]", 1), ("no JSON", 1)])
@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_line_that_is_no_result_is_named_whatever_the_order(
    line: str, place: int, is_in_order: bool, tmp_path: Path
) -> None:
    """Where lines stand as they came, one without a place is read first."""
    archived(tmp_path, [*OWN, *THEIRS])
    path = tmp_path / OTHERS
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    where = 4 if is_in_order else place
    with pytest.raises(UserError) as raised:
        list(read_lines(path, is_in_order=is_in_order))
    assert raised.value.message == f"{path}:{where} is no result"
