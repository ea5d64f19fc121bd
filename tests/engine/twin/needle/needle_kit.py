"""What the tests of needles share: a probe on a layered back, and needles that come in under it."""

from __future__ import annotations

from functools import cache

import numpy as np

from echospine.domain.poses import Pose
from echospine.engine.twin.anatomy import Anatomy
from layered import layered_back

SKIN_Y = 90.5


@cache
def anatomy() -> Anatomy:
    return layered_back()


def probe_pose(x_mm: float = 0.0, z_mm: float = 75.0, height_mm: float = SKIN_Y) -> Pose:
    """A probe across the spine: x of the Probe along x of the Patient, y into the body, z towards the feet."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([1.0, -1.0, -1.0])
    matrix[:3, 3] = (x_mm, height_mm, z_mm)
    return Pose("Patient", "Probe", matrix)


def slanted(angle_deg: float) -> np.ndarray:
    """Direction in the picture plane, `angle_deg` below the skin, towards positive x."""
    angle = np.radians(angle_deg)
    return np.array([np.cos(angle), -np.sin(angle), 0.0])
