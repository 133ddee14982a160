"""What a comparison can see."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import NormalIndPower, normal_power_het

from evalkit.stats.paired import Discordance
from evalkit.stats.power import needed_trials, reach
from tests.stats.oracles import NEAR, worst_difference

SHARES = st.floats(0, 1)
MARGINS = st.floats(0.01, 0.9)
ALPHAS = st.floats(0.001, 0.4)


def test_known_numbers() -> None:
    assert [round(100 * reach(0.0, trials), 1) for trials in (20, 50)] == [30.9, 12.4]
    assert round(reach(0.2, 100) / sqrt(0.2 / 100), 2) == 2.49
    assert [needed_trials(0.0, margin) for margin in (0.05, 0.10)] == [52, 25]
    assert needed_trials(0.2, 0.05) == 495  # 6.2·D/margin² = 496
    assert reach(0.2, 100, alpha=0.025) > reach(0.2, 100)


def test_a_drop_in_reach_is_found_with_a_chance_of_80_percent() -> None:
    power = []
    for disagreement in (0.1, 0.3):
        for trials in (250, 1000, 4000):
            drop, spread = reach(disagreement, trials), sqrt(disagreement)
            found = normal_power_het(drop, trials, 0.05, spread, std_alternative=spread, alternative="larger")
            power.append((float(found), 0.8))
    assert worst_difference("power of reach, beside statsmodels", power) < NEAR


@pytest.mark.parametrize("trials", [20, 50, 200, 1000])
def test_where_no_trial_disagrees_a_drop_in_reach_is_found_as_often(trials: int) -> None:
    """It breaks cases for good: McNemar's mid-p is 2^-(b + 1), so an alarm takes four of them."""
    assert 0.5**5 <= 0.05 < 0.5**4
    found = stats.binom.sf(3, trials, reach(0.0, trials))
    told_too_little = stats.binom.sf(3, trials, 2.706 / (trials + 2.706))  # the lower end of Tango's interval
    assert 0.8 < found < 0.95
    assert told_too_little < 0.3


def test_needed_trials_are_those_of_statsmodels() -> None:
    solve = NormalIndPower(ddof=0).solve_power
    pairs = []
    for disagreement in (0.1, 0.2, 0.4):
        for margin in (0.02, 0.05, 0.1):
            exact = solve(margin / sqrt(disagreement), alpha=0.05, power=0.8, ratio=0, alternative="larger")
            pairs.append((needed_trials(disagreement, margin), exact))
    assert all(0 <= ours - theirs < 1 for ours, theirs in pairs)


@given(MARGINS, ALPHAS)
def test_the_floor_is_where_a_suite_without_discordant_pairs_just_excludes_the_margin(
    margin: float, alpha: float
) -> None:
    bound, trials = stats.norm.isf(alpha), needed_trials(0.0, margin, alpha)
    assert Discordance(0, 0, trials).z_at(-margin) >= bound - 1e-9
    assert trials == 1 or Discordance(0, 0, trials - 1).z_at(-margin) <= bound


@given(SHARES, SHARES, st.floats(1, 1e6), st.floats(1, 1e6), ALPHAS)
def test_more_trials_and_less_disagreement_see_more(
    one: float, other: float, few: float, many: float, alpha: float
) -> None:
    (calm, noisy), (few, many) = sorted((one, other)), sorted((few, many))
    assert 0 < reach(calm, many, alpha) <= reach(noisy, few, alpha) <= 1
    assert needed_trials(calm, 0.05, alpha) <= needed_trials(noisy, 0.05, alpha)


@pytest.mark.parametrize(
    ("disagreement", "trials", "margin", "alpha"),
    [(-0.1, 10, 0.05, 0.05), (1.1, 10, 0.05, 0.05), (0.1, 0, 0.0, 0.05), (0.1, -1, 1.0, 0.05), (0.1, 10, 0.05, 0.5)],
)
def test_what_cannot_be_asked_is_refused(disagreement: float, trials: float, margin: float, alpha: float) -> None:
    with pytest.raises(ValueError, match=r"disagreement|trials"):
        reach(disagreement, trials, alpha)
    with pytest.raises(ValueError, match=r"disagreement|a margin is a share"):
        needed_trials(disagreement, margin, alpha)
