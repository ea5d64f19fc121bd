"""What the house needs from outside, as protocols; adapters fill them, wiring joins them.

Each port has an in-memory twin and one contract test that all its adapters pass (tests/ports).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from echospine.domain.exams import Change, Exam, ExamFile, ExamState, ExamWrite, Recording
from echospine.domain.explanations import Explanation, Subject
from echospine.domain.frames import Frame, RecordingHeader
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method
from echospine.domain.reports import Report, ReportFile
from echospine.domain.trends import Entry, Kept, Patient, StudyPlan, StudyReading, Withdrawal

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class FrameSource(Protocol):
    """A recording, read lazily: frames come one at a time, in constant memory. A context manager."""

    @property
    def header(self) -> RecordingHeader:
        """What is known without touching pixels."""
        ...

    def frame(self, index: int) -> Frame:
        """Return one frame; raises IndexError outside the recording, InputError for damaged pixels."""
        ...

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Frame]: ...
    def __enter__(self) -> FrameSource: ...
    def __exit__(self, *exc: object) -> None: ...


class LiveState(StrEnum):
    """How a live source stands: what a screen says beside the picture."""

    CONNECTING = "connecting"
    """Being reached for the first time, or just reached and no picture has come yet."""
    LIVE = "live"
    STALE = "stale"
    """The link stands, but no picture has come for a while."""
    LOST = "lost"
    """There is no link; it is tried again."""
    CLOSED = "closed"
    """Ended or closed: nothing more will come."""


@dataclass(frozen=True, slots=True)
class LiveCounts:
    """Frames so far.

    `received`: usable ones that came; `dropped`: those that nobody here got, because a newer one came first or (where
    the device numbers its frames) because they never arrived; `bad`: messages damaged or not to be made a frame of.
    """

    received: int = 0
    dropped: int = 0
    bad: int = 0


class LiveSource(Protocol):
    """Pictures as they are made: only the newest is kept, older ones are dropped and counted. A context manager.

    Any number of threads may ask at once, each with its own `after_index`. Frames carry `arrived_s`; their `index`
    grows by one with each that came, over lost links too; so does their `time_s` where the device tells times.
    """

    @property
    def name(self) -> str:
        """What people call the source ("igtl://scanner:18944")."""
        ...

    @property
    def state(self) -> LiveState:
        """How the source stands now."""
        ...

    @property
    def trouble(self) -> str:
        """What stands in the way, one sentence for a person; empty where nothing does."""
        ...

    @property
    def counts(self) -> LiveCounts:
        """Frames so far."""
        ...

    def latest(self, after_index: int = -1, timeout_s: float = 0.0) -> Frame | None:
        """Return the newest frame whose index is above `after_index`, waiting for it at most `timeout_s`; or None.

        Returns None at once when the source is closed. Never raises for a fault of the device: `state` tells it.
        """
        ...

    def close(self) -> None:
        """Let go of the device within a second or two; closing twice does no harm."""
        ...

    def __enter__(self) -> LiveSource: ...
    def __exit__(self, *exc: object) -> None: ...


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A readable file under the name that people know it by (its path may be a digest in a store)."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """Files that make one recording: pictures in order, then companions. `name`: what people call it."""

    name: str
    files: tuple[LocalFile, ...]
    pixel_spacing_mm: float | None = None


class RecordingReader(Protocol):
    """Knows every format; looks at content, not at the file's ending."""

    def kind(self, file: LocalFile) -> str:
        """Return `dicom`, `sequence`, `video`, `image`, `companion` or `archive`; raises InputError."""
        ...

    def open(self, plan: RecordingPlan) -> FrameSource:
        """Open a recording; raises InputError whose text names the file and the way out."""
        ...


class Crowd(Protocol):
    """Many hands for work that falls into pieces: cores of this machine, or of a cluster."""

    def each(
        self, work: Callable[[Piece], Result], pieces: Sequence[Piece]
    ) -> Iterator[tuple[int, Result | Exception]]:
        """Give each piece's place and what came of it, in the order in which they are done.

        A piece whose worker was lost is given to another; an Exception in place of a result says that it was given up.
        Raises ClusterError when the crowd itself is lost.
        """
        ...


class Model(Protocol):
    """An interpretation engine: the training-free one, or a learned one."""

    @property
    def method(self) -> Method:
        """Name and version, kept with every result."""
        ...

    def survey(self, samples: Sequence[Frame]) -> Field:
        """Return the image field from a few frames spread over the recording."""
        ...

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        """Return what one frame shows."""
        ...


