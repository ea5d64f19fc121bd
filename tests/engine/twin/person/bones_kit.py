"""A painted spine, and lengths measured back from its voxels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.ndimage import map_coordinates

from echospine.engine.twin.anatomy import DISTANCE_STEP_MM
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person.bones.painting import paint_bones
from echospine.engine.twin.person.spine import Spine, make_spine

LOW_MM, HIGH_MM = np.array((-62.0, -35.0, -150.0)), np.array((62.0, 92.0, 100.0))


@dataclass(frozen=True, eq=False)
class Painted:
    spine: Spine
    tissues: np.ndarray
    distance: np.ndarray
    origin_mm: np.ndarray
    spacing_mm: float

    def voxels(self, points_mm):
        """Fractional indices (z, y, x) of points (..., 3)."""
        return np.moveaxis((np.asarray(points_mm) - self.origin_mm) / self.spacing_mm, -1, 0)[::-1]

    def distance_mm(self, points_mm):
        index = self.voxels(points_mm)
        shape = index.shape[1:]
        flat = map_coordinates(self.distance, index.reshape(3, -1), np.float64, order=1, mode="nearest")
        return flat.reshape(shape) * DISTANCE_STEP_MM

    def tissue(self, points_mm):
        z, y, x = np.rint(self.voxels(points_mm)).astype(int)
        return self.tissues[z, y, x]

    def crossing_mm(self, start_mm, direction, limit_mm=60.0):
        """Way from a point along a direction to where bone begins or ends, mm."""
        steps = np.arange(0.0, limit_mm, 0.05)
        direction = np.asarray(direction) / np.linalg.norm(direction)
        inside = self.distance_mm(np.asarray(start_mm) + steps[:, None] * direction) < 0
        changed = np.flatnonzero(inside != inside[0])
        return steps[changed[0]] if changed.size else np.inf

    def extent_mm(self, middle_mm, axis):
        """Length of bone (or of the gap) through a point along an axis, both ways together, mm."""
        return self.crossing_mm(middle_mm, axis) + self.crossing_mm(middle_mm, -np.asarray(axis))


def volume(low_mm=LOW_MM, high_mm=HIGH_MM, spacing_mm=0.5):
    shape = np.rint((np.asarray(high_mm) - low_mm) / spacing_mm).astype(int)[::-1] + 1
    return np.zeros(shape, np.uint8), np.full(shape, 127, np.int8)


@cache
def painted(parameters: PatientParameters) -> Painted:
    spine = make_spine(parameters)
    tissues, distance = volume()
    paint_bones(tissues, distance, LOW_MM, 0.5, spine)
    return Painted(spine, tissues, distance, LOW_MM, 0.5)


def gap_mm(body: Painted, joint) -> float:
    """Width of a joint's gap at its middle: the way across it, by the cosine of how its two faces lie to that way."""
    across = joint.pose.matrix[:3, 0]
    way = np.arange(-5.0, 5.0, 0.05)
    distance = body.distance_mm(joint.pose.matrix[:3, 3] + way[:, None] * across)
    inside = np.flatnonzero(distance < 0)
    middle = inside[np.argmax(np.diff(inside))], inside[np.argmax(np.diff(inside)) + 1]
    cosines = [abs(distance[at + 10 * side] - distance[at]) / 0.5 for at, side in zip(middle, (-1, 1), strict=True)]
    return float((way[middle[1]] - way[middle[0]]) * np.mean(cosines))


def plane_normal(points):
    """Normal, upwards, of the plane through points (n, 3)."""
    _, _, axes = np.linalg.svd(points - points.mean(axis=0))
    return axes[2] * np.sign(axes[2][2])


def end_plate_normal(body: Painted, level: str, side: int):
    """Normal of the upper (1) or lower (-1) end plate of a vertebra, from its painted surface."""
    vertebra = body.spine[level]
    axes, size = vertebra.pose.matrix[:3, :3], vertebra.size
    points = []
    for x in np.linspace(-0.3, 0.3, 13) * size.upper_width:
        for y in np.linspace(-0.33, 0.33, 13) * size.depth:
            start = vertebra.to_patient(x, y, 0.0)
            points.append(start + side * axes[:, 2] * body.crossing_mm(start, side * axes[:, 2]))
    return plane_normal(np.array(points))
