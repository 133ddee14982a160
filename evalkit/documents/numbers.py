"""Numbers of JSON that can be counted with: JSON has no infinity, and Python's reader makes one of `1e999`."""

from __future__ import annotations

from math import isinf

_TOO_LARGE = "a number is too large"


def finite(literal: str) -> float:
    """The number a JSON literal stands for. Raises ValueError for one that no float holds."""
    number = float(literal)
    if isinf(number):
        raise ValueError(_TOO_LARGE)
    return number


def bounded(literal: str, digits: int) -> int:
    """The whole number a JSON literal stands for. Raises ValueError where it has more digits than that."""
    if len(literal) > digits:
        raise ValueError(_TOO_LARGE)
    return int(literal)
