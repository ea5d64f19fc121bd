"""What a probe hears of a needle: the shaft by its angle to the beam, the tip, the comet tail and faint ghosts.

How it looks follows Reusz et al. 2014, Br J Anaesth 112:794 (needle artefacts), and Hopkins and Bradley 2001,
Clin Radiol 56:499 (angle, gauge and bevel).

Points add up with their phases. What is mirror-like is laid where the way there and back is a whole number of
wavelengths, at most a quarter of one from its true place, so that it adds up to a smooth line however it is tilted, and
only the stated law dims it; what is rough is spread over all phases, and looks grainy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats
from echospine.engine.twin.body import Echoes
from echospine.engine.twin.image.beams import wavelength_mm
from echospine.engine.twin.needle.shape import Needle, NeedlePose, shaft_mm, tangents
from echospine.engine.twin.probe import Machine, Probe

STEP_MM = 0.12
"""Between points along the shaft: closer than any resolution cell, so that they join to a line."""
TIP_STEP_MM = 0.06
GHOST_EVERY = 5
"""Every so many points of the shaft have ghosts."""
GHOSTS_MM = (2.0, 3.0, 4.0, 5.0, 6.5, 8.0)
"""How far to the side, on an arc of equal range, side lobes put a ghost, mm."""
FAINT_DB = -20.0
"""What is weaker than this, relative to one scatterer of muscle, is left out."""

Part = tuple[Floats, Floats]
"""Points, (n, 3), Probe, mm; and their levels, (n,), dB."""


@dataclass(frozen=True, slots=True)
class NeedleLook:
    """How strongly a needle answers, dB.

    `shaft_db`: mirror-like echo of a shaft square to the beam, each point relative to one scatterer of muscle; and
    relative to that: `rough_db`, what is scattered whatever the angle (and `far_db` under it, from the far wall);
    `edge_db`, the tip whatever its angle, and `face_db`, what is added where its bevel faces the probe in full;
    `tail_db`, the first reverberation, and `tail_step_db`, each next one, of `tail_echoes`; `ghost_db`, the nearest
    side lobes, and `ghost_step_db_mm`, their fall to the side. `seed`: of the grain of the rough part, which moves with
    the needle.
    """

    shaft_db: float = 27.0
    rough_db: float = -5.0
    far_db: float = -14.0
    edge_db: float = -14.0
    face_db: float = 8.0
    tail_db: float = -12.0
    tail_step_db: float = -4.0
    tail_echoes: int = 6
    ghost_db: float = -26.0
    ghost_step_db_mm: float = -1.5
    seed: int = 0


def needle_echoes(
    needle: Needle, pose: NeedlePose, probe_pose: Pose, machine: Machine, look: NeedleLook | None = None
) -> Echoes:
    """Return the echoes of the inserted part of a needle, Probe frame, for a probe at `probe_pose` (ProbeToPatient).

    Points outside the picture plane are given where they are: the thickness of the slice weighs them when drawn.
    """
    if (probe_pose.target, probe_pose.source) != ("Patient", "Probe"):
        raise GeometryError(f"echoes of a needle need ProbeToPatient, not {probe_pose}")
    if pose.inserted_mm <= 0.0:
        return Echoes(np.zeros((0, 3)), np.zeros(0))
    look = look or NeedleLook()
    parts = [
        *_shaft(needle, pose, probe_pose, machine.probe, look),
        _tip(needle, pose, probe_pose, machine.probe, look),
    ]
    points, levels = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    heard = levels > FAINT_DB
    return Echoes(points[heard], levels[heard])


def beams(probe: Probe, points_mm: Floats) -> tuple[Floats, Floats]:
    """Return unit vectors of the beams through `points_mm` (n, 3), Probe frame, and depths below the face, mm, (n,)."""
    radius = probe.radius_mm or 0.0
    out = points_mm * (1.0, 1.0, 0.0) + (0.0, radius, 0.0)
    if probe.radius_mm is None:
        return np.tile((0.0, 1.0, 0.0), (len(points_mm), 1)), points_mm[:, 1]
    range_mm = np.maximum(np.linalg.norm(out, axis=1), 1e-6)
    return out / range_mm[:, None], range_mm - radius


def mirrored(probe: Probe, sine: Floats, depth_mm: Floats) -> Floats:
    """Return the share of a mirror-like echo that comes back to the aperture, amplitude, 0 to 1, (n,).

    `sine`: of the angle `a` between the shaft and the line square to the beam. A mirror turned by `a` throws the beam
    aside by 2a, so at depth z the aperture D and its mirrored image overlap by 1 - z tan(2a) / D. D is z over the
    smallest f-number, or the whole aperture where that is less.
    """
    depth_mm = np.maximum(depth_mm, 1e-3)
    aperture = np.minimum(depth_mm / probe.f_number, probe.aperture_mm)
    angle = np.minimum(np.arcsin(np.clip(np.abs(sine), 0.0, 1.0)), np.pi / 4 - 1e-3)
    share: Floats = np.maximum(1.0 - depth_mm * np.tan(2.0 * angle) / aperture, 0.0)
    return share


def rough(sine: Floats) -> Floats:
    """Return the share of rough scatter at the angle whose `sine` is given, amplitude, (n,): its cosine squared.

    Steeper than Lambert's law (the cosine), so that shafts fade beyond 45 degrees and are all but lost at 65, as on
    scanners.
    """
    share: Floats = np.maximum(1.0 - sine**2, 0.0)
    return share


def _decibels(amplitude: Floats) -> Floats:
    level: Floats = 20.0 * np.log10(np.maximum(amplitude, 1e-6))
    return level


def _seen(needle: Needle, pose: NeedlePose, probe_pose: Pose, along_mm: Floats) -> tuple[Floats, Floats]:
    """Return places and directions of the shaft in the Probe frame, (n, 3) each."""
    inverse = probe_pose.inverse
    return inverse.apply(shaft_mm(needle, pose, along_mm)), tangents(needle, pose, along_mm) @ inverse.matrix[:3, :3].T


def _in_step(probe: Probe, points_mm: Floats) -> Floats:
    """Return points moved along their beams to the nearest whole number of half wavelengths below the face."""
    beam, depth = beams(probe, points_mm)
    half = wavelength_mm(probe) / 2
    moved: Floats = points_mm + (np.rint(depth / half) * half - depth)[:, None] * beam
    return moved


def _out_of_step(probe: Probe, points_mm: Floats, seed: int) -> Floats:
    """Return points moved along their beams by up to a quarter of a wavelength to either side, at random."""
    beam, _ = beams(probe, points_mm)
    half = wavelength_mm(probe) / 2
    moved: Floats = points_mm + (np.random.default_rng(seed).random((len(points_mm), 1)) - 0.5) * half * beam
    return moved


def _shaft(needle: Needle, pose: NeedlePose, probe_pose: Pose, probe: Probe, look: NeedleLook) -> list[Part]:
    """Return the walls of the shaft, mirror-like and rough, its comet tail and its ghosts."""
    # Counted from the tip, so that the grain goes in with the needle.
    behind = np.arange(0.0, pose.inserted_mm, STEP_MM)
    middle, direction = _seen(needle, pose, probe_pose, pose.inserted_mm - behind)
    beam, depth = beams(probe, middle)
    sine = np.sum(beam * direction, axis=1)
    faces = pose.bevel_faces @ probe_pose.inverse.matrix[:3, :3].T
    mirror_db = look.shaft_db + _decibels(mirrored(probe, sine, depth))
    rough_db = look.shaft_db + look.rough_db + _decibels(rough(sine))
    to_wall = needle.outer_mm / 2 * _across(beam, direction, sine)
    # The bevel has cut away the wall on the side to which it faces.
    near, far = (side * (to_wall @ faces) <= _slant_mm(needle, behind) + 1e-6 for side in (-1.0, 1.0))
    wall, wall_db = (middle - to_wall)[near], mirror_db[near]
    smooth = [(wall, wall_db), *_tail(needle, wall, beam[near], wall_db, look)]
    grain = [(wall, rough_db[near]), ((middle + to_wall)[far], rough_db[far] + look.far_db)]
    grain += _ghosts(probe, wall[::GHOST_EVERY], wall_db[::GHOST_EVERY], look)
    parts = [(_in_step(probe, places), level) for places, level in smooth]
    parts += [(_out_of_step(probe, places, look.seed + n), level) for n, (places, level) in enumerate(grain)]
    return parts


def _across(beam: Floats, direction: Floats, sine: Floats) -> Floats:
    """Return unit vectors square to the shaft, away from the probe, (n, 3)."""
    square = beam - sine[:, None] * direction
    across: Floats = square / np.maximum(np.linalg.norm(square, axis=1, keepdims=True), 1e-6)
    return across


def _slant_mm(needle: Needle, behind_mm: Floats) -> Floats:
    """Return how far the needle reaches to the side its bevel faces, `behind_mm` the point, from its middle, mm."""
    risen: Floats = needle.outer_mm * (np.minimum(behind_mm / needle.bevel_mm, 1.0) - 0.5)
    return risen


def _tail(needle: Needle, wall: Floats, beam: Floats, mirror_db: Floats, look: NeedleLook) -> list[Part]:
    """Return the comet tail: sound that goes to and fro in the lumen, each time one inner diameter later."""
    turns = range(1, look.tail_echoes + 1)
    first_db = mirror_db + look.tail_db
    return [(wall + turn * needle.inner_mm * beam, first_db + (turn - 1) * look.tail_step_db) for turn in turns]


def _ghosts(probe: Probe, wall: Floats, mirror_db: Floats, look: NeedleLook) -> list[Part]:
    """Return what side lobes add: the mirror-like echo again at the same range, on lines to either side."""
    ghosts = []
    for aside in (side * away for away in GHOSTS_MM for side in (-1.0, 1.0)):
        level = mirror_db + look.ghost_db + look.ghost_step_db_mm * (abs(aside) - GHOSTS_MM[0])
        ghosts.append((_beside(probe, wall, aside), level))
    return ghosts


def _beside(probe: Probe, points_mm: Floats, aside_mm: float) -> Floats:
    """Return points at the same range, `aside_mm` to the side: on a line of a flat probe, on an arc of a curved one."""
    if probe.radius_mm is None:
        straight: Floats = points_mm + np.array([aside_mm, 0.0, 0.0])
        return straight
    apex = np.array([0.0, -probe.radius_mm, 0.0])
    out = points_mm - apex
    turn = aside_mm / np.maximum(np.hypot(out[:, 0], out[:, 1]), 1e-6)
    x, y = np.cos(turn) * out[:, 0] + np.sin(turn) * out[:, 1], np.cos(turn) * out[:, 1] - np.sin(turn) * out[:, 0]
    turned: Floats = np.stack([x, y, out[:, 2]], axis=-1) + apex
    return turned


def _tip(needle: Needle, pose: NeedlePose, probe_pose: Pose, probe: Probe, look: NeedleLook) -> Part:
    """Return the slanted face of the tip: its edges scatter in any case, its face more where it faces the probe."""
    along = pose.inserted_mm - np.arange(0.0, min(needle.bevel_mm, pose.inserted_mm) + TIP_STEP_MM / 2, TIP_STEP_MM)
    middle, direction = _seen(needle, pose, probe_pose, along)
    beam, _ = beams(probe, middle)
    faces = pose.bevel_faces @ probe_pose.inverse.matrix[:3, :3].T
    places = middle + _slant_mm(needle, pose.inserted_mm - along)[:, None] * faces
    angle = np.radians(needle.bevel_deg)
    normal = np.cos(angle) * faces + np.sin(angle) * direction
    facing = (1.0 - np.sum(normal * beam, axis=1)) / 2.0
    level: Floats = look.shaft_db + look.edge_db + look.face_db * facing
    return _in_step(probe, places), level
