"""Where baselines come from: what happens when runs of one change become the baseline of the next."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Literal, NamedTuple

from benchmarks.simulate import Seen
from benchmarks.suites import Change, suite
from evalkit.stats.permutation import mid_p

CHANGES = 20  # before the one that is looked at
ALPHA = 0.05

Draws = list[list[bool]]


class Chain(NamedTuple):
    """Changes one after the other that change nothing, each tested against the samples of an earlier run.

    `kept` says which run's samples become the next baseline: the best one so far, or any one that was not red.
    """

    cases: int
    trials: int
    kept: Literal["best", "not red"]


def follow(chain: Chain, runs: int, seed: int = 1) -> Seen:
    """How often the change after the last one is called a regression; the same seed gives the same."""
    random, red = Random(f"{seed} {chain}"), 0
    for _ in range(runs):
        rates = suite(chain.cases, Change(), random).before
        baseline = _drawn(rates, chain.trials, random)
        for _ in range(CHANGES):
            candidate = _drawn(rates, chain.trials, random)
            if _is_kept(chain, baseline, candidate):
                baseline = candidate
        red += _is_red(baseline, _drawn(rates, chain.trials, random))
    return Seen(runs, Counter(regressed=red))


def _drawn(rates: tuple[float, ...], trials: int, random: Random) -> Draws:
    return [[random.random() < rate for _ in range(trials)] for rate in rates]


def _is_kept(chain: Chain, baseline: Draws, candidate: Draws) -> bool:
    if chain.kept == "best":
        return sum(map(sum, candidate)) > sum(map(sum, baseline))
    return not _is_red(baseline, candidate)


def _is_red(baseline: Draws, candidate: Draws) -> bool:
    return mid_p(list(zip(baseline, candidate, strict=True))) <= ALPHA
