"""Fields of displacement on grids: read between knots, turned round, added, and asked whether they keep volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, frozen
from echospine.engine.twin.body import Displacement
from echospine.engine.twin.motion.kernels import Lattice, Search, invert, sample

SEARCH = Search(close=1e-3, most=60)
"""A point at rest is found when it comes within 0.001 mm of where it is now; smooth fields need few steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where the knots of a field stand: first knot (x, y, z), steps (x, y, z), mm; `shape`: (n_z, n_y, n_x)."""

    origin_mm: Floats
    spacing_mm: Floats
    shape: tuple[int, int, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin_mm", frozen(self.origin_mm))
        object.__setattr__(self, "spacing_mm", frozen(self.spacing_mm))
        if self.origin_mm.shape != (3,) or self.spacing_mm.shape != (3,) or not np.all(self.spacing_mm > 0):
            raise GeometryError("a grid needs an origin and three steps above zero")
        if min(self.shape) < 2:
            raise GeometryError(f"a grid needs two knots or more along each axis, not {self.shape}")

    def axis_mm(self, axis: int) -> Floats:
        """Return the places of the knots along x (0), y (1) or z (2), mm."""
        steps = np.arange(self.shape[2 - axis], dtype=np.float64)
        return frozen(self.origin_mm[axis] + self.spacing_mm[axis] * steps)

    @property
    def knots_mm(self) -> Floats:
        """Places of all knots (x, y, z), mm, shape (n_z, n_y, n_x, 3)."""
        z, y, x = np.meshgrid(self.axis_mm(2), self.axis_mm(1), self.axis_mm(0), indexing="ij")
        return frozen(np.stack([x, y, z], axis=-1))

    @property
    def last_mm(self) -> Floats:
        """Last knot (x, y, z), mm."""
        return frozen(self.origin_mm + self.spacing_mm * (np.array(self.shape[::-1]) - 1.0))

    def same(self, other: Grid) -> bool:
        """True when both have the same knots."""
        return self.shape == other.shape and bool(
            np.array_equal(self.origin_mm, other.origin_mm) and np.array_equal(self.spacing_mm, other.spacing_mm)
        )


class Motion(Protocol):
    """What moves tissue in time: made once from a record and a survey of the back, then read frame by frame."""

    def at(self, t_s: float) -> Displacement:
        """Return where tissue is at time `t_s`, seconds."""
        ...


def grid_over(low_mm: npt.ArrayLike, high_mm: npt.ArrayLike, spacing_mm: npt.ArrayLike) -> Grid:
    """Return the smallest grid from `low_mm` (x, y, z) that reaches `high_mm`; `spacing_mm`: one step or three."""
    low, high = np.asarray(low_mm, np.float64), np.asarray(high_mm, np.float64)
    step = np.broadcast_to(np.asarray(spacing_mm, np.float64), (3,))
    if not (np.all(np.isfinite(low)) and np.all(np.isfinite(high)) and np.all(high > low) and np.all(step > 0)):
        raise GeometryError(f"no grid from {low.tolist()} to {high.tolist()} in steps of {step.tolist()} mm")
    n_x, n_y, n_z = (int(n) + 1 for n in np.maximum(np.ceil((high - low) / step - 1e-9), 1))
    return Grid(low, step, (n_z, n_y, n_x))


def grid_of(displacement: Displacement) -> Grid:
    """Return the grid on which `displacement` stands."""
    n_z, n_y, n_x, _ = displacement.vectors_mm.shape
    return Grid(displacement.origin_mm, displacement.spacing_mm, (n_z, n_y, n_x))


def on_grid(grid: Grid, vectors_mm: npt.ArrayLike) -> Displacement:
    """Return the displacement with `vectors_mm` (n_z, n_y, n_x, 3) at the knots of `grid`."""
    vectors = np.asarray(vectors_mm, np.float32)
    if vectors.shape != (*grid.shape, 3):
        raise GeometryError(f"vectors of shape {vectors.shape} do not fit a grid of {grid.shape}")
    return Displacement(vectors, grid.origin_mm, grid.spacing_mm)


def _lattice(displacement: Displacement) -> Lattice:
    return Lattice(displacement.vectors_mm, displacement.origin_mm, displacement.spacing_mm)


def displacement_at(displacement: Displacement, rest_mm: npt.ArrayLike) -> Floats:
    """Return u at points at rest, mm, shape as `rest_mm` (..., 3)."""
    points = np.ascontiguousarray(rest_mm, np.float64)
    return sample(_lattice(displacement), points.reshape(-1, 3)).reshape(points.shape)


def moved(displacement: Displacement, rest_mm: npt.ArrayLike) -> Floats:
    """Return where points at rest are now, mm, shape as `rest_mm` (..., 3)."""
    return np.asarray(rest_mm, np.float64) + displacement_at(displacement, rest_mm)


def rest_point(displacement: Displacement, now_mm: npt.ArrayLike) -> Floats:
    """Return where the tissue that is now at `now_mm` (..., 3) lies at rest, to 0.001 mm.

    Newton's method on X + u(X) = now, with the plain fixed point X = now - u(X) where the slope is no help.
    Raises GeometryError where no point is found or the field is folded there (det F <= 0): tissue cannot be so.
    """
    points = np.ascontiguousarray(now_mm, np.float64)
    if not np.all(np.isfinite(points)):
        raise GeometryError("a point to be traced back must be finite")
    flat = points.reshape(-1, 3)
    rest, ok = invert(_lattice(displacement), flat, SEARCH)
    if not ok.all():
        where = ", ".join(f"{value:.1f}" for value in flat[int(np.argmin(ok))])
        raise GeometryError(f"the tissue is folded at ({where}) mm: no single point at rest belongs there")
    return rest.reshape(points.shape)


def gradient(displacement: Displacement, rest_mm: npt.ArrayLike) -> Floats:
    """Return the deformation gradient F = I + du/dX, shape (..., 3, 3), by differences over one knot step."""
    points = np.asarray(rest_mm, np.float64)
    columns = []
    for axis, step in enumerate(displacement.spacing_mm):
        half = np.zeros(3)
        half[axis] = step / 2
        ahead, behind = (displacement_at(displacement, points + sign * half) for sign in (1.0, -1.0))
        columns.append((ahead - behind) / step)
    found: Floats = np.eye(3) + np.stack(columns, axis=-1)
    return found


def determinant(displacement: Displacement, rest_mm: npt.ArrayLike) -> Floats:
    """Return det F, the volume now over the volume at rest, shape (...); 1 where volume is kept."""
    found: Floats = np.linalg.det(gradient(displacement, rest_mm))
    return found


def combine(displacements: Sequence[Displacement], grid: Grid | None = None) -> Displacement:
    """Return the sum of `displacements` on `grid`, or on that of the first one.

    Small motions add; a field that stands on the same knots is added as it is, another is read at the knots.
    Raises GeometryError when there is nothing to add.
    """
    if not displacements:
        raise GeometryError("no displacement to combine")
    target = grid or grid_of(displacements[0])
    total = np.zeros((*target.shape, 3), np.float32)
    knots: Floats | None = None
    for one in displacements:
        if target.same(grid_of(one)):
            total += one.vectors_mm
        else:
            knots = target.knots_mm if knots is None else knots
            total += displacement_at(one, knots).astype(np.float32)
    return on_grid(target, total)


def smooth_step(share: npt.ArrayLike) -> Floats:
    """Return 0 below 0, 1 above 1 and 3 s^2 - 2 s^3 between: no kink at either end."""
    s = np.clip(np.asarray(share, np.float64), 0.0, 1.0)
    stepped: Floats = s * s * (3.0 - 2.0 * s)
    return stepped
