"""The report's page as finished strings: headline, facts, columns, provenance, and the trials that fit."""

from __future__ import annotations

import heapq
import math
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from evalkit.decide.findings import is_same_model
from evalkit.records.result import Result
from evalkit.records.run import ColumnSummary, RunInfo, StoredRun, Tally
from evalkit.reporters.closing import spending_of
from evalkit.reporters.figures import MISSING, NBSP, cost, count, duration, interval, percent, seconds
from evalkit.reporters.html_columns import (
    CELL_LIMIT,
    LINE_LIMIT,
    ColumnTable,
    Mark,
    Number,
    column_name,
    column_names,
    column_table,
)
from evalkit.reporters.html_comparison import ComparisonView, comparison_view
from evalkit.reporters.html_headline import Headline, headline_of
from evalkit.reporters.html_paces import PaceView, pace_views
from evalkit.reporters.html_trial import TrialView, trial_mark, trial_view
from evalkit.reporters.interface import one_line

ROW_LIMIT = 2_000
MARK_BY_SECTION = {
    "failed": Mark("failed", "failed"),
    "errored": Mark("errored", "errored"),
    "cut-off": Mark("cut", "passed, but cut off"),
    "unasked": Mark("unasked", "not asked"),
    "unrecorded": Mark("unrecorded", "not recorded"),
    "skipped": Mark("skipped", "skipped"),
    "passed": Mark("passed", "passed"),
}
_ORDER_BY_SECTION = {key: place for place, key in enumerate(MARK_BY_SECTION)}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A result, the section it stands in, and how many draws its case has."""

    result: Result
    section: str
    draws: int

    @property
    def rank(self) -> tuple[int, int]:
        """Its place on the page."""
        return _ORDER_BY_SECTION[self.section], self.result.index


@dataclass(frozen=True, slots=True)
class Served:
    """A requested model, and what the server called it where that is not the same; perhaps it is another model."""

    model: str
    served: str
    is_other: bool


@dataclass(frozen=True, slots=True)
class Section:
    """The trials of one kind, which can be iterated once; `total` may be more than they are."""

    key: str
    mark: Mark
    total: str
    trials: Iterable[TrialView]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the template shows, from top to bottom."""

    title: str
    specs: str
    headline: Headline
    facts: tuple[Number, ...]
    table: ColumnTable
    models: tuple[Served, ...]
    circumstances: tuple[str, ...]
    command: str
    notes: tuple[str, ...]
    paces: tuple[PaceView, ...]
    comparison: ComparisonView | None
    shown: str
    sections: tuple[Section, ...]
    left_out: str


def page_of(run: StoredRun) -> Page:
    """The page of a run; reads its results once and keeps at most `ROW_LIMIT` of them."""
    info, census = run.info, _Census()
    headline = headline_of(info)
    chosen = heapq.nsmallest(ROW_LIMIT, census.of(run.results()), key=lambda drawn: drawn.rank)
    left_out = census.totals.total() - len(chosen)
    return Page(
        title=f"{headline.lead}{headline.strong}{headline.rest} · evalkit",
        specs=one_line(", ".join(spec.name for spec in info.specs), LINE_LIMIT),
        headline=headline,
        facts=tuple(_facts(info)),
        table=column_table(info.columns, is_finished=info.state == "finished"),
        models=tuple(_models(info.columns, census.requested)),
        circumstances=tuple(one_line(fact, LINE_LIMIT) for fact in _circumstances(info) if fact),
        command=one_line(info.command, LINE_LIMIT),
        notes=tuple(one_line(note, LINE_LIMIT) for note in info.notes),
        paces=tuple(pace_views(info.paces)),
        comparison=comparison_view(run),
        shown=count(census.totals.total(), "trial"),
        sections=tuple(_sections(info, chosen, census.totals)),
        left_out=f"{count(left_out, 'more trial')} in results.jsonl" if left_out else "",
    )


class _Census:
    """What one pass over the results finds out: how many of each kind, and which models were asked."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.requested: defaultdict[str, set[str]] = defaultdict(set)

    def of(self, results: Iterable[Result]) -> Iterator[Drawn]:
        """The results, each with its case's number of draws: they are neighbours in the plan."""
        for _, group in groupby(results, key=lambda r: (r.case, r.spec, r.model, r.variant)):
            draws = tuple(group)
            for result in draws:
                section = _section(result)
                self.totals[section] += 1
                asked = (call.request.model for call in result.calls if call.role == "model")
                self.requested[result.model].update(asked)
                yield Drawn(result, section, len(draws))


