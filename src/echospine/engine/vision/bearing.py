"""Where a picture lies in the back, as a network estimates it from the picture alone."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError, ModelError
from echospine.domain.frames import Frame
from echospine.domain.poses import Pose
from echospine.domain.sights import ACROSS, Bearing

N_PLACE = 9
LATERAL_MM, ANGLE_DEG = 20.0, 15.0
"""Units of the network's output: what 1 stands for."""
STAYS = ("Patient", "Reference", "Tracker", "World")
"""Names of what stays while a tracked probe moves (PLUS), the nearest to the patient first."""


def bearing_of(place: npt.ArrayLike, square_mm: float | None) -> Bearing:
    """Return what the network's `place`, (9,), says.

    `square_mm`: edge of the network's square in the picture's millimetres, None where the picture is uncalibrated.
    The length of the pairs (cosine, sine) is how sure they are: a network that is trained to the least square error
    draws them towards zero where it doubts. Raises ModelError for another shape, or what is not finite.
    """
    values = np.asarray(place, np.float64).ravel()
    if values.shape != (N_PLACE,) or not np.all(np.isfinite(values)):
        raise ModelError(f"a place has {N_PLACE} finite values, not {values.size} of which some are not")
    along, lateral, cos2t, sin2t, cosp, sinp, tilt, rock, contact = (float(one) for one in values)
    turn = 0.5 * math.atan2(sin2t, cos2t)
    across = abs(turn) <= ACROSS
    return Bearing(
        along_mm=along * square_mm if across and square_mm is not None else None,
        lateral_mm=max(lateral, 0.0) * LATERAL_MM,
        turn_rad=turn,
        turn_sure=min(math.hypot(cos2t, sin2t), 1.0),
        phase_rad=math.atan2(sinp, cosp),
        phase_sure=min(math.hypot(cosp, sinp), 1.0),
        tilt_deg=tilt * ANGLE_DEG if across else None,
        rock_deg=rock * ANGLE_DEG,
        contact=min(max(contact, 0.0), 1.0),
    )


def held(frame: Frame) -> Pose | None:
    """Return how the picture is held in something that stays, axes of length 1; None where that is not tracked.

    "Probe" is here the middle of the picture's first row: x to the right of the picture, y into the body.
    """
    top = ((frame.geometry.width - 1) / 2.0, 0.0, 0.0)
    for stays in STAYS:
        try:
            image = frame.pose(stays, "Image")
        except GeometryError:
            continue
        across, into = (image.matrix[:3, n] / np.linalg.norm(image.matrix[:3, n]) for n in (0, 1))
        matrix = np.eye(4)
        matrix[:3, :3] = np.stack((across, into, np.cross(across, into)), axis=1)
        matrix[:3, 3] = image.apply(top)
        return Pose(stays, "Probe", matrix)
    return None


def moved_to_feet_mm(before: Pose, now: Pose, turn_rad: float) -> float:
    """Return by how much the probe moved along the spine towards the feet between two poses of it, mm.

    `turn_rad`: see Bearing; both poses take points of the probe to one frame that stays. Right for a picture that is
    held as is usual: its left is the patient's left across the spine, and the head along it.
    """
    if (before.target, before.source) != (now.target, now.source):
        raise ModelError(f"{before} and {now} are not poses of one thing in one frame")
    way = now.matrix[:3, 3] - before.matrix[:3, 3]
    to_feet = math.sin(turn_rad) * now.matrix[:3, 0] - math.cos(turn_rad) * now.matrix[:3, 2]
    return float(way @ to_feet)
