"""A CT with its label map becomes an Anatomy: bones first, soft tissue around them, landmarks on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_fill_holes, binary_opening, gaussian_filter
from scipy.ndimage import label as components

from echospine.domain.errors import GeometryError
from echospine.domain.units import Mask
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM, Anatomy, Distances, TissueMap
from echospine.engine.twin.person.ct.grids import Grid, Scan, closed, grid_over, resample, smooth_mask
from echospine.engine.twin.person.ct.landmarks import ct_landmarks
from echospine.engine.twin.person.ct.soft import Course, paint_soft_tissue
from echospine.engine.twin.person.ct.vertebrae import Found, body_middle, find_vertebra, parts, signed_distance
from echospine.engine.twin.tissues import Tissue

LABELS = {32: "T12", 31: "L1", 30: "L2", 29: "L3", 28: "L4", 27: "L5", 26: "S1"}
"""Ids of vertebrae in the label map (TotalSegmentator v2, Wasserthal et al. 2023, Radiol Artif Intell 5:e230024)."""
_BESIDE_MM, _AROUND_MM, _MARGIN_MM = 85.0, 12.0, 8.0
_BONE_HU = 190.0
_MARROW_MM = 4.5
"""Half of how wide marrow between two plates of cortex may be to be closed over."""
_HALF_GAP_MM = 0.75
"""Each of two vertebrae that touch in the label map draws back by this, so that a joint has its gap."""
_FAR_MM = 20.0
_LEAST_VOXELS = 30
_LEAST_BONE_MM3 = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class Bones:
    """What the label map and the CT say about bone, on the twin's grid."""

    distance_mm: npt.NDArray[np.float32]
    tissues: TissueMap


def anatomy_from_ct(
    labels: npt.NDArray[Any],
    ct_hu: npt.NDArray[Any],
    origin_mm: npt.ArrayLike,
    spacing_mm: npt.ArrayLike,
    direction: npt.ArrayLike,
    *,
    grid_mm: float = 0.75,
) -> Anatomy:
    """Return the anatomy of the person in a CT, in the CT's own LPS coordinates.

    `labels`, `ct_hu`: (n_z, n_y, n_x), ids of LABELS and Hounsfield units; `origin_mm`, `spacing_mm` (x, y, z) and
    `direction` (3, 3; axes as columns), LPS, as SimpleITK tells them; `grid_mm`: voxels of the twin. The person need
    not lie prone. Raises GeometryError where the two differ in shape or fewer than two lumbar vertebrae are labelled.
    """
    if labels.shape != ct_hu.shape:
        raise GeometryError(f"label map {labels.shape} and CT {ct_hu.shape} differ in shape; resample one to the other")
    frame = (np.array(origin_mm, np.float64), np.array(spacing_mm, np.float64), np.reshape(direction, (3, 3)))
    names, scan = Scan(labels, *frame), Scan(ct_hu, *frame)
    grid = _twin_grid(names, scan, grid_mm)
    vertebrae = _vertebrae(names, grid)
    hu = resample(scan, grid, 1, -1024.0)
    bones = _bones(vertebrae, grid, hu)
    course = Course.along(vertebrae)
    paint_soft_tissue(bones.tissues, bones.distance_mm, hu, grid, course)
    steps = np.clip(np.rint(bones.distance_mm / DISTANCE_STEP_MM), -127, 127)
    distance: Distances = steps.astype(np.int8)
    landmarks = ct_landmarks(vertebrae, grid, bones.distance_mm, bones.tissues)
    poses = tuple(found.pose for found in vertebrae)
    return Anatomy(bones.tissues, distance, grid.origin_mm, grid.spacing_mm, landmarks, poses)


def _twin_grid(names: Scan, scan: Scan, grid_mm: float) -> Grid:
    """Around the lumbar vertebrae: wide enough for the muscles of the back, as deep as the skin."""
    lumbar = np.isin(names.values, list(LABELS))
    if not lumbar.any():
        raise GeometryError(f"the label map names no lumbar vertebra; ids are {LABELS}")
    points = names.to_patient(np.argwhere(lumbar))
    pieces, n_pieces = components(scan.values > -300)
    sizes = np.bincount(pieces.ravel())[1:]
    if n_pieces == 0:
        raise GeometryError("the CT shows nothing but air; is it in Hounsfield units?")
    person = scan.to_patient(np.argwhere(pieces == 1 + int(np.argmax(sizes))))
    middle, low, high = np.median(points, axis=0), points.min(axis=0), points.max(axis=0)
    low = np.array((middle[0] - _BESIDE_MM, low[1] - _AROUND_MM, low[2] - _AROUND_MM))
    near = person[np.abs(person[:, 0] - middle[0]) < _BESIDE_MM]
    near = near[(near[:, 2] > low[2]) & (near[:, 2] < high[2] + _AROUND_MM)]
    high = np.array((middle[0] + _BESIDE_MM, near[:, 1].max() + _MARGIN_MM, high[2] + _AROUND_MM))
    corners = scan.to_patient(np.array(np.meshgrid(*[(0, n - 1) for n in scan.values.shape])).reshape(3, -1).T)
    low[[0, 2]] = np.maximum(low, corners.min(axis=0))[[0, 2]]
    high[[0, 2]] = np.minimum(high, corners.max(axis=0))[[0, 2]]
    return grid_over(low, high, grid_mm)


