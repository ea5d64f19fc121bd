"""Where the vertebrae of one person stand, how large they are, and the smooth lines that run along them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, frozen
from echospine.engine.twin.patient import PatientParameters, Transition
from echospine.engine.twin.person.morphometry import VERTEBRAE, VertebraSize, disc_heights, vertebra_sizes


@dataclass(frozen=True, slots=True, eq=False)
class Vertebra:
    """One vertebra: its own frame in Patient (x left, y back along its upper end plate, z up; middle of its body)."""

    level: str
    pose: Pose
    size: VertebraSize

    def to_patient(self, x_mm: float, y_mm: float, z_mm: float) -> Floats:
        """Return a point of its own frame in Patient, mm, shape (3,)."""
        return self.pose.apply((x_mm, y_mm, z_mm))

    @property
    def back_wall_mm(self) -> float:
        """Own y of the back of the body, where the canal begins."""
        return self.size.depth / 2

    @property
    def pedicle_mm(self) -> float:
        """Own z of the middle of the pedicles, in the upper half of the body."""
        return self.size.height / 2 - self.size.pedicle_height / 2 - 1.5

    @property
    def lamina_mm(self) -> tuple[float, float]:
        """Own (y, z) of the middle of the front of the laminae where they meet at the midline."""
        size = self.size
        top = self.pedicle_mm - size.pedicle_height / 2 + 2.0
        return self.back_wall_mm + size.canal_depth, top - size.lamina_height / 2

    @property
    def spinous_tip_mm(self) -> tuple[float, float]:
        """Own (y, z) of the middle of the end of the spinous process."""
        y, z = self.lamina_mm
        return y + self.size.spinous_length, z - 0.15 * self.size.spinous_length

    @property
    def transverse_tip_mm(self) -> tuple[float, float, float]:
        """Own (x, y, z) of the left transverse process' tip; the right one mirrors it."""
        rise = 2.0 if self.level == "L5" else -1.0
        return self.size.transverse_span / 2, self.back_wall_mm + 10.0, self.pedicle_mm + rise


