"""Do two methods agree? Bias and limits of agreement (Bland and Altman 1986, Lancet 327:307)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from echospine.domain.errors import InputError


@dataclass(frozen=True, slots=True)
class Agreement:
    """First method minus second, in their unit; each interval at `level`.

    `bias`: mean difference; `sd`: of the differences; `low`, `high`: limits of agreement, within which 95 % of
    differences lie; `slope`: of the difference over the mean of both (proportional bias), and `slope_p` its p value.
    """

    bias: float
    bias_interval: tuple[float, float]
    sd: float
    low: float
    low_interval: tuple[float, float]
    high: float
    high_interval: tuple[float, float]
    slope: float
    slope_p: float
    n: int
    level: float


def limits_of_agreement(first: npt.ArrayLike, second: npt.ArrayLike, level: float = 0.95) -> Agreement:
    """Return the agreement of paired values, each shape (n,), one pair per subject.

    The limits are bias ± 1.96 SD, their standard error sqrt(3 SD² / n) (Bland and Altman 1986, p. 309).
    Raises InputError for fewer than three pairs, unequal shapes or missing values.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 1 or one.shape != other.shape or one.size < 3:
        raise InputError(f"agreement needs three pairs or more, not {one.shape} and {other.shape}")
    difference, middle = one - other, (one + other) / 2
    if not np.all(np.isfinite(difference)):
        raise InputError("agreement needs both values of every pair: leave out pairs with one missing")
    n, bias, sd = one.size, float(difference.mean()), float(difference.std(ddof=1))
    t = float(stats.t.ppf(0.5 + level / 2, n - 1))
    of_bias, of_limit = t * sd / math.sqrt(n), t * sd * math.sqrt(3 / n)
    low, high = bias - 1.96 * sd, bias + 1.96 * sd
    line = stats.linregress(middle, difference) if np.ptp(middle) > 0 else None
    return Agreement(
        bias,
        (bias - of_bias, bias + of_bias),
        sd,
        low,
        (low - of_limit, low + of_limit),
        high,
        (high - of_limit, high + of_limit),
        float(line.slope) if line else math.nan,
        float(line.pvalue) if line else math.nan,
        n,
        level,
    )
