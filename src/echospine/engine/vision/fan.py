"""Image fields with diverging beams: the fan of a curved probe, and the wedge of a phased one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Sector
from echospine.domain.units import Floats, Mask

WIDEST = 1.55
"""Largest half angle of a fan, radians."""
NARROW_TOP = 0.2
"""Share of its width up to which the top of an area counts as the narrow end of a wedge."""
WEDGE_HALF_ANGLES = (0.3, 1.1)
"""Half angles of phased probes, radians: 17 to 63 degrees."""


@dataclass(frozen=True, slots=True)
class Fan:
    """A sector of a ring in mm, or in pixels where there is no scale; `half_angle`: to either side of straight down."""

    x: float
    y: float
    near: float
    far: float
    half_angle: float

    def sector(self, geometry: ImageGeometry, steps: tuple[float, float], limit: int) -> Sector | None:
        """Return the fan as first and last row per column, not below the row `limit`; None when under 8 columns."""
        step_x, step_y = steps
        across = np.arange(geometry.width) * step_x - self.x
        with np.errstate(invalid="ignore"):
            face = np.sqrt(self.near**2 - across**2)
            side = np.abs(across) / np.tan(min(self.half_angle, WIDEST))
            start = np.where(np.abs(across) <= self.near * np.sin(self.half_angle), face, side)
            stop = np.sqrt(self.far**2 - across**2)
            bottoms = np.minimum((self.y + stop) / step_y, limit)
            tops = np.maximum((self.y + start) / step_y, 0)
            outside = ~(bottoms > tops) | (np.abs(across) > self.far * np.sin(self.half_angle) + step_x)
        tops[outside] = bottoms[outside] = np.nan
        return Sector(tops, bottoms, (self.x / step_x, self.y / step_y)) if np.isfinite(tops).sum() >= 8 else None


def curved_field(lit: Mask, geometry: ImageGeometry, limit: int) -> Sector | None:
    """Return the fan whose arc is the upper edge of the area, or None when that edge is no arc.

    Where the beams fade out one by one, the fan goes on to the row `limit`.
    """
    steps = _steps(geometry)
    columns = np.flatnonzero(lit.any(axis=0))
    if columns.size < 24:
        return None
    top = lit[:, columns].argmax(axis=0).astype(np.float64)
    corners = _arc_ends(top)
    if corners is None:
        return None
    arc = slice(corners[0], corners[1] + 1)
    circle = fit_circle(np.asarray(columns[arc] * steps[0], np.float64), np.asarray(top[arc] * steps[1], np.float64))
    if circle is None:
        return None
    x, y, radius = circle
    angle, reach = _polar(lit, x, y, steps)
    half = float(np.quantile(np.abs(angle), 0.999))
    ends = _end_per_beam(angle, reach, half)
    far = float(np.quantile(reach, 0.9999)) if end_together(ends, np.ptp(reach)) else limit * steps[1] - y
    return Fan(x, y, radius, max(far, float(reach.max())), half).sector(geometry, steps, limit)


def end_together(ends: Floats, length: float) -> bool:
    """Return True where most of the beams of an area of that length end within 2 % of it: the field's true bottom."""
    off = np.abs(ends - np.median(ends))
    return bool((off <= max(2.0, 0.02 * length)).mean() > 0.6)


def _end_per_beam(angle: Floats, reach: Floats, half: float) -> Floats:
    """Return the farthest reach in each of 64 beams, those without any left out."""
    beam = np.clip((angle + half) * (32 / half), 0, 63).astype(np.intp)
    ends = np.zeros(64)
    np.maximum.at(ends, beam, reach)
    return ends[ends > 0]


