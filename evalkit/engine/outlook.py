"""What a comparison will be able to see, said before anything is asked; and how much of it a budget buys."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.decide.contest import Contest
from evalkit.engine.forecast import Forecast
from evalkit.settings import Settings
from evalkit.stats.power import reach

DISAGREE = 0.1  # the share of equal questions that get another outcome, where nothing is known of the suite yet


def outlook_of(contests: tuple[Contest, ...], forecast: Forecast, settings: Settings) -> Iterator[str]:
    """A sentence for each column that is tested: its cases, and the smallest drop that it would find."""
    share = _affordable(forecast, settings)
    for contest in contests:
        if not contest.is_tested:
            continue
        cases, matched = len(contest.pairs), contest.matching.matched
        draws = cases * contest.first_stage.last
        bought = max(1.0, draws * share)
        seen = reach(DISAGREE, bought, contest.rule.alpha) * cases / matched
        money = f"; the budget buys {bought:.0f} of {draws} draws an arm" if bought < draws else ""
        yield (
            f"{contest.column}: {cases} of {matched} cases differ; a drop of {100 * seen:.0f} points is found four "
            f"times in five, if {100 * DISAGREE:.0f} % of equal questions disagree{money}"
        )
    if contests and not any(contest.is_tested for contest in contests):
        yield "nothing that reaches a model differs, or can be compared"


def _affordable(forecast: Forecast, settings: Settings) -> float:
    """The share of the calls that the money is enough for, at their worst price; 1 without a budget."""
    if settings.max_usd is None or forecast.usd <= settings.max_usd:
        return 1.0
    asked = forecast.to_ask / max(1, forecast.to_ask + forecast.recorded)
    return 1.0 - asked * (1.0 - settings.max_usd / forecast.usd)
