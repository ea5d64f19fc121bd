"""Keeps live frames: always the last few seconds, and everything from start to stop when somebody records."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from echospine.domain.errors import NotAllowed, StorageError
from echospine.domain.frames import Frame

LAST_S, LAST_BYTES = 10.0, 96 << 20
"""What is always kept, in memory: the newest frames, as far as both allow."""
MOST_BYTES = 2 << 30
"""Longest recording, on the disk: more than four minutes of 512 x 512 pixels at 30 frames/s."""


@dataclass(frozen=True, slots=True)
class TapeState:
    """`recording`: whether everything is kept; `frames`, `seconds`: so far; `full`: the end was reached."""

    recording: bool
    frames: int = 0
    seconds: float = 0.0
    full: bool = False


class Tape:
    """Keeps frames in the order in which they are added. For one thread at a time; `folder`: for long recordings."""

    def __init__(self, folder: Path, *, last_bytes: int = LAST_BYTES, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._last_bytes, self._most_bytes = folder, last_bytes, most_bytes
        self._last: deque[tuple[float, Frame]] = deque()
        self._bytes = 0
        self._spool: Spool | None = None

    def add(self, frame: Frame, now_s: float) -> None:
        """Keep a frame; raises StorageError where a recording finds no room, and ends it: what it has stays."""
        self._last.append((now_s, frame))
        self._bytes += frame.pixels.nbytes
        while self._bytes > self._last_bytes or now_s - self._last[0][0] > LAST_S:
            self._bytes -= self._last.popleft()[1].pixels.nbytes
        if self._spool is not None:
            self._spool.add(frame, now_s)

    def last(self, seconds: float) -> tuple[Frame, ...]:
        """Return the frames of the last seconds, counted back from the newest."""
        newest_s = self._last[-1][0] if self._last else 0.0
        return tuple(frame for at_s, frame in self._last if newest_s - at_s <= seconds)

    def start(self) -> None:
        """Keep everything from now on; raises NotAllowed while it does, StorageError where nothing can be kept."""
        if self._spool is not None:
            raise NotAllowed("it is being recorded already; stop that first")
        self._spool = Spool(self._folder, self._most_bytes)

    def stop(self) -> Spool:
        """Return what was kept since `start`, to be closed by whoever takes it; raises NotAllowed without a start."""
        if self._spool is None:
            raise NotAllowed("nothing is being recorded")
        spool, self._spool = self._spool, None
        return spool

    @property
    def state(self) -> TapeState:
        """How it stands now."""
        spool = self._spool
        if spool is None:
            return TapeState(recording=False)
        return TapeState(True, len(spool), spool.seconds, spool.full)

    def close(self) -> None:
        """Throw everything away that nobody took."""
        if self._spool is not None:
            self._spool.close()
        self._spool = None
        self._last.clear()
        self._bytes = 0


class Spool:
    """Frames in a nameless file, in constant memory: what a frame is goes to a list, its pixels to the disk."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._stills: list[Frame] = []
        self._places: list[tuple[int, tuple[int, ...]]] = []
        self._bytes = 0
        self._began_s = self._ended_s = 0.0
        self.full = False
        try:
            # Unbuffered: what a full disk did not take must not be tried again when the file is closed.
            self._file: BinaryIO = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise StorageError(f"a recording cannot be kept ({error.strerror}); check the disk") from error

    def add(self, frame: Frame, now_s: float) -> None:
        """Write a frame; one beyond the limit is left out. Raises StorageError where the disk is full."""
        self.full = self.full or self._bytes + frame.pixels.nbytes > self._most_bytes
        if self.full:
            return
        try:
            self._write(np.ascontiguousarray(frame.pixels).data.cast("B"))
        except OSError as error:
            self.full = True
            raise StorageError(f"the recording ends here ({error.strerror}); make room on the disk") from error
        self._places.append((self._bytes, frame.pixels.shape))
        self._bytes += frame.pixels.nbytes
        self._stills.append(_without_pixels(frame))
        self._began_s = self._began_s if len(self._stills) > 1 else now_s
        self._ended_s = now_s

    def _write(self, data: memoryview) -> None:
        """Write behind the last frame; raises OSError where the disk takes only a part."""
        self._file.seek(self._bytes)
        while data:
            data = data[self._file.write(data) :]

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return self._ended_s - self._began_s

    def __len__(self) -> int:
        return len(self._stills)

    def __iter__(self) -> Iterator[Frame]:
        for still, (start, shape) in zip(self._stills, self._places, strict=True):
            self._file.seek(start)
            pixels = np.frombuffer(self._file.read(int(np.prod(shape))), np.uint8).reshape(shape)
            yield replace(still, pixels=pixels)

    def close(self) -> None:
        """Let go of the file, which is gone then."""
        self._file.close()


def _without_pixels(frame: Frame) -> Frame:
    """Return the frame over a single zero that stands for all its pixels."""
    return replace(frame, pixels=np.broadcast_to(np.uint8(0), frame.pixels.shape))
