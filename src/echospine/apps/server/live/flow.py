"""How many frames may be on their way: few, so that what is seen is new however slow the page or the network is."""

from __future__ import annotations

import asyncio
import time
from collections import deque

WINDOW = 2
"""Frames on their way: one travels while another is drawn."""
RATE_OVER_S = 1.0


class Stalled(Exception):  # noqa: N818 -- the page may only be asleep
    """The page has shown nothing for too long."""


class Flow:
    """Counts the frames of one viewer. For one event loop."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._running = False
        self._sent = 0
        self._shown = 0
        self._changed = asyncio.Event()
        self._times_s: deque[float] = deque()

    def run(self, running: bool) -> None:
        """Let frames go, or hold them back."""
        self._running = running
        self._changed.set()

    def shown(self, index: int) -> None:
        """Take note that the page has shown frame `index`, and so needs none before it any more."""
        self._shown = max(self._shown, min(index + 1, self._sent))
        self._changed.set()

    async def ready(self, patience_s: float) -> float:
        """Wait until another frame may go; return for how long, s.

        Raises Stalled when a running page shows nothing for `patience_s`.
        """
        began_s = time.monotonic()
        while not (self._running and self._sent - self._shown < self._window):
            self._changed.clear()
            try:
                async with asyncio.timeout(patience_s if self._running else None):
                    await self._changed.wait()
            except TimeoutError:
                raise Stalled from None
        return time.monotonic() - began_s

    def next(self) -> int:
        """Return the number of the frame that goes now."""
        self._sent += 1
        now = time.monotonic()
        self._times_s.append(now)
        while self._times_s[0] <= now - RATE_OVER_S:
            self._times_s.popleft()
        return self._sent - 1

    @property
    def roomy(self) -> bool:
        """Whether another frame may be made while one is being looked at."""
        return self._running and self._sent + 1 - self._shown < self._window

    @property
    def upcoming(self) -> int:
        """The number that the next frame will have."""
        return self._sent

    @property
    def fps(self) -> float:
        """Frames that went within the last second."""
        return len(self._times_s) / RATE_OVER_S
