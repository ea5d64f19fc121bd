"""A person corrects what was measured in one frame, and says which frames count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from echospine.domain.errors import NotFound
from echospine.domain.exams import ExamFile, Finding
from echospine.domain.images import Point
from echospine.domain.people import Person
from echospine.domain.remarks import CaliperEdit, FrameChoice, Measured, Remark, caliper_place, choice_place
from echospine.ports import House
from echospine.workflow.exam import caliper_value, for_review, load_interpreted, open_recording
from echospine.workflow.review.deeds import Deed, Step, carry_out
from echospine.workflow.review.drawing import require_frame
from echospine.workflow.review.following import key, measured_again

MOVED = "moved by hand"


def correct_caliper(  # noqa: PLR0917 -- where, what and how, in the order in which one says it
    house: House,
    exam_id: str,
    recording_id: str,
    frame: int,
    measured: Measured,
    points: Sequence[Point],
    *,
    person: Person,
    revision: int | None,
    reason: str = "",
) -> ExamFile:
    """Keep a person's calliper or outline of a measure in one frame beside the model's; findings follow.

    Where the model measured nothing there, the person's is the first. No points: the model's counts again. Raises
    UncalibratedError, GeometryError, InputError (another number of ends, a quantity without callipers), NotFound,
    NotAllowed, Conflict.
    """
    placed = tuple((float(x), float(y)) for x, y in points)

    def edit(file: ExamFile, at: datetime) -> CaliperEdit | None:
        recording = file.recording(recording_id)
        require_frame(recording, frame)
        if not placed:
            return None
        made = CaliperEdit(recording_id, frame, measured, placed, person.name, at, reason.strip() or MOVED)
        with open_recording(house, recording) as source:
            caliper_value(made, source.frame(frame).geometry)
        return made

    told = "correct calliper", f"the calliper of frame {frame} was corrected"
    place = caliper_place(frame, measured)
    return _say(house, exam_id, recording_id, place, edit, told, person=person, revision=revision)


def choose_frames(
    house: House,
    exam_id: str,
    recording_id: str,
    measured: Measured,
    frames: Sequence[int] | None,
    *,
    person: Person,
    revision: int | None,
    reason: str = "",
) -> ExamFile:
    """Keep which frames of a recording count for a measure: the mean of these is its value, with their spread.

    No frame: the recording does not count for it; None: all frames count again, and the value is their median. Raises
    NotFound, NotAllowed, Conflict.
    """

    def edit(file: ExamFile, at: datetime) -> FrameChoice | None:
        if frames is None:
            return None
        for frame in frames:
            require_frame(file.recording(recording_id), frame)
        return FrameChoice(recording_id, measured, tuple(sorted(set(frames))), person.name, at, reason.strip())

    told = "choose frames", "other frames were chosen"
    place = choice_place(measured)
    return _say(house, exam_id, recording_id, place, edit, told, person=person, revision=revision)


def _say(  # noqa: PLR0917 -- private, and each is a part of the one sentence
    house: House,
    exam_id: str,
    recording_id: str,
    place: str,
    edit: Callable[[ExamFile, datetime], Remark | None],
    told: tuple[str, str],
    *,
    person: Person,
    revision: int | None,
) -> ExamFile:
    """Put a remark in the place of an earlier one, or take that away, and measure again what hangs on it."""
    action, why = told

    def make(file: ExamFile) -> Deed:
        recording = file.recording(recording_id)
        if not recording.interpretation:
            raise NotFound(f"{recording.name} has not been interpreted yet; interpret it first")
        before = next((one for one in file.remarks_of(recording_id) if one.place == place), None)
        after = edit(file, house.clock.now())
        if before is None and after is None:
            return Deed(action, ())
        others = tuple(one for one in file.remarks if one is not before)
        afterwards = replace(file, remarks=(*others, after) if after is not None else others)
        summary = load_interpreted(house, afterwards, recording_id).summary
        known = {key(one.measurement) for one in file.findings if one.recording_id == recording_id}
        come = [Finding(house.new_id(), recording_id, one) for one in summary if for_review(one)]
        steps = [Step(before, after, after.reason if after is not None else "taken back")]
        steps += measured_again(file, recording_id, why, summary)
        steps += [Step(None, one, why) for one in come if key(one.measurement) not in known]
        return Deed(action, tuple(steps))

    return carry_out(house, exam_id, make, person=person, revision=revision)
