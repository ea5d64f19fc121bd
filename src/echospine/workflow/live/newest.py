"""The newest frame of somebody who makes them: a LiveSource that is fed by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from echospine.domain.frames import Frame
from echospine.ports import LiveCounts, LiveState

STALE_S = 1.0
"""A picture older than this is not live any more."""


class Newest:
    """Holds one frame. A newer one takes its place; the older is counted as dropped where nobody had taken it.

    `put` may be called from one thread while others wait in `latest`. `now_s`: a clock that never goes back.
    """

    def __init__(
        self, name: str = "frames", *, stale_s: float = STALE_S, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._stale_s, self._now_s = name, stale_s, now_s
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._taken = True
        self._closed = False
        self._counts = LiveCounts()

    def put(self, frame: Frame) -> None:
        """Hold `frame` from now on; one that is not newer than the one held is dropped, and so is any after `close`."""
        with self._changed:
            received = self._counts.received + 1
            newer = not self._closed and (self._frame is None or frame.index > self._frame.index)
            lost = not newer or not self._taken
            self._counts = replace(self._counts, received=received, dropped=self._counts.dropped + lost)
            if not newer:
                return
            self._frame = frame if frame.arrived_s is not None else replace(frame, arrived_s=self._now_s())
            self._taken = False
            self._changed.notify_all()

    @property
    def name(self) -> str:
        """What people call the source."""
        return self._name

    @property
    def state(self) -> LiveState:
        """Connecting until the first frame, then live or stale, until it is closed."""
        with self._changed:
            if self._closed:
                return LiveState.CLOSED
            if self._frame is None or self._frame.arrived_s is None:
                return LiveState.CONNECTING
            return LiveState.LIVE if self._now_s() - self._frame.arrived_s <= self._stale_s else LiveState.STALE

    @property
    def trouble(self) -> str:
        """What stands in the way; empty where nothing does."""
        return f"No picture has come for more than {self._stale_s:g} s." if self.state is LiveState.STALE else ""

    @property
    def counts(self) -> LiveCounts:
        """Frames so far."""
        return self._counts

    def latest(self, after_index: int = -1, timeout_s: float = 0.0) -> Frame | None:
        """Return the frame held when its index is above `after_index`, waiting at most `timeout_s`; or None."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._newer(after_index), max(0.0, timeout_s))
            if self._closed or not self._newer(after_index):
                return None
            self._taken = True
            return self._frame

    def _newer(self, after_index: int) -> bool:
        return self._frame is not None and self._frame.index > after_index

    def close(self) -> None:
        """Let everybody who waits go."""
        with self._changed:
            self._closed = True
            self._frame = None
            self._changed.notify_all()

    def __enter__(self) -> Newest:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
