"""The belly of multifidus on one side: between which heights, and beside which walls of bone, it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.domain.units import Floats, Mask, frozen
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.motion.back import bone_distance_mm, columns_of, filled, lowest_mm, tops_mm, uppermost_mm
from echospine.engine.twin.motion.fields import Grid, grid_over, smooth_step
from echospine.engine.twin.tissues import BONES, Tissue

MUSCLE = (Tissue.MULTIFIDUS, Tissue.MULTIFIDUS_FAT)
MIDLINE = (Tissue.SPINOUS_PROCESS, Tissue.INTERSPINOUS)
LONG_MM = 110.0
"""How far above and below the levels muscle is drawn in."""
STEP_MM = 1.5
"""Between the knots of the survey."""
WALL_MM = 9.0
"""Over which the movement comes up beside a wall of bone, and dies away in the neighbouring muscle."""
LENGTHWISE_MM = 9.0
"""Standard deviation along z over which the borders are smoothed: steps in them would stir the flow."""
CORE_SHARE = 0.75
"""Share of the greatest thickness of a row from which on a column counts as belly."""
TALL_SHARE = 0.7
"""Bone that reaches above this share of the muscle's thickness is a wall beside it, not its floor."""
LEAST_WALL_MM = 4.0
"""The same in a narrow muscle."""
WALL_ALONG_MM = 36.0
"""Along z, so far on either side a wall counts as going on: gaps between spinous processes are narrower."""
CLEAR_MM = 2.5
"""Least that stays still above the floor and beside a wall: more than a cell of the survey."""
FREE_MM = 1.0
"""From where tissue next to bone must be still, to where the smooth floor and walls let it move."""
SMOOTH_MM = 6.0
"""Standard deviation of the smoothing of the floor."""
COARSE = 4
"""Every so many voxels are looked at to find where the muscle lies at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Belly:
    """One side's multifidus; heights along y, mm, Patient, on the (z, x) knots of `grid`, each (n_z, n_x).

    `floor_mm`: smooth surface that clears all bone below the muscle; `bottom_mm`, `top_mm`: anterior and posterior
    border of the muscle, smooth and drawn on beyond its edges; `across`: 0 to 1, how much each column takes part (0 at
    walls of bone and on the other side); `bone_mm`: height of the first bone; `free`: (n_z, n_y, n_x), 0 next to bone,
    1 away from it.
    """

    grid: Grid
    floor_mm: Floats
    bottom_mm: Floats
    top_mm: Floats
    across: Floats
    bone_mm: Floats
    free: Floats

    def thickest_mm(self, z_mm: float) -> tuple[Floats, float]:
        """Return the point on the posterior border where the belly is thickest at height `z_mm`, and how thick.

        Thickness goes from bone to the posterior border, mm. Raises GeometryError where no muscle can move.
        """
        row = int(np.argmin(np.abs(self.grid.axis_mm(2) - z_mm)))
        taking_part = self.across[row] > 0.999
        if not taking_part.any():
            raise GeometryError(f"no multifidus that could thicken at z = {z_mm:.1f} mm")
        base = np.maximum(self.bone_mm[row], self.bottom_mm[row])
        thickness = np.where(taking_part, self.top_mm[row] - base, -np.inf)
        column = int(np.argmax(thickness))
        point = (self.grid.axis_mm(0)[column], self.top_mm[row, column], self.grid.axis_mm(2)[row])
        return frozen(point), float(thickness[column])


def survey_belly(anatomy: Anatomy, side: Side, z_mm: tuple[float, ...], clear_mm: float = CLEAR_MM) -> Belly:
    """Return the multifidus of `side` around the heights `z_mm`; `clear_mm`: what stays still next to bone.

    Raises GeometryError where there is none.
    """
    clear_mm = max(clear_mm, CLEAR_MM) + FREE_MM
    if side not in (Side.LEFT, Side.RIGHT):
        raise GeometryError(f"multifidus contracts on the left or on the right, not {side.value}")
    sign = 1.0 if side is Side.LEFT else -1.0
    grid = _grid_around(anatomy, sign, z_mm)
    columns = columns_of(anatomy, grid)
    lateral = sign * (grid.axis_mm(0)[None, :] - midline_mm(anatomy, grid.axis_mm(2))[:, None])
    muscle = np.isin(columns, MUSCLE) & (lateral > 0.0)[:, None, :]
    heights = tops_mm(anatomy)
    lowest = heights[0] - anatomy.spacing_mm
    top, bottom, core = _borders(muscle, heights, anatomy.spacing_mm)
    bone = uppermost_mm(np.isin(columns, [int(tissue) for tissue in BONES]), heights, lowest)
    tall = bone > bottom + TALL_SHARE * (top - bottom)
    across = _across(lateral, core, tall, clear_mm)
    part = ndimage.maximum_filter(across > 0.0, size=3)
    floor = np.minimum(_floor(np.where(part & ~tall, bone, lowest), bottom, clear_mm, part), top - CLEAR_MM)
    free = smooth_step((bone_distance_mm(anatomy, grid) - clear_mm) / FREE_MM + 1.0)
    return Belly(grid, frozen(floor), frozen(bottom), frozen(top), frozen(across), frozen(bone), frozen(free))


def _borders(muscle: Mask, heights_mm: Floats, spacing_mm: float) -> tuple[Floats, Floats, Mask]:
    """Return the posterior and the anterior border, mm, smooth, and where they were found, each (n_z, n_x).

    Found where the muscle is thick; beside that (over a wall of bone, or under its neighbour) drawn on.
    """
    top = uppermost_mm(muscle, heights_mm, np.nan)
    bottom = lowest_mm(muscle, heights_mm - spacing_mm, np.nan)
    thickness = np.nan_to_num(top - bottom)
    core = thickness > np.maximum(CORE_SHARE * thickness.max(axis=1, keepdims=True), 2 * CLEAR_MM)
    top, bottom = (filled(np.where(core, border, np.nan)) for border in (top, bottom))
    spread = np.array([LENGTHWISE_MM, 3.0]) / STEP_MM
    top, bottom = (ndimage.gaussian_filter(border, spread, mode="nearest") for border in (top, bottom))
    return top, bottom, core


def midline_mm(anatomy: Anatomy, z_mm: Floats) -> Floats:
    """Return the x of the row of spinous processes at heights `z_mm`, smoothed; the middle where there are none."""
    some = anatomy.tissues[::COARSE, ::COARSE]
    where: Mask = np.any(np.isin(some, MIDLINE), axis=1)
    x = anatomy.origin_mm[0] + anatomy.spacing_mm * np.arange(some.shape[2])
    z = anatomy.origin_mm[2] + anatomy.spacing_mm * COARSE * np.arange(some.shape[0])
    seen: Mask = np.any(where, axis=1)
    if not seen.any():
        return np.full(len(z_mm), x.mean())
    middle = (where[seen] * x).sum(axis=1) / where[seen].sum(axis=1)
    smooth = ndimage.gaussian_filter1d(np.interp(z, z[seen], middle), 8.0 / (COARSE * anatomy.spacing_mm))
    return np.interp(z_mm, z, smooth)


def _grid_around(anatomy: Anatomy, sign: float, z_mm: tuple[float, ...]) -> Grid:
    """Return the grid over the muscle of one side, with room beside it, and through the whole depth."""
    coarse = anatomy.tissues[::COARSE, ::COARSE, ::COARSE]
    step = COARSE * anatomy.spacing_mm
    muscle: Mask = np.any(np.isin(coarse, MUSCLE), axis=1)
    z = anatomy.origin_mm[2] + step * np.arange(coarse.shape[0])
    x = anatomy.origin_mm[0] + step * np.arange(coarse.shape[2])
    lateral = sign * (x[None, :] - midline_mm(anatomy, z)[:, None])
    near = (z >= min(z_mm) - LONG_MM) & (z <= max(z_mm) + LONG_MM)
    found = muscle & (lateral > 0.0) & near[:, None]
    if not found.any():
        raise GeometryError(f"no multifidus on that side around z = {', '.join(f'{one:.0f}' for one in z_mm)} mm")
    used = x[np.any(found, axis=0)]
    room = 3 * WALL_MM
    low = (max(used[0] - room, x[0]), anatomy.origin_mm[1], z[near][0])
    high = (min(used[-1] + room, anatomy.last_mm[0]), anatomy.last_mm[1], z[near][-1])
    return grid_over(low, high, STEP_MM)


def _floor(bone: Floats, bottom: Floats, clear_mm: float, part: Mask) -> Floats:
    """Return a smooth surface, (n_z, n_x), that keeps `clear_mm` from `bone` and `bottom` in the columns of `part`."""
    reach = int(np.ceil(clear_mm / STEP_MM))
    steps = STEP_MM * np.arange(-reach, reach + 1)
    ball = np.sqrt(np.maximum(clear_mm**2 - steps[:, None] ** 2 - steps[None, :] ** 2, 0.0))
    least = ndimage.grey_dilation(np.maximum(bone, bottom), structure=ball, mode="nearest")
    floor, missing = np.zeros_like(least), least
    for _ in range(4):
        missing = ndimage.maximum_filter(missing, size=round(SMOOTH_MM / STEP_MM) + 1, mode="nearest")
        floor += ndimage.gaussian_filter(missing, SMOOTH_MM / STEP_MM, mode="nearest")
        missing = np.where(part, np.maximum(least - floor, 0.0), 0.0)
    # What is still missing is added everywhere: a kink in the floor would pinch the muscle above it.
    cleared: Floats = floor + np.max(missing)
    return cleared


def _across(lateral: Floats, core: Mask, tall: Mask, clear_mm: float) -> Floats:
    """Return how much each column takes part, (n_z, n_x); walls follow the spine smoothly, so nothing swirls."""
    outer = np.where(core, lateral, -np.inf).max(axis=1)
    outer = _along(np.where(np.isfinite(outer), outer, outer[np.isfinite(outer)].mean()), 0.0)
    middle = 0.5 * outer[:, None]
    inner = np.where(tall & (lateral < middle), np.maximum(lateral, 0.0), 0.0).max(axis=1)
    outside = np.where(tall & (lateral >= middle), lateral, 1e3).min(axis=1)
    inner, outside = _along(inner, WALL_ALONG_MM) + clear_mm, -_along(-outside, WALL_ALONG_MM) - clear_mm
    fade = np.clip(0.4 * (outer - inner), LEAST_WALL_MM, WALL_MM)[:, None]
    outer = np.minimum(outer + WALL_MM, outside)[:, None]
    across: Floats = smooth_step((lateral - inner[:, None]) / fade) * smooth_step((outer - lateral) / fade)
    return across


def _along(bounds: Floats, reach_mm: float) -> Floats:
    """Return `bounds` (n_z,), each the largest within a window of `reach_mm`, then smoothed."""
    bounds = ndimage.maximum_filter1d(bounds, round(reach_mm / STEP_MM) + 1, mode="nearest")
    smooth: Floats = ndimage.gaussian_filter1d(bounds, SMOOTH_MM / STEP_MM, mode="nearest")
    return smooth
