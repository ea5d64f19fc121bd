"""Where the probe is held: near standard views, wandering over the back, or losing the skin."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side, View
from echospine.domain.poses import Pose
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import LEVELS
from echospine.engine.twin.probe import Probe
from echospine.engine.twin.scene.looking import Hold, flush, hold_at, pose_of, seated
from echospine.engine.twin.scene.views import landmark_mm, standard_view

UNSURE = -1
"""View of a picture that lies between two: no answer is taught."""
VIEWS = tuple(View)
WEIGHTS = {
    View.TRANSVERSE_SPINOUS: 1.0,
    View.TRANSVERSE_INTERLAMINAR: 1.6,
    View.PARASAGITTAL_TRANSVERSE_PROCESS: 1.0,
    View.PARASAGITTAL_ARTICULAR_PROCESS: 1.0,
    View.PARASAGITTAL_LAMINA: 1.6,
    View.MIDLINE_SAGITTAL: 1.0,
    View.MULTIFIDUS_TRANSVERSE: 1.0,
    View.FASCIA_LONGITUDINAL: 0.7,
    View.ABDOMINAL_WALL_LATERAL: 0.5,
    View.SACRAL: 1.0,
}
"""How often each view is drawn: windows between laminae more often, for what is seen through them is hard to tell."""
NEAR_MM, NEAR_DEG = 3.0, 5.0
"""A picture no further from a standard view than this is that view."""
FAR_TURN = (math.radians(28.0), math.radians(62.0))
"""A picture turned so far against the spine is none of the views."""


@dataclass(frozen=True, slots=True)
class Held:
    """A probe at `pose`, and which view that is: an index into VIEWS, or UNSURE."""

    pose: Pose
    view: int


def sample_held(rng: np.random.Generator, anatomy: Anatomy, probe: Probe) -> Held:
    """Return a way to hold the probe; raises GeometryError where the body has no skin there."""
    drawn = rng.random()
    if drawn < 0.62:
        return _near_a_view(rng, anatomy, probe)
    held = _wandering(rng, anatomy, probe)
    return _lifted(rng, held) if drawn > 0.93 else held


def _near_a_view(rng: np.random.Generator, anatomy: Anatomy, probe: Probe) -> Held:
    share = np.array(list(WEIGHTS.values()))
    view = list(WEIGHTS)[int(rng.choice(len(WEIGHTS), p=share / share.sum()))]
    side = Side.LEFT if rng.random() < 0.5 else Side.RIGHT
    exact = standard_view(anatomy, view, str(rng.choice(LEVELS)), side, probe)
    wide = float(rng.choice((0.35, 1.0, 2.5)))
    slid = rng.normal(0.0, 2.0 * wide, 2)
    angles = np.radians(rng.normal(0.0, 3.0 * wide, 3))
    hold = _hold_of(exact)
    hold = hold.turned(hold.into, angles[0]).turned(hold.across, angles[1]).turned(hold.aside, angles[2])
    hold = hold.shifted(slid[0] * hold.across + slid[1] * hold.aside)
    near = np.abs(slid).max() <= NEAR_MM and np.degrees(np.abs(angles)).max() <= NEAR_DEG
    return Held(seated(anatomy, hold, probe), VIEWS.index(view) if near else UNSURE)


def _hold_of(pose: Pose) -> Hold:
    axes = pose.matrix[:3, :3]
    return Hold(pose.matrix[:3, 3] + 30.0 * axes[:, 1], axes[:, 0], axes[:, 1])


def _wandering(rng: np.random.Generator, anatomy: Anatomy, probe: Probe) -> Held:
    low = landmark_mm(anatomy, "spinous_tip", "S1", Side.MIDLINE)[2] - 15.0
    high = landmark_mm(anatomy, "spinous_tip", "L1", Side.MIDLINE)[2] + 10.0
    middle = landmark_mm(anatomy, "canal", "L3", Side.MIDLINE)
    aside = float(rng.normal(0.0, 26.0))
    target = np.array([middle[0] + aside, middle[1], rng.uniform(low, high)])
    turn = float(rng.choice((0.0, math.pi / 2, rng.uniform(0.0, math.pi)), p=(0.3, 0.35, 0.35)) + rng.normal(0.0, 0.08))
    across = np.array([-math.cos(turn), 0.0, -math.sin(turn)])
    hold = flush(anatomy, hold_at(target, across, (0.0, -1.0, 0.0)), probe, lean=True)
    hold = hold.turned(hold.across, math.radians(rng.normal(0.0, 7.0)))
    far = FAR_TURN[0] < turn % (math.pi / 2) < FAR_TURN[1]
    return Held(seated(anatomy, hold, probe), VIEWS.index(View.OTHER) if far else UNSURE)


def _lifted(rng: np.random.Generator, held: Held) -> Held:
    """Return the probe lifted off the skin, in part or whole."""
    hold = _hold_of(held.pose)
    up_mm = float(rng.uniform(3.0, 25.0))
    tilted = hold.turned(hold.aside, math.radians(rng.normal(0.0, 9.0)))
    origin = held.pose.matrix[:3, 3] - up_mm * hold.into
    return Held(pose_of(tilted, origin), VIEWS.index(View.OTHER) if up_mm > 12.0 else UNSURE)


__all__ = ["UNSURE", "VIEWS", "GeometryError", "Held", "sample_held"]
