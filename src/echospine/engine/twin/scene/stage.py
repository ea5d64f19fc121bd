"""A scene made ready: everything drawn and worked out that its frames share; then any moment of it, in any order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.spatial.transform import Rotation

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Body, Displacement, Inclusion
from echospine.engine.twin.motion import (
    Back,
    Breathing,
    Contraction,
    Flexion,
    Grid,
    Motion,
    breathing_motion,
    combine,
    contraction_motion,
    displacement_at,
    flexion_motion,
    grid_over,
    press,
    rest_point,
    survey_back,
)
from echospine.engine.twin.motion.pressure import face_mm
from echospine.engine.twin.needle import (
    Injection,
    NeedlePose,
    inject,
    injected_ml,
    needle_push,
    needle_to_patient,
    tip_mm,
)
from echospine.engine.twin.probe import Probe
from echospine.engine.twin.scene.course import SETTLE_S, Course, lay_course
from echospine.engine.twin.scene.flank import is_aside, press_aside
from echospine.engine.twin.scene.hand import Leg, Way, blamed, lead, pressed_in
from echospine.engine.twin.scene.looking import half_width_mm
from echospine.engine.twin.scene.record import MAX_FRAMES, MotionStep, Scene, SceneFault
from echospine.engine.twin.tracker import (
    TRACKER,
    ToolStatus,
    Tracked,
    TrackerErrors,
    TrackerNoise,
    draw_errors,
    with_errors,
)

KNOT_MM = 4.0
FINE_KNOT_MM = 2.0
"""From knot to knot where a muscle contracts or a needle goes in."""
SHEAR_KNOT_MM = 0.4
"""The same along y where the fascia shears within a millimetre."""
MARGIN_MM = 14.0
"""How far the field of motion reaches beyond the pictures: the dent of the probe fades within."""
MOST_KNOTS = 1_000_000
LEAST_RISEN = 20.0
"""Percentile of the face's length whose rise a hand follows."""
LIFT_MM = 1.5
MOST_LIFTS = 14
DRAG_MM = 0.4
"""How far a needle drags tissue along while it goes in; when it stops, tissue goes back within DRAG_S."""
DRAG_S = 0.5


def _placed(target: str, source: str, turn_deg: tuple[float, float, float], at_mm: tuple[float, float, float]) -> Pose:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix()
    matrix[:3, 3] = at_mm
    return Pose(target, source, matrix)


