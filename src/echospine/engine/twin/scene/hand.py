"""Where the hand holds the probe over time: steps one after the other, and a tremor over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation, Slerp

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side, View
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, frozen
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.probe import Probe
from echospine.engine.twin.scene.looking import Hold, flush, hold_at, pose_of, seated
from echospine.engine.twin.scene.places import place_mm
from echospine.engine.twin.scene.record import MAX_S, Lie, Scene, SceneFault, Stay, Sweep, Tremor, Where
from echospine.engine.twin.scene.views import MIDLINE_VIEWS, standard_view

PIVOT_MM = 30.0
"""Depth on the middle line about which a probe is rocked and tilted, and which slides keep at."""
PATH_STEP_MM = 5.0
"""Between the places of a sweep at which the probe is laid on the skin anew."""
TREMOR_HZ = (0.4, 6.0)
WAVES = 6
"""Sines of which the tremor along each axis is made."""
_POSTERIOR = np.array([0.0, 1.0, 0.0])
_ACROSS = {Lie.TRANSVERSE: np.array([-1.0, 0.0, 0.0]), Lie.SAGITTAL: np.array([0.0, 0.0, -1.0])}


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One step of the probe: from `start_s` up to `end_s`.

    `place`: of the step in its scene; `times_s` (n,), `poses`: knots of its way, one for a probe that is held; `view`,
    `level`, `side`: what is shown, OTHER, "" and UNKNOWN on a sweep.
    """

    place: int
    start_s: float
    end_s: float
    times_s: Floats
    poses: tuple[Pose, ...]
    view: View
    level: str
    side: Side

    def at(self, t_s: float) -> Pose:
        """Return the pose at a time: straight from knot to knot, turning evenly (Shoemake 1985)."""
        if len(self.poses) == 1:
            return self.poses[0]
        t = min(max(t_s, self.times_s[0]), self.times_s[-1])
        matrices = np.array([pose.matrix for pose in self.poses])
        matrix = np.eye(4)
        matrix[:3, :3] = Slerp(self.times_s, Rotation.from_matrix(matrices[:, :3, :3]))(t).as_matrix()
        matrix[:3, 3] = [np.interp(t, self.times_s, matrices[:, axis, 3]) for axis in range(3)]
        return Pose("Patient", "Probe", matrix)


@dataclass(frozen=True, slots=True, eq=False)
class Trembling:
    """A tremor, drawn: `size` (6, WAVES), mm and degrees along and about the axes of the probe; `hz`, `phase` alike."""

    size: Floats
    hz: Floats
    phase: Floats

    def at(self, t_s: float) -> Floats:
        """Return shift (mm) and turn (degrees) about the axes of the probe at a time, (6,)."""
        waves: Floats = np.sum(self.size * np.sin(2 * np.pi * self.hz * t_s + self.phase), axis=1)
        return waves


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """The way of the probe through a scene, over a patient who holds the breath."""

    legs: tuple[Leg, ...]
    trembling: Trembling

    @property
    def end_s(self) -> float:
        """When the scene ends."""
        return self.legs[-1].end_s

    def leg_at(self, t_s: float) -> Leg:
        """Return what is done at a time."""
        return next((leg for leg in self.legs if t_s < leg.end_s - 1e-9), self.legs[-1])

    def at(self, t_s: float) -> Pose:
        """Return where the probe is held at a time."""
        pose, shake = self.leg_at(t_s).at(t_s), self.trembling.at(t_s)
        matrix = np.eye(4)
        matrix[:3, :3] = Rotation.from_rotvec(shake[3:], degrees=True).as_matrix()
        matrix[:3, 3] = shake[:3]
        return pose @ Pose("Probe", "Probe", matrix)


def lead(scene: Scene, anatomy: Anatomy) -> Way:
    """Return the way of the probe through a scene. Raises SceneFault where a step cannot be done."""
    legs: list[Leg] = []
    for place, step in scene.probe_steps:
        with blamed(("steps", place)):
            start = legs[-1].end_s if legs else 0.0
            probe = scene.machine.probe
            if isinstance(step, Stay):
                legs.append(_stay(place, step, start, anatomy, probe))
            else:
                legs.append(_sweep(place, step, start, anatomy, probe))
            if legs[-1].end_s > MAX_S:
                raise SceneFault(f"the scene takes {legs[-1].end_s:.0f} s up to here; the limit is {MAX_S:g} s")
    return Way(tuple(legs), draw_tremor(scene.tremor, scene.seed))


def draw_tremor(tremor: Tremor, seed: int) -> Trembling:
    """Return a tremor with the stated standard deviations; the same seed gives the same."""
    rng = np.random.default_rng([seed, *b"hand"])
    size = rng.uniform(0.3, 1.0, (6, WAVES))
    size *= np.sqrt(2.0 / np.sum(size**2, axis=1, keepdims=True))
    size *= np.repeat([tremor.translation_mm, tremor.rotation_deg], 3)[:, None]
    low, high = np.log(TREMOR_HZ)
    hz = np.exp(rng.uniform(low, high, (6, WAVES)))
    return Trembling(frozen(size), frozen(hz), frozen(rng.uniform(0.0, 2 * np.pi, (6, WAVES))))


