"""What a trend needs beside examinations: treatments, questionnaires, and how exact this site's measurements are.

Entries are only ever added. One that was wrong is withdrawn by another line, and both stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from echospine.domain.errors import InputError
from echospine.domain.exams import Exam
from echospine.domain.labels import Part, Structure
from echospine.domain.measures import Quantity
from echospine.domain.units import Unit

LONGEST_NOTE = 200
"""Most characters of what is written at a mark."""


class MarkKind(StrEnum):
    """What was done to a patient on a day."""

    TREATMENT = "treatment"
    INJECTION = "injection"
    SURGERY = "surgery"
    OTHER = "other"


class Instrument(StrEnum):
    """A questionnaire or scale; its wording is licensed and stands nowhere here."""

    NRS = "NRS"
    """Numeric rating scale of pain."""
    VAS = "VAS"
    """Visual analogue scale of pain, mm."""
    ODI = "ODI"
    """Oswestry Disability Index."""
    RMDQ = "RMDQ"
    """Roland-Morris Disability Questionnaire."""
    PSFS = "PSFS"
    """Patient-Specific Functional Scale."""


class SemKind(StrEnum):
    """How a standard error of measurement was obtained; kinds are never mixed."""

    AGREEMENT = "agreement"
    """From the variance between raters and the residual: raters may differ by a constant, and that counts."""
    CONSISTENCY = "consistency"
    """From the residual alone: a constant difference between raters does not count."""
    WITHIN = "within subject"
    """From the mean square within subjects (one-way)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A treatment or an injection on a day, as it stands in a plot. `patient`: see `patient_of`."""

    id: str
    patient: str
    day: date
    kind: MarkKind
    text: str
    who: str
    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _line(self.text, "what was done"))
        _require_patient(self.patient)


@dataclass(frozen=True, slots=True)
class Score:
    """One questionnaire of a day. `answers`: per item in the instrument's order, None where it was left out."""

    id: str
    patient: str
    day: date
    instrument: Instrument
    answers: tuple[int | None, ...]
    total: float
    who: str
    at: datetime

    def __post_init__(self) -> None:
        _require_patient(self.patient)
        if not math.isfinite(self.total):
            raise InputError(f"{self.instrument}: a total of {self.total} is no number")


@dataclass(frozen=True, slots=True)
class VisitError:
    """Standard error of a visit: of the mean of `n_readings`, with placing the probe anew in it; `df`: its degrees."""

    value: float
    df: float
    n_readings: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0 and self.df >= 1 and self.n_readings >= 1):
            raise InputError("the error of a visit is zero or more, from two visits of somebody or more")


@dataclass(frozen=True, slots=True)
class SiteError:
    """What this site's reliability study found about one quantity, by one method on one device.

    `sem`: of one reading, in `unit`, with its kind and degrees of freedom; `visit`: of a visit, or None where the
    study looked at each subject only once. `device` is empty where the pictures do not tell theirs.
    """

    id: str
    name: str
    quantity: Quantity
    structure: Part
    method: str
    device: str
    unit: Unit
    sem: float
    sem_kind: SemKind
    sem_df: float
    visit: VisitError | None
    day: date
    raters: tuple[str, ...]
    n_subjects: int
    who: str
    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _line(self.name, "the name of the study"))
        if not (math.isfinite(self.sem) and self.sem >= 0 and self.sem_df >= 1):
            raise InputError(f"{self.name}: an error of measurement is zero or more, from two readings or more")

    @property
    def between_visits(self) -> float | None:
        """SD of what differs from visit to visit beyond the readings' own error, or None where it is not known."""
        if self.visit is None:
            return None
        return math.sqrt(max(0.0, self.visit.value**2 - self.sem**2 / self.visit.n_readings))


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An entry that was wrong: it no longer counts, and stays readable. `reason`: why, in words."""

    entry_id: str
    reason: str
    who: str
    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", _line(self.reason, "why it is withdrawn"))


@dataclass(frozen=True, slots=True)
class StudyFrame:
    """One frame of a reliability study. `subject`: who it is of; `visit`: which time that subject was seen, from 1."""

    subject: str
    visit: int
    recording_id: str
    frame: int


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A reliability study: raters read the same frames with a calliper, each in an order of their own.

    Orders follow from `seed` alone, so that they can be made again; no rater sees whose a frame is.
    """

    id: str
    name: str
    quantity: Quantity
    structure: Structure
    raters: tuple[str, ...]
    frames: tuple[StudyFrame, ...]
    seed: int
    who: str
    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _line(self.name, "the name of the study"))
        if not self.raters or len(set(self.raters)) < len(self.raters):
            raise InputError(f"{self.name}: a study needs raters, each named once")
        if len({(one.recording_id, one.frame) for one in self.frames}) < max(2, len(self.frames)):
            raise InputError(f"{self.name}: a study needs two frames or more, each once")


@dataclass(frozen=True, slots=True)
class StudyReading:
    """What one rater read at one `place` of their own order, in `unit`."""

    id: str
    plan_id: str
    rater: str
    place: int
    value: float
    unit: Unit
    at: datetime

    def __post_init__(self) -> None:
        if not math.isfinite(self.value) or self.place < 0:
            raise InputError("a reading is a finite number at a place of the rater's order")


Entry: TypeAlias = Mark | Score | SiteError | StudyPlan | StudyReading


@dataclass(frozen=True, slots=True)
class Kept:
    """A mark, a questionnaire or a site's error as it is kept: it counts unless it was `withdrawn`."""

    entry: Mark | Score | SiteError
    withdrawn: Withdrawal | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody with examinations. `key`: the patient ID, or the name where there is none."""

    key: str
    name: str
    n_exams: int
    latest: datetime


def patient_of(exam: Exam) -> str:
    """Return whom an examination is of: the patient ID, or else the name; "" where it names nobody."""
    return exam.patient_id or exam.patient_name


def _line(text: str, what: str) -> str:
    line = " ".join(text.split())
    if not line or len(line) > LONGEST_NOTE or not line.isprintable():
        raise InputError(f"{what} is missing or too long; type 1 to {LONGEST_NOTE} characters")
    return line


def _require_patient(patient: str) -> None:
    if not patient:
        raise InputError("an entry belongs to a patient; give the patient ID, or the name where there is none")
