"""A comparison in words and figures, for every reporter: points, the verdict, what it could have seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

from evalkit.decide.gate import exit_of
from evalkit.errors import Exit
from evalkit.records.comparison import Baseline, Comparison, Interval, Movement
from evalkit.records.result import Column
from evalkit.reporters.figures import MISSING, NBSP, count, dollars, percent
from evalkit.reporters.interface import one_line

NAMED = 3  # cases that are named in a sentence
NAME_LIMIT = 80  # characters
REASON_LIMIT = 200
UNASKED = 10  # columns without a change that have a row each
MINUS = "\N{MINUS SIGN}"
_MARK_BY_EXIT = {Exit.GATE_FAILED: "failed", Exit.NO_VERDICT: "errored", Exit.NOTHING_MEASURED: "skipped"}
_TOLERANCE = 1e-9  # ends of intervals are found by bisection


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One line of the table of comparisons; `mark` is the outcome whose sign it bears."""

    mark: str
    column: str
    before: str
    now: str
    change: str
    verdict: str


def worth_a_row(comparisons: Iterable[Comparison]) -> tuple[list[Comparison], int]:
    """The comparisons that have a row each, and how many have none: columns not asked, where these are many."""
    found = list(comparisons)
    told = [each for each in found if each.verdict != "unchanged" or each.now is not None]
    unasked = len(found) - len(told)
    return (told, unasked) if unasked > UNASKED else (found, 0)


def rows_of(comparisons: Iterable[Comparison]) -> tuple[ComparisonRow, ...]:
    """The table, a line a column."""
    comparisons = tuple(comparisons)
    with_model = has_models(comparisons)
    return tuple(
        ComparisonRow(
            mark=mark_of(found),
            column=f"{name_of(found, with_model)}{_beside(found)}",
            before=_rate(found, found.before),
            now=_rate(found, found.now),
            change=change(found),
            verdict=verdict(found),
        )
        for found in comparisons
    )


def mark_of(found: Comparison) -> str:
    """The outcome whose sign a comparison bears: a warning does not look like a success, nor a finding like a gate."""
    if not found.gates or found.verdict == "unchanged":
        return "skipped"
    is_open = found.verdict == "undecided" and not found.rule.require
    return "errored" if is_open else _MARK_BY_EXIT.get(exit_of(found), "passed")


def has_models(comparisons: Iterable[Comparison]) -> bool:
    """Whether names need the model."""
    return len({found.column.model for found in comparisons}) > 1


def name_of(found: Comparison, with_model: bool = True) -> str:
    """The compared column, on one line."""
    return _name(found.column, with_model)


def baseline_name(found: Comparison) -> str:
    """What tells the baseline's column from the candidate's; "" where they have the same name."""
    ours, theirs = found.column, found.baseline
    if ours.spec != theirs.spec:
        return _name(theirs, with_model=True)
    parts = [theirs.variant] if ours.variant != theirs.variant else []
    parts += [theirs.model] if ours.model != theirs.model else []
    return one_line(" › ".join(part or "the prompt without a name" for part in parts), NAME_LIMIT)


def change(found: Comparison) -> str:
    """`−6 points (−15…+2)`; empty where nothing was compared."""
    if found.effect is None:
        return ""
    shown = points(found.effect, _digits(found))
    return shown if found.interval is None or _is_apart(found) else f"{shown} ({_ends(found.interval, found)})"


def verdict(found: Comparison) -> str:
    """The verdict, with the p value where that decided it; of columns of one run without a gate, what was seen."""
    if found.kind == "column" and not found.gates:
        return _seen(found)
    if found.verdict == "unchanged":
        return "unchanged" if found.now is not None else "unchanged, not asked"
    required = f", {found.rule.require} required" if mark_of(found) == "failed" and found.verdict != "regressed" else ""
    second = f", {p_value(found.second_p)} on fresh draws" if found.second_p is not None else ""
    is_told = found.p is not None and found.verdict in ("regressed", "undecided")
    return f"{found.verdict}{f', {p_value(found.p)}{second}' if is_told and found.p is not None else ''}{required}"


def sentences(found: Comparison) -> Iterator[str]:
    """What a comparison found out, and what it could not see; a sentence each."""
    matching = found.matching
    if reason := one_line(found.reason, REASON_LIMIT):
        yield f"{reason[0].upper()}{reason[1:]}."
    if found.effect is not None and matching.tested:
        cases = count(matching.tested, "case" if matching.tested == matching.matched else "tested case")
        yield f"{len(found.worse):,} of {cases} got worse, {len(found.better):,} better{_worst(found.worse)}."
    if same := matching.matched - matching.tested if matching.tested else 0:
        yield f"{count(same, 'case')} {'asks and expects' if same == 1 else 'ask and expect'} the same as before."
    yield from _about_the_checks(found)
    yield from _about_the_interval(found)
    if found.reach is not None and found.verdict in ("no worse", "no alarm", "undecided"):
        yield f"{_reach(found.reach)}{_more(found)}."
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
        f"Compared with {one_line(baseline.shown or baseline.name, NAME_LIMIT)}",
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


