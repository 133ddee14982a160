"""How many calls a provider is given at once: grown while that brings more replies, cut when it is too much.

Additive increase, multiplicative decrease (Chiu and Jain, 1989), in rounds: a round is as many replies as the limit,
all to calls that began after the limit's last change had taken effect. What was once found too much is tried again
only after a rest, which is longer each time. Until something is, the limit grows by one with each reply, which doubles
it in the time that a reply takes (the slow start of RFC 5681).
"""

from __future__ import annotations

START = 8  # calls at once, to begin with
IN_USE = 0.8  # share of the limit that must be in use for a reply to speak for more
ROUND = 8  # replies that a round has at least
GROWTH = 0.1  # share by which a limit grows in a round once it was found too high; at least one call
CUT = 0.7  # what is left of a limit that was too high; half of it in the slow start, which doubled it
STEP = 1.25  # growth after which a gain in replies a second must be seen
GAIN = 0.25  # share of that growth that the gain must have: a server that queues gives next to none
REST = 10  # rounds before a limit that was too high is tried again; twice as many each time, up to LONGEST_REST
LONGEST_REST = 160
_NEVER = float("inf")


class Limit:
    """A number from 1 to `ceiling`. Not for several threads at once; `at` and `begun` are seconds of one clock.

    What changes it returns why, as words, or "" where nothing changed.
    """

    def __init__(self, ceiling: int) -> None:
        self.ceiling = max(ceiling, 1)
        self.now = min(START, self.ceiling)
        self._round = self.now  # the limit that the round began with
        self._is_starting = True
        self._changed = -_NEVER
        self._settled = _NEVER  # when the first call that began after the change had its reply
        self._full = -_NEVER  # when so many calls were last under way that the limit was in use
        self._replies = 0
        self._seconds = 0.0
        self._busy = 0
        self._is_shaken = False  # the server broke in this round
        self._mark = (self.now, 0.0)  # a limit, and the replies a second that it brought
        self._too_high = _NEVER  # a limit that was
        self._resting = 0  # rounds left until it is tried again
        self._rest = REST

    def began(self, at: float, busy: int) -> None:
        """A call begins, and `busy`, itself among them, are under way: replies come in bursts that leave few."""
        if busy >= IN_USE * self.now:
            self._full = at

    def replied(self, at: float, begun: float, busy: int) -> str:
        """A call that began at `begun` has its reply, while `busy` calls, itself among them, were under way."""
        if begun >= self._changed:
            self._settled = min(self._settled, at)
        since = self._changed if self._is_opening else self._settled
        is_in_use = busy >= IN_USE * self.now or begun <= self._full
        if begun < since or not is_in_use:
            return ""
        self._replies += 1
        self._seconds += at - begun
        self._busy += busy
        if self._is_opening and not self._is_shaken:
            self.now = min(self.now + 1, self.ceiling)
        if self._replies < max(self._round, ROUND):
            return ""
        rate = self._busy / max(self._seconds, 1e-9)  # Little's law: what is under way = rate * time it takes
        self._begin_round()
        return self._round_ended(at, rate)

    def throttled(self, at: float, begun: float) -> str:
        """The server said that it is too much. Calls that began before the last change say nothing new."""
        left = 0.5 if self._is_starting else CUT
        return self._cut(at, left, "429") if begun >= self._changed else ""

    def timed_out(self, at: float, begun: float) -> str:
        """A call ran out of time: a server that queues has no other way to say that it is too much."""
        return self._cut(at, 0.5, "a call timed out") if begun >= self._changed else ""

    def broke(self) -> None:
        """The server failed for reasons of its own: the round begins again, so that nothing grows meanwhile."""
        self._begin_round()
        self._is_shaken = True

    def _begin_round(self) -> None:
        self._replies, self._seconds, self._busy, self._is_shaken = 0, 0.0, 0, False

    @property
    def _is_opening(self) -> bool:
        return self._is_starting and self._too_high == _NEVER

    def _round_ended(self, at: float, rate: float) -> str:
        (marked, before), limit = self._mark, self._round
        if limit >= STEP * marked and rate < before * (1 + GAIN * (limit / marked - 1)):
            return self._fall(at, marked, f"{marked} at once bring as many replies a second")
        if limit <= marked or limit >= STEP * marked:
            self._mark = (limit, rate)
        if self._is_opening:
            self._round = self.now
            return "replies came" if self.now > limit else ""
        if self.now >= self._too_high:
            self._too_high, self._rest = _NEVER, REST
        grown = self.now * 2 if self._is_starting else self.now + max(1, int(self.now * GROWTH))
        if grown >= self._too_high and self._resting:
            self._resting -= 1
            return ""
        return self._set(at, grown, "replies came")

    def _cut(self, at: float, left: float, why: str) -> str:
        self._is_starting = False
        return self._fall(at, int(self.now * left), why)

    def _fall(self, at: float, limit: int, why: str) -> str:
        if self.now >= self._too_high:
            self._rest = min(self._rest * 2, LONGEST_REST)
        self._too_high, self._resting = self._round, self._rest
        return self._set(at, limit, why)

    def _set(self, at: float, limit: int, why: str) -> str:
        limit = min(max(limit, 1), self.ceiling)
        if limit == self.now:
            return ""
        self.now, self._round, self._changed, self._settled = limit, limit, at, _NEVER
        self._begin_round()
        return why
