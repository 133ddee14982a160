"""Comparisons to report on, made of records alone: every verdict, with the draws that its cases came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from evalkit.records.comparison import Baseline, Comparison, Interval, Matching, Movement
from evalkit.records.problem import Place
from evalkit.records.result import Column, Result
from evalkit.records.run import StoredRun
from evalkit.records.spec import Regression
from tests.reporters.runs import MODEL, a_call, a_failed_result, a_reply, a_result, a_run

MAIN = Baseline("revision", "origin/main", "origin/main (3f2a1b9)", "3f2a1b9")
REVIEWS = Column("review-sentiment", MODEL)
TRANSLATION = Column("en-de-translation", MODEL)
INVOICES = Column("invoice-extraction", MODEL)


def a_comparison(column: Column = REVIEWS, **fields: Any) -> Comparison:
    """Sixty cases, all of them tested, three worse and two better: no worse."""
    worse = tuple(a_movement(case) for case in ("sarcasm", "mixed-hotel", "not-bad"))
    better = tuple(a_movement(case, before=0, now=1) for case in ("emoji-only", "injection"))
    found = Comparison(
        column=column,
        baseline=column,
        rule=Regression(),
        verdict="no worse",
        matching=Matching(matched=60, tested=60),
        before=0.92,
        now=0.90,
        effect=-0.02,
        interval=Interval(-0.047, 0.04),
        p=0.31,
        reach=0.086,
        worse=worse,
        better=better,
        draws=(60, 60),
        bought=50,
        replayed=10,
        usd=0.0011,
    )
    return replace(found, **fields)


def a_regression(column: Column = TRANSLATION, **fields: Any) -> Comparison:
    """Seven of sixty cases got worse and none better: an alarm."""
    cases = ("idiom", "formal", "number-format", "headline-fed", "unit-miles", "menu", "idle-talk")
    worse = tuple(a_movement(case, where=Place("specs/translation.yaml", 13 + n)) for n, case in enumerate(cases))
    fields = {
        "verdict": "regressed",
        "before": 0.90,
        "now": 0.78,
        "effect": -0.12,
        "interval": Interval(-0.2, -0.04),
        "population": Interval(-0.22, -0.03),
        "p": 0.0062,
        "worse": worse,
        "better": (),
        "bought": 60,
        "replayed": 60,
        "usd": 0.0024,
        **fields,
    }
    return a_comparison(column, **fields)


def untouched(column: Column = INVOICES, **fields: Any) -> Comparison:
    """Nothing that reaches a model differs, so nothing was asked."""
    return Comparison(column, column, Regression(), "unchanged", matching=Matching(matched=20), **fields)


def a_movement(case: str, before: float = 1, now: float = 0, draws: int = 1, **fields: Any) -> Movement:
    """A case that failed once and passed before, in so many draws a side."""
    return Movement(case, before, draws, now, draws, **{"where": Place("specs/review-sentiment.yaml", 31), **fields})


def replies(column: Column, case: str, was: str, now: str, **fields: Any) -> tuple[Result, Result]:
    """The baseline's passing trial of a case and the candidate's failing one."""
    of = {"spec": column.spec, "model": column.model, "variant": column.variant, **fields}
    before = a_result(case, calls=(a_call(a_reply(was)),), arm="baseline", **of)
    return before, a_failed_result(case, calls=(a_call(a_reply(now)),), **of)


def a_compared_run(
    comparisons: Iterable[Comparison], both: Iterable[tuple[Result, Result]] = (), **info: Any
) -> StoredRun:
    """A run against the main branch; `both` are trials of the baseline with those of the candidate."""
    both = tuple(both)
    ours = tuple(now for _, now in both)
    columns = {"columns": ()} if not ours else {}
    run = a_run(ours, **{"comparisons": tuple(comparisons), "baseline": MAIN, "seconds": 9.84, **columns, **info})
    others: tuple[Result, ...] = tuple(before for before, _ in both)

    def read_others() -> Iterator[Result]:
        return iter(others)

    return replace(run, read_others=read_others)
