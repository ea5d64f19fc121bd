"""How a recording was taken, as a person says it: which view, side and level, at rest or contracted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from echospine.domain.errors import InputError
from echospine.domain.labels import Side, View

LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")
"""Levels that a person can name, from the head down."""


class Contraction(StrEnum):
    """What the muscles did while a recording was taken."""

    REST = "rest"
    CONTRACTED = "contracted"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """As people read it beside a measure; empty where it is not known."""
        return {"rest": "at rest", "contracted": "contracted"}.get(self.value, "")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a person says of a whole recording; what they do not say is left as it was seen in the picture.

    `side`: the one that the picture shows; UNKNOWN also for a picture across the spine, which shows both.
    """

    view: View | None = None
    side: Side = Side.UNKNOWN
    level: str = ""
    state: Contraction = Contraction.UNKNOWN

    def __post_init__(self) -> None:
        if self.level and self.level not in LEVELS:
            raise InputError(f"there is no level {self.level!r}; the known ones are {', '.join(LEVELS)}")


NOTHING_SAID = Taken()