def wedge_field(lit: Mask, geometry: ImageGeometry) -> Sector | None:
    """Return the wedge whose straight sides run down from the narrow top of the area, or None where there are none."""
    steps = _steps(geometry)
    rows = np.flatnonzero(lit.any(axis=1))
    if rows.size < 24:
        return None
    left = np.asarray(lit[rows].argmax(axis=1) * steps[0], np.float64)
    right = np.asarray((geometry.width - 1 - lit[rows, ::-1].argmax(axis=1)) * steps[0], np.float64)
    depth = np.asarray(rows * steps[1], np.float64)
    tip = max(2, rows.size // 50)
    if (right - left)[:tip].max() > NARROW_TOP * (right.max() - left.min()):
        return None
    left_side, right_side = _side(depth, -left), _side(depth, right)
    if left_side is None or right_side is None:
        return None
    (left_slope, left_start), (right_slope, right_start) = left_side, right_side
    first, last = WEDGE_HALF_ANGLES
    angles = np.arctan([left_slope, right_slope])
    if not (first < angles.min() and angles.max() < last and np.ptp(angles) < 0.25):
        return None
    y = -(left_start + right_start) / (left_slope + right_slope)
    x = right_slope * y + right_start
    _, reach = _polar(lit, x, y, steps)
    near, far = float(reach.min()), float(np.quantile(reach, 0.9999))
    return Fan(x, y, near, far, float(angles.mean())).sector(geometry, steps, geometry.height - 1)


def _side(depth: Floats, outward: Floats) -> tuple[float, float] | None:
    """Return slope and start of the straight upper part of one side, outward = slope * depth + start; None if none.

    The side fades where the echo does, so the line follows the outermost points down to where they stop going
    outward, and must explain most of them.
    """
    end = int(outward.argmax()) if outward.argmax() < 0.5 * outward.size else _first_rest(outward)
    first = max(2, depth.size // 50)
    if end - first < max(8, depth.size // 8):
        return None
    slope, start = np.polyfit(depth[first:end], outward[first:end], 1)
    off = np.abs(outward[first:end] - slope * depth[first:end] - start)
    straight = np.quantile(off, 0.8) < 0.02 * (depth[-1] - depth[0])
    return (float(slope), float(start)) if straight else None


def _first_rest(outward: Floats) -> int:
    """Return the first place from which a side has gone no further outward over a tenth of the area's height."""
    wait = max(4, outward.size // 10)
    reached = np.maximum.accumulate(outward)
    rests = np.flatnonzero(reached[wait:] <= reached[:-wait])
    return int(rests[0]) if rests.size else outward.size


def _steps(geometry: ImageGeometry) -> tuple[float, float]:
    region = geometry.main_region()
    return region.step_mm if region is not None else (1.0, 1.0)


def _polar(lit: Mask, x: float, y: float, steps: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return angle from the vertical and distance from (x, y) of the lit pixels in front of it."""
    rows, columns = np.nonzero(lit)
    dx, dy = columns * steps[0] - x, rows * steps[1] - y
    in_front = dy > 0
    return np.arctan2(dx, dy)[in_front], np.hypot(dx, dy)[in_front]


def _arc_ends(top: Floats) -> tuple[int, int] | None:
    """Return first and last index of the arc in the upper edge: its two highest points, with the middle lower."""
    smooth = median_filter(top, max(3, top.size // 40) | 1)
    middle = top.size // 2
    left, right = int(smooth[:middle].argmin()), middle + int(smooth[middle:].argmin())
    chord = right - left
    if chord < 12 or not 0.25 < (middle - left + 1) / (right - middle + 1) < 4:
        return None
    sag = float(smooth[left + chord // 3 : right - chord // 3].mean() - (smooth[left] + smooth[right]) / 2)
    return (left, right) if sag > max(4.0, 0.04 * chord) else None


def fit_circle(x: Floats, y: Floats) -> tuple[float, float, float] | None:
    """Return centre x, y and radius of the circle through points, outliers left out; None when they are no arc.

    Algebraic least squares (Kasa 1976), repeated three times on the points within 2.5 robust deviations.
    """
    use = np.ones(x.size, dtype=bool)
    centre: Floats = np.zeros(3)
    for _ in range(4):
        if use.sum() < 8:
            return None
        design = np.column_stack([x[use], y[use], np.ones(int(use.sum()))])
        centre = np.asarray(np.linalg.lstsq(design, x[use] ** 2 + y[use] ** 2, rcond=None)[0], np.float64)
        radius = float(np.sqrt(max(centre[2] + centre[0] ** 2 / 4 + centre[1] ** 2 / 4, 0)))
        off = np.hypot(x - centre[0] / 2, y - centre[1] / 2) - radius
        spread = 1.4826 * float(np.median(np.abs(off[use]))) + 1e-6
        use = np.abs(off) < 2.5 * spread
    chord = float(x.max() - x.min())
    good = spread < 0.03 * chord and chord / 2 < 1.2 * radius < 12 * chord and centre[1] / 2 < float(np.median(y))
    return (float(centre[0] / 2), float(centre[1] / 2), radius) if good else None
