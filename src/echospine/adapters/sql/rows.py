"""Between domain values and rows of the tables; `value_of(row_of(value)) == value`, to the last bit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Row

from echospine.adapters.sql.rules import fold, folded_exam
from echospine.domain.exams import (
    Change,
    ContourEdit,
    Exam,
    ExamState,
    Finding,
    MapEdit,
    MapWay,
    Recording,
    SourceFile,
)
from echospine.domain.images import Point
from echospine.domain.labels import Method, Side, part_of
from echospine.domain.measures import Measurement, Quantity, Status
from echospine.domain.takes import Contraction
from echospine.domain.units import Unit

Values: TypeAlias = dict[str, Any]


def exam_row(exam: Exam) -> Values:
    """Return the row of an examination."""
    return {
        "id": exam.id,
        "title": exam.title,
        "state": exam.state.value,
        "created_at": exam.created_at,
        "patient_name": exam.patient_name,
        "patient_id": exam.patient_id,
        "revision": exam.revision,
        "version": exam.version,
        "signed_by": exam.signed_by,
        "signed_at": exam.signed_at,
        "folded": folded_exam(exam),
    }


def exam_of(row: Row[Any]) -> Exam:
    """Return the examination of a row."""
    return Exam(
        id=row.id,
        title=row.title,
        state=ExamState(row.state),
        created_at=row.created_at,
        patient_name=row.patient_name,
        patient_id=row.patient_id,
        revision=row.revision,
        version=row.version,
        signed_by=row.signed_by,
        signed_at=row.signed_at,
    )


def recording_row(recording: Recording) -> Values:
    """Return the row of a recording; its files have rows of their own."""
    return {
        "id": recording.id,
        "exam_id": recording.exam_id,
        "name": recording.name,
        "format": recording.format,
        "digest": recording.digest,
        "n_frames": recording.n_frames,
        "width": recording.width,
        "height": recording.height,
        "calibrated": recording.calibrated,
        "imported_at": recording.imported_at,
        "frame_rate_hz": recording.frame_rate_hz,
        "pixel_spacing_mm": recording.pixel_spacing_mm,
        "interpretation": recording.interpretation,
        "method": recording.method,
        "notes": list(recording.notes),
        "folded": fold(recording.name),
    }


def recording_of(row: Row[Any], files: tuple[SourceFile, ...]) -> Recording:
    """Return the recording of a row and of its files."""
    return Recording(
        id=row.id,
        exam_id=row.exam_id,
        name=row.name,
        format=row.format,
        digest=row.digest,
        files=files,
        n_frames=row.n_frames,
        width=row.width,
        height=row.height,
        calibrated=row.calibrated,
        imported_at=row.imported_at,
        frame_rate_hz=row.frame_rate_hz,
        pixel_spacing_mm=row.pixel_spacing_mm,
        interpretation=row.interpretation,
        method=row.method,
        notes=tuple(row.notes),
    )


def file_rows(recording: Recording) -> list[Values]:
    """Return the rows of a recording's files, in order."""
    return [
        {"recording_id": recording.id, "place": place, "name": f.name, "digest": f.digest, "size": f.size}
        for place, f in enumerate(recording.files)
    ]


def file_of(row: Row[Any]) -> SourceFile:
    """Return the file of a row."""
    return SourceFile(row.name, row.digest, row.size)


def finding_row(exam_id: str, finding: Finding) -> Values:
    """Return the row of a finding."""
    measured = finding.measurement
    return {
        "id": finding.id,
        "exam_id": exam_id,
        "recording_id": finding.recording_id,
        "structure": measured.structure.value,
        "side": measured.side.value,
        "level": measured.level,
        "quantity": measured.quantity.value,
        "value": measured.value,
        "unit": measured.unit.value,
        "uncertainty": measured.uncertainty,
        "method_name": measured.method.name,
        "method_version": measured.method.version,
        "frame": measured.frame,
        "n_frames": measured.n_frames,
        "status": measured.status.value,
        "points_px": _lists(measured.points_px),
        "note": measured.note,
        "original": finding.original,
        "decided_by": finding.decided_by,
        "reason": finding.reason,
        "state": measured.state.value,
    }


def finding_of(row: Row[Any]) -> Finding:
    """Return the finding of a row."""
    measured = Measurement(
        structure=part_of(row.structure),
        side=Side(row.side),
        level=row.level,
        quantity=Quantity(row.quantity),
        value=row.value,
        unit=Unit(row.unit),
        uncertainty=row.uncertainty,
        method=Method(row.method_name, row.method_version),
        frame=row.frame,
        n_frames=row.n_frames,
        status=Status(row.status),
        points_px=_points(row.points_px),
        note=row.note,
        state=Contraction(row.state),
    )
    return Finding(row.id, row.recording_id, measured, row.original, row.decided_by, row.reason)


def contour_row(exam_id: str, contour: ContourEdit) -> Values:
    """Return the row of a contour."""
    return {
        "recording_id": contour.recording_id,
        "frame": contour.frame,
        "exam_id": exam_id,
        "lines": [_lists(line) for line in contour.lines],
        "who": contour.who,
        "at": contour.at,
        "reason": contour.reason,
    }


def contour_of(row: Row[Any]) -> ContourEdit:
    """Return the contour of a row."""
    lines = tuple(_points(line) for line in row.lines)
    return ContourEdit(row.recording_id, row.frame, lines, row.who, row.at, row.reason)


def map_row(exam_id: str, edit: MapEdit) -> Values:
    """Return the row of a person's map."""
    return {
        "recording_id": edit.recording_id,
        "frame": edit.frame,
        "exam_id": exam_id,
        "digest": edit.digest,
        "way": edit.way.value,
        "who": edit.who,
        "at": edit.at,
        "reason": edit.reason,
    }


def map_of(row: Row[Any]) -> MapEdit:
    """Return the person's map of a row."""
    return MapEdit(row.recording_id, row.frame, row.digest, MapWay(row.way), row.who, row.at, row.reason)


def change_row(exam: Exam, change: Change) -> Values:
    """Return the row of one line of history, made with that state of the examination."""
    return {
        "exam_id": exam.id,
        "revision": exam.revision,
        "at": change.at,
        "who": change.who,
        "action": change.action,
        "target": change.target,
        "before": change.before,
        "after": change.after,
        "reason": change.reason,
    }


def change_of(row: Row[Any]) -> Change:
    """Return the line of history of a row."""
    return Change(row.at, row.who, row.action, row.target, row.before, row.after, row.reason)


def _lists(points: Sequence[Point]) -> list[list[float]]:
    return [list(point) for point in points]


def _points(lists: Iterable[Sequence[float]]) -> tuple[Point, ...]:
    return tuple((x, y) for x, y in lists)