PATIENT_TO_TRACKER = _placed(TRACKER, "Patient", (-64.0, 12.0, 8.0), (140.0, -60.0, 1150.0))
"""The tracker stands over the foot of the table."""
REFERENCE_TO_PATIENT = _placed("Patient", "Reference", (-75.0, 4.0, -6.0), (12.0, 95.0, -135.0))
"""The patient's reference is fixed over the sacrum, and does not move with the breath."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """How everything stands at one time. `probe`: Probe to Patient; `held`: the same, had nothing moved the skin."""

    t_s: float
    leg: Leg
    held: Pose
    probe: Pose
    body: Body
    needle: NeedlePose | None
    injected_ml: float


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A scene made ready.

    `motions`: what moves tissue by itself; `errors`: of the tracker, by tool, one row for each of `times_s`.
    """

    scene: Scene
    anatomy: Anatomy
    way: Way
    back: Back
    motions: tuple[Motion, ...]
    course: Course | None
    injection: Injection | None
    times_s: Floats
    errors: Mapping[str, TrackerErrors]

    def moment(self, t_s: float) -> Moment:
        """Return how everything stands at `t_s`."""
        probe, held, moving = self._pressed(t_s)
        needle = self.needle_at(t_s)
        pushes, inclusions, volume_ml = self._put_in(needle, t_s)
        field = combine([*moving, *pushes])
        body = Body(self.anatomy, self.scene.patient.seed, field, inclusions)
        return Moment(t_s, self.way.leg_at(t_s), held, probe, body, needle, volume_ml)

    def probe_at(self, t_s: float) -> Pose:
        """Return where the probe is at `t_s`: the hand rides on what moves the skin towards it or away."""
        return self._pressed(t_s)[0]

    def needle_at(self, t_s: float) -> NeedlePose | None:
        """Return where the needle is at `t_s`, None before it is put in, or where there is none."""
        return self.course.at(t_s) if self.course else None

    def _pressed(self, t_s: float) -> tuple[Pose, Pose, list[Displacement]]:
        """Return where the probe is, where it would be had nothing moved, and what moves the tissue, its dent first."""
        probe, wanted = self.scene.machine.probe, self.way.at(t_s)
        moving = [motion.at(t_s) for motion in self.motions]
        ridden_mm = _ridden_mm(probe, wanted, moving)
        back = _moved_skin(self.back, moving)
        pose, dent = _dented(probe, pressed_in(wanted, ridden_mm), self.anatomy, back)
        return pose, pressed_in(pose, -ridden_mm), [dent, *moving]

    def _put_in(self, needle: NeedlePose | None, t_s: float) -> tuple[list[Displacement], tuple[Inclusion, ...], float]:
        """Return what a needle does to tissue: how it moves it, pockets of fluid, and how much is in, mL."""
        if self.course is None or needle is None or needle.inserted_mm <= 0.0:
            return [], (), 0.0
        stopped_s = max(t_s - self.course.arrives_s, 0.0)
        drag_mm = DRAG_MM * float(np.exp(-stopped_s / DRAG_S))
        pushes = [needle_push(self.course.needle, needle, self.back, drag_mm)]
        if self.injection is None or injected_ml(self.injection, t_s) <= 0.0:
            return pushes, (), 0.0
        done = inject(self.injection, t_s, self.back)
        return [*pushes, done.displacement], done.inclusions, done.volume_ml

    def tracked(self, index: int) -> Tracked:
        """Return what the tracker says of all tools in a frame, late by its latency."""
        noise, t_s = self.scene.tracker, float(self.times_s[index])
        if noise is None:
            return Tracked(t_s, (), {})
        then_s = max(t_s - noise.latency_s, 0.0)
        true = self.tools(self.probe_at(then_s), self.needle_at(then_s))
        poses, statuses = [], {}
        for tool, errors in self.errors.items():
            one = slice(index, index + 1)
            row = TrackerErrors(errors.shift_mm[one], errors.turn_deg[one], errors.missing[one])
            said = with_errors(np.array([t_s]), tool, [true[tool]], 0.0, row)[0] if tool in true else None
            statuses[f"{tool}To{TRACKER}"] = ToolStatus.MISSING if said is None else ToolStatus.OK
            poses += [] if said is None else [said]
        return Tracked(t_s, tuple(poses), statuses)

    def tools(self, probe: Pose, needle: NeedlePose | None) -> dict[str, Pose]:
        """Return the true poses of the tools that are there, to Tracker, by name."""
        found = {
            "Probe": PATIENT_TO_TRACKER @ probe,
            "Reference": PATIENT_TO_TRACKER @ REFERENCE_TO_PATIENT,
        }
        if self.course is not None and needle is not None:
            found["Needle"] = PATIENT_TO_TRACKER @ needle_to_patient(self.course.needle, needle)
        return found


def set_stage(scene: Scene, anatomy: Anatomy) -> Stage:
    """Return a scene made ready in the body of its patient; takes a second or two.

    Raises SceneFault, with the place in the scene, for what cannot be done in this body.
    """
    way = lead(scene, anatomy)
    times = frame_times_s(way.end_s, scene.frame_rate_hz)
    back = survey_back(anatomy, _grid(scene, anatomy, way))
    _check_pressure(scene, way, back)
    motions = []
    for place, step in scene.motions:
        with blamed(("steps", place)):
            motions.append(_motion(scene, step, anatomy, back))
    course, injection = _needle(scene, anatomy, way, back)
    tools = ("Probe", "Reference", *(("Needle",) if course else ()))
    noise = scene.tracker or TrackerNoise()
    errors = {tool: draw_errors(times, noise, scene.seed, tool) for tool in tools} if scene.tracker else {}
    return Stage(scene, anatomy, way, back, tuple(motions), course, injection, times, MappingProxyType(errors))


def frame_times_s(end_s: float, rate_hz: float) -> Floats:
    """Return when each frame is taken. Raises SceneFault beyond MAX_FRAMES."""
    count = max(1, round(end_s * rate_hz))
    if count > MAX_FRAMES:
        told = f"{end_s:.0f} s at {rate_hz:g} frames/s are {count:,} frames; the limit is {MAX_FRAMES:,}"
        raise SceneFault(told, ("frame_rate_hz",))
    return np.arange(count) / rate_hz


