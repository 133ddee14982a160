"""The cases that moved most between two arms, and what was replied in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, product

from evalkit.records.comparison import Comparison, Movement
from evalkit.records.result import Column, Outcome, Result
from evalkit.records.run import StoredRun

TEXT_LIMIT = 5_000  # characters of a reply that are kept
_ALIKE = 200  # characters that two replies may have in common at their beginnings before these are cut
_BEFORE = 40  # of them that stay

_Key = tuple[bool, Column, str]  # whether it is of the other arm, column, case


@dataclass(frozen=True, slots=True)
class Said:
    """A reply of one draw, and whether it passed; `text` is cut to what a reader would read."""

    text: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Mover:
    """A case that moved, with replies that show it (`_at_odds`); None for one that is not kept."""

    found: Comparison
    movement: Movement
    was: Said | None = None
    now: Said | None = None

    @property
    def mark(self) -> str:
        """The outcome whose sign it bears."""
        return "failed" if self.movement.change < 0 else "passed"

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Both replies with their labels, from where they differ; one if they are the same."""
        if self.was is None and self.now is None:
            return (("replies", "(not kept)"),)
        was, now = (said.text or "(nothing)" if said else "(not kept)" for said in (self.was, self.now))
        if was == now:
            return (("both", was),)
        return tuple(zip(("was", "now"), _from_where_they_differ(was, now), strict=True))


def how_many_moved(comparisons: Iterable[Comparison]) -> int:
    """The cases that moved in comparisons that decide something."""
    return sum(len(found.worse) + len(found.better) for found in comparisons if found.gates)


def movers_of(run: StoredRun, most: int | None) -> tuple[Mover, ...]:
    """The cases that moved most, those that got worse first: `most` of them, or all (None)."""
    gating = [found for found in run.info.comparisons if found.gates]
    moved = [(found, movement) for found in gating for movement in (*found.worse, *found.better)]
    moved.sort(key=lambda pair: (pair[1].change > 0, -abs(pair[1].change)))
    chosen = moved[:most]
    draws = _draws(run, chosen)
    return tuple(
        Mover(found, movement, *_at_odds(movement, *(draws[key].said for key in _keys(found, movement))))
        for found, movement in chosen
    )


@dataclass(slots=True)
class _Draws:
    """What was said in one arm of a case, by draw, until all that were counted are met."""

    wanted: int
    said: dict[int, Said] = field(default_factory=dict)


def _draws(run: StoredRun, chosen: Sequence[tuple[Comparison, Movement]]) -> dict[_Key, _Draws]:
    """The draws with a verdict of the chosen cases; the results are read no further than to the last of them."""
    draws: dict[_Key, _Draws] = {}
    for found, movement in chosen:
        before, now = _keys(found, movement)
        draws |= {before: _Draws(movement.before_draws), now: _Draws(movement.now_draws)}
    lacking = sum(each.wanted for each in draws.values())
    for result in chain(run.read_others(), run.results()) if lacking else ():
        kept = draws.get((result.arm == "baseline", result.column, result.case))
        if kept and result.outcome in (Outcome.PASSED, Outcome.FAILED) and result.draw not in kept.said:
            kept.said[result.draw] = _said(result)
            lacking -= 1
            if not lacking:
                break
    return draws


def _keys(found: Comparison, movement: Movement) -> tuple[_Key, _Key]:
    """Where both arms of a case are: columns of one run are each other's baselines, so both are among its trials."""
    return (found.kind != "column", found.baseline, movement.case), (False, found.column, movement.case)


def _said(result: Result) -> Said:
    return Said(result.reply.text[:TEXT_LIMIT] if result.reply else "", result.outcome)


def _at_odds(movement: Movement, before: dict[int, Said], now: dict[int, Said]) -> tuple[Said | None, Said | None]:
    """Both arms at the first draw that moved as the case did; else two draws that did, else two replies that differ."""
    moved = (Outcome.PASSED, Outcome.FAILED) if movement.change < 0 else (Outcome.FAILED, Outcome.PASSED)
    pairs = [(before[draw], now[draw]) for draw in sorted(before.keys() & now.keys())]
    apart = ((was, then) for was, then in product(_in_order(before), _in_order(now)))
    by_outcome = (pair for pair in chain(pairs, apart) if (pair[0].outcome, pair[1].outcome) == moved)
    by_text = (pair for pair in pairs if pair[0] != pair[1])
    return next(chain(by_outcome, by_text, pairs), (_first(before), _first(now)))


def _first(said: dict[int, Said]) -> Said | None:
    return said[min(said)] if said else None


def _in_order(said: dict[int, Said]) -> list[Said]:
    return [said[draw] for draw in sorted(said)]


def _from_where_they_differ(was: str, now: str) -> Iterator[str]:
    """Both texts; of a long beginning that they share only its end."""
    apart = (place for place, (one, other) in enumerate(zip(was, now, strict=False)) if one != other)
    shared = next(apart, min(len(was), len(now)))
    start = max(shared - _BEFORE, 0) if shared > _ALIKE else 0
    while start and not was[start - 1].isspace() and shared - start < 2 * _BEFORE:
        start -= 1  # to the beginning of a word
    for text in (was, now):
        yield f"… {text[start:]}" if start else text
