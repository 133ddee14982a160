"""How far a judge agrees with people: κ, sensitivity and specificity, and the rate behind a judge's rate."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from math import sqrt
from typing import NamedTuple

from evalkit.stats.distributions import normal_quantile


class Kappa(NamedTuple):
    """Cohen's κ in [−1, 1], 0 for chance, with its standard error and the ends of its interval."""

    kappa: float
    error: float
    low: float
    high: float


class Judged(NamedTuple):
    """How often a judge and people passed a reply: both, the judge alone, the people alone, neither."""

    both: int
    judge: int
    people: int
    neither: int

    @property
    def sensitivity(self) -> float | None:
        """The share of what people pass that the judge passes; None where people pass nothing (Yerushalmy 1947)."""
        return self.both / (self.both + self.people) if self.both + self.people else None

    @property
    def specificity(self) -> float | None:
        """The share of what people fail that the judge fails; None where people fail nothing (Yerushalmy 1947)."""
        return self.neither / (self.neither + self.judge) if self.neither + self.judge else None

    @property
    def kappa(self) -> Kappa | None:
        """Cohen's κ of the two, as `cohen_kappa` says."""
        return cohen_kappa([[self.both, self.judge], [self.people, self.neither]])


def judged(pairs: Iterable[tuple[bool, bool]]) -> Judged:
    """The counts of pairs (the judge passed it, people passed it)."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for pair in pairs:
        counts[pair] += 1
    return Judged(*counts.values())


def table(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[list[int]]:
    """How often two raters gave each pair of labels: a row for each label of the first, a column for each of the other.

    Labels stand in the order in which they were met. Raises ValueError for unequal lengths.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} labels and {len(second)}")
    place = {label: number for number, label in enumerate(dict.fromkeys((*first, *second)))}
    counts = [[0] * len(place) for _ in place]
    for one, other in zip(first, second, strict=True):
        counts[place[one]][place[other]] += 1
    return counts


def cohen_kappa(counts: Sequence[Sequence[float]], confidence: float = 0.95) -> Kappa | None:
    """κ = (p_o − p_e)/(1 − p_e) of a square table of counts.

    Cohen (1960), Educational and Psychological Measurement 20, 37–46. The standard error is that of Fleiss, Cohen &
    Everitt (1969), Psychological Bulletin 72, 323–327, for κ other than 0; the interval is κ ± z times it, within
    [−1, 1], and needs some 30 pairs to be of use. None where κ is undefined: both raters always gave one and the same
    label, so they agree by chance already.
    Raises ValueError for a table that is empty, not square or has a negative count, or a confidence outside (0, 1).
    """
    size, count = len(counts), sum(map(sum, counts))
    if any(len(row) != size or min(row) < 0 for row in counts) or count <= 0:
        raise ValueError("the table is empty, not square, or has a negative count")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence}")
    rows = [sum(row) / count for row in counts]
    columns = [sum(column) / count for column in zip(*counts, strict=True)]
    agreed = sum(counts[at][at] for at in range(size)) / count
    by_chance = sum(row * column for row, column in zip(rows, columns, strict=True))
    if max(counts[at][at] for at in range(size)) == count:
        return None
    kappa = (agreed - by_chance) / (1 - by_chance)
    squares = sum(
        counts[i][j] / count * ((i == j) - (columns[i] + rows[j]) * (1 - kappa)) ** 2
        for i in range(size)
        for j in range(size)
    )
    spread = squares - (kappa - by_chance * (1 - kappa)) ** 2
    error = sqrt(max(0.0, spread)) / ((1 - by_chance) * sqrt(count))
    reach = -normal_quantile((1 - confidence) / 2) * error
    return Kappa(kappa, error, max(-1.0, kappa - reach), min(1.0, kappa + reach))


def rogan_gladen(rate: float, sensitivity: float, specificity: float) -> float:
    """The share, in [0, 1], that people would pass, when a judge of known errors passes `rate`.

    (rate + specificity − 1)/(sensitivity + specificity − 1), Rogan & Gladen (1978), American Journal of Epidemiology
    107, 71–76, cut to [0, 1]. Raises ValueError for shares outside [0, 1] and for a judge no better than chance
    (sensitivity + specificity ≤ 1).
    """
    if not all(0 <= share <= 1 for share in (rate, sensitivity, specificity)):
        raise ValueError("rates, sensitivity and specificity are in [0, 1]")
    informed = sensitivity + specificity - 1
    if informed <= 0:
        raise ValueError("this judge is no better than chance")
    return min(1.0, max(0.0, (rate + specificity - 1) / informed))
