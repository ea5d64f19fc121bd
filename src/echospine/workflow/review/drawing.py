"""A person draws: callipers on a frame, and the contour of the bone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from echospine.domain.errors import GeometryError, NotFound
from echospine.domain.exams import ContourEdit, ExamFile, Finding, Recording
from echospine.domain.images import Point
from echospine.domain.labels import Side, Structure
from echospine.domain.measures import NAMELESS, CaliperKind, Naming, Status, measure_caliper
from echospine.domain.people import Person
from echospine.domain.takes import Contraction, Taken
from echospine.ports import House
from echospine.workflow.exam import load_interpreted, open_recording
from echospine.workflow.review.deeds import Deed, Step, carry_out
from echospine.workflow.review.following import measured_again

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
    naming: Naming = NAMELESS,
) -> ExamFile:
    """Measure with a calliper on one frame; the finding is the person's own, so it is accepted from birth.

    `naming`: what it is of; where a structure is named, what is left unsaid of side, level and state is taken from what
    was said of the recording.

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
            geometry = source.frame(frame).geometry
        measured = measure_caliper(kind, placed, geometry, frame, _filled(naming, file.taken(recording_id)))
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


def _filled(naming: Naming, taken: Taken) -> Naming:
    """Return the name with what was said of the recording; a calliper of no structure stays without any."""
    if naming.structure is Structure.BACKGROUND:
        return naming
    return Naming(
        naming.structure,
        taken.side if naming.side is Side.UNKNOWN else naming.side,
        naming.level or taken.level,
        taken.state if naming.state is Contraction.UNKNOWN else naming.state,
    )
