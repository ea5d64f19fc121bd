"""Fitting a frame into the square that a network sees, and knowing where each cell of it lies in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Sector
from echospine.domain.units import Floats, Mask, Pixels

COLOURFUL = 40
"""Difference between the largest and the smallest of red, green and blue that makes a pixel coloured."""
TINTED_SHARE = 0.5
"""Where more of the lit pixels than this are coloured, the whole picture is tinted, and its colours are echoes."""
LIT = 5
"""Grey level above which a pixel counts as lit."""

Square = npt.NDArray[np.float32]
"""What a network sees: grey, 0 to 1, shape (size, size)."""
_Weights = tuple[npt.NDArray[np.int64], Square]


@dataclass(frozen=True, slots=True)
class Framing:
    """Where a square of `size` x `size` cells lies over a picture.

    `corner_px`: picture coordinates (x, y) of the centre of cell [0, 0]; `step_px`: picture pixels per cell, the same
    both ways; `box_px`: first column and row of the sector, and one past its last ones.
    """

    size: int
    corner_px: tuple[float, float]
    step_px: float
    box_px: tuple[int, int, int, int]

    def to_picture(self, cells: npt.ArrayLike) -> Floats:
        """Return places in the picture, (n, 2) as x and y, of places in the square, cells, same shape."""
        placed: Floats = np.asarray(cells, np.float64) * self.step_px + np.array(self.corner_px)
        return placed

    def inside(self, sector: Sector) -> Mask:
        """Return True for cells whose centre lies in the sector, within the box, shape (size, size)."""
        x0, y0, x1, y1 = self.box_px
        columns = np.rint(self.corner_px[0] + self.step_px * np.arange(self.size)).astype(np.intp)
        rows = (self.corner_px[1] + self.step_px * np.arange(self.size))[:, None]
        there = (columns >= x0) & (columns < x1)
        top, bottom = (edge[np.clip(columns, 0, edge.size - 1)] for edge in (sector.top_px, sector.bottom_px))
        if not np.isfinite(top[there]).any():
            whole: Mask = there & (rows >= y0 - 0.5) & (rows < y1 - 0.5)
            return whole
        inside: Mask = there & (rows >= np.maximum(top, y0) - 0.5) & (rows <= np.minimum(bottom, y1 - 1) + 0.5)
        return inside


def framing_of(geometry: ImageGeometry, sector: Sector, size: int) -> Framing:
    """Return the framing that puts the box around the sector into the middle of a square, as large as fits.

    A sector cut by the picture's border gives the part that is there; one without a column, the whole picture. Raises
    ModelError for a sector of another picture's width.
    """
    if sector.top_px.size != geometry.width:
        raise ModelError(f"a sector of {sector.top_px.size} columns is not that of a picture of {geometry.width}")
    x0, y0, x1, y1 = _box(geometry, sector)
    step = max(x1 - x0, y1 - y0) / size
    half = step * (size - 1) / 2
    return Framing(size, ((x0 + x1 - 1) / 2 - half, (y0 + y1 - 1) / 2 - half), step, (x0, y0, x1, y1))


def _box(geometry: ImageGeometry, sector: Sector) -> tuple[int, int, int, int]:
    columns = np.flatnonzero(np.isfinite(sector.top_px) & np.isfinite(sector.bottom_px))
    whole = (0, 0, geometry.width, geometry.height)
    if columns.size == 0:
        return whole
    top, bottom = float(sector.top_px[columns].min()), float(sector.bottom_px[columns].max())
    y0, y1 = max(0, int(np.floor(top))), min(geometry.height, int(np.ceil(bottom)) + 1)
    return (int(columns[0]), y0, int(columns[-1]) + 1, y1) if y1 > y0 else whole


def fitted(frame: Frame, sector: Sector, framing: Framing) -> Square:
    """Return the frame in the square: each cell the mean grey over its area, 0 outside the sector.

    Where the picture is finer than the square this is area averaging; where it is coarser, linear interpolation.
    """
    grey = echo_grey(frame)
    x0, y0, x1, y1 = framing.box_px
    first, last = _rows_of(sector, framing)
    down = _weights(framing.size, framing.corner_px[1], framing.step_px, y0, y1)
    across = _weights(framing.size, framing.corner_px[0], framing.step_px, x0, x1)
    return _average(grey, first, last, x0, *down, *across)


def echo_grey(frame: Frame) -> Pixels:
    """Return grey levels as a network is to see them, uint8, (rows, columns).

    Coloured pixels (flow, writing, logos) are black: flow is drawn over vessels, which have no echo, and its brightness
    is a speed, not an echo. A picture of which most is coloured is tinted as a whole: there the luma is kept.
    """
    pixels = frame.pixels
    if pixels.ndim == 2:
        return pixels
    return _without_colour(pixels, frame.grey)


def _without_colour(pixels: Pixels, grey: Pixels) -> Pixels:
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    coloured = spread > COLOURFUL
    lit = np.count_nonzero(grey > LIT)
    if np.count_nonzero(coloured) > TINTED_SHARE * lit:
        return grey
    return np.where(coloured, np.uint8(0), grey)


def _rows_of(sector: Sector, framing: Framing) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first row of the sector and one past its last in each column of the box, both 0 where it has none."""
    x0, y0, x1, y1 = framing.box_px
    top, bottom = sector.top_px[x0:x1], sector.bottom_px[x0:x1]
    there = np.isfinite(top) & np.isfinite(bottom)
    if not there.any():
        return np.full(x1 - x0, y0), np.full(x1 - x0, y1)
    first = np.clip(np.floor(np.where(there, top, 0.0)), y0, y1)
    last = np.clip(np.ceil(np.where(there, bottom, -1.0)) + 1, y0, y1)
    return np.where(there, first, 0).astype(np.int64), np.where(there, last, 0).astype(np.int64)


