"""Patients who come again: examinations on chosen days with chosen readings, and a site that knows its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

from echospine.domain.exams import Change, Exam, ExamState, ExamWrite, Finding, Recording, SourceFile
from echospine.domain.labels import Method, Side, Structure
from echospine.domain.measures import Measurement, Quantity, Status
from echospine.domain.trends import SemKind, SiteError, VisitError
from echospine.domain.units import Unit
from echospine.engine.trend import Measure
from echospine.ports import House

PATIENT = "P-7"
MULTIFIDUS = Measure(Quantity.LENGTH, Structure.MULTIFIDUS, Side.LEFT, "L4")
BY_HAND = Method("calliper", "1")


def reading(value: float | None, measure: Measure = MULTIFIDUS, **values: object) -> Measurement:
    measured = Measurement(
        structure=measure.structure,
        side=measure.side,
        level=measure.level,
        quantity=measure.quantity,
        value=value,
        unit=Unit.MM,
        method=BY_HAND,
        uncertainty=0.4,
        status=Status.ACCEPTED,
        note="" if value is not None else "uncalibrated",
    )
    return replace(measured, **values)  # type: ignore[arg-type]


def visit(
    house: House, day: date, readings: Sequence[Measurement], *, patient: str = PATIENT, signed: bool = True
) -> str:
    """Keep an examination of that day, as review leaves it; return its id."""
    exam_id, at = house.new_id(), datetime.combine(day, time(9), UTC)
    exam = Exam(exam_id, "Back", ExamState.IMPORTED, at, "Doe, Jane", patient)
    house.studies.create(exam, Change(at, "Reader One", "create", "exam"))
    digest = house.objects.put(f"a picture of {exam_id} that nobody opens".encode())
    files = (SourceFile("still.png", digest, 1),)
    recording = Recording(house.new_id(), exam_id, "still", "image", digest, files, 1, 9, 9, True, at)
    findings = [Finding(house.new_id(), recording.id, measured, decided_by="Reader One") for measured in readings]
    state = ExamState.SIGNED if signed else ExamState.DRAFT
    write = ExamWrite(replace(exam, state=state, revision=1), [], recordings=[recording], findings=findings)
    house.studies.commit(write)
    return exam_id


def own_error(house: House, **values: object) -> SiteError:
    """Keep this site's study of thickness by hand: a visit of three readings errs by 0.8 mm."""
    error = SiteError(
        id=house.new_id(),
        name="Spring study",
        quantity=MULTIFIDUS.quantity,
        structure=MULTIFIDUS.structure,
        method=str(BY_HAND),
        device="",
        unit=Unit.MM,
        sem=1.0,
        sem_kind=SemKind.WITHIN,
        sem_df=80,
        visit=VisitError(0.8, 20, 3),
        day=date(2026, 1, 12),
        raters=("Reader One", "Reader Two"),
        n_subjects=20,
        who="Reader One",
        at=house.clock.now(),
    )
    error = replace(error, **values)  # type: ignore[arg-type]
    house.studies.records.add(error)
    return error
