"""Draws of a case: held against every way to choose them."""

from __future__ import annotations

from itertools import combinations
from math import isclose
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.stats.repeats import disagreement, flakiness, pass_at_k, pass_hat_k
from tests.stats.oracles import NEAR, worst_difference

DRAWN = st.integers(2, 60).flatmap(lambda draws: st.tuples(st.integers(0, draws), st.just(draws)))


def test_pass_at_k_and_pass_hat_k_are_shares_of_all_choices() -> None:
    at_least_one, every, differing = [], [], []
    for draws in range(2, 9):
        for passes in range(draws + 1):
            values = [1] * passes + [0] * (draws - passes)
            pairs = list(combinations(values, 2))
            differing.append((flakiness(passes, draws), sum(x != y for x, y in pairs) / len(pairs)))
            for k in range(1, draws + 1):
                chosen = list(combinations(values, k))
                at_least_one.append((pass_at_k(passes, draws, k), sum(map(any, chosen)) / len(chosen)))
                every.append((pass_hat_k(passes, draws, k), sum(map(all, chosen)) / len(chosen)))
    assert worst_difference("pass@k", at_least_one) < NEAR
    assert worst_difference("pass^k", every) < NEAR
    assert worst_difference("flakiness", differing) < NEAR


def test_pass_at_k_of_many_draws_is_that_of_scipy() -> None:
    random = Random(4)
    pairs = []
    for _ in range(300):
        draws = random.randint(2, 2000)
        passes, k = random.randint(0, draws), random.randint(1, draws)
        pairs.append((pass_at_k(passes, draws, k), stats.hypergeom.sf(0, draws, passes, k)))
        pairs.append((pass_hat_k(passes, draws, k), stats.hypergeom.pmf(k, draws, passes, k)))
    assert worst_difference("pass@k, pass^k of up to 2,000 draws", pairs) < NEAR


@given(DRAWN, st.data())
def test_more_tries_help_one_pass_and_hurt_all_passes(drawn: tuple[int, int], data: st.DataObject) -> None:
    passes, draws = drawn
    k = data.draw(st.integers(1, draws - 1))
    assert pass_at_k(passes, draws, k) <= pass_at_k(passes, draws, k + 1)
    assert pass_hat_k(passes, draws, k) >= pass_hat_k(passes, draws, k + 1)
    assert isclose(pass_at_k(passes, draws, k), 1 - pass_hat_k(draws - passes, draws, k), abs_tol=1e-12)


@given(st.lists(DRAWN, min_size=1), st.randoms(use_true_random=False))
def test_disagreement_is_the_mean_flakiness_in_any_order(drawn: list[tuple[int, int]], random: Random) -> None:
    cases = [[1.0] * passes + [0.0] * (draws - passes) for passes, draws in drawn]
    expected = sum(flakiness(*each) for each in drawn) / len(drawn)
    for case in cases:
        random.shuffle(case)
    random.shuffle(cases)
    assert isclose(disagreement(cases), expected, abs_tol=1e-12)


def test_disagreement_of_two_arms_of_one_draw_is_the_share_of_discordant_pairs() -> None:
    assert disagreement([[1, 0], [1, 1], [0, 1], [0, 0], [1, 1]]) == 2 / 5


def test_disagreement_of_scores_is_the_mean_square_over_pairs() -> None:
    cases = [[0.2, 0.4, 0.9], [0.5, 0.5], [0.7]]
    of_pairs = [sum((x - y) ** 2 for x, y in combinations(case, 2)) / len(case) for case in cases[:2]]
    assert isclose(disagreement(cases), (of_pairs[0] + 2 * of_pairs[1]) / 2, abs_tol=1e-12)


@pytest.mark.parametrize(("passes", "draws", "k"), [(-1, 3, 1), (4, 3, 1), (1, 3, 0), (1, 3, 4), (0, 0, 1)])
def test_what_cannot_be_drawn_is_refused(passes: int, draws: int, k: int) -> None:
    for formula in (pass_at_k, pass_hat_k):
        with pytest.raises(ValueError, match=f"{passes} passes of {draws} draws"):
            formula(passes, draws, k)


def test_a_single_draw_disagrees_with_nothing() -> None:
    with pytest.raises(ValueError, match="1 passes of 1 draws"):
        flakiness(1, 1)
    with pytest.raises(ValueError, match="no case has two draws"):
        disagreement([[1.0], [0.0]])
