"""How good a picture is: contact along the probe face, saturation, shadow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

from echospine.domain.labels import Quality
from echospine.domain.units import Floats
from echospine.engine.vision.beams import BeamGrid, Grid

SATURATED_FROM = 250
DARK_BELOW = 8.0
"""Mean grey level, over 2 mm, of a place without echo."""
CONTACT_FROM_MM, CONTACT_TO_MM = 2.0, 12.0
"""A beam has contact when tissue answers in this range of depth."""


def judge(grid: BeamGrid, grey: Grid, surface: Floats) -> Quality:
    """Return the quality of one frame. `grey`: on the beam grid; `surface`: depth index of bone per beam, or NaN.

    Contact: share of beams that answer between 2 and 12 mm, or down to the bone when it is nearer: a shadow that
    bone casts is no lost contact. Shadowed: share of the field that lies below bone, or is dark to its end.
    """
    inside = grid.inside
    if not inside.any():
        return Quality(0.0, 0.0, 0.0, 0.0, ("there is no image field",))
    touching = _touching(grid, grey, surface)
    contact = float(touching.mean())
    saturated = float((grey[inside] >= SATURATED_FROM).mean())
    shadowed = float(_shadow(grid, grey, surface)[inside].mean())
    reasons = []
    if contact < 0.8:
        reasons.append(f"no contact along {1 - contact:.0%} of the probe: add gel, or press evenly")
    if saturated > 0.08:
        reasons.append(f"{saturated:.0%} of the image is saturated: turn the gain down")
    if float(np.median(grey[inside])) < 2.0 and shadowed > 0.8:
        reasons.append("hardly any echo: turn the gain up, or check the depth")
    penalty = min(1.0, saturated / 0.4)
    score = contact * (1.0 - 0.7 * penalty) * (1.0 if shadowed < 0.85 else 0.5)
    return Quality(contact, saturated, shadowed, round(float(score), 4), tuple(reasons))


def _touching(grid: BeamGrid, grey: Grid, surface: Floats) -> npt.NDArray[np.bool_]:
    """Return True for each beam that tissue answers."""
    first, last = (int(mm / grid.step_mm) for mm in (CONTACT_FROM_MM, CONTACT_TO_MM))
    depth = np.arange(grey.shape[0])[:, None]
    end = np.where(np.isfinite(surface), np.minimum(surface, last), last)
    zone = (depth >= min(first, grey.shape[0] // 4)) & (depth <= np.maximum(end, first + 1)) & grid.inside
    count = zone.sum(axis=0)
    mean = (grey * zone).sum(axis=0) / np.maximum(count, 1)
    width = max(1, grey.shape[1] // 40)
    answers = np.convolve(np.pad(mean, width, mode="edge"), np.ones(2 * width + 1) / (2 * width + 1), "valid")
    touching: npt.NDArray[np.bool_] = (answers >= DARK_BELOW) & (count > 0)
    return touching


def _shadow(grid: BeamGrid, grey: Grid, surface: Floats) -> npt.NDArray[np.bool_]:
    """Return True in the shadow of bone, and where a beam is dark from there to its end."""
    window = max(3, int(2.0 / grid.step_mm))
    dark = uniform_filter(grey, (window, 3)) < DARK_BELOW
    dark_to_end = np.logical_and.accumulate((dark | ~grid.inside)[::-1], axis=0)[::-1]
    depth = np.arange(grey.shape[0])[:, None]
    with np.errstate(invalid="ignore"):
        below_bone = depth > surface
    shadow: npt.NDArray[np.bool_] = (dark_to_end | below_bone) & grid.inside
    return shadow
