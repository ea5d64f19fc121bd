"""Needles: how thick, how long, how bent, and where they are in the patient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, frozen

DIAMETERS_MM: dict[int, tuple[float, float]] = {
    17: (1.47, 1.07),
    18: (1.27, 0.84),
    19: (1.07, 0.69),
    20: (0.91, 0.60),
    21: (0.82, 0.51),
    22: (0.72, 0.41),
    23: (0.64, 0.34),
    24: (0.57, 0.31),
    25: (0.51, 0.26),
    26: (0.46, 0.26),
    27: (0.41, 0.21),
}
"""Outer and inner diameter of each gauge, mm: ISO 9626:2016, nominal, and table 1's inner diameters (regular wall)."""
MOST_BEND = 0.3
"""Largest deflection of the tip, as a share of the length."""


@dataclass(frozen=True, slots=True)
class Needle:
    """A hollow needle with a slanted tip.

    `gauge`: 17 to 27; `length_mm`: of the shaft, from hub to tip; `bevel_deg`: between face of the tip and shaft;
    `bend_mm`: how far the tip of the whole shaft stands off the straight line, on an arc that turns away from the side
    to which the bevel faces, as bevelled needles do.
    """

    gauge: int = 22
    length_mm: float = 90.0
    bevel_deg: float = 20.0
    bend_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.gauge not in DIAMETERS_MM:
            raise GeometryError(f"no needle of {self.gauge} G is known: {min(DIAMETERS_MM)} to {max(DIAMETERS_MM)}")
        if not (20.0 <= self.length_mm <= 250.0 and 8.0 <= self.bevel_deg <= 90.0):
            raise GeometryError("a needle is 20 to 250 mm long, with a bevel of 8 to 90 degrees")
        if not 0.0 <= self.bend_mm <= MOST_BEND * self.length_mm:
            raise GeometryError(f"a bend of {self.bend_mm:g} mm is out of reach for {self.length_mm:g} mm of shaft")

    @property
    def outer_mm(self) -> float:
        """Outer diameter, mm."""
        return DIAMETERS_MM[self.gauge][0]

    @property
    def inner_mm(self) -> float:
        """Inner diameter, mm."""
        return DIAMETERS_MM[self.gauge][1]

    @property
    def bevel_mm(self) -> float:
        """Length of the slanted face along the shaft, mm."""
        return self.outer_mm / math.tan(math.radians(self.bevel_deg))

    @property
    def curvature_per_mm(self) -> float:
        """Curvature of the shaft, 1/mm: the root of (1 - cos a) / a = bend / length, with a = curvature x length."""
        wanted, low, high = self.bend_mm / self.length_mm, 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if (1.0 - math.cos(middle)) / max(middle, 1e-12) < wanted else (low, middle)
        return low / self.length_mm


@dataclass(frozen=True, slots=True, eq=False)
class NeedlePose:
    """Where a needle is: mm, Patient.

    `entry_mm`: where it goes through the skin; `direction`: of the shaft there, into the body, made a unit vector;
    `inserted_mm`: length of shaft from entry to tip; `roll_deg`: turn of the bevel about the shaft (right-handed about
    `direction`); at 0 the bevel faces backwards, out of a person who lies prone.
    """

    entry_mm: Floats
    direction: Floats
    inserted_mm: float
    roll_deg: float = 0.0

    def __post_init__(self) -> None:
        direction = np.asarray(self.direction, np.float64)
        length = float(np.linalg.norm(direction))
        if direction.shape != (3,) or not (math.isfinite(length) and length > 1e-9):
            raise GeometryError("a needle needs a direction of three numbers that are not all zero")
        object.__setattr__(self, "entry_mm", frozen(self.entry_mm))
        object.__setattr__(self, "direction", frozen(direction / length))
        if self.entry_mm.shape != (3,) or not np.all(np.isfinite(self.entry_mm)):
            raise GeometryError("a needle needs a point of entry of three finite coordinates")
        if not (math.isfinite(self.inserted_mm) and self.inserted_mm >= 0.0 and math.isfinite(self.roll_deg)):
            raise GeometryError("a needle is inserted by a finite length that is not below zero")

    @property
    def bevel_faces(self) -> Floats:
        """Unit vector, across the shaft at entry, to which the bevel faces; (3,), Patient."""
        towards = np.array([0.0, 1.0, 0.0]) if abs(self.direction[1]) < 0.999 else np.array([0.0, 0.0, 1.0])
        zero = towards - (towards @ self.direction) * self.direction
        zero /= np.linalg.norm(zero)
        turn = math.radians(self.roll_deg)
        return frozen(math.cos(turn) * zero + math.sin(turn) * np.cross(self.direction, zero))


