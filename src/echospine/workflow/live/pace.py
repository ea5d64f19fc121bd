"""How fast frames go through, and how old they are when they are through."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

RATE_OVER_S = 2.0
KEPT = 1024
"""Latencies that the percentiles are taken over: the last half minute at 30 frames/s."""


@dataclass(frozen=True, slots=True)
class PaceReport:
    """Pace at one moment. Latencies are from arrival to the end of the last sink, over the newest 1,024 frames.

    `fps`: frames/s over the last 2 s; `p50_s`, `p99_s`, `worst_s`: None before the first frame.
    """

    frames: int
    fps: float
    p50_s: float | None = None
    p99_s: float | None = None
    worst_s: float | None = None


class Pace:
    """Counts frames as they leave; time is an argument. One thread may count while others ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left_s: deque[float] = deque()
        self._latencies_s: deque[float] = deque(maxlen=KEPT)
        self._frames = 0

    def count(self, arrived_s: float, done_s: float) -> None:
        """Take note of one frame: when it arrived, and when all was done with it."""
        with self._lock:
            self._frames += 1
            self._left_s.append(done_s)
            self._latencies_s.append(done_s - arrived_s)
            self._forget(done_s)

    def report(self, now_s: float) -> PaceReport:
        """Return the pace at `now_s`."""
        with self._lock:
            self._forget(now_s)
            fps, latencies = self._rate(now_s), np.array(self._latencies_s)
            frames = self._frames
        if not latencies.size:
            return PaceReport(frames, fps)
        p50, p99, worst = np.percentile(latencies, (50, 99, 100)).tolist()
        return PaceReport(frames, fps, p50, p99, worst)

    def _rate(self, now_s: float) -> float:
        """Return frames/s: over the whole window where it is filled, over the steps there are in the first moments."""
        if self._frames > len(self._left_s) or len(self._left_s) < 2:
            return len(self._left_s) / RATE_OVER_S
        return (len(self._left_s) - 1) / max(now_s - self._left_s[0], 1e-9)

    def _forget(self, now_s: float) -> None:
        while self._left_s and self._left_s[0] <= now_s - RATE_OVER_S:
            self._left_s.popleft()
