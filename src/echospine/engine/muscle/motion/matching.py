"""Where a block of speckle of one frame lies in another: normalised cross-correlation, coarse to fine, below a pixel.

Lewis 1995, Fast Normalized Cross-Correlation; peak between pixels by the least-squares paraboloid through the nine
scores around it; coarse to fine on means of 2 x 2 pixels (Burt and Adelson 1983).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numba
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, Pixels

Grey = npt.NDArray[np.uint8]
Block = npt.NDArray[np.float32]
Sums = npt.NDArray[np.int64]
FLAT = 4.0
"""Variance of grey, steps squared, under which a block has nothing to be told by."""


@dataclass(frozen=True, slots=True)
class Matching:
    """How blocks are sought, pixels.

    `half`: of a block, rows and columns; `reach`: how far a block may have gone between the two frames, rows and
    columns; `levels`: of the pyramid, the finest included; `neighbours`: points over which a stray answer is judged, 0
    to leave answers as they are; `back`: whether the way back is sought too, which tells the drift.
    """

    half: tuple[int, int] = (12, 16)
    reach: tuple[int, int] = (16, 24)
    levels: int = 3
    neighbours: int = 9
    back: bool = True

    def __post_init__(self) -> None:
        if min(self.half) < 3 or min(self.reach) < 1 or not 1 <= self.levels <= 5:
            raise GeometryError("blocks need 3 pixels and more to each side, a reach of 1 and more, and 1 to 5 levels")

    @classmethod
    def within(cls, reach_mm: float, step_mm: tuple[float, float]) -> Matching:
        """Return the usual way for tissue that goes up to `reach_mm` between two frames; `step_mm`: x and y."""
        usual = cls()
        across, down = (
            max(least, round(reach_mm / step)) for least, step in zip(usual.reach[::-1], step_mm, strict=True)
        )
        return cls(reach=(down, across))


class Level(NamedTuple):
    """One size of a frame: its grey, (height, width), and running sums of it and of its squares, one more each way."""

    grey: Block
    sums: Sums
    squares: Sums


Seen: TypeAlias = tuple[Level, ...]
"""A frame prepared for matching, the finest level first."""


class Matched(NamedTuple):
    """Answers for n points.

    `displacement_px`: (n, 2), x and y, NaN where there is none; `score`: correlation at the peak, -1 to 1, (n,);
    `drift_px`: how far the way forth and back misses its beginning, (n,), NaN where that was not sought.
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
    return match_seen(seen(before, how.levels), seen(after, how.levels), points_px, how, guess_px=guess_px)


def match_seen(
    first: Seen, second: Seen, points_px: Floats, how: Matching, *, guess_px: Floats | None = None
) -> Matched:
    """Return the same of frames that were prepared by `seen`, so that each is prepared once for many questions."""
    points = np.asarray(points_px, np.float64).reshape(-1, 2)
    guess = np.zeros_like(points) if guess_px is None else np.asarray(guess_px, np.float64).reshape(-1, 2)
    forth, score = _sought(first, second, points, guess, how)
    if how.neighbours > 1 and len(points) > how.neighbours:
        forth = _agreed(points, forth, how.neighbours)
    there = np.isfinite(forth[:, 0])
    back = np.full_like(forth, np.nan)
    if how.back and there.any():
        back[there], _ = _sought(second, first, points[there] + forth[there], -forth[there], how)
    return Matched(forth, score, np.linalg.norm(forth + back, axis=1))


def seen(frame: Pixels, levels: int) -> Seen:
    """Return a frame prepared for matching: itself and coarser ones, each half as wide, with their running sums."""
    greys: list[Grey] = [np.ascontiguousarray(frame, np.uint8)]
    for _ in range(levels - 1):
        if min(greys[-1].shape) < 16:
            break
        greys.append(_halved(greys[-1]))
    return tuple(Level(grey.astype(np.float32), *_running(grey)) for grey in greys)


def _sought(first: Seen, second: Seen, points: Floats, guess: Floats, how: Matching) -> tuple[Floats, Floats]:
    """Return displacements (n, 2) and scores (n,), from the coarsest level to the finest."""
    moved, score = guess.copy(), np.full(len(points), -1.0)
    used = min(how.levels, len(first))
    for level in reversed(range(used)):
        scale = 2.0**level
        coarsest = level == used - 1
        rows, columns = (max(3, round(size / scale**0.5)) for size in how.half)
        down, across = (max(1, int(np.ceil(size / scale))) if coarsest else 2 for size in how.reach)
        centres = (points + 0.5) / scale - 0.5
        found, score = _search(first[level], second[level], centres, moved / scale, ((rows, columns), (down, across)))
        moved = np.where(np.isfinite(found), found * scale, np.nan if level == 0 else moved)
    return moved, score


