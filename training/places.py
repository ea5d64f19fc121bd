"""Where a probe is in words that a picture can tell: beside which midline, how turned, between which processes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from echospine.domain.poses import Pose
from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.probe import Probe
from echospine.engine.twin.scene.looking import touching

LOOKED_AT_MM = 20.0
"""Depth of the point in the middle of the picture by which its place is told."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture lies in the back.

    `along_mm`: from the middle of the picture to the midline along the picture's x; `lateral_mm`: from the midline to
    the middle of the picture, towards the patient's left; `turn_rad`: of the picture's x axis, 0 from the patient's
    left to the right, pi / 2 from head to feet; `phase_rad`: along the spine, 0 at the tip of a spinous process, rising
    by 2 pi to the next one towards the feet; `tilt_deg`, `rock_deg`: of the beam off straight forward, about the
    picture's x axis and within its plane; `contact`: share of the face on skin.
    """

    along_mm: float
    lateral_mm: float
    turn_rad: float
    phase_rad: float
    tilt_deg: float
    rock_deg: float
    contact: float


def place_of(anatomy: Anatomy, pose: Pose, probe: Probe) -> Place:
    """Return where the picture of a probe at `pose` (Patient <- Probe) lies."""
    across, into = pose.matrix[:3, 0], pose.matrix[:3, 1]
    looked_at = pose.matrix[:3, 3] + LOOKED_AT_MM * into
    tips = _tips(anatomy)
    midline_x = float(np.interp(-looked_at[2], -tips[:, 2], tips[:, 0]))
    lateral = float(looked_at[0]) - midline_x
    straight = pose.matrix[:3, :3].T @ np.array([0.0, -1.0, 0.0])
    return Place(
        along_mm=-lateral * float(across[0]) if abs(across[0]) > 0.3 else math.nan,
        lateral_mm=lateral,
        turn_rad=math.atan2(-float(across[2]), -float(across[0])),
        phase_rad=_phase(tips[:, 2], float(looked_at[2])),
        tilt_deg=math.degrees(math.atan2(straight[2], straight[1])),
        rock_deg=math.degrees(math.atan2(straight[0], straight[1])),
        contact=touching(anatomy, pose, probe),
    )


def _tips(anatomy: Anatomy) -> Floats:
    """Return the tips of spinous processes from the head down, (n, 3), Patient, mm."""
    names = [name for name in anatomy.landmarks if name.endswith("_spinous_tip")]
    tips = np.array([anatomy.landmarks[name].point_mm for name in names])
    return np.asarray(tips[np.argsort(-tips[:, 2])])


def _phase(heights_mm: Floats, z_mm: float) -> float:
    """Return the phase of a height among those of the tips (falling), radians, from 0 to 2 pi."""
    index = float(np.interp(-z_mm, -heights_mm, np.arange(len(heights_mm), dtype=np.float64)))
    if z_mm > heights_mm[0]:
        index = (heights_mm[0] - z_mm) / (heights_mm[0] - heights_mm[1])
    if z_mm < heights_mm[-1]:
        index = (heights_mm[-1] - z_mm) / (heights_mm[-2] - heights_mm[-1])
    return 2.0 * math.pi * (index % 1.0)
