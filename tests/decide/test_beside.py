"""Two lists of cases, and two lists of columns, laid side by side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.decide.beside import Matcher, columns_beside, side_by_side
from evalkit.records.comparison import Matching
from evalkit.records.result import Column

IDS = st.lists(st.integers(0, 30), unique=True)


@given(IDS, IDS)
def test_every_case_comes_once_and_with_its_partner(ours: list[int], theirs: list[int]) -> None:
    met = list(side_by_side(((key, f"o{key}") for key in ours), ((key, f"t{key}") for key in theirs)))
    both = {*ours} & {*theirs}
    expected: set[tuple[str | None, str | None]] = {(f"o{key}", f"t{key}") for key in both}
    expected |= {(f"o{key}", None) for key in ours if key not in both}
    expected |= {(None, f"t{key}") for key in theirs if key not in both}
    assert len(met) == len(expected)
    assert set(met) == expected


def test_in_equal_order_nothing_has_to_wait() -> None:
    taken: list[str] = []

    def watched(side: str) -> list[tuple[int, str]]:
        return [(key, f"{side}{key}") for key in range(3)]

    ours = ((key, taken.append(name) or name) for key, name in watched("o"))  # type: ignore[func-returns-value]
    pairs = side_by_side(ours, iter(watched("t")))
    assert (next(pairs), taken) == (("o0", "t0"), ["o0"])


def test_what_became_of_each_case() -> None:
    matcher = Matcher()
    same = matcher.meet(("a", "1"), ("a", "1"))
    others = [
        matcher.meet(*pair)
        for pair in (
            (("b", "2"), ("b", "3")),
            (("new", "4"), None),
            (("renamed", "5"), None),
            (None, ("old", "5")),
            (None, ("gone", "6")),
            (("made-1", ""), None),  # where the id stands for the content, another id is another content
            (None, ("made-2", "")),
        )
    ]
    assert (same, others) == (True, [False] * 7)
    assert matcher.matching(1) == Matching(
        matched=1,
        tested=1,
        new=("new", "made-1"),
        gone=("gone", "made-2"),
        changed=("b",),
        renamed=(("old", "renamed"),),
    )


def columns(*names: str) -> list[Column]:
    """Columns of one spec, `model/variant` each."""
    return [Column("s", *name.split("/")) for name in names]


@pytest.mark.parametrize(
    ("ours", "theirs", "beside"),
    [
        (["m/"], ["m/"], {"m/": "m/"}),
        (["m2/"], ["m/"], {"m2/": "m/"}),  # the model was replaced
        (["m/short"], ["m/"], {"m/short": "m/"}),  # the prompt got a name
        (["m/a", "m/b"], ["m/b", "m/a"], {"m/a": "m/a", "m/b": "m/b"}),
        (["m/a", "m/c"], ["m/a", "m/b"], {"m/a": "m/a", "m/c": "m/b"}),  # a variant was replaced
        (["m/a", "m/b"], ["m/a"], {"m/a": "m/a"}),  # and one that is new has no baseline
        (["m2/a", "m2/b"], ["m/a", "m/b"], {"m2/a": "m/a", "m2/b": "m/b"}),
        (["x/1"], ["m/a", "m/b"], {}),
        (["x/1"], ["m/a"], {"x/1": "m/a"}),
        ([], ["m/a"], {}),
    ],
)
def test_a_column_is_compared_with_what_stood_in_its_place(
    ours: list[str], theirs: list[str], beside: dict[str, str]
) -> None:
    found = columns_beside(columns(*ours), columns(*theirs))
    assert {f"{a.model}/{a.variant}": f"{b.model}/{b.variant}" for a, b in found.items()} == beside