def _weights(size: int, corner: float, step: float, first: int, last: int) -> _Weights:
    """Return for each cell the first pixel it takes from and the weights of that one and the next, (size, k).

    A cell takes the mean over max(step, 1) pixels around its centre: over one pixel that is linear interpolation.
    """
    width = max(step, 1.0)
    centre = corner + step * np.arange(size)
    start = np.floor(centre - width / 2 + 0.5).astype(np.int64)
    pixels = start[:, None] + np.arange(int(np.ceil(width)) + 1)
    low, high = (centre - width / 2)[:, None], (centre + width / 2)[:, None]
    overlap = np.minimum(pixels + 0.5, high) - np.maximum(pixels - 0.5, low)
    inside = (pixels >= first) & (pixels < last)
    return start, (np.maximum(overlap, 0.0) * inside / width).astype(np.float32)


@njit(cache=True, nogil=True)
def _average(  # noqa: PLR0917 -- a kernel takes its tables one by one
    grey: Pixels,
    first: npt.NDArray[np.int64],
    last: npt.NDArray[np.int64],
    x0: int,
    row_start: npt.NDArray[np.int64],
    row_weight: Square,
    column_start: npt.NDArray[np.int64],
    column_weight: Square,
) -> Square:
    """Return weighted means of `grey` / 255: down each column within its rows of the sector, then across."""
    size, width = row_start.size, first.size
    square = np.zeros((size, size), np.float32)
    line = np.zeros(width, np.float32)
    for i in range(size):
        line[:] = 0.0
        for k in range(row_weight.shape[1]):
            weight = row_weight[i, k]
            if weight > 0.0:
                row = row_start[i] + k
                for x in range(width):
                    if first[x] <= row < last[x]:
                        line[x] += weight * grey[row, x0 + x]
        for j in range(size):
            total = np.float32(0.0)
            for k in range(column_weight.shape[1]):
                weight = column_weight[j, k]
                if weight > 0.0:
                    total += weight * line[column_start[j] + k - x0]
            square[i, j] = total / np.float32(255.0)
    return square
