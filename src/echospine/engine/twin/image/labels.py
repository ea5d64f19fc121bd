"""What is really there at each pixel of a picture, and what of it can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from echospine.domain.labels import Structure
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Labels, Mask, frozen
from echospine.engine.twin.anatomy import TissueMap
from echospine.engine.twin.body import Body
from echospine.engine.twin.image.arithmetic import Singles, decibels, log_table
from echospine.engine.twin.image.compiled import inlined, kernel
from echospine.engine.twin.image.motion import moves, rested
from echospine.engine.twin.image.picture import BLOCKS, Run, Way, ready, sequential, share, travel, world_of
from echospine.engine.twin.image.rays import BONE, ROW_SAMPLES, on_line
from echospine.engine.twin.image.scanner import Scanner
from echospine.engine.twin.image.surfaces import Point, bone_gap, in_volume
from echospine.engine.twin.image.tables import Bytes, Lines, Places, Scout, View, Volume, World
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
DEEPER_MM = 2.0
"""How far under its surface the name of a bone is looked for, mm."""

_FAR_MM = 5.0
_N_TISSUES = max(TISSUES) + 1


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The truth of a picture, all arrays (height, width) and read-only.

    `tissues`: Tissue cut by the picture plane (AIR outside the field); `labels`: Structure ids of what can be seen:
    bone as a band of BAND_MM under its visible surface, soft tissue where its echo is above the noise and not in
    shadow; `left_db`: what is left of the sound there, both ways, dB (0 outside); `shadow`: True where bone, gas or air
    keep it away; `rest_mm`: where the tissue of each pixel lies at rest, float32, (height, width, 3), Patient, NaN
    outside; `surface_mm`: depth of the visible bone surface along each scan line, (n_lines,), NaN where none.
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


class Judgement(NamedTuple):
    """By what a pixel is labelled.

    `names`: structure by tissue, 0 for bone; `least_db`: what must be left of the sound, by tissue, for its echo to
    stand above the noise; `muscle_db_mm`: loss there and back in muscle; `logs`: log_table; `surface`, `bone`: depth
    and structure of the visible bone on each line.
    """

    names: Bytes
    least_db: Singles
    muscle_db_mm: float
    logs: Singles
    surface: Floats
    bone: Bytes


class Maps(NamedTuple):
    """The maps of a truth, flat over the picture."""

    tissues: Bytes
    labels: Bytes
    left_db: Singles
    shadow: Mask
    rest: Singles


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
    judgement = _judgement(scanner, world, way)
    raster = scanner.raster
    height, width = raster.geometry.height, raster.geometry.width
    maps = _empty_maps(height * width)

    def judge(block: int) -> None:
        part = share(raster.pixel.size, block)
        _judge(world, (scanner.lines, way.passed), judgement, (raster.pixel, raster.places, *part), maps)

    list(run(judge, range(BLOCKS)))
    shape = (height, width)
    return Truth(
        maps.tissues.reshape(shape),
        maps.labels.reshape(shape),
        maps.left_db.reshape(shape),
        maps.shadow.reshape(shape),
        maps.rest.reshape(*shape, 3),
        frozen(judgement.surface),
    )


def _empty_maps(count: int) -> Maps:
    return Maps(
        np.full(count, Tissue.AIR, np.uint8),
        np.full(count, Structure.BACKGROUND, np.uint8),
        np.zeros(count, np.float32),
        np.zeros(count, np.bool_),
        np.full((count, 3), np.nan, np.float32),
    )


def _judgement(scanner: Scanner, world: World, way: Way) -> Judgement:
    names, least_db = np.zeros(_N_TISSUES, np.uint8), np.zeros(_N_TISSUES, np.float32)
    for tissue, acoustics in TISSUES.items():
        if tissue not in BONES:
            names[tissue] = acoustics.structure
            least_db[tissue] = scanner.machine.noise_db - max(acoustics.echo_db, ANECHOIC_DB)
    muscle = TISSUES[Tissue.MULTIFIDUS].attenuation_db_cm_mhz * scanner.machine.probe.frequency_mhz / 10.0
    surface, bone = _surfaces(scanner, world, way)
    return Judgement(names, least_db, 2.0 * muscle, log_table(), surface, bone)


def _surfaces(scanner: Scanner, world: World, way: Way) -> tuple[Floats, Bytes]:
    """Return the depth of the first bone along each line, mm, NaN where none can be seen, and its structure."""
    lines, machine = scanner.lines, scanner.machine
    depth, tissue = np.full(lines.n_lines, np.nan), np.zeros(lines.n_lines, np.uint8)
    _first_bone(world, scanner.scout, scanner.n_rows, depth, tissue)
    found = np.isfinite(depth)
    rows = np.where(found, depth / lines.sample_mm / ROW_SAMPLES - 1, 0).astype(np.int64)
    left = way.passed[np.clip(rows, 0, scanner.n_rows - 1), np.arange(lines.n_lines)]
    least = 10.0 ** ((machine.noise_db - machine.mirror_db - LEAST_BONE_DB) / 40.0)
    depth[found & (left < least)] = np.nan
    names = np.full(_N_TISSUES, Structure.BONE, np.uint8)
    for bone in BONES:
        names[bone] = TISSUES[bone].structure
    return depth, names[tissue]


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


@kernel
def _judge(
    world: World, way: tuple[Lines, Singles], judgement: Judgement, pixels: tuple[Places, Floats, int, int], maps: Maps
) -> None:
    """Write the maps at some pixels of the field.

    `way`: lines, and the amplitude left on them; `pixels`: indices and places of a Raster, and the first and the last
    but one that are wanted.
    """
    lines, passed = way
    pixel, places, first, last = pixels
    view, volume, u = world.probe, world.volume, (0.0, 0.0, 0.0)
    for n in range(first, last):
        to, depth, line = pixel[n], places[n, 2], places[n, 3]
        at = _in_plane(view, places[n, 0], places[n, 1])
        if moves(world.field):
            u = rested(world.field, at[0], at[1], at[2], u)
        for m in range(3):
            maps.rest[to, m] = at[m] - u[m]
        v = in_volume(volume, at, u, u, 0.0)
        tissue = np.uint64(0)
        if v[0] > -0.5 and v[1] > -0.5 and v[2] > -0.5:
            tissue = tissue_of(volume, np.uint64(v[0] + 0.5), np.uint64(v[1] + 0.5), np.uint64(v[2] + 0.5))
        row = min(int(depth / lines.sample_mm / ROW_SAMPLES + 0.5), passed.shape[0] - 1)
        left = passed[row, int(line + 0.5)]
        left_db = np.float32(2.0) * decibels(left * left, judgement.logs)
        dark = left_db + judgement.muscle_db_mm * depth < SHADOW_DB
        bone = _bone_band(judgement, depth, line)
        maps.tissues[to], maps.left_db[to], maps.shadow[to] = tissue, left_db, dark
        if bone > 0:
            maps.labels[to] = bone
        elif not dark and left_db > judgement.least_db[tissue]:
            maps.labels[to] = judgement.names[tissue]


@inlined
def _in_plane(view: View, x: float, y: float) -> Point:
    """Return the point of Patient at (x, y) of the picture plane."""
    e, o = view.axes, view.origin
    return (
        o[0] + e[0, 0] * x + e[0, 1] * y,
        o[1] + e[1, 0] * x + e[1, 1] * y,
        o[2] + e[2, 0] * x + e[2, 1] * y,
    )


@inlined
def _bone_band(judgement: Judgement, depth: float, line: float) -> int:
    """Return the bone within BAND_MM above a place, 0 where none is; its surface is drawn straight between lines."""
    surface = judgement.surface
    low = min(int(line), surface.size - 2)
    share = line - low
    nearest = low + 1 if share > 0.5 else low
    top = surface[nearest]
    if abs(surface[low + 1] - surface[low]) < JUMP_MM:
        top = surface[low] + share * (surface[low + 1] - surface[low])
    return int(judgement.bone[nearest]) if top <= depth < top + BAND_MM else 0
