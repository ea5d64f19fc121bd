"""Cross-section of a muscle: area, width, height and shape, one side of the midline at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from echospine.domain.errors import UncalibratedError
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import BONES, Sector, Structure
from echospine.domain.sights import Landmark, Sighting
from echospine.domain.units import Labels, Mask
from echospine.engine.muscle.outlines.thickness import BACK, EDGE_SD_MM

CLOSE_MM = 1.0
"""Gaps within a muscle (septa, streaks of fat) up to twice this wide belong to it."""
CELL_MM = 0.3
"""Gaps are looked for on a grid about so fine; the outline itself keeps its pixels."""
EDGE_SHARE = 0.05
"""A muscle that has more of its outline than this on the edge of the field is cut by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A muscle's cross-section.

    `area_mm2`, with one standard deviation `sd_mm2`; `width_mm`, across the picture; `height_mm`, down it; `mask`:
    where it is, (height, width); `cut`: part of it lies outside the field, so that all of these are too small.
    """

    area_mm2: float
    sd_mm2: float
    width_mm: float
    height_mm: float
    mask: Mask
    cut: bool

    @property
    def shape_ratio(self) -> float:
        """Width over height (Hides et al. 1992, J Orthop Res 10:369: mediolateral over anteroposterior)."""
        return self.width_mm / self.height_mm


def section(labels: Labels, muscle: Structure, geometry: ImageGeometry, sector: Sector) -> Section | None:
    """Return the largest piece of a muscle, gaps closed and holes filled; None where there is none.

    `labels`: structure ids, (height, width). Raises UncalibratedError where the picture has no mm.
    """
    region = geometry.main_region()
    if region is None:
        raise UncalibratedError("uncalibrated: the picture carries no millimetres")
    step = region.step_mm
    piece = largest_piece(labels, muscle, step)
    return None if piece is None else section_of(piece, step, sector)


def largest_piece(labels: Labels, muscle: Structure, step_mm: tuple[float, float]) -> Mask | None:
    """Return the largest piece of a muscle, gaps closed and holes filled, (height, width); None where there is none."""
    found = labels == muscle
    if not found.any():
        return None
    margin = [math.ceil(CLOSE_MM / one) + 2 for one in reversed(step_mm)]
    box = _box(found, margin)
    closed = _closed(np.pad(found[box], 1), np.pad(labels[box], 1), step_mm)[1:-1, 1:-1]
    pieces, count = ndimage.label(closed)
    sizes = np.bincount(pieces.ravel())[1:]
    whole: Mask = np.zeros(labels.shape, np.bool_)
    whole[box] = pieces == 1 + int(np.argmax(sizes)) if count else False
    return whole


def midline_px(labels: Labels, landmarks: tuple[Sighting, ...]) -> float | None:
    """Return the column of the midline in a picture across the spine; None where none is seen.

    It runs through the tips of spinous processes and the landmarks of the midline, straight down.
    """
    kinds = (Landmark.SPINOUS_TIP, Landmark.MIDLINE)
    at = np.array([one.at_px[0] for one in landmarks if one.landmark in kinds])
    if at.size == 0:
        at = np.nonzero(labels == Structure.SPINOUS_PROCESS)[1].astype(np.float64)
    return float(np.median(at)) if at.size else None


def halves(labels: Labels, column_px: float) -> tuple[Labels, Labels]:
    """Return the map left and right of a column, the other half background."""
    left = np.arange(labels.shape[1]) < column_px
    return np.where(left, labels, 0).astype(np.uint8), np.where(left, 0, labels).astype(np.uint8)


def section_of(piece: Mask, step: tuple[float, float], sector: Sector) -> Section:
    """Return the size of a piece of muscle, (height, width), not empty; `step`: of a column and a row, mm."""
    box = _box(piece, (3, 3))
    inside, field = np.pad(piece[box], 1), np.pad(sector.mask(piece.shape[0])[box], 3)
    outline = (inside & ~ndimage.binary_erosion(inside))[1:-1, 1:-1]
    edge = ~ndimage.binary_erosion(field, iterations=2)[3:-3, 3:-3]
    rows, columns = np.nonzero(piece[box])
    perimeter = float(outline.sum()) * 0.5 * (step[0] + step[1])
    return Section(
        float(rows.size) * step[0] * step[1],
        EDGE_SD_MM * perimeter,
        float(np.ptp(columns) + 1) * step[0],
        float(np.ptp(rows) + 1) * step[1],
        piece,
        bool((outline & edge).sum() > EDGE_SHARE * outline.sum()),
    )


def _box(mask: Mask, margin: Sequence[int]) -> tuple[slice, slice]:
    """Return the rows and columns of a mask that is not empty, with a margin as far as the picture goes."""
    parts = []
    for axis, more in enumerate(margin):
        at = np.flatnonzero(mask.any(axis=1 - axis))
        parts.append(slice(max(0, int(at[0]) - more), int(at[-1]) + 1 + more))
    return parts[0], parts[1]


def _closed(mask: Mask, labels: Labels, step: tuple[float, float]) -> Mask:
    """Return the mask with narrow gaps closed, but never over bone or another named muscle."""
    many = max(1, int(CELL_MM / max(step)))
    cells = _cells(mask, many)
    down_across = (many * step[1], many * step[0])
    near = ndimage.distance_transform_edt(~cells, sampling=down_across) <= CLOSE_MM
    gaps = (ndimage.distance_transform_edt(near, sampling=down_across) > CLOSE_MM) & ~cells
    spread = np.repeat(np.repeat(gaps, many, axis=0), many, axis=1)[: mask.shape[0], : mask.shape[1]]
    taken = np.isin(labels, [int(one) for one in (*BONES, *BACK)]) & ~mask
    found: Mask = ndimage.binary_fill_holes((spread | mask) & ~taken)
    return found


def _cells(mask: Mask, many: int) -> Mask:
    """Return blocks of `many` x `many` pixels, True where all of a block is; what is beyond the mask counts as none."""
    if many == 1:
        return mask
    height, width = (many * math.ceil(size / many) for size in mask.shape)
    padded = np.pad(mask, ((0, height - mask.shape[0]), (0, width - mask.shape[1])))
    blocks = padded.reshape(height // many, many, width // many, many)
    return np.asarray(blocks.all(axis=(1, 3)), np.bool_)
