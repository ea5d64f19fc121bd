"""The picture as the probe sees it: one column per beam, one row per depth, on a grid of known step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Sector
from echospine.domain.units import Floats, Mask, Pixels

Grid = npt.NDArray[np.float32]
"""Values on the beam grid, shape (n_depths, n_beams)."""

MOST_DEPTHS = 300
MOST_BEAMS = 240
FINEST_MM = 0.15
NOMINAL_DEPTH_MM = 50.0
"""Depth that an uncalibrated field is taken for, to choose the widths of filters: never to measure."""


@dataclass(frozen=True, slots=True, eq=False)
class BeamGrid:
    """Where each sample of the beam grid lies in the picture.

    `columns_px`, `rows_px`: shape (n_depths, n_beams); `inside`: True in the field, same shape; `step_mm`: depth
    step; `lateral_mm`: distance between beams at the probe face; `shape`: rows and columns of the picture.
    """

    columns_px: Grid
    rows_px: Grid
    inside: Mask
    step_mm: float
    lateral_mm: float
    shape: tuple[int, int]

    def sample(self, grey: Pixels) -> Grid:
        """Return grey levels on the grid, bilinear, 0 outside the field."""
        values: Grid = map_coordinates(
            grey, (self.rows_px, self.columns_px), output=np.float32, order=1, mode="nearest", prefilter=False
        )
        values[~self.inside] = 0.0
        return values

    def rows_in_picture(self, depth_index: Floats) -> Floats:
        """Return the row per picture column of a curve given as a depth index per beam; NaN where it has none.

        Where a curve on diverging beams covers a column twice, the shallower one counts.
        """
        rows = np.full(self.shape[1], np.nan)
        seen = np.flatnonzero(np.isfinite(depth_index))
        for run in np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1):
            if run.size == 0:
                continue
            at = (depth_index[run], run.astype(np.float64))
            x = map_coordinates(self.columns_px, at, order=1, mode="nearest").astype(np.float64)
            y = map_coordinates(self.rows_px, at, order=1, mode="nearest").astype(np.float64)
            _draw_curve(rows, x, y)
        return rows


def _draw_curve(rows: Floats, x: Floats, y: Floats) -> None:
    """Put the curve through (x, y) into `rows`, one value per whole column; the shallowest wins."""
    for first in range(max(1, x.size - 1)):
        last = min(first + 1, x.size - 1)
        left, right = sorted((first, last), key=lambda i: x[i])
        columns = np.arange(max(0, int(np.ceil(x[left] - 0.5))), min(rows.size - 1, int(np.floor(x[right] + 0.5))) + 1)
        if columns.size:
            drawn = np.interp(columns, (x[left], x[right]), (y[left], y[right])) if x[right] > x[left] else y[left]
            rows[columns] = np.fmin(rows[columns], drawn)


def beam_grid(geometry: ImageGeometry, sector: Sector) -> BeamGrid | None:
    """Return the grid of a sector, or None where the field is too small to hold one (under 8 x 8 pixels)."""
    columns = np.flatnonzero(np.isfinite(sector.top_px))
    if columns.size < 8:
        return None
    region = geometry.main_region()
    top, bottom = float(np.nanmin(sector.top_px)), float(np.nanmax(sector.bottom_px))
    if bottom - top < 8:
        return None
    steps = region.step_mm if region is not None else (NOMINAL_DEPTH_MM / (bottom - top),) * 2
    key = (
        sector.top_px.tobytes(),
        sector.bottom_px.tobytes(),
        sector.apex_px,
        steps,
        (geometry.height, geometry.width),
    )
    return _beam_grid(*key)


@lru_cache(maxsize=8)
def _beam_grid(
    top: bytes, bottom: bytes, apex: tuple[float, float] | None, steps: tuple[float, float], shape: tuple[int, int]
) -> BeamGrid:
    tops, bottoms = np.frombuffer(top), np.frombuffer(bottom)
    if apex is None:
        return _straight(tops, bottoms, steps, shape)
    return _curved(tops, bottoms, apex, steps, shape)


def _straight(tops: Floats, bottoms: Floats, steps: tuple[float, float], shape: tuple[int, int]) -> BeamGrid:
    """Beams that run straight down."""
    columns = np.flatnonzero(np.isfinite(tops))
    face = float(np.median(tops[columns]))
    depth_mm = (float(np.nanmax(bottoms)) - face) * steps[1]
    width_mm = (columns[-1] - columns[0]) * steps[0]
    step_mm = max(FINEST_MM, depth_mm / MOST_DEPTHS)
    lateral_mm = max(FINEST_MM, width_mm / MOST_BEAMS)
    x = columns[0] + np.arange(max(2, int(width_mm / lateral_mm) + 1)) * lateral_mm / steps[0]
    y = face + np.arange(max(2, int(depth_mm / step_mm) + 1)) * step_mm / steps[1]
    columns_px, rows_px = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    return BeamGrid(columns_px, rows_px, _inside(columns_px, rows_px, tops, bottoms, shape), step_mm, lateral_mm, shape)


def _curved(
    tops: Floats, bottoms: Floats, apex: tuple[float, float], steps: tuple[float, float], shape: tuple[int, int]
) -> BeamGrid:
    """Beams that fan out from the centre of the probe's arc."""
    columns = np.flatnonzero(np.isfinite(tops))
    x_mm, top_mm = (columns - apex[0]) * steps[0], (tops[columns] - apex[1]) * steps[1]
    bottom_mm = (bottoms[columns] - apex[1]) * steps[1]
    near, far = float(np.hypot(x_mm, top_mm).min()), float(np.hypot(x_mm, bottom_mm).max())
    angles = np.arctan2(x_mm, top_mm)
    first, last = float(angles.min()), float(angles.max())
    step_mm = max(FINEST_MM, (far - near) / MOST_DEPTHS)
    n_beams = int(min(MOST_BEAMS, max(8, (last - first) * (near + far) / 2 / FINEST_MM)))
    radius = near + np.arange(max(2, int((far - near) / step_mm) + 1)) * step_mm
    theta, r = np.meshgrid(np.linspace(first, last, n_beams), radius)
    columns_px = (apex[0] + r * np.sin(theta) / steps[0]).astype(np.float32)
    rows_px = (apex[1] + r * np.cos(theta) / steps[1]).astype(np.float32)
    lateral_mm = (last - first) * max(near, (near + far) / 3) / n_beams
    return BeamGrid(columns_px, rows_px, _inside(columns_px, rows_px, tops, bottoms, shape), step_mm, lateral_mm, shape)


def _inside(columns_px: Grid, rows_px: Grid, tops: Floats, bottoms: Floats, shape: tuple[int, int]) -> Mask:
    """Return where the samples lie in the field and in the picture, shape of the grid."""
    nearest = np.clip(np.rint(columns_px).astype(np.intp), 0, tops.size - 1)
    with np.errstate(invalid="ignore"):
        inside = (rows_px >= tops[nearest] - 1) & (rows_px <= bottoms[nearest] + 0.5)
    in_picture: Mask = (columns_px >= -0.5) & (columns_px < shape[1] - 0.5) & (rows_px < shape[0] - 0.5)
    return inside & in_picture
