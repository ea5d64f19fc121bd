"""Displacement inside compiled loops: where tissue has gone, and where it came from."""

from __future__ import annotations

import numpy as np

from echospine.domain.units import Floats
from echospine.engine.twin.image.compiled import inlined, kernel
from echospine.engine.twin.image.tables import Field

TURNS = 12
"""Steps of the search for the point at rest; tissue that is strained by a third needs seven for 0.01 mm."""


@inlined
def displaced(field: Field, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return the displacement of the point that rests at (x, y, z), mm; trilinear, beyond the knots as at the edge."""
    n_z, n_y, n_x, _ = field.vectors.shape
    a = min(max((x - field.origin[0]) * field.per_mm[0], 0.0), n_x - 1.0)
    b = min(max((y - field.origin[1]) * field.per_mm[1], 0.0), n_y - 1.0)
    c = min(max((z - field.origin[2]) * field.per_mm[2], 0.0), n_z - 1.0)
    i, j, k = max(min(int(a), n_x - 2), 0), max(min(int(b), n_y - 2), 0), max(min(int(c), n_z - 2), 0)
    a, b, c = a - i, b - j, c - k
    u_x = u_y = u_z = 0.0
    for corner in range(8):
        di, dj, dk = corner & 1, (corner >> 1) & 1, corner >> 2
        share = (a if di else 1.0 - a) * (b if dj else 1.0 - b) * (c if dk else 1.0 - c)
        if share > 0.0:
            knot = field.vectors[k + dk, j + dj, i + di]
            u_x += share * knot[0]
            u_y += share * knot[1]
            u_z += share * knot[2]
    return u_x, u_y, u_z


@inlined
def moves(field: Field) -> bool:
    """Return True where there is a displacement at all."""
    return bool(field.vectors.shape[0] > 0)


@kernel
def rested(field: Field, x: float, y: float, z: float, guess: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the displacement u of the tissue that is now at (x, y, z): it rests at (x, y, z) - u.

    Fixed point from `guess`; it closes in as long as tissue is strained by less than one.
    """
    u_x, u_y, u_z = guess
    for _ in range(TURNS):
        v_x, v_y, v_z = displaced(field, x - u_x, y - u_y, z - u_z)
        moved = abs(v_x - u_x) + abs(v_y - u_y) + abs(v_z - u_z)
        u_x, u_y, u_z = v_x, v_y, v_z
        if moved < 2e-3:
            break
    return u_x, u_y, u_z


@kernel
def _rest_all(field: Field, points: Floats, out: Floats) -> None:
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        u_x, u_y, u_z = rested(field, x, y, z, (0.0, 0.0, 0.0))
        out[n, 0], out[n, 1], out[n, 2] = x - u_x, y - u_y, z - u_z


def rest_points(field: Field, points_mm: Floats) -> Floats:
    """Return where tissue that is now at `points_mm` (n, 3) lies at rest, mm, same shape."""
    if not field.vectors.size:
        return points_mm
    out = np.empty(points_mm.shape)
    _rest_all(field, np.ascontiguousarray(points_mm), out)
    return out
