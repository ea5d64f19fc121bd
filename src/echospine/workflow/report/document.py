"""The report as one JSON document, for machines; `docs/report-json.md` tells every field.

Whoever reads it can follow each number to the file (SHA-256), the frame, the method with its version, and the
people who changed it, and why.
"""

from __future__ import annotations

import json
import math
from typing import Any, TypeAlias

from echospine.domain.exams import Change, ContourEdit, Exam, Finding, MapEdit, Recording
from echospine.domain.frames import DicomOrigin
from echospine.domain.images import ImageGeometry
from echospine.domain.reports import DRAFT_MARK, NOT_A_DEVICE, Report, ReportRecording
from echospine.workflow.exam import measurement_to_json

SCHEMA = "echospine-report"
SCHEMA_VERSION = 1
"""Grows when a field changes its meaning or goes; a new field does not change it."""

Json: TypeAlias = dict[str, Any]


def report_document(report: Report) -> Json:
    """Return the report as a JSON object, without pictures."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "draft": report.draft,
        "mark": DRAFT_MARK if report.draft else "",
        "notice": NOT_A_DEVICE,
        "software": report.software,
        "made_at": report.made_at.isoformat(),
        "exam": _exam(report.exam),
        "recordings": [_recording(item) for item in report.recordings],
        "history": [_change(change) for change in report.history],
    }


def report_json(report: Report) -> str:
    """Return the document as text, indented, the same every time for the same report."""
    return json.dumps(report_document(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _exam(exam: Exam) -> Json:
    return {
        "id": exam.id,
        "title": exam.title,
        "state": exam.state.value,
        "created_at": exam.created_at.isoformat(),
        "patient_name": exam.patient_name,
        "patient_id": exam.patient_id,
        "version": exam.version,
        "signed_by": exam.signed_by,
        "signed_at": exam.signed_at.isoformat() if exam.signed_at else None,
    }


def _recording(item: ReportRecording) -> Json:
    return {
        **_source(item.recording),
        "time_source": item.header.time_source.value,
        "tracked": item.header.tracked,
        "dicom": _dicom(item.header.dicom),
        "scale": _scale(item.header.geometry),
        "key_images": [{"frame": key.frame.index, "caption": key.caption} for key in item.key_images],
        "findings": [_finding(finding) for finding in item.findings],
        "drawn": [_drawn(edit) for edit in item.drawn],
        "series": {quantity.value: [_number(v) for v in values] for quantity, values in item.series.items()},
    }


def _drawn(edit: ContourEdit | MapEdit) -> Json:
    """Return what a person drew on a frame; a map lies in the object store under its digest."""
    made = {"frame": edit.frame, "who": edit.who, "at": edit.at.isoformat(), "reason": edit.reason}
    if isinstance(edit, MapEdit):
        return {"kind": "structures", "way": edit.way.value, **made, "digest": edit.digest}
    return {"kind": "contour", "way": "drawn", **made, "digest": ""}


def _source(recording: Recording) -> Json:
    return {
        "id": recording.id,
        "name": recording.name,
        "format": recording.format,
        "digest": recording.digest,
        "files": [{"name": f.name, "digest": f.digest, "size": f.size} for f in recording.files],
        "imported_at": recording.imported_at.isoformat(),
        "n_frames": recording.n_frames,
        "width": recording.width,
        "height": recording.height,
        "calibrated": recording.calibrated,
        "frame_rate_hz": recording.frame_rate_hz,
        "pixel_spacing_mm": recording.pixel_spacing_mm,
        "method": recording.method,
        "interpretation": recording.interpretation,
        "notes": list(recording.notes),
    }


def _dicom(origin: DicomOrigin | None) -> Json | None:
    if origin is None:
        return None
    return {
        "study_uid": origin.study_uid,
        "series_uid": origin.series_uid,
        "sop_class_uid": origin.sop_class_uid,
        "sop_instance_uid": origin.sop_instance_uid,
    }


def _scale(geometry: ImageGeometry) -> Json | None:
    """Return the scale of the first frame's largest region, or None where it is uncalibrated."""
    region = geometry.main_region()
    if region is None:
        return None
    step_x_mm, step_y_mm = region.step_mm
    return {"step_x_mm": step_x_mm, "step_y_mm": step_y_mm, "source": region.spacing.value}


def _finding(finding: Finding) -> Json:
    return {
        "id": finding.id,
        **measurement_to_json(finding.measurement),
        "original": finding.original,
        "decided_by": finding.decided_by,
        "reason": finding.reason,
    }


def _change(change: Change) -> Json:
    return {
        "at": change.at.isoformat(),
        "who": change.who,
        "action": change.action,
        "target": change.target,
        "before": json.loads(change.before) if change.before else None,
        "after": json.loads(change.after) if change.after else None,
        "reason": change.reason,
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
