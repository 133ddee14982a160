"""Live progress on standard error: an updating block on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import time
from collections import deque
from typing import IO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from evalkit.records.event import Ended, Event, Finished, Noted, Planned, Stopping, Waiting, Warned
from evalkit.records.result import Outcome, Result
from evalkit.records.run import Spending
from evalkit.reporters.figures import cost, count, dollars, duration, seconds
from evalkit.reporters.interface import harmless, one_line
from evalkit.reporters.problems import listed

EVERY = 10.0  # seconds between lines where there is no terminal
_WINDOW = 200  # results over which the rate is taken


class _Counts:
    """What has happened so far, in all stages of a run."""

    def __init__(self) -> None:
        self.opening = ""
        self.planned = 0
        self.done = 0
        self.failed = 0
        self.errored = 0
        self.skipped = 0
        self.unrecorded = 0
        self.spent = Spending()
        self.by_spec: dict[str, list[int]] = {}
        self.waiting: tuple[float, str] = (0.0, "")
        self.is_stopping = False
        self._recent: deque[float] = deque(maxlen=_WINDOW)

    def plan(self, planned: Planned) -> None:
        """One stage more; of two arms some cases are asked again when it is known which."""
        self.opening = _opening(planned, is_first=not self.planned)
        self.planned += planned.trials
        for name, trials in planned.specs:
            self.by_spec.setdefault(name, [0, 0, 0])[0] += trials

    def add(self, result: Result) -> None:
        now = time.monotonic()
        self.done += 1
        self.failed += result.outcome is Outcome.FAILED
        self.errored += result.outcome is Outcome.ERRORED
        is_unrecorded = result.error is not None and result.error.kind == "unrecorded"
        self.unrecorded += is_unrecorded
        self.skipped += result.outcome is Outcome.SKIPPED and not is_unrecorded
        for call in result.calls:
            if call.origin == "fresh":
                usd = call.reply.usd if call.reply else 0.0
                self.spent += Spending(fresh=1, usd=usd or 0.0, unpriced=int(usd is None))
        counts = self.by_spec.get(result.spec)
        if counts:
            counts[1] += 1
            counts[2] += result.outcome is not Outcome.PASSED
        self._recent.append(now)

    def line(self) -> str:
        """`43 of 128 done, 2 failed, 0 errored, $0.0012, 7 s left`."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        skipped += f", {self.unrecorded} not recorded" if self.unrecorded else ""
        return (
            f"{self.done} of {self.planned} done, {self.failed} failed, {self.errored} errored{skipped}, "
            f"{cost(self.spent)[0]}{self._left()}"
        )

    def rate(self) -> float:
        """Results a second of late."""
        if len(self._recent) < 2:
            return 0.0
        return (len(self._recent) - 1) / max(time.monotonic() - self._recent[0], 1e-6)

    def _left(self) -> str:
        rate, remaining = self.rate(), self.planned - self.done
        return f", {_coarse(remaining / rate)} left" if rate and remaining else ""


def _coarse(left: float) -> str:
    """Whole seconds, or minutes and seconds."""
    return duration(left) if left >= 60 else f"{max(round(left), 1)} s"


def _opening(planned: Planned, *, is_first: bool) -> str:
    """What a stage of a run is about to ask."""
    specs = count(len(planned.specs), "spec")
    what = f"{specs}, {count(planned.trials, 'trial')}"
    if not is_first:
        what = f"asking again: {count(planned.trials, 'draw')} in {specs}"
    missing = f", {planned.unrecorded:,} not recorded" if planned.unrecorded else ""
    calls = f"{count(planned.to_ask, 'call')} to make, {planned.recorded:,} recorded{missing}"
    usd = f", at most {dollars(planned.usd)}" if planned.usd else "" if planned.usd == 0 else ", cost unknown"
    pace = f", {planned.workers} at a time{usd}" if planned.to_ask else ""
    return f"{what} on {one_line(', '.join(planned.models), 60)}: {calls}{pace}"


def _warnings(event: Warned) -> str:
    return "\n".join(listed(event.problems))


class Lines:
    """Progress for logs: a line at the start, one every ten seconds; of many waits at once, the first."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._counts = _Counts()
        self._last = time.monotonic()
        self._waited = -EVERY

    def on(self, event: Event) -> None:
        """Note the event; write a line when it is time."""
        if isinstance(event, Warned):
            self._write(_warnings(event))
        elif isinstance(event, Noted):
            self._write(one_line(event.text, 400))
        elif isinstance(event, Planned) and event.trials:
            self._counts.plan(event)
            self._write(self._counts.opening)
        elif isinstance(event, Finished):
            self._counts.add(event.result)
            if time.monotonic() - self._last >= EVERY:
                self._write(self._counts.line())
        elif isinstance(event, Waiting):
            if time.monotonic() - self._waited >= EVERY:
                self._waited = time.monotonic()
                self._write(_waiting(event))
        elif isinstance(event, Stopping):
            self._write("stopping: calls in flight get 5 s; Ctrl-C again ends at once")

    def _write(self, line: str) -> None:
        self._last = time.monotonic()
        print(harmless(line), file=self._out, flush=True)


def _waiting(event: Waiting) -> str:
    return f"waiting {seconds(event.seconds)}: {one_line(event.why, 100)} (attempt {event.attempt} of {event.attempts})"


class Block:
    """Progress for terminals: one block that is redrawn a few times a second, and gone at the end."""

    def __init__(self, out: IO[str]) -> None:
        self._console = Console(file=out, highlight=False, markup=False, emoji=False)
        self._live: Live | None = None
        self._counts = _Counts()

    def on(self, event: Event) -> None:
        """Note the event; drawing happens on a clock of its own."""
        if isinstance(event, Warned):
            self._console.print(Text(_warnings(event)), soft_wrap=True)
        elif isinstance(event, Noted):
            self._console.print(Text(harmless(one_line(event.text, 400))), soft_wrap=True)
        elif isinstance(event, Planned) and event.trials:
            self._counts.plan(event)
            self._start()
        elif isinstance(event, Ended) and self._live:
            self._live.stop()
        elif isinstance(event, Finished):
            self._counts.add(event.result)
        elif isinstance(event, Waiting):
            self._counts.waiting = (time.monotonic() + event.seconds, _waiting(event))
        elif isinstance(event, Stopping):
            self._counts.is_stopping = True

    def _start(self) -> None:
        if self._live is None:
            self._live = Live(console=self._console, get_renderable=self._drawn, refresh_per_second=8, transient=True)
            self._live.start()

    def _drawn(self) -> RenderableType:
        counts = self._counts
        table = Table.grid(padding=(0, 2, 0, 0))
        for name, (total, done, not_passed) in list(counts.by_spec.items())[-12:]:
            said = f"{not_passed} did not pass" if not_passed else ""
            bar = ProgressBar(total=total, completed=done, width=20)
            table.add_row(Text(one_line(name, 28)), bar, Text(f"{done}/{total}"), Text(said, "red"))
        status = [Text(f"{counts.line()} · {counts.rate():.1f}/s", "dim")]
        until, words = counts.waiting
        if until > time.monotonic():
            status.append(Text(words, "yellow"))
        if counts.is_stopping:
            status.append(Text("stopping: calls in flight get 5 s; Ctrl-C again ends at once", "yellow"))
        return Group(Text(counts.opening, "dim"), Text(), table, Text(), *status)


class Silent:
    """No progress at all."""

    def on(self, event: Event) -> None:
        """Nothing."""
