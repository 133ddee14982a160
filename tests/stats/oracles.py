"""Random suites for the formulas, and how near they come to what others compute."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hypothesis import strategies as st

NEAR = 1e-9

Case = tuple[list[float], list[float]]

_DRAWS = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=5)
_SCORES = st.lists(st.integers(0, 20).map(lambda twentieths: twentieths / 20), min_size=1, max_size=5)
SUITES = st.lists(st.tuples(_DRAWS, _DRAWS), min_size=1, max_size=12)
GRADED = st.lists(st.tuples(_SCORES, _SCORES), min_size=1, max_size=6)


def suite(random: Random, cases: int, draws: tuple[int, int], drop: float = 0.0) -> list[Case]:
    """Cases of passes and failures, from 1 to `draws` of them an arm; the candidate passes `drop` less often."""
    found: list[Case] = []
    for _ in range(cases):
        rate = random.betavariate(0.85, 0.3)
        arms = [
            [float(random.random() < chance) for _ in range(random.randint(1, most))]
            for chance, most in zip((rate, rate - drop), draws, strict=True)
        ]
        found.append((arms[0], arms[1]))
    return found


def worst_difference(what: str, pairs: Iterable[tuple[float, float]]) -> float:
    """The largest difference of ours and theirs, of values in [0, 1] and the like, said on standard output."""
    return _said(what, [abs(ours - theirs) for ours, theirs in pairs])


def worst_ratio(what: str, pairs: Iterable[tuple[float, float]]) -> float:
    """The same, as a share of theirs, for values that may be large or tiny."""
    return _said(what, [abs(ours / theirs - 1) for ours, theirs in pairs])


def _said(what: str, differences: list[float]) -> float:
    worst = max(differences)
    assert worst == worst, f"{what}: not a number"
    print(f"{what}: worst difference {worst:.1e} in {len(differences)}")
    return worst
