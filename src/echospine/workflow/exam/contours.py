"""A person's own contour: from drawn lines to one row per column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.exams import ContourEdit
from echospine.domain.images import Point
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import BONES, Method, Structure, Surface
from echospine.domain.units import Floats

MAX_POINTS = 20_000
BY_HAND = "with drawn contour"


def contour_rows(lines: Sequence[Sequence[Point]], width: int, height: int) -> Floats:
    """Return the row of the contour in each column, shape (width,), NaN where no line passes.

    Each line runs left to right or right to left through two points or more; between them it is straight.
    Raises GeometryError when a point lies outside the picture or is not finite, a line turns back or covers
    no column, or two lines share a column.
    """
    if sum(map(len, lines)) > MAX_POINTS:
        raise GeometryError(f"a contour has at most {MAX_POINTS:,} points")
    rows = np.full(width, np.nan)
    for line in lines:
        xs, ys = _checked(line, width, height)
        columns = np.arange(math.ceil(xs[0]), math.floor(xs[-1]) + 1)
        if columns.size == 0:
            raise GeometryError(f"a line at column {xs[0]:.1f} is too short to cover a column; draw it longer")
        taken = columns[np.isfinite(rows[columns])]
        if taken.size:
            raise GeometryError(f"two lines of the contour cross column {taken[0]}; there can be one row in each")
        rows[columns] = np.interp(columns, xs, ys)
    return rows


def _checked(line: Sequence[Point], width: int, height: int) -> tuple[Floats, Floats]:
    """Return the columns (rising) and rows of a line's points."""
    if len(line) < 2:
        raise GeometryError("a line of the contour needs two points or more; leave it out or draw it longer")
    points = np.asarray(line, dtype=np.float64).reshape(-1, 2)
    inside = (points >= 0) & (points <= (width - 1, height - 1))  # also False for what is not finite
    if not inside.all():
        x, y = points[~inside.all(axis=1)][0]
        raise GeometryError(f"the contour's point ({x:.1f}, {y:.1f}) lies outside the picture of {width} x {height}")
    if points[0, 0] > points[-1, 0]:
        points = points[::-1]
    if np.any(np.diff(points[:, 0]) <= 0):
        raise GeometryError(f"a line of the contour turns back (from column {points[0, 0]:.1f}); draw it one way")
    return points[:, 0], points[:, 1]


def with_contour(interpretation: Interpretation, edit: ContourEdit, height: int) -> Interpretation:
    """Return the interpretation with its bone surface drawn by a person, who is sure in every column.

    The drawn surface stands for all parts of bone that were found, and for their places on the map; vertebral bodies,
    which lie behind it, stay.
    """
    width = interpretation.field.sector.top_px.size
    drawn = Surface(Structure.BONE, contour_rows(edit.lines, width, height), np.ones(width))
    replaced = BONES - {Structure.VERTEBRAL_BODY}
    others = tuple(s for s in interpretation.surfaces if s.structure not in replaced)
    structures = None if interpretation.structures is None else interpretation.structures.without(replaced)
    method = by_hand(interpretation.method)
    return replace(interpretation, surfaces=(drawn, *others), structures=structures, method=method)


def by_hand(method: Method) -> Method:
    """Return the method of a result in which a person's contour has a part."""
    return method if method.name.endswith(BY_HAND) else Method(f"{method.name} {BY_HAND}", method.version)
