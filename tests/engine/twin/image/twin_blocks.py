"""Simple bodies with analytic truth, and measurements on pictures, for the tests of the twin's images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from echospine.domain.poses import Pose
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM, Anatomy
from echospine.engine.twin.body import Body, Displacement
from echospine.engine.twin.probe import ABDOMINAL, MUSCULOSKELETAL, Machine, Settings
from echospine.engine.twin.tissues import Tissue

SPACING_MM = 0.5
EVEN = Tissue.CAUDA_EQUINA
"""A tissue that scatters evenly; -2 dB, 0.7 dB/cm/MHz."""
CONVEX_SET = Settings(depth_mm=100.0, focus_mm=60.0)
LINEAR_SET = Settings(depth_mm=50.0, focus_mm=25.0)
BOTH = ((ABDOMINAL, CONVEX_SET), (MUSCULOSKELETAL, LINEAR_SET))


def pure(machine: Machine, **changes: object) -> Machine:
    """Return `machine` without noise, clutter, multiples and ripple: only what is under test."""
    quiet = {
        "noise_db": -200.0,
        "clutter_db": -200.0,
        "haze_db": -200.0,
        "fog_db": -200.0,
        "reverberation_db": -200.0,
        "ripple_db": 0.0,
        "curve": 1.0,
    }
    return replace(machine, **{**quiet, "speckle_reduction": 0.0, **changes})


def axes_mm(size_mm=(120.0, 120.0, 60.0)):
    """Return x, y, z of the voxel centres, mm, broadcastable as (z, y, x): the skin is at y = 0, the body at y < 0."""
    n_x, n_y, n_z = (round(edge / SPACING_MM) for edge in size_mm)
    x = (np.arange(n_x) - (n_x - 1) / 2) * SPACING_MM
    y = (np.arange(n_y) - n_y + 0.5) * SPACING_MM
    z = (np.arange(n_z) - (n_z - 1) / 2) * SPACING_MM
    return x[None, None, :], y[None, :, None], z[:, None, None]


def anatomy(tissues, bone_distance_mm=None) -> Anatomy:
    x, y, z = axes_mm(np.array(tissues.shape[::-1]) * SPACING_MM)
    distance = np.zeros((0, 0, 0), np.int8)
    if bone_distance_mm is not None:
        steps = np.clip(np.rint(np.broadcast_to(bone_distance_mm, tissues.shape) / DISTANCE_STEP_MM), -127, 127)
        distance = steps.astype(np.int8)
    return Anatomy(tissues, distance, (x.min(), y.min(), z.min()), SPACING_MM)


def block(tissue: Tissue = EVEN, seed: int = 1, size_mm=(120.0, 120.0, 60.0)) -> Body:
    """Return a block of one tissue."""
    shape = tuple(round(edge / SPACING_MM) for edge in size_mm[::-1])
    return Body(anatomy(np.full(shape, tissue, np.uint8)), seed)


def bone_block(distance_mm, tissue: Tissue = EVEN, bone: Tissue = Tissue.LAMINA, seed: int = 1) -> Body:
    """Return a block with bone where `distance_mm`, broadcastable to (z, y, x), is below zero."""
    x, y, z = axes_mm()
    shape = np.broadcast_shapes(x.shape, y.shape, z.shape)
    gap = np.broadcast_to(distance_mm, shape)
    return Body(anatomy(np.where(gap < 0, bone, tissue).astype(np.uint8), gap), seed)


def over(x_mm: float = 0.0, y_mm: float = 0.0, z_mm: float = 0.0, turn_rad: float = 0.0) -> Pose:
    """Return the pose of a probe that looks from the back (y) into the body, its x along the patient's left.

    `turn_rad`: turned about its own axis (a quarter turn: a sagittal picture).
    """
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = (c, 0.0, s), (0.0, -1.0, 0.0), (s, 0.0, -c)
    matrix[:3, 3] = x_mm, y_mm, z_mm
    return Pose("Patient", "Probe", matrix)


def shifted(x_mm: float = 0.0, y_mm: float = 0.0, z_mm: float = 0.0) -> Displacement:
    """Return a displacement that is the same everywhere."""
    vectors = np.broadcast_to(np.array([x_mm, y_mm, z_mm], np.float32), (3, 3, 3, 3))
    return Displacement(vectors, (-100.0, -150.0, -100.0), (100.0, 100.0, 100.0))


def shift_between(one, two) -> tuple[float, float]:
    """Return by how many rows and columns `two` lies farther on than `one`: peak of the normalised correlation."""
    one, two = one - one.mean(), two - two.mean()
    found = np.fft.irfft2(np.fft.rfft2(two) * np.conj(np.fft.rfft2(one)), s=one.shape)
    row, column = np.unravel_index(found.argmax(), found.shape)
    n_rows, n_columns = found.shape

    def between(low, middle, high):
        return 0.5 * (low - high) / (low - 2 * middle + high)

    rows = row + between(found[row - 1, column], found[row, column], found[(row + 1) % n_rows, column])
    columns = column + between(found[row, column - 1], found[row, column], found[row, (column + 1) % n_columns])
    return (rows + n_rows / 2) % n_rows - n_rows / 2, (columns + n_columns / 2) % n_columns - n_columns / 2


def gaussian_fwhm(values, step: float) -> float:
    """Return the full width at half maximum of a peak, by a parabola through the logarithm of all above a fifth."""
    top = int(np.argmax(values))
    low, high = top, top
    while values[low - 1] > 0.2 * values[top]:
        low -= 1
    while values[high + 1] > 0.2 * values[top]:
        high += 1
    places = np.arange(low - 1, high + 2) * step
    curve = np.polyfit(places - places.mean(), np.log(values[low - 1 : high + 2]), 2)
    return float(2.0 * np.sqrt(-np.log(2.0) / curve[0]))
