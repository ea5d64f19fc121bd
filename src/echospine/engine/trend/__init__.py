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
from echospine.engine.trend.cited import CITED, CitedError, cited_error
from echospine.engine.trend.mixed import DAYS_A_MONTH, PersonTrend, Seen, Slope, TrendLine, trend_line
from echospine.engine.trend.reliability import Icc, IccForm, Sem, icc, sem, visit_errors
from echospine.engine.trend.scores import RULES, Response, respond, score
from echospine.engine.trend.story import Band, Beside, Measure, Story, day_text, tell
from echospine.engine.trend.visits import Judged, Visit, judge_visits

__all__ = [
    "CITED",
    "DAYS_A_MONTH",
    "RULES",
    "Agreement",
    "Band",
    "Beside",
    "Change",
    "CitedError",
    "ErrorSource",
    "Icc",
    "IccForm",
    "Judged",
    "KnownError",
    "Measure",
    "PersonTrend",
    "Reading",
    "Response",
    "Seen",
    "Sem",
    "Slope",
    "Story",
    "TrendLine",
    "Verdict",
    "Visit",
    "cited_error",
    "day_text",
    "icc",
    "judge",
    "judge_visits",
    "limits_of_agreement",
    "reliable_change_index",
    "respond",
    "score",
    "sem",
    "tell",
    "trend_line",
    "visit_errors",
]
