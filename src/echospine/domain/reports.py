"""What a report says, before anything decides how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from echospine.domain.exams import Change, ContourEdit, Exam, ExamState, Finding, MapEdit, Recording
from echospine.domain.frames import Frame, RecordingHeader
from echospine.domain.interpretations import Interpretation
from echospine.domain.measures import Quantity
from echospine.domain.units import Floats

DRAFT_MARK = "draft, not reviewed by a clinician"
NOT_A_DEVICE = "For research and education. Not a medical device."


@dataclass(frozen=True, slots=True, eq=False)
class KeyImage:
    """A frame worth showing, with what was seen in it."""

    frame: Frame
    interpretation: Interpretation
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class ReportRecording:
    """One recording in a report. `series`: value per frame, NaN where there is none, shape (n_frames,).

    `interpretations`: of every frame, edits applied: what a segmentation object needs; `drawn`: those edits, in order.
    """

    recording: Recording
    header: RecordingHeader
    findings: tuple[Finding, ...]
    key_images: tuple[KeyImage, ...]
    series: Mapping[Quantity, Floats]
    interpretations: tuple[Interpretation, ...]
    drawn: tuple[ContourEdit | MapEdit, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """One report of one examination. Rejected findings are not in it, except in the history."""

    exam: Exam
    recordings: tuple[ReportRecording, ...]
    history: tuple[Change, ...]
    made_at: datetime
    software: str

    @property
    def draft(self) -> bool:
        """True until a clinician has signed what it says; then it must carry DRAFT_MARK."""
        return self.exam.state is not ExamState.SIGNED


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A rendered part of a report."""

    name: str
    media_type: str
    data: bytes
