"""Cross-section of a muscle: area, width, height and shape, one side of the midline at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from echospine.domain.errors import UncalibratedError
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import BONES, Sector, Structure
from echospine.domain.sights import Landmark, Sighting
from echospine.domain.units import Floats, Labels, Mask
from echospine.engine.muscle.outlines.thickness import EDGE_SD_MM

CLOSE_MM = 1.0
"""Gaps within a muscle (septa, streaks of fat) up to twice this wide belong to it."""
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
    piece = _largest(_closed(labels == muscle, labels, step))
    if piece is None:
        return None
    outline = piece & ~ndimage.binary_erosion(piece, border_value=0)
    edge = ~ndimage.binary_erosion(sector.mask(labels.shape[0]), iterations=2, border_value=0)
    rows, columns = np.nonzero(piece)
    perimeter = float(outline.sum()) * 0.5 * (step[0] + step[1])
    return Section(
        float(piece.sum()) * step[0] * step[1],
        EDGE_SD_MM * perimeter,
        float(np.ptp(columns) + 1) * step[0],
        float(np.ptp(rows) + 1) * step[1],
        piece,
        bool((outline & edge).sum() > EDGE_SHARE * outline.sum()),
    )


def sides(labels: Labels, landmarks: tuple[Sighting, ...]) -> tuple[Labels, Labels] | None:
    """Return the map left and right of the midline in the picture, the other half background; None where none is seen.

    The midline runs through the tips of spinous processes and the landmarks of the midline, straight down.
    """
    kinds = (Landmark.SPINOUS_TIP, Landmark.MIDLINE)
    at = np.array([one.at_px[0] for one in landmarks if one.landmark in kinds])
    if at.size == 0:
        at = np.nonzero(labels == Structure.SPINOUS_PROCESS)[1].astype(np.float64)
    if at.size == 0:
        return None
    left = np.arange(labels.shape[1]) < float(np.median(at))
    return np.where(left, labels, 0).astype(np.uint8), np.where(left, 0, labels).astype(np.uint8)


def _closed(mask: Mask, labels: Labels, step: tuple[float, float]) -> Mask:
    """Return the mask with narrow gaps closed, but never over bone or another named muscle."""
    size = [max(1, round(CLOSE_MM / one)) for one in reversed(step)]
    y, x = np.ogrid[-size[0] : size[0] + 1, -size[1] : size[1] + 1]
    disc = (y / size[0]) ** 2 + (x / size[1]) ** 2 <= 1.0
    padded = np.pad(mask, [(one, one) for one in size])
    closed = ndimage.binary_closing(padded, disc)[size[0] : -size[0], size[1] : -size[1]]
    taken = np.isin(labels, [int(one) for one in (*BONES, Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE)]) & ~mask
    found: Mask = ndimage.binary_fill_holes(closed & ~taken)
    return found


def _largest(mask: Mask) -> Mask | None:
    pieces, count = ndimage.label(mask)
    if count == 0:
        return None
    sizes: Floats = ndimage.sum_labels(mask, pieces, np.arange(1, count + 1))
    found: Mask = pieces == 1 + int(np.argmax(sizes))
    return found
