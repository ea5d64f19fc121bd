"""Where each part of a picture lies in millimetres, or that it is uncalibrated.

Points are (x, y) = (column, row) in pixels; the centre of the first pixel is (0, 0), as in DICOM.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError, UncalibratedError
from echospine.domain.units import Floats

Point: TypeAlias = tuple[float, float]


class RegionUnit(IntEnum):
    """Physical unit of a region's axis (DICOM PS3.3 C.8.5.5.1.15)."""

    NONE = 0
    PERCENT = 1
    DB = 2
    CM = 3
    SECONDS = 4
    HERTZ = 5
    DB_PER_SECOND = 6
    CM_PER_SECOND = 7
    CM2 = 8
    CM2_PER_SECOND = 9
    CM3 = 10
    CM3_PER_SECOND = 11
    DEGREES = 12


class Spacing(StrEnum):
    """Where the millimetres of a region come from."""

    DICOM_REGION = "SequenceOfUltrasoundRegions"
    PIXEL_MEASURES = "PixelMeasuresSequence"
    IMAGE_TO_PROBE = "ImageToProbe calibration"
    ELEMENT_SPACING = "spacing in the file header"
    USER = "--pixel-spacing"


@dataclass(frozen=True, slots=True)
class Region:
    """One rectangle of the picture, edges included, with the physical size of a pixel step.

    `x0, y0, x1, y1`: first and last column and row, pixels, both inside. `delta_x`, `delta_y`: physical
    step per column and per row, in `unit_x`, `unit_y` (cm for RegionUnit.CM); the sign gives a direction
    and does not matter to lengths. `high_priority`: where regions overlap, its pixels lie on top (Region
    Flags bit 0). `data_type`: DICOM Region Data Type (1 tissue, 2 colour flow, ...). `spacing`: the source.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    unit_x: RegionUnit
    unit_y: RegionUnit
    delta_x: float
    delta_y: float
    high_priority: bool = True
    data_type: int = 1
    spacing: Spacing = Spacing.DICOM_REGION

    def __post_init__(self) -> None:
        if self.x1 < self.x0 or self.y1 < self.y0:
            raise GeometryError(
                f"region ({self.x0}, {self.y0}) to ({self.x1}, {self.y1}) is inside out; "
                "its second corner must lie right of and below the first"
            )

    @property
    def spatial(self) -> bool:
        """True where both axes are centimetres with a finite step that is not zero."""
        steps = (self.delta_x, self.delta_y)
        in_cm = self.unit_x == RegionUnit.CM and self.unit_y == RegionUnit.CM
        return in_cm and all(math.isfinite(step) and step != 0 for step in steps)

    @property
    def step_mm(self) -> tuple[float, float]:
        """Size of one column and one row step, mm. Raises UncalibratedError unless `spatial`."""
        if not self.spatial:
            raise UncalibratedError(f"region with units {self.unit_x.name} x {self.unit_y.name} has no mm")
        return 10.0 * abs(self.delta_x), 10.0 * abs(self.delta_y)

    def contains(self, point: Point) -> bool:
        """True when the pixel nearest to `point` belongs to the region."""
        x, y = point
        return self.x0 - 0.5 <= x < self.x1 + 0.5 and self.y0 - 0.5 <= y < self.y1 + 0.5

    def inside(self, width: int, height: int) -> bool:
        """True when no part reaches past a picture of that size, pixels."""
        return self.x0 >= 0 and self.y0 >= 0 and self.x1 < width and self.y1 < height


@dataclass(frozen=True, slots=True)
class ImageGeometry:
    """Size of a picture and the regions that carry a scale. No trusted region: uncalibrated.

    A region that reaches past the picture is kept in `distrusted` and never used: it says that the pixels
    were cropped or resized after the scanner wrote the scale.
    """

    width: int
    height: int
    regions: tuple[Region, ...] = ()
    distrusted: tuple[Region, ...] = ()

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise GeometryError(f"a picture of {self.width} x {self.height} pixels has no content")
        good = tuple(r for r in self.regions if r.inside(self.width, self.height))
        bad = tuple(r for r in self.regions if not r.inside(self.width, self.height))
        object.__setattr__(self, "regions", good)
        object.__setattr__(self, "distrusted", self.distrusted + bad)

    @classmethod
    def uniform(cls, width: int, height: int, step_x_mm: float, step_y_mm: float, spacing: Spacing) -> ImageGeometry:
        """Return the geometry of a picture with one scale all over; steps in mm per column and per row.

        Raises GeometryError when a step is not finite and positive.
        """
        if not all(math.isfinite(step) and step > 0 for step in (step_x_mm, step_y_mm)):
            raise GeometryError(f"pixel spacing {step_x_mm} x {step_y_mm} mm must be finite and above zero")
        whole = Region(
            0,
            0,
            width - 1,
            height - 1,
            RegionUnit.CM,
            RegionUnit.CM,
            step_x_mm / 10,
            step_y_mm / 10,
            spacing=spacing,
        )
        return cls(width, height, (whole,))

    @property
    def calibrated(self) -> bool:
        """True when some part of the picture carries millimetres."""
        return any(region.spatial for region in self.regions)

    def owners(self, point: Point) -> tuple[Region, ...]:
        """Return the regions to which the pixel at `point` belongs: where they overlap, those on top."""
        holding = [region for region in self.regions if region.contains(point)]
        top = [region for region in holding if region.high_priority]
        return tuple(top or holding)

    def region_for(self, points: Sequence[Point]) -> Region:
        """Return the one spatial region in which all `points` lie.

        Every region that owns one of the points must be spatial and have the same steps, and one of the
        regions must hold them all; otherwise raises UncalibratedError, never a guess.
        """
        _require_finite(points)
        found: list[Region] = []
        for point in points:
            owners = self.owners(point)
            if not owners:
                raise UncalibratedError(
                    f"uncalibrated: point ({point[0]:.1f}, {point[1]:.1f}) lies in no region with a scale"
                )
            found += owners
        if not all(region.spatial for region in found):
            raise UncalibratedError("uncalibrated: a point lies in a region whose axes are not lengths")
        step = found[0].step_mm
        if any(not np.allclose(region.step_mm, step, rtol=1e-9, atol=0) for region in found):
            raise UncalibratedError("uncalibrated: the points lie in regions of different scale")
        for region in self.regions:
            same = region.spatial and np.allclose(region.step_mm, step, rtol=1e-9, atol=0)
            if same and all(region.contains(point) for point in points):
                return region
        raise UncalibratedError("uncalibrated: the points lie in different regions")

    def main_region(self) -> Region | None:
        """Return the largest spatial region (B-mode tissue first), or None where there is none."""
        spatial = [region for region in self.regions if region.spatial]
        if not spatial:
            return None
        return max(spatial, key=lambda r: (r.data_type == 1, (r.x1 - r.x0) * (r.y1 - r.y0)))

    def to_mm(self, points: Sequence[Point]) -> Floats:
        """Return `points` in mm from the top left pixel of their common region, shape (n, 2)."""
        region = self.region_for(points)
        origin = np.array([region.x0, region.y0], dtype=np.float64)
        placed: Floats = (np.asarray(points, dtype=np.float64).reshape(-1, 2) - origin) * np.array(region.step_mm)
        return placed

    def length_mm(self, points: Sequence[Point]) -> float:
        """Return the length of the path through `points` (two or more), mm."""
        _require_count(points, 2, "a length")
        return float(np.linalg.norm(np.diff(self.to_mm(points), axis=0), axis=1).sum())

    def angle_deg(self, points: Sequence[Point]) -> float:
        """Return the angle at the second of three `points`, degrees in [0, 180]."""
        _require_count(points, 3, "an angle", exactly=True)
        first, vertex, last = self.to_mm(points)
        one, two = first - vertex, last - vertex
        if not (one.any() and two.any()):
            raise GeometryError("an angle needs three different points")
        cross = one[0] * two[1] - one[1] * two[0]
        return math.degrees(math.atan2(abs(cross), float(one @ two)))

    def area_mm2(self, points: Sequence[Point]) -> float:
        """Return the area of the simple polygon through `points`, mm2 (shoelace formula).

        Raises GeometryError when its edges cross: then the formula does not give an area.
        """
        _require_count(points, 3, "an area")
        if _crosses_itself(points):
            raise GeometryError("the outline crosses itself; drag its points until no edges cross")
        return polygon_area(self.to_mm(points))


def polygon_area(points: npt.ArrayLike) -> float:
    """Return the area of the polygon through `points` (n, 2), in their unit squared (shoelace formula)."""
    x, y = np.asarray(points, dtype=np.float64).T
    x, y = x - x[0], y - y[0]
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def _require_finite(points: Sequence[Point]) -> None:
    if not all(math.isfinite(value) for point in points for value in point):
        raise GeometryError("a point has a coordinate that is not a finite number")


def _require_count(points: Sequence[Point], count: int, what: str, *, exactly: bool = False) -> None:
    if len(points) < count or (exactly and len(points) != count):
        raise GeometryError(f"{what} needs {count} points{'' if exactly else ' or more'}, not {len(points)}")


def _crosses_itself(points: Sequence[Point]) -> bool:
    """True when two edges that are not neighbours cross each other's inside."""
    n = len(points)
    edges = [(points[i], points[(i + 1) % n]) for i in range(n)]
    return any(
        _segments_cross(*edges[i], *edges[j]) for i in range(n) for j in range(i + 2, n) if not (i == 0 and j == n - 1)
    )


def _segments_cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    def turn(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0
