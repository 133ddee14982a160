"""The test of two arms: whether the candidate's values could be so low if the labels of the arms meant nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from math import comb, fsum
from operator import add
from typing import TYPE_CHECKING

from evalkit.stats.laws import Urn, total

if TYPE_CHECKING:
    from random import Random

SHUFFLES = 9_999
SMALLEST = 1e-30  # p values below are given as this
_SAME = 1e-9  # totals that differ by less are equal: their parts were added in another order

Pool = tuple[tuple[float, ...], int]  # all values of a case, sorted, and how many of them the candidate has


def mid_p(cases: Sequence[tuple[Sequence[float], Sequence[float]]]) -> float:
    """The one-sided p value, in (0, 1], of "the candidate is worse": small when it is.

    Each case gives its draws, (baseline, candidate), in [0, 1]; the arms may have unequally many. Within each case the
    draws are dealt out to the arms anew in every way; the statistic is the total of the candidate's values, and the
    p value is the chance of a smaller total and half that of an equal one (mid-p).

    Passes and failures, 1 and 0: exact, to 1e-12, for the total's law is that of independent hypergeometric numbers
    (Mantel & Haenszel 1959, JNCI 22, 719–748; Lancaster 1961, JASA 56, 223–234). One draw an arm gives McNemar's mid-p
    (Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13, 91). Other values: 9,999 shuffles, the
    values as they came counted as one more (Phipson & Smyth 2010, SAGMB 9, 39); seeded by the values, so that equal
    ones give an equal p value in whatever order they come. Where no case has two different values it is 1.
    Raises ValueError for a case without a draw in an arm or a value outside [0, 1].
    """
    if not all(base and cand for base, cand in cases):
        raise ValueError("a case needs a draw in each arm")
    kinds = {value for base, cand in cases for value in (*base, *cand)}
    if not all(0 <= value <= 1 for value in kinds):
        raise ValueError("values are in [0, 1]")
    found = _exact(cases) if kinds <= {0, 1} else _shuffled(cases)
    return min(1.0, max(found, SMALLEST))


def _exact(cases: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float:
    urns: Counter[Urn] = Counter()
    observed = 0
    for base, cand in cases:
        passes, draws, now = int(sum(base) + sum(cand)), len(base) + len(cand), int(sum(cand))
        if 0 < passes < draws:
            urns[Urn(draws, passes, len(cand))] += 1
            observed += now
    return total(urns).mid_p(observed) if urns else 1.0


def _shuffled(cases: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float:
    from random import Random  # 2 ms

    varied = [(base, cand) for base, cand in cases if len({*base, *cand}) > 1]
    if not varied:
        return 1.0
    pools = sorted((tuple(sorted(map(float, (*base, *cand)))), len(cand)) for base, cand in varied)
    observed = fsum(value for _, cand in varied for value in cand)
    random = Random(repr(pools))
    totals = [-observed] * SHUFFLES
    for pool in pools:
        totals = list(map(add, totals, _dealt(pool, random)))
    below = sum(each < -_SAME for each in totals)
    equal = sum(-_SAME <= each <= _SAME for each in totals)
    return (below + (equal + 1) / 2) / (SHUFFLES + 1)


def _dealt(pool: Pool, random: Random) -> Iterable[float]:
    """The candidate's total of a case in each shuffle.

    Up to 256 hands (5 draws an arm have 252) are listed and one is drawn by each random byte, which is ten times as
    fast as shuffling. Bytes that would favour the first hands are thrown away.
    """
    values, size = pool
    hands = comb(len(values), size)
    if hands > 256:
        return [sum(random.sample(values, size)) for _ in range(SHUFFLES)]
    fair = 256 - 256 % hands
    totals = [sum(hand) for hand in combinations(values, size)] * (fair // hands)
    unfair = bytes(range(fair, 256))
    picks = b""
    while len(picks) < SHUFFLES:
        picks += random.randbytes(SHUFFLES).translate(None, unfair)
    return map(totals.__getitem__, picks[:SHUFFLES])
