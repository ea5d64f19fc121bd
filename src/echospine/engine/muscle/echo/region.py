"""Where echo intensity is read: inside the outline, away from the fascia at its edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from echospine.domain.units import Floats, Mask, Pixels

ERODE_MM = 2.0
"""So much is taken off an outline all around: the bright sheath, and where the outline may be off."""
OUTLINE_SD_MM = 0.3
"""Doubt of the outline, one standard deviation."""
LEAST_PX = 400
"""Fewer pixels than this are too few for a mean of speckle."""


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """The inside of an outline.

    `box`: rows and columns around it; `depth_mm`: of each pixel of the box below the outline, 0 outside; `mask`: deeper
    than ERODE_MM, of the box's shape.
    """

    box: tuple[slice, slice]
    depth_mm: Floats
    mask: Mask


def eroded(outline: Mask, step_mm: tuple[float, float]) -> Inside | None:
    """Return the inside of an outline, (height, width), less ERODE_MM; None where fewer than LEAST_PX pixels are left.

    `step_mm`: size of a column and a row step. What lies beyond the picture counts as outside.
    """
    rows, columns = (np.flatnonzero(outline.any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return None
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    depth = ndimage.distance_transform_edt(np.pad(outline[box], 1), sampling=(step_mm[1], step_mm[0]))[1:-1, 1:-1]
    mask = depth > ERODE_MM
    return Inside(box, depth, mask) if int(mask.sum()) >= LEAST_PX else None


def mean_and_doubt(grey: Pixels, inside: Inside) -> tuple[float, float]:
    """Return the mean grey level, 0-255, zeros counted, and what the doubt of the outline makes of it.

    One standard deviation: half of the difference between the means inside outlines OUTLINE_SD_MM wider and narrower.
    """
    values = grey[inside.box].astype(np.float64)
    wide, narrow = (inside.depth_mm > ERODE_MM + way * OUTLINE_SD_MM for way in (-1.0, 1.0))
    mean = float(values[inside.mask].mean())
    if not narrow.any():
        return mean, abs(float(values[wide].mean()) - mean)
    return mean, 0.5 * abs(float(values[wide].mean() - values[narrow].mean()))
