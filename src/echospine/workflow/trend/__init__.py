"""One patient over visits: what was measured, whether it changed, what was done and what the patient said.

Knows which readings may be compared, and keeps treatments, questionnaires and this site's errors of measurement.
"""

from echospine.workflow.trend.document import (
    findings_document,
    mark_document,
    measure_document,
    score_document,
    story_document,
)
from echospine.workflow.trend.entries import add_mark, add_score, withdraw
from echospine.workflow.trend.gathering import Followed, measures_of
from echospine.workflow.trend.repeats import error_of_repeats
from echospine.workflow.trend.study import (
    FIGURES,
    Findings,
    Task,
    findings_of,
    keep_as_site_error,
    next_task,
    order_of,
    plan_of,
    plan_study,
    read,
)
from echospine.workflow.trend.tables import trend_table
from echospine.workflow.trend.telling import one_measure, trend_of

__all__ = [
    "FIGURES",
    "Findings",
    "Followed",
    "Task",
    "add_mark",
    "add_score",
    "error_of_repeats",
    "findings_document",
    "findings_of",
    "keep_as_site_error",
    "mark_document",
    "measure_document",
    "measures_of",
    "next_task",
    "one_measure",
    "order_of",
    "plan_of",
    "plan_study",
    "read",
    "score_document",
    "story_document",
    "trend_of",
    "trend_table",
    "withdraw",
]