def _section(result: Result) -> str:
    kind = trial_mark(result).kind
    return "cut-off" if kind == "passed" and result.is_cut_off else kind


def _sections(info: RunInfo, chosen: Sequence[Drawn], totals: Mapping[str, int]) -> Iterator[Section]:
    names = column_names(info.columns)
    commands = {spec.name: _command(spec.file) for spec in info.specs}

    def view(drawn: Drawn) -> TrialView:
        result = drawn.result
        column = names.get(result.column) or column_name(result.column)
        command = commands.get(result.spec) or _command(result.where.file)
        return trial_view(result, drawn.draws, column, command)

    rows_by_section = {key: list(rows) for key, rows in groupby(chosen, key=lambda drawn: drawn.section)}
    for key, mark in MARK_BY_SECTION.items():
        if totals[key]:
            yield Section(key, mark, f"{totals[key]:,}", map(view, rows_by_section.get(key, ())))


def _command(spec_file: str) -> str:
    """What asks cases of a spec again, up to the word that chooses them."""
    return shlex.join(["evalkit", "run", spec_file, "-k"])


def _facts(info: RunInfo) -> Iterator[Number]:
    columns = info.columns
    if not columns:
        return
    cases = sum((each.cases for each in columns), Tally())
    spending = spending_of(info)
    passed = f"{cases.passed:,} of {cases.decided:,}" if cases.decided else MISSING
    rate = columns[0].pass_rate
    if len(columns) == 1 and rate:
        yield Number("passed", percent(rate.value), interval(rate))
    yield Number("cases passed", passed)
    yield Number("failed", f"{cases.failed:,}", kind="failed" if cases.failed else "")
    yield Number("errored", f"{cases.errored:,}", kind="errored" if cases.errored else "")
    yield Number("not asked", f"{cases.unasked:,}", kind="errored" if cases.unasked else "")
    if cases.unrecorded:
        yield Number("not recorded", f"{cases.unrecorded:,}", kind="unrecorded")
    yield Number("skipped", f"{cases.skipped:,}")
    yield Number("cost", *cost(spending))
    each_column = " by column" if len(columns) > 1 else ""
    yield Number(f"p50{each_column}", _span(each.p50_seconds for each in columns))
    yield Number(f"p95{each_column}", _span(each.p95_seconds for each in columns))
    replayed = f"{spending.replayed:,} replayed" if spending.replayed else ""
    yield Number("calls", f"{spending.fresh + spending.replayed:,}", replayed)
    of_trials = "of its own trials" if any(found.bought + found.replayed for found in info.comparisons) else ""
    yield Number("tokens in → out", f"{spending.prompt_tokens:,} → {spending.completion_tokens:,}", of_trials)


def _span(values: Iterable[float | None]) -> str:
    """The seconds of the quickest column to those of the slowest."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    ends = [seconds(end) for end in (min(known), max(known))] if known else [MISSING]
    return ends[0] if len(set(ends)) == 1 else f"{ends[0].split(NBSP)[0]}–{ends[1]}"


def _models(columns: Sequence[ColumnSummary], requested: Mapping[str, set[str]]) -> Iterator[Served]:
    for model in dict.fromkeys(each.column.model for each in columns):
        of_model = (each for each in columns if each.column.model == model)
        served = sorted({name for each in of_model for name in each.served if name})
        asked = {model, model.partition("/")[2], *requested.get(model, ())}
        differs = len(served) > 1 or not asked.issuperset(served)
        is_other = len(served) > 1 or not all(any(is_same_model(name, got) for name in asked) for got in served)
        shown = one_line(", ".join(served), LINE_LIMIT) if differs else ""
        yield Served(one_line(model, CELL_LIMIT), shown, is_other)


def _circumstances(info: RunInfo) -> Iterator[str]:
    yield _moment(info.started)
    yield f"took {duration(info.seconds)}"
    yield f"evalkit {info.version}"
    if info.provenance.shown:
        yield f"revision {info.provenance.shown}"
    yield f"run {info.id}"
    spending = spending_of(info)
    if spending.replayed:
        yield f"{spending.replayed:,} of {count(spending.fresh + spending.replayed, 'call')} replayed"
    if info.exit_code is not None:
        yield f"exit {info.exit_code}"


def _moment(time: str) -> str:
    """An ISO time to the minute, in UTC wherever it is read; what is no time stays as it is."""
    try:
        moment = datetime.fromisoformat(time)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return time
    return f"{moment:%Y-%m-%d %H:%M} UTC"
