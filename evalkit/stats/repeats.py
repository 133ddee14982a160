"""Several draws of a case: the chance that some or all of k pass, and how much draws disagree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb, fsum


def pass_at_k(passes: int, draws: int, k: int) -> float:
    """The chance, in [0, 1], that at least one of k draws passes: 1 − C(draws − passes, k)/C(draws, k).

    The unbiased estimate of Chen et al. (2021), arXiv 2107.03374, equation 1. Raises ValueError unless
    0 ≤ passes ≤ draws and 1 ≤ k ≤ draws.
    """
    _check(passes, draws, k)
    return (comb(draws, k) - comb(draws - passes, k)) / comb(draws, k)


def pass_hat_k(passes: int, draws: int, k: int) -> float:
    """The chance, in [0, 1], that all of k draws pass, pass^k: C(passes, k)/C(draws, k).

    The unbiased estimate of Yao et al. (2024), τ-bench, arXiv 2406.12045; (passes/draws)^k would be too high for
    it is not. Raises ValueError unless 0 ≤ passes ≤ draws and 1 ≤ k ≤ draws.
    """
    _check(passes, draws, k)
    return comb(passes, k) / comb(draws, k)


def flakiness(passes: int, draws: int) -> float:
    """The chance, in [0, 1], that two draws of a case differ: 2·passes·(draws − passes)/(draws·(draws − 1)).

    The unbiased estimate of 2p(1 − p), Simpson (1949), Nature 163, 688. Raises ValueError unless 0 ≤ passes ≤ draws
    and draws ≥ 2.
    """
    _check(passes, draws, 2)
    return 2 * passes * (draws - passes) / (draws * (draws - 1))


def disagreement(cases: Iterable[Sequence[float]]) -> float:
    """D, in [0, 1]: the mean over cases of the mean (x − y)² of two draws x, y of a case, given all its draws.

    For passes and failures, 1 and 0, it is the mean flakiness. With the draws of two arms put together it is D where
    nothing changed; with one draw an arm that is the share of discordant pairs. Draws are in [0, 1]. A case of a single
    draw says nothing and is left out; raises ValueError if no case has two draws.
    """
    found = [_mean_square_of_pairs(draws) for draws in cases if len(draws) > 1]
    if not found:
        raise ValueError("no case has two draws")
    return fsum(found) / len(found)


def _mean_square_of_pairs(draws: Sequence[float]) -> float:
    """Twice the sample variance: the same as the mean over all pairs."""
    mean = fsum(draws) / len(draws)
    return 2 * fsum((draw - mean) ** 2 for draw in draws) / (len(draws) - 1)


def _check(passes: int, draws: int, k: int) -> None:
    if not 0 <= passes <= draws or not 1 <= k <= draws:
        raise ValueError(f"{passes} passes of {draws} draws, {k} at a time")