@dataclass(frozen=True, slots=True, eq=False)
class Disc:
    """The disc below `level`: frame half-way between its two end plates; `height_mm` in its middle."""

    level: str
    pose: Pose
    height_mm: float
    width_mm: float
    depth_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """The facet joint below `level` on one side (`sign`: 1 left, -1 right); `scale` above 1 where hypertrophied.

    Frame: x towards the superior process of the vertebra below (outwards and forwards), y along the joint
    (outwards and backwards), z up; origin in the middle of the gap.
    """

    level: str
    sign: int
    pose: Pose
    width_mm: float
    height_mm: float
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The spine at heights `z_mm`; every line is (n, 2): x and y in Patient, mm; sizes are (n,).

    `level`: position between levels, 0 for T12 to 6 for S1 at the height of their bodies' middles; `across`: unit
    vectors (n, 3) to the left of the vertebra; `lamina_*`: back of the lamina half-way from midline to facet;
    `facet_*`: middle of the joints; `transverse_*`: tips.
    """

    z_mm: Floats
    level: Floats
    across: Floats
    body: Floats
    canal: Floats
    spinous_tip: Floats
    lamina_left: Floats
    lamina_right: Floats
    facet_left: Floats
    facet_right: Floats
    transverse_left: Floats
    transverse_right: Floats
    body_width_mm: Floats
    body_depth_mm: Floats
    canal_width_mm: Floats
    canal_depth_mm: Floats


LINES = (
    "body",
    "canal",
    "spinous_tip",
    "lamina_left",
    "lamina_right",
    "facet_left",
    "facet_right",
    "transverse_left",
    "transverse_right",
)
"""Names of the lines along the spine, as in Section."""


@dataclass(frozen=True, eq=False)
class Spine:
    """The bones' plan of one person: T12, L1 to L5, S1, the discs below the first six, and their facet joints."""

    parameters: PatientParameters
    vertebrae: tuple[Vertebra, ...]
    discs: tuple[Disc, ...]
    joints: tuple[Joint, ...]

    def __getitem__(self, level: str) -> Vertebra:
        for vertebra in self.vertebrae:
            if vertebra.level == level:
                return vertebra
        raise GeometryError(f"no vertebra {level!r} in this spine: {', '.join(VERTEBRAE)}")

    def joint(self, level: str, sign: int) -> Joint:
        """Return the facet joint below `level`, left (1) or right (-1)."""
        return next(joint for joint in self.joints if (joint.level, joint.sign) == (level, sign))

    @cached_property
    def knots(self) -> Mapping[str, Floats]:
        """Points that each of LINES goes through, Patient, mm, (n, 3), from bottom to top."""
        return MappingProxyType({name: _rising(_knots(self, name)) for name in LINES})

    def section(self, z_mm: npt.ArrayLike) -> Section:
        """Return lines and sizes at heights `z_mm` (n,), smooth between levels, held beyond the last."""
        z = np.atleast_1d(np.asarray(z_mm, dtype=np.float64))
        lines = {name: frozen(_through(knots[:, 2], knots[:, :2], z)) for name, knots in self.knots.items()}
        bodies = self.knots["body"][-len(self.vertebrae) :]
        rows = self.vertebrae[::-1]
        across = _through(bodies[:, 2], np.array([vertebra.pose.matrix[:3, 0] for vertebra in rows]), z)
        columns = {
            "body_width_mm": [(vertebra.size.upper_width + vertebra.size.lower_width) / 2 for vertebra in rows],
            "body_depth_mm": [vertebra.size.depth for vertebra in rows],
            "canal_width_mm": [vertebra.size.canal_width for vertebra in rows],
            "canal_depth_mm": [vertebra.size.canal_depth for vertebra in rows],
        }
        sizes = {name: frozen(_through(bodies[:, 2], np.array(column), z)) for name, column in columns.items()}
        level = np.interp(z, bodies[:, 2], np.arange(len(rows), dtype=np.float64)[::-1])
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        return Section(z_mm=frozen(z), level=frozen(level), across=frozen(across), **lines, **sizes)


def make_spine(parameters: PatientParameters) -> Spine:
    """Return the spine of this person: the same parameters, the same spine."""
    rng = np.random.default_rng([parameters.seed, 1])
    sizes, heights = vertebra_sizes(parameters, rng), disc_heights(parameters, rng)
    if parameters.transition == Transition.SACRALISED:
        heights[5] *= 0.45
    upper, lower = _end_plate_tilts(parameters, sizes)
    turns = np.radians(parameters.rotation_deg) * _ROTATION_SHARE
    frames = [_axes(tilt, turn) for tilt, turn in zip(upper, turns, strict=True)]
    lower_frames = [_axes(tilt, turn) for tilt, turn in zip(lower, turns, strict=True)]
    centres = _stacked(frames, lower_frames, sizes, heights)
    poses = [_pose(level, frames[i], centres[i]) for i, level in enumerate(VERTEBRAE)]
    vertebrae = _with_room(tuple(Vertebra(*rows) for rows in zip(VERTEBRAE, poses, sizes, strict=True)))
    discs = tuple(_disc(vertebrae[i], vertebrae[i + 1], lower_frames[i], heights[i]) for i in range(6))
    joints = tuple(_joint(parameters, i, vertebrae[i], discs[i], sign) for i in range(6) for sign in (1, -1))
    return Spine(parameters, vertebrae, discs, joints)


INTERSPINOUS_MM = 7.0
"""Least room between neighbouring spinous processes; means are 8 to 12 mm (lateral radiographs, 60 adults;
World Neurosurg 2013, PMID 22120390)."""
_DISC_WEDGE_DEG = np.array((1.0, 4.5, 6.5, 8.0, 10.0, 11.5))
"""How discs below T12 to L5 share the lordosis (set after Bernhardt and Bridwell 1989, Spine 14:717)."""
_CORONAL_SHARE = np.array((-0.70, -1.0, -0.55, 0.0, 0.55, 1.0, 0.50)) / 2
"""Coronal tilt of each vertebra as a share of the Cobb angle (L1 to L5); the apex is L3. Discs alone are wedged."""
_ROTATION_SHARE = np.array((0.2, 0.45, 0.8, 1.0, 0.75, 0.35, 0.0))
"""Axial rotation of each vertebra as a share of the apex'."""