@contextmanager
def blamed(where: Where) -> Iterator[None]:
    """Say of every fault inside at which place of the scene it is."""
    try:
        yield
    except SceneFault as fault:
        raise SceneFault(str(fault), fault.where or where) from fault
    except GeometryError as error:
        raise SceneFault(str(error), where) from error


def _stay(place: int, step: Stay, start_s: float, anatomy: Anatomy, probe: Probe) -> Leg:
    if step.view in MIDLINE_VIEWS and step.side not in (Side.MIDLINE, Side.UNKNOWN):
        raise SceneFault(f"the view {step.view.value} lies on the midline: leave side out", ("steps", place, "side"))
    with blamed(("steps", place, "through")):
        through_mm = None if step.through is None else place_mm(anatomy, step.through)
    found = standard_view(anatomy, step.view, step.level, step.side, probe)
    pose = adjusted(anatomy, found, probe, step, through_mm)
    side = Side.MIDLINE if step.view in MIDLINE_VIEWS else step.side
    end_s = start_s + step.for_s
    return Leg(place, start_s, end_s, np.array([start_s]), (pose,), step.view, step.level, side)


def adjusted(anatomy: Anatomy, pose: Pose, probe: Probe, step: Stay, through_mm: Floats | None) -> Pose:
    """Return a pose moved as a step says, laid on the skin again where it was moved, and pressed."""
    moved = step.slide_mm != (0.0, 0.0) or through_mm is not None
    turned = bool(step.rock_deg or step.tilt_deg or step.rotate_deg)
    if moved or turned:
        hold = _hold_of(pose)
        hold = hold.shifted(step.slide_mm[0] * hold.across + step.slide_mm[1] * hold.aside)
        hold = hold.turned(hold.into, np.radians(step.rotate_deg)).turned(hold.across, np.radians(step.tilt_deg))
        if through_mm is not None:
            hold = hold.shifted(float((through_mm - hold.target_mm) @ hold.aside) * hold.aside)
        hold = flush(anatomy, hold, probe, lean=False).turned(hold.aside, np.radians(step.rock_deg))
        pose = seated(anatomy, hold, probe)
    return pressed_in(pose, step.press_mm)


def pressed_in(pose: Pose, by_mm: float) -> Pose:
    """Return a pose moved along its beam."""
    matrix = np.array(pose.matrix)
    matrix[:3, 3] += by_mm * matrix[:3, 1]
    return Pose("Patient", "Probe", matrix)


def _hold_of(pose: Pose) -> Hold:
    across, into, _, origin = pose.matrix[:3].T
    return Hold(origin + PIVOT_MM * into, across, into)


def _sweep(place: int, step: Sweep, start_s: float, anatomy: Anatomy, probe: Probe) -> Leg:
    with blamed(("steps", place, "from")):
        first = place_mm(anatomy, step.start)
    with blamed(("steps", place, "to")):
        last = place_mm(anatomy, step.end)
    length = float(np.linalg.norm(last - first))
    if length < 1.0:
        raise SceneFault("a sweep from a place to itself is none: `from` and `to` differ", ("steps", place, "to"))
    targets = np.linspace(first, last, max(2, round(length / PATH_STEP_MM) + 1))
    poses = tuple(pressed_in(pose, step.press_mm) for pose in _laid(anatomy, targets, _ACROSS[step.lie], probe))
    gone = np.array([np.linalg.norm(b.matrix[:3, 3] - a.matrix[:3, 3]) for a, b in pairwise(poses)])
    times = start_s + np.concatenate([[0.0], np.cumsum(np.maximum(gone, 1e-3))]) / step.speed_mm_s
    return Leg(place, start_s, float(times[-1]), frozen(times), poses, View.OTHER, "", Side.UNKNOWN)


def _laid(anatomy: Anatomy, targets_mm: Floats, across: Floats, probe: Probe) -> Iterator[Pose]:
    """Give the probe over each target in turn, square to the skin, its turns smoothed over neighbours."""
    holds = [flush(anatomy, hold_at(target, across, -_POSTERIOR), probe, lean=True) for target in targets_mm]
    rights, downs = (
        gaussian_filter1d(np.array(rows), 1.5, axis=0)
        for rows in ([hold.across for hold in holds], [hold.into for hold in holds])
    )
    held = [hold_at(*row) for row in zip(targets_mm, rights, downs, strict=True)]
    sat = [seated(anatomy, hold, probe) for hold in held]
    depth = [float((pose.matrix[:3, 3] - hold.target_mm) @ hold.into) for hold, pose in zip(held, sat, strict=True)]
    for hold, deep in zip(held, gaussian_filter1d(depth, 1.0), strict=True):
        yield pose_of(hold, hold.target_mm + deep * hold.into)
