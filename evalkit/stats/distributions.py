"""The normal distribution and Student's t: probabilities and quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import erfc, exp, inf, lgamma, log, log1p, pi, sqrt, ulp

# Wichura (1988), algorithm AS 241, Applied Statistics 37, 477–484, routine PPND16: numerators and denominators of its
# rational functions in the middle, in the tails and far out; the lowest power first.
_MIDDLE = (
    (3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
     45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
    (1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
     21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610),
)  # fmt: skip
_TAIL = (
    (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
     1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
     0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_FAR = (
    (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
     0.0265321895265761230930, 0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def normal_cdf(z: float) -> float:
    """The chance, in [0, 1], of a standard normal value of at most z; of full relative precision also far below 0.

    Φ(z) = ½·erfc(−z/√2), Abramowitz & Stegun (1964), 26.2.29.
    """
    return erfc(-z / sqrt(2)) / 2


def normal_sf(z: float) -> float:
    """The chance, in [0, 1], of a standard normal value above z: 1 − Φ(z), of full relative precision far above 0."""
    return erfc(z / sqrt(2)) / 2


def normal_quantile(p: float) -> float:
    """The z with Φ(z) = p, to a relative 1e-14; −∞ at p = 0, ∞ at p = 1.

    Rational functions of Wichura (1988), algorithm AS 241. Raises ValueError unless 0 ≤ p ≤ 1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"no probability: {p}")
    if p in (0, 1):
        return inf if p else -inf
    centred = p - 0.5
    if abs(centred) <= 0.425:
        return centred * _ratio(_MIDDLE, 0.180625 - centred * centred)
    depth = sqrt(-log(min(p, 1 - p)))
    size = _ratio(_TAIL, depth - 1.6) if depth <= 5 else _ratio(_FAR, depth - 5)
    return size if centred > 0 else -size


@lru_cache(maxsize=256)
def t_quantile(p: float, df: float) -> float:
    """The quantile of Student's t with `df` degrees of freedom, any real number from 1 on, ∞ included.

    Newton's method on log P(T > t) over log t, which is concave: from the normal quantile, which is nearer to 0, the
    first step passes the root and all others come back to it. To a relative 1e-10 for |p − ½| ≥ 0.001.
    Raises ValueError unless 1e-100 ≤ p < 1 and df ≥ 1.
    """
    if not 1e-100 <= p < 1 or not df >= 1:
        raise ValueError(f"no quantile of t: p = {p}, {df} degrees of freedom")
    if p == 0.5 or df == inf:
        return normal_quantile(p)
    tail = min(p, 1 - p)
    t = -normal_quantile(tail)
    for _ in range(100):
        above = t_sf(t, df)
        step = log(above / tail) * above / (t * _t_density(t, df))
        t *= exp(step)
        if abs(step) < 1e-15:
            break
    return -t if p < 0.5 else t


def t_sf(t: float, df: float) -> float:
    """The chance, in [0, 1], of Student's t with `df` > 0 degrees of freedom being above t; precise in the upper tail.

    ½·I_x(df/2, ½) with x = df/(df + t²), Abramowitz & Stegun (1964), 26.5.27.
    """
    if t < 0:
        return 1 - t_sf(-t, df)
    square = t * t
    return _incomplete_beta((df / 2, 0.5), (df / (df + square), square / (df + square))) / 2


def _ratio(polynomials: tuple[Sequence[float], Sequence[float]], at: float) -> float:
    values = []
    for coefficients in polynomials:
        value = 0.0
        for coefficient in reversed(coefficients):
            value = value * at + coefficient
        values.append(value)
    return values[0] / values[1]


def _t_density(t: float, df: float) -> float:
    return exp(_log_beta_half(df / 2) - (df + 1) / 2 * log1p(t * t / df)) / sqrt(df)


def _log_beta_half(a: float) -> float:
    """−log B(a, ½). For a large a by the series of Γ(a + ½)/Γ(a): the difference of two lgamma would lose digits."""
    if a < 60:
        return lgamma(a + 0.5) - lgamma(a) - log(pi) / 2
    square = a * a
    series = -(1 / 8 - (1 / 192 - (1 / 640 - 17 / 14336 / square) / square) / square) / a
    return log(a) / 2 + series - log(pi) / 2


def _incomplete_beta(shape: tuple[float, float], at: tuple[float, float]) -> float:
    """I_x(a, b) for shape (a, b), one of them ½, and at (x, 1 − x); Press et al., Numerical Recipes, 6.4."""
    (a, b), (x, rest) = shape, at
    if x == 0 or rest == 0:
        return 0.0 if x == 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta((b, a), (rest, x))
    front = exp(_log_beta_half(a + b - 0.5) + a * _log(x, rest) + b * _log(rest, x))
    return front * _continued_fraction(a, b, x) / a


def _log(x: float, rest: float) -> float:
    """log x, where 1 − x is known better than x when x is near 1."""
    return log(x) if x < 0.5 else log1p(-rest)


def _continued_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of I_x(a, b), Abramowitz & Stegun (1964), 26.5.8, by the method of Lentz (1976)."""
    tiny = 1e-300
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1), tiny)
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d, tiny)
            c = _away_from_zero(1 + term / c, tiny)
            value *= c * d
        if abs(c * d - 1) < 2 * ulp(1.0):
            break
    return value


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
