"""A comparison in words and figures, for every reporter: points, the verdict, what it could have seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evalkit.records.comparison import Baseline, Comparison, Interval, Movement
from evalkit.reporters.figures import NBSP, count, dollars, percent

NAMED = 3  # cases that are named in a sentence
MINUS = "\N{MINUS SIGN}"
MARK_BY_VERDICT = {
    "unchanged": "skipped",
    "no worse": "passed",
    "no alarm": "passed",
    "regressed": "failed",
    "undecided": "errored",
    "cannot judge": "errored",
}


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One line of the table of comparisons; `mark` is the outcome whose sign it bears."""

    mark: str
    column: str
    against: str
    before: str
    now: str
    change: str
    verdict: str


def rows_of(comparisons: Iterable[Comparison]) -> tuple[ComparisonRow, ...]:
    """The table, a line a column."""
    return tuple(_row(comparison) for comparison in comparisons)


def _row(found: Comparison) -> ComparisonRow:
    other = str(found.baseline) if found.baseline != found.column else ""
    return ComparisonRow(
        mark=MARK_BY_VERDICT[found.verdict] if found.gates else "skipped",
        column=str(found.column),
        against=other,
        before=percent(found.before, 0) if found.before is not None else "",
        now=percent(found.now, 0) if found.now is not None else "",
        change=change(found),
        verdict=verdict(found),
    )


def change(found: Comparison) -> str:
    """`−6 points (−15…+2)`; empty where nothing was compared."""
    if found.effect is None:
        return ""
    ends = f" ({_ends(found.interval)})" if found.interval else ""
    return f"{points(found.effect)}{ends}"


def verdict(found: Comparison) -> str:
    """The verdict, with the p value where it is an alarm, and whether anything was asked."""
    if found.verdict == "regressed" and found.p is not None:
        second = f", {p_value(found.second_p)} on fresh draws" if found.second_p is not None else ""
        return f"regressed, {p_value(found.p)}{second}"
    return "unchanged, not asked" if found.verdict == "unchanged" and found.now is None else found.verdict


def sentences(found: Comparison) -> Iterator[str]:
    """What a comparison found out, and what it could not see; a sentence each."""
    if found.reason:
        yield f"{found.reason[0].upper()}{found.reason[1:]}."
    tested = found.matching.tested
    if found.effect is not None and tested:
        moved = f"{len(found.worse):,} of {count(tested, 'tested case')} got worse, {len(found.better):,} better"
        yield f"{moved}{_worst(found.worse)}."
    if found.matching.matched > tested and tested:
        same = found.matching.matched - tested
        yield f"{count(same, 'case')} {'asks' if same == 1 else 'ask'} and {_expect(same)} the same as before."
    if found.reach is not None and found.verdict in ("no worse", "no alarm", "undecided"):
        yield f"This suite could have seen a drop of {_plain_points(found.reach)}{_more(found)}."
    yield from _about_cases(found)
    missing = sum(found.missing)
    if missing:
        before, now = found.missing
        yield f"{count(missing, 'draw')} without a verdict ({before:,} of the baseline, {now:,} now)."
    ours, theirs = found.served[1], found.served[0]
    if ours and theirs and set(ours) != set(theirs):
        yield f"The baseline was served by {', '.join(theirs)}, the candidate by {', '.join(ours)}."


def about_baseline(baseline: Baseline, comparisons: Iterable[Comparison]) -> str:
    """What the candidate was compared with, and how both were scored."""
    is_run = baseline.kind == "run"
    kept = "the candidate's replies are its own too (--reuse)" if baseline.is_reused else ""
    parts = [
        f"Compared with {baseline.shown or baseline.name}",
        "" if is_run and not any(found.matching.tested for found in comparisons) else "both scored by today's checks",
        kept,
    ]
    return "; ".join(part for part in parts if part) + "."


def cost_of(found: Comparison) -> str:
    """The calls that only the comparison wanted, and what they cost."""
    if not found.bought + found.replayed:
        return ""
    calls = f"{count(found.bought, 'more call')}, {found.replayed:,} replayed"
    return f"{calls}, {dollars(found.usd) if not found.unpriced else 'cost unknown'}"


def points(share: float) -> str:
    """A difference of shares in points, with its sign: `−6 points`."""
    shown = _signed(share)
    return f"{shown}{NBSP}{'point' if shown.strip(MINUS + '+') == '1' else 'points'}"


def p_value(p: float) -> str:
    """`p = 0.006`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def moved(movement: Movement) -> str:
    """`5 of 5 → 2 of 5`."""
    before = f"{_sum(movement.before)} of {movement.before_draws}"
    return f"{before} → {_sum(movement.now)} of {movement.now_draws}"


def _sum(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.2f}"


def _signed(share: float) -> str:
    """Points without decimals, one where that would be 0 and is not."""
    size = abs(share) * 100
    digits = 0 if size >= 0.95 or size == 0 else 1
    shown = f"{size:.{digits}f}"
    if float(shown) == 0:
        return "0" if size == 0 else f"{MINUS if share < 0 else '+'}<0.1"
    return f"{MINUS if share < 0 else '+'}{shown}"


def _ends(interval: Interval) -> str:
    return f"{_signed(interval.low)}…{_signed(interval.high)}"


def _plain_points(share: float) -> str:
    return points(share).lstrip("+")


def _worst(worse: tuple[Movement, ...]) -> str:
    names = ", ".join(movement.case for movement in worse[:NAMED])
    more = f" and {len(worse) - NAMED:,} more" if len(worse) > NAMED else ""
    return f" (worst: {names}{more})" if names else ""


def _expect(many: int) -> str:
    return "expects" if many == 1 else "expect"


def _more(found: Comparison) -> str:
    margin = _plain_points(found.rule.margin).split(NBSP)[0]
    if found.verdict == "no worse" or not found.more:
        return ""
    return f"; about {count(found.more, 'more draw')} an arm would settle a margin of {margin}"


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
    return ", ".join(names[:NAMED]) + more
