"""Nerves and vessels: tubes along smooth lines through soft tissue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba
import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline
from scipy.ndimage import map_coordinates

from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM, Distances, TissueMap
from echospine.engine.twin.patient import LEVELS
from echospine.engine.twin.person.spine import Spine
from echospine.engine.twin.tissues import BONES, Tissue

STEP_MM = 0.4
"""Between the points of a line when it is painted."""
ROOT_MM = {"L1": 1.7, "L2": 1.9, "L3": 2.1, "L4": 2.4, "L5": 2.7}
"""Radius of the exiting root at its ganglion, 4 to 6 mm across (Hasegawa et al. 1996, Spine 21:1005)."""
BRANCH_MM = 0.6
"""Radius of the medial branch of the dorsal ramus (Bogduk and Long 1979: about 1 mm across)."""
SEGMENTAL_MM = 1.3
AORTA_MM, CAVA_MM = 9.0, 10.0
"""Radii of the abdominal aorta (Pedersen et al. 1993: 18 mm across) and of the vena cava."""


CLEAR_MM = 0.4
"""Between a nerve or vessel and bone."""


@dataclass(frozen=True, slots=True, eq=False)
class Tube:
    """A tissue along a line through `points_mm` (n, 3), Patient; `radius_mm` at each; `squash`: depth over width."""

    name: str
    tissue: Tissue
    points_mm: Floats
    radius_mm: Floats
    squash: float = 1.0

    def line(self) -> tuple[Floats, Floats]:
        """Return points (n, 3) and radii (n,) every STEP_MM along the smooth line."""
        steps = np.linalg.norm(np.diff(self.points_mm, axis=0), axis=1)
        along = np.concatenate(([0.0], np.cumsum(steps)))
        at = np.linspace(0.0, along[-1], max(2, round(along[-1] / STEP_MM)))
        return CubicSpline(along, self.points_mm)(at), np.interp(at, along, self.radius_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Bony:
    """The volume with its bones; arrays as in Anatomy."""

    tissues: TissueMap
    bone_distance: Distances
    origin_mm: Floats
    spacing_mm: float

    def away(self, points_mm: Floats, clear_mm: Floats) -> Floats:
        """Return `points_mm` (n, 3), moved out of bone along its distance until they are `clear_mm` (n,) from it."""
        moved = points_mm.copy()
        for _ in range(6):
            distance, slope = self._at(moved)
            lacking = np.maximum(clear_mm - distance, 0.0)
            moved += np.minimum(lacking, 1.5)[:, None] * slope
        return moved

    def _at(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """Return the distance to bone and the unit vector away from it."""
        places = ((points_mm - self.origin_mm) / self.spacing_mm).T[::-1]
        reach = 1.0 / self.spacing_mm

        def read(dz: float, dy: float, dx: float) -> Floats:
            shifted = places + reach * np.array((dz, dy, dx))[:, None]
            found: Floats = map_coordinates(self.bone_distance, shifted, np.float64, order=1, mode="nearest")
            return DISTANCE_STEP_MM * found

        slope = np.stack(
            [read(0, 0, 1) - read(0, 0, -1), read(0, 1, 0) - read(0, -1, 0), read(1, 0, 0) - read(-1, 0, 0)]
        )
        slope /= np.maximum(np.linalg.norm(slope, axis=0), 1e-6)
        return read(0, 0, 0), slope.T

    def settled(self, tube: Tube) -> Tube:
        """Return the tube with its points beside bone, not in it."""
        return replace(tube, points_mm=self.away(tube.points_mm, np.minimum(tube.radius_mm, 2.0) + CLEAR_MM))


def tubes_of(spine: Spine) -> tuple[Tube, ...]:
    """Return nerves and vessels of a person; those that come later lie over those before."""
    return (*_great_vessels(spine), *_beside_vertebrae(spine))


def _great_vessels(spine: Spine) -> tuple[Tube, ...]:
    fronts = np.array([v.to_patient(0.0, -v.size.depth / 2, 0.0) for v in spine.vertebrae[:6]])
    scale = spine.parameters.height_mm / 1700.0
    forward = np.array((0.0, -1.0, 0.0))
    aorta = fronts[:5] + (AORTA_MM + 3.0) * forward + np.array((9.0, 0.0, 0.0))
    cava = fronts + (CAVA_MM + 1.0) * forward + np.array((-15.0, 0.0, 0.0))
    lead = np.array((aorta[0] + (0.0, -2.0, 40.0), cava[0] + (0.0, -2.0, 40.0)))
    made = [
        Tube("aorta", Tissue.AORTA, np.vstack((lead[0], aorta)), np.full(6, AORTA_MM * scale)),
        Tube("vena_cava", Tissue.VENA_CAVA, np.vstack((lead[1], cava)), np.full(7, CAVA_MM * scale), 0.75),
    ]
    for name, sign in (("left", 1), ("right", -1)):
        down = spine["S1"].to_patient(sign * 42.0, -24.0, -6.0)
        middle = fronts[5] + np.array((sign * 20.0, -13.0, 4.0))
        made.append(Tube(f"iliac_{name}", Tissue.AORTA, np.array((aorta[-1], middle, down)), np.full(3, 5.0 * scale)))
    return tuple(made)


def _beside_vertebrae(spine: Spine) -> tuple[Tube, ...]:
    made = []
    for level in LEVELS:
        vertebra = spine[level]
        size, back, pedicle = vertebra.size, vertebra.back_wall_mm, vertebra.pedicle_mm
        under, half = pedicle - size.pedicle_height / 2 - 4.5, size.canal_width / 2
        _, tip_y, tip_z = vertebra.transverse_tip_mm
        for name, sign in (("left", 1), ("right", -1)):
            place = [
                vertebra.to_patient(sign * x, y, z)
                for x, y, z in (
                    (0.45 * half, back + 0.45 * size.canal_depth, pedicle + 6.0),
                    (0.85 * half, back + 0.35 * size.canal_depth, under + 3.0),
                    (half + 6.0, back + 3.0, under - 1.0),
                    (half + 15.0, back - 4.0, under - 12.0),
                    (half + 22.0, back - 12.0, under - 29.0),
                )
            ]
            radius = ROOT_MM[level] * np.array((0.45, 0.7, 1.0, 0.85, 0.75))
            made.append(Tube(f"{level}_root_{name}", Tissue.NERVE_ROOT, np.array(place), radius))
            # from the foramen up over the junction of the transverse and the articular process of the level below
            base = half + (9.0 if level != "L5" else 16.0)
            course = [
                vertebra.to_patient(sign * x, y, z)
                for x, y, z in (
                    (base + 5.0, tip_y - 7.5, tip_z + 9.0),
                    (base + 3.5, tip_y - 1.0, tip_z + 7.0),
                    (base + 1.5, tip_y + 6.0, tip_z + 1.5),
                    (base - 2.0, tip_y + 9.0, tip_z - 6.0),
                    (base - 5.0, tip_y + 12.0, tip_z - 13.0),
                )
            ]
            made.append(Tube(f"{level}_branch_{name}", Tissue.MEDIAL_BRANCH, np.array(course), np.full(5, BRANCH_MM)))
            beside = size.upper_width / 2 * 0.86
            artery = [
                vertebra.to_patient(sign * x, y, z)
                for x, y, z in (
                    (0.35 * beside, -size.depth / 2 - 3.0, -1.0),
                    (beside + 1.0, -0.15 * size.depth, -1.5),
                    (beside + 0.5, 0.32 * size.depth, -1.0),
                    (half + 9.0, back + 2.0, under + 1.5),
                    (base + 1.0, tip_y + 2.0, tip_z - 7.5),
                    (base + 2.0, tip_y + 9.0, tip_z - 9.0),
                )
            ]
            radii = np.array((1.0, 1.0, 1.0, 0.8, 0.7, 0.6)) * SEGMENTAL_MM
            made.append(Tube(f"{level}_artery_{name}", Tissue.SEGMENTAL_VESSEL, np.array(artery), radii))
    return tuple(made)


def paint_tube(tube: Tube, bony: Bony) -> None:
    """Paint a tube over soft tissue, around bone; bone, joints, skin, the fat under it, and air keep what they are."""
    kept = np.ones(256, np.bool_)
    kept[[Tissue.AIR, Tissue.SKIN, Tissue.FAT, Tissue.FACET_GAP, Tissue.DISC, *BONES]] = False
    points, radii = tube.line()
    radii = np.maximum(radii, 0.75 * bony.spacing_mm)  # a thread of voxels at least
    line = np.column_stack((bony.away(points, np.minimum(radii, 2.0)), radii))
    x, y, z = (float(value) for value in bony.origin_mm)
    _paint(bony.tissues, line, (x, y, z, bony.spacing_mm), (int(tube.tissue), tube.squash), kept)


@numba.njit(cache=True, nogil=True)
def _paint(
    tissues: TissueMap,
    line: Floats,
    grid: tuple[float, float, float, float],
    what: tuple[int, float],
    open_to: npt.NDArray[np.bool_],
) -> None:
    x0, y0, z0, spacing = grid
    tissue, squash = what
    origin = np.array((x0, y0, z0))
    depth, height, width = tissues.shape
    for n in range(line.shape[0]):
        radius = line[n, 3]
        low = ((line[n, :3] - radius - origin) / spacing).astype(np.int64)
        high = ((line[n, :3] + radius - origin) / spacing).astype(np.int64) + 2
        for k in range(max(0, low[2]), min(depth, high[2])):
            w = origin[2] + k * spacing - line[n, 2]
            for j in range(max(0, low[1]), min(height, high[1])):
                v = (origin[1] + j * spacing - line[n, 1]) / squash
                for i in range(max(0, low[0]), min(width, high[0])):
                    u = origin[0] + i * spacing - line[n, 0]
                    if u * u + v * v + w * w <= radius * radius and open_to[tissues[k, j, i]]:
                        tissues[k, j, i] = tissue
