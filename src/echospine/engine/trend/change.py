"""Did it change? Two readings, their error, and one of three answers; never a change where error would do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from scipy import stats

from echospine.domain.errors import InputError
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


@dataclass(frozen=True, slots=True)
class KnownError:
    """The error of measurement of one quantity by one method, and where that is known from.

    `sem`: of one frame, with its kind and degrees of freedom; `between_visits`: SD of what differs from visit to visit
    and is not lessened by more frames (placing the probe anew), in the same unit; `citation`: the study, or the
    name and date of the site's own.
    """

    quantity: str
    method: str
    unit: str
    sem: Sem
    source: ErrorSource
    citation: str
    between_visits: float = 0.0

    def of_mean(self, n_frames: int) -> float:
        """Return the standard error of the mean of `n_frames` frames of one visit."""
        return math.sqrt(self.sem.value**2 / n_frames + self.between_visits**2)


@dataclass(frozen=True, slots=True)
class Reading:
    """One visit's value: the mean of `n_frames` frames, with all that must be the same to compare it."""

    value: float
    unit: str
    quantity: str
    method: str
    device: str
    side: str = ""
    n_frames: int = 1

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InputError(f"{self.quantity}: a reading of {self.value} is no number")
        if self.n_frames < 1:
            raise InputError(f"{self.quantity}: a reading comes from one frame or more")


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

    A change counts only when it is larger than the smallest detectable change: t * sqrt(SE1² + SE2²), where SE
    is the standard error of each reading (Weir 2005, J Strength Cond Res 19:231, for unequal numbers of frames).
    """
    reason = _why_not(first, second, error)
    if reason or error is None:
        return Change(Verdict.NOT_COMPARABLE, math.nan, math.nan, first.unit, level, f"not comparable: {reason}")
    t = float(stats.t.ppf(0.5 + level / 2, error.sem.df))
    mdc = t * math.hypot(error.of_mean(first.n_frames), error.of_mean(second.n_frames))
    difference = second.value - first.value
    if abs(difference) <= mdc:
        verdict = Verdict.WITHIN_ERROR
    else:
        verdict = Verdict.INCREASED if difference > 0 else Verdict.DECREASED
    whose = f"{error.source.value}, {error.citation}"
    sentence = (
        f"{verdict.value}: {difference:+.3g} {first.unit}, where less than {mdc:.3g} {first.unit} "
        f"cannot be told from error ({level:.0%}; {whose})"
    )
    return Change(verdict, difference, mdc, first.unit, level, sentence)


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
