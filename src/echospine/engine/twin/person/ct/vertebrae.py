"""Vertebrae found in label maps: their frames, their canal, and which part of each a voxel belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, gaussian_filter

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Mask
from echospine.engine.twin.person.ct.grids import Grid
from echospine.engine.twin.tissues import Tissue

_SMOOTH_MM = 0.8
"""Width of the filter that takes the steps of voxels out of distances, mm (SD)."""
_STEP_MM = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One vertebra of a scan: `distance_mm` signed, on its own part of the grid; `pose` and sizes, mm, own frame.

    `half`: half width, half depth and half height of the body; `canal_back`: front of the lamina at the midline;
    `canal_half`: half of the distance between the pedicles; `canal_back` counts from the middle of the body.
    """

    level: str
    grid: Grid
    where: tuple[slice, slice, slice]
    distance_mm: npt.NDArray[np.float32]
    pose: Pose
    half: tuple[float, float, float]
    canal_back: float
    canal_half: float

    @property
    def own_mm(self) -> tuple[Floats, Floats, Floats]:
        """Own coordinates (x, y, z) of the voxels of its part of the grid, mm."""
        axes, middle = self.pose.matrix[:3, :3], self.pose.matrix[:3, 3]
        x, y, z = (self.grid.axis_mm(axis) - middle[axis] for axis in range(3))
        z, y, x = z[:, None, None], y[None, :, None], x[None, None, :]
        across, back, up = (axes[0, n] * x + axes[1, n] * y + axes[2, n] * z for n in range(3))
        return across, back, up


def signed_distance(mask: Mask, spacing_mm: float) -> npt.NDArray[np.float32]:
    """Return the distance to the surface of `mask`, mm, below zero inside, smooth enough for normals."""
    outside = distance_transform_edt(~mask).astype(np.float32)
    inside = distance_transform_edt(mask).astype(np.float32)
    sharp = (np.maximum(outside - 0.5, 0.0) - np.maximum(inside - 0.5, 0.0)) * np.float32(spacing_mm)
    smooth: npt.NDArray[np.float32] = gaussian_filter(sharp, _SMOOTH_MM / spacing_mm)
    return smooth


def body_middle(distance_mm: npt.NDArray[np.float32], grid: Grid) -> Floats:
    """Return the middle of the body: of what is farthest from any surface, mm, shape (3,)."""
    core = np.argwhere(distance_mm < 0.6 * distance_mm.min())
    middle: Floats = core.mean(axis=0)[::-1] * grid.spacing_mm + grid.origin_mm
    return middle


