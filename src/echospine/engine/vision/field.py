"""The insonified part of the picture, and burned-in text around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Region
from echospine.domain.labels import Box, Field, Sector
from echospine.domain.units import Mask, Pixels
from echospine.engine.vision.fan import curved_field, end_together, wedge_field

DARK = 5
"""Grey level up to which a pixel counts as black surround."""
COLOURFUL = 40
"""Difference between the largest and the smallest of red, green and blue that makes a pixel coloured."""
TEXT_FROM = 70
"""Level of the strongest colour from which pixels outside the field count as writing or scales."""


def find_field(samples: Sequence[Frame]) -> Field:
    """Return the image field of a recording from a few of its frames; one whole-picture field when all is black.

    Lit pixels of all samples are joined to areas; the largest is the field: a fan when its upper edge is an arc with
    its middle lowest, a wedge when two straight edges run down from a narrow top, and a rectangle otherwise. A DICOM
    region smaller than the picture bounds it. Its bottom is where the beams end together; where they fade out one by
    one, as in shadow, it is the end of the region or the next writing. Only samples of the first one's geometry count.
    Raises ModelError without any.
    """
    if not samples:
        raise ModelError("there is no frame to find the image field in; give at least one")
    geometry = samples[0].geometry
    used = [frame for frame in samples if frame.geometry == geometry]
    bounds = _bounds(geometry)
    brightest = np.maximum.reduce([_echo(frame) for frame in used])
    lit = _lit(brightest, bounds)
    if not lit.any():
        return Field(_rectangle(geometry, 0, 0, geometry.width - 1, geometry.height - 1))
    strongest = np.maximum.reduce([_strongest(frame) for frame in used])
    limit = _limit(lit, strongest, bounds)
    sector = curved_field(lit, geometry, limit) or wedge_field(lit, geometry) or _box(lit, brightest, geometry, limit)
    return Field(sector, _text(strongest, sector))


def _echo(frame: Frame) -> Pixels:
    """Return grey levels with coloured pixels (menus, logos, flow) black: tissue is shown in grey."""
    if frame.pixels.ndim == 2:
        return frame.grey
    colourful = frame.pixels.max(axis=2).astype(np.int16) - frame.pixels.min(axis=2) > COLOURFUL
    return np.where(colourful, 0, frame.grey).astype(np.uint8)


def _strongest(frame: Frame) -> Pixels:
    """Return the strongest of the colours: writing may have any."""
    strongest: Pixels = frame.pixels if frame.pixels.ndim == 2 else frame.pixels.max(axis=2)
    return strongest


def _bounds(geometry: ImageGeometry) -> Region | None:
    """Return the region that bounds the field, where one is smaller than the picture."""
    region = geometry.main_region()
    if region is None or (region.x1 - region.x0 + 1, region.y1 - region.y0 + 1) == (geometry.width, geometry.height):
        return None
    return region


def _lit(brightest: Pixels, bounds: Region | None) -> Mask:
    """Return the largest lit area, thin furniture removed, holes filled.

    Inside a region, or where it is as wide as the picture (so that no writing stands around it), the other areas above
    and below it count too: dark muscle parts a field.
    """
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
    if bounds is not None or field.any(axis=0).mean() > 0.97:
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


def _limit(lit: Mask, strongest: Pixels, bounds: Region | None) -> int:
    """Return the last row that the field can have: of the region or the picture, or above the writing below it."""
    height = int(lit.shape[0])
    if bounds is not None:
        return min(bounds.y1, height - 1)
    columns, rows = np.flatnonzero(lit.any(axis=0)), np.flatnonzero(lit.any(axis=1))
    last = int(rows[-1])
    below = strongest[last + 1 + height // 100 :, columns[0] : columns[-1] + 1] > TEXT_FROM
    writing = np.flatnonzero(below.any(axis=1))
    return last + height // 100 + int(writing[0]) if writing.size else height - 1


def _rectangle(geometry: ImageGeometry, x0: int, y0: int, x1: int, y1: int) -> Sector:
    top = np.full(geometry.width, np.nan)
    bottom = top.copy()
    top[x0 : x1 + 1], bottom[x0 : x1 + 1] = y0, y1
    return Sector(top, bottom)


def _box(lit: Mask, brightest: Pixels, geometry: ImageGeometry, limit: int) -> Sector:
    """Return the rectangle that holds the area, less the columns and rows that only furniture reaches."""
    columns = _wide(lit.sum(axis=0) > 0.12 * lit.sum(axis=0).max(), max(1, geometry.width // 100))
    rows = np.flatnonzero(lit.sum(axis=1) > 0.2 * lit.sum(axis=1).max())
    ends = geometry.height - 1 - lit[::-1, columns].argmax(axis=0)
    is_bottom = end_together(ends, rows.size) and not _end_in_bone(brightest, ends, columns, rows)
    y1 = int(rows[-1]) if is_bottom else limit
    return _rectangle(geometry, int(columns[0]), int(rows[0]), int(columns[-1]), max(y1, int(rows[-1])))


def _end_in_bone(
    brightest: Pixels, ends: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]
) -> bool:
    """Return True where the columns end in their brightest echo, as over a flat bone with a black shadow."""
    depth = max(3, brightest.shape[0] // 30)
    near_end = np.maximum(ends - np.arange(depth)[:, None], 0)
    last = np.median(brightest[near_end, columns].max(axis=0))
    return bool(last > 0.7 * np.percentile(brightest[rows[0] : rows[-1] + 1, columns], 99))


def _wide(wanted: npt.NDArray[np.bool_], least: int) -> npt.NDArray[np.intp]:
    """Return the indices of True in runs longer than `least` (a scale is a thin line), or of all where none is."""
    where = np.flatnonzero(wanted)
    runs = np.split(where, np.flatnonzero(np.diff(where) > 1) + 1)
    wide = [run for run in runs if run.size > least]
    return np.concatenate(wide) if wide else where


def _text(strongest: Pixels, sector: Sector) -> tuple[Box, ...]:
    """Return boxes around writing and scales outside the field, neighbours joined to lines."""
    marks = strongest > TEXT_FROM
    inside = sector.mask(strongest.shape[0])
    marks &= ~ndimage.binary_dilation(inside, iterations=max(2, min(strongest.shape) // 120))
    if not marks.any():
        return ()
    reach = max(2, strongest.shape[1] // 80)
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
