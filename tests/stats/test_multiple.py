"""Several tests at once, held against statsmodels."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from evalkit.stats.multiple import holm
from tests.stats.oracles import NEAR, worst_difference


def _tables(count: int, most: int) -> list[list[float]]:
    random = Random(5)
    return [
        [random.choice([random.random(), random.random() ** 4, 0.01]) for _ in range(random.randint(1, most))]
        for _ in range(count)
    ]


def test_holm_is_that_of_statsmodels() -> None:
    pairs: list[tuple[float, float]] = []
    for p_values in _tables(20, 12):  # few, because each call of theirs collects garbage for 0.1 s
        pairs += zip(holm(p_values), multipletests(p_values, method="holm")[1], strict=True)
    assert worst_difference("holm beside statsmodels", pairs) < NEAR


def test_holm_is_the_closure_of_bonferroni() -> None:
    """A p value is adjusted to the largest Bonferroni p value of all sets of tests that it is in."""
    pairs: list[tuple[float, float]] = []
    for p_values in _tables(300, 6):
        tests = range(len(p_values))
        sets = [chosen for size in tests for chosen in combinations(tests, size + 1)]
        largest = {chosen: min(1.0, len(chosen) * min(p_values[test] for test in chosen)) for chosen in sets}
        closed = [max(p for chosen, p in largest.items() if test in chosen) for test in tests]
        pairs += zip(holm(p_values), closed, strict=True)
    assert worst_difference("holm beside the closed test", pairs) < NEAR


def test_no_test_needs_no_correction() -> None:
    assert holm([]) == []
    assert holm([0.04]) == [0.04]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjusted_p_values_are_larger_and_in_the_same_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= more <= 1 for p, more in zip(p_values, adjusted, strict=True))
    assert sorted(adjusted) == [more for _, more in sorted(zip(p_values, adjusted, strict=True))]


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="not all are p values"):
        holm([0.1, p])
