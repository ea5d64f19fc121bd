"""Key images for print: pixels at a sensible size, and what was seen in them as lines in fractions of the image."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from echospine.domain.colours import COLOURS
from echospine.domain.images import ImageGeometry, Point
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Sector
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.reports import KeyImage
from echospine.domain.units import Floats, Pixels

LARGEST_SIDE_PX = 1400
"""Longest side of an embedded picture: 400 dots per inch at the width of half a page."""
SCALE_BAR_MM = 10.0

Line = list[list[float]]
"""Points as fractions of the picture's width and height, (0, 0) the top left corner of its first pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels that go into the document."""

    pixels: Pixels


def picture_png(picture: Picture) -> bytes:
    """Return the pixels as PNG, made smaller when a side is longer than LARGEST_SIDE_PX."""
    image = Image.fromarray(picture.pixels)
    image.thumbnail((LARGEST_SIDE_PX, LARGEST_SIDE_PX), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def overlay(key: KeyImage, callipers: Iterable[tuple[int, Measurement]]) -> dict[str, Any]:
    """Return the lines to draw on a key image; `callipers` are measurements with their row in the table."""
    geometry = key.frame.geometry
    return {
        "sector": _fractions(sector_outline(key.interpretation.field.sector), geometry),
        "surfaces": _surfaces(key.interpretation, geometry),
        "callipers": [
            {"row": row, "line": _fractions(_closed(measurement), geometry)} for row, measurement in callipers
        ],
        "scale": _scale_bar(geometry),
    }


def sector_outline(sector: Sector) -> list[Point]:
    """Return the outline of the field as a polygon of pixel points, without points where there is no field."""
    columns = np.flatnonzero(np.isfinite(sector.top_px) & np.isfinite(sector.bottom_px))
    down = [(float(x), float(sector.top_px[x])) for x in columns]
    back = [(float(x), float(sector.bottom_px[x])) for x in columns[::-1]]
    return down + back


def runs(row_px: Floats) -> list[list[Point]]:
    """Return the found stretches of a surface, each as points (column, row); a lone column is a run too."""
    columns = np.flatnonzero(np.isfinite(row_px))
    stretches = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    return [[(float(x), float(row_px[x])) for x in stretch] for stretch in stretches if stretch.size]


def _surfaces(interpretation: Interpretation, geometry: ImageGeometry) -> list[dict[str, Any]]:
    return [
        {
            "colour": COLOURS[surface.structure],
            "lines": [_fractions(run, geometry) for run in runs(surface.row_px)],
        }
        for surface in interpretation.surfaces
        if surface.found.any()
    ]


def _closed(measurement: Measurement) -> list[Point]:
    points = list(measurement.points_px)
    return [*points, points[0]] if measurement.quantity is Quantity.AREA else points


def _fractions(points: Iterable[Point], geometry: ImageGeometry) -> Line:
    """A pixel's centre is a whole number, so the picture's corner lies half a pixel before the first."""
    return [[round((x + 0.5) / geometry.width, 5), round((y + 0.5) / geometry.height, 5)] for x, y in points]


def _scale_bar(geometry: ImageGeometry) -> dict[str, Any] | None:
    """Return the length of 10 mm across as a fraction of the width, unless it would not fit."""
    region = geometry.main_region()
    if region is None:
        return None
    length = SCALE_BAR_MM / region.step_mm[0] / geometry.width
    return {"length": round(length, 5), "mm": SCALE_BAR_MM} if 0.01 < length < 0.6 else None
