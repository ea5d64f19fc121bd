"""Flow along a stream function: it keeps every volume exactly, however far it goes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from echospine.domain.units import Floats
from echospine.engine.twin.motion.kernels import cell


class Stream(NamedTuple):
    """Stream function at the knots of a grid, (n_z, n_y, n_x), mm2 per unit of time; first knot and steps, mm."""

    psi: Floats
    origin: Floats
    step: Floats


@njit(cache=True, nogil=True)
def _spline(t: float, weight: Floats, slope: Floats) -> None:
    """Write the four weights of a uniform cubic B-spline at `t` (0 to 1) past the second knot, and their slopes."""
    r = 1.0 - t
    weight[0], weight[3] = r * r * r / 6.0, t * t * t / 6.0
    weight[1] = (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0
    weight[2] = (3.0 * r * r * r - 6.0 * r * r + 4.0) / 6.0
    slope[0], slope[3] = -r * r / 2.0, t * t / 2.0
    slope[1] = (3.0 * t * t - 4.0 * t) / 2.0
    slope[2] = -(3.0 * r * r - 4.0 * r) / 2.0


@njit(cache=True, nogil=True)
def _curl(stream: Stream, points: Floats, out: Floats) -> None:
    """Write (0, d psi / dz, -d psi / dy): cubic B-splines along y and z, linear along x, flat beyond the edges."""
    psi, step = stream.psi, stream.step
    n_z, n_y, n_x = psi.shape
    w_y, d_y, w_z, d_z = np.empty(4), np.empty(4), np.empty(4), np.empty(4)
    for p in range(points.shape[0]):
        i, a = cell(points[p, 0], stream.origin[0], step[0], n_x)
        j, b = cell(points[p, 1], stream.origin[1], step[1], n_y)
        k, c = cell(points[p, 2], stream.origin[2], step[2], n_z)
        _spline(b, w_y, d_y)
        _spline(c, w_z, d_z)
        along_y, along_z = 0.0, 0.0
        for m in range(4):
            row = min(max(k + m - 1, 0), n_z - 1)
            for n in range(4):
                column = min(max(j + n - 1, 0), n_y - 1)
                value = (1.0 - a) * psi[row, column, i] + a * psi[row, column, i + 1]
                along_y += w_z[m] * d_y[n] * value
                along_z += d_z[m] * w_y[n] * value
        out[p, 0], out[p, 1], out[p, 2] = 0.0, along_z / step[2], -along_y / step[1]


@njit(cache=True, nogil=True)
def _carry(stream: Stream, times: Floats, steps: int, out: Floats) -> None:
    """Classical Runge-Kutta of fourth order, all points together; `out`: (times, n, 3), the first one given."""
    x = out[0].copy()
    stage, k1, k2, k3, k4 = x.copy(), x.copy(), x.copy(), x.copy(), x.copy()
    for n in range(1, len(times)):
        dt = (times[n] - times[n - 1]) / steps
        for _ in range(steps):
            _curl(stream, x, k1)
            stage[:] = x + 0.5 * dt * k1
            _curl(stream, stage, k2)
            stage[:] = x + 0.5 * dt * k2
            _curl(stream, stage, k3)
            stage[:] = x + dt * k3
            _curl(stream, stage, k4)
            x += dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        out[n] = x


def carried(stream: Stream, points_mm: Floats, times: Floats, steps: int) -> Floats:
    """Return where `points_mm` (n, 3) are carried by the velocity curl (psi, 0, 0) at `times`, (times, n, 3).

    psi is smoothed by its B-spline, whose curl has no divergence at any point, so the flow keeps volume.
    `times`: the first is the start; `steps`: Runge-Kutta steps from one to the next.
    """
    out = np.empty((len(times), *points_mm.shape))
    out[0] = points_mm
    _carry(stream, times, steps, out)
    return out
