"""The records of arrays that the compiled loops read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Distances, TissueMap
from echospine.engine.twin.image.arithmetic import Singles


class Volume(NamedTuple):
    """Tissues at rest, and the distance to bone (no voxel where there is no bone).

    `origin`: centre of the first voxel (x, y, z), mm; `per_mm`: voxels per mm; `inclusions`: (n, 7): centre and radii
    (x, y, z), mm, and tissue id; the last that holds a point wins.
    """

    tissues: TissueMap
    distance: Distances
    origin: Floats
    per_mm: float
    inclusions: Floats


class Field(NamedTuple):
    """Displacement at knots, (n_z, n_y, n_x, 3), mm; no knot where nothing moves."""

    vectors: Singles
    origin: Floats
    per_mm: Floats


class View(NamedTuple):
    """Pose of the probe: its axes in Patient as columns (3, 3), and its origin in Patient, mm."""

    axes: Floats
    origin: Floats


class Lines(NamedTuple):
    """Scan lines. `radius_mm`: of the face, 0 where flat; `step`: from line to line, radians, or mm where flat;
    `per_step`: its inverse; `turns_per_mm`: turns of the carrier per mm of depth, there and back.
    """

    n_lines: int
    n_samples: int
    radius_mm: float
    step: float
    per_step: float
    sample_mm: float
    turns_per_mm: float


class Spread(NamedTuple):
    """Point-spread function by depth, in rows `per_mm`.

    `taps`: weights of neighbouring lines, (n_depths * SUBLINES * LANES,); `narrow`: PROFILE_STEPS over the SD of
    the slice in mm; `reach_mm`: half thickness of the slab that is heard; `crowd`: weight of each scatterer of a cell,
    (n_depths, PER_CELL), and `many`, how many of them count nearby; `profile`: weight by distance from the picture plane, in steps of SD / PROFILE_STEPS.
    """

    taps: Singles
    narrow: Singles
    reach_mm: Singles
    crowd: Singles
    many: npt.NDArray[np.int32]
    profile: Singles
    per_mm: float


class Answers(NamedTuple):
    """How tissues scatter.

    `amplitude`: of one scatterer, by tissue and entry of the pattern, (n_tissues, 256); `pattern`: PATTERN_SHAPE, flat;
    `grain`: from voxels to entries of the pattern, by tissue and side, (n_tissues, 2, 3, 4); `middle`: voxel column of
    the midline.
    """

    amplitude: Singles
    pattern: npt.NDArray[np.uint8]
    grain: Singles
    middle: float


class Optics(NamedTuple):
    """How tissues pass and reflect: impedance, MRayl; share of amplitude passed per ray step; kind (see rays)."""

    impedance: Floats
    passed: Floats
    kind: npt.NDArray[np.uint8]


class Slice(NamedTuple):
    """Rays through the thickness of the picture: `offset_mm` by ray and row, (n_rays, n_rows); `weight`: sum 1."""

    offset_mm: Singles
    weight: Singles


class Hits(NamedTuple):
    """Reflections met by the rays of each line, in the order of depth per ray.

    `depth_mm`, `amplitude` (reflection coefficient times lobe times weight of the ray), `kind`: (n_lines, MOST_HITS);
    `count`: (n_lines,); `contact`: share of the line's rays whose face touches gel or tissue.
    """

    depth_mm: Singles
    amplitude: Singles
    kind: npt.NDArray[np.uint8]
    count: npt.NDArray[np.int32]
    contact: Singles


class Levels(NamedTuple):
    """Strengths, as amplitudes where resting muscle is 1.

    `mirror`: of a perfect mirror across the beam, before the pulse; `side`: of side lobes; `again`: of the second trip
    between face and reflector; `dirt`: of reverberation in gas; `ring_mm`: from band to band of a face in air;
    `black_db`, `per_db`: the level that is black, and the share of the grey scale per dB.
    """

    mirror: float
    side: float
    again: float
    dirt: float
    ring_mm: float
    black_db: float
    per_db: float


class Cells(NamedTuple):
    """Cells of tissue that a block of lines may hear.

    `pitch`: edge of a cell, mm; `axes`: Patient axes of the two loops across the picture plane and of the one through it;
    `low`: first cell along the first two; `spans`: first and last cell through the plane, (n_a, n_b, 2); `seed`.
    """

    pitch: float
    axes: tuple[int, int, int]
    low: tuple[int, int]
    spans: npt.NDArray[np.int32]
    seed: np.uint64


class Chance(NamedTuple):
    """What is drawn, and room for a cell and the displacement at two ends: `places`: see turned_clumps; tables, flat."""

    places: Singles
    turns: Singles
    normals: Singles
    cell: npt.NDArray[np.int64]
    ends: Floats


class Seat(NamedTuple):
    """Corner of a cell as the lines see it, and how that changes away from it; single precision, mm and lines."""

    depth: np.float32
    line: np.float32
    away: np.float32
    sine: np.float32
    cosine: np.float32
    bend: np.float32
    per_line: np.float32
