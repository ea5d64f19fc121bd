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
from echospine.engine.trend.mixed import DAYS_A_MONTH, PersonTrend, Seen, Slope, TrendLine, trend_line
from echospine.engine.trend.reliability import Icc, IccForm, Sem, icc, sem, visit_errors
from echospine.engine.trend.scores import RULES, Response, respond, score
from echospine.engine.trend.visits import Judged, Visit, judge_visits

__all__ = [
    "DAYS_A_MONTH",
    "RULES",
    "Agreement",
    "Change",
    "ErrorSource",
    "Icc",
    "IccForm",
    "Judged",
    "KnownError",
    "PersonTrend",
    "Reading",
    "Response",
    "Seen",
    "Sem",
    "Slope",
    "TrendLine",
    "Verdict",
    "Visit",
    "icc",
    "judge",
    "judge_visits",
    "limits_of_agreement",
    "reliable_change_index",
    "respond",
    "score",
    "sem",
    "trend_line",
    "visit_errors",
]
