"""What a comparison can see: the smallest drop it finds, and the trials that settle a margin."""

from __future__ import annotations

from math import ceil, sqrt

from evalkit.stats.distributions import normal_quantile

POWER = 0.8  # the chance of finding what is there that is asked for


def reach(disagreement: float, trials: float, alpha: float = 0.05) -> float:
    """The smallest drop, in (0, 1], that a one-sided test at `alpha` finds with a chance of 80 %.

    d = (z_{1−alpha} + z_{0.8})·√(D/N) for N trials an arm that disagree in a share D (about 2.5·√(D/N) at alpha 0.05):
    Connor (1987), Biometrics 43, 207–211. Where a drop of d is, at least d of the trials disagree, however few do where
    nothing changed; so D is no less than d, and d no less than (z_{1−alpha} + z_{0.8})²/N. (The lower end of Tango's
    interval without a discordant pair, z²/(N + z²), is less than half of that: what is not excluded need not be found.)
    Raises ValueError unless trials > 0, 0 ≤ D ≤ 1 and 0 < alpha < 0.5.
    """
    _check(disagreement, alpha)
    if not trials > 0:
        raise ValueError(f"{trials} trials")
    z = normal_quantile(1 - alpha) + normal_quantile(POWER)
    return min(1.0, max(z * sqrt(disagreement / trials), z * z / trials))


def needed_trials(disagreement: float, margin: float, alpha: float = 0.05) -> int:
    """The trials an arm that give a chance of 80 % of "no worse" at `margin` where nothing changed.

    (z_{1−alpha} + z_{0.8})²·D/margin² (about 6.2·D/margin² at alpha 0.05), the turn of the formula of `reach`. At least
    z²(1 − margin)/margin: with fewer not even a suite without a discordant pair excludes the margin (Tango's z at
    −margin is √(N·margin/(1 − margin)) then). Raises ValueError unless 0 ≤ D ≤ 1, 0 < margin < 1 and 0 < alpha < 0.5.
    """
    _check(disagreement, alpha)
    if not 0 < margin < 1:
        raise ValueError(f"a margin is a share: {margin}")
    z = normal_quantile(1 - alpha)
    found = (z + normal_quantile(POWER)) ** 2 * disagreement / margin**2
    return ceil(max(found, z * z * (1 - margin) / margin))


def _check(disagreement: float, alpha: float) -> None:
    if not 0 <= disagreement <= 1 or not 0 < alpha < 0.5:
        raise ValueError(f"disagreement {disagreement}, alpha {alpha}")
