"""What is read from the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, case, func, or_, select

from echospine.adapters.sql import rows
from echospine.adapters.sql.remark_rows import remark_of
from echospine.adapters.sql.rules import fold, no_exam
from echospine.adapters.sql.tables import contours, exams, findings, history, maps, recordings, remarks, source_files
from echospine.domain.exams import Exam, ExamFile, ExamState, Recording, SourceFile
from echospine.domain.trends import Patient
from echospine.ports import ExamPage

Value = TypeVar("Value")


def exam_file(db: Connection, exam_id: str) -> ExamFile:
    """Return everything of one examination; raises NotFound."""
    row = db.execute(select(exams).where(exams.c.id == exam_id)).one_or_none()
    if row is None:
        raise no_exam(exam_id)
    drawn = _of_exam(db, contours, exam_id, rows.contour_of)
    painted = _of_exam(db, maps, exam_id, rows.map_of)
    said = _of_exam(db, remarks, exam_id, remark_of)
    return ExamFile(
        exam=rows.exam_of(row),
        recordings=recordings_where(db, recordings.c.exam_id == exam_id),
        findings=_of_exam(db, findings, exam_id, rows.finding_of),
        contours=tuple(sorted(drawn, key=lambda contour: (contour.recording_id, contour.frame))),
        history=_of_exam(db, history, exam_id, rows.change_of),
        maps=tuple(sorted(painted, key=lambda edit: (edit.recording_id, edit.frame))),
        remarks=tuple(sorted(said, key=lambda remark: (remark.recording_id, remark.place))),
    )


def recordings_where(db: Connection, condition: ColumnElement[bool]) -> tuple[Recording, ...]:
    """Return the recordings that meet `condition`, in the order in which they were imported."""
    files: defaultdict[str, list[SourceFile]] = defaultdict(list)
    listed = select(source_files).join(recordings).where(condition).order_by(source_files.c.place)
    for row in db.execute(listed):
        files[row.recording_id].append(rows.file_of(row))
    found = db.execute(select(recordings).where(condition).order_by(recordings.c.seq))
    return tuple(rows.recording_of(row, tuple(files[row.id])) for row in found)


def page(db: Connection, text: str, state: ExamState | None, limit: int, offset: int) -> ExamPage:
    """Return the examinations that hold `text`, newest first."""
    conditions: list[ColumnElement[bool]] = []
    if state is not None:
        conditions.append(exams.c.state == state.value)
    if wanted := fold(text):
        named = select(recordings.c.exam_id).where(recordings.c.folded.contains(wanted, autoescape=True))
        conditions.append(or_(exams.c.folded.contains(wanted, autoescape=True), exams.c.id.in_(named)))
    newest_first = select(exams).where(*conditions).order_by(exams.c.created_at.desc(), exams.c.seq.desc())
    found = db.execute(newest_first.limit(limit).offset(offset))
    total = db.scalar(select(func.count()).select_from(exams).where(*conditions))
    return ExamPage(tuple(rows.exam_of(row) for row in found), total or 0)


def patients(db: Connection) -> tuple[Patient, ...]:
    """Return everybody with an examination that names them, latest examination first."""
    key, latest = _key(), func.max(exams.c.created_at)
    named = select(key, func.max(exams.c.patient_name), func.count(), latest).where(key != "")
    found = db.execute(named.group_by(key).order_by(latest.desc(), key))
    return tuple(Patient(*row) for row in found)


def exams_of(db: Connection, patient: str) -> tuple[Exam, ...]:
    """Return the examinations of a patient, in the order in which they were made."""
    found = db.execute(select(exams).where(_key() == patient).order_by(exams.c.created_at, exams.c.seq))
    return tuple(rows.exam_of(row) for row in found)


def _key() -> ColumnElement[str]:
    """Return whom an examination is of: see `patient_of`."""
    return case((exams.c.patient_id != "", exams.c.patient_id), else_=exams.c.patient_name)


def _of_exam(db: Connection, table: Table, exam_id: str, value_of: Callable[[Row[Any]], Value]) -> tuple[Value, ...]:
    found: Select[Any] = select(table).where(table.c.exam_id == exam_id)
    if "seq" in table.c:
        found = found.order_by(table.c.seq)
    return tuple(value_of(row) for row in db.execute(found))
