"""What is seen in a frame, as it stands in the frame's head."""

from __future__ import annotations

from pydantic import Field

from echospine.apps.server.schemas import XY, QualityView, Shape
from echospine.domain.labels import View
from echospine.domain.sights import Landmark
from echospine.engine.vision.advice import Move


class SeenSurface(Shape):
    """A surface as lines over the picture, (x, y) in pixels, with the mean confidence of each."""

    structure: str
    lines: list[list[XY]]
    confidence: list[float]


class SeenStructure(Shape):
    """A structure on the map: its id there, its name, and the mean probability of its cells."""

    id: int
    structure: str
    probability: float


class SeenMap(Shape):
    """The map of structures that follows the pixels: square cells over the picture, row by row, in runs.

    Each run is three bytes: a structure id, and how many cells bear it, unsigned 16 bit, little-endian.
    """

    columns: int
    rows: int
    x_px: float = Field(description="Picture column of the centre of the first cell.")
    y_px: float = Field(description="Picture row of the centre of the first cell.")
    step_px: float = Field(description="Picture pixels per cell.")
    size: int = Field(description="Bytes.")
    structures: list[SeenStructure]


class SeenLandmark(Shape):
    """A landmark with the 95 % ellipse of its doubt."""

    landmark: Landmark
    at_px: XY
    long_px: float = Field(description="Half axes of the ellipse, pixels of the picture, the longer first.")
    short_px: float
    turn_rad: float = Field(description="Of the long axis, from x towards y.")
    long_mm: float | None = Field(description="Half of the long axis; null where the picture is uncalibrated.")
    confidence: float


class ViewShare(Shape):
    """A view with its probability."""

    view: View
    share: float


class LevelShare(Shape):
    """A vertebra ("L4", "S1") with its probability."""

    level: str
    share: float


class LevelView(Shape):
    """Which vertebra lies in the middle, likeliest first; `sure`: the level where that is beyond doubt."""

    shares: list[LevelShare]
    sure: str | None
    reason: str


class BearingView(Shape):
    """Where the picture lies in the back, as far as that can be told from the picture."""

    along_mm: float | None = Field(description="From the picture's middle to the midline, to the right; null: unknown.")
    lateral_mm: float = Field(description="From the midline to the picture's middle, whichever side.")
    turn_deg: float = Field(description="Of the picture's x axis: 0 from the patient's left to the right, 90 to feet.")
    turn_sure: float
    phase: float = Field(description="From the tip of a spinous process, 0, to the next one towards the feet, 1.")
    phase_sure: float
    tilt_deg: float | None = Field(description="Of the beam off straight forward; null: cannot be told.")
    rock_deg: float


class SeenView(Shape):
    """What is seen in the very frame whose head this stands in.

    `silent`: the picture is not recognised, so nothing is named; `reasons`: why, for a clinician.
    """

    method: str
    version: str
    ms: float = Field(description="How long it took to see it.")
    p50_ms: float | None = Field(description="From the arrival of a frame until it is interpreted: half are faster.")
    p99_ms: float | None
    worst_ms: float | None
    silent: bool
    strangeness: float | None = Field(description="How unlike its training the picture is; 1: the edge. Null: unknown.")
    unsure: list[str] = Field(description="Structures that may be there and are not named.")
    reasons: list[str]
    surfaces: list[SeenSurface]
    map: SeenMap | None
    landmarks: list[SeenLandmark]
    view: list[ViewShare] = Field(description="Likeliest first; empty where the model does not know views.")
    level: LevelView | None
    quality: QualityView
    bearing: BearingView | None
    explains: bool = Field(description="Whether it can be asked why it calls something what it calls it.")
    advice: str = Field(description="One sentence of what to do next; empty: nothing.")
    move: Move | None = Field(description="What the advice asks for; null: nothing that a hand does.")
