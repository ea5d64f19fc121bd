"""Looking into a body along the lines of a probe: where its skin is, what the first bone is, and how a probe sits.

All of it reads the resting anatomy, as a hand and an eye would before the first picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Mask
from echospine.engine.twin.anatomy import Anatomy, TissueMap
from echospine.engine.twin.motion.pressure import face_mm
from echospine.engine.twin.probe import Probe
from echospine.engine.twin.tissues import BONES, Tissue

STEP_MM = 0.5
"""Between the places on a line that are asked for."""
FAR_MM = 150.0
"""How far outside of what it looks at a line begins."""
DEEP_MM = 120.0
N_LINES = 65
MOST_DENT_MM = 9.0
"""How deep a hand presses a probe into soft tissue."""
DENT_SHARE = 0.4
"""Of the tissue over bone that a hand presses away at most."""
LEAST_DENT_MM = 0.5
TOUCH_MM = 0.6
"""So thin a gap is filled with gel, or is the step of a voxel."""
GAP_MM = 1.5
"""From here on gel does not fill the gap between face and skin, and the line sees nothing."""
MOST_FLUSH_DEG = 25.0
"""How far a probe is turned at most to lie flat on the skin."""

_OUTSIDE = (Tissue.AIR, Tissue.GEL)
_SOFTEN_MM = 9.0
"""Half the length over which the slope of the skin is taken across the probe."""


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """How a probe is held, less how deep it is pressed: unit vectors, Patient.

    `target_mm`: what lies on the middle line of the picture; `across`: to the picture's right; `into`: down the
    picture, into the body.
    """

    target_mm: Floats
    across: Floats
    into: Floats

    @property
    def aside(self) -> Floats:
        """Out of the picture: z of the Probe."""
        return np.cross(self.across, self.into)

    def turned(self, about: Floats, angle: float) -> Hold:
        """Return this hold, turned about an axis through the target by `angle`, radians, right-handed."""
        return Hold(self.target_mm, rotated(self.across, about, angle), rotated(self.into, about, angle))

    def shifted(self, by_mm: Floats) -> Hold:
        """Return this hold with its target moved."""
        return Hold(self.target_mm + by_mm, self.across, self.into)


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What each line of a probe meets, from the picture's left to its right, (n,).

    `bone`: first tissue that is bone, AIR where there is none; `tissues`: all that lies in front of it, ids,
    (n, n_steps), AIR behind it; `touches`: whether there is skin under the face at that line, (n,).
    """

    bone: TissueMap
    tissues: TissueMap
    touches: Mask

    def sees(self, wanted: frozenset[Tissue]) -> Mask:
        """Return which lines reach one of these tissues before any bone, or have it as their first bone, (n,)."""
        ids = [int(tissue) for tissue in wanted]
        found: Mask = self.touches & (np.isin(self.bone, ids) | np.isin(self.tissues, ids).any(axis=1))
        return found


def hold_at(target_mm: npt.ArrayLike, across: npt.ArrayLike, into: npt.ArrayLike) -> Hold:
    """Return a hold whose `into` is as given and whose `across` is as near as it can be."""
    down = np.asarray(into, np.float64)
    down = down / np.linalg.norm(down)
    right = np.asarray(across, np.float64)
    right = right - (right @ down) * down
    length = float(np.linalg.norm(right))
    if length < 1e-6:
        raise GeometryError("a probe cannot be held with its face along its own beam")
    return Hold(np.asarray(target_mm, np.float64), right / length, down)


def rotated(vector: Floats, about: Floats, angle: float) -> Floats:
    """Return `vector` turned about a unit vector by `angle`, radians (Rodrigues)."""
    turned: Floats = (
        np.cos(angle) * vector
        + np.sin(angle) * np.cross(about, vector)
        + (1.0 - np.cos(angle)) * (about @ vector) * about
    )
    return turned


def skin_mm(anatomy: Anatomy, starts_mm: Floats, into: Floats) -> Floats:
    """Return how far rays from `starts_mm` (n, 3) along `into` go before they enter the body, mm, NaN where never."""
    steps = np.arange(0.0, 2 * FAR_MM, STEP_MM)
    tissues = anatomy.tissue_at(starts_mm[:, None, :] + steps[:, None] * into)
    body = ~np.isin(tissues, [int(tissue) for tissue in _OUTSIDE])
    return np.where(body.any(axis=1), steps[np.argmax(body, axis=1)], np.nan)


def skin_over(anatomy: Anatomy, point_mm: Floats, into: Floats) -> Floats:
    """Return where a ray along `into` through a point enters the body, Patient, mm, (3,). Raises GeometryError."""
    start = point_mm - FAR_MM * into
    gone = float(skin_mm(anatomy, start[None], into)[0])
    if not np.isfinite(gone):
        raise GeometryError("the body has no skin there")
    return np.asarray(start + gone * into)


def half_width_mm(probe: Probe) -> float:
    """Return half the width of the face as the crow flies, mm."""
    return probe.width_mm / 2 if probe.radius_mm is None else probe.radius_mm * math.sin(probe.half_angle)


