"""An examination, its states as a table, and the trail of who changed what and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from echospine.domain.errors import NotAllowed, NotFound
from echospine.domain.images import Point
from echospine.domain.measures import Measurement
from echospine.domain.remarks import Remark, TakenAs
from echospine.domain.takes import NOTHING_SAID, Taken


class ExamState(StrEnum):
    """Where an examination stands."""

    IMPORTED = "imported"
    DRAFT = "draft"
    REVIEW = "review"
    SIGNED = "signed"
    AMENDED = "amended"


class ExamEvent(StrEnum):
    """What can happen to an examination."""

    IMPORT = "import"
    INTERPRET = "interpret"
    REVIEW = "review"
    SIGN = "sign"
    AMEND = "amend"
    LABEL = "label"


NEXT: dict[tuple[ExamState, ExamEvent], ExamState] = {
    (ExamState.IMPORTED, ExamEvent.IMPORT): ExamState.IMPORTED,
    (ExamState.IMPORTED, ExamEvent.INTERPRET): ExamState.DRAFT,
    (ExamState.DRAFT, ExamEvent.IMPORT): ExamState.IMPORTED,
    (ExamState.DRAFT, ExamEvent.INTERPRET): ExamState.DRAFT,
    (ExamState.DRAFT, ExamEvent.REVIEW): ExamState.REVIEW,
    (ExamState.REVIEW, ExamEvent.INTERPRET): ExamState.REVIEW,
    (ExamState.REVIEW, ExamEvent.REVIEW): ExamState.REVIEW,
    (ExamState.REVIEW, ExamEvent.SIGN): ExamState.SIGNED,
    (ExamState.SIGNED, ExamEvent.AMEND): ExamState.AMENDED,
    (ExamState.AMENDED, ExamEvent.REVIEW): ExamState.AMENDED,
    (ExamState.AMENDED, ExamEvent.SIGN): ExamState.SIGNED,
    **{(state, ExamEvent.LABEL): state for state in ExamState if state is not ExamState.SIGNED},
}
"""The state after an event; an absent pair is not allowed.

To label a recording (its view, side, level) is no review: more recordings may come and be interpreted after it.

Interpreting never touches reviewed work: under review it is for a recording that has no interpretation yet,
because people begin with the first recording while the last is still being computed.
"""


def next_state(state: ExamState, event: ExamEvent) -> ExamState:
    """Return the state after `event`; raises NotAllowed, naming what is possible, for an absent pair."""
    after = NEXT.get((state, event))
    if after is None:
        possible = " or ".join(allowed_events(state))
        raise NotAllowed(f"an examination that is {state} does not allow '{event}'; possible now: {possible}")
    return after


def allowed_events(state: ExamState) -> tuple[ExamEvent, ...]:
    """Return the events that `state` allows, in the order of ExamEvent."""
    return tuple(event for event in ExamEvent if (state, event) in NEXT)


@dataclass(frozen=True, slots=True)
class Exam:
    """One examination of one person. `revision` grows with every change; `version` with every signature."""

    id: str
    title: str
    state: ExamState
    created_at: datetime
    patient_name: str = ""
    patient_id: str = ""
    revision: int = 0
    version: int = 0
    signed_by: str = ""
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an examination's history: who did what to which thing, when, and why.

    `target`: what was changed ("exam", "measurement:<id>", "contour:<recording>/<frame>", "map:..."); `before`,
    `after`: JSON text of the changed part, empty where there is none.
    """

    at: datetime
    who: str
    action: str
    target: str
    before: str = ""
    after: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a recording as it lies in the object store: its own name, SHA-256 (hex) and bytes."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Recording:
    """One imported recording: a DICOM object, a sequence, a video, an image, or a folder of images.

    `digest`: SHA-256 (hex) that identifies the content: of the only file, or of the list of files;
    `files`: the picture files in order, then companions (PLUS configuration, raw data); `interpretation`:
    digest of the stored interpretations of all frames, empty before; `method`: who made them, in words.
    """

    id: str
    exam_id: str
    name: str
    format: str
    digest: str
    files: tuple[SourceFile, ...]
    n_frames: int
    width: int
    height: int
    calibrated: bool
    imported_at: datetime
    frame_rate_hz: float | None = None
    pixel_spacing_mm: float | None = None
    interpretation: str = ""
    method: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A measurement with its place in an examination. `original`: the value before any person's edit."""

    id: str
    recording_id: str
    measurement: Measurement
    original: float | None = None
    decided_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ContourEdit:
    """A person's own bone contour for one frame: polylines of (x, y); columns outside show no bone."""

    recording_id: str
    frame: int
    lines: tuple[tuple[Point, ...], ...]
    who: str
    at: datetime
    reason: str = ""


class MapWay(StrEnum):
    """How a person's map of a frame came about."""

    DRAWN = "drawn"
    """By hand: a key frame."""
    BETWEEN = "between"
    """Between two key frames, by interpolation that a person asked for."""


@dataclass(frozen=True, slots=True)
class MapEdit:
    """A person's own map of structures for one frame, beside the model's. `digest`: of the map in the object store."""

    recording_id: str
    frame: int
    digest: str
    way: MapWay
    who: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExamFile:
    """Everything of one examination, as a folder on a desk: one consistent moment of it."""

    exam: Exam
    recordings: tuple[Recording, ...] = ()
    findings: tuple[Finding, ...] = ()
    contours: tuple[ContourEdit, ...] = ()
    history: tuple[Change, ...] = ()
    maps: tuple[MapEdit, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def recording(self, recording_id: str) -> Recording:
        """Return that recording; raises NotFound."""
        found = next((r for r in self.recordings if r.id == recording_id), None)
        if found is None:
            raise NotFound(f"examination {self.exam.id} has no recording {recording_id}")
        return found

    def edits_of(self, recording_id: str) -> tuple[ContourEdit | MapEdit, ...]:
        """Return what people drew in that recording, in the order in which they did."""
        edits: tuple[ContourEdit | MapEdit, ...] = (*self.contours, *self.maps)
        return tuple(sorted((e for e in edits if e.recording_id == recording_id), key=lambda edit: edit.at))

    def remarks_of(self, recording_id: str) -> tuple[Remark, ...]:
        """Return what people said of that recording and of measures in it."""
        return tuple(remark for remark in self.remarks if remark.recording_id == recording_id)

    def taken(self, recording_id: str) -> Taken:
        """Return how a person says that recording was taken; nothing where nobody said."""
        said = [one.taken for one in self.remarks_of(recording_id) if isinstance(one, TakenAs)]
        return said[0] if said else NOTHING_SAID

    def finding(self, finding_id: str) -> Finding:
        """Return that finding; raises NotFound."""
        found = next((f for f in self.findings if f.id == finding_id), None)
        if found is None:
            raise NotFound(f"examination {self.exam.id} has no measurement {finding_id}")
        return found


@dataclass(frozen=True, slots=True)
class ExamWrite:
    """One atomic change of an examination: the new head, what was put, what was taken away, and the history.

    `exam.revision` must be one more than what the store holds, otherwise somebody else was first. Remarks go by
    recording and place.
    """

    exam: Exam
    changes: Sequence[Change]
    recordings: Sequence[Recording] = ()
    findings: Sequence[Finding] = ()
    removed_findings: Sequence[str] = ()
    contours: Sequence[ContourEdit] = ()
    removed_contours: Sequence[tuple[str, int]] = ()
    maps: Sequence[MapEdit] = ()
    removed_maps: Sequence[tuple[str, int]] = ()
    remarks: Sequence[Remark] = ()
    removed_remarks: Sequence[tuple[str, str]] = ()
