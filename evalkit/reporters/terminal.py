"""The result on a terminal: failures first, each enough to act on, then one line a column, then what is next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO

from evalkit.records.result import Column, Outcome, Result, Score
from evalkit.records.run import ColumnSummary, RunInfo, StoredRun, Tally
from evalkit.reporters.closing import figures_of, is_warned, money, verdict_of
from evalkit.reporters.comparing import mark_of
from evalkit.reporters.figures import MISSING, count, interval, percent, seconds
from evalkit.reporters.interface import STDOUT, from_here, one_line
from evalkit.reporters.terminal_comparison import columns_beside, comparisons
from evalkit.reporters.terminal_page import Page, Title

SHOWN = 10  # failures shown unless -v asks for all
OF_ONE_COLUMN = 3  # of these, so that one bad column does not hide the others
REASONS = 3  # why trials were not asked; what ends a provider ends all that is left of it
_VERDICTS = {"holds": "passed", "fails": "failed", "open": "errored", "unrecorded": "skipped", "empty": "skipped"}


class Terminal:
    """Writes to standard output. `verbosity`: -1 only the columns, 0 the first failures, 1 all of them."""

    files: tuple[str, ...] = (STDOUT,)

    def __init__(self, verbosity: int = 0) -> None:
        self._verbosity = verbosity

    def write(self, run: StoredRun, out: Mapping[str, IO[str]]) -> None:
        """Write the whole page."""
        page = Page(out[STDOUT])
        if self._verbosity >= 0:
            _failures(page, run, None if self._verbosity else SHOWN)
        _columns(page, run.info)
        columns_beside(page, run.info)
        comparisons(page, run, self._verbosity)
        _not_asked(page, run)
        _closing(page, run)


def _failures(page: Page, run: StoredRun, limit: int | None) -> None:
    """Those that fit; once all of them are shown the results are not read on."""
    failing = [column.trials.failed + column.trials.errored for column in run.info.columns]
    room = sum(failing) if limit is None else min(limit, sum(min(many, OF_ONE_COLUMN) for many in failing))
    shown: Counter[Column] = Counter()
    for result in _worth_showing(run) if room else ():
        if limit is None or shown[result.column] < OF_ONE_COLUMN:
            shown[result.column] += 1
            _failure(page, result)
        if shown.total() == room:
            break
    hidden = sum(failing) - shown.total()
    if hidden:
        page.say(f"… and {hidden} more; -v shows all, the report explains them", "dim")
        page.say()


def _failure(page: Page, result: Result) -> None:
    draw = f" (draw {result.draw})" if result.draw > 1 else ""
    page.head(str(result.outcome), (result.spec, result.variant, result.case + draw), result.where)
    asked = result.calls[-1].request.messages if result.calls else ()
    if asked:
        page.beside("asked", asked[-1].content)
    if result.reply:
        page.beside("replied", result.reply.text or "(nothing)")
    if result.error:
        page.beside(str(result.outcome), result.error.message)
    for score in _telling(result.scores):
        page.beside(score.name, score.reason)
    page.say()


def _worth_showing(run: StoredRun) -> Iterator[Result]:
    trials = sum((column.trials for column in run.info.columns), Tally())
    for outcome, many in ((Outcome.FAILED, trials.failed), (Outcome.ERRORED, trials.errored)):
        if many:
            yield from (result for result in run.results() if result.outcome is outcome)


def _telling(scores: Iterable[Score]) -> Iterator[Score]:
    """The scores that say why a trial did not pass."""
    return (score for score in scores if not score.passed and not score.is_advisory)


def _columns(page: Page, info: RunInfo) -> None:
    """The table, and below it the rules that do not hold, in words."""
    columns = info.columns
    if not columns:
        return
    names: dict[str, Callable[[Column], str]] = {"spec": lambda column: column.spec}
    if any(each.column.variant for each in columns):
        names["variant"] = lambda column: column.variant
    if len({each.column.model for each in columns}) > 1:
        names["model"] = lambda column: column.model
    figures = _figures(columns, page.is_wide)
    titles = [Title(name, "left", is_name=True) for name in names]
    titles += [Title("passed"), Title("95 % interval" if page.is_wide else "95 %\ninterval", "left")]
    compared = {found.column: mark_of(found) for found in info.comparisons if found.gates}
    rows = []
    for each in columns:
        cells = [one_line(name(each.column), 80) for name in names.values()]
        cells += [_rate(each), interval(each.pass_rate, 0), *(figure(each) for figure in figures.values())]
        # One without rules is judged by its comparison alone.
        rows.append((_VERDICTS[each.verdict] if each.rules else compared.get(each.column, "skipped"), cells))
    page.table([*titles, *map(Title, figures)], rows)
    for each in columns:
        for rule in each.rules:
            if rule.verdict != "holds":
                words = one_line(f"{each.column}: gate {rule.rule}: {rule.reason}", 400)
                page.paragraph(words, mark=_VERDICTS[rule.verdict])
    page.say()


def _figures(columns: Iterable[ColumnSummary], is_wide: bool) -> Mapping[str, Callable[[ColumnSummary], str]]:
    """The numbers of a column that there is room for, by their titles."""
    figures: dict[str, Callable[[ColumnSummary], str]] = {
        "failed": lambda column: str(column.trials.failed),
        "errored": lambda column: str(column.trials.errored + column.trials.unasked),
        "not recorded": lambda column: str(column.trials.unrecorded),
        "p95": lambda column: seconds(column.p95_seconds),
        "cost": lambda column: money(column.spending),
    }
    trials = sum((column.trials for column in columns), Tally())
    shown = {*figures} if is_wide else {"errored", "not recorded"}
    if not trials.unrecorded:
        shown.remove("not recorded")
    elif not is_wide and not trials.errored + trials.unasked:
        shown.remove("errored")  # a name that breaks in four is worse than a column of zeros that is not there
    return {title: figure for title, figure in figures.items() if title in shown}


def _rate(column: ColumnSummary) -> str:
    """`36 of 40  90 %`, over the cases that have a verdict."""
    if column.pass_rate is None:
        return MISSING
    return f"{column.cases.passed} of {column.cases.decided}  {percent(column.pass_rate.value, 0)}"


def _not_asked(page: Page, run: StoredRun) -> None:
    """How many trials should have been asked and were not, and why."""
    why: Counter[str] = Counter()
    unasked = any(column.trials.unasked for column in run.info.columns)
    for result in run.results() if unasked else ():
        is_told_elsewhere = result.is_left_out or (result.error and result.error.kind == "unrecorded")
        if result.outcome is Outcome.SKIPPED and result.error and not is_told_elsewhere:
            why[result.error.message] += 1
    for reason, trials in why.most_common(REASONS):
        page.paragraph(one_line(f"{count(trials, 'trial')} not asked: {reason}", 400), mark="skipped")
    if why:
        page.say()


def _closing(page: Page, run: StoredRun) -> None:
    info = run.info
    page.paragraph(f" {figures_of(info)}.", bold=verdict_of(info), mark="errored" if is_warned(info) else "")
    for note in info.notes:
        page.paragraph(one_line(note, 400))
    if info.provenance.shown:
        page.to_copy("revision", info.provenance.shown)
    if (run.folder / "index.html").is_file():
        page.to_copy("report", from_here(run.folder / "index.html"))
    for label, command in zip(("record", "then"), info.record, strict=False):
        page.to_copy(label, command)
    if info.state != "finished":
        page.to_copy("continue", info.command)
    elif info.exit_code in (1, 3) and not info.baseline:
        page.to_copy("again", info.command if " --failed " in info.command else f"{info.command} --failed")
