"""What a comparison will be able to see and may come to cost, said before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.decide.contest import Contest
from evalkit.engine.forecast import Forecast
from evalkit.engine.work import Work
from evalkit.prices import Tariff
from evalkit.settings import Settings
from evalkit.stats.power import reach

DISAGREE = 0.1  # the share of equal questions that get another outcome, where nothing is known of the suite yet


@dataclass(frozen=True, slots=True)
class Further:
    """What later stages may ask at most: calls, and their price at its worst in US dollars (None: not known)."""

    calls: int = 0
    usd: float | None = 0.0


def further_of(work: Work, tariff: Tariff) -> Further:
    """The most that is asked after the first stage."""
    calls, usd, is_known = 0, 0.0, True
    for trial in work.first:
        more = work.further(trial)
        if more and trial.request:
            price = tariff.estimate(trial.request)
            calls += more
            usd += more * (price or 0.0)
            is_known = is_known and price is not None
    return Further(calls, usd if is_known else None)


def outlook_of(work: Work, forecast: Forecast, settings: Settings) -> Iterator[str]:
    """A sentence for each column that is tested: its cases, and the smallest drop that it would find."""
    if work.baseline and work.baseline.kind == "run":
        yield f"{work.baseline.shown} is compared as it lies: nothing of it is asked"
    share = _affordable(forecast, settings)
    for contest in work.contests:
        if contest.is_tested:
            yield _of_column(contest, share)
    if work.contests and not any(contest.is_tested for contest in work.contests):
        yield "nothing that reaches a model differs, or can be compared"


def _of_column(contest: Contest, share: float) -> str:
    cases, matched = len(contest.pairs), contest.matching.matched
    draws = cases * contest.first_stage.last
    bought = max(1.0, draws * share)
    seen = 100 * reach(DISAGREE, bought, contest.level) * cases / matched
    money = f"; the budget buys {bought:.0f} of {draws} draws an arm" if bought < draws else ""
    assumed = f"if {100 * DISAGREE:.0f} % of cases change their outcome by chance"
    return f"{contest.column}: {cases} of {matched} cases differ; a drop of {seen:.0f} points is found {assumed}{money}"


def _affordable(forecast: Forecast, settings: Settings) -> float:
    """The share of the first calls that the budget is enough for, at their worst price; 1 without one."""
    shares = [1.0]
    if settings.max_usd is not None and forecast.usd > settings.max_usd:
        shares.append(settings.max_usd / forecast.usd)
    if settings.max_calls is not None and forecast.to_ask > settings.max_calls:
        shares.append(settings.max_calls / forecast.to_ask)
    asked = forecast.to_ask / max(1, forecast.to_ask + forecast.recorded)
    return 1.0 - asked * (1.0 - min(shares))
