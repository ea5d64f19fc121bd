"""Measures of muscles side beside side: what was measured, callipers moved by hand, frames that count, labels."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from echospine.apps.server import measure_shapes as shapes
from echospine.apps.server.answers import present
from echospine.apps.server.answers.muscles import muscles
from echospine.apps.server.answers.named import part_named
from echospine.apps.server.desk import AtDesk, Desk
from echospine.apps.server.problems import documented
from echospine.apps.server.schemas import ExamDetail
from echospine.domain.exams import ExamFile
from echospine.domain.frames import MAX_FRAMES
from echospine.domain.people import LONGEST_NAME, Person
from echospine.domain.remarks import Measured
from echospine.domain.takes import Taken

router = APIRouter(tags=["measures"])
FrameIndex = Annotated[int, Path(ge=0, le=MAX_FRAMES, description="Place in the recording, from 0.")]
Whose = Annotated[str, Query(max_length=LONGEST_NAME, description="Whose acts `can_undo` is about; empty: anybody's.")]
WRITES = documented(403, 404, 408, 409, 413, 422, 507)


@router.get(
    "/exams/{exam_id}/muscles",
    operation_id="getMuscles",
    summary="Measures of muscles, side beside side",
    response_model=shapes.MusclesView,
    responses=documented(404, 422, 507),
)
def get_muscles(desk: AtDesk, exam_id: str, person: Whose = "") -> Response:
    """Return each measure with its frames, left and right, at rest and contracted, and the figures made of them."""
    return _answer(desk, desk.house.studies.load(exam_id), Person(person) if person else None)


@router.put(
    "/recordings/{recording_id}/taken",
    operation_id="labelRecording",
    summary="Say how a recording was taken",
    responses=WRITES,
)
def label_recording(desk: AtDesk, recording_id: str, body: shapes.TakenBody) -> ExamDetail:
    """Keep a recording's view, side, level and state; findings are named after it, and measured again if need be."""
    from echospine.workflow import review

    recording, person = desk.house.studies.recording(recording_id), Person(body.person)
    file = review.label_recording(
        desk.house,
        recording.exam_id,
        recording_id,
        Taken(body.view, body.side, body.level, body.state),
        person=person,
        revision=body.revision,
        reason=body.reason,
    )
    return present.detail(file, person)


@router.put(
    "/recordings/{recording_id}/frames/{index}/ends",
    operation_id="moveEnds",
    summary="Move a calliper or an outline",
    response_model=shapes.MusclesView,
    responses=WRITES,
)
def move_ends(desk: AtDesk, recording_id: str, index: FrameIndex, body: shapes.EndsBody) -> Response:
    """Keep a person's calliper of a measure in one frame beside the model's; values and figures follow."""
    from echospine.workflow import review

    recording, person = desk.house.studies.recording(recording_id), Person(body.person)
    file = review.correct_caliper(
        desk.house,
        recording.exam_id,
        recording_id,
        index,
        _measured(body),
        tuple(body.points),
        person=person,
        revision=body.revision,
        reason=body.reason,
    )
    return _answer(desk, file, person)


@router.put(
    "/recordings/{recording_id}/counted",
    operation_id="chooseFrames",
    summary="Choose the frames that count",
    response_model=shapes.MusclesView,
    responses=WRITES,
)
def choose_frames(desk: AtDesk, recording_id: str, body: shapes.FramesBody) -> Response:
    """Keep which frames of a recording count for a measure: their mean is its value."""
    from echospine.workflow import review

    recording, person = desk.house.studies.recording(recording_id), Person(body.person)
    file = review.choose_frames(
        desk.house,
        recording.exam_id,
        recording_id,
        _measured(body),
        body.frames,
        person=person,
        revision=body.revision,
        reason=body.reason,
    )
    return _answer(desk, file, person)


def _measured(body: shapes.MeasuredBody) -> Measured:
    return Measured(part_named(body.structure), body.side, body.quantity)


def _answer(desk: Desk, file: ExamFile, person: Person | None) -> Response:
    return present.json_response(muscles(file, desk.measured.board(file), person))
