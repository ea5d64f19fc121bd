"""What is written to the tables, inside the transaction of a writer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from echospine.adapters.sql import rows
from echospine.adapters.sql.remark_rows import remark_row
from echospine.adapters.sql.rules import moved_on, no_exam, require_known, require_same_content
from echospine.adapters.sql.tables import contours, exams, findings, history, maps, recordings, remarks, source_files
from echospine.domain.exams import Change, ContourEdit, Exam, ExamWrite, Finding, MapEdit, Recording
from echospine.domain.remarks import Remark


def insert_exam(db: Connection, exam: Exam, change: Change) -> None:
    """Put a new examination with the first line of its history."""
    db.execute(insert(exams), rows.exam_row(exam))
    _append(db, exam, [change])


def apply(db: Connection, write: ExamWrite) -> None:
    """Apply a write: what is taken away goes first. Raises NotFound or Conflict; then all is rolled back."""
    exam_id = write.exam.id
    _advance(db, write.exam)
    known = db.execute(select(recordings.c.id, recordings.c.digest).where(recordings.c.exam_id == exam_id))
    digests = {row.id: row.digest for row in known}
    require_known(write, digests)
    _remove(db, write)
    _put_recordings(db, write.recordings, digests)
    _put_findings(db, exam_id, write.findings)
    _put_contours(db, exam_id, write.contours)
    _put_maps(db, exam_id, write.maps)
    _put_remarks(db, exam_id, write.remarks)
    _append(db, write.exam, write.changes)


def _advance(db: Connection, exam: Exam) -> None:
    """Move the head by one revision: the row is locked from here on. Raises NotFound or Conflict."""
    is_next = (exams.c.id == exam.id) & (exams.c.revision == exam.revision - 1)
    if db.execute(update(exams).where(is_next).values(rows.exam_row(exam))).rowcount == 1:
        return
    revision = db.scalar(select(exams.c.revision).where(exams.c.id == exam.id))
    raise no_exam(exam.id) if revision is None else moved_on(exam, revision)


def _remove(db: Connection, write: ExamWrite) -> None:
    for finding_id in write.removed_findings:
        here = (findings.c.id == finding_id) & (findings.c.exam_id == write.exam.id)
        db.execute(delete(findings).where(here))
    for recording_id, frame in write.removed_contours:
        here = (contours.c.recording_id == recording_id) & (contours.c.frame == frame)
        db.execute(delete(contours).where(here & (contours.c.exam_id == write.exam.id)))
    for recording_id, frame in write.removed_maps:
        here = (maps.c.recording_id == recording_id) & (maps.c.frame == frame)
        db.execute(delete(maps).where(here & (maps.c.exam_id == write.exam.id)))
    for recording_id, place in write.removed_remarks:
        here = (remarks.c.recording_id == recording_id) & (remarks.c.place == place)
        db.execute(delete(remarks).where(here & (remarks.c.exam_id == write.exam.id)))


def _put_recordings(db: Connection, put: Sequence[Recording], digests: dict[str, str]) -> None:
    for recording in put:
        require_same_content(recording, digests.get(recording.id, recording.digest))
        if recording.id in digests:
            db.execute(delete(source_files).where(source_files.c.recording_id == recording.id))
    _put(db, recordings, [rows.recording_row(recording) for recording in put], set(digests))
    files = [row for recording in put for row in rows.file_rows(recording)]
    if files:
        db.execute(insert(source_files), files)


def _put_findings(db: Connection, exam_id: str, put: Sequence[Finding]) -> None:
    if put:
        there = set(db.scalars(select(findings.c.id).where(findings.c.exam_id == exam_id)))
        _put(db, findings, [rows.finding_row(exam_id, finding) for finding in put], there)


def _put(db: Connection, table: Table, put: list[rows.Values], there: set[str]) -> None:
    """Update the rows whose ids are `there` in this examination, insert the others (in order).

    An id that is in another examination is not `there`: to insert it is a Conflict.
    """
    old = [{"key": row["id"], **row} for row in put if row["id"] in there]
    new = [row for row in put if row["id"] not in there]
    if old:
        values: rows.Values = {name: bindparam(name) for name in old[0] if name not in {"key", "id"}}
        db.execute(update(table).where(table.c.id == bindparam("key")).values(values), old)
    if new:
        db.execute(insert(table), new)


def _put_contours(db: Connection, exam_id: str, put: Sequence[ContourEdit]) -> None:
    for contour in put:
        key = (contours.c.recording_id == contour.recording_id) & (contours.c.frame == contour.frame)
        db.execute(delete(contours).where(key))
    if put:
        db.execute(insert(contours), [rows.contour_row(exam_id, contour) for contour in put])


def _put_maps(db: Connection, exam_id: str, put: Sequence[MapEdit]) -> None:
    for edit in put:
        db.execute(delete(maps).where((maps.c.recording_id == edit.recording_id) & (maps.c.frame == edit.frame)))
    if put:
        db.execute(insert(maps), [rows.map_row(exam_id, edit) for edit in put])


def _put_remarks(db: Connection, exam_id: str, put: Sequence[Remark]) -> None:
    for one in put:
        here = (remarks.c.recording_id == one.recording_id) & (remarks.c.place == one.place)
        db.execute(delete(remarks).where(here))
    if put:
        db.execute(insert(remarks), [remark_row(exam_id, one) for one in put])


def _append(db: Connection, exam: Exam, changes: Sequence[Change]) -> None:
    if changes:
        db.execute(insert(history), [rows.change_row(exam, change) for change in changes])
