"""Inner loops of fields: trilinear reading, and the way back from a moved point."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from echospine.domain.units import Floats, Mask

Vectors = npt.NDArray[np.float32]

LEAST_VOLUME = 1e-3
"""det F below which tissue counts as folded."""
STEEP_VOLUME = 0.1
"""det F below which Newton's step is not trusted."""


class Lattice(NamedTuple):
    """Vectors at the knots of a grid, (n_z, n_y, n_x, 3), with its first knot and its steps (x, y, z), mm."""

    vectors: Vectors
    origin: Floats
    step: Floats


class Search(NamedTuple):
    """When the search for a point at rest ends: this close, mm, or after so many steps."""

    close: float
    most: int


@njit(cache=True, nogil=True)
def cell(value: float, origin: float, step: float, n: int) -> tuple[int, float]:
    """Return the lower knot and the share of the way to the next; clamped, so a field goes on as at its edge."""
    place = min(max((value - origin) / step, 0.0), n - 1.0)
    knot = min(int(place), n - 2)
    return knot, place - knot


@njit(cache=True, nogil=True)
def _sample(field: Lattice, points: Floats, out: Floats) -> None:
    v = field.vectors
    n_z, n_y, n_x, _ = v.shape
    for p in range(points.shape[0]):
        i, a = cell(points[p, 0], field.origin[0], field.step[0], n_x)
        j, b = cell(points[p, 1], field.origin[1], field.step[1], n_y)
        k, c = cell(points[p, 2], field.origin[2], field.step[2], n_z)
        for m in range(3):
            low_0 = v[k, j, i, m] * (1.0 - a) + v[k, j, i + 1, m] * a
            low_1 = v[k, j + 1, i, m] * (1.0 - a) + v[k, j + 1, i + 1, m] * a
            high_0 = v[k + 1, j, i, m] * (1.0 - a) + v[k + 1, j, i + 1, m] * a
            high_1 = v[k + 1, j + 1, i, m] * (1.0 - a) + v[k + 1, j + 1, i + 1, m] * a
            out[p, m] = (low_0 * (1.0 - b) + low_1 * b) * (1.0 - c) + (high_0 * (1.0 - b) + high_1 * b) * c


@njit(cache=True, nogil=True)
def _read(field: Lattice, x: Floats, value: Floats, slope: Floats) -> None:
    """Write u (3,) and du/dX (3, 3) at one point; beyond the edge the slope across it is zero."""
    v, step = field.vectors, field.step
    n_z, n_y, n_x, _ = v.shape
    i, a = cell(x[0], field.origin[0], step[0], n_x)
    j, b = cell(x[1], field.origin[1], step[1], n_y)
    k, c = cell(x[2], field.origin[2], step[2], n_z)
    for m in range(3):
        d_00, d_01 = v[k, j, i + 1, m] - v[k, j, i, m], v[k, j + 1, i + 1, m] - v[k, j + 1, i, m]
        d_10, d_11 = v[k + 1, j, i + 1, m] - v[k + 1, j, i, m], v[k + 1, j + 1, i + 1, m] - v[k + 1, j + 1, i, m]
        low_0, low_1 = v[k, j, i, m] + a * d_00, v[k, j + 1, i, m] + a * d_01
        high_0, high_1 = v[k + 1, j, i, m] + a * d_10, v[k + 1, j + 1, i, m] + a * d_11
        low, high = low_0 + b * (low_1 - low_0), high_0 + b * (high_1 - high_0)
        value[m] = low + c * (high - low)
        slope[m, 0] = ((1.0 - c) * (d_00 + b * (d_01 - d_00)) + c * (d_10 + b * (d_11 - d_10))) / step[0]
        slope[m, 1] = ((1.0 - c) * (low_1 - low_0) + c * (high_1 - high_0)) / step[1]
        slope[m, 2] = (high - low) / step[2]
    for axis in range(3):
        place = (x[axis] - field.origin[axis]) / step[axis]
        if place < 0.0 or place > v.shape[2 - axis] - 1.0:
            slope[:, axis] = 0.0


@njit(cache=True, nogil=True)
def _volume(f: Floats) -> float:
    """Return the determinant of a 3x3 matrix."""
    volume: float = (
        f[0, 0] * (f[1, 1] * f[2, 2] - f[1, 2] * f[2, 1])
        - f[0, 1] * (f[1, 0] * f[2, 2] - f[1, 2] * f[2, 0])
        + f[0, 2] * (f[1, 0] * f[2, 1] - f[1, 1] * f[2, 0])
    )
    return volume


@njit(cache=True, nogil=True)
def _newton_step(f: Floats, volume: float, left: Floats, step: Floats) -> None:
    """Write F^-1 `left` by cofactors."""
    for m in range(3):
        p, q = (m + 1) % 3, (m + 2) % 3
        step[m] = 0.0
        for r in range(3):
            s, t = (r + 1) % 3, (r + 2) % 3
            step[m] += (f[s, p] * f[t, q] - f[s, q] * f[t, p]) / volume * left[r]


@njit(cache=True, nogil=True)
def _invert(field: Lattice, now: Floats, search: Search, out: Floats, ok: Mask) -> None:
    u, f, left, step = np.zeros(3), np.zeros((3, 3)), np.zeros(3), np.zeros(3)
    for p in range(now.shape[0]):
        x = now[p].copy()
        for turn in range(search.most):
            _read(field, x, u, f)
            for m in range(3):
                f[m, m] += 1.0
                left[m] = now[p, m] - x[m] - u[m]
            volume = _volume(f)
            if left[0] ** 2 + left[1] ** 2 + left[2] ** 2 <= search.close**2:
                ok[p] = volume > LEAST_VOLUME
                break
            if volume > STEEP_VOLUME and turn < search.most // 2:
                _newton_step(f, volume, left, step)
            else:
                step[:] = left
            x += step
        out[p] = x


def sample(field: Lattice, points_mm: Floats) -> Floats:
    """Return the vectors at `points_mm` (n, 3), trilinear, beyond the grid as at its edge; (n, 3)."""
    out = np.empty(points_mm.shape)
    _sample(field, points_mm, out)
    return out


def invert(field: Lattice, now_mm: Floats, search: Search) -> tuple[Floats, Mask]:
    """Return the points at rest of `now_mm` (n, 3), and where they were found and the field is unfolded, (n,)."""
    out, ok = np.empty(now_mm.shape), np.zeros(len(now_mm), np.bool_)
    _invert(field, now_mm, search, out, ok)
    return out, ok
