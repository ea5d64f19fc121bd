"""Simulated ultrasound as DICOM: an Ultrasound Multi-frame Image that says what it is wherever one looks."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field

import numpy as np
from pydicom import dcmwrite
from pydicom.tag import Tag
from pydicom.uid import JPEGLSLossless, UltrasoundMultiFrameImageStorage
from pydicom.valuerep import format_number_as_ds

from echospine.adapters.dicom.writing.objects import MAKER, Source, new_object, put_series, uid_of
from echospine.adapters.dicom.writing.texts import file_stem, line
from echospine.adapters.dicom.writing.us_image import (
    MAX_BYTES,
    compressed,
    put_layout,
    put_packed,
    regions,
)
from echospine.domain.errors import TooLargeError
from echospine.domain.frames import DicomOrigin, Frame

NOTE = "SIMULATED by a computer model; no patient was scanned"
MARK = "SIMULATED"


@dataclass(slots=True)
class SimulatedUs:
    """Takes the frames of a simulated recording one by one, and makes one object of them.

    `name`: of the scene; `title`: of it, for people; `machine`: which scanner is simulated; `software`: name, version.
    The UIDs come from what is in the recording: the same recording has the same ones.
    """

    name: str
    title: str
    machine: str
    software: str
    frame_rate_hz: float
    _packed: list[bytes] = field(default_factory=list)
    _first: Frame | None = None
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, frame: Frame) -> None:
        """Take the next frame. Raises TooLargeError where the object would become too large."""
        self._first = self._first or frame
        self._packed.append(compressed(frame.pixels))
        self._digest.update(np.ascontiguousarray(frame.pixels).data)
        self._digest.update(repr(frame.time_s).encode())
        if sum(map(len, self._packed)) > MAX_BYTES:
            raise TooLargeError(
                f"{self.name}: is larger than {MAX_BYTES >> 20:,} MiB as DICOM after {len(self._packed):,} frames; "
                "make fewer with --frames"
            )

    def encoded(self) -> bytes:
        """Return the object as a file (PS3.10)."""
        assert self._first is not None, "a recording has one frame or more"  # noqa: S101 -- the caller made them
        made = new_object(self._source(), UltrasoundMultiFrameImageStorage, self._uid("image"), JPEGLSLossless)
        put_series(made, "US", self._uid("series"), 1, f"{MARK} {self.name}")
        made.StudyDescription = line(f"{MARK} {self.title}")
        made.Manufacturer = MAKER
        made.ManufacturerModelName = line(f"{MARK} {self.machine}")
        made.SoftwareVersions = line(self.software)
        made.ImageType = ["DERIVED", "SECONDARY", MARK]
        made.QualityControlImage = "YES"
        made.DerivationDescription = NOTE
        made.ImageComments = NOTE
        made.BurnedInAnnotation = "NO"
        made.InstanceNumber = 1
        made.BodyPartExamined = "LSPINE"
        made.PatientOrientation = ""
        put_layout(made, self._first.pixels)
        put_packed(made, self._packed)
        made.NumberOfFrames = len(self._packed)
        made.FrameIncrementPointer = Tag("FrameTime")
        made.FrameTime = format_number_as_ds(1000.0 / self.frame_rate_hz)
        made.SequenceOfUltrasoundRegions = regions(self._first.geometry)
        out = io.BytesIO()
        dcmwrite(out, made, enforce_file_format=True)
        return out.getvalue()

    def _uid(self, what: str) -> str:
        return uid_of("simulated", self._digest.hexdigest(), what)

    def _source(self) -> Source:
        origin = DicomOrigin(
            study_uid=self._uid("study"),
            series_uid=self._uid("series"),
            sop_class_uid=UltrasoundMultiFrameImageStorage,
            sop_instance_uid=self._uid("image"),
            patient_id=f"{MARK}-{file_stem(self.name)}",
            patient_name=f"{MARK}^",
        )
        return Source(origin, (origin.sop_instance_uid,), len(self._packed))