def _end_plate_tilts(parameters: PatientParameters, sizes: tuple[VertebraSize, ...]) -> tuple[Floats, Floats]:
    """Return (sagittal, coronal) tilt of upper and of lower end plates, radians, each (7, 2).

    Sagittal above zero: facing back. Bodies are wedged as drawn; discs share what is left of the lordosis. The
    sacrum slopes with it, so that the means of 60 and 41 degrees go together (Vialle et al. 2005, J Bone Joint Surg
    87-A:260).
    """
    wedges = np.array([size.wedge_deg for size in sizes])
    discs = _DISC_WEDGE_DEG.copy()
    discs[1:] *= (parameters.lordosis_deg - wedges[1:6].sum()) / discs[1:].sum()
    slope = 0.62 * parameters.lordosis_deg + 4.0
    steps = wedges[:6] + discs
    upper = -slope + np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    lower = upper - wedges
    coronal = parameters.scoliosis_deg * _CORONAL_SHARE
    return np.radians(np.stack((upper, coronal), 1)), np.radians(np.stack((lower, coronal), 1))


def _axes(tilts: Floats, turn: float) -> Floats:
    """Return axes as columns, (3, 3): z has just these tilts in the sagittal and in the coronal projection."""
    z = np.array((np.tan(tilts[1]), np.tan(tilts[0]), 1.0))
    z /= np.linalg.norm(z)
    y = np.array((-np.sin(turn), np.cos(turn), 0.0))
    y -= (y @ z) * z
    y /= np.linalg.norm(y)
    return np.stack((np.cross(y, z), y, z), 1)


def _stacked(
    frames: list[Floats], lower: list[Floats], sizes: tuple[VertebraSize, ...], heights: Floats
) -> list[Floats]:
    """Return the middles of the bodies, L3's at the origin: half a body, a disc, half a body."""
    centres = [np.zeros(3)]
    for i, height in enumerate(heights):
        middle = lower[i][:, 2] + frames[i + 1][:, 2]
        drop = frames[i][:, 2] * sizes[i].height / 2 + frames[i + 1][:, 2] * sizes[i + 1].height / 2
        centres.append(centres[-1] - drop - height * middle / np.linalg.norm(middle))
    return [centre - centres[3] for centre in centres]


def _with_room(vertebrae: tuple[Vertebra, ...]) -> tuple[Vertebra, ...]:
    """Return the vertebrae with spinous processes low enough to leave room between them, where lordosis is strong."""
    tips = [vertebra.to_patient(0.0, *vertebra.spinous_tip_mm) for vertebra in vertebrae]
    heights = np.array([vertebra.size.spinous_height for vertebra in vertebrae])
    room = np.linalg.norm(np.diff(tips, axis=0), axis=1) - INTERSPINOUS_MM
    share = np.minimum(room / ((heights[:-1] + heights[1:]) / 2), 1.0)
    share = np.minimum(np.append(share, 1.0), np.append(1.0, share))
    return tuple(
        replace(vertebra, size=replace(vertebra.size, spinous_height=float(height)))
        for vertebra, height in zip(vertebrae, heights * np.maximum(share, 0.6), strict=True)
    )


def _pose(name: str, axes: Floats, origin: Floats) -> Pose:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, origin
    return Pose("Patient", name, matrix)


def _disc(above: Vertebra, below: Vertebra, lower_axes: Floats, height: float) -> Disc:
    top = above.to_patient(0.0, 0.0, -above.size.height / 2)
    bottom = below.to_patient(0.0, 0.0, below.size.height / 2)
    axes = lower_axes + below.pose.matrix[:3, :3]
    z = axes[:, 2] / np.linalg.norm(axes[:, 2])
    y = axes[:, 1] - (axes[:, 1] @ z) * z
    y /= np.linalg.norm(y)
    frame = np.stack((np.cross(y, z), y, z), 1)
    width = (above.size.lower_width + below.size.upper_width) / 2
    depth = (above.size.lower_depth + below.size.upper_depth) / 2
    return Disc(above.level, _pose(f"{above.level}_disc", frame, (top + bottom) / 2), float(height), width, depth)


