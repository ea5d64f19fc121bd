"""What the motion view asks and is told. Points are (x, y) pixels of the picture; null where a number is not known."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from echospine.apps.server.schemas import XY, Body, PersonName, Reason, Revision, Shape
from echospine.domain.elastography import LONGEST_DEVICE
from echospine.domain.labels import Side
from echospine.domain.measures import Quantity

Level = Annotated[str, Field(max_length=20, description="Level, such as L4; empty: not known.")]


class NamingShape(Body):
    """What lies at a place."""

    structure: str = Field(default="background", description="Name of the structure; background: none is named.")
    side: Side = Side.UNKNOWN
    level: Level = ""


class PlacesShape(Body):
    """Where a cine is followed, besides the grid over its field."""

    line: tuple[XY, XY] | None = Field(default=None, description="From the near to the far border of a muscle.")
    layers: XY | None = Field(default=None, description="Between the two sub-regions of a fascia.")


class ProposalView(Shape):
    """Where the first frame's muscle and fascia were measured, and what lies there."""

    places: PlacesShape
    of_line: NamingShape
    of_layers: NamingShape


class MarksShape(Body):
    """Where a person sees a contraction begin, peak and end, seconds; return null: not in this cine."""

    onset_s: FiniteFloat
    peak_s: FiniteFloat
    return_s: FiniteFloat | None = None


class MotionBody(Body):
    """Which places of a followed cine are measured, what lies there, and a person's marks."""

    places: PlacesShape
    of_line: NamingShape = NamingShape()
    of_layers: NamingShape = NamingShape(structure="fascia")
    marks: MarksShape | None = None


class KeepBody(MotionBody):
    """The same, to be kept in the examination; marks need a reason."""

    person: PersonName
    reason: Reason = ""
    revision: Revision = None


class MotionValue(Shape):
    """One measured value of a cine."""

    quantity: Quantity
    title: str
    value: float | None = Field(description="Null where it cannot be given; `note` says why.")
    unit: str
    uncertainty: float | None
    method: str = Field(description="Its definition: name and version.")
    note: str


class ContractionView(Shape):
    """Onset, peak, hold and return of a contraction; thickness in the unit of the curve."""

    rest: float
    onset_s: float
    peak_s: float
    peak: float
    hold_s: float
    return_s: float | None


class CurveView(Shape):
    """A number for each frame, null where it is not known."""

    unit: str
    values: list[float | None]


class StripView(Shape):
    """The M-mode under the line: grey levels, row by row; near end first, one column for each frame."""

    rows: int
    columns: int
    grey: str = Field(description="Bytes, base64.")


class MotionView(Shape):
    """What a followed cine says."""

    n_frames: int
    times_s: list[float] = Field(description="Empty when the times are not known.")
    step_mm: tuple[float, float] | None = Field(description="Of a pixel, x and y; null without a scale.")
    notes: list[str] = Field(description="What spoils the following: dropped frames, movement that is too fast, ...")
    thickness: CurveView | None = Field(description="Along the line; null without one.")
    strip: StripView | None
    line_went: list[tuple[XY, XY] | None] = Field(description="Of each frame: how far both ends went; null: lost.")
    layers_went: list[tuple[XY, XY] | None] = Field(description="The same of the superficial and the deep layer.")
    contraction: ContractionView | None
    layer_points: list[XY] = Field(description="Of both sub-regions in the first frame, superficial ones first.")
    shear: CurveView | None = Field(description="Signed, against the first frame; null without layers.")
    values: list[MotionValue]


class FieldView(Shape):
    """How the grid over the field moves."""

    rows: int
    columns: int
    points: list[XY] = Field(description="In the first frame, row by row.")
    unit_px: float = Field(description="Pixels for one unit of `displacement`.")
    lost: int = Field(description="Stands where a point was lost.")
    n_frames: int
    displacement: str = Field(
        description="x and y of each point in each frame, from the first frame; 16 bits, little-endian; base64."
    )


class StiffnessBody(Body):
    """A value of shear-wave elastography as the device showed it."""

    value: FiniteFloat
    unit: str = Field(max_length=20, description="m/s or kPa, as the device shows it.")
    device: str = Field(max_length=LONGEST_DEVICE, description="Which device; values of two devices do not compare.")
    of: NamingShape = NamingShape()
    convert: bool = Field(default=False, description="Add Young's modulus, E = 3 rho c^2, marked as converted.")
    person: PersonName
    revision: Revision = None
