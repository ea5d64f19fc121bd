"""A map of structures read along the beams: thickness is measured the way the sound goes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import UncalibratedError
from echospine.domain.images import ImageGeometry, Point
from echospine.domain.labels import Sector, Structure
from echospine.domain.units import Floats, Labels, Mask

STEP_MM = 0.1
"""Depth step along a beam, finer than any picture's pixel."""
APART_MM = 0.25
"""Distance of neighbouring beams, in the middle of the field."""


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Structures along beams.

    `labels`: structure ids, (n_depths, n_beams), row k at a depth of k STEP_MM below the probe's face; `start_px`:
    (x, y) of each beam's first sample, (n_beams, 2); `step_px`: from one sample to the next, same shape; `apart_mm`:
    from each beam to the next at each depth, (n_depths,).
    """

    labels: Labels
    start_px: Floats
    step_px: Floats
    apart_mm: Floats

    def at_px(self, beam: int, depth_mm: float) -> Point:
        """Return the place in the picture of a depth along a beam."""
        x, y = self.start_px[beam] + self.step_px[beam] * (depth_mm / STEP_MM)
        return float(x), float(y)

    def shows(self, *structures: Structure) -> Mask:
        """Return where one of those structures is, (n_depths, n_beams)."""
        wanted = np.zeros(256, np.bool_)
        wanted[[int(one) for one in structures]] = True
        found: Mask = wanted[self.labels]
        return found


def along_beams(labels: Labels, geometry: ImageGeometry, sector: Sector) -> Rays:
    """Return the map read along the beams of a linear or curved probe, the nearest pixel each time.

    `labels`: structure ids, (height, width). Raises UncalibratedError where the picture has no mm.
    """
    region = geometry.main_region()
    if region is None:
        raise UncalibratedError("uncalibrated: the picture carries no millimetres")
    step = np.array(region.step_mm)
    start_mm, way = (
        _straight(sector, step) if sector.apex_px is None else _fan(sector, np.array(sector.apex_px) * step, step)
    )
    columns = np.flatnonzero(np.isfinite(sector.bottom_px))
    last_mm = float(np.nanmax(sector.bottom_px)) * step[1]
    deepest_mm = max(STEP_MM, last_mm - float(start_mm[:, 1].min())) if columns.size else STEP_MM
    depth_mm = np.arange(0.0, deepest_mm, STEP_MM)
    found = _nearest(labels, start_mm / step, way / step, depth_mm)
    # neighbouring beams run straight apart, so the mean gap is linear in depth but for a share that cannot be seen
    near, far = (np.hypot(*np.diff(start_mm + at * way, axis=0).T) for at in (0.0, float(depth_mm[-1])))
    ends = (float(near.mean()), float(far.mean())) if near.size else (APART_MM, APART_MM)
    apart = np.linspace(*ends, depth_mm.size)
    return Rays(found, start_mm / step, way * STEP_MM / step, apart)


def _nearest(labels: Labels, start_px: Floats, way_px: Floats, depth_mm: Floats) -> Labels:
    """Return the labels of the pixels nearest to depths along beams, (n_depths, n_beams), 0 beside the picture."""
    framed = np.pad(labels, 1)
    last = np.array(labels.shape, np.float32)
    row, column = (
        np.clip((start_px[:, k] + depth_mm[:, None] * way_px[:, k]).astype(np.float32) + 1.5, 0.0, last[1 - k] + 1.0)
        for k in (1, 0)
    )
    found: Labels = framed.ravel()[row.astype(np.int32) * framed.shape[1] + column.astype(np.int32)]
    return found


def _straight(sector: Sector, step: Floats) -> tuple[Floats, Floats]:
    """Return starts, mm, and directions of beams straight down, each (n_beams, 2)."""
    columns = np.flatnonzero(np.isfinite(sector.top_px))
    x_mm = columns * step[0]
    every = np.arange(x_mm[0], x_mm[-1] + APART_MM / 2, APART_MM) if columns.size else np.zeros(0)
    top = np.interp(every, x_mm, sector.top_px[columns] * step[1]) if columns.size else every
    return np.stack((every, top), axis=1), np.tile((0.0, 1.0), (every.size, 1))


def _fan(sector: Sector, apex: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Return starts on the face, mm, and directions of beams from the centre of its arcs, `apex`, mm."""
    columns = np.flatnonzero(np.isfinite(sector.top_px))
    away = np.stack((columns * step[0], sector.top_px[columns] * step[1]), axis=1) - apex
    face = float(np.hypot(away[:, 0], away[:, 1]).min())
    ends = np.stack((columns * step[0], sector.bottom_px[columns] * step[1]), axis=1) - apex
    angles = np.arctan2(ends[:, 0], ends[:, 1])
    middle = 0.5 * (face + float(np.hypot(ends[:, 0], ends[:, 1]).max()))
    count = max(2, math.ceil((angles.max() - angles.min()) * middle / APART_MM))
    turn = np.linspace(angles.min(), angles.max(), count)
    way = np.stack((np.sin(turn), np.cos(turn)), axis=1)
    return apex + face * way, way
