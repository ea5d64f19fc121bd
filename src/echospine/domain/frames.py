"""A frame of ultrasound, and what is known of the recording it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from echospine.domain.errors import GeometryError, TooLargeError, TruncatedError
from echospine.domain.images import ImageGeometry
from echospine.domain.poses import Pose, chain
from echospine.domain.units import Pixels

MAX_PIXELS = 64_000_000
"""Largest picture that is opened, pixels: a larger one is a decompression bomb or not ultrasound."""
MAX_FRAMES = 200_000
"""Most frames in one recording."""


class TimeSource(StrEnum):
    """Where the acquisition time of the frames comes from."""

    FRAME_TIME = "FrameTime"
    FRAME_TIME_VECTOR = "FrameTimeVector"
    CINE_RATE = "CineRate"
    DISPLAY_RATE = "RecommendedDisplayFrameRate"
    TIMESTAMP = "Timestamp"
    CONTAINER = "video timestamps"
    NONE = "none"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture with its place in millimetres, its time and its poses.

    `pixels`: uint8, read-only, shape (rows, columns) grey or (rows, columns, 3) RGB; `index`: place in the
    recording, from 0; `time_s`: seconds since the first frame, or None; `poses`: what the trackers said
    about this frame, only those whose status was OK; `status`: OK, or what the source calls it; `arrived_s`:
    when a live frame arrived, seconds of this machine's monotonic clock; None for a recorded one.
    """

    pixels: Pixels
    geometry: ImageGeometry
    index: int
    time_s: float | None = None
    poses: tuple[Pose, ...] = ()
    status: str = "OK"
    arrived_s: float | None = None

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
            raise GeometryError(f"frame pixels are {pixels.dtype} {pixels.shape}, expected uint8 (rows, columns[, 3])")
        if pixels.shape[:2] != (self.geometry.height, self.geometry.width):
            raise GeometryError(
                f"frame {self.index} is {pixels.shape[1]} x {pixels.shape[0]} pixels, but its geometry says "
                f"{self.geometry.width} x {self.geometry.height}"
            )
        if pixels.flags.writeable:
            view = pixels.view()
            view.setflags(write=False)
            object.__setattr__(self, "pixels", view)

    @property
    def grey(self) -> Pixels:
        """Grey levels, uint8, shape (rows, columns); RGB by luma (ITU-R BT.601), grey pixels unchanged."""
        if self.pixels.ndim == 2:
            return self.pixels
        red, green, blue = (self.pixels[..., i].astype(np.uint32) for i in range(3))
        luma: Pixels = ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16).astype(np.uint8)
        return luma

    def pose(self, target: str, source: str) -> Pose:
        """Return the chained pose; raises GeometryError that names the missing link."""
        return chain(self.poses, target, source)


@dataclass(frozen=True, slots=True)
class DicomOrigin:
    """Identity of the DICOM object a recording was read from: enough to write objects that belong beside it.

    Dates, times and codes stand as in the file ("20160503", "M", "01"), empty where the file has none;
    `lossy`, `lossy_ratio`, `lossy_method`: Lossy Image Compression and its details, several values joined
    by a backslash.
    """

    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    patient_id: str = ""
    patient_name: str = ""
    study_date: str = ""
    study_time: str = ""
    manufacturer: str = ""
    model_name: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    study_id: str = ""
    accession_number: str = ""
    referring_physician: str = ""
    lossy: str = ""
    lossy_ratio: str = ""
    lossy_method: str = ""


@dataclass(frozen=True, slots=True)
class RecordingHeader:
    """What is known of a recording without touching its pixels.

    `name`: file or folder name, never a path; `format`: in words ("DICOM multi-frame ultrasound");
    `geometry`: of the first frame (each Frame carries its own); `times_s`: seconds since the first frame,
    one per frame, or empty; `notes`: what a reader had to leave out or assume, one sentence each.
    """

    name: str
    format: str
    n_frames: int
    geometry: ImageGeometry
    colour: bool = False
    time_source: TimeSource = TimeSource.NONE
    times_s: tuple[float, ...] = ()
    tracked: bool = False
    dicom: DicomOrigin | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def frame_rate_hz(self) -> float | None:
        """Mean frames per second, or None where times are unknown."""
        if len(self.times_s) < 2 or self.times_s[-1] <= self.times_s[0]:
            return None
        return (len(self.times_s) - 1) / (self.times_s[-1] - self.times_s[0])


def check_size(name: str, width: int, height: int, n_frames: int = 1) -> None:
    """Raise TooLargeError when a recording declares more than the stated limits."""
    if width < 1 or height < 1 or n_frames < 1:
        raise TruncatedError(f"{name}: declares {width} x {height} pixels in {n_frames} frames, so there is no picture")
    if width * height > MAX_PIXELS:
        raise TooLargeError(
            f"{name}: declares {width} x {height} pixels, the limit is {MAX_PIXELS:,} in all; "
            "export it at the size at which it was scanned"
        )
    if n_frames > MAX_FRAMES:
        raise TooLargeError(f"{name}: declares {n_frames:,} frames, the limit is {MAX_FRAMES:,}; split the recording")
