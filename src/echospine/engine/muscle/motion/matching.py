"""Where a block of speckle of one frame lies in another: normalised cross-correlation, coarse to fine, below a pixel.

Lewis 1995, Fast Normalized Cross-Correlation; peak between pixels by the least-squares paraboloid through the nine
scores around it; coarse to fine on means of 2 x 2 pixels (Burt and Adelson 1983).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, Pixels

Grey = npt.NDArray[np.uint8]
FLAT = 4.0
"""Variance of grey, steps squared, under which a block has nothing to be told by."""


@dataclass(frozen=True, slots=True)
class Matching:
    """How blocks are sought, pixels.

    `half`: of a block, rows and columns; `reach`: how far a block may have gone between the two frames, rows and
    columns; `levels`: of the pyramid, the finest included; `neighbours`: points over which a stray answer is judged, 0
    to leave answers as they are.
    """

    half: tuple[int, int] = (12, 16)
    reach: tuple[int, int] = (16, 24)
    levels: int = 3
    neighbours: int = 9

    def __post_init__(self) -> None:
        if min(self.half) < 3 or min(self.reach) < 1 or not 1 <= self.levels <= 5:
            raise GeometryError("blocks need 3 pixels and more to each side, a reach of 1 and more, and 1 to 5 levels")


class Matched(NamedTuple):
    """Answers for n points.

    `displacement_px`: (n, 2), x and y, NaN where there is none; `score`: correlation at the peak, -1 to 1, (n,);
    `drift_px`: how far the way forth and back misses its beginning, (n,).
    """

    displacement_px: Floats
    score: Floats
    drift_px: Floats


def grid_points(corner_px: tuple[float, float], size_px: tuple[float, float], rows: int, columns: int) -> Floats:
    """Return points of a grid over a box, (rows * columns, 2), x and y, row by row; `corner_px`, `size_px`: x, y."""
    x = corner_px[0] + size_px[0] * (np.arange(columns) + 0.5) / columns
    y = corner_px[1] + size_px[1] * (np.arange(rows) + 0.5) / rows
    return np.stack([axis.ravel() for axis in np.meshgrid(x, y)], axis=-1)


def match(
    before: Pixels, after: Pixels, points_px: Floats, how: Matching | None = None, *, guess_px: Floats | None = None
) -> Matched:
    """Return where the blocks around `points_px` (n, 2) of `before` lie in `after`, both grey, (height, width).

    `guess_px`: (n, 2), where they are likely to have gone; the search is around it. Answers that differ from the median
    of their neighbours by more than three times its spread are put to that median (Westerweel and Scarano 2005, Exp
    Fluids 39:1096). Raises GeometryError for frames that are not alike in shape.
    """
    how = how or Matching()
    if before.ndim != 2 or before.shape != after.shape:
        raise GeometryError(
            f"speckle is followed between grey frames of one size, not {before.shape} and {after.shape}"
        )
    points = np.asarray(points_px, np.float64).reshape(-1, 2)
    guess = np.zeros_like(points) if guess_px is None else np.asarray(guess_px, np.float64).reshape(-1, 2)
    first, second = _pyramid(before, how.levels), _pyramid(after, how.levels)
    forth, score = _sought(first, second, points, guess, how)
    if how.neighbours > 1 and len(points) > how.neighbours:
        forth = _agreed(points, forth, how.neighbours)
    there = np.isfinite(forth[:, 0])
    back = np.full_like(forth, np.nan)
    if there.any():
        back[there], _ = _sought(second, first, points[there] + forth[there], -forth[there], how)
    return Matched(forth, score, np.linalg.norm(forth + back, axis=1))


def _pyramid(frame: Pixels, levels: int) -> list[Grey]:
    """Return the frame and coarser ones, each half as wide as the one before."""
    found: list[Grey] = [np.ascontiguousarray(frame, np.uint8)]
    for _ in range(levels - 1):
        fine = found[-1]
        height, width = (size // 2 * 2 for size in fine.shape)
        if min(height, width) < 16:
            break
        blocks = fine[:height, :width].reshape(height // 2, 2, width // 2, 2).astype(np.uint16)
        found.append(((blocks.sum(axis=(1, 3)) + 2) // 4).astype(np.uint8))
    return found


def _sought(
    first: list[Grey], second: list[Grey], points: Floats, guess: Floats, how: Matching
) -> tuple[Floats, Floats]:
    """Return displacements (n, 2) and scores (n,), from the coarsest level to the finest."""
    moved, score = guess.copy(), np.full(len(points), -1.0)
    for level in reversed(range(len(first))):
        scale = 2.0**level
        coarsest = level == len(first) - 1
        rows, columns = (max(3, round(size / scale**0.5)) for size in how.half)
        down, across = (max(1, int(np.ceil(size / scale))) if coarsest else 2 for size in how.reach)
        centres = (points + 0.5) / scale - 0.5
        found, score = _search(first[level], second[level], centres, moved / scale, ((rows, columns), (down, across)))
        moved = np.where(np.isfinite(found), found * scale, np.nan if level == 0 else moved)
    return moved, score


@numba.njit(cache=True, nogil=True)
def _search(
    first: Grey, second: Grey, centres: Floats, guess: Floats, sizes: tuple[tuple[int, int], tuple[int, int]]
) -> tuple[Floats, Floats]:
    """Return for each block the displacement of best score, below a pixel, and that score; NaN where there is none.

    `sizes`: half of a block, and reach, rows and columns of each.
    """
    half, reach = sizes
    found, best = np.full(centres.shape, np.nan), np.full(len(centres), -1.0)
    n_rows, n_columns = 2 * reach[0] + 1, 2 * reach[1] + 1
    scores = np.empty((n_rows, n_columns))
    for n in range(len(centres)):
        x, y = int(np.rint(centres[n, 0])), int(np.rint(centres[n, 1]))
        u, v = int(np.rint(guess[n, 0])), int(np.rint(guess[n, 1]))
        top, at_i, at_j = -2.0, -1, -1
        for i in range(n_rows):
            for j in range(n_columns):
                one = _score(first, second, (y, x), (y + v + i - reach[0], x + u + j - reach[1]), half)
                scores[i, j] = one
                if one > top:
                    top, at_i, at_j = one, i, j
        if top <= -1.0:
            continue
        best[n] = top
        dx, dy = _between(scores, at_i, at_j)
        found[n, 0] = u + at_j - reach[1] + dx
        found[n, 1] = v + at_i - reach[0] + dy
    return found, best


@numba.njit(cache=True, nogil=True)
def _score(first: Grey, second: Grey, here: tuple[int, int], there: tuple[int, int], half: tuple[int, int]) -> float:
    """Return the normalised cross-correlation of two blocks, -2 where one leaves its frame or has no grey to tell."""
    height, width = first.shape
    for y, x in (here, there):
        if y - half[0] < 0 or x - half[1] < 0 or y + half[0] >= height or x + half[1] >= width:
            return -2.0
    a = b = aa = bb = ab = 0
    for i in range(-half[0], half[0] + 1):
        for j in range(-half[1], half[1] + 1):
            p, q = int(first[here[0] + i, here[1] + j]), int(second[there[0] + i, there[1] + j])
            a += p
            b += q
            aa += p * p
            bb += q * q
            ab += p * q
    count = (2 * half[0] + 1) * (2 * half[1] + 1)
    spread_a, spread_b = aa - a * a / count, bb - b * b / count
    if spread_a < FLAT * count or spread_b < FLAT * count:
        return -2.0
    return float((ab - a * b / count) / np.sqrt(spread_a * spread_b))


@numba.njit(cache=True, nogil=True)
def _between(scores: Floats, i: int, j: int) -> tuple[float, float]:
    """Return how far the top of the paraboloid through the nine scores lies from the highest, x and y, pixels."""
    if not (0 < i < scores.shape[0] - 1 and 0 < j < scores.shape[1] - 1):
        return 0.0, 0.0
    around = scores[i - 1 : i + 2, j - 1 : j + 2]
    if around.min() <= -1.5:
        return 0.0, 0.0
    gx = (around[:, 2].sum() - around[:, 0].sum()) / 6.0
    gy = (around[2].sum() - around[0].sum()) / 6.0
    hxx = (around[:, 0].sum() + around[:, 2].sum() - 2.0 * around[:, 1].sum()) / 3.0
    hyy = (around[0].sum() + around[2].sum() - 2.0 * around[1].sum()) / 3.0
    hxy = (around[0, 0] + around[2, 2] - around[0, 2] - around[2, 0]) / 4.0
    det = hxx * hyy - hxy * hxy
    if hxx >= 0.0 or det <= 0.0:
        return 0.0, 0.0
    dx, dy = (hxy * gy - hyy * gx) / det, (hxy * gx - hxx * gy) / det
    return min(max(dx, -1.0), 1.0), min(max(dy, -1.0), 1.0)


def _agreed(points: Floats, moved: Floats, neighbours: int) -> Floats:
    """Return displacements in which strays are put to the median of their neighbours."""
    kept = np.isfinite(moved[:, 0])
    if kept.sum() <= neighbours:
        return moved
    _, near = cKDTree(points[kept]).query(points, neighbours)
    around = moved[kept][near]
    middle = np.median(around, axis=1)
    spread = np.median(np.linalg.norm(around - middle[:, None], axis=2), axis=1)
    away = np.linalg.norm(moved - middle, axis=1)
    stray = kept & (away > 3.0 * spread + 0.5)
    return np.where(stray[:, None], middle, moved)
