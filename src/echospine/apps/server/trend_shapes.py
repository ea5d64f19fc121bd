"""What the HTTP API says and accepts of trends: measures over visits, marks, questionnaires, reliability studies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeAlias

from pydantic import Field

from echospine.apps.server.schemas import XY, Body, PersonName, Reason, Shape
from echospine.domain.frames import MAX_FRAMES
from echospine.domain.labels import Side
from echospine.domain.measures import CaliperKind, Quantity
from echospine.domain.takes import Contraction
from echospine.domain.trends import LONGEST_NOTE, Instrument, MarkKind

Note: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]
PatientKey: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=1000, description="Patient ID, or the name where there is none.")
]


class PatientView(Shape):
    """Somebody with examinations."""

    key: str = Field(description="Patient ID, or the name where there is none.")
    name: str
    n_exams: int
    latest: datetime = Field(description="When the latest examination was made.")


class PatientList(Shape):
    """Everybody whose examinations name them, latest first."""

    patients: list[PatientView]


class MeasureView(Shape):
    """What can be followed: a quantity of a structure, at a side and level."""

    quantity: Quantity
    structure: str
    side: Side
    level: str
    state: Contraction = Field(description="Of the muscle.")
    title: str = Field(description="The measure as people read it.")


class FollowedView(Shape):
    """A measure that a patient has readings of."""

    measure: MeasureView
    n_visits: int
    latest: date


class FollowedList(Shape):
    """What can be followed in a patient, the measure with most visits first."""

    followed: list[FollowedView]


class ChangeSaid(Shape):
    """What may be said of two visits."""

    verdict: str = Field(description="increased, decreased, within measurement error, or not comparable.")
    difference: float | None
    least_change: float | None = Field(description="Below it, a difference cannot be told from error.")
    sentence: str


class VisitView(Shape):
    """The mean of a day's readings, judged."""

    day: date
    value: float
    spread: float | None = Field(description="SD of the readings; of one reading its own doubt.")
    n_readings: int
    draft: bool = Field(description="True where not all of it is signed.")
    changed: bool
    since_first: ChangeSaid | None
    since_last: ChangeSaid | None


class BandView(Shape):
    """What cannot be told from the first visit on that day."""

    day: date
    low: float
    high: float


class SemView(Shape):
    """Standard error of one reading."""

    value: float
    kind: str
    df: float


class VisitErrorView(Shape):
    """Standard error of a visit: of the mean of so many readings."""

    value: float
    df: float
    n_readings: int


class ErrorView(Shape):
    """The error of measurement that visits are judged by, and where it is known from."""

    source: str
    citation: str
    sem: SemView | None
    visit: VisitErrorView | None


class LineView(Shape):
    """A line through the visits; its bounds are null where the visits do not carry an interval."""

    per_month: float
    low: float | None
    high: float | None
    words: str


class MarkView(Shape):
    """A treatment or injection on a day."""

    id: str
    day: date
    kind: MarkKind
    text: str
    who: str
    at: datetime


class ScoreView(Shape):
    """A questionnaire of a day: answers per item (null: left out) and their total."""

    id: str
    day: date
    instrument: Instrument
    answers: list[int | None]
    total: float
    who: str
    at: datetime


class TrendView(Shape):
    """One measure of a patient over visits: what may be said, and what stands beside."""

    patient: str
    measure: MeasureView
    unit: str = Field(description="UCUM unit.")
    method: str
    device: str
    visits: list[VisitView]
    band: list[BandView]
    error: ErrorView | None
    line: LineView | None
    marks: list[MarkView]
    scores: list[ScoreView]
    sentences: list[str]
    left_out: list[str]


class InstrumentView(Shape):
    """How an instrument is scored; its wording is licensed and stands nowhere here."""

    instrument: Instrument
    fewest_items: int
    most_items: int
    top: int = Field(description="Highest answer to an item.")
    best: float
    worst: float
    source: str


class InstrumentList(Shape):
    """The instruments that can be scored."""

    instruments: list[InstrumentView]


class MarkBody(Body):
    """A treatment or injection to be kept."""

    patient: PatientKey
    day: date
    kind: MarkKind
    text: Note
    person: PersonName


class ScoreBody(Body):
    """A questionnaire to be kept: answers per item in the instrument's order, null where one was left out."""

    patient: PatientKey
    day: date
    instrument: Instrument
    answers: list[Annotated[int, Field(ge=0, le=100)] | None] = Field(min_length=1, max_length=50)
    person: PersonName


class WithdrawBody(Body):
    """Who takes back an entry, and why."""

    person: PersonName
    reason: Reason = Field(min_length=1)


class StudyView(Shape):
    """A reliability study and how far each rater has come; no value and no subject is in it."""

    id: str
    name: str
    quantity: Quantity
    figure: CaliperKind = Field(description="What a rater draws.")
    structure: str
    raters: list[str]
    n_frames: int
    n_subjects: int
    read: list[int] = Field(description="Readings that each rater has made, in the order of raters.")
    kept: bool = Field(description="True once its findings are this site's error.")


class StudyList(Shape):
    """All reliability studies, in the order in which they were planned."""

    studies: list[StudyView]


class StudyTask(Shape):
    """What a rater reads next: a picture and nothing else; `done`: all is read, and there is no picture."""

    done: bool
    place: int
    total: int


class StudyFindings(Shape):
    """What a finished study found, in words and numbers."""

    words: list[str]
    sem: SemView
    visit: VisitErrorView | None
    unit: str
    n_subjects: int


class StudyFrameBody(Body):
    """One frame of a study. `subject`: who it is of, by any name; `visit`: which time that subject was seen, from 1."""

    subject: Annotated[str, Field(min_length=1, max_length=100)]
    visit: int = Field(ge=1, le=1000)
    recording_id: str = Field(max_length=100)
    frame: int = Field(ge=0, le=MAX_FRAMES)


class StudyBody(Body):
    """A reliability study to be planned."""

    name: Note
    quantity: Quantity
    structure: str = Field(max_length=100)
    raters: list[PersonName] = Field(min_length=1, max_length=20)
    frames: list[StudyFrameBody] = Field(min_length=2, max_length=2000)
    person: PersonName


class ReadingBody(Body):
    """What a rater drew at a place of their order."""

    place: int = Field(ge=0, le=10_000)
    points: list[XY] = Field(min_length=2, max_length=500)
    person: PersonName


class RepeatsBody(Body):
    """People who did not change, measured twice: what that shows becomes this site's error."""

    name: Note
    quantity: Quantity
    structure: str = Field(max_length=100)
    side: Side = Side.UNKNOWN
    level: str = Field(default="", max_length=100)
    state: Contraction = Contraction.UNKNOWN
    patients: list[PatientKey] = Field(min_length=2, max_length=1000)
    person: PersonName


class SiteErrorView(Shape):
    """Error of a quantity by one method on one device, as this site found it."""

    id: str
    name: str
    method: str
    device: str
    unit: str
    sem: SemView
    visit: VisitErrorView | None
    n_subjects: int


class WhoBody(Body):
    """Who does it."""

    person: PersonName
