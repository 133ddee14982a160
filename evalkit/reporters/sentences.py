"""Comparisons in words: what was found out, what could not be seen, and what it took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

from evalkit.records.comparison import Baseline, Comparison, Movement
from evalkit.reporters.comparing import naming
from evalkit.reporters.figures import count, dollars
from evalkit.reporters.interface import one_line
from evalkit.reporters.points import ends, interval_name, is_apart

NAMED = 3  # cases that are named in a sentence
NAME_LIMIT = 80  # characters
REASON_LIMIT = 200
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Told:
    """What comparisons found out: what is true of all alike (`common`), and by their names what each found besides."""

    common: str
    each: tuple[tuple[str, str], ...]


def told_of(comparisons: Iterable[Comparison]) -> Told:
    """The comparisons in words; nothing is said twice that can be said of all."""
    found = list(comparisons)
    name_of, interval = naming(found), interval_name(found)
    said = [(each, list(sentences(each, interval if len(found) > 1 else ""))) for each in found]
    telling = [words for _, words in said if words]
    common = [one for one in telling[0] if all(one in words for words in telling)] if len(telling) > 1 else []
    own = ((each, [*(one for one in words if one not in common), cost_of(each)]) for each, words in said)
    told = ((name_of(each), " ".join(filter(None, words))) for each, words in own)
    return Told(
        common=f"Each column: {' '.join(common)}" if common else "",
        each=tuple((name, words) for name, words in told if words),
    )


def sentences(found: Comparison, interval: str = "") -> Iterator[str]:
    """What a comparison found out, and what it could not see; a sentence each.

    `interval` is what a table has called its intervals: a name that says how sure they are is not said again.
    """
    matching = found.matching
    named = interval_name([found])
    interval = "interval" if interval == named else named
    if reason := one_line(found.reason, REASON_LIMIT):
        yield f"{reason[0].upper()}{reason[1:]}."
    if found.effect is not None and matching.tested:
        yield f"{_how_many_moved(found)}{_worst(found.worse)}."
    if same := matching.matched - matching.tested if matching.tested else 0:
        yield f"{count(same, 'case')} {'asks and expects' if same == 1 else 'ask and expect'} the same as before."
    yield from _about_the_checks(found)
    yield from _about_the_interval(found, interval)
    if found.reach is not None and found.verdict in ("no worse", "no alarm", "undecided"):
        yield f"{_reach(found.reach, found.before)}{_more(found)}."
    if found.flaky:
        yield f"{count(found.flaky, 'case is', 'cases are')} flaky: draws of the same side differ."
    yield from _about_cases(found)
    before, now = found.missing
    if before + now:
        has = "has" if before + now == 1 else "have"
        yield f"{count(before + now, 'draw')} {has} no verdict: {before:,} of the baseline, {now:,} now."
    theirs, ours = found.served
    if found.is_served_otherwise:
        yield f"The baseline was served by {_some(theirs)}, the candidate by {_some(ours)}."


def about_baseline(baseline: Baseline, comparisons: Iterable[Comparison]) -> str:
    """What the candidate was compared with, and how both were scored."""
    is_scored = any(found.matching.tested for found in comparisons)
    scored = "both are scored by today's checks" if baseline.is_rescored else "each is as it was scored"
    parts = [
        f"Compared with {_closed(baseline.shown or baseline.name)}",
        scored if is_scored else "",
        "both share their replies (--reuse)" if baseline.is_reused else "",
    ]
    return "; ".join(part for part in parts if part) + "."


def cost_of(found: Comparison) -> str:
    """The draws that were compared, and what those cost that only the comparison wanted; "" where there are none."""
    before, now = found.draws
    if not before + now:
        return ""
    calls = f"{count(found.bought, 'more call')}, {found.replayed:,} replayed, {_price(found)}"
    drawn = f"Draws: {before:,} of the baseline, {now:,} now"
    return f"{drawn}; {calls}." if found.bought + found.replayed else f"{drawn}."


def _closed(name: str) -> str:
    """A name on one line; where it is cut in its brackets, these are closed."""
    line = one_line(name, NAME_LIMIT)
    return f"{line})" if line.endswith("…") and line.count("(") > line.count(")") else line


def _how_many_moved(found: Comparison) -> str:
    """`7 of 60 cases got worse, 2 better`: of cases drawn several times only how often they passed is known."""
    tested = found.matching.tested
    cases = count(tested, "case" if tested == found.matching.matched else "tested case")
    before, now = (ceil(draws / tested) for draws in found.draws)
    worse, better, when = "got worse", "better", ""
    if found.second_p is not None:
        when = "At the first draw "
    elif max(before, now) > 1:
        when = f"Over {count(before, 'draw')} a case {'' if before == now else f'before and {now:,} now '}"
        worse, better = ("scored lower", "higher") if _is_graded(found) else ("passed less often", "more often")
    return f"{when}{len(found.worse):,} of {cases} {worse}, {len(found.better):,} {better}"


def _is_graded(found: Comparison) -> bool:
    """Whether draws have scores between 0 and 1."""
    return any(total % 1 for movement in (*found.worse, *found.better) for total in (movement.before, movement.now))


def _about_the_checks(found: Comparison) -> Iterator[str]:
    if found.rejudged:
        has, outcome = ("has", "another outcome") if found.rejudged == 1 else ("have", "other outcomes")
        cases = count(found.rejudged, "case")
        yield f"{cases} {has} the same replies and {outcome}: the checks are others, not the prompt."


def _about_the_interval(found: Comparison, interval: str) -> Iterator[str]:
    if found.level < found.rule.alpha and found.p is not None and found.gates:
        yield f"Tested at {found.level:.2g}, its part of {found.rule.alpha:g} for all columns."
    if found.interval and is_apart(found):
        shown = ends(found.interval, found)
        yield f"Over all its draws the {interval} is {shown} points; the look that decided excludes the margin."
    if found.population and found.matching.tested:
        yield f"For cases like these the {interval} is {ends(found.population, found)} points."


def _price(found: Comparison) -> str:
    """In US dollars, as far as it is known."""
    if not found.unpriced:
        return dollars(found.usd)
    return f"{dollars(found.usd)} + {count(found.unpriced, 'call')} of unknown price" if found.usd else "cost unknown"


def _worst(worse: tuple[Movement, ...]) -> str:
    names = ", ".join(one_line(movement.case, NAME_LIMIT) for movement in worse[:NAMED])
    more = f" and {len(worse) - NAMED:,} more" if len(worse) > NAMED else ""
    return f" (worst: {names}{more})" if names else ""


def _reach(reach: float, before: float | None) -> str:
    """Rounded up: no smaller drop than this would have been found. A rate cannot fall by more than it is."""
    if reach >= 1 or (before is not None and reach > before):
        return "This suite could have seen no drop at all"
    whole = ceil(reach * 100 - _TOLERANCE)
    return f"This suite could have seen a drop of {count(whole, 'point')}"


def _more(found: Comparison) -> str:
    if found.verdict == "no worse" or not found.more:
        return ""
    step = 10 ** max(floor(log10(found.more)) - 1, 0)  # to two digits
    draws = count(ceil(found.more / step) * step, "more draw")
    return f"; about {draws} an arm would settle a margin of {found.rule.margin * 100:g}"


def _about_cases(found: Comparison) -> Iterator[str]:
    """Cases that are in no test, by what became of them."""
    matching = found.matching
    renamed = tuple(f"{old} → {now}" for old, now in matching.renamed)
    kinds = (("new", matching.new), ("gone", matching.gone), ("changed", matching.changed), ("renamed", renamed))
    told = [f"{len(names):,} {kind} ({_some(names)})" for kind, names in kinds if names]
    if told:
        yield f"In no test: {', '.join(told)}."


def _some(names: tuple[str, ...]) -> str:
    more = ", …" if len(names) > NAMED else ""
    return ", ".join(one_line(name, NAME_LIMIT) for name in names[:NAMED]) + more
