"""A recording played as a live source, at its own pace or a given one."""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace

from echospine.domain.errors import EchoSpineError, InputError
from echospine.domain.frames import Frame, RecordingHeader
from echospine.ports import FrameSource, LiveCounts, LiveState

DEFAULT_HZ = 25.0
"""Pace of a recording that tells no times."""
SLOWEST_HZ, FASTEST_HZ = 0.01, 1000.0


class Replay:
    """Plays `source` from the moment it is made: whoever asks gets the frame that is due, those before are dropped.

    It needs no thread and reads only frames that somebody asks for. `rate_hz`: instead of the recording's own times;
    `loop`: begin again at the end, time going on. A frame that cannot be read is counted as bad and passed over.
    The recording is closed by whoever opened it. Raises InputError for a rate that cannot be.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        rate_hz: float | None = None,
        loop: bool = True,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._loop, self._now_s = source, loop, now_s
        self._due_s, self._period_s = due_times(source.header, rate_hz)
        self._began_s = now_s()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._newest = -1
        self._given = 0
        self._bad = 0

    @property
    def name(self) -> str:
        """The recording's name."""
        return self._source.header.name

    @property
    def state(self) -> LiveState:
        """Live until it is closed, or until the end where it plays once."""
        over = not self._loop and self._now_s() - self._began_s >= self._period_s
        return LiveState.CLOSED if self._closed.is_set() or over else LiveState.LIVE

    @property
    def trouble(self) -> str:
        """What stands in the way; empty where nothing does."""
        return f"{self.name}: {self._bad} frames could not be read; they are left out." if self._bad else ""

    @property
    def counts(self) -> LiveCounts:
        """Frames that were due so far; those that went by and that nobody asked for are dropped."""
        with self._lock:
            newest = self._due_index()
            read_before = self._given + self._bad - (self._newest == newest)
            return LiveCounts(newest + 1 - self._bad, newest - read_before, self._bad)

    def latest(self, after_index: int = -1, timeout_s: float = 0.0) -> Frame | None:
        """Return the frame that is due when its index is above `after_index`, waiting at most `timeout_s`; or None."""
        until_s = self._now_s() + max(0.0, timeout_s)
        while not self._closed.is_set():
            index = self._due_index()
            if index > after_index:
                frame = self._read(index)
                if frame is not None:
                    return frame
                after_index = index
            next_s = self._time_s(after_index + 1)
            due_s = math.inf if next_s is None else self._began_s + next_s
            self._closed.wait(max(0.0, min(due_s, until_s) - self._now_s()))
            if due_s > until_s:
                return None
        return None

    def close(self) -> None:
        """Give nothing more, and let everybody who waits go."""
        self._closed.set()

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _due_index(self) -> int:
        """Return the index of the frame that is due now, counted on over the loops."""
        loops, rest_s = divmod(max(0.0, self._now_s() - self._began_s), self._period_s)
        if loops and not self._loop:
            return len(self._due_s) - 1
        return int(loops) * len(self._due_s) + bisect_right(self._due_s, rest_s) - 1

    def _time_s(self, index: int) -> float | None:
        """Return when a frame is due, seconds since the first; None after the end."""
        loops, place = divmod(index, len(self._due_s))
        return None if loops and not self._loop else loops * self._period_s + self._due_s[place]

    def _read(self, index: int) -> Frame | None:
        """Return that frame as it is played, or None where it cannot be read."""
        time_s = self._time_s(index)
        try:
            frame = self._source.frame(index % len(self._due_s))
        except EchoSpineError:
            frame = None
        with self._lock:
            if index > self._newest:
                self._newest = index
                self._given += frame is not None
                self._bad += frame is None
        if frame is None or time_s is None:
            return None
        return replace(frame, index=index, time_s=time_s, arrived_s=self._began_s + time_s)


def due_times(header: RecordingHeader, rate_hz: float | None) -> tuple[list[float], float]:
    """Return when each frame is due, seconds since the first, and after how long the recording begins again."""
    if rate_hz is not None and not (math.isfinite(rate_hz) and SLOWEST_HZ <= rate_hz <= FASTEST_HZ):
        raise InputError(f"{rate_hz:g} frames/s cannot be played; give {SLOWEST_HZ:g} to {FASTEST_HZ:g}")
    own_hz = header.frame_rate_hz
    if rate_hz is None and own_hz is not None:
        due_s = [time_s - header.times_s[0] for time_s in header.times_s]
        return due_s, due_s[-1] + 1 / own_hz
    step_s = 1 / (rate_hz or DEFAULT_HZ)
    return [step_s * index for index in range(header.n_frames)], step_s * header.n_frames
