"""A run as a whole: the numbers of its columns, what is known of it, and where its results are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from evalkit.records.circumstances import NOT_SAID, Pace, Provenance
from evalkit.records.comparison import Baseline, Comparison
from evalkit.records.result import Column, Result
from evalkit.records.spec import Rule


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number over results with its 95 % interval and how many results it is about."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Metric:
    """A number over the results of a column. A derived one has neither interval nor count."""

    value: float
    low: float | None = None
    high: float | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of each outcome.

    `skipped` were left out by the user; `unasked` should have been asked, and `unrecorded` replayed.
    """

    passed: int = 0
    failed: int = 0
    errored: int = 0
    unasked: int = 0
    skipped: int = 0
    unrecorded: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.passed + other.passed,
            self.failed + other.failed,
            self.errored + other.errored,
            self.unasked + other.unasked,
            self.skipped + other.skipped,
            self.unrecorded + other.unrecorded,
        )

    @property
    def decided(self) -> int:
        """Those with a verdict: the denominator of every rate."""
        return self.passed + self.failed

    @property
    def open(self) -> int:
        """Those that should have a verdict and have none."""
        return self.errored + self.unasked + self.unrecorded

    @property
    def total(self) -> int:
        """All of them."""
        return self.decided + self.open + self.skipped


@dataclass(frozen=True, slots=True)
class Spending:
    """What calls took: fresh and replayed calls, tokens, US dollars (known ones), calls of unknown price."""

    fresh: int = 0
    replayed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0

    def __add__(self, other: Spending) -> Spending:
        return Spending(
            self.fresh + other.fresh,
            self.replayed + other.replayed,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.usd + other.usd,
            self.unpriced + other.unpriced,
        )


Verdict = Literal["holds", "fails", "unrecorded", "open", "empty"]


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What became of one gate rule in one column: the rule as words, its verdict, and why."""

    rule: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """The numbers of one column. Rates are None where nothing was decided; seconds are of fresh replies.

    `metrics` are what its checks gave on average, by their names, and what the spec derives from these.
    """

    column: Column
    cases: Tally
    trials: Tally
    pass_rate: Estimate | None
    trial_pass_rate: Estimate | None
    mean_score: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    cut_off: int
    flaky: int
    spending: Spending
    served: tuple[str, ...]
    rules: tuple[RuleVerdict, ...] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its rules; one that nothing was measured for does not count beside others.

        Where nothing fails, trials without a recording leave a column unverified, whichever rules they belong to.
        """
        verdicts = {rule.verdict for rule in self.rules} | ({"unrecorded"} if self.trials.unrecorded else set())
        order: tuple[Verdict, ...] = ("fails", "unrecorded", "open", "holds")
        return next((verdict for verdict in order if verdict in verdicts), "empty")


RunState = Literal["running", "finished", "interrupted", "stopped"]  # stopped: replies could not be kept or read


@dataclass(frozen=True, slots=True)
class SpecInfo:
    """What a run keeps of a spec: its name, its file, a digest of what it was read from, its gate and metrics.

    The columns that are `compared` with a baseline are judged by that where its gate says nothing.
    """

    name: str
    file: str
    digest: str = ""
    gate: tuple[Rule, ...] = ()
    metrics: Mapping[str, str] = field(default_factory=dict)
    compared: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What is known of a run beside its results. Times are UTC (ISO 8601), `seconds` is wall clock.

    `command` is what repeats the run, or continues it after an interruption; `planned` counts its trials.
    `provenance` says where it comes from, `paces` how fast each provider was asked, `max_usd` what it was allowed
    to cost (US dollars). `notes` are findings for people, a sentence each. `record` are the commands that record the
    trials without a recording, in their order. `baseline` is what it was compared with, and `comparisons` what came of
    it, those between its own columns included.
    """

    id: str
    started: str
    version: str
    command: str
    specs: tuple[SpecInfo, ...] = ()
    planned: int = 0
    state: RunState = "running"
    seconds: float = 0.0
    exit_code: int | None = None
    columns: tuple[ColumnSummary, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: Provenance = NOT_SAID
    paces: tuple[Pace, ...] = ()
    max_usd: float | None = None
    record: tuple[str, ...] = ()
    baseline: Baseline | None = None
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run in its folder. `read` starts a new pass over the results in plan order, each time it is called.

    `read_others` does the same with those that only a comparison wanted: the baseline's, and the candidate's beyond
    its trials; each tells its `arm`.
    """

    folder: Path
    info: RunInfo
    read: Callable[[], Iterator[Result]] = field(repr=False, compare=False)
    read_others: Callable[[], Iterator[Result]] = field(default=lambda: iter(()), repr=False, compare=False)

    def results(self) -> Iterator[Result]:
        """The results in plan order; may be called again and again."""
        return self.read()

    def to_rows(self) -> list[Mapping[str, Any]]:
        """One flat mapping a trial, for pandas and notebooks."""
        return [_row(result) for result in self.results()]


def _row(result: Result) -> Mapping[str, Any]:
    reply = result.reply
    return {
        "spec": result.spec,
        "case": result.case,
        "model": result.model,
        "variant": result.variant,
        "draw": result.draw,
        "outcome": str(result.outcome),
        "origin": result.origin,
        "reply": reply.text if reply else None,
        "seconds": reply.seconds if reply else None,
        "usd": reply.usd if reply else None,
        "error": result.error.message if result.error else None,
        **{score.name: score.value for score in result.scores},
    }
