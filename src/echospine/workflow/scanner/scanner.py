"""The virtual scanner: how things stand in, one picture with its truth out. Time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.frames import Frame
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Labels
from echospine.engine.twin.body import Body, Displacement
from echospine.engine.twin.image import Scanner as Prepared
from echospine.engine.twin.motion import combine, displacement_at, press
from echospine.engine.twin.motion.pressure import face_mm
from echospine.engine.twin.probe import Machine, Probe, Settings
from echospine.workflow.scanner.couch import Couch
from echospine.workflow.scanner.truth import label_map
from echospine.workflow.scanner.twin import Image, Run, Twin

LIFT_STEP_MM = 1.5
MOST_LIFTS = 12
TOUCH_MM = 0.4
"""So thin a gap is filled with gel."""
FACE_POINTS = 65


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """How things stand: where the probe is (Probe to Patient, for a patient who holds the breath), what is turned how.

    `truth`: whether a label map is wanted as well.
    """

    pose: Pose
    machine: Machine
    settings: Settings
    breathing: bool = True
    truth: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One frame with what is known about it.

    `contact`: share of the probe's face that touches skin, 0 to 1; `truth`: structure ids at every other pixel,
    (height / 2, width / 2), or None where nobody asked.
    """

    frame: Frame
    contact: float
    truth: Labels | None


@dataclass(frozen=True, slots=True, eq=False)
class _Pressed:
    """A probe on a back: where it really stands, and what it does to the tissue."""

    couch: Couch
    pose: Pose
    probe: Probe
    at: Pose
    dent: Displacement
    contact: float


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """What a machine and its knobs come to."""

    machine: Machine
    settings: Settings
    scanner: Prepared


class Scanner:
    """Makes pictures for one viewer, from one thread at a time. `run`: does parts of a picture beside each other."""

    def __init__(self, twin: Twin, run: Run) -> None:
        self._twin = twin
        self._run = run
        self._pressed: _Pressed | None = None
        self._prepared: _Prepared | None = None

    def picture(self, couch: Couch, controls: Controls, *, index: int, time_s: float) -> Picture:
        """Return the picture at `time_s` seconds; `index` makes its noise.

        The hand rides on the breath: the probe moves with the skin under it. It cannot be pressed into bone, so it is
        lifted until the tissue has room. Raises GeometryError where it stands quite inside the body.
        """
        pressed = self._press(couch, controls)
        field, pose = pressed.dent, pressed.at
        if controls.breathing:
            breath = couch.breathing.at(time_s)
            pose = _ridden(pose, breath)
            field = combine([pressed.dent, breath])
        body = Body(couch.anatomy, couch.parameters.seed, field)
        image = self._image(body, pose, controls, index)
        frame = Frame(image.pixels, image.geometry, index, time_s, (pose, image.image_to_probe), _state(pressed))
        truth = label_map(body, pose, controls.machine.probe, controls.settings, image) if controls.truth else None
        return Picture(frame, pressed.contact, truth)

    def _image(self, body: Body, pose: Pose, controls: Controls, index: int) -> Image:
        machine, settings = controls.machine, controls.settings
        known = self._prepared
        if known is None or known.machine is not machine or known.settings != settings:
            known = self._prepared = _Prepared(machine, settings, self._twin.prepare(machine, settings))
        render, scanner = self._twin.render, known.scanner
        return render(body, pose, machine, settings, frame_seed=index, scanner=scanner, run=self._run)

    def _press(self, couch: Couch, controls: Controls) -> _Pressed:
        """Return the probe on the back; as long as it is not moved, the one of before."""
        known, probe = self._pressed, controls.machine.probe
        if known is None or known.couch is not couch or known.pose is not controls.pose or known.probe is not probe:
            at, dent = _lifted(probe, controls.pose, couch)
            known = _Pressed(couch, controls.pose, probe, at, dent, contact(probe, at, couch))
            self._pressed = known
        return known


def contact(probe: Probe, pose: Pose, couch: Couch) -> float:
    """Return the share of the probe's face that touches the skin of a patient at rest."""
    half = probe.width_mm / 2 if probe.radius_mm is None else probe.radius_mm * np.sin(probe.half_angle)
    x = np.linspace(-half, half, FACE_POINTS)
    face = pose.apply(np.stack([x, face_mm(probe, x), np.zeros_like(x)], axis=-1))
    return float(np.mean(couch.skin.depth_mm(face) >= -TOUCH_MM))


def _lifted(probe: Probe, pose: Pose, couch: Couch) -> tuple[Pose, Displacement]:
    """Return the pose, lifted out of the body until the tissue has room, and the dent that it makes."""
    at = pose
    for _ in range(MOST_LIFTS):
        try:
            return at, press(probe, at, couch.back)
        except GeometryError:
            at = _shifted(at, -LIFT_STEP_MM * at.matrix[:3, 1])
    return at, press(probe, at, couch.back)


def _ridden(pose: Pose, breath: Displacement) -> Pose:
    return _shifted(pose, displacement_at(breath, pose.matrix[:3, 3]))


def _shifted(pose: Pose, by_mm: Floats) -> Pose:
    matrix = np.array(pose.matrix)
    matrix[:3, 3] += by_mm
    return replace(pose, matrix=matrix)


def _state(pressed: _Pressed) -> str:
    return "OK" if pressed.at is pressed.pose else "Bone stops the probe"
