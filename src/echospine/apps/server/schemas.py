"""What the HTTP API says and accepts, as typed shapes; the browser's client is generated from them.

Lengths are millimetres, times seconds, points (x, y) pixels with the centre of the first pixel at (0, 0).
A number that does not exist is null, never NaN.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from echospine.domain.exams import ExamEvent, ExamState
from echospine.domain.frames import MAX_FRAMES, TimeSource
from echospine.domain.images import Spacing
from echospine.domain.labels import Side, Structure, View
from echospine.domain.measures import CaliperKind, Decision, Quantity, Status
from echospine.domain.people import LONGEST_NAME
from echospine.domain.takes import Contraction

LONGEST_TEXT = 1000
"""Most characters of a title or a reason."""
MOST_POINTS = 20_000
"""Most points of one polyline that is sent to the server."""

XY: TypeAlias = tuple[FiniteFloat, FiniteFloat]
Revision: TypeAlias = Annotated[
    int | None,
    Field(ge=0, description="Revision of the examination that the person saw; null: whatever is current. Else 409."),
]
PersonName: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME, description="Name of the person who does this.")
]
Reason: TypeAlias = Annotated[str, Field(max_length=LONGEST_TEXT, description="Why, in words.")]
StructureName: TypeAlias = Annotated[
    str, Field(max_length=100, description="Structure or muscle, by its name in files.")
]
Level: TypeAlias = Annotated[str, Field(max_length=10, description="Level, such as L4; empty where none is said.")]
Title: TypeAlias = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Shape(BaseModel):
    """Base of what the server says."""

    model_config = ConfigDict(frozen=True)


class Body(BaseModel):
    """Base of what the server accepts: unknown fields are refused, so that a slip of the pen is noticed."""

    model_config = ConfigDict(extra="forbid")


class Health(Shape):
    """The server is up."""

    status: str = Field(description="Always `ok`.")
    version: str = Field(description="Version of EchoSpine.")


class ProblemItem(Shape):
    """One thing that is wrong with a request."""

    where: str = Field(description="Place in the request, such as `body.points.0`.")
    message: str = Field(description="What is wrong there.")


class Problem(Shape):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="Kind of problem, a relative URI such as `/problems/not-found`.")
    title: str = Field(description="The kind in words; the same for every problem of that kind.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="One line for a person: what is wrong, what was found, what to do.")
    instance: str = Field(description="Path of the request; for an unexpected error, a number to quote.")
    errors: list[ProblemItem] = Field(default=[], description="All that is wrong, where it is more than one thing.")


class ExamSummary(Shape):
    """The head of an examination, as it stands in a list."""

    id: str
    title: str
    state: ExamState
    created_at: datetime
    patient_name: str
    patient_id: str
    revision: int
    version: int = Field(description="Number of signatures so far.")
    signed_by: str
    signed_at: datetime | None
    n_recordings: int
    cover_recording_id: str | None = Field(description="Recording whose first frame may stand for the examination.")


class ExamList(Shape):
    """Part of a search result, newest first."""

    exams: list[ExamSummary]
    total: int = Field(description="How many there are in all.")


class TakenView(Shape):
    """How a recording was taken, as a person said it."""

    view: View | None
    side: Side
    level: str
    state: Contraction
    who: str = Field(description="Who said it; empty where nobody did.")
    at: datetime | None
    reason: str


class RecordingSummary(Shape):
    """One recording of an examination."""

    id: str
    name: str
    format: str
    n_frames: int
    width: int
    height: int
    calibrated: bool
    frame_rate_hz: float | None
    interpreted: bool
    method: str = Field(description="Who interpreted it, name and version; empty before.")
    notes: list[str] = Field(description="What the reader had to leave out or assume.")
    imported_at: datetime
    digest: str = Field(description="SHA-256 that identifies the content.")
    taken: TakenView


class FindingView(Shape):
    """One measured value with its doubt, its provenance and its review status."""

    id: str
    recording_id: str
    structure: str
    side: Side
    level: str
    quantity: Quantity
    title: str = Field(description="The quantity as people read it.")
    value: float | None = Field(description="Null where it cannot be given; `note` says why.")
    unit: str = Field(description="UCUM unit: mm, mm2, mm/s, deg, {grey}, ...")
    uncertainty: float | None = Field(description="One standard deviation, in `unit`.")
    method: str = Field(description="Name and version of what measured it.")
    frame: int | None = Field(description="The frame that shows it best.")
    n_frames: int
    state: Contraction = Field(description="Of the muscle, as a person said it.")
    status: Status
    points_px: list[XY] = Field(description="Calliper points, where there are any.")
    note: str
    original: float | None = Field(description="The value before any person's edit.")
    decided_by: str
    reason: str


class ChangeView(Shape):
    """One line of an examination's history."""

    at: datetime
    who: str
    action: str
    target: str
    before: str
    after: str
    reason: str


class ExamDetail(Shape):
    """Everything of one examination but its pictures."""

    id: str
    title: str
    state: ExamState
    created_at: datetime
    patient_name: str
    patient_id: str
    revision: int
    version: int
    signed_by: str
    signed_at: datetime | None
    allowed: list[ExamEvent] = Field(description="What can happen to the examination now.")
    can_undo: bool = Field(description="True when somebody's latest review action can be taken back.")
    recordings: list[RecordingSummary]
    findings: list[FindingView]
    history: list[ChangeView]


