"""Formats that are read, and reports that are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from echospine.domain.errors import UnsupportedError
from echospine.domain.exams import Recording
from echospine.domain.reports import Report, ReportFile
from echospine.ports import FrameSource, LocalFile, RecordingPlan, ReportWriter

if TYPE_CHECKING:
    from pathlib import Path

    from echospine.domain.measures import Measurement
    from echospine.engine.trend import Story


@dataclass(frozen=True, slots=True)
class Reader:
    """Every format that EchoSpine reads, told apart by content."""

    def kind(self, file: LocalFile) -> str:
        """Return `dicom`, `sequence`, `video`, `image`, `companion` or `archive`; raises InputError."""
        from echospine.adapters.dicom import is_dicom
        from echospine.adapters.sequences import sniff

        if is_dicom(file.path):
            return "dicom"
        found = sniff(file)
        if found is None:
            raise UnsupportedError(
                f"{file.name}: not a recording that EchoSpine reads (DICOM ultrasound, .mha, .nrrd, video, image)"
            )
        return found

    def open(self, plan: RecordingPlan) -> FrameSource:
        """Open a recording; raises InputError whose text names the file and the way out."""
        from echospine.adapters.dicom import is_dicom, open_dicom
        from echospine.adapters.sequences import open_sequence

        return open_dicom(plan) if is_dicom(plan.files[0].path) else open_sequence(plan)


@dataclass(frozen=True, slots=True)
class Writers:
    """Every writer of a report, as one; their libraries are loaded with the first report, not when a server starts.

    `open_recording`: gives the images of recordings that are not DICOM.
    """

    open_recording: Callable[[Recording], FrameSource]

    def write(self, report: Report) -> tuple[ReportFile, ...]:
        """Return the files of all writers, the PDF first."""
        from echospine.adapters.dicom.writing import SegWriter, SrWriter, UsImageWriter
        from echospine.adapters.pdf import PdfWriter
        from echospine.adapters.pictures import OverlayWriter

        images = UsImageWriter(self.open_recording)
        writers: tuple[ReportWriter, ...] = (PdfWriter(), OverlayWriter(), SrWriter(), SegWriter(), images)
        return tuple(file for writer in writers for file in writer.write(report))


def draw_trend(story: Story, kind: Literal["svg", "png"]) -> bytes:
    """Return the picture of a trend."""
    from echospine.adapters.pdf import trend_png, trend_svg

    drawn = trend_svg(story)
    return drawn if kind == "svg" else trend_png(drawn)


def read_stiffness(path: Path, name: str) -> tuple[tuple[Measurement, ...], tuple[str, ...]]:
    """Return the elastography of a DICOM structured report, and what of it cannot be used; raises InputError."""
    from echospine.adapters.dicom.reading.stiffness import read_stiffness as read

    return read(path, name)


def build_reader() -> Reader:
    """Return the reader of every format."""
    return Reader()
