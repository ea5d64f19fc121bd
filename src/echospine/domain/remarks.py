"""What people say of a recording and of what was measured in it, beside the model's answers and never over them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from echospine.domain.errors import InputError
from echospine.domain.images import Point
from echospine.domain.labels import Part, Side
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.takes import Taken

MOST_ENDS = 200
"""Most points of a calliper or an outline."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Which measure of a recording is meant; `side` as the picture tells it, before anybody said whose side it is."""

    structure: Part
    side: Side
    quantity: Quantity

    @property
    def key(self) -> str:
        """Its name in the store: `multifidus.left.thickness`."""
        return f"{self.structure.label}.{self.side.value}.{self.quantity.value}"

    def holds(self, one: Measurement) -> bool:
        """True for a measurement as the model made it that is of this measure."""
        return (one.structure, one.side, one.quantity) == (self.structure, self.side, self.quantity)


def caliper_place(frame: int, measured: Measured) -> str:
    """Return the place of a calliper within its recording."""
    return f"calliper/{frame}/{measured.key}"


def choice_place(measured: Measured) -> str:
    """Return the place of a choice of frames within its recording."""
    return f"frames/{measured.key}"


@dataclass(frozen=True, slots=True)
class TakenAs:
    """How a recording was taken."""

    recording_id: str
    taken: Taken
    who: str
    at: datetime
    reason: str = ""

    @property
    def place(self) -> str:
        """What it is about, within the recording."""
        return "taken"


@dataclass(frozen=True, slots=True)
class CaliperEdit:
    """A person's own calliper (two ends) or outline (three points or more) of one measure in one frame."""

    recording_id: str
    frame: int
    measured: Measured
    points_px: tuple[Point, ...]
    who: str
    at: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        if not 2 <= len(self.points_px) <= MOST_ENDS:
            raise InputError(f"a calliper has 2 to {MOST_ENDS} points, not {len(self.points_px)}")

    @property
    def place(self) -> str:
        """What it is about, within the recording."""
        return caliper_place(self.frame, self.measured)


@dataclass(frozen=True, slots=True)
class FrameChoice:
    """Which frames of a recording count for one measure; none: the recording does not count for it."""

    recording_id: str
    measured: Measured
    frames: tuple[int, ...]
    who: str
    at: datetime
    reason: str = ""

    @property
    def place(self) -> str:
        """What it is about, within the recording."""
        return choice_place(self.measured)


Remark: TypeAlias = TakenAs | CaliperEdit | FrameChoice
"""Each is known by its recording and `place`; a newer one at the same place stands for the older."""
