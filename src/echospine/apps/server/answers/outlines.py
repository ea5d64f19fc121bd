"""Rows per column as few points: what a browser draws as vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from echospine.domain.labels import Sector
from echospine.domain.units import Floats

TOLERANCE_PX = 0.5
"""Farthest that a drawn line may lie from what was found."""


def runs(row_px: Floats) -> list[slice]:
    """Return the unbroken runs of columns where `row_px`, shape (width,), is finite."""
    found = np.concatenate(([False], np.isfinite(row_px), [False]))
    edges = np.flatnonzero(found[1:] != found[:-1])
    return [slice(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def polyline(row_px: Floats, run: slice) -> list[tuple[float, float]]:
    """Return one run as points (x, y), simplified; a single column becomes a line of no length."""
    columns = np.arange(run.start, run.stop, dtype=np.float64)
    points = simplify(np.column_stack((columns, row_px[run])))
    return _pairs(points if len(points) > 1 else np.repeat(points, 2, axis=0))


def sector_outline(sector: Sector) -> list[tuple[float, float]]:
    """Return the insonified part as a polygon whose last point joins the first; empty where there is none."""
    columns = np.flatnonzero(np.isfinite(sector.top_px) & np.isfinite(sector.bottom_px))
    if columns.size < 2:
        return []
    top = simplify(np.column_stack((columns, sector.top_px[columns])))
    bottom = simplify(np.column_stack((columns, sector.bottom_px[columns])))
    return _pairs(np.concatenate((top, bottom[::-1])))


def simplify(points: npt.NDArray[np.float64], tolerance: float = TOLERANCE_PX) -> npt.NDArray[np.float64]:
    """Return the fewest of `points` (n, 2) that keep within `tolerance` of all (Douglas and Peucker 1973).

    The first and the last point stay. Each step measures a whole stretch at once.
    """
    n = len(points)
    if n < 3:
        return points
    keep = np.zeros(n, dtype=bool)
    keep[[0, n - 1]] = True
    stretches = [(0, n - 1)]
    while stretches:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        farthest, distance = _farthest(points, first, last)
        if distance > tolerance:
            keep[farthest] = True
            stretches += [(first, farthest), (farthest, last)]
    return points[keep]


def _farthest(points: npt.NDArray[np.float64], first: int, last: int) -> tuple[int, float]:
    """Return which point between two others lies farthest from the line through these, and how far."""
    (x0, y0), (x1, y1) = points[first], points[last]
    inner = points[first + 1 : last]
    length = np.hypot(x1 - x0, y1 - y0)
    if length == 0:
        away = np.hypot(inner[:, 0] - x0, inner[:, 1] - y0)
    else:
        away = np.abs((x1 - x0) * (inner[:, 1] - y0) - (y1 - y0) * (inner[:, 0] - x0)) / length
    farthest = int(np.argmax(away))
    return first + 1 + farthest, float(away[farthest])


def _pairs(points: npt.NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return points rounded to a hundredth of a pixel: more digits are only bytes."""
    return [(float(x), float(y)) for x, y in np.round(points, 2)]
