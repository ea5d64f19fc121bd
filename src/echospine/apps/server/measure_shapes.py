"""What the HTTP API says and accepts about measures of muscles, side beside side.

Lengths are millimetres, points (x, y) pixels with the centre of the first pixel at (0, 0). A number that does not
exist is null, and a word beside it says why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from echospine.apps.server.schemas import (
    XY,
    Body,
    ExamDetail,
    Level,
    PersonName,
    Reason,
    Revision,
    Shape,
    StructureName,
)
from echospine.domain.frames import MAX_FRAMES
from echospine.domain.labels import Side, View
from echospine.domain.measures import Quantity
from echospine.domain.remarks import MOST_ENDS
from echospine.domain.takes import Contraction

FrameNumber = Annotated[int, Field(ge=0, le=MAX_FRAMES)]


class CorrectionView(Shape):
    """Who placed a calliper by hand, when and why."""

    who: str
    at: datetime
    reason: str


class RepeatView(Shape):
    """The value of one frame."""

    frame: int
    value: float | None
    sd: float | None = Field(description="One standard deviation; null where it is not known.")
    note: str = Field(description="Why there is no value.")
    points_px: list[XY] = Field(description="Ends of the calliper, or the outline.")
    counts: bool = Field(description="True where it has a part in the value.")
    correction: CorrectionView | None


class ShownView(Shape):
    """A recording in a cell. `side`: as the picture tells it; corrections refer to it."""

    recording_id: str
    name: str
    side: Side
    repeats: list[RepeatView]
    value: float | None
    sd: float | None
    how: str = Field(description="Of which frames the value is, or why there is none.")
    chosen: CorrectionView | None = Field(description="Who chose the frames that count.")


class CellView(Shape):
    """A muscle on one side in one state."""

    side: Side
    state: Contraction
    shown: list[ShownView]
    value: float | None
    sd: float | None
    spread: float | None = Field(description="Standard deviation of the frames that count; null below two.")
    n_frames: int = Field(description="How many frames count.")
    mean: float | None = Field(description="Mean of the frames that count.")
    how: str


class FigureView(Shape):
    """A figure made of cells, with its definition; without a value, `refused` says why."""

    name: str
    of: str
    definition: str
    value: float | None
    sd: float | None
    unit: str
    refused: str


class RowView(Shape):
    """One measure at one level."""

    structure: str
    quantity: Quantity
    title: str
    level: str
    unit: str
    movable: int = Field(description="2: ends that can be moved; 3: an outline that can be moved; 0: neither.")
    cells: list[CellView]
    figures: list[FigureView]


class MusclesView(Shape):
    """All measures of muscles in an examination, and the examination."""

    exam: ExamDetail
    rows: list[RowView]
    unread: list[str] = Field(description="Recordings that are not interpreted yet.")


class TakenBody(Body):
    """How a recording was taken; what is left out is as it was seen in the picture."""

    view: View | None = None
    side: Side = Side.UNKNOWN
    level: Level = ""
    state: Contraction = Contraction.UNKNOWN
    reason: Reason = ""
    person: PersonName
    revision: Revision = None


class MeasuredBody(Body):
    """Which measure of a recording is meant; `side` as the picture tells it."""

    structure: StructureName
    side: Side = Side.UNKNOWN
    quantity: Quantity
    reason: Reason = ""
    person: PersonName
    revision: Revision = None


class EndsBody(MeasuredBody):
    """A calliper or outline that a person moved; no points: the measured one counts again."""

    points: list[XY] = Field(max_length=MOST_ENDS)


class FramesBody(MeasuredBody):
    """Which frames count for a measure; null: all of them again."""

    frames: list[FrameNumber] | None = Field(max_length=MAX_FRAMES)
