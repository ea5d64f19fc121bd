"""What all readers of this room share: the lazy source, and how millimetres are chosen."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from threading import Lock

from echospine.domain.errors import InputError, UnreadableError
from echospine.domain.frames import Frame, RecordingHeader
from echospine.domain.images import ImageGeometry, Spacing
from echospine.ports import FrameSource

PLAUSIBLE_MM = (0.001, 10.0)
"""Smallest and largest pixel spacing that ultrasound can have, mm: from microscopy to a thumbnail."""


class LazySource(ABC):
    """A FrameSource that reads one frame at a time; `_read` does the work, one caller at a time."""

    def __init__(self, header: RecordingHeader) -> None:
        self._header = header
        self._lock = Lock()
        self._closed = False

    @property
    def header(self) -> RecordingHeader:
        """What is known without touching pixels."""
        return self._header

    def frame(self, index: int) -> Frame:
        """Return one frame; raises IndexError outside the recording, InputError for damaged pixels."""
        if not 0 <= index < len(self):
            raise IndexError(f"{self._header.name} has no frame {index}, it has {len(self)} (from 0)")
        with self._lock:
            if self._closed:
                raise UnreadableError(f"{self._header.name}: was closed; open the recording again")
            return self._read(index)

    def __len__(self) -> int:
        return self._header.n_frames

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; closing twice does no harm."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._close()

    @abstractmethod
    def _read(self, index: int) -> Frame:
        """Return the frame at an index that is inside the recording."""

    @abstractmethod
    def _close(self) -> None:
        """Close the files."""


def plausible_mm(step: float) -> bool:
    """True for a pixel spacing in mm that ultrasound can have."""
    low, high = PLAUSIBLE_MM
    return math.isfinite(step) and low <= step <= high


def check_spacing(name: str, spacing_mm: float | None) -> None:
    """Raise InputError when a pixel spacing given by a person cannot be one."""
    if spacing_mm is not None and not plausible_mm(spacing_mm):
        low, high = PLAUSIBLE_MM
        raise InputError(
            f"{name}: a pixel spacing of {spacing_mm:g} mm was given, which cannot be; "
            f"give the size of one pixel, between {low:g} and {high:g} mm"
        )


def choose_geometry(own: ImageGeometry, spacing_mm: float | None) -> tuple[ImageGeometry, tuple[str, ...]]:
    """Return the geometry to use and the notes about that choice.

    A calibration that the file carries wins over a pixel spacing given by a person, and a note says so:
    nobody overrides a calibrated file in passing, for a whole folder, without seeing it.
    """
    if spacing_mm is None:
        return own, ()
    region = own.main_region()
    if region is not None:
        x_mm, y_mm = region.step_mm
        note = (
            f"The given pixel spacing of {spacing_mm:g} mm was not used: the recording is calibrated by "
            f"{region.spacing} ({x_mm:.4g} x {y_mm:.4g} mm)."
        )
        return own, (note,)
    return ImageGeometry.uniform(own.width, own.height, spacing_mm, spacing_mm, Spacing.USER), ()
