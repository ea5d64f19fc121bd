"""Recordings: what is known of them, their frames, and what was seen in these."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from echospine.apps.server.answers import present
from echospine.apps.server.answers.named import naming_of
from echospine.apps.server.answers.overlays import Overlays, PaintView, overlays, paint_view
from echospine.apps.server.answers.pictures import frame_response
from echospine.apps.server.desk import AtDesk
from echospine.apps.server.problems import documented
from echospine.apps.server.schemas import (
    BetweenBody,
    CaliperBody,
    ContourBody,
    ExamDetail,
    MapBody,
    RecordingDetail,
    Series,
)
from echospine.domain.errors import NotFound, UnsupportedError
from echospine.domain.exams import Recording
from echospine.domain.frames import MAX_FRAMES
from echospine.domain.labels import Structure
from echospine.domain.people import Person
from echospine.domain.runs import unpacked_map
from echospine.domain.units import Labels

router = APIRouter(tags=["recordings"])
FrameIndex = Annotated[int, Path(ge=0, le=MAX_FRAMES, description="Place in the recording, from 0.")]
MOST_OVERLAYS = 512

_PNG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}, "description": "The frame."},
    304: {"description": "The browser has it already."},
}


@router.get(
    "/recordings/{recording_id}",
    operation_id="getRecording",
    summary="What is known of a recording",
    responses=documented(404, 422, 507),
)
def get_recording(desk: AtDesk, recording_id: str) -> RecordingDetail:
    """Return a recording's size, times and scale, without its pixels."""
    recording = desk.house.studies.recording(recording_id)
    with desk.sources.lend(recording) as source:
        return present.recording_detail(recording, source.header)


@router.get(
    "/recordings/{recording_id}/frames/{index}",
    operation_id="getFrame",
    summary="One frame as a picture",
    response_class=Response,
    responses={**_PNG, **documented(404, 422, 507)},
)
def get_frame(desk: AtDesk, request: Request, recording_id: str, index: FrameIndex) -> Response:
    """Return one frame as PNG, pixel by pixel as it was recorded; it never changes, so it may be kept for ever."""
    recording = desk.house.studies.recording(recording_id)
    return frame_response(desk.sources, recording, index, request.headers.get("if-none-match", ""))


@router.get(
    "/recordings/{recording_id}/overlays",
    operation_id="getOverlays",
    summary="What was seen in some frames",
    response_model=Overlays,
    responses=documented(404, 409, 422, 507),
)
def get_overlays(
    desk: AtDesk,
    recording_id: str,
    start: Annotated[int, Query(ge=0, le=MAX_FRAMES, description="First frame.")] = 0,
    count: Annotated[int, Query(ge=1, le=MOST_OVERLAYS, description="Most frames to return.")] = 64,
) -> Response:
    """Return vectors in image coordinates for some frames, people's contours applied; 409 until interpreted."""
    recording = desk.house.studies.recording(recording_id)
    file = desk.house.studies.load(recording.exam_id)
    recording = file.recording(recording_id)
    interpreted = desk.interpreted.of(file, recording)
    with desk.sources.lend(recording) as source:
        geometry = source.header.geometry
    return present.json_response(overlays(file, recording, interpreted, geometry, start, count))


@router.get(
    "/recordings/{recording_id}/series",
    operation_id="getSeries",
    summary="Measured values, frame by frame",
    response_model=Series,
    responses=documented(404, 409, 422, 507),
)
def get_series(desk: AtDesk, recording_id: str) -> Response:
    """Return each quantity over the recording, null where a frame has no value; 409 until interpreted."""
    recording = desk.house.studies.recording(recording_id)
    file = desk.house.studies.load(recording.exam_id)
    interpreted = desk.interpreted.of(file, file.recording(recording_id))
    return present.json_response(present.series(interpreted))


@router.put(
    "/recordings/{recording_id}/frames/{index}/contour",
    operation_id="editContour",
    summary="Draw the bone contour of a frame",
    responses=documented(403, 404, 408, 409, 413, 422, 507),
)
def edit_contour(desk: AtDesk, recording_id: str, index: FrameIndex, body: ContourBody) -> ExamDetail:
    """Replace a frame's bone contour by a person's own; its values and the recording's findings are computed anew."""
    from echospine.workflow import review

    recording = desk.house.studies.recording(recording_id)
    person = Person(body.person)
    file = review.edit_contour(
        desk.house,
        recording.exam_id,
        recording_id,
        _existing(index, recording.n_frames),
        tuple(tuple(line) for line in body.lines),
        reason=body.reason,
        person=person,
        revision=body.revision,
    )
    return present.detail(file, person)


