"""How fast each provider was asked, as the report shows it: a quiet line, and the steps beneath it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evalkit.records.circumstances import Pace
from evalkit.reporters.figures import count, duration, seconds
from evalkit.reporters.interface import one_line

_NAME_LIMIT = 200
_WHY_LIMIT = 400


@dataclass(frozen=True, slots=True)
class PaceView:
    """One provider: its line, and when the limit of calls at once changed to what, and why."""

    line: str
    steps: tuple[str, ...]


def pace_views(paces: Iterable[Pace]) -> Iterator[PaceView]:
    """The views of those providers that were asked."""
    for pace in paces:
        if pace.highest:
            steps = (f"{seconds(step.seconds)}: {step.limit:,} at once, {step.why}" for step in pace.steps)
            yield PaceView(one_line(_line(pace), _NAME_LIMIT), tuple(one_line(step, _WHY_LIMIT) for step in steps))


def _line(pace: Pace) -> str:
    facts = [f"{pace.provider}: at most {count(pace.highest, 'call')} at once"]
    if pace.throttled:
        facts.append(f"429 answered {count(pace.throttled, 'time')}")
    if pace.paused:
        facts.append(f"left alone for {duration(pace.paused)}")
    return ", ".join(facts)
