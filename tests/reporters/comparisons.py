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
    return Comparison(column, column, Regression(), "unchanged", **{"matching": Matching(matched=20), **fields})


def a_movement(case: str, before: float = 1, now: float = 0, draws: int = 1, **fields: Any) -> Movement:
    """A case that failed once and passed before, in so many draws a side."""
    fields = {"where": Place("specs/review-sentiment.yaml", 31), "before_draws": draws, "now_draws": draws, **fields}
    return Movement(case, before, now=now, **fields)


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


def every_verdict() -> StoredRun:
    """Ten columns, each with a verdict of its own, or one for reasons of its own."""
    still = {"worse": (), "better": ()}
    second = {"p": 0.043, "second_p": 0.0004, "bought": 72, "usd": 0.0, "unpriced": 72}
    lacking = "4 of its 60 matched cases have a draw without a verdict on a side"
    nothing = {"before": None, "now": None, "effect": None, "interval": None, "p": None, "reach": None, "draws": (0, 0)}
    required = Regression(require="no worse")
    shares = {"level": 0.025, "p": 0.04, "interval": Interval(-0.0502, 0.03), "more": 1873}
    found = (
        a_comparison(_named("no-worse"), **still),
        a_comparison(_named("no-alarm"), verdict="no alarm", interval=Interval(-0.09, 0.05), more=187, **still),
        a_regression(_named("regressed"), worse=()),
        a_regression(_named("confirmed"), worse=(), **second),
        a_comparison(_named("undecided"), verdict="undecided", **still, **shares),
        a_comparison(_named("required"), verdict="undecided", rule=required, **still),
        a_comparison(
            _named("no-draws"), verdict="cannot judge", reason=lacking, missing=(4, 0), **{**nothing, **still}
        ),
        a_comparison(_named("same"), verdict="unchanged", p=None, interval=None, effect=0.0, **_of_nothing(), **still),
        untouched(_named("untouched")),
        a_comparison(_named("other-margin"), rule=Regression(margin=0.1), reason="a judge is missing", **still),
    )
    return a_compared_run(found, exit_code=1)


def _of_nothing() -> dict[str, Any]:
    """The fields of a column of which no case is tested."""
    return {"matching": Matching(matched=60), "now": 0.92, "reach": None, "draws": (0, 0), "bought": 0, "replayed": 0}


def _named(spec: str) -> Column:
    return Column(spec, MODEL)


def a_regressed_run() -> StoredRun:
    """A column that is no worse and one that regressed; of the second's cases the replies are kept."""
    alike = "Guten Tag, " + "vielen Dank für Ihre Nachricht. " * 10
    both = [
        replies(TRANSLATION, "idiom", "Draußen regnet es in Strömen.", "Da draußen regnet es Katzen und Hunde."),
        replies(TRANSLATION, "formal", f"{alike}Senden Sie uns den Vertrag.", f"{alike}Schick uns den Vertrag."),
        replies(TRANSLATION, "number-format", "1.234,50", "1.234,50"),
    ]
    (before, now), whole = both[0], both[1:]
    silent = replies(TRANSLATION, "headline-fed", "Fed hält Zinsen", "")
    trials = [(before, now), *whole, silent]
    return a_compared_run([a_comparison(worse=(), better=()), a_regression(), untouched()], trials, exit_code=1)


def a_run_of_columns() -> StoredRun:
    """Three prompts of one spec beside the first, and one that its gate holds against another."""
    terse, careful, long, last = (Column("reviews", MODEL, name) for name in ("terse", "careful", "long", "last"))
    beside = {"baseline": terse, "kind": "column", "gates": False, "bought": 0, "replayed": 0}
    against = {"baseline": terse, "kind": "column", "before": 0.74, "now": 0.6, "effect": -0.14}
    results = [
        a_result("idiom", spec="reviews", variant="terse", calls=(a_call(a_reply("Strömen")),)),
        a_failed_result("idiom", spec="reviews", variant="last", calls=(a_call(a_reply("Katzen")),)),
    ]
    found = (
        a_comparison(careful, before=0.74, now=0.9, effect=0.16, interval=Interval(0.06, 0.27), p=0.996, **beside),
        a_comparison(long, before=0.74, now=0.738, effect=-0.002, interval=Interval(-0.1, 0.09), p=0.52, **beside),
        a_regression(last, worse=(a_movement("idiom"),), **{**against, "interval": Interval(-0.24, -0.004)}),
    )
    return a_run(results, comparisons=found, exit_code=1, columns=())


