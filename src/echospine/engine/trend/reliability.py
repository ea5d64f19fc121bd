"""How far raters, days and frames agree: intraclass correlation, and the standard error of measurement.

All of it follows from the mean squares of a table of n subjects by k ratings (Shrout and Fleiss 1979, Psychol Bull
86:420; confidence intervals and names: McGraw and Wong 1996, Psychol Methods 1:30).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import stats

from echospine.domain.errors import InputError
from echospine.domain.trends import SemKind, VisitError


class IccForm(StrEnum):
    """Which question the coefficient answers (model, unit)."""

    ONE_1 = "ICC(1,1)"
    """Each subject has raters of its own; one rating."""
    TWO_1 = "ICC(2,1)"
    """Raters are a sample of all raters; absolute agreement of one rating."""
    THREE_1 = "ICC(3,1)"
    """These very raters; consistency of one rating."""
    ONE_K = "ICC(1,k)"
    TWO_K = "ICC(2,k)"
    THREE_K = "ICC(3,k)"


@dataclass(frozen=True, slots=True)
class Icc:
    """A coefficient with its confidence interval at `level` (0.95)."""

    form: IccForm
    value: float
    low: float
    high: float
    level: float
    n_subjects: int
    n_ratings: int


@dataclass(frozen=True, slots=True)
class Sem:
    """Standard error of measurement, in the unit of the ratings; `df`: its degrees of freedom."""

    value: float
    kind: SemKind
    df: float

    def mdc(self, level: float = 0.95) -> float:
        """Return the smallest change between two single measurements that error alone rarely makes.

        z * sqrt(2) * SEM (Weir 2005, J Strength Cond Res 19:231, eq. 17), with Student's t for z: a SEM from few
        subjects is itself uncertain, and z would then call noise a change too often.
        """
        if not 0.0 < level < 1.0:
            raise InputError(f"a confidence level lies between 0 and 1, not at {level:g}")
        return float(stats.t.ppf(0.5 + level / 2, self.df)) * math.sqrt(2.0) * self.value


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Analysis of variance of n subjects by k ratings: between subjects, between raters, residual, within subjects."""

    subjects: float
    raters: float
    residual: float
    within: float
    n: int
    k: int


