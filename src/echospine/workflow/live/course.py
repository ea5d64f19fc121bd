"""Who follows what is seen from frame to frame."""

from __future__ import annotations

from typing import Protocol

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation


class Course(Protocol):
    """Follows what is seen from frame to frame: one object for one viewer, fed with each frame once."""

    def update(self, seen: Interpretation, frame: Frame, time_s: float) -> Interpretation:
        """Return what is to be shown of a frame; it keeps the frame's index."""
        ...

    def cut(self) -> None:
        """Take note that the next picture has another form: where things lay in those before means nothing in it."""
        ...
