"""What is really there at each pixel of a picture, and what of it can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from echospine.domain.labels import Structure
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Labels, Mask
from echospine.engine.twin.anatomy import TissueMap
from echospine.engine.twin.body import Body
from echospine.engine.twin.image.arithmetic import Singles
from echospine.engine.twin.image.beams import Raster, on_lines
from echospine.engine.twin.image.compiled import inlined, kernel
from echospine.engine.twin.image.motion import moves, rest_points, rested
from echospine.engine.twin.image.picture import Run, Way, ready, sequential, to_patient, travel, world_of
from echospine.engine.twin.image.rays import BONE, ROW_SAMPLES, on_line
from echospine.engine.twin.image.scanner import Scanner
from echospine.engine.twin.image.surfaces import Point, bone_gap, in_volume
from echospine.engine.twin.image.tables import Scout, Volume, World
from echospine.engine.twin.image.volume import tissue_of
from echospine.engine.twin.probe import Machine, Settings
from echospine.engine.twin.tissues import BONES, TISSUES, Tissue

BAND_MM = 2.0
"""Thickness of the band that marks a visible bone surface, mm along the line, from the surface down."""
JUMP_MM = 2.0
"""Largest step of depth from line to line over which a surface is one."""
SHADOW_DB = -20.0
"""What is left, there and back, under the muscle's own loss, below which a pixel lies in shadow."""
LEAST_BONE_DB = -24.0
"""Bone across the beam over a perfect mirror, and 20 dB for its angle."""
ANECHOIC_DB = -40.0
"""Level that a tissue without echoes of its own is judged by: fluid is seen by what is missing in it."""
NOTHING = 1e-10
"""Amplitude that counts as none."""
DEEPER_MM = 2.0
"""How far under its surface the name of a bone is looked for, mm."""
_FAR_MM = 5.0
_N_TISSUES = max(TISSUES) + 1


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The truth of a picture, all arrays (height, width) and read-only.

    `tissues`: Tissue cut by the picture plane (AIR outside the field); `labels`: Structure ids of what can be seen:
    bone as a band of BAND_MM under its visible surface, soft tissue where its echo is above the noise; `left_db`: what
    is left of the sound there, both ways, dB (0 outside); `shadow`: True where bone, gas or air keep it away;
    `rest_mm`: where the tissue of each pixel lies at rest, float32, (height, width, 3), Patient, NaN outside;
    `surface_mm`: depth of the visible bone surface along each scan line, (n_lines,), NaN where none.
    """

    tissues: TissueMap
    labels: Labels
    left_db: Singles
    shadow: Mask
    rest_mm: Singles
    surface_mm: Floats

    def __post_init__(self) -> None:
        for part in (self.tissues, self.labels, self.left_db, self.shadow, self.rest_mm, self.surface_mm):
            part.setflags(write=False)


def truth(
    body: Body,
    pose: Pose,
    machine: Machine,
    settings: Settings,
    *,
    scanner: Scanner | None = None,
    run: Run = sequential,
) -> Truth:
    """Return the truth of the picture that `render` makes of the same arguments."""
    scanner = ready(machine, settings, scanner)
    world = world_of(body, pose)
    way = travel(scanner, world, run)
    rest, tissues, left_db = _cut(scanner, world, way)
    surface_mm, bone = _surfaces(scanner, world, way)
    band = _band(scanner, surface_mm, bone)
    labels = np.where(band > 0, band, _soft_labels(scanner, tissues, left_db))
    raster = scanner.raster
    return Truth(
        _in_picture(raster, tissues, np.uint8(Tissue.AIR)),
        _in_picture(raster, labels, np.uint8(Structure.BACKGROUND)),
        _in_picture(raster, left_db, np.float32(0.0)),
        _in_picture(raster, _shadow(scanner, left_db), np.bool_(False)),
        _in_picture(raster, rest.astype(np.float32), np.float32(np.nan)),
        surface_mm,
    )


def _in_picture(raster: Raster, values: npt.NDArray[Any], empty: np.generic) -> npt.NDArray[Any]:
    """Return a picture of `values` (n, ...) of the pixels inside the field, and `empty` outside."""
    full = np.full((raster.geometry.height * raster.geometry.width, *values.shape[1:]), empty, values.dtype)
    full[raster.pixel] = values
    return full.reshape(raster.geometry.height, raster.geometry.width, *values.shape[1:])


def pixel_points(raster: Raster) -> tuple[Floats, Floats]:
    """Return x and y of the pixels inside the field, mm, Probe, (n,)."""
    row, column = np.divmod(raster.pixel, raster.geometry.width)
    matrix = raster.image_to_probe.matrix
    return matrix[0, 0] * column + matrix[0, 3], matrix[1, 1] * row + matrix[1, 3]


def _cut(scanner: Scanner, world: World, way: Way) -> tuple[Floats, TissueMap, Singles]:
    """Return for each pixel inside the field where its tissue rests, which it is, and what is left of the sound, dB."""
    x, y = pixel_points(scanner.raster)
    rest = rest_points(world.field, to_patient(world.probe, x, y, np.zeros_like(x)))
    tissues: TissueMap = np.empty(x.size, np.uint8)
    _tissues_at(world.volume, rest, tissues)
    lines = scanner.lines
    depth, line = on_lines(lines, x, y)
    rows = np.clip(np.rint(depth / lines.sample_mm / ROW_SAMPLES).astype(np.int64), 0, way.passed.shape[0] - 1)
    columns = np.clip(np.rint(line).astype(np.int64), 0, lines.n_lines - 1)
    left = np.maximum(way.passed[rows, columns], NOTHING)
    return rest, tissues, (40.0 * np.log10(left)).astype(np.float32)


@kernel
def _tissues_at(volume: Volume, points: Floats, out: TissueMap) -> None:
    """Write the tissue at each point at rest, (n, 3)."""
    for n in range(points.shape[0]):
        x = (points[n, 0] - volume.origin[0]) * volume.per_mm + 0.5
        y = (points[n, 1] - volume.origin[1]) * volume.per_mm + 0.5
        z = (points[n, 2] - volume.origin[2]) * volume.per_mm + 0.5
        out[n] = 0
        if x >= 0.0 and y >= 0.0 and z >= 0.0:
            out[n] = tissue_of(volume, np.uint64(x), np.uint64(y), np.uint64(z))


def _soft_labels(scanner: Scanner, tissues: TissueMap, left_db: Singles) -> Labels:
    """Return the structure of each pixel whose own echo, weakened on its way, is above the noise; else background."""
    names, echo_db = np.zeros(_N_TISSUES, np.uint8), np.full(_N_TISSUES, -np.inf)
    for tissue, acoustics in TISSUES.items():
        if tissue not in BONES:
            names[tissue], echo_db[tissue] = acoustics.structure, max(acoustics.echo_db, ANECHOIC_DB)
    heard = echo_db[tissues] + left_db > scanner.machine.noise_db
    labels: Labels = np.where(heard, names[tissues], Structure.BACKGROUND).astype(np.uint8)
    return labels


def _shadow(scanner: Scanner, left_db: Singles) -> Mask:
    """Return True where more is lost than soft tissue can explain: the muscle's loss to that depth, and SHADOW_DB."""
    depth, _ = on_lines(scanner.lines, *pixel_points(scanner.raster))
    muscle = TISSUES[Tissue.MULTIFIDUS].attenuation_db_cm_mhz * scanner.machine.probe.frequency_mhz / 10.0
    mask: Mask = left_db + 2.0 * muscle * depth < SHADOW_DB
    return mask


