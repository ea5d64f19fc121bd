"""First-order statistics of grey levels, and features of their co-occurrence matrix (GLCM)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from echospine.domain.units import Mask, Pixels

LEVELS = 32
"""Grey levels of the co-occurrence matrix: 0-255 in steps of 8."""
DISTANCE_PX = 1
"""Distance of the two pixels of a pair; a pair that runs askew has one pixel each way."""
ANGLES_DEG = (0, 45, 90, 135)
"""Directions of pairs; features are their mean over these."""


@dataclass(frozen=True, slots=True)
class Grey:
    """Statistics of grey levels 0-255, zeros counted.

    `sd`: of the pixels themselves (not of their mean); `skewness`: third moment over sd cubed, 0 where all are equal;
    `entropy_bit`: of their histogram in 256 levels (Shannon).
    """

    mean: float
    sd: float
    skewness: float
    entropy_bit: float


@dataclass(frozen=True, slots=True)
class Texture:
    """Features of the co-occurrence matrix (Haralick, Shanmugam and Dinstein 1973, IEEE Trans SMC 3:610).

    Named as scikit-image names them: `homogeneity` is Haralick's inverse difference moment, `asm` his angular second
    moment, `energy` its root.
    """

    contrast: float
    dissimilarity: float
    homogeneity: float
    asm: float
    energy: float
    correlation: float


_FEATURES = ("contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation")
"""Fields of `Texture` as scikit-image calls them, in order."""


def grey_levels(values: Pixels) -> Grey:
    """Return statistics of grey levels, of any shape but empty."""
    share = np.bincount(values.ravel(), minlength=256) / values.size
    level = np.arange(share.size, dtype=np.float64)
    mean = float(share @ level)
    away = level - mean
    sd = float(np.sqrt(share @ away**2))
    skewness = float(share @ away**3) / sd**3 if sd > 0 else 0.0
    there = share[share > 0]
    return Grey(mean, sd, skewness, max(0.0, float(-(there @ np.log2(there)))))


def texture(grey: Pixels, mask: Mask, levels: int = LEVELS, *, of: int = 256) -> Texture | None:
    """Return features of the pairs whose pixels both lie in `mask`, pairs counted both ways; None without such pairs.

    `grey`, `mask`: (height, width); `levels`: into how many the grey levels 0 to `of` - 1 are put, alike in width. The
    mean over ANGLES_DEG at DISTANCE_PX. Correlation is 1 where all pixels are equal, as scikit-image has it.
    """
    from skimage.feature import graycomatrix, graycoprops  # noqa: PLC0415 -- a start without textures is quicker

    # level 0 is what lies outside: its row and column are taken off again
    put = np.where(mask, 1 + grey.astype(np.int64) * levels // of, 0).astype(np.uint8)
    angles = np.radians(ANGLES_DEG)
    every: Any = graycomatrix(put, [DISTANCE_PX], angles, levels + 1, symmetric=True)  # type: ignore[no-untyped-call]
    pairs = every[1:, 1:]
    if not pairs.any(axis=(0, 1)).all():
        return None
    each: list[Any] = [graycoprops(pairs, name) for name in _FEATURES]  # type: ignore[no-untyped-call]
    return Texture(*(float(one.mean()) for one in each))