def _vertebrae(names: Scan, grid: Grid) -> tuple[Found, ...]:
    """Return the labelled vertebrae from top to bottom."""
    places, distances, middles, levels = [], [], [], []
    for number, level in LABELS.items():
        voxels = np.argwhere(names.values == number)
        if len(voxels) < _LEAST_VOXELS or _cut_off(voxels, names.values.shape):
            continue
        points = names.to_patient(voxels)
        place = grid.part(points.min(axis=0) - _MARGIN_MM, points.max(axis=0) + _MARGIN_MM)
        distance = signed_distance(smooth_mask(names, number, place[0]), grid.spacing_mm)
        places.append(place)
        distances.append(distance)
        middles.append(body_middle(distance, place[0]))
        levels.append(level)
    if len(levels) < 2:
        raise GeometryError(f"a spine needs two labelled vertebrae, found {levels or 'none'}; ids are {LABELS}")
    course = np.gradient(np.array(middles), axis=0)
    return tuple(find_vertebra(levels[n], places[n], distances[n], middles[n], -course[n]) for n in range(len(levels)))


def _cut_off(voxels: npt.NDArray[np.intp], shape: tuple[int, ...]) -> bool:
    """Whether a label touches the edge of the scan, so that its vertebra is not seen whole."""
    return bool(np.any(voxels.min(axis=0) == 0) or np.any(voxels.max(axis=0) == np.array(shape) - 1))


def _bones(vertebrae: tuple[Found, ...], grid: Grid, hu: npt.NDArray[np.float32]) -> Bones:
    nearest = np.full(grid.shape, _FAR_MM, np.float32)
    second, part = nearest.copy(), np.zeros(grid.shape, np.uint8)
    for found in vertebrae:
        here, distance = nearest[found.where], found.distance_mm
        second[found.where] = np.minimum(second[found.where], np.maximum(here, distance))
        part[found.where] = np.where(distance < here, parts(found), part[found.where])
        nearest[found.where] = np.minimum(here, distance)
    distance = np.maximum(nearest, _HALF_GAP_MM - second)
    tissues = np.where(distance < 0, part, np.uint8(0)).astype(np.uint8)
    joint = np.isin(part, (Tissue.SUPERIOR_ARTICULAR, Tissue.INFERIOR_ARTICULAR))
    tissues[joint & (distance >= 0) & (nearest < 1.0) & (second < 1.2)] = Tissue.FACET_GAP
    rest = _unlabelled(hu, nearest, grid, vertebrae)
    other = signed_distance(rest, grid.spacing_mm)
    named = np.where(other < distance, _names_of_rest(grid, vertebrae), tissues)
    tissues = np.where(other < 0, named, tissues).astype(np.uint8)
    return Bones(np.minimum(distance, other), tissues)


def _unlabelled(
    hu: npt.NDArray[np.float32], nearest: npt.NDArray[np.float32], grid: Grid, vertebrae: tuple[Found, ...]
) -> Mask:
    """Sacrum, ilium and ribs: bright, behind the front of the spine, apart from the labelled vertebrae, not small."""
    bright = (gaussian_filter(hu, 0.8 / grid.spacing_mm) > _BONE_HU) & (nearest > 1.5)
    z_mm, y_mm = grid.axis_mm(2), grid.axis_mm(1)
    middles = np.array([found.pose.matrix[:3, 3] for found in vertebrae[::-1]])
    above = z_mm > middles[min(2, len(middles) - 1), 2]  # where calcified or opacified organs lie beside the bodies
    fronts = np.interp(z_mm, middles[:, 2], middles[:, 1]) + np.where(above, 8.0, -15.0)
    bright &= y_mm[None, :, None] > fronts[:, None, None]
    whole = closed(binary_opening(bright), _MARROW_MM, grid)
    for k in range(whole.shape[0]):
        whole[k] = binary_fill_holes(whole[k])
    whole &= nearest > 1.5
    pieces, _ = components(whole)
    sizes = np.bincount(pieces.ravel()) * grid.spacing_mm**3
    sizes[0] = 0.0
    kept: Mask = (sizes > _LEAST_BONE_MM3)[pieces]
    return kept


def _names_of_rest(grid: Grid, vertebrae: tuple[Found, ...]) -> TissueMap:
    """Ribs above, iliac bone beside and sacrum in the middle below; (n_z, 1, n_x), to be broadcast."""
    lowest, crest = vertebrae[-1], vertebrae[max(len(vertebrae) - 3, 0)]
    x, z = grid.axis_mm(0)[None, None, :], grid.axis_mm(2)[:, None, None]
    beside = np.abs(x - lowest.pose.matrix[0, 3]) > 2.0 * lowest.half[0]
    low = np.where(beside, Tissue.ILIUM, Tissue.SACRUM)
    named: TissueMap = np.where(z < crest.pose.matrix[2, 3], low, Tissue.RIB).astype(np.uint8)
    return named
