"""What people drew and said of a recording, applied to what a model saw, and everything measured again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from echospine.domain.errors import NotFound
from echospine.domain.exams import ContourEdit, ExamFile, MapEdit
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Method, Part, Side, View
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.remarks import CaliperEdit
from echospine.engine.muscle import measure_frame
from echospine.ports import FrameSource, House, ObjectStore
from echospine.workflow.exam.codec import decode
from echospine.workflow.exam.contours import with_contour
from echospine.workflow.exam.imports import open_recording
from echospine.workflow.exam.maps import corrected_by, read_map, with_map
from echospine.workflow.exam.remarked import named, seen_as, summary_of, with_callipers
from echospine.workflow.exam.results import Interpreted, credited

SWEEP = (Quantity.SWEEP_LENGTH, Quantity.SWEEP_SPEED)
"""Quantities that come from the tracker, which nothing drawn changes."""

Edits = Sequence[ContourEdit | MapEdit]


def load_interpreted(house: House, file: ExamFile, recording_id: str) -> Interpreted:
    """Return what is stored of a recording, with all that people drew and said applied.

    Raises NotFound when the recording has not been interpreted, StorageError when what is stored is damaged.
    """
    recording = file.recording(recording_id)
    if not recording.interpretation:
        raise NotFound(f"{recording.name} has not been interpreted yet; interpret it first")
    return applied(house, file, recording_id, decode(house.objects.get(recording.interpretation)))


def applied(house: House, file: ExamFile, recording_id: str, interpreted: Interpreted) -> Interpreted:
    """Return an interpreted recording with contours, maps, callipers, chosen frames and labels; measured again.

    Raises GeometryError for a contour that is not one, InputError when a frame cannot be decoded, StorageError for a
    map that is damaged.
    """
    edits, remarks, taken = file.edits_of(recording_id), file.remarks_of(recording_id), file.taken(recording_id)
    if not edits and not remarks:
        return interpreted
    drawn = any(isinstance(one, CaliperEdit) for one in remarks)
    if edits or drawn or taken.view is not None:
        with open_recording(house, file.recording(recording_id)) as source:

            def geometry_of(index: int) -> ImageGeometry:
                return source.frame(index).geometry

            interpreted = _seen_anew(interpreted, edits, taken.view, source, house.objects)
            per_frame = with_callipers(interpreted.per_frame, remarks, geometry_of)
            interpreted = replace(interpreted, per_frame=per_frame)
    again = _credited_anew(summary_of(interpreted.per_frame, remarks), interpreted.per_frame, edits)
    sweep = [measured for measured in interpreted.summary if measured.quantity in SWEEP]
    return replace(
        interpreted,
        per_frame=tuple(named(several, taken) for several in interpreted.per_frame),
        summary=(*named(again, taken), *sweep),
    )


def _seen_anew(
    interpreted: Interpreted, edits: Edits, view: View | None, source: FrameSource, objects: ObjectStore
) -> Interpreted:
    """Return the interpreted recording with what was drawn, in that order, and in the view that a person named.

    Only frames that this changes are measured again.
    """
    interpretations, per_frame = list(interpreted.interpretations), list(interpreted.per_frame)
    drawn = {edit.frame for edit in edits}
    for index, found in enumerate(interpreted.interpretations):
        if index not in drawn and not _otherwise(found, per_frame[index], view):
            continue
        frame, seen = source.frame(index), seen_as(found, view)
        for edit in (one for one in edits if one.frame == index):
            seen = _drawn(seen, edit, frame, objects)
        interpretations[index] = seen
        per_frame[index] = credited(measure_frame(frame, seen), seen.method)
    return replace(interpreted, interpretations=tuple(interpretations), per_frame=tuple(per_frame))


def _otherwise(seen: Interpretation, measured: Sequence[Measurement], view: View | None) -> bool:
    """True where a frame was measured with a map, and in another view than a person named, or less surely."""
    if view is None or seen.structures is None or not measured:
        return False
    return seen.view is None or seen.view.shares[0] != (view, 1.0)


def _credited_anew(
    summary: Sequence[Measurement], per_frame: Sequence[Sequence[Measurement]], edits: Edits
) -> tuple[Measurement, ...]:
    """Return the summary with the methods of drawn frames.

    They have a part in every value over the recording, whichever frame is nearest to the median.
    """
    methods: dict[tuple[Part, Side, Quantity], Method] = {}
    for index in sorted({edit.frame for edit in edits}):
        methods |= {_key(one): one.method for one in per_frame[index]}
    return tuple(replace(one, method=methods.get(_key(one), one.method)) for one in summary)


def _key(one: Measurement) -> tuple[Part, Side, Quantity]:
    return one.structure, one.side, one.quantity


def _drawn(seen: Interpretation, edit: ContourEdit | MapEdit, frame: Frame, objects: ObjectStore) -> Interpretation:
    if isinstance(edit, ContourEdit):
        return with_contour(seen, edit, frame.geometry.height)
    return with_map(seen, read_map(objects, edit.digest), frame.geometry, corrected_by(seen.method, edit))
