"""A person corrects the map of structures: one frame by hand, and frames between two of these by interpolation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from echospine.domain.errors import NotFound, TooLargeError, UnsupportedError
from echospine.domain.exams import ExamFile, MapEdit, MapWay, Recording
from echospine.domain.labels import Structure
from echospine.domain.people import Person
from echospine.domain.units import Labels
from echospine.engine.vision.between import labels_between
from echospine.ports import House
from echospine.workflow.exam import base_map, keep_map, load_interpreted, open_recording, read_map
from echospine.workflow.review.decisions import require_reason
from echospine.workflow.review.deeds import Deed, Step, carry_out
from echospine.workflow.review.drawing import require_frame
from echospine.workflow.review.following import measured_again

MOST_BETWEEN = 500
"""Most frames that are filled at a time."""


def map_to_paint(house: House, file: ExamFile, recording_id: str, frame: int) -> Labels:
    """Return all that is seen in a frame, corrections included, as large as the picture, uint8, (height, width)."""
    recording = file.recording(recording_id)
    require_frame(recording, frame)
    edit = next((m for m in file.maps if (m.recording_id, m.frame) == (recording_id, frame)), None)
    if edit is not None and not any(
        (c.recording_id, c.frame) == (recording_id, frame) and c.at > edit.at for c in file.contours
    ):
        return read_map(house.objects, edit.digest)
    seen = load_interpreted(house, file, recording_id).interpretations[frame]
    with open_recording(house, recording) as source:
        return base_map(seen, source.frame(frame).geometry)


def edit_map(
    house: House,
    exam_id: str,
    recording_id: str,
    frame: int,
    labels: Labels,
    *,
    person: Person,
    revision: int | None,
    reason: str,
) -> ExamFile:
    """Keep a person's map of structures for one frame beside the model's, and measure again what depends on it.

    Findings follow as after a drawn contour; all of it is one step for `undo`. Raises InputError (a map of another size
    than the picture, no reason), NotFound (no such frame, or not interpreted), NotAllowed, Conflict.
    """
    reason = require_reason(reason, "to correct structures")

    def make(file: ExamFile) -> Deed:
        recording = file.recording(recording_id)
        require_frame(recording, frame)
        _require_size(recording, labels)
        digest = keep_map(house.objects, labels)
        edit = MapEdit(recording_id, frame, digest, MapWay.DRAWN, person.name, house.clock.now(), reason)
        return _deed(house, file, "structures", [edit], f"the structures of frame {frame} were corrected")

    return carry_out(house, exam_id, make, person=person, revision=revision)


def fill_between(  # noqa: PLR0917
    house: House,
    exam_id: str,
    recording_id: str,
    first: int,
    last: int,
    structures: Sequence[Structure],
    *,
    person: Person,
    revision: int | None,
    reason: str,
) -> ExamFile:
    """Give the frames between two key frames shapes of these structures that lead from one to the other.

    Both must have been corrected by a person. Whatever else those frames show stays; one that a person corrected by
    hand stays as it is. Raises InputError, NotFound, NotAllowed (a key frame is missing), Conflict.
    """
    reason = require_reason(reason, "to correct structures")
    if not structures or Structure.BACKGROUND in structures:
        raise UnsupportedError("name the structures to lead from one key frame to the other; background is none")

    def make(file: ExamFile) -> Deed:
        keys = [_key_map(house, file, recording_id, frame) for frame in (first, last)]
        inner = _inner(file, recording_id, first, last)
        edits = []
        for frame in inner:
            share = (frame - first) / (last - first)
            under = map_to_paint(house, file, recording_id, frame)
            labels = labels_between(keys[0], keys[1], share, structures, under)
            digest = keep_map(house.objects, labels)
            edits.append(MapEdit(recording_id, frame, digest, MapWay.BETWEEN, person.name, house.clock.now(), reason))
        return _deed(house, file, "between", edits, f"structures between frames {first} and {last} were filled in")

    return carry_out(house, exam_id, make, person=person, revision=revision)


def _deed(house: House, file: ExamFile, action: str, edits: Sequence[MapEdit], why: str) -> Deed:
    """Return the deed that puts these maps in place of earlier ones, with what is measured again because of them."""
    recording_id = edits[0].recording_id
    before = {m.frame: m for m in file.maps if m.recording_id == recording_id}
    frames = {edit.frame for edit in edits}
    others = tuple(m for m in file.maps if m.recording_id != recording_id or m.frame not in frames)
    summary = load_interpreted(house, replace(file, maps=(*others, *edits)), recording_id).summary
    steps: Iterable[Step] = (Step(before.get(edit.frame), edit, edit.reason) for edit in edits)
    return Deed(action, (*steps, *measured_again(file, recording_id, why, summary)))


def _inner(file: ExamFile, recording_id: str, first: int, last: int) -> list[int]:
    """Return the frames between that no person corrected by hand."""
    if last - first < 2:
        raise UnsupportedError(f"there is no frame between {first} and {last}; choose key frames further apart")
    if last - first - 1 > MOST_BETWEEN:
        raise TooLargeError(f"{last - first - 1} frames lie between; at most {MOST_BETWEEN}: correct one in the middle")
    drawn = {m.frame for m in file.maps if m.recording_id == recording_id and m.way is MapWay.DRAWN}
    inner = [frame for frame in range(first + 1, last) if frame not in drawn]
    if not inner:
        raise UnsupportedError(f"every frame between {first} and {last} was corrected by hand")
    return inner


def _key_map(house: House, file: ExamFile, recording_id: str, frame: int) -> Labels:
    require_frame(file.recording(recording_id), frame)
    key = next((m for m in file.maps if (m.recording_id, m.frame) == (recording_id, frame)), None)
    if key is None:
        raise NotFound(f"frame {frame} was not corrected by a person; correct it first, so that it is a key frame")
    return read_map(house.objects, key.digest)


def _require_size(recording: Recording, labels: Labels) -> None:
    rows, columns = labels.shape
    if (columns, rows) != (recording.width, recording.height):
        raise UnsupportedError(
            f"a map of {columns} x {rows} does not fit {recording.name}, whose pictures are "
            f"{recording.width} x {recording.height}"
        )
    if labels.size and int(np.max(labels)) >= len(Structure):
        raise UnsupportedError(
            f"the map names structure {np.max(labels)}; the known ones are 0 to {len(Structure) - 1}"
        )
