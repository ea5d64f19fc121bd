"""Where a picture lies in the back, as a network estimates it from the picture alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import ModelError
from echospine.domain.poses import Pose

N_PLACE = 9
LATERAL_MM, ANGLE_DEG = 20.0, 15.0
"""Units of the network's output: what 1 stands for."""
ACROSS = math.radians(35.0)
"""A picture turned no further than this lies across the spine; one as near to a right angle lies along it."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """Where a picture lies in the back; None where that cannot be told.

    `along_mm`: from the picture's middle to the midline along the picture's x, to the right above zero; `lateral_mm`:
    from the midline to the picture's middle, whichever side; `turn_rad`: of the picture's x axis, -pi/2 to pi/2, 0 from
    the patient's left to the right, pi/2 from head to feet, and `turn_sure`, 0 to 1; `phase_rad`: along the spine, 0 at
    the tip of a spinous process, pi half-way to the next one towards the feet, and `phase_sure`; `tilt_deg`: of the
    beam off straight forward about the picture's x axis, above zero towards the feet where the picture lies across;
    `rock_deg`: within the picture, above zero towards its left; `contact`: share of the probe's face on skin.
    """

    along_mm: float | None
    lateral_mm: float
    turn_rad: float
    turn_sure: float
    phase_rad: float
    phase_sure: float
    tilt_deg: float | None
    rock_deg: float
    contact: float

    @property
    def across(self) -> bool:
        """Whether the picture lies across the spine."""
        return abs(self.turn_rad) <= ACROSS

    @property
    def lengthwise(self) -> bool:
        """Whether the picture lies along the spine."""
        return abs(self.turn_rad) >= math.pi / 2 - ACROSS


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