def _joint(parameters: PatientParameters, index: int, above: Vertebra, disc: Disc, sign: int) -> Joint:
    """The joint stands behind the disc, turned outwards and backwards by its angle to the sagittal plane."""
    size = above.size
    angle = np.radians(size.facet_deg)
    along = np.array((sign * np.sin(angle), np.cos(angle), 0.0))
    outwards = np.array((sign * np.cos(angle), -np.sin(angle), 0.0))
    local = np.stack((outwards, along, np.array((0.0, 0.0, 1.0))), 1)
    place = (sign * size.interfacet / 2, disc.depth_mm / 2 + 0.8 * size.canal_depth, -1.0)
    hypertrophy = parameters.facet_hypertrophy[index - 1][0 if sign > 0 else 1] if index else 0.0
    pose = _pose(f"{above.level}_facet", disc.pose.matrix[:3, :3] @ local, disc.pose.apply(place))
    return Joint(above.level, sign, pose, size.facet_width, size.facet_height, float(np.sqrt(1 + hypertrophy)))


_SACRAL_KNOTS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "body": ((0.0, 4.0, -27.0), (0.0, 12.0, -49.0)),
    "canal": ((0.0, 22.0, -32.0), (0.0, 25.0, -52.0)),
    "spinous_tip": ((0.0, 39.0, -35.0), (0.0, 38.0, -55.0)),
    "lamina": ((10.0, 34.0, -34.0), (8.0, 35.0, -54.0)),
    "facet": ((17.0, 32.0, -34.0), (15.0, 33.0, -54.0)),
    "transverse": ((42.0, 26.0, -34.0), (34.0, 26.0, -54.0)),
}
"""Where the lines go on, along S2 and S3: own frame of S1, left side, mm."""


def _knots(spine: Spine, name: str) -> Floats:
    kind, _, side = name.partition("_") if name != "spinous_tip" else (name, "", "")
    sign = -1 if side == "right" else 1
    points = [_knot(spine, index, kind, sign) for index in range(len(spine.vertebrae))]
    sacrum = spine.vertebrae[-1]
    points += [sacrum.to_patient(sign * x, y, z) for x, y, z in _SACRAL_KNOTS[kind]]
    return np.array(points[::-1])


def _knot(spine: Spine, index: int, kind: str, sign: int) -> Floats:
    vertebra, size = spine.vertebrae[index], spine.vertebrae[index].size
    lamina_y, lamina_z = vertebra.lamina_mm
    if kind == "facet" and index < len(spine.discs):
        return np.array(spine.joint(vertebra.level, sign).pose.matrix[:3, 3])
    tip_x, tip_y, tip_z = vertebra.transverse_tip_mm
    local = {
        "body": (0.0, 0.0, 0.0),
        "canal": (0.0, vertebra.back_wall_mm + size.canal_depth / 2, 0.0),
        "spinous_tip": (0.0, *vertebra.spinous_tip_mm),
        "lamina": (sign * size.interfacet / 4, lamina_y + size.lamina_thickness - 1.0, lamina_z),
        "facet": (sign * size.interfacet / 2, lamina_y, lamina_z),
        "transverse": (sign * tip_x, tip_y, tip_z),
    }
    return vertebra.to_patient(*local[kind])


def _rising(points: Floats) -> Floats:
    """Return `points` from bottom to top with z rising by 1 mm at least, as a line along z needs."""
    steps = np.maximum(np.diff(points[:, 2]), 1.0)
    points[1:, 2] = points[0, 2] + np.cumsum(steps)
    return frozen(points)


def _through(knots: Floats, values: Floats, at: Floats) -> Floats:
    curve: Floats = PchipInterpolator(knots, values)(np.clip(at, knots[0], knots[-1]))
    return curve
