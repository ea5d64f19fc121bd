"""Breathing: a wave along the back of a person who lies prone, fading towards the spine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, frozen
from echospine.engine.twin.body import Displacement
from echospine.engine.twin.motion.back import Back
from echospine.engine.twin.motion.fields import Grid, on_grid, smooth_step


@dataclass(frozen=True, slots=True)
class Breathing:
    """Quiet breathing.

    `period_s`: of one breath; `posterior_mm`, `cranial_mm`: how far skin and muscle far from bone rise and shift at
    full inspiration (a caudal shift is below zero); `rigid_share`: share of it that bones take part in, all
    alike; `fade_mm`: distance from bone at which the whole movement is reached; `wave_mm_s`: how fast the wave runs
    down the back from the height `start_z_mm`; `exponent`: of the breathing curve, larger rests longer;
    `phase`: share of a breath that has passed at time 0.
    """

    period_s: float = 4.0
    posterior_mm: float = 3.0
    cranial_mm: float = -1.5
    rigid_share: float = 0.15
    fade_mm: float = 25.0
    wave_mm_s: float = 600.0
    start_z_mm: float = 0.0
    exponent: int = 2
    phase: float = 0.0

    def __post_init__(self) -> None:
        if not (self.period_s > 0 and self.fade_mm > 0 and self.wave_mm_s > 0 and self.exponent >= 1):
            raise GeometryError("breathing needs a period, a fade, a wave speed and an exponent above zero")
        if not 0.0 <= self.rigid_share <= 1.0:
            raise GeometryError(f"bones cannot take a share of {self.rigid_share:g} in breathing: between 0 and 1")


def inspiration(breathing: Breathing, t_s: Floats | float) -> Floats:
    """Return how far inspiration has come, 0 to 1: sin^2n(pi t / T) (Lujan et al. 1999, Med Phys 26:715, eq. 1)."""
    turn = math.pi * (np.asarray(t_s, np.float64) / breathing.period_s + breathing.phase)
    share: Floats = np.sin(turn) ** (2 * breathing.exponent)
    return share


@dataclass(frozen=True, slots=True, eq=False)
class BreathingMotion:
    """A breathing person, on one grid; `soft`: share of each knot in the wave, (n_z, n_y, n_x), 0 at bone."""

    breathing: Breathing
    grid: Grid
    soft: Floats

    def at(self, t_s: float) -> Displacement:
        """Return where tissue is at time `t_s`: the rigid part without delay, and the wave."""
        breathing = self.breathing
        delay_s = (breathing.start_z_mm - self.grid.axis_mm(2)) / breathing.wave_mm_s
        wave = inspiration(breathing, t_s - delay_s).astype(np.float32)[:, None, None]
        rigid = np.float32(breathing.rigid_share * float(inspiration(breathing, t_s)))
        amount = rigid + wave * self.soft
        vectors = np.zeros((*self.grid.shape, 3), np.float32)
        vectors[..., 1] = breathing.posterior_mm * amount
        vectors[..., 2] = breathing.cranial_mm * amount
        return on_grid(self.grid, vectors)


def breathing_motion(breathing: Breathing, back: Back) -> BreathingMotion:
    """Return the motion of `breathing` in a surveyed back."""
    soft = (1.0 - breathing.rigid_share) * smooth_step(back.clearance_mm / breathing.fade_mm)
    return BreathingMotion(breathing, back.grid, frozen(soft, np.float32))