def find_vertebra(
    level: str,
    place: tuple[Grid, tuple[slice, slice, slice]],
    distance_mm: npt.NDArray[np.float32],
    middle_mm: Floats,
    up: Floats,
) -> Found:
    """Return frame and sizes of one vertebra; `up`: rough direction of the spine there.

    Raises GeometryError where body or canal are not to be found.
    """
    grid, where = place
    bone = np.argwhere(distance_mm < 0)[:, ::-1] * grid.spacing_mm + grid.origin_mm
    back = bone.mean(axis=0) - middle_mm
    probe = _Probe(grid, distance_mm, _pose(level, middle_mm, up, back))
    middle_mm, half = probe.body()
    probe = _Probe(grid, distance_mm, _pose(level, middle_mm, probe.end_plate_normal(half), back))
    middle_mm, half = probe.body()
    pose = _pose(level, middle_mm, probe.pose.matrix[:3, 2], back)
    return Found(level, grid, where, distance_mm, pose, half, *_Probe(grid, distance_mm, pose).canal(half))


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """Walks through the distances of one vertebra, in its own frame."""

    grid: Grid
    distance_mm: npt.NDArray[np.float32]
    pose: Pose

    def way(self, start: tuple[float, float, float], axis: tuple[int, int, int], leave: bool, limit_mm: float) -> float:
        """Return how far it is along `axis` until bone ends (`leave`) or begins, inf beyond `limit_mm`."""
        steps = np.arange(0.0, limit_mm, _STEP_MM)
        line = self.pose.apply(np.array(start) + steps[:, None] * np.array(axis))
        inside = self.grid.sample(self.distance_mm, line) < 0
        hits = np.flatnonzero(inside != leave)
        return float(steps[hits[0]]) if hits.size else float("inf")

    def body(self) -> tuple[Floats, tuple[float, float, float]]:
        """Return the middle of the body, Patient, and its half width, half depth and half height, mm."""
        axes = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
        ways = np.array([self.way((0.0, 0.0, 0.0), axis, True, 60.0) for axis in axes])
        if not np.all(np.isfinite(ways)):
            raise GeometryError(f"{self.pose.source}: the label has no body with a canal behind it; is it cut off?")
        width, depth, height = (ways[0::2] + ways[1::2]) / 2
        return self.pose.apply((ways[0::2] - ways[1::2]) / 2), (float(width), float(depth), float(height))

    def end_plate_normal(self, half: tuple[float, float, float]) -> Floats:
        """Return the normal of the plane through the upper end plate, Patient, shape (3,).

        Far from the middle to far from the middle: slices are thick, and a tilted plate is a flight of steps in them.
        """
        rows = [
            (x, y, self.way((x, y, 0.0), (0, 0, 1), True, 30.0))
            for x in np.linspace(-0.65, 0.65, 13) * half[0]
            for y in np.linspace(-0.85, 0.7, 15) * half[1]
        ]
        points = np.array(rows)[np.isfinite(np.array(rows)[:, 2])]
        points = points[np.abs(points[:, 2] - np.median(points[:, 2])) < 6.0]
        slopes = np.linalg.lstsq(np.column_stack((points[:, :2], np.ones(len(points)))), points[:, 2], rcond=None)[0]
        normal = np.array((-slopes[0], -slopes[1], 1.0))
        turned: Floats = self.pose.matrix[:3, :3] @ (normal / np.linalg.norm(normal))
        return turned

    def canal(self, half: tuple[float, float, float]) -> tuple[float, float]:
        """Return own y of the canal's back and its half width; 16 and 12 mm where arch or pedicles are not seen."""
        back, tall = half[1], half[2]
        depths = [self.way((0.0, back + 5.0, z), (0, 1, 0), False, 20.0) for z in np.arange(-1.5 * tall, tall, 1.0)]
        depth = 5.0 + min(depths) if np.isfinite(min(depths)) else 16.0
        widths = []
        for z in np.arange(0.0, tall, 1.0):
            start = (0.0, back + min(0.4 * depth, 7.0), float(z))
            sides = [self.way(start, axis, False, 22.0) for axis in ((1, 0, 0), (-1, 0, 0))]
            widths.append(sum(sides) / 2)
        narrow = min(widths)
        return back + depth, narrow if np.isfinite(narrow) and narrow > 5.0 else 12.0


def parts(found: Found) -> npt.NDArray[np.uint8]:
    """Return the tissue that each voxel near a vertebra would be if it were bone, by where it lies in its frame."""
    x, y, z = found.own_mm
    wall, back, side, tall = found.half[1], found.canal_back, found.canal_half, found.half[2]
    far = np.abs(x)
    part = np.full(found.distance_mm.shape, Tissue.LAMINA, np.uint8)
    part[(z > 0.35 * tall) & (far > 0.5 * side) & (y > wall + 5.0)] = Tissue.SUPERIOR_ARTICULAR
    part[(z < -0.9 * tall) & (far > 0.35 * side)] = Tissue.INFERIOR_ARTICULAR
    part[(y < wall + 6.0) & (np.abs(z) < 1.2 * tall)] = Tissue.PEDICLE
    part[(far < 5.5) & (y > back + 4.5)] = Tissue.SPINOUS_PROCESS
    part[(y < wall - 2.0) | ((y < wall + 0.5) & (far < found.half[0] + 4.0))] = Tissue.VERTEBRAL_BODY
    outside = np.maximum(side + 11.0, np.where(y < wall + 2.0, found.half[0] + 3.0, 0.0))
    part[(far > outside) & (np.abs(z) < 1.2 * tall) & (y > 0.5 * wall)] = Tissue.TRANSVERSE_PROCESS
    if found.level == "S1":
        part[part != Tissue.SUPERIOR_ARTICULAR] = Tissue.SACRUM
    return part


def _pose(level: str, middle: Floats, up: Floats, back: Floats) -> Pose:
    z = up / np.linalg.norm(up)
    y = back - (back @ z) * z
    y /= np.linalg.norm(y)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack((np.cross(y, z), y, z), 1)
    matrix[:3, 3] = middle
    return Pose("Patient", level, matrix)
