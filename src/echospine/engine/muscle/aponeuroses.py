"""Aponeuroses: the two long bright lines that bound a muscle seen along its fibres, found without training.

Fascicles are bright too, but short and askew. So brightness is evened out, averaged along straight pieces a quarter of
the picture long, and followed from one side of the picture to the other by dynamic programming. Lengths are shares of
the field, so that no scale is needed. (Without training too, by other means: van der Zee and Kuo 2022, PLoS One
17:e0265752.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from echospine.domain.labels import Sector
from echospine.domain.units import Floats, Pixels, frozen

PIECE = 0.25
"""Length of the straight pieces along which brightness is averaged, as a share of the width."""
SLOPES = np.linspace(-0.3, 0.3, 13)
"""Their slopes."""
EVEN = 0.16
"""Side of the window in which brightness is evened out, as a share of height and width."""
SUPERFICIAL, DEEP = (0.03, 0.45), 0.985
"""Where the superficial line is looked for, and down to where the deep one, as shares of the height."""
APART = 0.25
"""The deep line is at least so far under the superficial one."""
NEAR = 0.025
"""Lines nearer to each other are one."""
ALIKE, BRIGHT = 0.55, 0.75
"""The superficial line is the lowest that has such shares of the best line's evenness and of the brightest's grey."""
EDGE = 0.5
"""The edge of a line is where it has so much of its brightness above the muscle's."""
GAP = 0.012
"""Strands of one line are no farther apart, as a share of the height."""
INSIDE = 0.12
"""So far into the muscle its own brightness is read, from which a line's edge is told."""
STEP_PX, MOST = 4, 2
"""A line is followed in steps of so many columns, over which it moves by no more than so many rows."""
BEND = 0.15
"""What moving so far costs, in units of evened brightness."""

Single = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Aponeuroses:
    """Inner edges of both lines: rows of the picture per column, shape (width,), NaN outside the field.

    `superficial_px`: lower edge of the upper line; `deep_px`: upper edge of the lower one.
    """

    superficial_px: Floats
    deep_px: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "superficial_px", frozen(self.superficial_px))
        object.__setattr__(self, "deep_px", frozen(self.deep_px))


def aponeuroses(grey: Pixels, sector: Sector) -> Aponeuroses | None:
    """Return the aponeuroses of a picture along a muscle, (height, width); None where the field is too small.

    Two lines are always given: it takes an eye to see whether the picture shows a muscle at all.
    """
    columns = np.flatnonzero(np.isfinite(sector.top_px))
    if columns.size < 64:
        return None
    first, last = int(columns[0]), int(columns[-1]) + 1
    top, bottom = int(np.nanmedian(sector.top_px)), int(np.nanmedian(sector.bottom_px)) + 1
    if bottom - top < 64:
        return None
    field = grey[top:bottom, first:last].astype(np.float32)
    upper, lower = _lines(field)
    edges = _edge(field, upper, 1), _edge(field, lower, -1)
    whole = np.full((2, grey.shape[1]), np.nan)
    whole[:, first:last] = np.array(edges) + top
    return Aponeuroses(whole[0], whole[1])


def _lines(field: Single) -> tuple[Floats, Floats]:
    """Return the crests of the superficial and the deep line, rows per column."""
    long = _along(_evened(field))
    height = field.shape[0]
    found = _several(long, round(SUPERFICIAL[0] * height), round(SUPERFICIAL[1] * height), 4)
    columns = np.arange(field.shape[1])
    grey = [float(field[np.rint(line).astype(np.int64), columns].mean()) for line, _ in found]
    best, brightest = max(score for _, score in found), max(grey)
    good = [
        line
        for (line, score), bright in zip(found, grey, strict=True)
        if score >= ALIKE * best and bright >= BRIGHT * brightest
    ]
    upper = max(good or [found[0][0]], key=lambda line: float(np.median(line)))
    under = min(0.9, float(np.median(upper)) / height + APART)
    (lower, _), *_ = _several(long, round(under * height), round(DEEP * height), 1)
    return upper, lower


