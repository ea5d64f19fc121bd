"""Where a ray crosses a surface, and how the surface is turned to it."""

from __future__ import annotations

import numpy as np

from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM
from echospine.engine.twin.image.compiled import inlined, kernel
from echospine.engine.twin.image.tables import Volume
from echospine.engine.twin.image.volume import tissue_of

Point = tuple[float, float, float]
_CLOSE_STEPS = 40.0
"""Distance, in steps of DISTANCE_STEP_MM, within which bone distances are read between voxels."""
_U1 = np.uint64(1)


@inlined
def in_volume(volume: Volume, at: Point, u: Point, ahead: Point, share: float) -> Point:
    """Return a point of Patient in voxels at rest; its displacement lies `share` of the way from `u` to `ahead`."""
    return (
        (at[0] - u[0] - share * (ahead[0] - u[0]) - volume.origin[0]) * volume.per_mm,
        (at[1] - u[1] - share * (ahead[1] - u[1]) - volume.origin[1]) * volume.per_mm,
        (at[2] - u[2] - share * (ahead[2] - u[2]) - volume.origin[2]) * volume.per_mm,
    )


@inlined
def bone_gap(volume: Volume, x: float, y: float, z: float) -> float:
    """Return the signed distance to bone at a place in voxels, mm; below zero inside; 5 mm where there is none."""
    n_z, n_y, n_x = volume.distance.shape
    if not (0.0 <= x < n_x - 1.0 and 0.0 <= y < n_y - 1.0 and 0.0 <= z < n_z - 1.0):
        return 5.0
    i, j, k = np.uint64(x), np.uint64(y), np.uint64(z)
    nearest = np.float64(volume.distance[k, j, i])
    if abs(nearest) > _CLOSE_STEPS:
        return float(nearest * DISTANCE_STEP_MM)
    a, b, c = x - np.float64(i), y - np.float64(j), z - np.float64(k)
    near = _layer_gap(volume, i, j, k, (a, b))
    far = _layer_gap(volume, i, j, k + _U1, (a, b))
    return (near + c * (far - near)) * DISTANCE_STEP_MM


@inlined
def _layer_gap(volume: Volume, i: np.uint64, j: np.uint64, k: np.uint64, share: tuple[float, float]) -> float:
    d = volume.distance
    low: float = d[k, j, i] * (1.0 - share[0]) + d[k, j, i + _U1] * share[0]
    high: float = d[k, j + _U1, i] * (1.0 - share[0]) + d[k, j + _U1, i + _U1] * share[0]
    return low + share[1] * (high - low)


@kernel
def bone_slope(volume: Volume, x: float, y: float, z: float, ray: Point) -> float:
    """Return the cosine between a ray and the normal of the bone at a place in voxels."""
    g_x = bone_gap(volume, x + 1.0, y, z) - bone_gap(volume, x - 1.0, y, z)
    g_y = bone_gap(volume, x, y + 1.0, z) - bone_gap(volume, x, y - 1.0, z)
    g_z = bone_gap(volume, x, y, z + 1.0) - bone_gap(volume, x, y, z - 1.0)
    size = np.sqrt(g_x * g_x + g_y * g_y + g_z * g_z)
    return abs(g_x * ray[0] + g_y * ray[1] + g_z * ray[2]) / size if size > 1e-9 else 1.0


@kernel
def step_plane(volume: Volume, impedance: Floats, at: Point, middle: float, ray: Point) -> tuple[float, float]:
    """Fit a plane to the step of impedance near a place in voxels.

    Of the 5 x 5 x 5 voxels around, those above `middle` make a share and a moment: these give the plane's distance and
    normal. Return the cosine between ray and normal, and how far along the ray the plane lies, voxels.
    """
    i, j, k = int(np.floor(at[0] + 0.5)), int(np.floor(at[1] + 0.5)), int(np.floor(at[2] + 0.5))
    count = g_x = g_y = g_z = 0
    for dk in range(-2, 3):
        for dj in range(-2, 3):
            for di in range(-2, 3):
                if impedance[tissue_of(volume, np.uint64(i + di), np.uint64(j + dj), np.uint64(k + dk))] > middle:
                    count += 1
                    g_x += di
                    g_y += dj
                    g_z += dk
    size = np.sqrt(float(g_x * g_x + g_y * g_y + g_z * g_z))
    if size == 0.0:  # a gap too small to have sides: it is taken to lie across the ray
        return 1.0, 1.0
    n_x, n_y, n_z = g_x / size, g_y / size, g_z / size
    cosine = n_x * ray[0] + n_y * ray[1] + n_z * ray[2]
    if abs(cosine) < 0.2:
        return abs(cosine), 1.0
    inside = (count / 125.0 - 0.5) * 5.0 * max(abs(n_x), abs(n_y), abs(n_z))
    inside += n_x * (at[0] - i) + n_y * (at[1] - j) + n_z * (at[2] - k)
    return abs(cosine), min(max(-inside / cosine, 0.0), 2.0)
