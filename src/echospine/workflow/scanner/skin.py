"""The skin of a trunk as its distance from an axis along the spine: one map for the back and both flanks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, Mask, frozen
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.tissues import Tissue

AROUND_DEG = 90.0
"""How far to either side of straight up the skin is told: down to the level of the axis."""
AROUND_STEP_DEG = 1.5
Z_STEP_MM = 4.0
AXIS_MM = 8.0
"""Height of the axis over the floor of the volume."""
SMOOTH = (0.7, 0.9)
"""Smoothing in steps of the map: voxels make stairs."""
_OUTSIDE = (Tissue.AIR, Tissue.GEL)


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """Distances of the skin from an axis, mm, Patient frame.

    `axis_mm`: where the axis is, (x, y); `radii_mm`: (rows, columns), row by row towards the head from `z0_mm` on,
    columns by angle from straight up, from `around0_deg` on, to the left above zero.
    """

    axis_mm: tuple[float, float]
    around0_deg: float
    around_step_deg: float
    z0_mm: float
    z_step_mm: float
    radii_mm: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "radii_mm", frozen(self.radii_mm))

    def depth_mm(self, points_mm: Floats) -> Floats:
        """Return how far points (n, 3) lie behind the skin, towards the axis; below zero outside."""
        x, y = points_mm[:, 0] - self.axis_mm[0], points_mm[:, 1] - self.axis_mm[1]
        columns = (np.degrees(np.arctan2(x, y)) - self.around0_deg) / self.around_step_deg
        rows = (points_mm[:, 2] - self.z0_mm) / self.z_step_mm
        radii = ndimage.map_coordinates(self.radii_mm, np.stack([rows, columns]), order=1, mode="nearest")
        depth: Floats = radii - np.hypot(x, y)
        return depth


def skin_of(anatomy: Anatomy) -> Skin:
    """Return the skin of the back and the flanks, smooth. Raises GeometryError where there is no body."""
    axis = (float((anatomy.origin_mm[0] + anatomy.last_mm[0]) / 2), float(anatomy.origin_mm[1]) + AXIS_MM)
    around = np.arange(-AROUND_DEG, AROUND_DEG + 1e-6, AROUND_STEP_DEG)
    z0 = float(anatomy.origin_mm[2])
    z = np.arange(z0, float(anatomy.last_mm[2]) + 1e-6, Z_STEP_MM)
    away = np.arange(0.0, float(np.hypot(anatomy.last_mm[0] - axis[0], anatomy.last_mm[1] - axis[1])), 0.5)
    body = _body(anatomy, axis, around, z, away)
    if not body.any():
        raise GeometryError("this patient has no skin where a scanner looks for it")
    last = away.size - 1 - np.argmax(body[..., ::-1], axis=-1)
    radii = np.where(body.any(axis=-1), away[last] + 0.25, np.nan)
    radii = np.where(np.isnan(radii), np.nanmedian(radii), radii)
    smooth = ndimage.gaussian_filter(radii, SMOOTH, mode="nearest")
    return Skin(axis, float(around[0]), AROUND_STEP_DEG, z0, Z_STEP_MM, smooth)


def _body(anatomy: Anatomy, axis: tuple[float, float], around: Floats, z: Floats, away: Floats) -> Mask:
    """Return whether there is tissue at each height, angle and distance from the axis, (n_z, n_around, n_away)."""
    turn = np.radians(around)[:, None]
    x, y = axis[0] + away * np.sin(turn), axis[1] + away * np.cos(turn)
    shape = (z.size, around.size, away.size)
    points = np.stack(np.broadcast_arrays(x[None], y[None], z[:, None, None]), axis=-1).reshape(*shape, 3)
    body: Mask = ~np.isin(anatomy.tissue_at(points), _OUTSIDE)
    return body
