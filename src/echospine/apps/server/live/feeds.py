"""What a viewer looks at: it is asked for the next picture whenever the viewer is ready for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from echospine.domain.frames import Frame
from echospine.domain.units import Labels


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture, as it is to be shown.

    `control`: number of the last control that it was made with; `made_s`: how long it took; `contact`: share of the
    probe's face that touches skin; `truth`: structure ids, (height, width) of their own; `dropped`: pictures so far
    that there were and that the viewer was too slow for; `focus_mm`: where the scanner's focus stands, None: unknown.
    """

    frame: Frame
    control: int = 0
    made_s: float = 0.0
    contact: float | None = None
    truth: Labels | None = None
    dropped: int = 0
    focus_mm: float | None = None


class Feed(Protocol):
    """Gives pictures to one viewer, from one thread at a time."""

    def next(self) -> Shot | None:
        """Return the newest picture, waiting for it at most a fraction of a second; None when there is none yet."""
        ...
