"""Did it change? Two readings, their error, and one of three answers; never a change where error would do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from scipy import stats

from echospine.domain.errors import InputError
from echospine.domain.measures import UNIT_WORDS
from echospine.domain.trends import VisitError
from echospine.domain.units import Unit
from echospine.engine.trend.reliability import Sem


class Verdict(StrEnum):
    """What may be said of two readings."""

    INCREASED = "increased"
    DECREASED = "decreased"
    WITHIN_ERROR = "within measurement error"
    NOT_COMPARABLE = "not comparable"


class ErrorSource(StrEnum):
    """Whose error of measurement it is."""

    SITE = "this site's reliability study"
    STUDY = "a published study"


SURE = 0.95
"""How sure it is that an error of measurement is no larger than what changes are judged by."""


@dataclass(frozen=True, slots=True)
class KnownError:
    """The error of measurement of one quantity by one method, and where that is known from.

    `sem`: of one reading, None where only that of visits was published; `visit`: of a visit, None where nobody looked
    at the same people twice. `citation`: the study, or the name and date of the site's own.
    """

    quantity: str
    method: str
    unit: str
    sem: Sem | None
    visit: VisitError | None
    source: ErrorSource
    citation: str

    def least_change(self, n_first: int, n_second: int, level: float = 0.95) -> float:
        """Return the smallest change between two visits, means of so many readings, that error rarely makes.

        z * SE of the difference (Weir 2005, J Strength Cond Res 19:231, eq. 17, for unequal numbers of readings),
        where SE is the most that it may be, 95 % sure, by chi-square: a study of ten people may by luck find an error
        far too small, and noise would then be called a change in all patients of that site. With many people it
        is the usual smallest detectable change. Raises InputError where the error of visits is not known.
        """
        variances = (self._variance(n_first), self._variance(n_second))
        return _quantile(level) * math.sqrt(sum(variances))

    def _variance(self, n_readings: int) -> float:
        """Return the most that the variance of a visit may be.

        A visit of fewer readings than the study's visits has the readings' own error on top (where that is not known,
        all the error is taken for theirs); one of more readings is taken for no better than those.
        """
        if self.visit is None:
            raise InputError(f"{self.citation}: the error between visits is not known")
        of_visit = _at_most(self.visit.value**2, self.visit.df)
        if n_readings >= self.visit.n_readings:
            return of_visit
        if self.sem is None:
            return of_visit * self.visit.n_readings / n_readings
        return of_visit + _at_most(self.sem.value**2, self.sem.df) * (1 / n_readings - 1 / self.visit.n_readings)


def _at_most(variance: float, df: float) -> float:
    """Return the upper bound of a variance that was found with so many degrees of freedom."""
    return variance * df / _least_chi2(df)


@cache
def _quantile(level: float) -> float:
    return float(stats.norm.ppf(0.5 + level / 2))


@cache
def _least_chi2(df: float) -> float:
    return float(stats.chi2.ppf(1 - SURE, df))


@dataclass(frozen=True, slots=True)
class Reading:
    """One visit's value: the mean of `n_readings` readings, with all that must be the same to compare it.

    Frames of one cine are one reading: they share where the probe stood and how the muscle was held.
    """

    value: float
    unit: str
    quantity: str
    method: str
    device: str
    side: str = ""
    n_readings: int = 1

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InputError(f"{self.quantity}: a reading of {self.value} is no number")
        if self.n_readings < 1:
            raise InputError(f"{self.quantity}: a visit has one reading or more")


@dataclass(frozen=True, slots=True)
class Change:
    """The answer, the numbers it stands on, and one sentence that says so.

    `difference`: second minus first; `mdc`: smallest detectable change for these two readings, `level` sure;
    both NaN where they cannot be compared.
    """

    verdict: Verdict
    difference: float
    mdc: float
    unit: str
    level: float
    sentence: str


def judge(first: Reading, second: Reading, error: KnownError | None, level: float = 0.95) -> Change:
    """Return what may be said of two readings of one person.

    A change counts only when it is larger than the smallest detectable change (`KnownError.least_change`).
    """
    reason = _why_not(first, second, error)
    if reason or error is None:
        return Change(Verdict.NOT_COMPARABLE, math.nan, math.nan, first.unit, level, f"not comparable: {reason}")
    mdc = error.least_change(first.n_readings, second.n_readings, level)
    difference = second.value - first.value
    if abs(difference) <= mdc:
        verdict = Verdict.WITHIN_ERROR
    else:
        verdict = Verdict.INCREASED if difference > 0 else Verdict.DECREASED
    whose = f"{error.source.value}, {error.citation}"
    words = _unit_words(first.unit)
    sentence = (
        f"{verdict.value}: {difference:+.3g}{words}, where less than {mdc:.3g}{words} "
        f"cannot be told from error ({100 * level:g} %; {whose})"
    )
    return Change(verdict, difference, mdc, first.unit, level, sentence)


def _unit_words(unit: str) -> str:
    """Return a unit as it stands behind a number, or nothing where there is none."""
    words = UNIT_WORDS[Unit(unit)] if unit in set(Unit) else unit
    return f" {words}" if words else ""


def _why_not(first: Reading, second: Reading, error: KnownError | None) -> str:
    """Return why two readings cannot be compared, or nothing."""
    if error is None:
        return f"no error of measurement is known for {first.quantity} by {first.method}"
    for what, one, other in (
        ("quantities", first.quantity, second.quantity),
        ("units", first.unit, second.unit),
        ("methods", first.method, second.method),
        ("devices", first.device, second.device),
        ("sides", first.side, second.side),
    ):
        if one != other:
            return f"different {what} ({one} and {other})"
    if error.visit is None:
        return f"{error.citation} tells the error of reading a frame, not that of placing the probe anew"
    known = (error.quantity, error.method, error.unit)
    asked = (first.quantity, first.method, first.unit)
    return "" if known == asked else f"the known error is of {' '.join(known)}, the readings are of {' '.join(asked)}"


def reliable_change_index(difference: float, sem: float) -> float:
    """Return the difference over its standard error, sqrt(2) SEM; beyond 1.96 counts as reliable.

    Jacobson and Truax 1991, J Consult Clin Psychol 59:12, p. 14. Raises InputError unless `sem` is above zero.
    """
    if not sem > 0:
        raise InputError("a reliable change index needs an error of measurement above zero")
    return difference / (math.sqrt(2.0) * sem)