def flush(anatomy: Anatomy, hold: Hold, probe: Probe, *, lean: bool) -> Hold:
    """Return `hold`, turned in its plane until both ends of the face are as near to the skin; with `lean`, tilted too.

    Turned about the target, so that it stays in the middle of the picture.
    """
    for _ in range(3):
        hold = hold.turned(hold.aside, _slope(anatomy, hold, hold.across, 0.8 * half_width_mm(probe)))
        if lean:
            hold = hold.turned(hold.across, -_slope(anatomy, hold, hold.aside, _SOFTEN_MM))
    return hold


def _slope(anatomy: Anatomy, hold: Hold, along: Floats, half_mm: float) -> float:
    """Return by how much the skin falls away along a direction, radians."""
    places = np.array([-1.0, -0.6, 0.6, 1.0]) * half_mm
    starts = hold.target_mm - FAR_MM * hold.into + places[:, None] * along
    depth = skin_mm(anatomy, starts, hold.into)
    if not np.all(np.isfinite(depth)):
        raise GeometryError("the body has no skin where the probe would be held")
    angle = float(np.arctan(np.polyfit(places, depth, 1)[0]))
    most = math.radians(MOST_FLUSH_DEG)
    return min(max(angle, -most), most)


def seated(anatomy: Anatomy, hold: Hold, probe: Probe) -> Pose:
    """Return the probe in that hold, pressed in until its face touches, as far as tissue over bone allows.

    Raises GeometryError where there is no skin.
    """
    half = half_width_mm(probe)
    x = np.linspace(-half, half, N_LINES)
    starts = hold.target_mm - FAR_MM * hold.into + x[:, None] * hold.across
    skin = skin_mm(anatomy, starts, hold.into)
    if not np.any(np.isfinite(skin[np.abs(x) < 0.5 * half])):
        raise GeometryError("the body has no skin where the probe would be held")
    touching = skin - face_mm(probe, x)
    room = np.minimum(DENT_SHARE * _soft_mm(anatomy, starts, hold.into, skin), MOST_DENT_MM)
    deepest = float(np.nanmin(touching + np.maximum(room, LEAST_DENT_MM)))
    gone = min(float(np.nanmax(touching)) + LEAST_DENT_MM, deepest)
    return pose_of(hold, hold.target_mm + (gone - FAR_MM) * hold.into)


def _soft_mm(anatomy: Anatomy, starts_mm: Floats, into: Floats, skin: Floats) -> Floats:
    """Return how much soft tissue lies over the first bone behind the skin, mm, (n,); DEEP_MM where there is none."""
    steps = np.arange(0.0, DEEP_MM, STEP_MM)
    gone = np.nan_to_num(skin)[:, None] + steps
    bone = np.isin(anatomy.tissue_at(starts_mm[:, None, :] + gone[..., None] * into), [int(one) for one in BONES])
    return np.where(bone.any(axis=1), steps[np.argmax(bone, axis=1)], DEEP_MM)


def pose_of(hold: Hold, origin_mm: Floats) -> Pose:
    """Return the pose of a probe in that hold with the middle of its face at `origin_mm`."""
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = hold.across, hold.into, hold.aside
    matrix[:3, 3] = origin_mm
    return Pose("Patient", "Probe", matrix)


def look(anatomy: Anatomy, pose: Pose, probe: Probe, deep_mm: float = DEEP_MM) -> Sight:
    """Return what the lines of a probe at `pose` meet, down to `deep_mm` below its face."""
    places = np.linspace(-1.0, 1.0, N_LINES)
    if probe.radius_mm is None:
        x, angle = places * probe.width_mm / 2, np.zeros(N_LINES)
    else:
        angle = places * probe.half_angle
        x = probe.radius_mm * np.sin(angle)
    face = np.stack([x, face_mm(probe, x), np.zeros_like(x)], axis=-1)
    direction = np.stack([np.sin(angle), np.cos(angle), np.zeros_like(angle)], axis=-1)
    steps = np.arange(STEP_MM, deep_mm, STEP_MM)
    tissues = anatomy.tissue_at(pose.apply(face[:, None, :] + steps[:, None] * direction[:, None, :]))
    is_bone = np.isin(tissues, [int(one) for one in BONES])
    first = np.where(is_bone.any(axis=1), np.argmax(is_bone, axis=1), steps.size)
    seen = np.where(np.arange(steps.size) < first[:, None], tissues, np.uint8(Tissue.AIR))
    reached = np.minimum(first, steps.size - 1)
    bone = np.where(first < steps.size, tissues[np.arange(N_LINES), reached], np.uint8(Tissue.AIR))
    gap = np.isin(tissues[:, : round(GAP_MM / STEP_MM)], [int(one) for one in _OUTSIDE]).all(axis=1)
    return Sight(bone, seen, np.logical_not(gap))


def touching(anatomy: Anatomy, pose: Pose, probe: Probe) -> float:
    """Return the share of the face that touches the skin at rest, or is pressed into it, 0 to 1."""
    half = half_width_mm(probe)
    x = np.linspace(-half, half, N_LINES)
    face = pose.apply(np.stack([x, face_mm(probe, x), np.zeros_like(x)], axis=-1))
    behind = skin_mm(anatomy, face - 2 * MOST_DENT_MM * pose.matrix[:3, 1], pose.matrix[:3, 1])
    return float(np.mean(behind <= 2 * MOST_DENT_MM + TOUCH_MM))