def points(share: float, digits: int = 0) -> str:
    """A difference of shares in points, with its sign: `−6 points`; never 0 unless it is."""
    shown = _signed(share, digits)
    return f"{shown}{NBSP}{'point' if shown.strip(MINUS + '+') == '1' else 'points'}"


def p_value(p: float) -> str:
    """`p = 0.006`; one that is neither 0 nor 1 is not shown as such."""
    if p < 0.001 or 0.995 <= p < 1:
        return "p < 0.001" if p < 0.5 else "p > 0.99"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}" if p < 1 else "p = 1"


def moved(movement: Movement) -> str:
    """`5 of 5 → 2 of 5`."""
    before = f"{_sum(movement.before)} of {movement.before_draws:,}"
    return f"{before} → {_sum(movement.now)} of {movement.now_draws:,}"


def _name(column: Column, with_model: bool) -> str:
    parts = (column.spec, column.variant, column.model if with_model else "")
    return one_line(" › ".join(part for part in parts if part), NAME_LIMIT)


def _beside(found: Comparison) -> str:
    other = baseline_name(found)
    return f", beside {other}" if other else ""


def _rate(found: Comparison, share: float | None) -> str:
    return percent(share, _digits(found)) if share is not None else ""


def _digits(found: Comparison) -> int:
    """Decimals of rates and of their change: one where whole numbers would not add up."""
    if found.before is None or found.now is None or found.effect is None:
        return 0
    before, now, effect = (round(100 * share) for share in (found.before, found.now, found.effect))
    return int(now - before != effect)


def _seen(found: Comparison) -> str:
    """What two columns of one run show, each side for itself: nothing of it is a gate."""
    if found.p is None:
        return "the same" if found.verdict == "unchanged" else MISSING
    side, p = ("worse", found.p) if found.p < 0.5 else ("better", 1 - found.p)
    differs = p <= found.rule.alpha and found.p < 1  # 1 says that no case differs, which is no proof of anything
    return f"{side}, {p_value(p)}" if differs else "no difference seen"


def interval_name(comparisons: Iterable[Comparison]) -> str:
    """`90 % interval`; of comparisons that differ in it only `interval`."""
    names = {f"{100 * found.confidence:g} % interval" for found in comparisons}
    return names.pop() if len(names) == 1 else "interval"


def _is_apart(found: Comparison) -> bool:
    """Whether draws beside those that decided let the interval reach beyond the margin that they excluded."""
    low = found.interval.low if found.interval else 0.0
    return found.gates and found.verdict == "no worse" and low < -found.rule.margin - _TOLERANCE


def _about_the_checks(found: Comparison) -> Iterator[str]:
    if found.rejudged:
        has, outcome = ("has", "another outcome") if found.rejudged == 1 else ("have", "other outcomes")
        cases = count(found.rejudged, "case")
        yield f"{cases} {has} the same replies and {outcome}: the checks are others, not the prompt."


def _about_the_interval(found: Comparison) -> Iterator[str]:
    if found.level < found.rule.alpha and found.p is not None and found.gates:
        yield f"Tested at {found.level:.2g}, its part of {found.rule.alpha:g} for all columns."
    if found.interval and _is_apart(found):
        ends = _ends(found.interval, found)
        name = interval_name([found])
        yield f"Over all its draws the {name} is {ends} points; the look that decided excludes the margin."
    if found.population and found.matching.tested:
        yield f"For cases like these the {interval_name([found])} is {_ends(found.population, found)} points."


def _ends(interval: Interval, found: Comparison) -> str:
    """Both ends, each on the side of the margin that it is on."""
    return f"{_end(interval.low, found.rule.margin)}…{_end(interval.high, found.rule.margin)}"


def _end(share: float, margin: float) -> str:
    is_beyond = share < -margin - _TOLERANCE
    for digits in (0, 1, 2):
        if (round(share * 100, digits) < -margin * 100 - _TOLERANCE) == is_beyond:
            return _signed(share, digits)
    return _signed(share)


def _signed(share: float, digits: int = 0) -> str:
    """Points with so many decimals, or with as many as it takes not to be 0."""
    size = abs(share) * 100
    if size == 0:
        return "0"
    digits = max(digits, 1) if size < 0.95 else digits
    shown = f"{size:.{digits}f}"
    return f"{MINUS if share < 0 else '+'}{shown if float(shown) else '<0.1'}"


def _sum(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _price(found: Comparison) -> str:
    """In US dollars, as far as it is known."""
    if not found.unpriced:
        return dollars(found.usd)
    return f"{dollars(found.usd)} + {count(found.unpriced, 'call')} of unknown price" if found.usd else "cost unknown"


def _worst(worse: tuple[Movement, ...]) -> str:
    names = ", ".join(one_line(movement.case, NAME_LIMIT) for movement in worse[:NAMED])
    more = f" and {len(worse) - NAMED:,} more" if len(worse) > NAMED else ""
    return f" (worst: {names}{more})" if names else ""


def _reach(reach: float) -> str:
    """Rounded up: no smaller drop than this would have been found."""
    if reach >= 1:
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
