"""Contraction of multifidus: it shortens and thickens backwards, keeps its volume, and moves no bone.

The movement is the flow of a velocity without divergence: v = curl (psi, 0, 0), so v_y = d psi / dz and
v_z = -d psi / dy. A flow of that kind keeps every volume exactly, however far it goes (Liouville), which a plain
displacement does only to first order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.domain.units import Floats, frozen
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Displacement
from echospine.engine.twin.motion.back import Back
from echospine.engine.twin.motion.belly import STEP_MM, Belly, survey_belly
from echospine.engine.twin.motion.fields import Grid, on_grid, smooth_step
from echospine.engine.twin.motion.flow import Stream, carried

BELLY_MM = 11.0
"""Standard deviation, along z, of where one level thickens."""
DRAWN_MM = 60.0
"""The same, of where the tissue comes from that thickens it."""
WIDTH_MM = 9.0
"""Standard deviation over which the width of the muscle is smoothed that lets the flow through."""
FULL_SHARE = 0.8
"""Share of the width beside it from which on the flow goes through a column in full."""
EDGE = 0.35
"""Share of the thickness over which strain comes up at the floor and dies away at the top."""
STILL_MM = 0.5
"""Clearance over which the last of the movement is taken away next to bone, if any reached it."""
ACTIVATIONS = 9
"""Fields kept from rest to peak; between two of them displacement is linear."""
FLOW_STEPS = 2
"""Runge-Kutta steps from one kept field to the next."""


@dataclass(frozen=True, slots=True)
class Contraction:
    """One contraction of multifidus.

    `thickening`: share by which the muscle is thicker at its peak, at each of `levels`; then the times of the curve:
    onset, rise, hold and return, seconds.
    """

    side: Side
    levels: tuple[str, ...] = ("L4",)
    thickening: float = 0.2
    onset_s: float = 1.0
    rise_s: float = 0.6
    hold_s: float = 3.0
    return_s: float = 0.8

    def __post_init__(self) -> None:
        if not 0.0 < self.thickening <= 0.4:
            raise GeometryError(f"a thickening of {self.thickening:g} is no muscle's: above 0, up to 0.4")
        if not self.levels or len(set(self.levels)) != len(self.levels):
            raise GeometryError("a contraction needs one level or more, each once")
        if not (self.rise_s > 0 and self.return_s > 0 and self.hold_s >= 0):
            raise GeometryError("a contraction needs times to rise and to return above zero")


def activation(contraction: Contraction, t_s: float) -> float:
    """Return how far the contraction has come at `t_s`, 0 (rest) to 1 (peak)."""
    since = t_s - contraction.onset_s
    back = since - contraction.rise_s - contraction.hold_s
    return float(smooth_step(since / contraction.rise_s) * (1.0 - smooth_step(back / contraction.return_s)))


@dataclass(frozen=True, slots=True, eq=False)
class ContractionMotion:
    """A contracting muscle on one grid; `fields_mm`: (ACTIVATIONS, n_z, n_y, n_x, 3), from rest to peak."""

    contraction: Contraction
    grid: Grid
    fields_mm: npt.NDArray[np.float32]

    def at(self, t_s: float) -> Displacement:
        """Return where tissue is at time `t_s`."""
        return self.at_activation(activation(self.contraction, t_s))

    def at_activation(self, share: float) -> Displacement:
        """Return where tissue is at a share of the full contraction, 0 to 1."""
        if not 0.0 <= share <= 1.0:
            raise GeometryError(f"an activation of {share:g} is none: between 0 and 1")
        place = share * (len(self.fields_mm) - 1)
        lower = min(int(place), len(self.fields_mm) - 2)
        part = np.float32(place - lower)
        return on_grid(self.grid, (1 - part) * self.fields_mm[lower] + part * self.fields_mm[lower + 1])


def contraction_motion(contraction: Contraction, anatomy: Anatomy, back: Back) -> ContractionMotion:
    """Return the motion of `contraction` in `anatomy`, on the grid of its survey `back`; takes about a second.

    Raises GeometryError where the levels have no landmark, or there is no multifidus to contract.
    """
    heights = tuple(level_z_mm(anatomy, level, contraction.side) for level in contraction.levels)
    clear_mm = float(np.linalg.norm(back.grid.spacing_mm)) + STILL_MM
    belly = survey_belly(anatomy, contraction.side, heights, clear_mm)
    refs, thickness = zip(*(belly.thickest_mm(z) for z in heights), strict=True)
    rises_mm = contraction.thickening * np.array(thickness)
    stream, shares = _calibrated(belly, heights, np.array(refs), rises_mm)
    knots = back.grid.knots_mm.reshape(-1, 3)
    paths = carried(stream, knots, shares, FLOW_STEPS)
    fields = (paths - knots).reshape(len(shares), *back.grid.shape, 3)
    fields *= smooth_step(back.clearance_mm / STILL_MM)[..., None]
    return ContractionMotion(contraction, back.grid, frozen(fields, np.float32))


def level_z_mm(anatomy: Anatomy, level: str, side: Side) -> float:
    """Return the height of the facet joint of `level`, mm. Raises GeometryError where it has no landmark."""
    name = f"{level}_facet_{side.value}"
    if name not in anatomy.landmarks:
        raise GeometryError(f"no landmark {name}: {', '.join(sorted(anatomy.landmarks)) or 'there are none'}")
    return float(anatomy.landmarks[name].point_mm[2])


def _calibrated(belly: Belly, heights: tuple[float, ...], refs: Floats, rises_mm: Floats) -> tuple[Stream, Floats]:
    """Return the stream whose flow over time 1 lifts each of `refs` by `rises_mm`, and the times of equal rises."""
    each = [_stream(belly, z) for z in heights]
    amounts = rises_mm.copy()
    ticks = np.linspace(0.0, 1.0, 8 * (ACTIVATIONS - 1) + 1)
    for _ in range(8):
        psi = np.sum([amount * one for amount, one in zip(amounts, each, strict=True)], axis=0)
        stream = Stream(psi, belly.grid.origin_mm, belly.grid.spacing_mm)
        paths = carried(stream, refs, ticks, 1)
        lifted = paths[:, :, 1] - refs[:, 1]
        amounts += rises_mm - lifted[-1]
    share = lifted.mean(axis=1) / lifted[-1].mean()
    return stream, np.interp(np.linspace(0.0, 1.0, ACTIVATIONS), share, ticks)


def _stream(belly: Belly, z_mm: float) -> Floats:
    """Return the stream function whose flow lifts the belly at `z_mm` by about 1 mm per unit of time, mm2.

    Columns where the muscle is thin take less part: as much could not flow through them without tearing.
    """
    grid = belly.grid
    thickness = np.maximum(belly.top_mm - belly.floor_mm, 1.0)
    share = (grid.axis_mm(1)[None, :, None] - belly.floor_mm[:, None, :]) / thickness[:, None, :]
    smooth = ndimage.gaussian_filter(thickness, WIDTH_MM / STEP_MM)
    full = np.max(smooth * belly.across, axis=1, keepdims=True)
    through = belly.across * smooth_step(smooth / np.maximum(FULL_SHARE * full, 1.0))
    drawn = _drawn(grid.axis_mm(2) - z_mm, np.sum(thickness * through, axis=1))
    return _strained(share) * belly.free * through[:, None, :] * drawn[:, None, None]


def _drawn(along_mm: Floats, size: Floats) -> Floats:
    """Return the tissue drawn past each height, per unit of rise, mm, (n_z,); 0 at both ends.

    What thickens around 0 comes from all along the muscle, in proportion to its `size` there, mm2.
    """
    step_mm = along_mm[1] - along_mm[0]
    thicker = np.exp(-0.5 * (along_mm / BELLY_MM) ** 2)
    thinner = ndimage.gaussian_filter1d(size, BELLY_MM / 2 / step_mm) * np.exp(-0.5 * (along_mm / DRAWN_MM) ** 2)
    net = thicker - thinner * (np.sum(thicker) / np.maximum(np.sum(thinner), 1e-6))
    drawn: Floats = np.cumsum(net) * step_mm
    return drawn


def _strained(share: Floats) -> Floats:
    """Return how much of the rise has come up at a share of the thickness: 0 at the floor, 1 from the top on."""
    fine = np.linspace(0.0, 1.0, 201)
    slope = smooth_step(fine / EDGE) * smooth_step((1.0 - fine) / EDGE)
    risen = np.concatenate([[0.0], np.cumsum((slope[1:] + slope[:-1]) / 2)])
    risen_at: Floats = np.interp(share, fine, risen / risen[-1])
    return risen_at