def mean_squares(ratings: npt.ArrayLike) -> MeanSquares:
    """Return the mean squares of `ratings`, shape (n_subjects, k_ratings).

    Raises InputError for fewer than two subjects or ratings, and for values that are missing.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 2:
        raise InputError(
            f"reliability needs two subjects and two ratings of each or more, not a table of {table.shape}"
        )
    if not np.all(np.isfinite(table)):
        raise InputError("reliability needs every rating of every subject: leave out subjects with one missing")
    n, k = table.shape
    by_subject, by_rater = table.mean(axis=1) - table.mean(), table.mean(axis=0) - table.mean()
    residual = table - table.mean() - by_subject[:, None] - by_rater
    within = table - table.mean(axis=1, keepdims=True)
    return MeanSquares(
        subjects=float(k * (by_subject**2).sum() / (n - 1)),
        raters=float(n * (by_rater**2).sum() / (k - 1)),
        residual=float((residual**2).sum() / ((n - 1) * (k - 1))),
        within=float((within**2).sum() / (n * (k - 1))),
        n=n,
        k=k,
    )


def icc(ratings: npt.ArrayLike, form: IccForm, level: float = 0.95) -> Icc:
    """Return the intraclass correlation of `ratings`, shape (n_subjects, k_ratings), with its interval.

    Raises InputError as `mean_squares` does, and where all ratings are equal.
    """
    ms = mean_squares(ratings)
    if ms.subjects == 0 and ms.within == 0:
        raise InputError("all ratings are equal: there is nothing to correlate")
    single = _SINGLE[_single(form)](ms, 1 - level)
    if form not in _AVERAGE:
        return Icc(form, *single, level, ms.n, ms.k)
    value, low, high = (_step_up(bound, ms.k) for bound in single)
    return Icc(form, value, low, high, level, ms.n, ms.k)


def sem(ratings: npt.ArrayLike, kind: SemKind) -> Sem:
    """Return the standard error of measurement of `ratings`, shape (n_subjects, k_ratings).

    Agreement: sqrt(variance of raters + residual variance), its degrees of freedom by Satterthwaite (1946).
    """
    ms = mean_squares(ratings)
    residual_df = (ms.n - 1) * (ms.k - 1)
    if kind == SemKind.WITHIN:
        return Sem(math.sqrt(ms.within), kind, ms.n * (ms.k - 1))
    if kind == SemKind.CONSISTENCY or ms.raters <= ms.residual:
        return Sem(math.sqrt(ms.residual), kind, residual_df)
    of_raters, of_residual = ms.raters / ms.n, ms.residual * (ms.n - 1) / ms.n
    variance = of_raters + of_residual
    df = variance**2 / (of_raters**2 / (ms.k - 1) + of_residual**2 / residual_df) if variance > 0 else residual_df
    return Sem(math.sqrt(variance), kind, df)


def visit_errors(readings: npt.ArrayLike) -> tuple[Sem, VisitError]:
    """Return the error of one reading and that of a visit, from people who were seen more than once.

    `readings`: shape (n_subjects, n_visits, n_readings). Nested analysis of variance (Searle, Casella and McCulloch
    1992, Variance Components, ch. 4): the mean square of visits within subjects, over the readings of a visit, is the
    square of a visit's standard error. Raises InputError for fewer than two subjects or visits, or missing values.
    """
    table = np.asarray(readings, dtype=np.float64)
    if table.ndim != 3 or min(table.shape[:2]) < 2 or table.shape[2] < 1 or not np.all(np.isfinite(table)):
        raise InputError("the error between visits needs two subjects, two visits of each, and every reading of them")
    n, visits, k = table.shape
    of_visit = table.mean(axis=2)
    apart = of_visit - of_visit.mean(axis=1, keepdims=True)
    visit = VisitError(math.sqrt(float((apart**2).sum()) / (n * (visits - 1))), n * (visits - 1), k)
    if k == 1:
        return Sem(visit.value, SemKind.WITHIN, visit.df), visit
    within = table - of_visit[:, :, None]
    df = n * visits * (k - 1)
    return Sem(math.sqrt(float((within**2).sum()) / df), SemKind.WITHIN, df), visit


Bounds = tuple[float, float, float]


def _single(form: IccForm) -> IccForm:
    return _AVERAGE.get(form, form)


_AVERAGE = {IccForm.ONE_K: IccForm.ONE_1, IccForm.TWO_K: IccForm.TWO_1, IccForm.THREE_K: IccForm.THREE_1}


def _step_up(single: float, k: int) -> float:
    """Return the reliability of the mean of k ratings (Spearman-Brown)."""
    below = 1 + (k - 1) * single
    return k * single / below if below > 0 else -math.inf


def _from_ratio(ratio: float, k: int) -> float:
    return (ratio - 1) / (ratio + k - 1)


def _ratio_bounds(top: float, bottom: float, df: tuple[float, float], k: int, alpha: float) -> Bounds:
    if bottom == 0:
        return 1.0, 1.0, 1.0
    ratio = top / bottom
    low = ratio / float(stats.f.ppf(1 - alpha / 2, *df))
    high = ratio * float(stats.f.ppf(1 - alpha / 2, *reversed(df)))
    return _from_ratio(ratio, k), _from_ratio(low, k), _from_ratio(high, k)


def _one(ms: MeanSquares, alpha: float) -> Bounds:
    return _ratio_bounds(ms.subjects, ms.within, (ms.n - 1, ms.n * (ms.k - 1)), ms.k, alpha)


def _three(ms: MeanSquares, alpha: float) -> Bounds:
    return _ratio_bounds(ms.subjects, ms.residual, (ms.n - 1, (ms.n - 1) * (ms.k - 1)), ms.k, alpha)


def _two(ms: MeanSquares, alpha: float) -> Bounds:
    """Return ICC(2,1) and its interval (Shrout and Fleiss 1979, p. 424; McGraw and Wong 1996, table 7)."""
    n, k = ms.n, ms.k
    value = (ms.subjects - ms.residual) / (ms.subjects + (k - 1) * ms.residual + k * (ms.raters - ms.residual) / n)
    if ms.residual == 0 and ms.raters == 0:
        return value, value, value
    a = k * value / (n * (1 - value)) if value < 1 else math.inf
    b = 1 + k * value * (n - 1) / (n * (1 - value)) if value < 1 else math.inf
    spread = a * ms.raters + b * ms.residual
    df = spread**2 / ((a * ms.raters) ** 2 / (k - 1) + (b * ms.residual) ** 2 / ((n - 1) * (k - 1)))
    upper, lower = float(stats.f.ppf(1 - alpha / 2, n - 1, df)), float(stats.f.ppf(1 - alpha / 2, df, n - 1))
    others = k * ms.raters + (k * n - k - n) * ms.residual
    low = n * (ms.subjects - upper * ms.residual) / (upper * others + n * ms.subjects)
    high = n * (lower * ms.subjects - ms.residual) / (others + n * lower * ms.subjects)
    return value, low, high


_SINGLE = {IccForm.ONE_1: _one, IccForm.TWO_1: _two, IccForm.THREE_1: _three}