@router.get(
    "/recordings/{recording_id}/frames/{index}/map",
    operation_id="getMap",
    summary="What a person begins to paint on",
    response_model=PaintView,
    responses=documented(404, 409, 422, 507),
)
def get_map(desk: AtDesk, recording_id: str, index: FrameIndex) -> Response:
    """Return all structures seen in a frame, corrections included, as a map as large as the picture."""
    from echospine.workflow import review

    recording = desk.house.studies.recording(recording_id)
    file = desk.house.studies.load(recording.exam_id)
    return present.json_response(paint_view(review.map_to_paint(desk.house, file, recording_id, index)))


@router.put(
    "/recordings/{recording_id}/frames/{index}/map",
    operation_id="editMap",
    summary="Correct the structures of a frame",
    responses=documented(403, 404, 408, 409, 413, 422, 507),
)
def edit_map(desk: AtDesk, recording_id: str, index: FrameIndex, body: MapBody) -> ExamDetail:
    """Keep a person's map of structures beside the model's; values and findings of the recording follow it."""
    from echospine.workflow import review

    recording = desk.house.studies.recording(recording_id)
    person = Person(body.person)
    file = review.edit_map(
        desk.house,
        recording.exam_id,
        recording_id,
        _existing(index, recording.n_frames),
        _labels(body, recording),
        reason=body.reason,
        person=person,
        revision=body.revision,
    )
    return present.detail(file, person)


@router.post(
    "/recordings/{recording_id}/between",
    operation_id="fillBetween",
    summary="Lead structures from one corrected frame to another",
    responses=documented(403, 404, 408, 409, 413, 422, 507),
)
def fill_between(desk: AtDesk, recording_id: str, body: BetweenBody) -> ExamDetail:
    """Interpolate structures between two frames that a person corrected; what else is there stays."""
    from echospine.workflow import review

    recording = desk.house.studies.recording(recording_id)
    person = Person(body.person)
    file = review.fill_between(
        desk.house,
        recording.exam_id,
        recording_id,
        _existing(body.first, recording.n_frames),
        _existing(body.last, recording.n_frames),
        [_structure(name) for name in body.structures],
        reason=body.reason,
        person=person,
        revision=body.revision,
    )
    return present.detail(file, person)


@router.post(
    "/recordings/{recording_id}/frames/{index}/calipers",
    operation_id="addCaliper",
    summary="Set a calliper",
    responses=documented(403, 404, 408, 409, 413, 422, 507),
)
def add_caliper(desk: AtDesk, recording_id: str, index: FrameIndex, body: CaliperBody) -> ExamDetail:
    """Measure a length, an angle or an area on a frame, exact in millimetres, or refused as uncalibrated."""
    from echospine.workflow import review

    recording = desk.house.studies.recording(recording_id)
    person = Person(body.person)
    file = review.add_caliper(
        desk.house,
        recording.exam_id,
        recording_id,
        _existing(index, recording.n_frames),
        body.kind,
        tuple(body.points),
        naming=naming_of(body),
        person=person,
        revision=body.revision,
    )
    return present.detail(file, person)


def _labels(body: MapBody, recording: Recording) -> Labels:
    """Return the map of a request; it is unpacked only where it says that it has the picture's size."""
    if (body.width, body.height) != (recording.width, recording.height):
        raise UnsupportedError(
            f"a map of {body.width} x {body.height} does not fit {recording.name}, whose pictures are "
            f"{recording.width} x {recording.height}"
        )
    try:
        packed = base64.b64decode(body.runs, validate=True)
    except ValueError as error:
        raise UnsupportedError(f"the map's runs are not base64 ({error}); send them again") from error
    return unpacked_map(packed, body.height, body.width)


def _structure(name: str) -> Structure:
    known = {one.label: one for one in Structure}
    if name not in known:
        raise UnsupportedError(f"there is no structure {name!r}; the known ones are {', '.join(list(known)[1:])}")
    return known[name]


def _existing(index: int, n_frames: int) -> int:
    if index >= n_frames:
        raise NotFound(f"there is no frame {index}; the recording has {n_frames}, counted from 0")
    return index
