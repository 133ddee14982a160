"""Suites whose true pass rates are known, before a change and after it."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from random import Random
from typing import Literal, NamedTuple

MEAN = 0.85  # of the cases' pass rates
ALIKE = 0.5  # how far two draws of a case agree beyond chance: the intra-case correlation
_ALL = 1 / ALIKE - 1  # the sum of both parameters of the beta distribution that has it


class Change(NamedTuple):
    """What becomes of the pass rates: their mean falls by `drop`, in [0, 1), spread over the cases or in a few of them.

    `spread`: the log odds of every case fall by the same. `few`: one case after the other falls to 0, in random order,
    the last one by what is left.
    """

    how: Literal["spread", "few"] = "spread"
    drop: float = 0.0


class Suite(NamedTuple):
    """The chance that a draw of each case passes: in the baseline, in the candidate."""

    before: tuple[float, ...]
    now: tuple[float, ...]


def suite(cases: int, change: Change, random: Random) -> Suite:
    """Cases like those of a real suite: most pass nearly always, some nearly never, the rest is flaky."""
    before = _rates(cases, random)
    while sum(before) < change.drop * cases:
        before = _rates(cases, random)
    if not change.drop:
        return Suite(before, before)
    return Suite(before, _spread(before, change.drop) if change.how == "spread" else _few(before, change.drop, random))


def _rates(cases: int, random: Random) -> tuple[float, ...]:
    return tuple(1 - random.betavariate((1 - MEAN) * _ALL, MEAN * _ALL) for _ in range(cases))


def _spread(rates: Sequence[float], drop: float) -> tuple[float, ...]:
    """By halving: the fall of the log odds that lets the mean fall by `drop`."""
    goal, low, high = sum(rates) - drop * len(rates), 0.0, 40.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(_fallen(rates, middle)) > goal else (low, middle)
    return tuple(_fallen(rates, low))


def _fallen(rates: Sequence[float], by: float) -> list[float]:
    times = exp(by)
    return [rate / (rate + (1 - rate) * times) for rate in rates]


def _few(rates: Sequence[float], drop: float, random: Random) -> tuple[float, ...]:
    fallen, left = list(rates), drop * len(rates)
    for case in random.sample(range(len(rates)), len(rates)):
        fall = min(fallen[case], left)
        fallen[case] -= fall
        left -= fall
    return tuple(fallen)
