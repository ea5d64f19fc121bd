"""The outline of a muscle's cross-section as a few points that a person can move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from echospine.domain.images import Point
from echospine.domain.units import Mask

MOST_POINTS = 24
"""More points than this nobody moves one by one."""
CELLS = 160
"""The outline is followed on a grid at most so fine; its size is then set to that of the mask."""

Points = npt.NDArray[np.float64]


def outline_px(mask: Mask) -> tuple[Point, ...]:
    """Return a closed outline of a piece without holes, (x, y), at most MOST_POINTS, of the very area of the mask.

    `mask`: (height, width), not empty. Corners are chosen by Visvalingam and Whyatt (1993, Cartogr J 30:46): the point
    whose triangle with its neighbours is smallest goes first. Empty where the piece is too small for an outline.
    """
    from skimage.measure import find_contours  # noqa: PLC0415 -- slow to import, and needed for cross-sections alone

    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    top, left = int(rows[0]), int(columns[0])
    many = max(1, -(-max(rows.size, columns.size) // CELLS))
    cells = np.pad(mask[top : rows[-1] + 1 : many, left : columns[-1] + 1 : many].astype(np.float64), 1)
    traced: list[Points] = find_contours(cells, 0.5)  # type: ignore[no-untyped-call]
    found = max(traced, key=len, default=np.empty((0, 2)))
    corners = _corners(found[:-1])
    if len(corners) < 3:
        return ()
    points = (corners[:, ::-1] - 1.0) * many + (left, top)
    grown = _of_area(points, float(mask.sum()))
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in grown)


def _corners(points: Points) -> Points:
    """Return at most MOST_POINTS of a closed line of points, (n, 2)."""
    while len(points) > MOST_POINTS:
        before, after = np.roll(points, 1, axis=0) - points, np.roll(points, -1, axis=0) - points
        size = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
        points = np.delete(points, _apart(np.argsort(size, kind="stable"), len(points)), axis=0)
    return points


def _apart(order: npt.NDArray[np.int64], n: int) -> list[int]:
    """Return the first few of `order` of which no two are neighbours: these can go at once."""
    gone: list[int] = []
    for one in (int(k) for k in order[: max(1, (n - MOST_POINTS) // 4)]):
        if (one - 1) % n not in gone and (one + 1) % n not in gone:
            gone.append(one)
    return gone[: n - MOST_POINTS]


def _of_area(points: Points, area_px: float) -> Points:
    """Return a polygon about its own middle so large that its area is `area_px`."""
    x, y = points.T
    cross = x * np.roll(y, -1) - y * np.roll(x, -1)
    now = 0.5 * float(cross.sum())
    if now == 0.0:
        return points
    middle = np.array([((one + np.roll(one, -1)) * cross).sum() for one in (x, y)]) / (6.0 * now)
    grown: Points = middle + (points - middle) * np.sqrt(area_px / abs(now))
    return grown
