"""The motion of a recording: where to follow it, the job that does, what it says, and keeping that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from echospine.apps.server.answers import present
from echospine.apps.server.desk import AtDesk, Desk
from echospine.apps.server.motion import shapes, telling
from echospine.apps.server.problems import documented
from echospine.apps.server.schemas import ExamDetail, JobView
from echospine.domain.people import Person

if TYPE_CHECKING:
    from echospine.domain.exams import Recording
    from echospine.domain.labels import Sector
    from echospine.workflow.exam import Interpreted

router = APIRouter(tags=["motion"])


@router.get(
    "/recordings/{recording_id}/motion/proposal",
    operation_id="proposeMotion",
    summary="Where to follow a cine",
    responses=documented(404, 422, 507),
)
def propose(desk: AtDesk, recording_id: str) -> shapes.ProposalView:
    """Return the line over the muscle and the place on the fascia that the first frame shows, null for none."""
    from echospine.workflow.motion import Proposal, Wanted, proposal_of

    recording = desk.house.studies.recording(recording_id)
    interpreted = _interpreted(desk, recording)
    found = proposal_of(interpreted.per_frame[0]) if interpreted is not None else Proposal(Wanted())
    return telling.proposal_view(found.taken(desk.house.studies.load(recording.exam_id).taken(recording_id)))


@router.post(
    "/recordings/{recording_id}/motion",
    operation_id="followMotion",
    summary="Follow the tissue of a cine",
    status_code=202,
    responses=documented(403, 404, 408, 413, 422, 503, 507),
)
def follow(desk: AtDesk, recording_id: str, body: shapes.PlacesShape) -> JobView:
    """Start a job that follows the field and these places, as far as that is not known; it can be cancelled."""
    recording = desk.house.studies.recording(recording_id)
    return desk.motions.start(recording, telling.wanted_of(body), lambda: _sector(desk, recording))


@router.get(
    "/recordings/{recording_id}/motion/field",
    operation_id="getMotionField",
    summary="How the grid over the field moves",
    response_model=shapes.FieldView,
    responses=documented(404, 409, 422, 507),
)
def get_field(desk: AtDesk, recording_id: str) -> Response:
    """Return the displacement of every point of the grid in every frame; 409 until it was followed."""
    from echospine.workflow.motion import Wanted

    recording = desk.house.studies.recording(recording_id)
    return present.json_response(telling.field_view(desk.motions.require(recording, Wanted())))


@router.post(
    "/recordings/{recording_id}/motion/measured",
    operation_id="measureMotion",
    summary="What a followed cine is measured for",
    response_model=shapes.MotionView,
    responses=documented(403, 404, 408, 409, 413, 422, 507),
)
def measure(desk: AtDesk, recording_id: str, body: shapes.MotionBody) -> Response:
    """Return curves and values for these places, with a person's marks where there are any; nothing is kept."""
    recording = desk.house.studies.recording(recording_id)
    of = telling.proposal_of(body)
    cine = desk.motions.require(recording, of.wanted)
    return present.json_response(telling.motion_view(cine, of, telling.marks_of(body.marks)))


@router.post(
    "/recordings/{recording_id}/motion/findings",
    operation_id="keepMotion",
    summary="Keep what a followed cine was measured for",
    responses=documented(403, 404, 408, 409, 413, 422, 507),
)
def keep(desk: AtDesk, recording_id: str, body: shapes.KeepBody) -> ExamDetail:
    """Make every value a finding of the recording, in place of earlier ones; moved marks are an edit, with a reason."""
    from echospine.workflow.motion import assemble, keep_motion

    recording = desk.house.studies.recording(recording_id)
    of, person = telling.proposal_of(body), Person(body.person)
    cine = desk.motions.require(recording, of.wanted)
    file = keep_motion(
        desk.house,
        recording_id,
        assemble(telling.field_of(cine), cine.line, cine.layers),
        of,
        telling.marks_of(body.marks),
        person=person,
        revision=body.revision,
        reason=body.reason,
    )
    return present.detail(file, person)


@router.post(
    "/recordings/{recording_id}/stiffness",
    operation_id="addStiffness",
    summary="Type in a value of shear-wave elastography",
    responses=documented(403, 404, 408, 409, 413, 422, 507),
)
def add_stiffness(desk: AtDesk, recording_id: str, body: shapes.StiffnessBody) -> ExamDetail:
    """Keep the value with its unit and its device; Young's modulus only where it is asked for, as its own finding."""
    from echospine.workflow import stiffness

    person = Person(body.person)
    file = stiffness.add_stiffness(
        desk.house,
        recording_id,
        body.value,
        body.unit,
        body.device,
        telling.naming_of(body.of),
        convert=body.convert,
        person=person,
        revision=body.revision,
    )
    return present.detail(file, person)


def _interpreted(desk: Desk, recording: Recording) -> Interpreted | None:
    if not recording.interpretation:
        return None
    file = desk.house.studies.load(recording.exam_id)
    return desk.interpreted.of(file, recording)


def _sector(desk: Desk, recording: Recording) -> Sector:
    """Return the field of a recording: as it was seen, or all of the picture before it was interpreted."""
    from echospine.workflow.motion import whole_field

    interpreted = _interpreted(desk, recording)
    if interpreted is not None:
        return interpreted.interpretations[0].field.sector
    with desk.sources.lend(recording) as source:
        return whole_field(source.header.geometry)
