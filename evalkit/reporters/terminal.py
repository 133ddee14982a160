"""The result on a terminal: failures first, each enough to act on, then one line a column, then what is next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evalkit.decide.gate import without_recording
from evalkit.records.result import Column, Outcome, Result, Score
from evalkit.records.run import ColumnSummary, RunInfo, Spending, StoredRun, Tally
from evalkit.reporters.figures import MISSING, UNKNOWN, cost, count, interval, percent, seconds
from evalkit.reporters.interface import STDOUT, from_here, harmless, one_line, visible

WIDEST = 110  # columns; wider terminals are not stretched to
SHOWN = 10  # failures shown unless -v asks for all
OF_ONE_COLUMN = 3  # of these, so that one bad column does not hide the others
LINES = 6  # lines of a prompt or reply
REASONS = 3  # why trials were not asked; what ends a provider ends all that is left of it
_LABEL = 10  # columns of the gutter that names what stands beside it
_MARKS = {"passed": "✓", "failed": "✗", "errored": "!", "skipped": "–"}
_PLAIN = {"✓": "+", "✗": "x", "–": "-", "›": ">", "…": "...", "·": "-", "│": "|", "×": "x", "\N{NO-BREAK SPACE}": " "}
_STYLES = {"passed": "green", "failed": "red", "errored": "magenta", "skipped": "dim"}
_VERDICTS = {"holds": "passed", "fails": "failed", "open": "errored", "unrecorded": "skipped", "empty": "skipped"}


class Terminal:
    """Writes to standard output. `verbosity`: -1 only the columns, 0 the first failures, 1 all of them."""

    files: tuple[str, ...] = (STDOUT,)

    def __init__(self, verbosity: int = 0) -> None:
        self._verbosity = verbosity

    def write(self, run: StoredRun, out: Mapping[str, IO[str]]) -> None:
        """Write the whole page."""
        page = _Page(out[STDOUT])
        if self._verbosity >= 0:
            limit = None if self._verbosity else SHOWN
            page.failures(run, limit)
        page.columns(run.info.columns)
        page.not_asked(run)
        page.closing(run)


class _Page:
    """Texts on a console: never markup, never escapes, in the letters the stream can write."""

    def __init__(self, out: IO[str]) -> None:
        self._console = Console(file=out, highlight=False, markup=False, emoji=False, soft_wrap=False)
        self.width = min(self._console.width, WIDEST)
        self._is_plain = not _can_write(out, "✓✗–›…")

    def failures(self, run: StoredRun, limit: int | None) -> None:
        """Those that fit; once all of them are shown the results are not read on."""
        failing = [column.trials.failed + column.trials.errored for column in run.info.columns]
        room = sum(failing) if limit is None else min(limit, sum(min(many, OF_ONE_COLUMN) for many in failing))
        shown: Counter[Column] = Counter()
        for result in _worth_showing(run) if room else ():
            if limit is None or shown[result.column] < OF_ONE_COLUMN:
                shown[result.column] += 1
                self._failure(result)
            if shown.total() == room:
                break
        hidden = sum(failing) - shown.total()
        if hidden:
            self._say(Text(f"… and {hidden} more; -v shows all, the report explains them", "dim"))
            self._say(Text())

    def _failure(self, result: Result) -> None:
        outcome = str(result.outcome)
        name = " › ".join(filter(None, (result.spec, result.variant, result.case)))
        draw = f" (draw {result.draw})" if result.draw > 1 else ""
        place = f"{result.where.file}:{result.where.line}" if result.where.file else ""
        head = Text(f"{_MARKS[outcome]} ", _STYLES[outcome]).append(one_line(name + draw, self.width), "bold")
        head.truncate(self.width, overflow="ellipsis")
        room = self.width - head.cell_len - len(place)
        self._say(head.append(" " * room).append(place, "dim") if room > 1 else head)
        if room <= 1:
            self._say(Text(f"    {place}", "dim"))
        asked = result.calls[-1].request.messages if result.calls else ()
        if asked:
            self._beside("asked", asked[-1].content)
        if result.reply:
            self._beside("replied", result.reply.text or "(nothing)")
        if result.error:
            self._beside(outcome, result.error.message)
        for score in _telling(result.scores):
            self._beside(score.name, score.reason)
        self._say(Text())

    def _beside(self, label: str, text: str) -> None:
        """A label in the gutter and a text beside it, wrapped and cut to a few lines."""
        room = max(self.width - 4 - _LABEL, 20)
        lines = [line for raw in visible(text[:5000]).strip().split("\n") for line in _wrapped(raw, room)]
        if len(lines) > LINES:
            lines = [*lines[: LINES - 1], "…"]
        gutter = one_line(label, 24)
        if len(gutter) >= _LABEL:
            self._say(Text(f"    {gutter}", "dim"))
            gutter = ""
        for line in lines:
            self._say(Text("    ").append(f"{gutter:<{_LABEL}}", "dim").append(harmless(line)))
            gutter = ""

    def columns(self, columns: Iterable[ColumnSummary]) -> None:
        columns = tuple(columns)
        if not columns:
            return
        is_wide = self.width >= 90
        has_variants = any(column.column.variant for column in columns)
        has_models = len({column.column.model for column in columns}) > 1
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
        table.add_column("")
        table.add_column("spec", overflow="fold")
        for title, wanted in (("variant", has_variants), ("model", has_models)):
            if wanted:
                table.add_column(title, overflow="fold")
        table.add_column("passed", justify="right", no_wrap=True)
        table.add_column("95 %" if not is_wide else "95 % interval", no_wrap=True)
        figures = _figures(columns, is_wide)
        for title in figures:
            table.add_column(title, justify="right", no_wrap=True)
        for column in columns:
            # A folded name may begin a line of the table, where :: would be a command to a CI log.
            named = [column.column.variant] * has_variants + [column.column.model] * has_models
            table.add_row(
                self._marked(_VERDICTS[column.verdict]),
                *(self._text(one_line(name, 80).replace("::", ": :")) for name in (column.column.spec, *named)),
                self._text(_rate(column)),
                self._text(interval(column.pass_rate, 0)),
                *(self._text(figure(column)) for figure in figures.values()),
            )
        self._console.print(table, width=self.width)
        self._rules(columns)

    def _rules(self, columns: tuple[ColumnSummary, ...]) -> None:
        """The rules that do not hold, in words."""
        for column in columns:
            for rule in column.rules:
                if rule.verdict != "holds":
                    mark = self._marked(_VERDICTS[rule.verdict])
                    words = one_line(f"{column.column}: gate {rule.rule}: {rule.reason}", 400)
                    self._wrap(mark.append(f" {words}", "default"))
        self._say(Text())

    def not_asked(self, run: StoredRun) -> None:
        """How many trials should have been asked and were not, and why."""
        why: Counter[str] = Counter()
        unasked = any(column.trials.unasked for column in run.info.columns)
        for result in run.results() if unasked else ():
            is_told_elsewhere = result.is_left_out or (result.error and result.error.kind == "unrecorded")
            if result.outcome is Outcome.SKIPPED and result.error and not is_told_elsewhere:
                why[result.error.message] += 1
        for reason, trials in why.most_common(REASONS):
            words = one_line(f" {count(trials, 'trial')} not asked: {reason}", 400)
            self._wrap(self._marked("skipped").append(f" {words}", "default"))
        if why:
            self._say(Text())

    def closing(self, run: StoredRun) -> None:
        info = run.info
        spent = sum((column.spending for column in info.columns), Spending())
        cases = count(sum(column.cases.total for column in info.columns), "case")
        calls = f"{count(spent.fresh, 'call')}, {spent.replayed:,} replayed"
        money = _money(spent).replace(UNKNOWN, "cost unknown")
        figures = f" {cases}, {calls}, {money}, {info.seconds:.1f} s."
        self._wrap(Text(_verdict(info), "bold").append(figures, "default"))
        for note in info.notes:
            self._wrap(Text(one_line(note, 400)))
        if info.provenance.shown:
            self._to_copy("revision", info.provenance.shown)
        if (run.folder / "index.html").is_file():
            self._to_copy("report", from_here(run.folder / "index.html"))
        for label, command in zip(("record", "then"), info.record, strict=False):
            self._to_copy(label, command)
        if info.state != "finished":
            self._to_copy("continue", info.command)
        elif info.exit_code in (1, 3):
            self._to_copy("again", info.command if " --failed " in info.command else f"{info.command} --failed")

    def _to_copy(self, label: str, text: str) -> None:
        """A path or a command: one line, however long."""
        self._say(Text("    ").append(f"{label:<{_LABEL}}", "dim").append(visible(text)))

    def _marked(self, outcome: str) -> Text:
        return self._text(_MARKS[outcome], _STYLES[outcome])

    def _text(self, text: str, style: str = "") -> Text:
        return Text(self._written(visible(text)), style)

    def _written(self, text: str) -> str:
        for sign, plain in _PLAIN.items() if self._is_plain else ():
            text = text.replace(sign, plain)
        return text

    def _say(self, line: Text) -> None:
        written = self._written(harmless(line.plain))
        self._console.print(line if written == line.plain else Text(written), soft_wrap=True)

    def _wrap(self, text: Text) -> None:
        for line in text.wrap(self._console, self.width):
            self._say(line)


def _can_write(out: IO[str], signs: str) -> bool:
    try:
        signs.encode(getattr(out, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _verdict(info: RunInfo) -> str:
    """The run in a few words; of a run that did not end, only how far it came."""
    if info.state != "finished":
        done = sum(column.trials.total - column.trials.unasked for column in info.columns)
        how = "Interrupted" if info.state == "interrupted" else "Not finished"
        return f"{how}: {done:,} of {count(info.planned, 'trial')} done."
    failing = sum(column.verdict == "fails" for column in info.columns)
    unrecorded = sum(column.trials.unrecorded for column in info.columns)
    fails = "fails its" if failing == 1 else "fail their"
    return {
        0: "Every gate holds.",
        1: f"{failing} of {count(len(info.columns), 'column')} {fails} gate.",
        3: f"No verdict: it is left open by {_open(info)}.",
        4: f"Not verifiable here: {without_recording(unrecorded)}." if unrecorded else "Nothing was measured.",
    }.get(info.exit_code or 0, "")


def _open(info: RunInfo) -> str:
    """What has no verdict."""
    trials = sum((column.trials for column in info.columns), Tally())
    errored = [count(trials.errored, "error")] if trials.errored else []
    unasked = [f"{count(trials.unasked, 'trial')} not asked"] if trials.unasked else []
    unrecorded = [f"{count(trials.unrecorded, 'trial')} not recorded"] if trials.unrecorded else []
    return " and ".join(errored + unasked + unrecorded) or "errors"


def _figures(columns: Iterable[ColumnSummary], is_wide: bool) -> Mapping[str, Callable[[ColumnSummary], str]]:
    """The numbers of a column that there is room for, by their titles."""
    figures: dict[str, Callable[[ColumnSummary], str]] = {
        "failed": lambda column: str(column.trials.failed),
        "errored": lambda column: str(column.trials.errored + column.trials.unasked),
        "not recorded": lambda column: str(column.trials.unrecorded),
        "p95": lambda column: seconds(column.p95_seconds),
        "cost": lambda column: _money(column.spending),
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


def _money(spent: Spending) -> str:
    """What the calls cost, in a few words."""
    known, rest = cost(spent)
    return f"{known} {rest}".strip()


def _worth_showing(run: StoredRun) -> Iterator[Result]:
    trials = sum((column.trials for column in run.info.columns), Tally())
    for outcome, many in ((Outcome.FAILED, trials.failed), (Outcome.ERRORED, trials.errored)):
        if many:
            yield from (result for result in run.results() if result.outcome is outcome)


def _telling(scores: Iterable[Score]) -> Iterator[Score]:
    """The scores that say why a trial did not pass."""
    return (score for score in scores if not score.passed and not score.is_advisory)


def _wrapped(line: str, room: int) -> list[str]:
    """A line in pieces of at most `room` terminal cells, broken at spaces where there are any."""
    text = Text(line.replace("\t", "    "))
    pieces = text.wrap(Console(width=room), room, tab_size=4)
    return [piece.plain.rstrip() for piece in pieces] or [""]
