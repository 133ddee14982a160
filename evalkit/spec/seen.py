"""How often things were seen before, in 25 bytes or so for each of them: a run has many cases, and keeps none.

Things are told apart by 64 bits of a digest. Of a million, two are alike with a chance of one in thirty million; where
that would be a mistake, whoever asks must look at the things themselves.
"""

from __future__ import annotations

import hashlib
from array import array

_FEWEST = 1024  # places of a table; always a power of two


def fingerprint(text: str) -> int:
    """64 bits of a digest of a text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


class Seen:
    """Counts fingerprints. `len` is how many different ones there were."""

    def __init__(self) -> None:
        self._prints = array("Q", bytes(8 * _FEWEST))  # each at the first free place from where its last bits lead
        self._counts = array("I", bytes(4 * _FEWEST))
        self._used = 0

    def __len__(self) -> int:
        return self._used

    @property
    def size(self) -> int:
        """Bytes of its table."""
        return (self._prints.itemsize + self._counts.itemsize) * len(self._prints)

    def times(self, print_: int) -> int:
        """Count one more of a fingerprint; how many there are now."""
        place = self._place_of(print_)
        self._counts[place] += 1
        if self._counts[place] == 1:
            self._prints[place] = print_
            self._used += 1
            if self._used * 3 > len(self._prints) * 2:
                self._grow()
            return 1
        return self._counts[place]

    def count(self, print_: int) -> int:
        """How many there were of a fingerprint."""
        return self._counts[self._place_of(print_)]

    def copy(self) -> Seen:
        """Another one that goes on from here."""
        other = Seen()
        other._prints, other._counts, other._used = self._prints[:], self._counts[:], self._used
        return other

    def _place_of(self, print_: int) -> int:
        """Where a fingerprint is, or is to be."""
        prints, counts, last = self._prints, self._counts, len(self._prints) - 1
        place = print_ & last
        while counts[place] and prints[place] != print_:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        prints, counts = self._prints, self._counts
        self._prints = array("Q", bytes(16 * len(prints)))
        self._counts = array("I", bytes(8 * len(counts)))
        for print_, count in zip(prints, counts, strict=True):
            if count:
                place = self._place_of(print_)
                self._prints[place], self._counts[place] = print_, count
