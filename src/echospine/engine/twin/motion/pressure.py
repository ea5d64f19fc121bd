"""The pressure of a probe: skin lies on its face, fat gives way more than muscle, bone not at all."""

from __future__ import annotations

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats
from echospine.engine.twin.body import Displacement
from echospine.engine.twin.motion.back import Back
from echospine.engine.twin.motion.fields import displacement_at, on_grid, smooth_step
from echospine.engine.twin.probe import Probe

RIM_MM = 3.0
"""Housing around the elements: the face that touches is so much wider than the elements, on every side."""
SKIRT_MM = 12.0
"""Distance from the face over which the dent in the skin fades."""
BONE_REACH_MM = 5.0
"""Within this distance of bone, tissue is held by it."""
MOST_SHARE = 0.75
"""Largest share of the soft tissue over bone that can be pressed away."""


def press(probe: Probe, pose: Pose, back: Back, before: Displacement | None = None) -> Displacement:
    """Return where tissue is under a probe whose face stands at `pose` (Probe to Patient), on the grid of `back`.

    Skin that would lie behind the face is pushed along the axis of the probe until it lies on the face; how much of
    that arrives below is `Back.give`. `before`: how tissue has moved for other reasons (a contraction that lifts the
    skin), to which this is to be added. A probe that does not touch moves nothing.
    Raises GeometryError where the face is pressed into bone or nearly so.
    """
    if (pose.target, pose.source) != ("Patient", "Probe"):
        raise GeometryError(f"pressure needs ProbeToPatient, not {pose}")
    dent, lifted = dent_mm(probe, pose, back, before)
    spare = MOST_SHARE * (back.skin_mm - back.bone_mm + np.maximum(lifted, 0.0)) - dent
    if np.any((spare < -1e-6) & (dent > 0.0)):
        raise GeometryError(f"the probe is pressed {-spare.min():.1f} mm deeper than tissue over bone allows: lift it")
    share = back.give * _held_by_bone(back)
    axis = pose.matrix[:3, 1]
    vectors = (dent[:, None, :] * share)[..., None].astype(np.float32) * axis.astype(np.float32)
    return on_grid(back.grid, vectors)


def dent_mm(probe: Probe, pose: Pose, back: Back, before: Displacement | None = None) -> tuple[Floats, Floats]:
    """Return how far the skin of each column is pushed in along the axis of the probe, mm, (n_z, n_x).

    And how far `before` has lifted it towards the back, mm, likewise.
    """
    z, x = np.meshgrid(back.grid.axis_mm(2), back.grid.axis_mm(0), indexing="ij")
    rest = np.stack([x, back.skin_mm, z], axis=-1)
    moves = np.zeros_like(rest) if before is None else displacement_at(before, rest)
    skin = pose.inverse.apply(rest + moves)
    half_x, half_z = _half_width_mm(probe) + RIM_MM, probe.elevation_mm / 2 + RIM_MM
    inner_x, inner_z = np.clip(skin[..., 0], -half_x, half_x), np.clip(skin[..., 2], -half_z, half_z)
    away = np.hypot(skin[..., 0] - inner_x, skin[..., 2] - inner_z)
    fade = 1.0 - smooth_step(away / SKIRT_MM)
    pushed: Floats = np.maximum(face_mm(probe, inner_x) - skin[..., 1], 0.0) * fade
    return pushed, moves[..., 1]


def riding(pose: Pose, displacement: Displacement) -> Pose:
    """Return the pose (Probe to Patient) of a probe that a hand lets ride on the skin under the middle of its face."""
    matrix = pose.matrix.copy()
    axis = matrix[:3, 1]
    matrix[:3, 3] += (displacement_at(displacement, pose.matrix[:3, 3]) @ axis) * axis
    return Pose(pose.target, pose.source, matrix)


def face_mm(probe: Probe, x_mm: Floats) -> Floats:
    """Return the height y of the face at `x_mm`, Probe frame, mm: 0 in the middle, below zero where it curves back."""
    if probe.radius_mm is None:
        return np.zeros_like(x_mm)
    inner = np.minimum(np.abs(x_mm), 0.999 * probe.radius_mm)
    curved: Floats = np.sqrt(probe.radius_mm**2 - inner**2) - probe.radius_mm
    return curved


def _half_width_mm(probe: Probe) -> float:
    if probe.radius_mm is None:
        return probe.width_mm / 2
    return float(probe.radius_mm * np.sin(probe.half_angle))


def _held_by_bone(back: Back) -> Floats:
    """Return 0 where bone holds the tissue and 1 away from it, and at the skin, however near the bone."""
    below_skin = np.maximum(back.skin_mm[:, None, :] - back.grid.axis_mm(1)[None, :, None], 0.0)
    reach = np.minimum(BONE_REACH_MM, back.clearance_mm + below_skin)
    return smooth_step(back.clearance_mm / np.maximum(reach, 1e-6))
