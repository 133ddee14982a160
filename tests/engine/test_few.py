"""What is few is made once; what is many is made anew, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from evalkit.engine.few import Few


@pytest.mark.parametrize(("many", "passes"), [(0, 1), (1, 1), (3, 1), (4, 3)])
def test_up_to_such_a_weight_they_are_made_once_and_all_passes_are_equal(many: int, passes: int) -> None:
    begun: list[int] = []

    def make() -> Iterator[int]:
        begun.append(1)
        yield from range(many)

    few = Few(make, lambda item: 10, most=30)
    assert [list(few) for _ in range(3)] == [list(range(many))] * 3
    assert len(begun) == passes


def test_a_pass_that_was_broken_off_is_not_taken_for_the_whole() -> None:
    few = Few(lambda: iter("abc"), len)
    assert list(islice(few, 2)) == ["a", "b"]
    assert list(few) == ["a", "b", "c"]


def test_a_pass_that_fails_fails_again() -> None:
    def make() -> Iterator[str]:
        yield "a"
        raise ValueError

    few = Few(make, len)
    for _ in range(2):
        with pytest.raises(ValueError):  # noqa: PT011 - it is the one raised here
            list(few)
