"""A simple back for tests of motion and needles: flat layers over laminae, facets and spinous processes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from echospine.domain.labels import Side
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM, Anatomy, Landmark
from echospine.engine.twin.tissues import BONES, Tissue

SKIN_Y, FASCIA_Y, MUSCLE_Y, BONE_Y = 90.0, 78.0, 76.0, 46.0
"""Heights along y: skin, top of the fascia, top of the muscle, laminae; mm."""
FASCIA_TOP = 78.0
LEVELS = {"L5": 40.0, "L4": 75.0, "L3": 110.0}
"""Height z of the facets of each level, mm."""
FACET_X = 20.0


def layered_back(spacing_mm: float = 1.0, tilt: float = 0.0) -> Anatomy:
    """Skin 2 mm, fat 10 mm, fascia 2 mm, multifidus 30 mm over bone; `tilt`: rise of all layers per mm of z."""
    origin = np.array([-50.0, 0.0, 0.0])
    counts = np.array([100.0, 100.0, 150.0]) / spacing_mm + 1
    n_x, n_y, n_z = counts.astype(int)
    z, y, x = np.meshgrid(*(o + spacing_mm * np.arange(n) for o, n in ((0, n_z), (0, n_y), (-50, n_x))), indexing="ij")
    y = y - tilt * (z - 75.0)
    tissues = np.full(x.shape, Tissue.AIR, np.uint8)
    for top, tissue in (
        (SKIN_Y, Tissue.SKIN), (88.0, Tissue.FAT), (FASCIA_Y, Tissue.FASCIA), (MUSCLE_Y, Tissue.MULTIFIDUS),
        (BONE_Y, Tissue.LAMINA), (38.0, Tissue.CSF), (22.0, Tissue.VERTEBRAL_BODY),
    ):  # fmt: skip
        tissues[y <= top] = tissue
    lateral = (np.abs(x) > 32) & (y <= MUSCLE_Y) & (y > BONE_Y)
    tissues[lateral] = Tissue.LONGISSIMUS
    for height in LEVELS.values():
        bump = np.hypot(np.abs(x) - FACET_X, np.hypot(y - BONE_Y, 0.6 * (z - height))) < 5.0
        tissues[bump & (y > BONE_Y)] = Tissue.SUPERIOR_ARTICULAR
        spinous = (np.abs(x) < 3.0) & (np.abs(z - height + 5.0) < 10.0) & (y > BONE_Y) & (y < 73.0)
        tissues[spinous] = Tissue.SPINOUS_PROCESS
    landmarks = {
        f"{level}_facet_{side.value}": Landmark("facet", level, side, np.array([sign * FACET_X, BONE_Y + 5.0, height]))
        for level, height in LEVELS.items()
        for side, sign in ((Side.LEFT, 1.0), (Side.RIGHT, -1.0))
    }
    return Anatomy(tissues, bone_distances(tissues, spacing_mm), origin, spacing_mm, landmarks)


def bone_distances(tissues: np.ndarray, spacing_mm: float) -> np.ndarray:
    """Signed distance to the surface of bone in steps, int8."""
    bone = np.isin(tissues, [int(tissue) for tissue in BONES])
    outside = ndimage.distance_transform_edt(~bone, sampling=spacing_mm) - spacing_mm / 2
    inside = ndimage.distance_transform_edt(bone, sampling=spacing_mm) - spacing_mm / 2
    signed = np.where(bone, -inside, outside) / DISTANCE_STEP_MM
    return np.clip(np.rint(signed), -127, 127).astype(np.int8)
