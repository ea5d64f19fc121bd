"""Passive flexion of the trunk, with a known shear of the thoracolumbar fascia."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, frozen
from echospine.engine.twin.body import Displacement
from echospine.engine.twin.motion.back import Back
from echospine.engine.twin.motion.fields import Grid, displacement_at, on_grid, smooth_step

LAYER_DISTANCE_MM = 2.0
"""Between the centres of the superficial and the deep layer (Langevin et al. 2011, BMC Musculoskelet Disord 12:203)."""
BAND_MM = 1.4
"""Most of the fascia's depth that shears, mm: less than LAYER_DISTANCE_MM, so both layer centres glide in full."""
KNOTS_PER_BAND = 2
"""Fewest knot steps across the shearing band; with fewer, the grid would smear it."""


@dataclass(frozen=True, slots=True)
class Flexion:
    """Cycles of passive flexion on a table with a hinge.

    `shear_percent`: at full flexion, of the fascia, 5 to 80; above zero the superficial layer goes `towards_head`;
    `drag_mm`: how far the deep layer is dragged along at full flexion, falling to nothing at bone;
    `period_s`: of one cycle, there and back; `start_s`: when the first begins; `cycles`: how many.
    """

    shear_percent: float = 60.0
    drag_mm: float = 1.0
    towards_head: bool = False
    period_s: float = 4.0
    start_s: float = 0.0
    cycles: int = 5

    def __post_init__(self) -> None:
        if not 5.0 <= self.shear_percent <= 80.0:
            raise GeometryError(f"a fascia shear of {self.shear_percent:g} % is out of reach: between 5 and 80")
        if not (self.period_s > 0 and self.cycles >= 1 and 0.0 <= self.drag_mm <= 10.0):
            raise GeometryError("flexion needs a period, one cycle or more, and a drag between 0 and 10 mm")


def flexed(flexion: Flexion, t_s: float) -> float:
    """Return how far the table is flexed at `t_s`, 0 to 1: (1 - cos) / 2 over each cycle, 0 before and after."""
    turn = (t_s - flexion.start_s) / flexion.period_s
    return (1.0 - math.cos(2.0 * math.pi * turn)) / 2.0 if 0.0 < turn < flexion.cycles else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class FlexionMotion:
    """A flexing trunk on one grid; `full_mm`: displacement along z at full flexion, (n_z, n_y, n_x)."""

    flexion: Flexion
    grid: Grid
    full_mm: npt.NDArray[np.float32]

    def at(self, t_s: float) -> Displacement:
        """Return where tissue is at time `t_s`."""
        vectors = np.zeros((*self.grid.shape, 3), np.float32)
        vectors[..., 2] = np.float32(flexed(self.flexion, t_s)) * self.full_mm
        return on_grid(self.grid, vectors)


def flexion_motion(flexion: Flexion, back: Back) -> FlexionMotion:
    """Return the motion of `flexion` in a surveyed back.

    Raises GeometryError where there is no fascia, or the knots along y stand too far apart to show its shear.
    """
    if np.isnan(back.fascia_mm).any():
        raise GeometryError("no fascia under this grid: flexion has nothing to shear")
    band = np.minimum(back.fascia_thickness_mm, BAND_MM)
    step = float(back.grid.spacing_mm[1])
    if step * KNOTS_PER_BAND > float(np.median(band)) + 1e-9:
        raise GeometryError(f"knots {step:g} mm apart cannot show shear within {np.median(band):.1f} mm of fascia")
    sign = 1.0 if flexion.towards_head else -1.0
    over_mm = back.grid.axis_mm(1)[None, :, None] - back.fascia_mm[:, None, :]
    across = np.clip(over_mm / band[:, None, :] + 0.5, 0.0, 1.0)
    glide_mm = flexion.shear_percent / 100.0 * LAYER_DISTANCE_MM
    full = sign * (glide_mm * across * smooth_step(back.clearance_mm / 1.0) + flexion.drag_mm * _drag(back))
    return FlexionMotion(flexion, back.grid, frozen(full, np.float32))


def _drag(back: Back) -> Floats:
    """Return how much of the deep layer's way each knot goes along: 0 at bone, 1 from the fascia outwards."""
    below = np.maximum(back.fascia_mm[:, None, :] - LAYER_DISTANCE_MM - back.grid.axis_mm(1)[None, :, None], 0.0)
    near = np.minimum(back.clearance_mm / 6.0, 1.0)
    return smooth_step(near) * back.clearance_mm / np.maximum(back.clearance_mm + below, 1e-6)


def shear_percent(displacement: Displacement, fascia_mm: npt.ArrayLike) -> Floats:
    """Return the shear of the fascia at points in its middle (..., 3), percent, shape (...).

    Difference of the displacement along z between the superficial and the deep layer, whose centres stand 2 mm
    apart, over that distance (Langevin et al. 2011).
    """
    middle = np.asarray(fascia_mm, np.float64)
    half = np.array([0.0, LAYER_DISTANCE_MM / 2, 0.0])
    superficial, deep = (displacement_at(displacement, middle + sign * half)[..., 2] for sign in (1.0, -1.0))
    percent: Floats = np.abs(superficial - deep) / LAYER_DISTANCE_MM * 100.0
    return percent
