"""What people drew in a recording, applied to what a model saw, and everything measured again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from echospine.domain.errors import NotFound
from echospine.domain.exams import ContourEdit, ExamFile, MapEdit
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Method
from echospine.domain.measures import Quantity
from echospine.engine.muscle import measure_frame, summarise
from echospine.ports import FrameSource, House, ObjectStore
from echospine.workflow.exam.codec import decode
from echospine.workflow.exam.contours import with_contour
from echospine.workflow.exam.imports import open_recording
from echospine.workflow.exam.maps import corrected_by, read_map, with_map
from echospine.workflow.exam.results import Interpreted, credited

SWEEP = (Quantity.SWEEP_LENGTH, Quantity.SWEEP_SPEED)
"""Quantities that come from the tracker, which nothing drawn changes."""


def load_interpreted(house: House, file: ExamFile, recording_id: str) -> Interpreted:
    """Return what is stored of a recording, with people's contours and maps applied and everything measured again.

    Raises NotFound when the recording has not been interpreted, StorageError when what is stored is damaged.
    """
    recording = file.recording(recording_id)
    if not recording.interpretation:
        raise NotFound(f"{recording.name} has not been interpreted yet; interpret it first")
    interpreted = decode(house.objects.get(recording.interpretation))
    edits = file.edits_of(recording_id)
    if not edits:
        return interpreted
    with open_recording(house, recording) as source:
        return with_edits(interpreted, edits, source, house.objects)


def with_edits(
    interpreted: Interpreted, edits: Sequence[ContourEdit | MapEdit], source: FrameSource, objects: ObjectStore
) -> Interpreted:
    """Return the interpreted recording with what was drawn, in that order: its frames measured again, and the summary.

    Raises GeometryError for a contour that is not one, InputError when its frame cannot be decoded, StorageError for a
    map that is damaged.
    """
    interpretations, per_frame = list(interpreted.interpretations), list(interpreted.per_frame)
    methods: dict[Quantity, Method] = {}
    for index in sorted({edit.frame for edit in edits}):
        frame, seen = source.frame(index), interpretations[index]
        for edit in edits:
            if edit.frame == index:
                seen = _drawn(seen, edit, frame, objects)
        interpretations[index] = seen
        per_frame[index] = credited(measure_frame(frame, seen), seen.method)
        methods |= {measured.quantity: measured.method for measured in per_frame[index]}
    # The drawn frames have a part in every value over the recording, whichever frame is nearest to the median.
    again = [replace(one, method=methods.get(one.quantity, one.method)) for one in summarise(per_frame)]
    sweep = [measured for measured in interpreted.summary if measured.quantity in SWEEP]
    return replace(
        interpreted,
        interpretations=tuple(interpretations),
        per_frame=tuple(per_frame),
        summary=(*again, *sweep),
    )


def _drawn(seen: Interpretation, edit: ContourEdit | MapEdit, frame: Frame, objects: ObjectStore) -> Interpretation:
    if isinstance(edit, ContourEdit):
        return with_contour(seen, edit, frame.geometry.height)
    return with_map(seen, read_map(objects, edit.digest), frame.geometry, corrected_by(seen.method, edit))
