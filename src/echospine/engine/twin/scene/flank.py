"""The dent of a probe that is held from the side: on the flank, where heights over the back say nothing of the skin."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from echospine.domain.poses import Pose
from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Displacement
from echospine.engine.twin.motion import Back
from echospine.engine.twin.motion.back import GIVE_DEPTH_MM
from echospine.engine.twin.motion.fields import on_grid, smooth_step
from echospine.engine.twin.motion.pressure import BONE_REACH_MM, RIM_MM, SKIRT_MM, face_mm
from echospine.engine.twin.probe import Probe
from echospine.engine.twin.scene.looking import half_width_mm, skin_mm

UPRIGHT = 0.7
"""Cosine of the angle between beam and back, up to which a probe is held from the side."""
STEP_MM = 2.0
BEFORE_MM = 40.0
"""How far outside of the face skin is looked for."""


def is_aside(pose: Pose) -> bool:
    """Return whether a probe is held from the side rather than from the back."""
    return bool(abs(pose.matrix[1, 1]) < UPRIGHT)


def press_aside(probe: Probe, pose: Pose, anatomy: Anatomy, back: Back) -> Displacement:
    """Return where tissue is under a probe held from the side, on the grid of `back`.

    Skin is pushed along the beam until it lies on the face; what arrives below dies away with depth, and at bone.
    """
    inner_x, inner_z = half_width_mm(probe) + RIM_MM, probe.elevation_mm / 2 + RIM_MM
    x, z = (np.arange(-most - SKIRT_MM, most + SKIRT_MM + STEP_MM, STEP_MM) for most in (inner_x, inner_z))
    dent, skin = _dent(probe, pose, anatomy, (x, z))
    knots = pose.inverse.apply(back.grid.knots_mm)
    place = np.stack([(knots[..., 0] - x[0]) / STEP_MM, (knots[..., 2] - z[0]) / STEP_MM])
    pushed = map_coordinates(dent, place, order=1, mode="constant", cval=0.0)
    depth = np.maximum(knots[..., 1] - map_coordinates(skin, place, order=1, mode="nearest"), 0.0)
    held = smooth_step((back.clearance_mm + np.maximum(BONE_REACH_MM - depth, 0.0)) / BONE_REACH_MM)
    amount = pushed * np.exp(-depth / GIVE_DEPTH_MM) * held
    return on_grid(back.grid, amount[..., None] * pose.matrix[:3, 1])


def _dent(probe: Probe, pose: Pose, anatomy: Anatomy, axes: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Return how far the skin is pushed in, and where it lies at rest (y of Probe), mm, over x and z, (n_x, n_z)."""
    x, z = np.meshgrid(*axes, indexing="ij")
    starts = pose.apply(np.stack([x, np.full_like(x, -BEFORE_MM), z], axis=-1)).reshape(-1, 3)
    skin = skin_mm(anatomy, starts, pose.matrix[:3, 1]).reshape(x.shape) - BEFORE_MM
    inner_x, inner_z = half_width_mm(probe) + RIM_MM, probe.elevation_mm / 2 + RIM_MM
    nearest = np.clip(x, -inner_x, inner_x)
    away = np.hypot(x - nearest, z - np.clip(z, -inner_z, inner_z))
    dent = np.maximum(face_mm(probe, nearest) - np.nan_to_num(skin, nan=BEFORE_MM), 0.0)
    return dent * (1.0 - smooth_step(away / SKIRT_MM)), np.nan_to_num(skin, nan=BEFORE_MM)