class Explainer(Protocol):
    """A model that can say why it calls something what it calls it."""

    @property
    def method(self) -> Method:
        """Name and version: only what this very model saw can be explained."""
        ...

    def explain(self, frame: Frame, seen: Interpretation, subject: Subject) -> Explanation:
        """Return why `subject` was seen in that frame, within a second or so; raises ModelError where it was not."""
        ...


class ObjectStore(Protocol):
    """Content-addressed bytes. Digests are SHA-256 in lower-case hex."""

    def put(self, data: bytes) -> str:
        """Keep `data`, durable when it returns; raises StorageError, and then nothing is half-written."""
        ...

    def put_file(self, path: Path) -> tuple[str, int]:
        """Keep a file's content in constant memory; return its digest and its size in bytes."""
        ...

    def get(self, digest: str) -> bytes:
        """Return the very bytes; raises NotFound, or StorageError when they no longer match."""
        ...

    def path(self, digest: str) -> Path:
        """Return a readable file that holds the bytes (never to be written to); raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class ExamPage:
    """Part of a search result, newest first, and how many there are in all."""

    exams: tuple[Exam, ...]
    total: int


class PatientRecords(Protocol):
    """What is kept beside examinations: treatments, questionnaires, errors of measurement, readings of studies.

    It only grows; what was wrong is withdrawn by another line. What a call acknowledged survives a kill.
    """

    def add(self, entry: Entry) -> None:
        """Keep an entry; raises Conflict when its id, or that place of a rater's order, is taken; NotFound."""
        ...

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Let an entry no longer count; raises NotFound, and Conflict when it was withdrawn before."""
        ...

    def of_patient(self, patient: str) -> tuple[Kept, ...]:
        """Return marks and questionnaires of a patient, by day, withdrawn ones too."""
        ...

    def site_errors(self) -> tuple[Kept, ...]:
        """Return this site's reliability studies, in the order in which they were kept, withdrawn ones too."""
        ...

    def plans(self) -> tuple[StudyPlan, ...]:
        """Return the plans of reliability studies, in the order in which they were made."""
        ...

    def readings(self, plan_id: str) -> tuple[StudyReading, ...]:
        """Return what raters have read so far, in the order in which they did."""
        ...


class StudyStore(Protocol):
    """Examinations and their history. What a call acknowledged survives a kill at any moment."""

    @property
    def records(self) -> PatientRecords:
        """What is kept beside examinations, in the same place."""
        ...

    def patients(self) -> tuple[Patient, ...]:
        """Return everybody with an examination that names them, latest examination first."""
        ...

    def exams_of(self, patient: str) -> tuple[Exam, ...]:
        """Return the examinations of a patient (see `patient_of`), in the order in which they were made."""
        ...

    def create(self, exam: Exam, change: Change) -> Exam:
        """Keep a new examination (revision 0)."""
        ...

    def load(self, exam_id: str) -> ExamFile:
        """Return one consistent moment of the examination; raises NotFound."""
        ...

    def commit(self, write: ExamWrite) -> Exam:
        """Apply the change whole or not at all; raises Conflict when the revision has moved on."""
        ...

    def search(self, text: str = "", state: ExamState | None = None, limit: int = 50, offset: int = 0) -> ExamPage:
        """Return examinations whose title, patient or recording names hold `text` (any case)."""
        ...

    def find_recording(self, digest: str) -> Recording | None:
        """Return the recording that was imported with that content, oldest first, or None."""
        ...

    def recording(self, recording_id: str) -> Recording:
        """Return a recording by its id; raises NotFound."""
        ...


class ReportWriter(Protocol):
    """Renders a report into files. A draft is marked, or (where a format cannot be marked) left out."""

    def write(self, report: Report) -> tuple[ReportFile, ...]:
        """Return the files, none when this writer has nothing to say about that report."""
        ...


class Clock(Protocol):
    """The time of day, aware, in UTC."""

    def now(self) -> datetime:
        """Return the time now."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """All ports, joined: what a use case needs to run. Built in apps/wiring alone."""

    studies: StudyStore
    objects: ObjectStore
    reader: RecordingReader
    model: Model
    writers: tuple[ReportWriter, ...]
    clock: Clock
    new_id: Callable[[], str]
