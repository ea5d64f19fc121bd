"""How good a picture is: contact along the probe face, saturation, shadow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter, uniform_filter1d

from echospine.domain.labels import Quality
from echospine.domain.units import Floats
from echospine.engine.vision.beams import BeamGrid, Grid

SATURATED_FROM = 250
DARK_BELOW = 8.0
"""Mean grey level, over 2 mm, of a place without echo."""
CONTACT_FROM_MM, CONTACT_TO_MM = 2.0, 12.0
"""A beam has contact when tissue answers in this range of depth."""
TEXTURE_MM = 4.0
LEAST_TEXTURE, RINGING_BELOW = 2.0, 0.022
"""Texture (mean deviation from the mean over 4 mm across the beams) of tissue: grey levels, and share of the mean.
Below that share a beam holds only the probe's own ringing in air, whose lines run parallel to the face."""


def judge(grid: BeamGrid, grey: Grid, surface: Floats) -> Quality:
    """Return the quality of one frame. `grey`: on the beam grid; `surface`: depth index of bone per beam, or NaN.

    Contact: share of beams that answer with speckle between 2 and 12 mm, or down to the bone when it is nearer: a
    shadow that bone casts is no lost contact, and the probe's ringing in air is no tissue. Shadowed: share of the
    field that lies below bone, or is dark to its end.
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


def ringing(grid: BeamGrid, grey: Grid) -> npt.NDArray[np.bool_]:
    """Return True for each beam that shows the probe's own ringing alone, as in air: it cannot show bone."""
    end = np.full(grey.shape[1], np.nan)
    mean, texture, _ = _near_field(grid, grey, end)
    ringing_only: npt.NDArray[np.bool_] = texture < RINGING_BELOW * mean
    return ringing_only


def _touching(grid: BeamGrid, grey: Grid, surface: Floats) -> npt.NDArray[np.bool_]:
    """Return True for each beam that tissue answers: with echo, and with speckle."""
    mean, texture, count = _near_field(grid, grey, surface)
    speckled = (texture >= LEAST_TEXTURE) & (texture >= RINGING_BELOW * mean)
    touching: npt.NDArray[np.bool_] = (mean >= DARK_BELOW) & speckled & (count > 0)
    return touching


def _near_field(grid: BeamGrid, grey: Grid, surface: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int_]]:
    """Return mean grey level, lateral texture and number of samples per beam, from 2 to 12 mm or down to the bone.

    Mean and texture are averaged over `TEXTURE_MM` across the beams.
    """
    first, last = (int(mm / grid.step_mm) for mm in (CONTACT_FROM_MM, CONTACT_TO_MM))
    first = min(first, grey.shape[0] // 4)
    grey, inside = grey[: last + 1], grid.inside[: last + 1]
    depth = np.arange(grey.shape[0])[:, None]
    end = np.where(np.isfinite(surface), np.minimum(surface, last), last)
    zone = (depth >= first) & (depth <= np.maximum(end, first + 1)) & inside
    width = max(3, int(TEXTURE_MM / grid.lateral_mm))
    rough = np.abs(grey - uniform_filter1d(grey, width, axis=1, mode="nearest"))
    count = zone.sum(axis=0)
    mean, texture = (
        uniform_filter1d((values * zone).sum(axis=0) / np.maximum(count, 1), width, mode="nearest")
        for values in (grey.astype(np.float64), rough.astype(np.float64))
    )
    return mean, texture, count


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
