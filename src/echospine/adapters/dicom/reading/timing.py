"""When each frame was taken, and which attribute said so.

Frame Increment Pointer names the attribute that counts (PS3.3 C.7.6.6.1.1). Where it is absent, or what it
names is unusable, the next of Frame Time Vector, Frame Time, Cine Rate, and last Recommended Display Frame
Rate is taken, and a note says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from pydicom.dataset import Dataset

from echospine.adapters.dicom.reading.elements import number, numbers
from echospine.domain.frames import TimeSource

POINTERS = {(0x0018, 0x1065): TimeSource.FRAME_TIME_VECTOR, (0x0018, 0x1063): TimeSource.FRAME_TIME}
TOLERATED_DISAGREEMENT = 0.1
"""Frame Time and Cine Rate may differ by this share: Cine Rate is a whole number."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds since the first frame, one for each frame or none; the attribute that said so; and notes."""

    times_s: tuple[float, ...] = ()
    source: TimeSource = TimeSource.NONE
    notes: tuple[str, ...] = ()


def read_timing(dataset: Dataset, n_frames: int) -> Timing:
    """Return the times of `n_frames` frames; one frame alone has none."""
    if n_frames < 2:
        return Timing()
    notes: list[str] = []
    for source in _order(dataset):
        try:
            times = READERS[source](dataset, n_frames, notes)
        except ValueError as error:
            notes.append(f"{source} is not used: {error}.")
            continue
        if times:
            notes += _contradiction(dataset, source, times)
            return Timing(times, source, tuple(notes))
    notes.append("The file does not say when its frames were taken.")
    return Timing(notes=tuple(notes))


def _order(dataset: Dataset) -> list[TimeSource]:
    """Return the sources to try: what Frame Increment Pointer names first."""
    try:
        words = [int(word) for word in numbers(dataset, "FrameIncrementPointer")]
    except ValueError:
        words = []
    named = [POINTERS[pair] for pair in zip(words[::2], words[1::2], strict=False) if pair in POINTERS]
    return list(dict.fromkeys([*named, *READERS]))


def _from_vector(dataset: Dataset, n_frames: int, notes: list[str]) -> tuple[float, ...]:
    """Increments in ms between each frame and the one before; the first is zero (PS3.3 C.7.6.5.1.2)."""
    steps = list(numbers(dataset, TimeSource.FRAME_TIME_VECTOR))
    if not steps:
        return ()
    if len(steps) == n_frames - 1:
        notes.append(f"FrameTimeVector has {len(steps)} values for {n_frames} frames; the first frame's is taken as 0.")
        steps.insert(0, 0.0)
    if len(steps) != n_frames:
        raise ValueError(f"it has {len(steps)} values for {n_frames} frames")
    if not all(math.isfinite(step) and step >= 0 for step in steps) or not any(steps[1:]):
        raise ValueError("it has values that are not times")
    return tuple(time_ms / 1000 for time_ms in accumulate([0.0, *steps[1:]]))


def _from_frame_time(dataset: Dataset, n_frames: int, notes: list[str]) -> tuple[float, ...]:
    """Nominal time of each frame, ms."""
    step_ms = number(dataset, TimeSource.FRAME_TIME)
    if step_ms is None:
        return ()
    if step_ms <= 0:
        raise ValueError(f"it is {step_ms:g} ms")
    return tuple(index * step_ms / 1000 for index in range(n_frames))


def _from_rate(source: TimeSource) -> Callable[[Dataset, int, list[str]], tuple[float, ...]]:
    """Frames per second."""

    def read(dataset: Dataset, n_frames: int, notes: list[str]) -> tuple[float, ...]:
        rate_hz = number(dataset, source)
        if rate_hz is None:
            return ()
        if rate_hz <= 0:
            raise ValueError(f"it is {rate_hz:g} frames per second")
        if source is TimeSource.DISPLAY_RATE:
            notes.append("Frame times are those of RecommendedDisplayFrameRate, which may not be how it was recorded.")
        return tuple(index / rate_hz for index in range(n_frames))

    return read


READERS: dict[TimeSource, Callable[[Dataset, int, list[str]], tuple[float, ...]]] = {
    TimeSource.FRAME_TIME_VECTOR: _from_vector,
    TimeSource.FRAME_TIME: _from_frame_time,
    TimeSource.CINE_RATE: _from_rate(TimeSource.CINE_RATE),
    TimeSource.DISPLAY_RATE: _from_rate(TimeSource.DISPLAY_RATE),
}
"""Sources in the order in which they are trusted; their values are the keywords of the attributes."""


def _contradiction(dataset: Dataset, source: TimeSource, times: tuple[float, ...]) -> list[str]:
    """Say where Cine Rate tells of another speed than the source that is used."""
    try:
        cine_hz = number(dataset, "CineRate")
    except ValueError:
        return []
    used_hz = (len(times) - 1) / times[-1]
    if not cine_hz or cine_hz < 0 or source in (TimeSource.CINE_RATE, TimeSource.DISPLAY_RATE):
        return []
    if abs(used_hz - cine_hz) <= max(1.0, TOLERATED_DISAGREEMENT * cine_hz):
        return []
    return [f"{source} says {used_hz:.3g} frames per second, CineRate {cine_hz:g}; {source} is used."]
