"""From a live source through what looks at its pictures to the sinks: always the newest frame, never a queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from echospine.domain.frames import Frame
from echospine.ports import LiveSource, LiveState
from echospine.workflow.live.eye import Eye, Seen
from echospine.workflow.live.pace import Pace, PaceReport

WAIT_S = 0.25
"""Longest wait for a frame before somebody may stop the pump."""

Sink: TypeAlias = Callable[[Seen], None]


class Pump:
    """Moves frames in the thread that calls `run`, at the pace of its slowest sink; what comes meanwhile is dropped.

    `eye`: says what is seen in each frame; None: nobody does. The source counts the drops. A sink that must not hold
    back the others gets a `Newest` of its own and a second pump.
    """

    def __init__(
        self,
        source: LiveSource,
        sinks: Sequence[Sink],
        eye: Eye | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._sinks, self._eye, self._now_s = source, tuple(sinks), eye, now_s
        self._pace = Pace()
        self._after = -1

    def run(self, stopped: Callable[[], bool]) -> None:
        """Move frames until `stopped()` (asked several times a second) or until the source is closed."""
        while not stopped() and self._source.state is not LiveState.CLOSED:
            self.step(WAIT_S)

    def step(self, timeout_s: float = 0.0) -> bool:
        """Move one frame, waiting for it at most `timeout_s`; return whether there was one.

        What a sink raises goes through; a frame that cannot be interpreted goes on without an interpretation.
        """
        frame = self._source.latest(self._after, timeout_s)
        if frame is None:
            return False
        self._after = frame.index
        seen = self._seen(frame)
        for sink in self._sinks:
            sink(seen)
        self._pace.count(seen.taken_s if frame.arrived_s is None else frame.arrived_s, self._now_s())
        return True

    def report(self) -> PaceReport:
        """Return the pace now; any thread may ask."""
        return self._pace.report(self._now_s())

    def _seen(self, frame: Frame) -> Seen:
        if self._eye is not None:
            return self._eye.see(frame)
        now_s = self._now_s()
        return Seen(frame, None, "", now_s, now_s)
