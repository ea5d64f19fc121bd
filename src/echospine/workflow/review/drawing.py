"""A person draws: callipers on a frame, and the contour of the bone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from echospine.domain.errors import GeometryError, NotFound
from echospine.domain.exams import ContourEdit, ExamFile, Finding, Recording
from echospine.domain.images import Point
from echospine.domain.measures import CALIPER_METHOD, CaliperKind, Measurement, Status, measure_caliper
from echospine.domain.people import Person
from echospine.ports import House
from echospine.workflow.exam import load_interpreted, open_recording
from echospine.workflow.review.decisions import hand_edited
from echospine.workflow.review.deeds import Deed, Step, carry_out

MAX_CALIPER_POINTS = 500


def add_caliper(  # noqa: PLR0917 -- where, what and how, in the order in which one says it
    house: House,
    exam_id: str,
    recording_id: str,
    frame: int,
    kind: CaliperKind,
    points: Sequence[Point],
    *,
    person: Person,
    revision: int | None,
) -> ExamFile:
    """Measure with a calliper on one frame; the finding is the person's own, so it is accepted from birth.

    Raises UncalibratedError where the picture carries no millimetres there, GeometryError for points that
    make no such figure, NotFound for a frame that is not there, NotAllowed, Conflict.
    """
    placed = tuple((float(x), float(y)) for x, y in points)
    if len(placed) > MAX_CALIPER_POINTS:
        raise GeometryError(f"a calliper has at most {MAX_CALIPER_POINTS} points, not {len(placed)}")
    finding_id = house.new_id()

    def make(file: ExamFile) -> Deed:
        recording = file.recording(recording_id)
        require_frame(recording, frame)
        with open_recording(house, recording) as source:
            measured = measure_caliper(kind, placed, source.frame(frame).geometry, frame)
        accepted = replace(measured, status=Status.ACCEPTED)
        return Deed("calliper", (Step(None, Finding(finding_id, recording_id, accepted, decided_by=person.name)),))

    return carry_out(house, exam_id, make, person=person, revision=revision)


def edit_contour(
    house: House,
    exam_id: str,
    recording_id: str,
    frame: int,
    lines: Sequence[Sequence[Point]],
    *,
    person: Person,
    revision: int | None,
    reason: str = "",
) -> ExamFile:
    """Draw the bone contour of one frame anew (no lines: there is no bone), and measure again what depends on it.

    Drafts take the new value. What had been accepted takes it too, and is a draft again: nobody has accepted
    that number yet. What had been rejected stays so. A value that a person typed stays as it is. Each of
    these has its line in the history, and all of it is one step for `undo`.
    Raises GeometryError (see `contour_rows`), NotFound (no such frame, or not interpreted), NotAllowed, Conflict.
    """
    drawn = tuple(tuple((float(x), float(y)) for x, y in line) for line in lines)
    reason = reason.strip() or "drawn by hand"

    def make(file: ExamFile) -> Deed:
        require_frame(file.recording(recording_id), frame)
        edit = ContourEdit(recording_id, frame, drawn, person.name, house.clock.now(), reason)
        others = tuple(c for c in file.contours if (c.recording_id, c.frame) != (recording_id, frame))
        before = next((c for c in file.contours if (c.recording_id, c.frame) == (recording_id, frame)), None)
        summary = load_interpreted(house, replace(file, contours=(*others, edit)), recording_id).summary
        return Deed(
            "contour",
            (
                Step(before, edit, reason),
                *measured_again(file, recording_id, f"the contour of frame {frame} was drawn", summary),
            ),
        )

    return carry_out(house, exam_id, make, person=person, revision=revision)


def require_frame(recording: Recording, frame: int) -> None:
    """Raise NotFound unless the recording has that frame."""
    if not 0 <= frame < recording.n_frames:
        raise NotFound(f"{recording.name} has no frame {frame}; it has {recording.n_frames}, counted from 0")


def measured_again(file: ExamFile, recording_id: str, why: str, summary: Sequence[Measurement]) -> tuple[Step, ...]:
    """Return a step for each finding of the recording that the new summary changes, after `why`."""
    renewed = {_key(measured): measured for measured in summary}
    steps = []
    for finding in file.findings:
        measured = renewed.get(_key(finding.measurement))
        of_summary = finding.recording_id == recording_id and finding.measurement.method != CALIPER_METHOD
        if measured is None or not of_summary or hand_edited(finding):
            continue
        step = _renewed(finding, measured, f"measured again after {why}")
        if step.after != step.before:
            steps.append(step)
    return tuple(steps)


def _renewed(finding: Finding, measured: Measurement, why: str) -> Step:
    """Return the step to the new measurement, with the status that a person's earlier decision leaves it."""
    status = finding.measurement.status
    if _said(finding.measurement) == _said(measured):
        return Step(finding, finding)
    if status is Status.ACCEPTED:
        back = replace(finding, measurement=measured, decided_by="", reason="")
        return Step(finding, back, f"{why}: accepted before, so it is a draft again")
    return Step(finding, replace(finding, measurement=replace(measured, status=status)), why)


def _said(measured: Measurement) -> tuple[object, ...]:
    """Return what a reader sees of a measurement: where this stays, nothing has changed for anybody."""
    return measured.value, measured.uncertainty, measured.frame, measured.n_frames, measured.note


def _key(measured: Measurement) -> tuple[object, ...]:
    return measured.structure, measured.side, measured.level, measured.quantity