def _grid(scene: Scene, anatomy: Anatomy, way: Way) -> Grid:
    """Return the knots of motion: around all pictures, as fine as what moves asks for."""
    probe, depth = scene.machine.probe, scene.settings.depth_mm
    wide = half_width_mm(probe) + np.sin(probe.half_angle) * depth
    x, y, z = np.meshgrid((-wide, wide), (-10.0, depth), (-8.0, 8.0), indexing="ij")
    corners = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    points = np.concatenate([pose.apply(corners) for leg in way.legs for pose in leg.poses])
    low = np.maximum(points.min(axis=0) - MARGIN_MM, anatomy.origin_mm)
    high = np.minimum(points.max(axis=0) + MARGIN_MM, anatomy.last_mm)
    steps = [step for _, step in scene.motions]
    fine = scene.insertion is not None or any(isinstance(step, Contraction) for step in steps)
    spacing = np.full(3, FINE_KNOT_MM if fine else KNOT_MM)
    if any(isinstance(step, Flexion) for step in steps):
        spacing[1] = SHEAR_KNOT_MM
    while np.prod((high - low) / spacing + 1.0) > MOST_KNOTS:
        spacing[[0, 2]] *= 1.25
    return grid_over(low, high, spacing)


def _check_pressure(scene: Scene, way: Way, back: Back) -> None:
    for leg in way.legs:
        step = scene.steps[leg.place]
        if getattr(step, "press_mm", 0.0) > 0.0:
            for pose in leg.poses:
                try:
                    press(scene.machine.probe, pose, back)
                except GeometryError as error:
                    where = ("steps", leg.place, "press_mm")
                    raise SceneFault(f"the probe would be inside the body: {error}", where) from error


def _dented(probe: Probe, pose: Pose, anatomy: Anatomy, back: Back) -> tuple[Pose, Displacement]:
    """Return a probe lifted out of the body until the tissue has room, and the dent that it makes."""
    if is_aside(pose):
        return pose, press_aside(probe, pose, anatomy, back)
    for _ in range(MOST_LIFTS):
        try:
            return pose, press(probe, pose, back)
        except GeometryError:
            pose = pressed_in(pose, -LIFT_MM)
    return pose, press(probe, pose, back)


def _ridden_mm(probe: Probe, pose: Pose, moving: list[Displacement]) -> float:
    """Return how far a probe goes along its beam with the skin under it; along the skin it does not go with it.

    It follows the skin where that comes towards it least, so that its whole face keeps contact: a bulge is pressed in.
    """
    x = np.linspace(-0.9, 0.9, 13) * half_width_mm(probe)
    face = pose.apply(np.stack([x, face_mm(probe, x), np.zeros_like(x)], axis=-1))
    along = np.zeros_like(x)
    for one in moving:
        along += displacement_at(one, face) @ pose.matrix[:3, 1]
    return float(np.percentile(along, 100 - LEAST_RISEN))


def _moved_skin(back: Back, moving: list[Displacement]) -> Back:
    """Return a back whose skin lies where motion has brought it: what a probe finds."""
    if not moving:
        return back
    z, x = np.meshgrid(back.grid.axis_mm(2), back.grid.axis_mm(0), indexing="ij")
    skin = np.stack([x, back.skin_mm, z], axis=-1)
    return replace(back, skin_mm=back.skin_mm + sum(displacement_at(one, skin)[..., 1] for one in moving))


def _motion(scene: Scene, step: MotionStep, anatomy: Anatomy, back: Back) -> Motion:
    match step:
        case Breathing():
            return breathing_motion(step, back)
        case Contraction():
            return contraction_motion(step, anatomy, back)
        case Flexion():
            return flexion_motion(step, back)


def _needle(scene: Scene, anatomy: Anatomy, way: Way, back: Back) -> tuple[Course | None, Injection | None]:
    if scene.insertion is None:
        return None, None
    place, insertion = scene.insertion
    if insertion.at_s >= way.end_s:
        told = f"the needle goes in at {insertion.at_s:g} s, but the scene ends at {way.end_s:g} s"
        raise SceneFault(told, ("steps", place, "at_s"))
    with blamed(("steps", place)):
        pose = way.leg_at(insertion.at_s).at(insertion.at_s)
        course = lay_course(insertion, anatomy, pose, scene.machine.probe, place)
    if insertion.inject_ml <= 0.0:
        return course, None
    _, dent = _dented(scene.machine.probe, way.at(course.arrives_s), anatomy, back)
    centre = rest_point(dent, tip_mm(course.needle, course.whole))
    start_s = course.arrives_s + SETTLE_S
    return course, Injection(centre, insertion.inject_ml, start_s, insertion.inject_ml_s)