def aimed(needle: Needle, entry_mm: npt.ArrayLike, tip_mm: npt.ArrayLike, roll_deg: float = 0.0) -> NeedlePose:
    """Return the pose of a straight needle from `entry_mm` whose tip is at `tip_mm`.

    Raises GeometryError where the needle is too short.
    """
    entry, tip = np.asarray(entry_mm, np.float64), np.asarray(tip_mm, np.float64)
    inserted = float(np.linalg.norm(tip - entry))
    if inserted > needle.length_mm:
        raise GeometryError(f"{needle.length_mm:g} mm of needle do not reach a target {inserted:.1f} mm away")
    return NeedlePose(entry, tip - entry, inserted, roll_deg)


def shaft_mm(needle: Needle, pose: NeedlePose, along_mm: npt.ArrayLike) -> Floats:
    """Return the middle of the shaft at `along_mm` (n,) from the skin, Patient, (n, 3); below zero it is outside.

    Inside, the shaft follows the path of its tip, an arc; outside it is straight.
    """
    along = _checked(needle, pose, along_mm)
    arc, curvature = np.maximum(along, 0.0), needle.curvature_per_mm
    if curvature < 1e-9:
        forward, aside = along, np.zeros_like(along)
    else:
        forward = np.sin(curvature * arc) / curvature + np.minimum(along, 0.0)
        aside = (1.0 - np.cos(curvature * arc)) / curvature
    points: Floats = pose.entry_mm + forward[:, None] * pose.direction - aside[:, None] * pose.bevel_faces
    return points


def tangents(needle: Needle, pose: NeedlePose, along_mm: npt.ArrayLike) -> Floats:
    """Return unit vectors along the shaft, towards the tip, at `along_mm` (n,) from the skin, Patient, (n, 3)."""
    turn = needle.curvature_per_mm * np.maximum(_checked(needle, pose, along_mm), 0.0)
    found: Floats = np.cos(turn)[:, None] * pose.direction - np.sin(turn)[:, None] * pose.bevel_faces
    return found


def tip_mm(needle: Needle, pose: NeedlePose) -> Floats:
    """Return where the tip is, Patient, mm, (3,)."""
    return frozen(shaft_mm(needle, pose, [pose.inserted_mm])[0])


def needle_to_patient(needle: Needle, pose: NeedlePose) -> Pose:
    """Return the pose of the frame Needle in Patient, as a tracker at the hub would know it.

    Its z goes along the straight part of the shaft into the body, its x to where the bevel faces, and its origin is
    where the tip would be if the needle were straight: a tracker at the hub does not see a bend.
    """
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 2] = pose.bevel_faces, pose.direction
    matrix[:3, 1] = np.cross(pose.direction, pose.bevel_faces)
    matrix[:3, 3] = pose.entry_mm + pose.inserted_mm * pose.direction
    return Pose("Patient", "Needle", matrix)


def _checked(needle: Needle, pose: NeedlePose, along_mm: npt.ArrayLike) -> Floats:
    if pose.inserted_mm > needle.length_mm + 1e-9:
        raise GeometryError(f"{needle.length_mm:g} mm of needle cannot be inserted by {pose.inserted_mm:g} mm")
    return np.atleast_1d(np.asarray(along_mm, np.float64))
