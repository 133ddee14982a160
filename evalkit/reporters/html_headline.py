"""The report's first sentence: what became of the run, and the line of evidence beneath it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evalkit.decide.gate import exit_of, without_recording
from evalkit.errors import Exit
from evalkit.records.run import ColumnSummary, RunInfo, Tally, Verdict
from evalkit.reporters.closing import how_far, mark_of_run, verdict_of
from evalkit.reporters.comparing import is_warning, naming, verdict
from evalkit.reporters.figures import count, interval, percent
from evalkit.reporters.html_columns import column_names
from evalkit.reporters.interface import one_line
from evalkit.reporters.points import change
from evalkit.reporters.sentences import sentences

EVIDENCE_LIMIT = 400
TOLD = 4  # comparisons that are named as evidence
_VERDICT_BY_EXIT: Mapping[int, Verdict] = {
    Exit.OK: "holds",
    Exit.GATE_FAILED: "fails",
    Exit.NO_VERDICT: "open",
    Exit.NOTHING_MEASURED: "empty",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """A sentence of which `strong` is printed in the ink of `kind`, and one line of evidence."""

    kind: str
    strong: str
    rest: str
    evidence: str
    lead: str = ""


def headline_of(info: RunInfo) -> Headline:
    """The headline of a run: that it was interrupted, else its verdict."""
    cases = sum((each.cases for each in info.columns), Tally())
    if info.state != "finished":
        return _unfinished(info)
    if any(found.gates for found in info.comparisons):
        return _compared(info)
    match _verdict(info, cases):
        case "holds":
            return _holds(info.columns, cases)
        case "fails":
            return _fails(info.columns, cases)
        case "open":
            return _no_verdict(info)
        case "unrecorded":
            return _unverified(info)
        case "empty":
            none = f"{count(cases.skipped, 'case')} skipped." if cases.skipped else "No case was asked."
            return Headline("skipped", "Nothing was measured", "", _reasons(info.columns, "empty") or none)


def _unfinished(info: RunInfo) -> Headline:
    """A run that was broken off has results, and no verdict of any kind."""
    trials = sum((each.trials for each in info.columns), Tally())
    strong = "Interrupted" if info.state == "interrupted" else "Not finished"
    evidence = f"{_counts(trials) or 'Nothing was asked'}. Continue with: {info.command}"
    return Headline(mark_of_run(info), strong, f": {how_far(info)}", one_line(evidence, EVIDENCE_LIMIT))


def _compared(info: RunInfo) -> Headline:
    """A run that was compared: what its gates and its comparisons came to, and those that say why."""
    kind = mark_of_run(info)
    reasons = _reasons(info.columns, "fails" if kind == "failed" else "open")
    evidence = " · ".join(filter(None, (reasons, *_evidence(info))))
    return Headline(kind, verdict_of(info).removesuffix("."), "", one_line(evidence, EVIDENCE_LIMIT))


def _evidence(info: RunInfo) -> Iterator[str]:
    """The comparisons that brought the verdict about: one in all its words, several with their changes."""
    compared = [found for found in info.comparisons if found.gates and found.verdict != "unchanged"]
    name_of = naming(compared)
    telling = [found for found in compared if exit_of(found) == info.exit_code] or compared
    telling.sort(key=lambda found: not is_warning(found))
    if len(telling) == 1:
        found = telling[0]
        yield f"{name_of(found)}: {change(found) or verdict(found)}. {' '.join(sentences(found))}"
        return
    for found in telling[:TOLD]:
        yield f"{name_of(found)}: {change(found) or verdict(found)}"
    if len(telling) > TOLD:
        yield f"and {len(telling) - TOLD:,} more"


def _verdict(info: RunInfo, cases: Tally) -> Verdict:
    """The one of the exit code, else the worst of the columns; without a measurement nothing holds."""
    verdicts = {each.verdict for each in info.columns}
    order: tuple[Verdict, ...] = ("fails", "open", "unrecorded", "empty", "holds")
    verdict: Verdict = next((each for each in order if each in verdicts), "empty")
    if info.exit_code is not None:
        verdict = _VERDICT_BY_EXIT.get(info.exit_code, "open")
        verdict = "unrecorded" if verdict == "empty" and "unrecorded" in verdicts else verdict
    return "empty" if verdict == "holds" and not cases.decided else verdict


def _holds(columns: Sequence[ColumnSummary], cases: Tally) -> Headline:
    strong = "The gate holds" if len(columns) == 1 else "Every gate holds"
    return Headline("passed", strong, _passed(cases), " ".join(_reassurance(columns, cases)))


def _passed(cases: Tally) -> str:
    return f": {cases.passed:,} of {count(cases.decided, 'case')} passed"


def _reassurance(columns: Sequence[ColumnSummary], cases: Tally) -> Iterator[str]:
    rated = [(each.pass_rate, each.column) for each in columns if each.pass_rate]
    if len(rated) == 1:
        yield f"95 % interval {interval(rated[0][0])}."
    elif cases.failed:
        lowest, column = min(rated, key=lambda pair: pair[0].value)
        yield f"The lowest rate is {percent(lowest.value)}, of {column_names(columns)[column]}."
    if cases.failed or cases.open:
        yield f"{_counts(replace(cases, passed=0))}, which the gate allows."
    else:
        yield "No case failed and none errored."


def _fails(columns: Sequence[ColumnSummary], cases: Tally) -> Headline:
    names = column_names(columns)
    failing = [str(names[each.column]) for each in columns if each.verdict == "fails"]
    evidence = _reasons(columns, "fails")
    if len(columns) == 1 or not failing:
        return Headline("failed", "The gate fails", _passed(cases), evidence)
    strong = "fails its gate" if len(failing) == 1 else "fail their gate"
    more = f" and {len(failing) - 3} more" if len(failing) > 3 else ""
    lead = f"{len(failing)} of {len(columns)} columns "
    which = one_line(", ".join(failing[:3]), EVIDENCE_LIMIT)
    return Headline("failed", strong, f": {which}{more}", evidence, lead)


def _no_verdict(info: RunInfo) -> Headline:
    trials = sum((each.trials for each in info.columns), Tally())
    missing = [f"{count(trials.errored, 'trial')} errored"] if trials.errored else []
    missing += [f"{trials.unasked:,} not asked"] if trials.unasked else []
    missing += [f"{trials.unrecorded:,} not recorded"] if trials.unrecorded else []
    rest = f": {', '.join(missing)}" if missing else f": exit {info.exit_code}"
    return Headline("errored", "No verdict", rest, _reasons(info.columns, "open") or _counts(trials))


def _unverified(info: RunInfo) -> Headline:
    """Nothing fails, and not all of it could be looked at."""
    trials = sum((each.trials for each in info.columns), Tally())
    how = f"Record them with: {', then '.join(info.record)}" if info.record else "See the notes"
    evidence = f"{_counts(trials)}. {how}"
    rest = f": {without_recording(trials.unrecorded)}"
    return Headline("unrecorded", "Not verifiable here", rest, one_line(evidence, EVIDENCE_LIMIT))


def _reasons(columns: Sequence[ColumnSummary], verdict: Verdict) -> str:
    """Why columns have this verdict: the first two reasons, and how many more there are."""
    names = column_names(columns)
    found = [(each.column, rule) for each in columns for rule in each.rules if rule.verdict == verdict]
    reasons = [f"{names[column]}: {rule.reason}; gate: {rule.rule}" for column, rule in found[:2]]
    if len(columns) == 1:
        reasons = [f"{rule.reason}; gate: {rule.rule}" for _, rule in found[:2]]
    more = [f"and {len(found) - 2} more"] if len(found) > 2 else []
    return one_line(" · ".join(reasons + more), EVIDENCE_LIMIT)


def _counts(tally: Tally) -> str:
    words = ("passed", "failed", "errored", "not asked", "not recorded")
    counts = (tally.passed, tally.failed, tally.errored, tally.unasked, tally.unrecorded)
    return ", ".join(f"{many:,} {word}" for word, many in zip(words, counts, strict=True) if many)
