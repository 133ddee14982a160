"""What is few is made once; what is many is made anew, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from evalkit.records.problem import Place
from evalkit.records.spec import Case, Check
from evalkit.settings import settings_for
from evalkit.spec.few import Few, Room, weight_of
from evalkit.spec.load import read_all
from evalkit.spec.stream import CaseStream


@pytest.mark.parametrize(("many", "passes"), [(0, 1), (1, 1), (3, 1), (4, 3)])
def test_up_to_such_a_weight_they_are_made_once_and_all_passes_are_equal(many: int, passes: int) -> None:
    begun: list[int] = []

    def make() -> Iterator[int]:
        begun.append(1)
        yield from range(many)

    few = Few(make, lambda item: 10, Room(30))
    assert [list(few) for _ in range(3)] == [list(range(many))] * 3
    assert len(begun) == passes


def test_a_pass_that_was_broken_off_is_not_taken_for_the_whole() -> None:
    few = Few(lambda: iter("abc"), len, Room(30))
    assert list(islice(few, 2)) == ["a", "b"]
    assert list(few) == ["a", "b", "c"]


def test_a_pass_that_fails_fails_again() -> None:
    def make() -> Iterator[str]:
        yield "a"
        raise ValueError

    few = Few(make, len, Room(30))
    for _ in range(2):
        with pytest.raises(ValueError):  # noqa: PT011 - it is the one raised here
            list(few)


def test_what_is_few_takes_room_from_those_that_share_it() -> None:
    room, begun = Room(50), list[str]()

    def make(name: str) -> Iterator[str]:
        begun.append(name)
        yield from name

    names = ("first", "second", "third")  # the last finds no room, but for two letters
    shared = [Few(partial(make, name), lambda letter: 4, room) for name in names]
    assert [["".join(few) for few in shared] for _ in range(2)] == [[*names]] * 2
    assert (begun, room.left) == ([*names, "third"], 50 - 4 * len("firstsecond"))


def test_a_case_weighs_what_it_says_and_the_checks_that_came_with_it() -> None:
    shared, own = Check("contains", place=Place("a.yaml", 1, 1)), Check("contains", place=Place("rows.csv", 3, 1))
    case = Case("a", {"text": "", "list": []}, (shared,), place=Place("rows.csv", 3, 1))
    says = {"text": "x" * 1000, "list": ["y" * 1000, {"deep": "z" * 1000}]}
    more = weight_of(replace(case, vars=says)) - weight_of(case)
    assert 3000 < more < 3600
    assert weight_of(replace(case, checks=(shared, shared))) == weight_of(case)
    assert weight_of(replace(case, checks=(shared, own))) > weight_of(case)


def test_what_is_known_to_be_many_is_weighed_at_no_time() -> None:
    weighed: list[int] = []

    def weigh(item: int) -> int:
        weighed.append(item)
        return 1

    few = Few(lambda: iter(range(3)), weigh, Room(100))
    few.is_many = True
    assert [list(few), list(few), weighed] == [[0, 1, 2], [0, 1, 2], []]


def test_a_data_file_with_too_many_lines_is_many(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text('prompt: "{{ text }}"\nexpect: {contains: a}\ncases: {file: rows.csv}\n', "utf-8")
    for rows, is_many in ((1_000, False), (30_000, True)):
        (tmp_path / "rows.csv").write_text("text\n" + "a text of some length, so that it takes room\n" * rows, "utf-8")
        settings = settings_for((tmp_path / "a.yaml",), {}, models="echo/x", root=tmp_path)
        (spec,) = read_all(settings).specs
        assert isinstance(spec.cases, CaseStream)
        assert spec.cases.is_many is is_many
