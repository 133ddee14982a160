"""So many units a minute: a token bucket that may run into debt, because some costs are only known afterwards."""

from __future__ import annotations

BURST = 0.1  # seconds whose worth may be taken at once, after a time in which nothing was; at least one unit


class Bucket:
    """Not for several threads at once; `at` is in seconds of one clock."""

    def __init__(self, a_minute: float, at: float) -> None:
        self._rate = a_minute / 60
        self._most = max(self._rate * BURST, 1.0)
        self._level = self._most
        self._at = at

    def delay(self, cost: float, at: float) -> float:
        """Seconds until `cost` may be taken; what costs more than fits must wait until the bucket is full."""
        self._level = min(self._level + (at - self._at) * self._rate, self._most)
        self._at = at
        return max(min(cost, self._most) - self._level, 0.0) / self._rate

    def take(self, cost: float) -> None:
        """Take `cost`, or give it back where it is below zero."""
        self._level -= cost