def _evened(field: Single) -> Single:
    """Return brightness less its mean in a window, over its spread there, bounded; same shape."""
    smooth = ndimage.gaussian_filter(field, 0.004 * field.shape[0])
    window = [max(3, round(EVEN * size)) for size in field.shape]
    mean = ndimage.uniform_filter(smooth, window)
    spread = np.sqrt(np.maximum(ndimage.uniform_filter(smooth**2, window) - mean**2, 0.0))
    # 6 grey levels: where a picture is black its noise is no line
    evened: Single = np.clip((smooth - mean) / (spread + 6.0), -1.5, 2.5)
    return evened


def _along(evened: Single) -> Single:
    """Return the largest mean over straight pieces through each pixel, over SLOPES; same shape."""
    height, width = evened.shape
    rows, columns = np.arange(height)[:, None], np.arange(width)
    length = max(3, round(PIECE * width))
    best = np.full(evened.shape, -np.inf, np.float32)
    for slope in SLOPES:
        shift = np.rint(slope * (columns - width / 2)).astype(np.int64)
        level = evened[np.clip(rows + shift, 0, height - 1), columns]
        mean = ndimage.uniform_filter1d(level, length, axis=1, mode="nearest")
        np.maximum(best, mean[np.clip(rows - shift, 0, height - 1), columns], out=best)
    return best


def _several(long: Single, first: int, stop: int, count: int) -> list[tuple[Floats, float]]:
    """Return lines between two rows, the best first, each with its mean score; one found hides what is near it."""
    left = long.copy()
    rows, columns = np.arange(long.shape[0])[:, None], np.arange(long.shape[1])
    found = []
    for _ in range(count):
        line, score = _path(left[first:stop, ::STEP_PX])
        whole = np.interp(columns, columns[::STEP_PX], line + first)
        found.append((whole, score))
        left[np.abs(rows - whole) < NEAR * long.shape[0]] = -1.5
    return found


def _path(score: Single) -> tuple[npt.NDArray[np.int64], float]:
    """Return the row of each column along the best path from side to side, and its mean score."""
    height, width = score.shape
    total = score[:, 0].astype(np.float64)
    came = np.zeros((height, width), np.int64)
    moves = range(-MOST, MOST + 1)
    every = np.arange(height)
    for column in range(1, width):
        padded = np.pad(total, MOST, constant_values=-np.inf)
        options = np.stack([padded[MOST + move : MOST + move + height] - BEND * abs(move) / MOST for move in moves])
        chosen = options.argmax(axis=0)
        came[:, column] = every + chosen - MOST
        total = options[chosen, every] + score[:, column]
    path = np.zeros(width, np.int64)
    path[-1] = int(total.argmax())
    for column in range(width - 1, 0, -1):
        path[column - 1] = came[path[column], column]
    return path, float(total.max()) / width


def _edge(field: Single, line: Floats, way: int) -> Floats:
    """Return the edge of a line on the muscle's side, rows per column; `way`: 1 where the muscle lies under it.

    At EDGE between the muscle's brightness and the line's, each averaged along the line. Strands of a line that is
    more than one, GAP apart, belong to it; what bends off it for a short way does not.
    """
    height, width = field.shape
    smooth = ndimage.gaussian_filter1d(field, 0.003 * height, axis=0)
    into = np.arange(-round(0.02 * height), round(INSIDE * height))
    rows = np.clip(np.rint(line + way * into[:, None]).astype(np.int64), 0, height - 1)
    profile = ndimage.uniform_filter1d(smooth[rows, np.arange(width)], max(3, round(0.06 * width)), axis=1)
    near = into <= 0.02 * height
    muscle = np.median(profile[into > 0.05 * height], axis=0)
    crest = profile[near].argmax(axis=0)
    bright = profile >= muscle + EDGE * (profile[near].max(axis=0) - muscle)
    bright = ndimage.binary_closing(bright, np.ones((max(1, round(GAP * height)), 1), np.bool_)) | bright
    dark = ~bright & (np.arange(into.size)[:, None] > crest)
    end = np.where(dark.any(axis=0), dark.argmax(axis=0), into.size) - 1
    edge = line + way * (into[end] + 0.5)
    # turned about its ends, so that a line that slants goes on slanting there
    margin = round(0.08 * width)
    steady: Floats = ndimage.median_filter(np.pad(edge, margin, mode="reflect", reflect_type="odd"), 2 * margin + 1)
    return steady[margin:-margin]
