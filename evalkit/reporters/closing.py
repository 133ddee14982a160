"""A run in a sentence: what its gates and comparisons came to, and what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from evalkit.decide.gate import exit_of, without_recording
from evalkit.errors import Exit
from evalkit.records.comparison import Comparison, ComparisonVerdict
from evalkit.records.run import RunInfo, Spending, Tally
from evalkit.reporters.comparing import is_warning
from evalkit.reporters.figures import UNKNOWN, cost, count

# What columns came to, of one and of several, in the order in which it is told.
_CAME_TO: Mapping[ComparisonVerdict, tuple[str, str]] = {
    "regressed": ("regressed", "regressed"),
    "cannot judge": ("cannot be judged", "cannot be judged"),
    "undecided": ("is undecided", "are undecided"),
    "no alarm": ("gave no alarm", "gave no alarm"),
    "no worse": ("is no worse", "are no worse"),
}


def verdict_of(info: RunInfo) -> str:
    """The run in a few words; of a run that did not end, only how far it came."""
    if info.state != "finished":
        return f"{'Interrupted' if info.state == 'interrupted' else 'Not finished'}: {how_far(info)}."
    compared = [found for found in info.comparisons if found.gates]
    match info.exit_code or Exit.OK:
        case Exit.OK:
            return _all_is_well(info, compared)
        case Exit.GATE_FAILED:
            return _sentence([*_failing_gates(info), *_came_to(compared, Exit.GATE_FAILED)])
        case Exit.NO_VERDICT:
            unjudged = list(_came_to(compared, Exit.NO_VERDICT))
            left_by = _open(info) or ("" if unjudged else "errors")
            return f"No verdict: {', '.join([f'it is left open by {left_by}'] * bool(left_by) + unjudged)}."
        case Exit.NOTHING_MEASURED:
            unrecorded = sum(column.trials.unrecorded for column in info.columns)
            unrecorded = unrecorded or sum(found.unrecorded for found in compared)
            return f"Not verifiable here: {without_recording(unrecorded)}." if unrecorded else "Nothing was measured."
    return ""


def how_far(info: RunInfo) -> str:
    """How far a run came that did not end: of two arms, whose stages are not known beforehand, only what is done."""
    trials = sum((column.trials for column in info.columns), Tally())
    done = trials.total - trials.unasked
    if info.baseline and info.baseline.kind == "revision":
        return f"{count(done, 'trial')} of the candidate done, nothing is decided"
    return f"{done:,} of {count(max(info.planned, trials.total), 'trial')} done"


def mark_of_run(info: RunInfo) -> str:
    """The outcome whose sign a run bears: what holds with a warning is no success."""
    if info.state != "finished":
        return "errored"
    mark = {Exit.OK: "passed", Exit.GATE_FAILED: "failed"}.get(Exit(info.exit_code or Exit.OK), "errored")
    return "errored" if is_warned(info) else mark


def is_warned(info: RunInfo) -> bool:
    """Whether a build goes on although a comparison of it is undecided."""
    is_good = info.state == "finished" and not info.exit_code
    return is_good and any(map(is_warning, info.comparisons))


def spending_of(info: RunInfo) -> Spending:
    """What a run took, with what only a comparison wanted; of that the tokens are not known."""
    extra = (Spending(f.bought, f.replayed, usd=f.usd, unpriced=f.unpriced) for f in info.comparisons)
    return sum((column.spending for column in info.columns), sum(extra, Spending()))


def figures_of(info: RunInfo) -> str:
    """Calls, money and time, those included that only a comparison wanted: `180 calls, 120 replayed, $0.0061, 9.8 s`.

    A run without a comparison says how many cases it had, too.
    """
    spent = spending_of(info)
    cases = [] if info.comparisons else [count(sum(column.cases.total for column in info.columns), "case")]
    figures = [*cases, count(spent.fresh, "call"), f"{spent.replayed:,} replayed"]
    if spent.fresh + spent.replayed:
        price = money(spent)
        figures.append("cost unknown" if price == UNKNOWN else price)
    return ", ".join([*figures, f"{info.seconds:.1f} s"])


def money(spent: Spending) -> str:
    """What calls cost, in a few words."""
    known, rest = cost(spent)
    return f"{known} {rest}".strip()


def _all_is_well(info: RunInfo, compared: list[Comparison]) -> str:
    gates = ["every gate holds"] if any(column.rules for column in info.columns) or not compared else []
    if compared and all(found.verdict == "unchanged" for found in compared):
        what = "no compared case" if _is_more_than_compared(info, compared) else "nothing that reaches a model"
        return _sentence([*gates, f"{what} changed"])
    return _sentence([*gates, *_came_to(compared, Exit.OK)])


def _is_more_than_compared(info: RunInfo, compared: Iterable[Comparison]) -> bool:
    """Whether the run has columns or cases without a baseline."""
    whole = {found.column for found in compared if found.matching.matched == found.matching.candidates}
    return any(column.column not in whole for column in info.columns)


def _failing_gates(info: RunInfo) -> Iterator[str]:
    failing = sum(column.verdict == "fails" for column in info.columns)
    if failing or not any(found.gates for found in info.comparisons):
        fails = "fails its" if failing == 1 else "fail their"
        yield f"{failing} of {count(len(info.columns), 'column')} {fails} gate"


def _came_to(compared: Iterable[Comparison], code: Exit) -> Iterator[str]:
    """The verdicts that end a command with this code: `1 of 2 compared columns is undecided`."""
    judged = [found for found in compared if found.verdict != "unchanged"]
    many = Counter((found.verdict, bool(found.rule.require)) for found in judged if exit_of(found) == code)
    columns = count(len(judged), "compared column")
    for verdict, words in _CAME_TO.items():
        for is_required in (False, True):
            if found := many[verdict, is_required]:
                is_short = is_required and verdict in ("undecided", "no alarm")
                yield f"{found} of {columns} {words[found > 1]}{' where no worse is required' if is_short else ''}"
                columns = "them"


def _open(info: RunInfo) -> str:
    """What has no verdict."""
    trials = sum((column.trials for column in info.columns), Tally())
    errored = [count(trials.errored, "error")] if trials.errored else []
    unasked = [f"{count(trials.unasked, 'trial')} not asked"] if trials.unasked else []
    unrecorded = [f"{count(trials.unrecorded, 'trial')} not recorded"] if trials.unrecorded else []
    return " and ".join(errored + unasked + unrecorded)


def _sentence(parts: Iterable[str]) -> str:
    """The parts as one sentence; "" of none."""
    words = ", ".join(parts)
    return f"{words[0].upper()}{words[1:]}." if words else ""
