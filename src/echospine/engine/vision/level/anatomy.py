"""The spine as a counter sees it: names, distances, and how much sacrum a picture shows at each height.

Heights are levels: 0 at the tip of the spinous process of T12, 1 at L1, 5 at L5, 6 at S1, and between them in
proportion. Tables are measured on drawn people: `python -m training.guidance`.
"""

from __future__ import annotations

import numpy as np

from echospine.domain.units import Floats, frozen

NAMES = ("T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2", "S3")
"""Levels that may be in a picture, from the head down; the first stands for all above it."""
TOP = -1
"""Height of the first name."""
SPACING_MM = frozen((33.0, 33.7, 31.3, 28.5, 25.3, 21.5, 23.1, 20.0, 20.0))
"""From each tip of NAMES to the next, mm; neighbours of what was measured stand in for it at both ends."""
SCALES = frozen((0.76, 0.85, 0.94, 1.04, 1.15, 1.28))
SCALE_SD, SCALE_MEDIAN = 0.15, 1.0
"""Of a person's distances against SPACING_MM, as a logarithm: wider than among drawn people, who do not know all."""
LUMBAR_COUNTS = (5, 4, 6, 5, 4, 6)
DULL = (False, False, False, True, True, True)
COUNT_SHARES = frozen(np.outer((0.85, 0.15), (0.95, 0.03, 0.02)).ravel())
"""What may be so: how many lumbar vertebrae stand above what looks like the sacrum, and whether half of the sacrum is
missed all along. Transitional vertebrae are found in 4 to 30 of 100 (Konin and Walz 2010, AJNR 31:1778); fewer mislead
somebody who counts upwards."""

SHARE_EDGES = (0.05, 0.35, 0.75)
"""Between none, some, much and all of the bone in a picture being sacrum."""
_FIRST, _STEP = -3.5, 0.25
_NONE, _ALL = (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.1, 0.9)
_ACROSS = (
    *(_NONE,) * 11,
    (0.98, 0.01, 0.01, 0.0), (0.84, 0.01, 0.14, 0.01), (0.49, 0.03, 0.26, 0.22), (0.06, 0.09, 0.17, 0.68),
    *(_ALL,) * 6,
)  # fmt: skip
_ALONG = (
    _NONE, (0.99, 0.01, 0.0, 0.0), (0.94, 0.06, 0.0, 0.0), (0.85, 0.14, 0.01, 0.0), (0.63, 0.31, 0.06, 0.0),
    (0.32, 0.61, 0.07, 0.0), (0.13, 0.81, 0.06, 0.0), (0.02, 0.92, 0.06, 0.0), (0.0, 0.9, 0.1, 0.0),
    (0.0, 0.77, 0.23, 0.0), (0.0, 0.47, 0.53, 0.0), (0.0, 0.15, 0.85, 0.0), (0.0, 0.01, 0.99, 0.0),
    (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.98, 0.02), (0.0, 0.0, 0.93, 0.07),
    (0.0, 0.0, 0.71, 0.29), (0.0, 0.0, 0.24, 0.76), (0.0, 0.0, 0.02, 0.98), (0.0, 0.0, 0.0, 1.0),
)  # fmt: skip
_DULLED = frozen(((1.0, 0.0, 0.0, 0.0), (0.2, 0.8, 0.0, 0.0), (0.0, 0.8, 0.2, 0.0), (0.0, 0.05, 0.9, 0.05)))
"""What is left (columns) of what is so (rows) where half of the sacrum is missed."""
_MISREAD = frozen(
    ((0.93, 0.05, 0.01, 0.01), (0.22, 0.66, 0.10, 0.02), (0.05, 0.12, 0.70, 0.13), (0.04, 0.03, 0.13, 0.80))
)
"""What is read (columns) of what is so (rows): maps of structures name some lumbar bone sacrum, and some sacrum not."""


def sacrum_truth(levels_below: Floats, *, along: bool) -> Floats:
    """Return the chance that none, some, much and all of the bone in a picture is sacrum, (..., 4).

    `levels_below`: height of the picture's middle below the tip of the first sacral spine, levels, (...).
    """
    table = np.array(_ALONG if along else _ACROSS)
    place = np.clip((levels_below - _FIRST) / _STEP, 0.0, len(table) - 1.0)
    low = np.minimum(place.astype(np.int64), len(table) - 2)
    part = (place - low)[..., None]
    chance: Floats = (1.0 - part) * table[low] + part * table[low + 1]
    return chance


def sacrum_chance(levels_below: Floats, *, along: bool) -> Floats:
    """Return the chance that none, some, much and all of it is read as sacrum, misreadings and all.

    `levels_below`: (hypotheses, heights), rows as LUMBAR_COUNTS and DULL; returns (hypotheses, heights, 4).
    """
    truth = sacrum_truth(levels_below, along=along)
    dull = np.array(DULL)[:, None, None]
    return np.asarray(np.where(dull, truth @ _DULLED, truth) @ _MISREAD)


def spacing_mm(height: Floats) -> Floats:
    """Return millimetres per level at heights."""
    return np.asarray(np.interp(height - TOP, np.arange(len(SPACING_MM)) + 0.5, SPACING_MM))
