"""Bone as a reader paints it: its echo, from edge to edge, instead of a band under the surface that the twin knows.

The twin labels bone as a band of even thickness from its surface down. A pulse has length, a slice has thickness, and
an echo a tail: what is bright begins above that surface and ends where it ends. Who draws bone in a real picture draws
what is bright, so that is what the network is to learn.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from echospine.domain.labels import BONES, Structure
from echospine.domain.units import Labels, Mask, Pixels
from training.machines import SIZE

IGNORE = np.uint8(255)
STEP_DB = 0.4
"""Of one level of a drawn picture."""
HIGHER_MM, LOWER_MM = 1.5, 0.5
"""The crest of the echo is looked for from so far above a band to so far under it."""
TALLEST_MM, DEEPEST_MM = 2.0, 4.0
"""An echo reaches no farther above the surface, and no farther under its crest."""
ABOVE_MM, BELOW_MM = (4.0, 2.0), (1.0, 4.0)
"""Where the levels above a band, and under it, are read that an echo stands out from."""
LEAST_DB = 4.0
"""A crest that stands out less from what is above it is no echo: only the shadow tells of such bone."""
MOST_ABOVE_DB, MOST_BELOW_DB = 15.0, 20.0
"""Fall from the crest at which an echo ends in any case."""
ALONG = 4
"""Levels are averaged over so many columns both ways."""
FAINT_MM = (0.3, 1.5)
"""Bone without an echo of its own is drawn from so far above its surface to so far under it."""
_IS_BONE = np.isin(np.arange(len(Structure)), [int(one) for one in (*BONES, Structure.BONE)])


def painted(pixels: Pixels, labels: Labels, step_mm: npt.NDArray[np.float32]) -> Labels:
    """Return labels in which bone is its echo: edges lie where the level is halfway between crest and what is beside.

    `pixels`: levels, (n, SIZE, SIZE); `labels`: ids, same shape, bone as a band under its surface; `step_mm`: (n,).
    What is left of a band under its echo is background; what is left above it is not taught.
    """
    result = labels.copy()
    _paint(pixels, labels, step_mm.astype(np.float64), IGNORE, _IS_BONE, result)
    return result


@njit(cache=True, nogil=True, parallel=True)
def _paint(
    pixels: Pixels, labels: Labels, step_mm: npt.NDArray[np.float64], ignore: np.uint8, is_bone: Mask, result: Labels
) -> None:
    for n in prange(len(pixels)):
        level = np.zeros(SIZE)
        for j in range(SIZE):
            i = 0
            while i < SIZE:
                name = labels[n, i, j]
                if name >= is_bone.size or not is_bone[name]:
                    i += 1
                    continue
                first = i
                while i < SIZE and labels[n, i, j] == name:
                    i += 1
                _profile(pixels[n], labels[n], first, j, level)
                upper, lower = _edges(level, first, i, step_mm[n])
                for row in range(min(first, upper), max(i, lower)):
                    if upper <= row < lower:
                        result[n, row, j] = name
                    elif row < upper:
                        result[n, row, j] = ignore
                    elif labels[n, row, j] == name:
                        result[n, row, j] = 0


@njit(cache=True, nogil=True)
def _profile(pixels: Pixels, labels: Labels, first: int, column: int, level: npt.NDArray[np.float64]) -> None:
    """Write levels down a column, dB, averaged along the surface that begins at row `first`: speckle is no edge."""
    name, count = labels[first, column], 1
    for i in range(SIZE):
        level[i] = pixels[i, column]
    for way in (-1, 1):
        top, beside = first, column + way
        while 0 <= beside < SIZE and abs(beside - column) <= ALONG:
            found = -1
            for step in (0, -1, 1, -2, 2):
                row = top + step
                if 0 < row < SIZE and labels[row, beside] == name and labels[row - 1, beside] != name:
                    found = row
                    break
            if found < 0:
                break
            top = found
            for i in range(SIZE):
                level[i] += pixels[min(max(i + top - first, 0), SIZE - 1), beside]
            beside, count = beside + way, count + 1
    for i in range(SIZE):
        level[i] *= STEP_DB / count


@njit(cache=True, nogil=True)
def _edges(level: npt.NDArray[np.float64], first: int, last: int, step_mm: float) -> tuple[int, int]:
    """Return first row and one past the last of the echo of a band [first, last) of one column."""
    highest, lowest = max(0, first - round(HIGHER_MM / step_mm)), min(SIZE, last + round(LOWER_MM / step_mm))
    crest = highest + int(np.argmax(level[highest:lowest]))
    above = _mean(level, first - ABOVE_MM[0] / step_mm, first - ABOVE_MM[1] / step_mm, level[crest])
    below = _mean(level, last + BELOW_MM[0] / step_mm, last + BELOW_MM[1] / step_mm, 0.0)
    if level[crest] - above < LEAST_DB:
        return max(0, first - round(FAINT_MM[0] / step_mm)), min(SIZE, first + max(1, round(FAINT_MM[1] / step_mm)))
    over = max(0.5 * (level[crest] + above), level[crest] - MOST_ABOVE_DB)
    under = max(0.5 * (level[crest] + below), level[crest] - MOST_BELOW_DB)
    upper, tallest = crest, max(0, first - round(TALLEST_MM / step_mm))
    while upper > tallest and level[upper - 1] >= over:
        upper -= 1
    lower, deepest = crest + 1, min(SIZE, crest + round(DEEPEST_MM / step_mm))
    while lower < deepest and level[lower] >= under:
        lower += 1
    return upper, lower


@njit(cache=True, nogil=True)
def _mean(level: npt.NDArray[np.float64], begin: float, end: float, otherwise: float) -> float:
    first, last = max(0, int(begin)), min(SIZE, int(end) + 1)
    total, count = 0.0, 0
    for i in range(first, last):
        if level[i] > 0.0:
            total += level[i]
            count += 1
    return total / count if count > 0 else otherwise
