"""What motion needs to know of a back: where skin, fascia and bone lie, and how easily each place gives way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, Mask, frozen
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM, Anatomy, TissueMap
from echospine.engine.twin.motion.fields import Grid
from echospine.engine.twin.tissues import BONES, Tissue

FASCIA = frozenset({Tissue.FASCIA, Tissue.FASCIA_LOOSE})
OUTSIDE = frozenset({Tissue.AIR, Tissue.GEL})
NEAR_MM = 4.9
"""Up to here `Anatomy.bone_distance` tells the distance; farther on it is counted on coarser blocks."""
BLOCK_MM = 1.5
FAR_MM = 100.0
GIVE_DEPTH_MM = 45.0
"""Depth over which strain under a probe falls to 1/e: about the width of its face (Saint-Venant)."""
COMPLIANCE: dict[Tissue, float] = {
    Tissue.FAT: 1.0,
    Tissue.SKIN: 0.3,
    Tissue.FASCIA: 0.15,
    Tissue.LIGAMENTUM_FLAVUM: 0.05,
    Tissue.INTERSPINOUS: 0.1,
    Tissue.DISC: 0.02,
}
"""Strain of each tissue under the same pressure, relative to fat; every other soft tissue: MUSCLE_COMPLIANCE."""
MUSCLE_COMPLIANCE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Back:
    """One anatomy seen from the knots of one grid; everything in mm, Patient, heights along y (towards the back).

    `skin_mm`, `bone_mm`: height of the skin and of the first bone below it, (n_z, n_x); `fascia_mm`: height of the
    middle of the posterior fascia, and `fascia_thickness_mm`, NaN throughout where there is none;
    `clearance_mm`: (n_z, n_y, n_x), how far each knot is from bone, less the diagonal of a cell, at least 0, so that
    a field that is zero where the clearance is zero does not move any bone between knots either;
    `give`: (n_z, n_y, n_x), share of an indentation of the skin that arrives at each knot: 1 at the skin, 0 at bone.
    """

    grid: Grid
    skin_mm: Floats
    bone_mm: Floats
    fascia_mm: Floats
    fascia_thickness_mm: Floats
    clearance_mm: Floats
    give: Floats

    def __post_init__(self) -> None:
        n_z, n_y, n_x = self.grid.shape
        for name in ("skin_mm", "bone_mm", "fascia_mm", "fascia_thickness_mm", "clearance_mm", "give"):
            array = frozen(getattr(self, name))
            object.__setattr__(self, name, array)
            if array.shape not in ((n_z, n_x), (n_z, n_y, n_x)):
                raise GeometryError(f"{name} of shape {array.shape} does not fit a grid of {self.grid.shape}")


def survey_back(anatomy: Anatomy, grid: Grid) -> Back:
    """Return what motion needs to know of `anatomy` at the knots of `grid`; takes some tenths of a second.

    Raises GeometryError where `grid` does not touch the body.
    """
    columns = columns_of(anatomy, grid)
    top_mm = tops_mm(anatomy)
    body = ~_is_one_of(columns, OUTSIDE)
    if not body.any():
        raise GeometryError("the grid does not touch the body")
    skin = filled(uppermost_mm(body, top_mm, np.nan))
    bone = uppermost_mm(_is_one_of(columns, BONES), top_mm, top_mm[0])
    fascia, thickness = _fascia(columns, top_mm, anatomy.spacing_mm)
    clearance = np.maximum(bone_distance_mm(anatomy, grid) - float(np.linalg.norm(grid.spacing_mm)), 0.0)
    give = _give(columns, anatomy, grid, skin, bone)
    return Back(grid, skin, bone, fascia, thickness, clearance, give)


def columns_of(anatomy: Anatomy, grid: Grid) -> TissueMap:
    """Return the tissues along y at the (z, x) knots of `grid`, nearest voxels, (n_z, voxels along y, n_x)."""
    z, x = (_nearest(anatomy, grid, axis) for axis in (2, 0))
    found: TissueMap = anatomy.tissues[z[:, None], :, x[None, :]].transpose(0, 2, 1)
    return found


def _nearest(anatomy: Anatomy, grid: Grid, axis: int) -> npt.NDArray[np.int64]:
    index = np.rint((grid.axis_mm(axis) - anatomy.origin_mm[axis]) / anatomy.spacing_mm)
    found: npt.NDArray[np.int64] = np.clip(index, 0, anatomy.tissues.shape[2 - axis] - 1).astype(np.int64)
    return found


def tops_mm(anatomy: Anatomy) -> Floats:
    """Return the height of the upper face of each voxel along y, mm."""
    steps = np.arange(anatomy.tissues.shape[1]) + 0.5
    return frozen(anatomy.origin_mm[1] + anatomy.spacing_mm * steps)


def _is_one_of(tissues: TissueMap, wanted: frozenset[Tissue]) -> Mask:
    table = np.zeros(256, np.bool_)
    table[[int(tissue) for tissue in wanted]] = True
    found: Mask = table[tissues]
    return found


def uppermost_mm(mask: Mask, heights_mm: Floats, missing: float) -> Floats:
    """Return the height of the uppermost voxel of `mask` in each column, mm, (n_z, n_x)."""
    last = mask.shape[1] - 1 - np.argmax(mask[:, ::-1], axis=1)
    found: Floats = np.where(mask.any(axis=1), heights_mm[last], missing)
    return found


def lowest_mm(mask: Mask, heights_mm: Floats, missing: float) -> Floats:
    """Return the height of the lowest voxel of `mask` in each column, mm, (n_z, n_x)."""
    found: Floats = np.where(mask.any(axis=1), heights_mm[np.argmax(mask, axis=1)], missing)
    return found


def filled(heights: Floats) -> Floats:
    """Return `heights` with NaN taken from the nearest column that has a value."""
    gaps = np.isnan(heights)
    if gaps.all() or not gaps.any():
        return heights
    nearest = ndimage.distance_transform_edt(gaps, return_distances=False, return_indices=True)
    found: Floats = heights[tuple(nearest)]
    return found


def _fascia(columns: TissueMap, top_mm: Floats, spacing_mm: float) -> tuple[Floats, Floats]:
    """Return height of the middle and thickness of the first fascia below the skin, mm, each (n_z, n_x).

    Smoothed over neighbouring columns: one voxel is a quarter of the fascia.
    """
    mask = _is_one_of(columns, FASCIA)
    upper = uppermost_mm(mask, top_mm, np.nan)
    if np.isnan(upper).all():
        return upper, upper
    below = ~mask & (top_mm[None, :, None] < np.nan_to_num(upper, nan=-np.inf)[:, None, :])
    lower = uppermost_mm(below, top_mm, top_mm[0] - spacing_mm)
    middle, thickness = (filled(values) for values in ((upper + lower) / 2, upper - lower))
    thickness = ndimage.median_filter(thickness, size=3, mode="nearest")
    return ndimage.gaussian_filter(middle, 0.7, mode="nearest"), thickness


def bone_distance_mm(anatomy: Anatomy, grid: Grid) -> Floats:
    """Return how far each knot is from bone, mm, never too much; 0 inside bone, (n_z, n_y, n_x)."""
    if not anatomy.bone_distance.size:
        return np.full(grid.shape, FAR_MM)
    blocks, corner, step = _bone_blocks(anatomy, grid)
    far = np.full(blocks.shape, FAR_MM)
    if blocks.any():
        far = ndimage.distance_transform_edt(~blocks, sampling=step)
    knots = grid.knots_mm
    distance = ndimage.map_coordinates(far, np.moveaxis((knots - corner) / step, -1, 0)[::-1], order=1, mode="nearest")
    place = np.moveaxis((knots - anatomy.origin_mm) / anatomy.spacing_mm, -1, 0)[::-1]
    near = ndimage.map_coordinates(anatomy.bone_distance, place, order=1, mode="nearest", output=np.float64)
    near *= DISTANCE_STEP_MM
    distance = np.maximum(distance - np.sqrt(3.0) * step, NEAR_MM)
    found: Floats = np.where(near < NEAR_MM, np.maximum(near, 0.0), distance)
    return found


def _bone_blocks(anatomy: Anatomy, grid: Grid) -> tuple[Mask, Floats, float]:
    """Return blocks that hold any bone around `grid`, the middle of the first (x, y, z) and their edge, mm."""
    h, size = anatomy.spacing_mm, max(1, round(BLOCK_MM / anatomy.spacing_mm))
    margin = np.full(3, 20.0)
    low = np.floor((grid.origin_mm - margin - anatomy.origin_mm) / h).astype(int)
    high = np.ceil((grid.last_mm + margin - anatomy.origin_mm) / h).astype(int) + 1
    counts = np.array(anatomy.tissues.shape[::-1])
    low, high = np.clip(low, 0, counts - 1), np.clip(high, 1, counts)
    x, y, z = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    bone = _is_one_of(anatomy.tissues[z, y, x], BONES)
    bone = np.pad(bone, [(0, -n % size) for n in bone.shape])
    shape = [part for n in bone.shape for part in (n // size, size)]
    corner = anatomy.origin_mm + h * low + h * (size - 1) / 2
    blocks: Mask = np.any(bone.reshape(shape), axis=(1, 3, 5))
    return blocks, frozen(corner), h * size


def _give(columns: TissueMap, anatomy: Anatomy, grid: Grid, skin: Floats, bone: Floats) -> Floats:
    """Return the share of an indentation that arrives at each knot: springs in series from bone to skin."""
    table = np.full(256, MUSCLE_COMPLIANCE)
    for tissue in Tissue:
        table[tissue] = 0.0 if tissue in BONES else COMPLIANCE.get(tissue, MUSCLE_COMPLIANCE)
    table[[int(tissue) for tissue in OUTSIDE]] = COMPLIANCE[Tissue.SKIN]
    top_mm = tops_mm(anatomy)
    depth = skin[:, None, :] - top_mm[None, :, None]
    springs = table[columns] * np.exp(-np.maximum(depth, 0.0) / GIVE_DEPTH_MM)
    springs[top_mm[None, :, None] <= bone[:, None, :]] = 0.0
    # One knot above the skin the line goes on, so that the skin between two knots follows its dent in full.
    springs[depth < -grid.spacing_mm[1] - 1e-6] = 0.0
    whole = np.maximum(np.sum(springs * (depth > -1e-6), axis=1, keepdims=True), 1e-9)
    total = np.cumsum(springs, axis=1)
    place = (grid.axis_mm(1) - top_mm[0]) / anatomy.spacing_mm
    lower = np.clip(np.floor(place).astype(int), 0, len(top_mm) - 2)
    share = np.clip(place - lower, 0.0, 1.0)[None, :, None]
    found: Floats = ((1.0 - share) * total[:, lower] + share * total[:, lower + 1]) / whole
    return found
