"""Trend: how large the error of measurement is, and whether somebody changed by more than that.

A change is called a change only beyond the smallest detectable change of this site, or of a cited study.
"""

from echospine.engine.trend.agreement import Agreement, limits_of_agreement
from echospine.engine.trend.change import (
    Change,
    ErrorSource,
    KnownError,
    Reading,
    Verdict,
    judge,
    reliable_change_index,
)
from echospine.engine.trend.reliability import Icc, IccForm, Sem, SemKind, icc, sem

__all__ = [
    "Agreement",
    "Change",
    "ErrorSource",
    "Icc",
    "IccForm",
    "KnownError",
    "Reading",
    "Sem",
    "SemKind",
    "Verdict",
    "icc",
    "judge",
    "limits_of_agreement",
    "reliable_change_index",
    "sem",
]