@numba.njit(cache=True, nogil=True)
def _halved(fine: Grey) -> Grey:
    """Return the means of 2 x 2 pixels."""
    coarse = np.empty((fine.shape[0] // 2, fine.shape[1] // 2), np.uint8)
    for i in range(coarse.shape[0]):
        for j in range(coarse.shape[1]):
            four = int(fine[2 * i, 2 * j]) + int(fine[2 * i, 2 * j + 1])
            four += int(fine[2 * i + 1, 2 * j]) + int(fine[2 * i + 1, 2 * j + 1])
            coarse[i, j] = (four + 2) // 4
    return coarse


@numba.njit(cache=True, nogil=True)
def _running(grey: Grey) -> tuple[Sums, Sums]:
    """Return the sums of grey and of its squares over everything above and left of each corner of a pixel.

    (height + 1, width + 1) each (Crow 1984, Summed-area tables): of any block, both follow from four corners.
    """
    height, width = grey.shape
    plain, squares = np.zeros((height + 1, width + 1), np.int64), np.zeros((height + 1, width + 1), np.int64)
    for i in range(height):
        one, two = 0, 0
        for j in range(width):
            value = int(grey[i, j])
            one += value
            two += value * value
            plain[i + 1, j + 1] = plain[i, j + 1] + one
            squares[i + 1, j + 1] = squares[i, j + 1] + two
    return plain, squares


@numba.njit(cache=True, nogil=True)
def _search(
    first: Level, second: Level, centres: Floats, guess: Floats, sizes: tuple[tuple[int, int], tuple[int, int]]
) -> tuple[Floats, Floats]:
    """Return for each block the displacement of best score, below a pixel, and that score; NaN where there is none.

    `sizes`: half of a block, and reach, rows and columns of each.
    """
    half, reach = sizes
    found, best = np.full(centres.shape, np.nan), np.full(len(centres), -1.0)
    n_rows, n_columns = 2 * reach[0] + 1, 2 * reach[1] + 1
    scores = np.empty((n_rows, n_columns))
    block = np.empty((2 * half[0] + 1, 2 * half[1] + 1), np.float32)
    for n in range(len(centres)):
        x, y = int(np.rint(centres[n, 0])), int(np.rint(centres[n, 1]))
        u, v = int(np.rint(guess[n, 0])), int(np.rint(guess[n, 1]))
        corner = (y - half[0], x - half[1])
        mean, spread = _spread(first, corner, block.shape)
        if spread < FLAT * block.size:
            continue
        _take(first.grey, corner, np.float32(mean), block)
        top, at_i, at_j = -2.0, -1, -1
        for i in range(n_rows):
            for j in range(n_columns):
                place = (corner[0] + v + i - reach[0], corner[1] + u + j - reach[1])
                other = _spread(second, place, block.shape)[1]
                one = -2.0
                if other >= FLAT * block.size:
                    one = float(_product(block, second.grey, place)) / np.sqrt(spread * other)
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
def _spread(frame: Level, corner: tuple[int, int], shape: tuple[int, int]) -> tuple[float, float]:
    """Return the mean of a block and its sum of squares about that; the sum is negative where it leaves the frame."""
    top, left = corner
    bottom, right = top + shape[0], left + shape[1]
    if top < 0 or left < 0 or bottom > frame.grey.shape[0] or right > frame.grey.shape[1]:
        return 0.0, -1.0
    sums, squares = frame.sums, frame.squares
    one = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    two = squares[bottom, right] - squares[top, right] - squares[bottom, left] + squares[top, left]
    mean = one / (shape[0] * shape[1])
    return mean, two - one * mean


@numba.njit(cache=True, nogil=True)
def _take(grey: Block, corner: tuple[int, int], mean: np.float32, block: Block) -> None:
    """Fill `block` with the grey at `corner` (row, column) less its mean."""
    for i in range(block.shape[0]):
        for j in range(block.shape[1]):
            block[i, j] = grey[corner[0] + i, corner[1] + j] - mean


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _product(block: Block, grey: Block, corner: tuple[int, int]) -> np.float32:
    """Return the sum of a block without mean times the grey at `corner`; eight columns at a time by the compiler."""
    total = np.float32(0.0)
    for i in range(block.shape[0]):
        row, taken = block[i], grey[corner[0] + i, corner[1] : corner[1] + block.shape[1]]
        for j in range(row.shape[0]):
            total += row[j] * taken[j]
    return total


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
