"""Between entries and rows of their tables; `entry_of(row_of(entry)) == entry`, to the last bit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from echospine.adapters.sql.rows import Values
from echospine.domain.labels import Structure, part_of
from echospine.domain.measures import Quantity
from echospine.domain.trends import (
    Instrument,
    Mark,
    MarkKind,
    Score,
    SemKind,
    SiteError,
    StudyFrame,
    StudyPlan,
    StudyReading,
    VisitError,
    Withdrawal,
)
from echospine.domain.units import Unit


def mark_row(mark: Mark) -> Values:
    """Return the row of a mark."""
    return {
        "id": mark.id,
        "patient": mark.patient,
        "day": mark.day,
        "kind": mark.kind.value,
        "text": mark.text,
        "who": mark.who,
        "at": mark.at,
    }


def mark_of(row: Row[Any]) -> Mark:
    """Return the mark of a row."""
    return Mark(row.id, row.patient, row.day, MarkKind(row.kind), row.text, row.who, row.at)


def score_row(score: Score) -> Values:
    """Return the row of a questionnaire."""
    return {
        "id": score.id,
        "patient": score.patient,
        "day": score.day,
        "instrument": score.instrument.value,
        "answers": list(score.answers),
        "total": score.total,
        "who": score.who,
        "at": score.at,
    }


def score_of(row: Row[Any]) -> Score:
    """Return the questionnaire of a row."""
    instrument = Instrument(row.instrument)
    return Score(row.id, row.patient, row.day, instrument, tuple(row.answers), row.total, row.who, row.at)


def site_error_row(error: SiteError) -> Values:
    """Return the row of a site's error."""
    visit = error.visit
    return {
        "id": error.id,
        "name": error.name,
        "quantity": error.quantity.value,
        "structure": error.structure.value,
        "method": error.method,
        "device": error.device,
        "unit": error.unit.value,
        "sem": error.sem,
        "sem_kind": error.sem_kind.value,
        "sem_df": error.sem_df,
        "visit_sem": None if visit is None else visit.value,
        "visit_df": None if visit is None else visit.df,
        "visit_readings": None if visit is None else visit.n_readings,
        "day": error.day,
        "raters": list(error.raters),
        "n_subjects": error.n_subjects,
        "who": error.who,
        "at": error.at,
    }


def site_error_of(row: Row[Any]) -> SiteError:
    """Return the site's error of a row."""
    return SiteError(
        id=row.id,
        name=row.name,
        quantity=Quantity(row.quantity),
        structure=part_of(row.structure),
        method=row.method,
        device=row.device,
        unit=Unit(row.unit),
        sem=row.sem,
        sem_kind=SemKind(row.sem_kind),
        sem_df=row.sem_df,
        visit=None if row.visit_sem is None else VisitError(row.visit_sem, row.visit_df, row.visit_readings),
        day=row.day,
        raters=tuple(row.raters),
        n_subjects=row.n_subjects,
        who=row.who,
        at=row.at,
    )


def withdrawal_row(withdrawal: Withdrawal) -> Values:
    """Return the row of a withdrawal."""
    return {
        "entry_id": withdrawal.entry_id,
        "reason": withdrawal.reason,
        "who": withdrawal.who,
        "at": withdrawal.at,
    }


def withdrawal_of(row: Row[Any]) -> Withdrawal:
    """Return the withdrawal of a row."""
    return Withdrawal(row.entry_id, row.reason, row.who, row.at)


def plan_row(plan: StudyPlan) -> Values:
    """Return the row of a plan."""
    return {
        "id": plan.id,
        "name": plan.name,
        "quantity": plan.quantity.value,
        "structure": plan.structure.value,
        "raters": list(plan.raters),
        "frames": [[one.subject, one.visit, one.recording_id, one.frame] for one in plan.frames],
        "seed": plan.seed,
        "who": plan.who,
        "at": plan.at,
    }


def plan_of(row: Row[Any]) -> StudyPlan:
    """Return the plan of a row."""
    return StudyPlan(
        id=row.id,
        name=row.name,
        quantity=Quantity(row.quantity),
        structure=Structure(row.structure),
        raters=tuple(row.raters),
        frames=tuple(StudyFrame(*one) for one in row.frames),
        seed=row.seed,
        who=row.who,
        at=row.at,
    )


def reading_row(reading: StudyReading) -> Values:
    """Return the row of a reading."""
    return {
        "id": reading.id,
        "plan_id": reading.plan_id,
        "rater": reading.rater,
        "place": reading.place,
        "value": reading.value,
        "unit": reading.unit.value,
        "at": reading.at,
    }


def reading_of(row: Row[Any]) -> StudyReading:
    """Return the reading of a row."""
    return StudyReading(row.id, row.plan_id, row.rater, row.place, row.value, Unit(row.unit), row.at)
