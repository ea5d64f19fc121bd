"""A virtual person on the couch: the body, how it breathes, and its back as a hand would feel it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.units import Floats, frozen
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.motion import Back, Breathing, breathing_motion, grid_over, survey_back
from echospine.engine.twin.motion.breathing import BreathingMotion
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.tissues import BONES
from echospine.workflow.scanner.skin import Skin, skin_of

KNOTS_MM = (6.0, 5.0, 6.0)
"""From knot to knot of the motion, (x, y, z): finer along y, where tissue gives way to the probe."""
BONE_STEP_MM = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class HeightMap:
    """Heights y over a grid of (x, z), mm, Patient frame.

    `heights_mm`: (rows, columns), row by row towards the head, in each from right to left; NaN where there is nothing.
    """

    x0_mm: float
    z0_mm: float
    step_mm: float
    heights_mm: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "heights_mm", frozen(self.heights_mm))


@dataclass(frozen=True, slots=True, eq=False)
class Couch:
    """Who lies on the couch, and what the scanner needs to know of the body, worked out once."""

    parameters: PatientParameters
    anatomy: Anatomy
    back: Back
    breathing: BreathingMotion
    skin: Skin
    bones: HeightMap


def lay(parameters: PatientParameters, anatomy: Anatomy) -> Couch:
    """Return that person on the couch; takes some tenths of a second."""
    back = survey_back(anatomy, grid_over(anatomy.origin_mm, anatomy.last_mm, KNOTS_MM))
    return Couch(
        parameters=parameters,
        anatomy=anatomy,
        back=back,
        breathing=breathing_motion(Breathing(start_z_mm=float(anatomy.last_mm[2])), back),
        skin=skin_of(anatomy),
        bones=bone_map(anatomy),
    )


def bone_map(anatomy: Anatomy) -> HeightMap:
    """Return the first bone below the skin, NaN where there is none."""
    bone = np.zeros(256, np.bool_)
    bone[[int(tissue) for tissue in BONES]] = True
    return _tops(anatomy, bone, BONE_STEP_MM)


def _tops(anatomy: Anatomy, wanted: npt.NDArray[np.bool_], step_mm: float) -> HeightMap:
    """Return the upper face of the uppermost voxel of `wanted` tissues, a table over tissue ids, in each column."""
    every = max(1, round(step_mm / anatomy.spacing_mm))
    found = wanted[anatomy.tissues[::every, :, ::every]]
    top = found.shape[1] - 1 - np.argmax(found[:, ::-1], axis=1)
    heights = anatomy.origin_mm[1] + anatomy.spacing_mm * (top + 0.5)
    heights[~found.any(axis=1)] = np.nan
    return HeightMap(
        float(anatomy.origin_mm[0]), float(anatomy.origin_mm[2]), every * anatomy.spacing_mm, np.asarray(heights)
    )
