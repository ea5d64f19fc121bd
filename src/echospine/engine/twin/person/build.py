"""From parameters to a body: outlines, soft tissue, nerves and vessels, and bones over all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person.bones import bone_landmarks, paint, spine_bones
from echospine.engine.twin.person.soft import Bony, fill, filling, outlines, paint_tube, soft_landmarks, tubes_of
from echospine.engine.twin.person.spine import Spine, make_spine

Run = Callable[[Callable[[int], None], Iterable[int]], Iterable[object]]
"""Calls a function for each number, in any order and on any threads: `map`, or a thread pool's `map`."""

BLOCKS = 8
"""Parts into which the slices are shared out."""
ABOVE_MM, BELOW_MM = 22.0, 62.0
"""From the middle of L1's upper end plate upwards, and from S1's downwards, that the volume reaches."""
FRONT_MM = 42.0
"""In front of the foremost body."""
MARGIN_MM = 8.0
"""Air around the back."""


def build_patient(parameters: PatientParameters, spacing_mm: float = 0.5, run: Run | None = None) -> Anatomy:
    """Return the body of this person in voxels of `spacing_mm`: the same parameters, the same bytes.

    `run`: `map` of a thread pool, to use several cores. Raises GeometryError for voxels below 0.25 or above 2 mm.
    """
    if not 0.25 <= spacing_mm <= 2.0:
        raise GeometryError(f"voxels of {spacing_mm:g} mm: a body is built in voxels of 0.25 to 2 mm")
    run = run or map
    spine = make_spine(parameters)
    x, y, z = _grid(spine, spacing_mm)
    lines = outlines(spine, z)
    tissues = np.zeros((z.size, y.size, x.size), np.uint8)
    distance = np.full(tissues.shape, 127, np.int8)
    what = filling(lines, x, y, parameters.seed)
    edges = np.linspace(0, z.size, BLOCKS + 1).astype(int)
    list(run(lambda part: fill(tissues, what, int(edges[part]), int(edges[part + 1])), range(BLOCKS)))
    origin = np.array((x[0], y[0], z[0]))
    for bone in spine_bones(spine):
        paint(bone, tissues, distance, origin, spacing_mm)
    bony = Bony(tissues, distance, origin, spacing_mm)
    tubes = tuple(bony.settled(tube) for tube in tubes_of(spine))
    for tube in tubes:
        paint_tube(tube, bony)
    landmarks = {**soft_landmarks(spine, lines, tubes), **bone_landmarks(spine)}
    return Anatomy(tissues, distance, origin, spacing_mm, landmarks, tuple(v.pose for v in spine.vertebrae[1:6]))


def _grid(spine: Spine, spacing_mm: float) -> tuple[Floats, Floats, Floats]:
    """Return the centres of voxels along x, y and z, mm: as much as the body takes."""
    first, last = spine["L1"], spine["S1"]
    top = first.to_patient(0.0, 0.0, first.size.back_height / 2)[2] + ABOVE_MM
    bottom = last.to_patient(0.0, 0.0, last.size.back_height / 2)[2] - BELOW_MM
    coarse = outlines(spine, np.linspace(bottom, top, 24))
    fat = float(coarse.fat.max())
    wide = min(175.0, float((coarse.half_width + coarse.fat).max()) + MARGIN_MM)
    wide += float(np.abs(coarse.middle).max())
    back = float((coarse.tip + coarse.bulge).max()) + fat + MARGIN_MM
    front = min(float(vertebra.to_patient(0.0, -vertebra.size.depth / 2, 0.0)[1]) for vertebra in spine.vertebrae)
    front -= FRONT_MM
    return (
        np.arange(-wide, wide + spacing_mm, spacing_mm),
        np.arange(front, back + spacing_mm, spacing_mm),
        np.arange(bottom, top + spacing_mm, spacing_mm),
    )
