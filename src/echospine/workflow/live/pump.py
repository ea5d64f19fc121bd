"""From a live source through an interpretation to the sinks: always the newest frame, never a queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from echospine.domain.errors import EchoSpineError
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.ports import LiveSource, LiveState
from echospine.workflow.live.pace import Pace, PaceReport

WAIT_S = 0.25
"""Longest wait for a frame before somebody may stop the pump."""

Interpret: TypeAlias = Callable[[Frame], Interpretation]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One frame, and what was seen in it.

    `interpretation`: None where nobody interprets, or where `trouble` says why this frame has none;
    `taken_s`, `ready_s`: when it was taken from the source and when it was interpreted, monotonic.
    """

    frame: Frame
    interpretation: Interpretation | None
    trouble: str
    taken_s: float
    ready_s: float


Sink: TypeAlias = Callable[[Seen], None]


class Pump:
    """Moves frames in the thread that calls `run`, at the pace of its slowest sink; what comes meanwhile is dropped.

    The source counts the drops. A sink that must not hold back the others gets a `Newest` of its own and a second pump.
    """

    def __init__(
        self,
        source: LiveSource,
        sinks: Sequence[Sink],
        interpret: Interpret | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._sinks, self._interpret, self._now_s = source, tuple(sinks), interpret, now_s
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
        taken_s = self._now_s()
        found, trouble = self._interpreted(frame)
        seen = Seen(frame, found, trouble, taken_s, self._now_s())
        for sink in self._sinks:
            sink(seen)
        self._pace.count(taken_s if frame.arrived_s is None else frame.arrived_s, self._now_s())
        return True

    def report(self) -> PaceReport:
        """Return the pace now; any thread may ask."""
        return self._pace.report(self._now_s())

    def _interpreted(self, frame: Frame) -> tuple[Interpretation | None, str]:
        if self._interpret is None:
            return None, ""
        try:
            return self._interpret(frame), ""
        except EchoSpineError as error:
            return None, str(error)
