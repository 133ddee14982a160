"""Laws of whole numbers: the hypergeometric one, and those of sums of independent numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import comb, fsum
from operator import mul
from typing import NamedTuple

_NEGLIGIBLE = 1e-40  # of the largest chance of a law; what is cut off its ends


class Law(NamedTuple):
    """The chances of the whole numbers from `least` on; all others have none."""

    least: int
    chances: tuple[float, ...]

    def mid_p(self, value: int) -> float:
        """The chance of a smaller number and half that of `value`: Lancaster (1961), JASA 56, 223–234."""
        place = value - self.least
        at = self.chances[place] if 0 <= place < len(self.chances) else 0.0
        return fsum(self.chances[: max(place, 0)]) + at / 2


class Urn(NamedTuple):
    """Balls, some of them marked, of which some are drawn without putting back."""

    balls: int
    marked: int
    drawn: int


@lru_cache(maxsize=1024)
def hypergeometric(urn: Urn) -> Law:
    """The law of the marked balls among those drawn: C(m, x)·C(n − m, k − x)/C(n, k), Fisher (1935), JRSS 98, 39–82.

    Raises ValueError unless 0 ≤ marked, drawn ≤ balls.
    """
    balls, marked, drawn = urn
    if not 0 <= marked <= balls or not 0 <= drawn <= balls:
        raise ValueError(f"no urn: {urn}")
    least, most = max(0, marked + drawn - balls), min(marked, drawn)
    ways = comb(balls, drawn)
    return Law(least, tuple(comb(marked, x) * comb(balls - marked, drawn - x) / ways for x in range(least, most + 1)))


def total(urns: Mapping[Urn, int]) -> Law:
    """The law of all marked balls drawn from so many urns of each kind.

    All sums are of chances, which are not negative, so nothing cancels: a chance is right to a relative 1e-12. Ends of
    less than 1e-40 of the largest chance are cut off. That makes the law of thousands of urns cheap: only what is
    within 14 standard deviations is worked out.
    """
    parts = (_repeated(urn, times) for urn, times in urns.items() if times)
    found = Law(0, (1.0,))
    for part in sorted(parts, key=lambda law: (len(law.chances), law)):  # so that the order of urns does not matter
        found = _sum(found, part)
    return found


@lru_cache(maxsize=512)
def _repeated(urn: Urn, times: int) -> Law:
    if times == 1:
        return hypergeometric(urn)
    half = _repeated(urn, times // 2)
    doubled = _sum(half, half)
    return _sum(doubled, hypergeometric(urn)) if times % 2 else doubled


def _sum(one: Law, other: Law) -> Law:
    """The law of the sum of two independent numbers."""
    short, long = sorted((one.chances, other.chances), key=len)
    padding, turned = (0.0,) * (len(short) - 1), short[::-1]
    padded, width = padding + long + padding, len(short)
    chances = [sum(map(mul, turned, padded[at : at + width])) for at in range(len(long) + width - 1)]
    return _without_ends(one.least + other.least, chances)


def _without_ends(least: int, chances: list[float]) -> Law:
    bound = max(chances) * _NEGLIGIBLE
    first, last = 0, len(chances)
    while chances[first] < bound:
        first += 1
    while chances[last - 1] < bound:
        last -= 1
    return Law(least + first, tuple(chances[first:last]))
