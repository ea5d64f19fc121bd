"""The records of arrays that the compiled loops read and write."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Distances, TissueMap
from echospine.engine.twin.image.arithmetic import Singles

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int32]
"""Indices."""


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


class World(NamedTuple):
    """A body and where the probe stands on it."""

    volume: Volume
    field: Field
    probe: View


class Lines(NamedTuple):
    """Scan lines.

    `radius_mm`: of the face, 0 where flat; `step`: from line to line, radians, or mm where flat; `per_step`: its
    inverse; `turns_per_mm`: turns of the carrier per mm of depth, there and back.
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

    `taps`: weights of neighbouring lines, flat from (n_depths, SUBLINES, LANES); `narrow`: PROFILE_STEPS over the SD
    of the slice in mm; `reach_mm`: half thickness of the slab that is heard; `crowd`: weight of each scatterer of a
    cell, (n_depths, PER_CELL), and `many`, how many of them count nearby; `profile`: weight by distance from the
    picture plane, in steps of SD / PROFILE_STEPS.
    """

    taps: Singles
    narrow: Singles
    reach_mm: Singles
    crowd: Singles
    many: Places
    profile: Singles
    per_mm: float


class Answers(NamedTuple):
    """How tissues scatter.

    `amplitude`: of one scatterer, by tissue and entry of the pattern, (n_tissues, 256); `pattern`: flat; `grain`: from
    voxels to entries of the pattern, by tissue and part of the body, (n_tissues, 2 * PARTS, 3, 4): right side, then
    left, each from the back round to the flank; `middle`, `core`: voxel column and row round which the parts lie.
    """

    amplitude: Singles
    pattern: Bytes
    grain: Singles
    middle: float
    core: float


class Hearing(NamedTuple):
    """What turns tissue into echoes.

    `places`: of the scatterers in a cell, see turned_clumps; `turns`, `normals`: tables of arithmetic, flat.
    """

    lines: Lines
    spread: Spread
    answers: Answers
    places: Singles
    turns: Singles
    normals: Singles


class Cells(NamedTuple):
    """Cells of tissue that a block of lines may hear.

    `pitch`: edge of a cell, mm; `axes`: Patient axes of the two loops across the picture plane and of the one through
    it; `low`: first cell along the first two; `spans`: first and last but one through the plane, (n_a, n_b, 2); `seed`.
    """

    pitch: float
    axes: tuple[int, int, int]
    low: tuple[int, int]
    spans: Places
    seed: np.uint64


class Sheet(NamedTuple):
    """Where a block of lines is written: `out`, baseband, float32, flat from (n_samples + 1, 2, width).

    In-phase and quadrature rows; column PAD is line `first`, and PAD columns on either side take what spreads over
    the edges. `cell` (3,), `ends` (6,), `point` (3,): room to work.
    """

    out: Singles
    width: int
    first: int
    cell: npt.NDArray[np.int64]
    ends: Floats
    point: Floats


class Seat(NamedTuple):
    """Corner of a cell as the lines see it, and how that changes away from it; single precision, mm and lines."""

    depth: np.float32
    line: np.float32
    away: np.float32
    sine: np.float32
    cosine: np.float32
    bend: np.float32
    per_line: np.float32


class Spot(NamedTuple):
    """Where an echo lands: row of the point-spread tables, first line that hears it, and sample; both fractions."""

    row: np.uint64
    line: np.float32
    sample: np.float32


class Scout(NamedTuple):
    """What rays need.

    `impedance`: MRayl by tissue; `passed`: share of amplitude that one step through a tissue leaves; `kind`: by tissue,
    see rays; `offset_mm`: of each ray from the picture plane by row, (n_rays, n_rows), `weight` of each ray, sum 1;
    `directions`: sine, cosine and lateral offset (mm) of each line, (n_lines, 3); `gel_mm`: gap that gel fills.
    """

    lines: Lines
    impedance: Floats
    passed: Floats
    kind: Bytes
    offset_mm: Singles
    weight: Singles
    directions: Floats
    gel_mm: float


class Hits(NamedTuple):
    """Reflections met by the rays of each line, in the order of depth per ray.

    `depth_mm`, `amplitude` (reflection coefficient times lobe times weight of the ray), `kind`: (n_lines, MOST_HITS);
    `found`: how many of them, (n_lines,); `contact`: share of the line's rays whose face touches gel or tissue;
    `cortex`: depth, mm, and amplitude of the first bone that each ray met, (n_lines, n_rays, 2), 0 for none.
    """

    depth_mm: Singles
    amplitude: Singles
    kind: Bytes
    found: Places
    contact: Singles
    cortex: Singles


class Levels(NamedTuple):
    """Strengths, as amplitudes where resting muscle is 1.

    `mirror`: of a perfect mirror across the beam, before the pulse; `side`: of side lobes; `again`: of the second trip
    between face and reflector; `dirt`: of reverberation in gas; `tail`: of what cortex sends back from
    within, per sample, which falls by e in `tail_mm`; `ring_mm`: from band to band of a face in air;
    `noise`: of the electronics; `fog`: of echoes of echoes, relative to what lies less deep; `clutter`, `haze`: of the
    face's ringing, and of multiples between the layers near the skin, by sample.
    """

    mirror: float
    side: float
    again: float
    dirt: float
    tail: float
    tail_mm: float
    ring_mm: float
    noise: float
    fog: float
    clutter: Singles
    haze: Singles


class Tones(NamedTuple):
    """From power to grey: `logs`, table; gain by sample and by line, dB; the level that is black, and 1 / range, dB."""

    logs: Singles
    sample_db: Singles
    line_db: Singles
    black_db: float
    per_db: float


class Reading(NamedTuple):
    """Where each pixel of the field reads the lines: see Raster; `greys`: the grey curve."""

    pixel: Places
    corner: Places
    down: Singles
    across: Singles
    greys: Bytes
