"""The normal distribution and Student's t, held against scipy."""

from __future__ import annotations

from math import inf, isclose
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from evalkit.stats.distributions import normal_cdf, normal_quantile, normal_sf, t_quantile, t_sf
from tests.stats.oracles import NEAR, worst_ratio

CHANCES = st.floats(1e-100, 1, exclude_max=True)


def test_normal_probabilities_are_those_of_scipy_far_into_the_tail() -> None:
    random = Random(1)
    points = [random.uniform(-37, 37) for _ in range(500)]
    assert worst_ratio("normal_cdf", ((normal_cdf(z), stats.norm.cdf(z)) for z in points)) < 1e-12
    assert worst_ratio("normal_sf", ((normal_sf(z), stats.norm.sf(z)) for z in points)) < 1e-12


def test_normal_quantiles_are_those_of_scipy_down_to_1e_300() -> None:
    random = Random(2)
    chances = [10 ** random.uniform(-300, -0.01) for _ in range(500)] + [random.random() for _ in range(500)]
    assert worst_ratio("normal_quantile", ((normal_quantile(p), stats.norm.ppf(p)) for p in chances)) < 1e-12


def test_t_is_that_of_scipy_for_any_real_degrees_of_freedom() -> None:
    random = Random(3)
    freedoms = [10 ** random.uniform(0, 5) for _ in range(200)] + [float(random.randint(1, 200)) for _ in range(200)]
    chances = [random.choice([0.95, 0.975, 0.995, random.uniform(0.501, 0.99999), random.random()]) for _ in freedoms]
    quantiles = [(t_quantile(p, df), stats.t.ppf(p, df)) for p, df in zip(chances, freedoms, strict=True)]
    assert worst_ratio("t_quantile", quantiles) < NEAR
    points = [(random.uniform(-8, 8), df) for df in freedoms]
    assert worst_ratio("t_sf", ((t_sf(t, df), special.stdtr(df, -t)) for t, df in points)) < NEAR


def test_t_quantiles_are_those_of_the_tables() -> None:
    # Student's t, two-sided 95 %: any textbook.
    freedoms = (1, 2, 5, 10, 30, 120)
    assert [round(t_quantile(0.975, df), 3) for df in freedoms] == [12.706, 4.303, 2.571, 2.228, 2.042, 1.980]


@pytest.mark.parametrize(("p", "quantile"), [(0.0, -inf), (0.5, 0.0), (1.0, inf)])
def test_the_ends_and_the_middle_are_exact(p: float, quantile: float) -> None:
    assert normal_quantile(p) == quantile
    assert t_quantile(0.5, 3) == 0


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_has_no_quantile(p: float) -> None:
    with pytest.raises(ValueError, match="no probability"):
        normal_quantile(p)


@pytest.mark.parametrize(
    ("p", "df"), [(0.0, 3.0), (1.0, 3.0), (float("nan"), 3.0), (0.9, 0.9), (0.9, -1.0), (0.9, float("nan"))]
)
def test_t_needs_a_probability_and_degrees_of_freedom(p: float, df: float) -> None:
    with pytest.raises(ValueError, match="no quantile of t"):
        t_quantile(p, df)


@given(CHANCES)
def test_the_probability_of_a_quantile_is_what_was_asked(p: float) -> None:
    assert isclose(normal_cdf(normal_quantile(p)), p, rel_tol=1e-12)


@given(CHANCES, CHANCES, st.floats(1, 1e5))
def test_quantiles_grow_with_the_probability(one: float, other: float, df: float) -> None:
    low, high = sorted((one, other))
    assert normal_quantile(low) <= normal_quantile(high)
    assert t_quantile(low, df) <= t_quantile(high, df) + 1e-9 * abs(t_quantile(high, df))


@given(st.floats(0.51, 0.999), st.floats(1, 1e4))
def test_t_is_wider_than_the_normal_and_nears_it(p: float, df: float) -> None:
    assert t_quantile(p, df) > t_quantile(p, 2 * df) > normal_quantile(p)
    assert t_quantile(p, inf) == normal_quantile(p)
    assert isclose(t_quantile(1 - p, df), -t_quantile(p, df), rel_tol=1e-9)
