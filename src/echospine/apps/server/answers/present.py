"""From values of the house to what the HTTP API says. NaN becomes null here, and nowhere else is it thought of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fastapi import Response
from pydantic import BaseModel

from echospine.apps.server import schemas
from echospine.domain.exams import Change, Exam, ExamFile, Finding, Recording, allowed_events
from echospine.domain.frames import RecordingHeader
from echospine.domain.images import ImageGeometry, Region
from echospine.domain.labels import Quality
from echospine.domain.measures import OF_MUSCLES, TITLES, Measurement
from echospine.domain.people import Person
from echospine.domain.remarks import TakenAs

if TYPE_CHECKING:
    from echospine.workflow.exam import Interpreted


def json_response(shape: BaseModel) -> Response:
    """Return a large answer without walking it a second time for validation."""
    return Response(shape.model_dump_json(), media_type="application/json")


def number(value: float | None) -> float | None:
    """Return `value`, or None where it is no finite number."""
    return float(value) if value is not None and math.isfinite(value) else None


def summary(file: ExamFile) -> schemas.ExamSummary:
    """Return an examination as it stands in a list."""
    first = file.recordings[0].id if file.recordings else None
    return schemas.ExamSummary(**_head(file.exam), n_recordings=len(file.recordings), cover_recording_id=first)


def detail(file: ExamFile, person: Person | None = None) -> schemas.ExamDetail:
    """Return everything of an examination but its pictures. `person`: whose acts `can_undo` is about."""
    from echospine.workflow.review import can_undo

    return schemas.ExamDetail(
        **_head(file.exam),
        allowed=list(allowed_events(file.exam.state)),
        can_undo=can_undo(file, person),
        recordings=[_recording(recording, file) for recording in file.recordings],
        findings=[_finding(finding) for finding in file.findings],
        history=[_change(change) for change in file.history],
    )


def recording_detail(recording: Recording, header: RecordingHeader) -> schemas.RecordingDetail:
    """Return what is known of a recording without its pixels."""
    return schemas.RecordingDetail(
        id=recording.id,
        exam_id=recording.exam_id,
        name=recording.name,
        format=recording.format,
        n_frames=recording.n_frames,
        width=recording.width,
        height=recording.height,
        times_s=list(header.times_s) if all(map(math.isfinite, header.times_s)) else [],
        time_source=header.time_source,
        frame_rate_hz=number(recording.frame_rate_hz),
        colour=header.colour,
        tracked=header.tracked,
        notes=list(recording.notes),
        geometry=_geometry(header.geometry),
    )


def series(interpreted: Interpreted) -> schemas.Series:
    """Return each quantity of the summary over all frames, in the order of the summary.

    Quantities of muscles are left out: one line cannot be of two structures or sides.
    """
    every = (m for frame in (interpreted.summary, *interpreted.per_frame) for m in frame)
    wanted = {m.quantity: m.unit for m in every if m.quantity not in OF_MUSCLES}
    measured = [{m.quantity: m.value for m in frame} for frame in interpreted.per_frame]
    values = {quantity: [number(frame.get(quantity)) for frame in measured] for quantity in wanted}
    return schemas.Series(
        quantities=[
            schemas.SeriesQuantity(quantity=quantity, title=TITLES[quantity], unit=unit, values=values[quantity])
            for quantity, unit in wanted.items()
            if any(value is not None for value in values[quantity])
        ]
    )


def _head(exam: Exam) -> dict[str, Any]:
    return {
        "id": exam.id,
        "title": exam.title,
        "state": exam.state,
        "created_at": exam.created_at,
        "patient_name": exam.patient_name,
        "patient_id": exam.patient_id,
        "revision": exam.revision,
        "version": exam.version,
        "signed_by": exam.signed_by,
        "signed_at": exam.signed_at,
    }


def _recording(recording: Recording, file: ExamFile) -> schemas.RecordingSummary:
    return schemas.RecordingSummary(
        id=recording.id,
        name=recording.name,
        format=recording.format,
        n_frames=recording.n_frames,
        width=recording.width,
        height=recording.height,
        calibrated=recording.calibrated,
        frame_rate_hz=number(recording.frame_rate_hz),
        interpreted=bool(recording.interpretation),
        method=recording.method,
        notes=list(recording.notes),
        imported_at=recording.imported_at,
        digest=recording.digest,
        taken=_taken(file, recording.id),
    )


def _taken(file: ExamFile, recording_id: str) -> schemas.TakenView:
    taken = file.taken(recording_id)
    said = next((one for one in file.remarks_of(recording_id) if isinstance(one, TakenAs)), None)
    return schemas.TakenView(
        view=taken.view,
        side=taken.side,
        level=taken.level,
        state=taken.state,
        who="" if said is None else said.who,
        at=None if said is None else said.at,
        reason="" if said is None else said.reason,
    )


def _finding(finding: Finding) -> schemas.FindingView:
    measured: Measurement = finding.measurement
    return schemas.FindingView(
        id=finding.id,
        recording_id=finding.recording_id,
        structure=measured.structure.label,
        side=measured.side,
        level=measured.level,
        quantity=measured.quantity,
        title=TITLES[measured.quantity],
        value=number(measured.value),
        unit=measured.unit,
        uncertainty=number(measured.uncertainty),
        method=str(measured.method),
        frame=measured.frame,
        n_frames=measured.n_frames,
        state=measured.state,
        status=measured.status,
        points_px=list(measured.points_px),
        note=measured.note,
        original=number(finding.original),
        decided_by=finding.decided_by,
        reason=finding.reason,
    )


def _change(change: Change) -> schemas.ChangeView:
    return schemas.ChangeView(
        at=change.at,
        who=change.who,
        action=change.action,
        target=change.target,
        before=change.before,
        after=change.after,
        reason=change.reason,
    )


def _geometry(geometry: ImageGeometry) -> schemas.GeometryView:
    return schemas.GeometryView(
        width=geometry.width,
        height=geometry.height,
        regions=[_region(region) for region in geometry.regions],
        distrusted=len(geometry.distrusted),
    )


def _region(region: Region) -> schemas.RegionView:
    step_x_mm, step_y_mm = region.step_mm if region.spatial else (None, None)
    return schemas.RegionView(
        x0=region.x0,
        y0=region.y0,
        x1=region.x1,
        y1=region.y1,
        spatial=region.spatial,
        step_x_mm=step_x_mm,
        step_y_mm=step_y_mm,
        high_priority=region.high_priority,
        data_type=region.data_type,
        spacing=region.spacing,
    )


def quality_view(quality: Quality) -> schemas.QualityView:
    """Return how good a picture is; NaN becomes null."""
    return schemas.QualityView(
        contact=number(quality.contact),
        saturated=number(quality.saturated),
        shadowed=number(quality.shadowed),
        score=number(quality.score),
        reasons=list(quality.reasons),
    )
