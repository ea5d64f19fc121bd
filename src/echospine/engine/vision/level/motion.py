"""How a belief in heights moves with the probe: a tracked way, or a hand whose speed is to be found out.

A belief is (hypotheses, ways, heights). The middle axis is what turns motion into levels: of a tracked probe the
person's scale, of an untracked one its rate.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import gaussian_filter1d

from echospine.domain.units import Floats, frozen
from echospine.engine.vision.level.anatomy import NAMES, SCALE_MEDIAN, SCALE_SD, SCALES, TOP, spacing_mm

STEP = 1.0 / 12.0
"""Of the grid of heights, levels."""
HEIGHTS = frozen(np.arange(TOP - 0.5 + STEP / 2, TOP + len(NAMES) - 0.5, STEP))
RATES = frozen((-1.2, -0.6, -0.25, 0.0, 0.25, 0.6, 1.2))
RATE_SHARES = frozen((0.05, 0.11, 0.17, 0.34, 0.17, 0.11, 0.05))
"""Of an untracked hand, levels/s towards the feet, and how often."""
RATE_LASTS_S = 0.8
"""Until a hand has changed its rate."""
RATE_SD, RATE_SD_SHARE = 0.12, 0.2
"""Of a rate around those of RATES: levels/s, and share of it."""
DRIFT, DRIFT_PER_S = 0.20, 0.02
"""Error of a tracked way: a share of it, and levels per root second (the skin slides over the spine)."""
FROM_BEYOND = 0.05
"""Of the belief at an end that flows in from beyond it."""
MEAN_MM = 28.0
"""Of a level."""


def scale_shares() -> Floats:
    """Return how often each of SCALES is met."""
    shares = np.exp(-0.5 * (np.log(SCALES / SCALE_MEDIAN) / SCALE_SD) ** 2)
    return np.asarray(shares / shares.sum())


def tracked(belief: Floats, moved_mm: float, passed_s: float) -> Floats:
    """Return the belief after a tracked way towards the feet; its middle axis is SCALES."""
    way = moved_mm / (spacing_mm(HEIGHTS)[None, :] * SCALES[:, None])
    spread = math.hypot(DRIFT * abs(moved_mm) / MEAN_MM, DRIFT_PER_S * math.sqrt(passed_s))
    return _spread(_shifted(belief, way), spread)


def untracked(belief: Floats, passed_s: float) -> Floats:
    """Return the belief after a time in which nobody knows how the probe moved; its middle axis is RATES."""
    moved = _shifted(belief, np.repeat(passed_s * RATES[:, None], HEIGHTS.size, axis=1))
    for n, rate in enumerate(RATES):
        moved[:, n] = _spread(moved[:, n], passed_s * math.hypot(RATE_SD, RATE_SD_SHARE * float(rate)))
    kept = math.exp(-passed_s / RATE_LASTS_S)
    return np.asarray(kept * moved + (1.0 - kept) * RATE_SHARES[:, None] * moved.sum(axis=1, keepdims=True))


def _spread(belief: Floats, levels: float) -> Floats:
    if levels < 0.1 * STEP:
        return belief
    return np.asarray(gaussian_filter1d(belief, levels / STEP, axis=-1, mode="nearest"))


def _shifted(belief: Floats, way: Floats) -> Floats:
    """Return the belief moved by `way` levels, (ways, heights); hardly anybody comes in from beyond an end."""
    came_from = np.arange(HEIGHTS.size) - way / STEP
    place = np.clip(came_from, 0.0, HEIGHTS.size - 1.0)
    low = np.minimum(place.astype(np.int64), HEIGHTS.size - 2)
    part, row = place - low, np.arange(len(way))[:, None]
    moved = (1.0 - part) * belief[:, row, low] + part * belief[:, row, low + 1]
    return np.asarray(np.where(np.abs(came_from - place) > 0.0, FROM_BEYOND * moved, moved))
