"""The insonified part of the picture: a rectangle or a fan, and burned-in text around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Region
from echospine.domain.labels import Box, Field, Sector
from echospine.domain.units import Floats, Mask, Pixels

DARK = 5
"""Grey level up to which a pixel counts as black surround."""
COLOURFUL = 40
"""Difference between the largest and the smallest of red, green and blue that makes a pixel coloured."""
TEXT_FROM = 90
"""Grey level from which static pixels outside the field count as writing or scales."""


def find_field(samples: Sequence[Frame]) -> Field:
    """Return the image field of a recording from a few of its frames; one whole-picture field when all is black.

    Lit pixels of all samples are joined to areas; the largest is the field, which is a fan when its upper edge is
    an arc with its middle lowest, and a rectangle otherwise. A DICOM region smaller than the picture bounds it.
    """
    geometry = samples[0].geometry
    brightest = np.maximum.reduce([_echo(frame) for frame in samples if frame.geometry == geometry])
    bounds = _bounds(geometry)
    lit = _lit(brightest, bounds)
    if not lit.any():
        return Field(_rectangle(geometry, 0, 0, geometry.width - 1, geometry.height - 1))
    sector = _fan(lit, geometry, bounds) or _box(lit, geometry, bounds)
    return Field(sector, _text(brightest, sector))


def _echo(frame: Frame) -> Pixels:
    """Return grey levels with coloured pixels (menus, logos, flow) black: tissue is shown in grey."""
    if frame.pixels.ndim == 2:
        return frame.grey
    colourful = frame.pixels.max(axis=2).astype(np.int16) - frame.pixels.min(axis=2) > COLOURFUL
    return np.where(colourful, 0, frame.grey).astype(np.uint8)


def _bounds(geometry: ImageGeometry) -> Region | None:
    """Return the region that bounds the field, where one is smaller than the picture."""
    region = geometry.main_region()
    if region is None or (region.x1 - region.x0 + 1, region.y1 - region.y0 + 1) == (geometry.width, geometry.height):
        return None
    return region


def _lit(brightest: Pixels, bounds: Region | None) -> Mask:
    """Return the largest lit area, thin furniture removed, holes filled; inside a region, with what lies over it."""
    bright = brightest > DARK
    if bounds is not None:
        outside = np.ones_like(bright)
        outside[bounds.y0 : bounds.y1 + 1, bounds.x0 : bounds.x1 + 1] = False
        bright &= ~outside
    size = max(3, min(brightest.shape) // 60)
    dense = ndimage.uniform_filter(bright.astype(np.float32), size) > 0.4
    dense &= ndimage.uniform_filter(bright.astype(np.float32), 3 * size) > 0.3
    areas, count = ndimage.label(dense)
    if count == 0:
        return bright
    sizes = np.bincount(areas.ravel())
    sizes[0] = 0
    field = areas == sizes.argmax()
    if bounds is not None:
        field |= _same_columns(areas, int(sizes.argmax()))
    edge: Mask = ndimage.binary_dilation(field, iterations=size) & bright
    filled: Mask = ndimage.binary_fill_holes(edge | field)
    return filled


def _same_columns(areas: npt.NDArray[np.signedinteger[Any]], largest: int) -> Mask:
    """Return the areas that share most of their columns, and at least half of its width, with the largest."""
    together = np.zeros(areas.shape, dtype=bool)
    reference = (areas == largest).any(axis=0)
    for number, place in enumerate(ndimage.find_objects(areas), start=1):
        shared = reference[place[1]].sum()
        if shared > 0.8 * (place[1].stop - place[1].start) and shared > 0.5 * reference.sum():
            together |= areas == number
    return together


def _rectangle(geometry: ImageGeometry, x0: int, y0: int, x1: int, y1: int) -> Sector:
    top = np.full(geometry.width, np.nan)
    bottom = top.copy()
    top[x0 : x1 + 1], bottom[x0 : x1 + 1] = y0, y1
    return Sector(top, bottom)


def _box(lit: Mask, geometry: ImageGeometry, bounds: Region | None) -> Sector:
    """Return the rectangle that holds the area, less the few rows and columns that only furniture reaches."""
    columns = np.flatnonzero(lit.sum(axis=0) > 0.05 * lit.sum(axis=0).max())
    rows = np.flatnonzero(lit.sum(axis=1) > 0.2 * lit.sum(axis=1).max())
    y1 = bounds.y1 if bounds is not None else int(rows[-1])
    return _rectangle(geometry, int(columns[0]), int(rows[0]), int(columns[-1]), y1)


def _fan(lit: Mask, geometry: ImageGeometry, bounds: Region | None) -> Sector | None:
    """Return the fan whose arc is the upper edge of the area, or None when that edge is no arc."""
    region = geometry.main_region()
    step_x, step_y = region.step_mm if region is not None else (1.0, 1.0)
    columns = np.flatnonzero(lit.any(axis=0))
    if columns.size < 24:
        return None
    top = lit[:, columns].argmax(axis=0).astype(np.float64)
    ends = _arc_ends(top)
    if ends is None:
        return None
    first, last = ends
    arc = slice(first, last + 1)
    circle = fit_circle(np.asarray(columns[arc] * step_x, np.float64), np.asarray(top[arc] * step_y, np.float64))
    if circle is None:
        return None
    x, y, radius = circle
    rows, cols = np.nonzero(lit)
    dx, dy = cols * step_x - x, rows * step_y - y
    angle, reach = np.arctan2(dx, dy), np.hypot(dx, dy)
    in_front = dy > 0
    half = float(np.quantile(np.abs(angle[in_front]), 0.995))
    far = float(reach.max()) if bounds is not None else float(np.quantile(reach[in_front], 0.9999))
    limit = bounds.y1 if bounds is not None else geometry.height - 1
    column_mm = np.arange(geometry.width) * step_x - x
    with np.errstate(invalid="ignore"):
        face = np.sqrt(radius**2 - column_mm**2)
        side = np.abs(column_mm) / np.tan(min(half, 1.55))
        start = np.where(np.abs(column_mm) <= radius * np.sin(half), face, side)
        stop = np.sqrt(far**2 - column_mm**2)
        bottom = np.minimum((y + stop) / step_y, limit)
        tops = np.maximum((y + start) / step_y, 0)
        outside = ~(bottom > tops) | (np.abs(column_mm) > far * np.sin(half) + step_x)
    tops[outside] = bottom[outside] = np.nan
    return Sector(tops, bottom, (x / step_x, y / step_y)) if np.isfinite(tops).sum() >= 8 else None


def _arc_ends(top: Floats) -> tuple[int, int] | None:
    """Return first and last index of the arc in the upper edge: its two highest points, with the middle lower."""
    smooth = ndimage.median_filter(top, max(3, top.size // 40) | 1)
    middle = top.size // 2
    left, right = int(smooth[:middle].argmin()), middle + int(smooth[middle:].argmin())
    chord = right - left
    if chord < 12 or not 0.25 < (middle - left + 1) / (right - middle + 1) < 4:
        return None
    sag = float(smooth[left + chord // 3 : right - chord // 3].mean() - (smooth[left] + smooth[right]) / 2)
    return (left, right) if sag > max(4.0, 0.04 * chord) else None


def fit_circle(x: Floats, y: Floats) -> tuple[float, float, float] | None:
    """Return centre x, y and radius of the circle through points, outliers left out; None when they are no arc.

    Algebraic least squares (Kasa 1976), repeated three times on the points within 2.5 robust deviations.
    """
    use = np.ones(x.size, dtype=bool)
    centre: Floats = np.zeros(3)
    for _ in range(4):
        if use.sum() < 8:
            return None
        design = np.column_stack([x[use], y[use], np.ones(int(use.sum()))])
        centre = np.asarray(np.linalg.lstsq(design, x[use] ** 2 + y[use] ** 2, rcond=None)[0], np.float64)
        radius = float(np.sqrt(max(centre[2] + centre[0] ** 2 / 4 + centre[1] ** 2 / 4, 0)))
        off = np.hypot(x - centre[0] / 2, y - centre[1] / 2) - radius
        spread = 1.4826 * float(np.median(np.abs(off[use]))) + 1e-6
        use = np.abs(off) < 2.5 * spread
    chord = float(x.max() - x.min())
    good = spread < 0.03 * chord and chord / 2 < 1.2 * radius < 12 * chord and centre[1] / 2 < float(np.median(y))
    return (float(centre[0] / 2), float(centre[1] / 2), radius) if good else None


def _text(brightest: Pixels, sector: Sector) -> tuple[Box, ...]:
    """Return boxes around writing and scales outside the field, neighbours joined to lines."""
    marks = brightest > TEXT_FROM
    inside = sector.mask(brightest.shape[0])
    marks &= ~ndimage.binary_dilation(inside, iterations=2)
    if not marks.any():
        return ()
    reach = max(2, brightest.shape[1] // 80)
    lines = ndimage.binary_dilation(marks, np.ones((3, 2 * reach + 1), dtype=bool))
    areas, _ = ndimage.label(lines)
    boxes = []
    for place in ndimage.find_objects(areas):
        rows, columns = (np.flatnonzero(marks[place].any(axis=axis)) for axis in (1, 0))
        y, x = place[0].start, place[1].start
        box = Box(x + int(columns[0]), y + int(rows[0]), x + int(columns[-1]), y + int(rows[-1]))
        if (box.x1 - box.x0 + 1) * (box.y1 - box.y0 + 1) >= 12:
            boxes.append(box)
    return tuple(boxes)
