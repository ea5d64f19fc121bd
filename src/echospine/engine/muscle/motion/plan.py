"""Which points of a cine are followed: a grid over the field, both ends of a line, and the two layers of a fascia."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.images import ImageGeometry, Point
from echospine.domain.labels import Sector
from echospine.domain.units import Floats
from echospine.engine.muscle.motion.matching import Matching, grid_points
from echospine.engine.muscle.motion.shear import LANGEVIN_APART_MM

GRID = (20, 20)
"""Rows and columns of the grid over the field."""
END_OFFSETS_PX = (-16.0, -8.0, 0.0, 8.0, 16.0)
"""Along a border, where it is followed: its movement is the median of these."""
LAYER_WIDTH_MM = 15.0
LAYER_POINTS = 15
LAYER_HALF_MM = 0.6
"""Half the height of what is compared in a layer: less than half of what is between the layers."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Two sub-regions of a fascia, one over the other, as they lie in the first frame.

    `superficial_px`, `deep_px`: points in their middle, from left to right, (n, 2).
    """

    superficial_px: Floats
    deep_px: Floats

    @property
    def points_px(self) -> Floats:
        """All points, superficial ones first, (2 n, 2)."""
        return np.concatenate([self.superficial_px, self.deep_px])


def field_grid(sector: Sector, geometry: ImageGeometry) -> Floats:
    """Return a grid over the box of the insonified field, (rows * columns, 2), x and y, row by row.

    Over the part of the picture that carries millimetres where there is one. Raises GeometryError without a field.
    """
    columns = np.flatnonzero(np.isfinite(sector.top_px))
    if not columns.size:
        raise GeometryError("there is no field in the picture to follow tissue in")
    left, right = float(columns[0]), float(columns[-1])
    top, bottom = float(np.nanmin(sector.top_px)), float(np.nanmax(sector.bottom_px))
    region = geometry.main_region()
    if region is not None:
        left, right = max(left, region.x0), min(right, region.x1)
        top, bottom = max(top, region.y0), min(bottom, region.y1)
    if right - left < GRID[1] or bottom - top < GRID[0]:
        raise GeometryError("the field is too small to follow tissue in")
    return grid_points((left, top), (right - left, bottom - top), *GRID)


def line_points(line_px: tuple[Point, Point]) -> Floats:
    """Return points along the borders at both ends of a line, square to it, (2 * len(END_OFFSETS_PX), 2).

    Raises GeometryError for a line without length.
    """
    ends = np.asarray(line_px, np.float64)
    way = ends[1] - ends[0]
    length = float(np.hypot(*way))
    if not length >= 1.0:
        raise GeometryError("a line needs two ends apart")
    along = np.array([-way[1], way[0]]) / length
    offsets = np.asarray(END_OFFSETS_PX)[:, None] * along
    return np.concatenate([end + offsets for end in ends])


def fascia_layers(middle_px: Point, geometry: ImageGeometry) -> Layers:
    """Return two sub-regions around `middle_px`, LANGEVIN_APART_MM between their centres, LAYER_WIDTH_MM wide.

    Raises UncalibratedError where the picture has no millimetres there, GeometryError where they leave the picture.
    """
    step_x, step_y = geometry.region_for([middle_px]).step_mm
    x = middle_px[0] + (np.arange(LAYER_POINTS) / (LAYER_POINTS - 1) - 0.5) * LAYER_WIDTH_MM / step_x
    half = 0.5 * LANGEVIN_APART_MM / step_y
    layers = Layers(*(np.stack([x, np.full_like(x, middle_px[1] + by)], axis=-1) for by in (-half, half)))
    geometry.region_for([(float(px), float(py)) for px, py in layers.points_px])
    return layers


def layer_matching(geometry: ImageGeometry, middle_px: Point) -> Matching:
    """Return how the layers' blocks are sought: low ones, so that a layer is not told by what lies over or under it."""
    step_y = geometry.region_for([middle_px]).step_mm[1]
    usual = Matching()
    return Matching((max(4, round(LAYER_HALF_MM / step_y)), usual.half[1]), usual.reach)
