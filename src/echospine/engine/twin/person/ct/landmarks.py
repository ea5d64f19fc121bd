"""Named places on the vertebrae of a scan, each on the surface of the bone that was found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from echospine.domain.labels import Side
from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Landmark, TissueMap
from echospine.engine.twin.person.ct.grids import Grid
from echospine.engine.twin.person.ct.vertebrae import Found
from echospine.engine.twin.tissues import Tissue

_SIDES = ((1, Side.LEFT), (-1, Side.RIGHT))
_STEP_MM = 0.1


def ct_landmarks(
    vertebrae: tuple[Found, ...], grid: Grid, bone_mm: npt.NDArray[np.float32], tissues: TissueMap
) -> dict[str, Landmark]:
    """Return the landmarks of all vertebrae by name, as of a made-up person; those not to be seen are left out."""
    found: list[Landmark] = []
    for n, vertebra in enumerate(vertebrae):
        found += _of_one(vertebra, grid, bone_mm, tissues)
        if n + 1 < len(vertebrae):
            found += _facets(vertebra, vertebrae[n + 1], grid, bone_mm, tissues)
    return {landmark.name: landmark for landmark in found}


def _of_one(vertebra: Found, grid: Grid, bone_mm: npt.NDArray[np.float32], tissues: TissueMap) -> Iterator[Landmark]:
    level, pose, tall = vertebra.level, vertebra.pose, vertebra.half[2]
    axes = pose.matrix[:3, :3]
    mine = vertebra.distance_mm < 0
    part, own = tissues[vertebra.where], np.stack(vertebra.own_mm, -1)
    yield Landmark("body_centre", level, Side.MIDLINE, pose.matrix[:3, 3])
    for kind, sign in (("upper_end_plate", 1), ("lower_end_plate", -1)):
        point = _first_bone(grid, bone_mm, pose.apply((0.0, 0.0, sign * (tall + 3.0))), -sign * axes[:, 2])
        yield from _named(kind, level, Side.MIDLINE, point)
    spinous = own[mine & (part == Tissue.SPINOUS_PROCESS)]
    if len(spinous):
        tip = spinous[np.argmax(spinous[:, 1])] + np.array((0.0, 8.0, 0.0))
        yield from _named("spinous_tip", level, Side.MIDLINE, _first_bone(grid, bone_mm, pose.apply(tip), -axes[:, 1]))
    for sign, side in _SIDES:
        beside = own[mine & (part == Tissue.TRANSVERSE_PROCESS) & (sign * own[..., 0] > 0)]
        if len(beside):
            tip = beside[np.argmax(sign * beside[:, 0])] + np.array((sign * 8.0, 0.0, 0.0))
            point = _first_bone(grid, bone_mm, pose.apply(tip), -sign * axes[:, 0])
            yield from _named("transverse_tip", level, side, point)
        plate = own[mine & (part == Tissue.LAMINA) & (sign * own[..., 0] > 5.0) & (sign * own[..., 0] < 12.0)]
        if len(plate):
            start = np.median(plate, axis=0) + np.array((0.0, 25.0, 0.0))
            yield from _named("lamina", level, side, _first_bone(grid, bone_mm, pose.apply(start), -axes[:, 1]))


def _facets(
    upper: Found, lower: Found, grid: Grid, bone_mm: npt.NDArray[np.float32], tissues: TissueMap
) -> Iterator[Landmark]:
    """The point of each joint that lies farthest back: where the gap between two vertebrae comes to the surface."""
    part = tissues[upper.where]
    own = np.stack(upper.own_mm, -1)
    gap = own[part == Tissue.FACET_GAP]
    height = upper.pose.inverse.apply(lower.pose.matrix[:3, 3])[2]
    back = upper.pose.matrix[:3, 1]
    for sign, side in _SIDES:
        near = gap[(sign * gap[:, 0] > 4.0) & (gap[:, 2] > height) & (gap[:, 2] < 0.0) & (gap[:, 1] > upper.half[1])]
        if len(near) < 3:
            continue
        rear = near[near[:, 1] >= np.quantile(near[:, 1], 0.8)].mean(axis=0)
        starts = [rear + np.array((aside, 20.0, 0.0)) for aside in (-3.0, -1.5, 0.0, 1.5, 3.0)]
        rays = (_first_bone(grid, bone_mm, upper.pose.apply(start), -back) for start in starts)
        hits = [hit for hit in rays if hit is not None]
        if hits:
            yield Landmark("facet", upper.level, side, max(hits, key=lambda point: float(point @ back)))


def _named(kind: str, level: str, side: Side, point: Floats | None) -> Iterator[Landmark]:
    if point is not None:
        yield Landmark(kind, level, side, point)


def _first_bone(grid: Grid, bone_mm: npt.NDArray[np.float32], start: Floats, direction: Floats) -> Floats | None:
    """Return where a ray first meets bone, mm, or None within 45 mm."""
    line = start + np.arange(0.0, 45.0, _STEP_MM)[:, None] * direction
    inside = grid.sample(bone_mm, line) < 0
    hits = np.flatnonzero(inside[1:] & ~inside[:-1]) + 1  # a start within the next bone is left first
    return None if hits.size == 0 else np.array(line[hits[0]])
