"""Small frames, recordings in memory, and a clock that is turned by hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from echospine.domain.errors import TruncatedError
from echospine.domain.frames import Frame, RecordingHeader, TimeSource
from echospine.domain.images import ImageGeometry
from echospine.ports import FrameSource

GEOMETRY = ImageGeometry(4, 3)


def small_frame(index: int, arrived_s: float | None = None) -> Frame:
    return Frame(np.full((3, 4), index % 251, np.uint8), GEOMETRY, index, float(index), arrived_s=arrived_s)


class HandClock:
    """Seconds that go on only when somebody says so."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


class Tape:
    """A recording in memory; frames in `broken` cannot be read, and every reading is noted in `read`."""

    def __init__(self, n_frames: int, times_s: tuple[float, ...] = (), broken: frozenset[int] = frozenset()) -> None:
        source = TimeSource.TIMESTAMP if times_s else TimeSource.NONE
        self.header = RecordingHeader("tape", "in memory", n_frames, GEOMETRY, False, source, times_s)
        self.broken, self.read = broken, list[int]()

    def frame(self, index: int) -> Frame:
        self.read.append(index)
        if index in self.broken:
            raise TruncatedError(f"tape: frame {index} is damaged")
        return small_frame(index)

    def __len__(self) -> int:
        return self.header.n_frames

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(self, *exc: object) -> None: ...
