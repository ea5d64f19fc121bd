"""A picture for the screen: less speckle with edges kept, and automatic gain. Never to be measured on.

The result is a Shown, which is no frame and has neither geometry nor grey levels: whatever measures takes a Frame, and
the two cannot be confused by accident.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.labels import Sector
from echospine.domain.units import Pixels

Singles = npt.NDArray[np.float32]
RADIUS = 3
"""Half the window over which means are taken, pixels: about one speckle at usual sizes."""
MOST_SPECKLE, LEAST_SPECKLE = 14.0, 2.0
"""SD of speckle, grey levels, between which it is taken from the picture: what varies less is evened out."""
BLOCK = 8
"""Edge of the blocks by whose usual variation speckle is told, pixels."""
MEDIAN_GREY, WHITE_GREY = 46.0, 235.0
"""Where automatic gain puts the median and the 99.5th percentile of what shows something."""
SHOWS_FROM = 6
MOST_GAIN, LEAST_GAIN = 2.5, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a screen shows of one frame; `screen_only`: uint8, (rows, columns). Not to be measured on."""

    frame_index: int
    screen_only: Pixels

    def __post_init__(self) -> None:
        self.screen_only.setflags(write=False)


def shown(frame: Frame, sector: Sector, *, smooth: float = 1.0, gain: bool = True) -> Shown:
    """Return a frame as a screen shows it. `smooth`: 0 not at all to 1; `gain`: brightness set by itself.

    Writing and what else lies outside of the sector is kept as it is.
    """
    if not 0.0 <= smooth <= 1.0:
        raise ModelError(f"smoothing by {smooth:g} is none: between 0 and 1")
    inside = sector.mask(frame.geometry.height)
    made = evened(frame.grey, smooth) if smooth > 0.0 else frame.grey.astype(np.float32)
    table = _gain(frame.grey[inside]) if gain else np.arange(256, dtype=np.float32)
    curved = np.rint(np.interp(made, np.arange(256), table)).astype(np.uint8)
    return Shown(frame.index, np.where(inside, curved, frame.grey))


def evened(grey: Pixels, smooth: float = 1.0) -> Singles:
    """Return a picture with its speckle evened out and its edges kept, float32, same shape.

    The local mean, and the more of the pixel itself the more the window varies beyond speckle: Lee 1980, IEEE PAMI
    2:165, additive noise, as speckle is after log compression; with weights averaged as in the guided filter (He et al.
    2013, IEEE PAMI 35:1397, eq. 5 and 8).
    """
    made: Singles = _guided(np.ascontiguousarray(grey), RADIUS, np.float32((smooth * speckle_of(grey)) ** 2))
    return made


def speckle_of(grey: Pixels) -> float:
    """Return the usual SD of grey within small blocks that show something: that of speckle, for edges are rare."""
    rows, columns = (size // BLOCK for size in grey.shape)
    blocks = grey[: rows * BLOCK : 2, : columns * BLOCK : 2].reshape(rows, BLOCK // 2, columns, BLOCK // 2)
    showing = blocks.mean(axis=(1, 3)) >= SHOWS_FROM
    if not showing.any():
        return LEAST_SPECKLE
    usual = float(np.median(blocks.std(axis=(1, 3), dtype=np.float32)[showing]))
    return min(max(usual, LEAST_SPECKLE), MOST_SPECKLE)


@njit(cache=True, nogil=True)
def _guided(grey: Pixels, radius: int, noise: np.float32) -> Singles:
    rows, columns = grey.shape
    plain = grey.astype(np.float32)
    mean, square = _box(plain, radius), _box(plain * plain, radius)
    slope, offset = np.empty_like(plain), np.empty_like(plain)
    for i in range(rows):
        for j in range(columns):
            variance = max(square[i, j] - mean[i, j] * mean[i, j], np.float32(0.0))
            slope[i, j] = max(variance - noise, np.float32(0.0)) / max(variance, np.float32(1e-3))
            offset[i, j] = (np.float32(1.0) - slope[i, j]) * mean[i, j]
    slope, offset = _box(slope, radius), _box(offset, radius)
    for i in range(rows):
        for j in range(columns):
            plain[i, j] = slope[i, j] * plain[i, j] + offset[i, j]
    return plain


@njit(cache=True, nogil=True)
def _box(values: Singles, radius: int) -> Singles:
    """Return means over squares of 2 radius + 1, cut at the edges, by running sums."""
    rows, columns = values.shape
    across, made = np.empty_like(values), np.empty_like(values)
    for i in range(rows):
        total, count = np.float32(0.0), 0
        for j in range(min(radius, columns)):
            total += values[i, j]
            count += 1
        for j in range(columns):
            if j + radius < columns:
                total += values[i, j + radius]
                count += 1
            if j - radius - 1 >= 0:
                total -= values[i, j - radius - 1]
                count -= 1
            across[i, j] = total / np.float32(count)
    sums, count = np.zeros(columns, np.float32), 0
    for i in range(min(radius, rows)):
        sums += across[i]
        count += 1
    for i in range(rows):
        if i + radius < rows:
            sums += across[i + radius]
            count += 1
        if i - radius - 1 >= 0:
            sums -= across[i - radius - 1]
            count -= 1
        made[i] = sums / np.float32(count)
    return made


def _gain(grey: Pixels) -> Singles:
    """Return a grey for each grey, (256,): the median and the brightest are put where a screen shows them well."""
    showing = grey[grey >= SHOWS_FROM]
    if showing.size < 100:
        return np.arange(256, dtype=np.float32)
    median, white = float(np.median(showing)), max(float(np.percentile(showing, 99.5)), 20.0)
    stretch = min(max(WHITE_GREY / white, LEAST_GAIN), MOST_GAIN)
    middle = min(max(MEDIAN_GREY / max(median * stretch, 1.0), 0.5), 2.0)
    scaled = np.minimum(np.arange(256) * stretch / 255.0, 1.0)
    at = min(max(median * stretch / 255.0, 0.02), 0.9)
    curve = np.log(min(max(at * middle, 0.02), 0.9)) / np.log(at)
    return np.asarray(255.0 * scaled ** min(max(curve, 0.6), 1.6), np.float32)
