"""The course of a needle: where it goes in, where it goes to, and when; found free of bone, and clear of the probe."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Mask, frozen
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.motion.pressure import RIM_MM, face_mm
from echospine.engine.twin.needle import Needle, NeedlePose, aimed, shaft_mm
from echospine.engine.twin.probe import Probe
from echospine.engine.twin.scene.hand import blamed
from echospine.engine.twin.scene.looking import half_width_mm, skin_over
from echospine.engine.twin.scene.places import TISSUES_AIMED_AT, place_mm, points_of
from echospine.engine.twin.scene.record import Insertion, PictureSide, Place, SceneFault
from echospine.engine.twin.tissues import BONES

BEYOND_MM = (8.0, 12.0, 16.0, 20.0, 26.0, 32.0, 40.0, 50.0)
"""How far beyond the end of the probe an entry is looked for."""
HOUSING_MM = 90.0
"""Height of the probe above its face."""
TOUCH_MM = 2.0
"""The last of the way may lie in bone: a tip that touches it."""
SETTLE_S = 0.4
"""From arrival to injection."""
STEP_MM = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A needle over time: put in from `start_s` on until `whole` is in. `target_mm`: where it is to go, at rest."""

    insertion: Insertion
    whole: NeedlePose
    target_mm: Floats
    start_s: float

    @property
    def needle(self) -> Needle:
        """What is put in."""
        return self.insertion.needle

    @property
    def arrives_s(self) -> float:
        """When the tip is where it goes."""
        return self.start_s + self.whole.inserted_mm / self.insertion.speed_mm_s

    def at(self, t_s: float) -> NeedlePose | None:
        """Return where the needle is at a time, None before it is put in."""
        if t_s < self.start_s:
            return None
        gone = min((t_s - self.start_s) * self.insertion.speed_mm_s, self.whole.inserted_mm)
        return replace(self.whole, inserted_mm=gone)


def lay_course(insertion: Insertion, anatomy: Anatomy, pose: Pose, probe: Probe, where: int) -> Course:
    """Return the course of a needle beside a probe at `pose`.

    Raises SceneFault where the target does not exist, is out of reach, or the way goes through bone or the probe.
    """
    with blamed(("steps", where, "aim")):
        named = place_mm(anatomy, insertion.aim)
    tries = [
        _whole(insertion, anatomy, pose, probe, (target, side, beyond))
        for side in _sides(insertion, pose)
        for beyond in ((insertion.beyond_mm,) if insertion.beyond_mm is not None else BEYOND_MM)
        for target in _targets(insertion.aim, named, anatomy, pose)
    ]
    faults = [one for one in tries if isinstance(one, str)]
    good = [one for one in tries if not isinstance(one, str)]
    if not good:
        raise SceneFault(faults[0], ("steps", where))
    whole, target = min(good, key=lambda one: (float(np.linalg.norm(one[1] - named)), one[0].inserted_mm))
    return Course(insertion, whole, frozen(target), insertion.at_s)


def _sides(insertion: Insertion, pose: Pose) -> tuple[float, ...]:
    """Return the ends of the face (-1 left, 1 right in the picture) from which the needle may come."""
    if insertion.enters is not None:
        return (-1.0 if insertion.enters is PictureSide.LEFT else 1.0,)
    outwards = {Side.LEFT: 1.0, Side.RIGHT: -1.0}.get(insertion.aim.side, 0.0) * pose.matrix[0, 0]
    return (1.0, -1.0) if abs(outwards) < 0.3 else (float(np.sign(outwards)),)


def _targets(aim: Place, named: Floats, anatomy: Anatomy, pose: Pose) -> list[Floats]:
    """Return where to go: a landmark, or the places of a tissue in the plane, the nearest to the named one first."""
    if aim.kind not in TISSUES_AIMED_AT:
        return [named]
    points = points_of(anatomy, TISSUES_AIMED_AT[aim.kind][0], named)
    inside = points[np.abs((points - pose.matrix[:3, 3]) @ pose.matrix[:3, 2]) < 1.5]
    near = inside[np.linalg.norm(inside - named, axis=1) < 20.0]
    order = np.argsort(np.linalg.norm(near - named, axis=1), kind="stable")[:: max(1, len(near) // 12)]
    return [named, *near[order][:12]]


def _whole(
    insertion: Insertion, anatomy: Anatomy, pose: Pose, probe: Probe, choice: tuple[Floats, float, float]
) -> tuple[NeedlePose, Floats] | str:
    """Return the needle put in whole, or why it cannot be."""
    target, side, beyond = choice
    beside = np.array([side * (half_width_mm(probe) + RIM_MM + beyond), 0.0, 0.0])
    in_plane = pose.inverse.apply(target)
    beside[2] = in_plane[2]
    try:
        entry = skin_over(anatomy, pose.apply(beside), pose.matrix[:3, 1])
    except GeometryError:
        return f"there is no skin {beyond:g} mm beyond the end of the probe for a needle to go in"
    tip = target + insertion.out_of_plane_mm * pose.matrix[:3, 2]
    way = tip - entry
    tip = tip - insertion.stop_short_mm * way / np.linalg.norm(way)
    try:
        whole = aimed(insertion.needle, entry, tip, insertion.roll_deg)
    except GeometryError as error:
        return str(error)
    return _fault(insertion.needle, whole, anatomy, pose, probe) or (whole, target)


def _fault(needle: Needle, whole: NeedlePose, anatomy: Anatomy, pose: Pose, probe: Probe) -> str | None:
    outside = np.arange(whole.inserted_mm - needle.length_mm, 0.0, STEP_MM)
    if len(outside) and bool(np.any(_in_housing(probe, pose.inverse.apply(shaft_mm(needle, whole, outside))))):
        return "the needle would go through the probe: let it enter farther beyond its end (beyond_mm)"
    inside = np.arange(0.0, max(whole.inserted_mm - TOUCH_MM, 0.0), STEP_MM)
    bone = np.isin(anatomy.tissue_at(shaft_mm(needle, whole, inside)), [int(one) for one in BONES])
    if bone.any():
        left = whole.inserted_mm - inside[int(np.argmax(bone))]
        return f"the needle would meet bone {left:.0f} mm before its target"
    return None


def _in_housing(probe: Probe, points_mm: Floats) -> Mask:
    """Return which points (n, 3), Probe frame, lie inside the probe, (n,)."""
    x, y, z = points_mm.T
    half = half_width_mm(probe) + RIM_MM
    face = face_mm(probe, np.clip(x, -half, half))
    beside = (np.abs(x) < half) & (np.abs(z) < probe.elevation_mm / 2 + RIM_MM)
    within: Mask = beside & (y < face) & (y > -HOUSING_MM)
    return within