class JobState(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobKind(StrEnum):
    """What a job is for."""

    IMPORT = "import"
    """Recordings come in, and are interpreted."""
    MOTION = "motion"
    """Tissue is followed through a cine."""


class JobView(Shape):
    """A long piece of work and how far it has come."""

    id: str
    kind: JobKind
    state: JobState
    stage: str = Field(description="What is being done now, in words.")
    done: int
    total: int
    seconds_left: float | None = Field(description="Estimated rest time; null while unknown.")
    exam_id: str | None = Field(description="The examination, or the first of several.")
    exam_ids: list[str] = Field(description="Examinations that recordings went into: a new one for each patient.")
    recording_ids: list[str] = Field(description="Recordings imported or found again, in order.")
    already: list[str] = Field(description="Names of recordings that had been imported before.")
    problems: list[str] = Field(description="What could not be used, one line each.")


class JobList(Shape):
    """All jobs since the server started, newest first."""

    jobs: list[JobView]


class RegionView(Shape):
    """A rectangle of the picture that carries a scale; edges included."""

    x0: int
    y0: int
    x1: int
    y1: int
    spatial: bool = Field(description="True where both axes are lengths.")
    step_x_mm: float | None
    step_y_mm: float | None
    high_priority: bool
    data_type: int = Field(description="DICOM Region Data Type: 1 tissue, 2 colour flow, ...")
    spacing: Spacing = Field(description="Where the millimetres come from.")


class GeometryView(Shape):
    """Where each part of the picture lies in millimetres."""

    width: int
    height: int
    regions: list[RegionView]
    distrusted: int = Field(description="Regions that reach past the picture and are therefore not used.")


class RecordingDetail(Shape):
    """What is known of a recording without its pixels."""

    id: str
    exam_id: str
    name: str
    format: str
    n_frames: int
    width: int
    height: int
    times_s: list[float] = Field(description="Seconds since the first frame, one per frame; empty when unknown.")
    time_source: TimeSource
    frame_rate_hz: float | None
    colour: bool
    tracked: bool
    notes: list[str]
    geometry: GeometryView = Field(description="Of the first frame.")


class QualityView(Shape):
    """How good a picture is, as fractions 0 to 1, and why."""

    contact: float | None
    saturated: float | None
    shadowed: float | None
    score: float | None
    reasons: list[str]


class SeriesQuantity(Shape):
    """One quantity over the recording."""

    quantity: Quantity
    title: str
    unit: str
    values: list[float | None] = Field(description="One per frame; null where there is none.")


class Series(Shape):
    """All quantities over a recording."""

    quantities: list[SeriesQuantity]


class ReportFileView(Shape):
    """One file of a report."""

    name: str
    media_type: str
    size: int = Field(description="Bytes.")


class ReportList(Shape):
    """The files of an examination's report."""

    draft: bool = Field(description="True until a clinician has signed: then each file carries a visible mark.")
    files: list[ReportFileView]


class NewExam(Body):
    """An examination to be made."""

    title: Title = Field(min_length=1)
    patient_name: Title = ""
    patient_id: Title = ""
    who: str = Field(default="", max_length=LONGEST_NAME, description="Who makes it; empty: the workstation.")


class ContourBody(Body):
    """A person's own bone contour for one frame; columns that no line covers show no bone."""

    lines: list[Annotated[list[XY], Field(min_length=2, max_length=MOST_POINTS)]] = Field(max_length=1000)
    person: PersonName
    reason: Reason = ""
    revision: Revision = None


class MapBody(Body):
    """A person's own map of structures for one frame, as large as the picture."""

    width: int = Field(ge=1, le=100_000)
    height: int = Field(ge=1, le=100_000)
    runs: str = Field(
        description="Runs of structure ids, row by row: the id, and how many (u16, little-endian); base64."
    )
    person: PersonName
    reason: Reason
    revision: Revision = None


class BetweenBody(Body):
    """Structures to be led from one corrected frame to another, in the frames between."""

    first: int = Field(ge=0, le=MAX_FRAMES, description="Key frame, counted from 0.")
    last: int = Field(ge=0, le=MAX_FRAMES, description="Key frame after it.")
    structures: list[str] = Field(min_length=1, max_length=len(Structure), description="Names of structures.")
    person: PersonName
    reason: Reason
    revision: Revision = None


class CaliperBody(Body):
    """A calliper that a person set."""

    kind: CaliperKind
    points: list[XY] = Field(min_length=2, max_length=1000)
    structure: StructureName = Field(default="background", description="What it is of; background: of nothing named.")
    side: Side = Side.UNKNOWN
    level: Level = ""
    state: Contraction = Contraction.UNKNOWN
    person: PersonName
    revision: Revision = None


class DecisionBody(Body):
    """A clinician's decision about one finding. An edit needs a value; an edit and a rejection need a reason."""

    decision: Decision
    value: FiniteFloat | None = None
    reason: Reason = ""
    person: PersonName
    revision: Revision = None


class PersonBody(Body):
    """Who does it, and what that person saw."""

    person: PersonName
    revision: Revision = None


class AmendBody(Body):
    """Who opens a signed examination again, and why."""

    person: PersonName
    reason: Reason = Field(min_length=1)
    revision: Revision = None