def _surfaces(scanner: Scanner, world: World, way: Way) -> tuple[Floats, Labels]:
    """Return the depth of the first bone along each line, mm, NaN where none can be seen, and its structure."""
    lines = scanner.lines
    depth, tissue = np.full(lines.n_lines, np.nan), np.zeros(lines.n_lines, np.uint8)
    _first_bone(world, scanner.scout, scanner.n_rows, depth, tissue)
    found = np.isfinite(depth)
    rows = np.where(found, depth / lines.sample_mm / ROW_SAMPLES - 1, 0).astype(np.int64)
    left = way.passed[np.clip(rows, 0, scanner.n_rows - 1), np.arange(lines.n_lines)]
    level_db = scanner.machine.mirror_db + LEAST_BONE_DB + 40.0 * np.log10(np.maximum(left, NOTHING))
    depth[found & (level_db < scanner.machine.noise_db)] = np.nan
    names = np.zeros(_N_TISSUES, np.uint8)
    for bone in BONES:
        names[bone] = TISSUES[bone].structure
    return depth, np.where(np.isfinite(depth) & (names[tissue] == 0), np.uint8(Structure.BONE), names[tissue])


@kernel
def _first_bone(world: World, scout: Scout, n_rows: int, depth: Floats, tissue: TissueMap) -> None:
    """Write where the middle ray of each line first enters bone, and which bone lies there (0: not known)."""
    step = scout.lines.sample_mm * ROW_SAMPLES
    for line in range(scout.lines.n_lines):
        u, before, entered = (0.0, 0.0, 0.0), _FAR_MM, -1.0
        for row in range(n_rows):
            way = (scout.directions[line, 0], scout.directions[line, 1], scout.directions[line, 2])
            at = on_line(scout.lines, world.probe, way, row * step, 0.0)
            if moves(world.field):
                u = rested(world.field, at[0], at[1], at[2], u)
            here, now = _bone_at(world.volume, scout, in_volume(world.volume, at, u, u, 0.0))
            if entered < 0.0 and now < 0.0:
                entered = max(0.0, row * step - step * now / (now - before))
                depth[line] = entered
            if entered >= 0.0 and here > 0:
                tissue[line] = here
            if entered >= 0.0 and (here > 0 or row * step > entered + DEEPER_MM):
                break
            before = now


@inlined
def _bone_at(volume: Volume, scout: Scout, at: Point) -> tuple[int, float]:
    """Return the bone at a place in voxels, 0 where there is none, and the distance to bone, mm."""
    here = np.uint64(0)
    if at[0] > -0.5 and at[1] > -0.5 and at[2] > -0.5:
        here = tissue_of(volume, np.uint64(at[0] + 0.5), np.uint64(at[1] + 0.5), np.uint64(at[2] + 0.5))
    bone = int(here) if scout.kind[here] == BONE else 0
    if volume.distance.size > 0:
        return bone, bone_gap(volume, at[0], at[1], at[2])
    return bone, -0.5 if bone > 0 else 0.5


def _band(scanner: Scanner, surface_mm: Floats, bone: Labels) -> Labels:
    """Return the bone of each pixel that lies up to BAND_MM under a visible surface; 0 elsewhere."""
    x, y = pixel_points(scanner.raster)
    depth, line = on_lines(scanner.lines, x, y)
    low = np.clip(np.floor(line).astype(np.int64), 0, surface_mm.size - 2)
    share = np.clip(line - low, 0.0, 1.0)
    nearest = low + (share > 0.5)
    with np.errstate(invalid="ignore"):
        one = np.abs(surface_mm[low + 1] - surface_mm[low]) < JUMP_MM
        between = surface_mm[low] + share * (surface_mm[low + 1] - surface_mm[low])
        below = depth - np.where(one, between, surface_mm[nearest])
        inside = (below >= 0.0) & (below < BAND_MM)
    labels: Labels = np.where(inside, bone[nearest], 0).astype(np.uint8)
    return labels
