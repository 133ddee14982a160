"""A judge beside people, held against statsmodels and the definition."""

from __future__ import annotations

from math import isclose
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from evalkit.stats.agreement import Judged, Kappa, cohen_kappa, judged, rogan_gladen, table
from tests.stats.oracles import NEAR, worst_difference

LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30)


def test_kappa_is_that_of_statsmodels() -> None:
    random = Random(41)
    pairs = []
    for _ in range(300):
        size = random.randint(2, 5)
        counts = [[random.randint(0, 30) + 20 * (i == j) for j in range(size)] for i in range(size)]
        ours, theirs = cohen_kappa(counts), cohens_kappa(counts)
        assert ours is not None
        pairs += [(ours.kappa, theirs.kappa), (ours.error, theirs.std_kappa)]
        pairs += [(ours.low, max(-1.0, theirs.kappa_low)), (ours.high, min(1.0, theirs.kappa_upp))]
    assert worst_difference("cohen_kappa", pairs) < NEAR


PINNED: list[tuple[str, list[list[float]], tuple[float, ...] | None]] = [
    ("25 of 50 by the judge, 30 by people", [[20, 5], [10, 15]], (0.4, 0.127, 0.1511, 0.6489)),
    ("perfect agreement", [[5, 0], [0, 7]], (1.0, 0.0, 1.0, 1.0)),
    ("perfect disagreement", [[0, 6], [6, 0]], (-1.0, 0.0, -1.0, -1.0)),
    ("one always says the same", [[8, 2], [0, 0]], (0.0, 0.0, 0.0, 0.0)),
    ("both always say the same", [[9, 0], [0, 0]], None),
    ("both always say their own", [[0, 9], [0, 0]], (0.0, 0.0, 0.0, 0.0)),
    ("a single label", [[9]], None),
]


@pytest.mark.parametrize(("counts", "kappa"), [row[1:] for row in PINNED], ids=[row[0] for row in PINNED])
def test_kappa_of_known_tables(counts: list[list[float]], kappa: tuple[float, ...] | None) -> None:
    found = cohen_kappa(counts)
    assert (found and tuple(round(number, 4) for number in found)) == kappa


@given(LABELS, st.randoms(use_true_random=False))
def test_kappa_knows_no_order_and_no_side(labels: list[tuple[str, str]], random: Random) -> None:
    def kappa(first: int) -> Kappa | None:
        return cohen_kappa(table([pair[first] for pair in labels], [pair[1 - first] for pair in labels]))

    found = kappa(0)
    random.shuffle(labels)
    for other in (kappa(0), kappa(1)):
        if found is None:
            assert other is None
        else:
            assert other == pytest.approx(found, abs=1e-7)
    if found is not None:
        assert -1 <= found.low <= found.kappa + 1e-12
        assert found.kappa - 1e-12 <= found.high <= 1


def test_a_table_counts_pairs_of_labels() -> None:
    assert table(["yes", "no", "yes", "maybe"], ["yes", "yes", "no", "maybe"]) == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]
    with pytest.raises(ValueError, match="2 labels and 1"):
        table(["yes", "no"], ["yes"])


def test_a_judge_is_counted_beside_people() -> None:
    pairs = [(True, True)] * 6 + [(True, False)] + [(False, True)] * 2 + [(False, False)] * 3
    found = judged(pairs)
    assert found == Judged(both=6, judge=1, people=2, neither=3)
    assert (found.sensitivity, found.specificity) == (6 / 8, 3 / 4)
    assert found.kappa == cohen_kappa([[6, 1], [2, 3]])


def test_what_people_never_said_leaves_an_error_unknown() -> None:
    assert (Judged(3, 0, 1, 0).sensitivity, Judged(3, 0, 1, 0).specificity) == (0.75, None)
    assert (Judged(0, 1, 0, 4).sensitivity, Judged(0, 1, 0, 4).specificity) == (None, 0.8)


@given(st.floats(0, 1), st.floats(0.55, 1), st.floats(0.55, 1))
def test_rogan_and_gladen_take_back_what_a_judge_does_to_a_rate(
    rate: float, sensitivity: float, specificity: float
) -> None:
    shown = rate * sensitivity + (1 - rate) * (1 - specificity)
    assert isclose(rogan_gladen(shown, sensitivity, specificity), rate, abs_tol=1e-9)


def test_rogan_and_gladen_stay_within_shares() -> None:
    assert rogan_gladen(0.05, 0.9, 0.9) == 0
    assert rogan_gladen(0.95, 0.9, 0.9) == 1


@pytest.mark.parametrize(
    ("rate", "sensitivity", "specificity", "why"),
    [(1.1, 0.9, 0.9, "in"), (0.5, -0.1, 0.9, "in"), (0.5, 0.9, float("nan"), "in"), (0.5, 0.4, 0.6, "chance")],
)
def test_what_no_rate_stands_behind_is_refused(rate: float, sensitivity: float, specificity: float, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        rogan_gladen(rate, sensitivity, specificity)


@pytest.mark.parametrize("counts", [[], [[0, 0], [0, 0]], [[1, 2]], [[1, 2], [3]], [[1, -1], [0, 1]], [[]]])
def test_what_is_no_table_is_refused(counts: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="the table is empty"):
        cohen_kappa(counts)


def test_confidence_is_a_share() -> None:
    with pytest.raises(ValueError, match="confidence 1"):
        cohen_kappa([[1, 2], [3, 4]], confidence=1)
