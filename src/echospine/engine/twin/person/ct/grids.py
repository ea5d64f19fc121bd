"""From the voxels of a scanner, lying any way round, to the twin's own grid along the patient's axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import affine_transform, gaussian_filter, grey_closing, map_coordinates

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A volume as a scanner gives it, (n_z, n_y, n_x), and where it lies; mm, LPS.

    `origin_mm`: middle of voxel [0, 0, 0] as (x, y, z); `spacing_mm`: edges of a voxel (x, y, z); `direction`: those
    of its x, y and z axes as columns (3, 3).
    """

    values: npt.NDArray[Any]
    origin_mm: Floats
    spacing_mm: Floats
    direction: Floats

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or min(self.values.shape) < 2:
            raise GeometryError(f"a scan has three axes of two voxels or more, not shape {self.values.shape}")
        if self.direction.shape != (3, 3) or not np.allclose(self.direction.T @ self.direction, np.eye(3), atol=1e-3):
            raise GeometryError("the axes of a scan stand square to each other: direction is an orthonormal 3x3 matrix")
        if self.spacing_mm.shape != (3,) or not np.all(self.spacing_mm > 0) or self.origin_mm.shape != (3,):
            raise GeometryError("a scan needs an origin (x, y, z) and three voxel edges above zero, mm")

    def to_patient(self, index: npt.ArrayLike) -> Floats:
        """Return LPS points (n, 3) of voxel indices (n, 3), given as (z, y, x)."""
        steps = np.asarray(index, dtype=np.float64)[:, ::-1] * self.spacing_mm
        points: Floats = self.origin_mm + steps @ self.direction.T
        return points


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The twin's grid: middle of voxel [0, 0, 0] (x, y, z), edge of a voxel, and shape (n_z, n_y, n_x)."""

    origin_mm: Floats
    spacing_mm: float
    shape: tuple[int, int, int]

    def axis_mm(self, axis: int) -> Floats:
        """Return the coordinates along x (0), y (1) or z (2)."""
        steps: Floats = self.origin_mm[axis] + self.spacing_mm * np.arange(self.shape[2 - axis])
        return steps

    def indices(self, points_mm: Floats) -> Floats:
        """Return fractional indices (z, y, x) along the first axis, of points (..., 3)."""
        steps: Floats = np.moveaxis((points_mm - self.origin_mm) / self.spacing_mm, -1, 0)[::-1]
        return steps

    def sample(self, values: npt.NDArray[np.float32], points_mm: npt.ArrayLike) -> Floats:
        """Return `values` on this grid at points (..., 3), trilinear, the edge's beyond it."""
        index = self.indices(np.asarray(points_mm, dtype=np.float64))
        flat = map_coordinates(values, index.reshape(3, -1), order=1, mode="nearest")
        found: Floats = flat.reshape(index.shape[1:]).astype(np.float64)
        return found

    def part(self, low_mm: Floats, high_mm: Floats) -> tuple[Grid, tuple[slice, slice, slice]]:
        """Return the part of this grid that holds a box (cut at the edges), and where it lies."""
        last = np.array(self.shape[::-1]) - 1
        first = np.clip(np.floor((low_mm - self.origin_mm) / self.spacing_mm), 0, last).astype(int)
        end = np.clip(np.ceil((high_mm - self.origin_mm) / self.spacing_mm), first, last).astype(int) + 1
        x, y, z = (slice(int(a), int(b)) for a, b in zip(first, end, strict=True))
        size = end - first
        part = Grid(
            self.origin_mm + first * self.spacing_mm, self.spacing_mm, (int(size[2]), int(size[1]), int(size[0]))
        )
        return part, (z, y, x)


def grid_over(low_mm: Floats, high_mm: Floats, spacing_mm: float) -> Grid:
    """Return the grid that holds a box."""
    n_x, n_y, n_z = (np.ceil((high_mm - low_mm) / spacing_mm).astype(int) + 1).tolist()
    return Grid(low_mm, spacing_mm, (n_z, n_y, n_x))


def resample(scan: Scan, grid: Grid, order: Literal[1, 3], outside: float) -> npt.NDArray[np.float32]:
    """Return a scan on `grid`, float32: trilinear (1) or cubic (3)."""
    to_index = np.diag(1.0 / scan.spacing_mm) @ scan.direction.T
    matrix = (to_index * grid.spacing_mm)[::-1, ::-1]
    offset = (to_index @ (grid.origin_mm - scan.origin_mm))[::-1]
    values = scan.values.astype(np.float32)
    found: npt.NDArray[np.float32] = affine_transform(
        values, matrix, offset, output_shape=grid.shape, order=order, cval=outside
    )
    return found


def closed(mask: Mask, reach_mm: float, grid: Grid) -> Mask:
    """Return `mask` with all gaps closed that are narrower than twice `reach_mm`, in boxes of voxels."""
    steps = max(1, round(reach_mm / grid.spacing_mm))
    filled: Mask = grey_closing(mask.astype(np.uint8), size=(2 * steps + 1,) * 3) > 0
    return filled


def smooth_mask(scan: Scan, label: int, grid: Grid) -> Mask:
    """Return where `label` is, on `grid`: coarse steps rounded off, thin parts kept."""
    soft = gaussian_filter((scan.values == label).astype(np.float32), 0.55)
    blurred = Scan(soft, scan.origin_mm, scan.spacing_mm, scan.direction)
    mask: Mask = resample(blurred, grid, 3, 0.0) > 0.42
    return mask