def with_a_warning() -> StoredRun:
    """Gates hold, and three columns are undecided after five draws a case; the names of their cases are long."""
    variants = ("with-three-examples", "with-three-examples-and-reasons")
    columns = [Column("customer-support-triage", MODEL, variant) for variant in variants]
    worse = tuple(a_movement(f"refund-request-number-{n}", before=5 - n, draws=5) for n in (1, 2))
    fields = {
        "verdict": "undecided",
        "draws": (200, 200),
        "matching": Matching(40, 40),
        "worse": worse,
        "level": 0.0167,
    }
    fields |= {"interval": Interval(-0.08, 0.02), "population": Interval(-0.1, 0.04)}
    found = [
        a_comparison(columns[0], **fields),
        a_comparison(columns[0], **{**fields, "baseline": columns[1], "kind": "column", "flaky": 2}),
        a_comparison(columns[1], **{**fields, "worse": (), "interval": Interval(-0.08, 0.05)}),
    ]
    trials = [a_result(spec=each.spec, variant=each.variant) for each in columns]
    return a_run(trials, comparisons=tuple(found), baseline=MAIN, exit_code=0, seconds=9.84)


def broken_off() -> StoredRun:
    """Both arms were being asked when it was interrupted."""
    lost = a_comparison(verdict="cannot judge", reason="the run ended before it was decided", worse=(), better=())
    trials = [a_result(case, spec=REVIEWS.spec) for case in ("a", "b")]
    return a_run(trials, comparisons=(lost,), baseline=MAIN, state="interrupted", exit_code=130, planned=64)


def of_few_cases() -> StoredRun:
    """A column of one case that fails now, and one of which all cases pass on both sides."""
    one = {"matching": Matching(1, 1), "before": 1.0, "now": 0.0, "effect": -1.0, "interval": Interval(-1.0, 0.46)}
    one |= {"p": 0.25, "verdict": "no alarm", "reach": 0.731, "more": 51, "draws": (1, 1), "bought": 1, "replayed": 0}
    whole = {"before": 1.0, "now": 1.0, "effect": 0.0, "interval": Interval(-0.043, 0.043), "p": 1.0, "reach": 0.0431}
    return a_compared_run(
        [
            a_comparison(REVIEWS, worse=(a_movement("sarcasm"),), better=(), **one),
            a_comparison(TRANSLATION, worse=(), better=(), **whole),
        ]
    )


def with_incidents() -> StoredRun:
    """Cases that are in no test, draws without a verdict, flaky cases, other models, replies shared."""
    matching = Matching(57, 40, ("a", "b", "c", "d"), ("gone",), ("edited",), (("old-name", "new-name"),))
    served = (("flash-lite-06-17",), ("flash-lite-09-25", "flash-lite-09-26"))
    found = a_comparison(
        matching=matching, missing=(1, 2), flaky=1, served=served, verdict="undecided", interval=Interval(-0.08, 0.04)
    )
    graded = a_movement("graded", before=3.25, now=1.5, draws=5)
    return a_compared_run([replace(found, worse=(graded,), better=())], baseline=replace(MAIN, is_reused=True))


HOSTILE = (
    "\x1b[31mred\x1b[0m \u202egnp.exe | a `code` <img src=x onerror=alert(1)> @everyone [a](https://evil.example)\n"
    "::error file=a.yaml,line=1::owned ##vso[task]a\n````\n</details>\n# head\n"
)


def a_hostile_run() -> StoredRun:
    """A spec, its cases, the models and what they say: all of it wants to be more than text."""
    column = Column(HOSTILE, HOSTILE, HOSTILE)
    pair = replies(column, HOSTILE, f"was {HOSTILE}", f"now {HOSTILE}")
    worse = (a_movement(HOSTILE, where=Place("specs/::a.yaml", 3)),)
    matching = Matching(60, 60, (HOSTILE,), (), (), ((HOSTILE, HOSTILE),))
    served = ((HOSTILE,), ("b",))
    found = a_regression(column, worse=worse, matching=matching, served=served, reason=HOSTILE)
    shown = replace(MAIN, shown=HOSTILE)
    return a_compared_run([found, a_comparison()], [pair], exit_code=1, baseline=shown, notes=(HOSTILE,))
