"""The words of an examination's history: JSON of its parts before and after a change.

Each text carries `revision`, the revision of the examination at which it was true. All lines that were written
by one change share it, so a reader of the history can tell which lines belong together, whatever the clock says.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, TypeAlias

from echospine.domain.errors import StorageError
from echospine.domain.exams import Change, ContourEdit, Exam, Finding, MapEdit, MapWay, Recording
from echospine.domain.labels import PARTS, Method, Side
from echospine.domain.measures import Measurement, Quantity, Status
from echospine.domain.takes import Contraction
from echospine.domain.units import Unit

Json: TypeAlias = dict[str, Any]


def measurement_to_json(measured: Measurement) -> Json:
    """Return a measurement as a JSON object; structures by label, numbers in full.

    A state stands there only where a person said it, so that what was stored before states keeps its digest.
    """
    state = {} if measured.state is Contraction.UNKNOWN else {"state": measured.state.value}
    return {
        "structure": measured.structure.label,
        "side": measured.side.value,
        "level": measured.level,
        "quantity": measured.quantity.value,
        "value": measured.value,
        "unit": measured.unit.value,
        "uncertainty": measured.uncertainty,
        "method": {"name": measured.method.name, "version": measured.method.version},
        "frame": measured.frame,
        "n_frames": measured.n_frames,
        "status": measured.status.value,
        "points_px": [list(point) for point in measured.points_px],
        "note": measured.note,
        **state,
    }


def measurement_from_json(document: Json) -> Measurement:
    """Return the measurement of a JSON object; KeyError, TypeError or ValueError where it is none."""
    return Measurement(
        structure=PARTS[document["structure"]],
        side=Side(document["side"]),
        quantity=Quantity(document["quantity"]),
        value=document["value"],
        unit=Unit(document["unit"]),
        method=Method(document["method"]["name"], document["method"]["version"]),
        level=document["level"],
        uncertainty=document["uncertainty"],
        frame=document["frame"],
        n_frames=document["n_frames"],
        status=Status(document["status"]),
        points_px=tuple((x, y) for x, y in document["points_px"]),
        note=document["note"],
        state=Contraction(document.get("state", Contraction.UNKNOWN)),
    )


def finding_to_text(finding: Finding, revision: int) -> str:
    """Return what a finding was at that revision, as JSON text."""
    document = {
        "id": finding.id,
        "recording_id": finding.recording_id,
        "measurement": measurement_to_json(finding.measurement),
        "original": finding.original,
        "decided_by": finding.decided_by,
        "reason": finding.reason,
    }
    return _text(document, revision)


def finding_from_text(text: str) -> Finding:
    """Return the finding that `finding_to_text` wrote; raises StorageError when the text is damaged."""
    try:
        document = json.loads(text)
        return Finding(
            document["id"],
            document["recording_id"],
            measurement_from_json(document["measurement"]),
            document["original"],
            document["decided_by"],
            document["reason"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError("a line of the history does not hold a measurement; the store is damaged") from error


def contour_to_text(contour: ContourEdit, revision: int) -> str:
    """Return what a contour was at that revision, as JSON text."""
    document = {
        "recording_id": contour.recording_id,
        "frame": contour.frame,
        "lines": [[list(point) for point in line] for line in contour.lines],
        "who": contour.who,
        "at": contour.at.isoformat(),
        "reason": contour.reason,
    }
    return _text(document, revision)


def contour_from_text(text: str) -> ContourEdit:
    """Return the contour that `contour_to_text` wrote; raises StorageError when the text is damaged."""
    try:
        document = json.loads(text)
        lines = tuple(tuple((x, y) for x, y in line) for line in document["lines"])
        at = datetime.fromisoformat(document["at"])
        return ContourEdit(document["recording_id"], document["frame"], lines, document["who"], at, document["reason"])
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError("a line of the history does not hold a contour; the store is damaged") from error


def map_to_text(edit: MapEdit, revision: int) -> str:
    """Return what a person's map was at that revision, as JSON text; the map itself lies under its digest."""
    document = {
        "recording_id": edit.recording_id,
        "frame": edit.frame,
        "digest": edit.digest,
        "way": edit.way.value,
        "who": edit.who,
        "at": edit.at.isoformat(),
        "reason": edit.reason,
    }
    return _text(document, revision)


def map_from_text(text: str) -> MapEdit:
    """Return the map that `map_to_text` wrote; raises StorageError when the text is damaged."""
    try:
        d = json.loads(text)
        at, way = datetime.fromisoformat(d["at"]), MapWay(d["way"])
        return MapEdit(d["recording_id"], d["frame"], d["digest"], way, d["who"], at, d["reason"])
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError("a line of the history does not hold a map of structures; the store is damaged") from error


def exam_to_text(exam: Exam) -> str:
    """Return the head of an examination, as JSON text."""
    document = {
        "title": exam.title,
        "state": exam.state.value,
        "version": exam.version,
        "signed_by": exam.signed_by,
        "signed_at": exam.signed_at.isoformat() if exam.signed_at else None,
    }
    return _text(document, exam.revision)


def recording_to_text(recording: Recording, revision: int) -> str:
    """Return where a recording came from and who interpreted it, as JSON text."""
    document = {
        "name": recording.name,
        "format": recording.format,
        "digest": recording.digest,
        "files": [{"name": f.name, "digest": f.digest, "size": f.size} for f in recording.files],
        "pixel_spacing_mm": recording.pixel_spacing_mm,
        "interpretation": recording.interpretation,
        "method": recording.method,
    }
    return _text(document, revision)


def revision_after(change: Change) -> int | None:
    """Return the revision that a change led to, or None where its line does not tell."""
    for text, step in ((change.after, 0), (change.before, 1)):
        if text:
            try:
                return int(json.loads(text)["revision"]) + step
            except (ValueError, KeyError, TypeError):
                return None
    return None


def finding_target(finding_id: str) -> str:
    """Return the name of a finding in the history."""
    return f"measurement:{finding_id}"


def contour_target(recording_id: str, frame: int) -> str:
    """Return the name of a contour in the history."""
    return f"contour:{recording_id}/{frame}"


def map_target(recording_id: str, frame: int) -> str:
    """Return the name of a person's map in the history."""
    return f"map:{recording_id}/{frame}"


def recording_target(recording_id: str) -> str:
    """Return the name of a recording in the history."""
    return f"recording:{recording_id}"


def _text(document: Json, revision: int) -> str:
    return json.dumps({**document, "revision": revision}, ensure_ascii=False, allow_nan=False, sort_keys=True)
