"""A device, a camera or a recording as one viewer has it: what it gives, the newest frame only."""

from __future__ import annotations

import time

from echospine.apps.server.live import messages
from echospine.apps.server.live.feeds import Shot
from echospine.ports import FrameSource, LiveSource, LiveState
from echospine.workflow.live import Replay

WAIT_S = 0.25
"""Longest wait for a frame, before its viewer is looked after."""


class DeviceFeed:
    """Gives the newest frame of a source. What came since the one before counts as dropped."""

    def __init__(self, source: LiveSource) -> None:
        self._source = source
        self._after = -1
        self._dropped = 0

    def next(self) -> Shot | None:
        """Return the newest frame, or None when none has come."""
        frame = self._source.latest(self._after, WAIT_S)
        if frame is None:
            return None
        if self._after >= 0:
            self._dropped += frame.index - self._after - 1
        self._after = frame.index
        age_s = 0.0 if frame.arrived_s is None else time.monotonic() - frame.arrived_s
        return Shot(frame, made_s=age_s, dropped=self._dropped)

    @property
    def standing(self) -> tuple[LiveState, str]:
        """How the source stands, and what stands in the way."""
        return self._source.state, self._source.trouble

    def close(self) -> None:
        """Let go of the device."""
        self._source.close()


class Played(Replay):
    """A recording that is played, and closed with its player."""

    def __init__(self, source: FrameSource) -> None:
        super().__init__(source)
        self._recording = source

    def close(self) -> None:
        """Give nothing more, and close the recording."""
        super().close()
        self._recording.__exit__(None, None, None)


def address_of(opening: messages.OpenDevice | messages.OpenCamera) -> str:
    """Return the address of what is to be opened."""
    if isinstance(opening, messages.OpenCamera):
        return f"camera://{opening.device}"
    host = f"[{opening.host}]" if ":" in opening.host else opening.host
    return f"igtl://{host}:{opening.port}"
