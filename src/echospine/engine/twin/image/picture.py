"""From a body and a probe to a B-mode picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from echospine.domain.errors import GeometryError
from echospine.domain.images import ImageGeometry
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Pixels
from echospine.engine.twin.body import Body, Echoes
from echospine.engine.twin.image.arithmetic import Singles, normal_table, turn_table
from echospine.engine.twin.image.beams import PER_CELL, off_lines
from echospine.engine.twin.image.compiled import LANES
from echospine.engine.twin.image.echoes import add_fog, add_hits, add_multiples, add_noise, add_points, add_steeps, dim
from echospine.engine.twin.image.greys import compress, draw, hear, smooth_speckle
from echospine.engine.twin.image.motion import rest_points
from echospine.engine.twin.image.patterns import in_voxels
from echospine.engine.twin.image.rays import LEANS, SOFT, empty_hits, lean, march
from echospine.engine.twin.image.scanner import Scanner, prepare
from echospine.engine.twin.image.scatter import PAD, scatter, span_cells, turned_clumps
from echospine.engine.twin.image.tables import Cells, Field, Hearing, Hits, Sheet, View, Volume, World
from echospine.engine.twin.probe import Machine, Settings

Run = Callable[[Callable[[int], None], Iterable[int]], Iterable[object]]
"""Calls a function for each number, in any order and on any threads: `map`, or a thread pool's `map`."""

BLOCKS = 4
"""Parts into which lines, samples and pixels are shared out; fixed, so that bytes do not depend on threads."""
LAYERS_MM = 25.0
"""Depth to which layers near the skin are looked for, between which the sound goes twice, mm."""
SPECKLE_DB = 5.57
"""SD of the level of fully developed speckle, dB."""


@dataclass(frozen=True, slots=True, eq=False)
class BMode:
    """A picture.

    `pixels`: uint8, (height, width), read-only; `geometry`: its region in cm; `image_to_probe`: from (column, row, 0)
    to Probe; `power`: of the envelope, before gain and logarithm, float32, (n_samples, n_lines), 1 where resting muscle
    at the surface scatters on average.
    """

    pixels: Pixels
    geometry: ImageGeometry
    image_to_probe: Pose
    power: Singles

    @property
    def envelope(self) -> Singles:
        """Envelope in beam space, (n_samples, n_lines)."""
        return np.sqrt(self.power)


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What rays found: `passed`: one-way amplitude left, (n_rows, n_lines), mean over slice and aperture; `hits`."""

    passed: Singles
    hits: Hits


def sequential(work: Callable[[int], None], items: Iterable[int]) -> Iterable[None]:
    """Run one after the other."""
    for item in items:
        work(item)
    return ()


def render(
    body: Body,
    pose: Pose,
    machine: Machine,
    settings: Settings,
    *,
    echoes: Echoes | None = None,
    frame_seed: int = 0,
    scanner: Scanner | None = None,
    run: Run = sequential,
) -> BMode:
    """Return the picture of `body` by `machine` with the probe at `pose` (Patient <- Probe).

    `echoes`: reflectors that are no tissue; `frame_seed`: of the electronic noise; `scanner`: `prepare(machine,
    settings)`, where the caller keeps it; `run`: `map` of a thread pool, to use several cores. Equal arguments give
    equal bytes, however they are run. Raises GeometryError for a pose or scanner that does not fit.
    """
    scanner = ready(machine, settings, scanner)
    world = world_of(body, pose)
    way = travel(scanner, world, run)
    listen = _listener(scanner, world, body, way, (_points(echoes, machine), frame_seed))
    power: Singles = np.empty((scanner.lines.n_samples, scanner.lines.n_lines), np.float32)
    _each_block(run, lambda block: listen(block, power))
    pixels = _pixels(scanner, power, run)
    for part in (pixels, power):
        part.setflags(write=False)
    return BMode(pixels, scanner.raster.geometry, scanner.raster.image_to_probe, power)


def ready(machine: Machine, settings: Settings, scanner: Scanner | None) -> Scanner:
    """Return `scanner`, or one made ready now. Raises GeometryError for one that was made ready for other knobs."""
    scanner = scanner or prepare(machine, settings)
    if (scanner.machine, scanner.settings) != (machine, settings):
        raise GeometryError(f"the scanner was prepared for other knobs than those of {machine.name}; prepare it again")
    return scanner


def world_of(body: Body, pose: Pose) -> World:
    """Return body and probe as the loops read them. Raises GeometryError for a pose that is not Patient <- Probe."""
    if (pose.target, pose.source) != ("Patient", "Probe") or not pose.is_rigid:
        raise GeometryError(f"a picture needs a rigid pose ProbeToPatient, not {pose}")
    view = View(np.ascontiguousarray(pose.matrix[:3, :3]), np.ascontiguousarray(pose.matrix[:3, 3]))
    anatomy, moved = body.anatomy, body.displacement
    rows = [[*put.centre_mm, *put.radii_mm, float(put.tissue)] for put in body.inclusions]
    inclusions = np.array(rows, np.float64).reshape(-1, 7)
    origin, per_mm = np.array(anatomy.origin_mm), 1.0 / anatomy.spacing_mm
    volume = Volume(anatomy.tissues, anatomy.bone_distance, origin, per_mm, inclusions)
    still = Field(_frozen_zeros(), np.zeros(3), np.ones(3))
    field = still if moved is None else Field(moved.vectors_mm, np.array(moved.origin_mm), 1.0 / moved.spacing_mm)
    return World(volume, field, view)


def _frozen_zeros() -> Singles:
    """Return no knots; read-only as those of a displacement are, so that one compiled loop serves both."""
    none: Singles = np.zeros((0, 0, 0, 3), np.float32)
    none.setflags(write=False)
    return none


def travel(scanner: Scanner, world: World, run: Run) -> Way:
    """Send out the rays: what is left of the sound everywhere, and which surfaces it met."""
    lines = scanner.lines
    straight: Singles = np.zeros((scanner.n_rows, lines.n_lines), np.float32)
    leaning: Singles = np.zeros((len(LEANS), *straight.shape), np.float32)
    hits = empty_hits(lines.n_lines, scanner.scout.weight.size)

    def sideways(n: int) -> None:
        lean(straight, lines, LEANS[n] / scanner.machine.probe.f_number, leaning[n])

    _each_block(run, lambda block: march(world, scanner.scout, share(lines.n_lines, block), straight, hits))
    list(run(sideways, range(len(LEANS))))
    total = straight.copy()
    for one in leaning:
        total += one
    total *= np.float32(1.0 / (1 + len(LEANS)))
    return Way(total, hits)


def _each_block(run: Run, work: Callable[[int], None]) -> None:
    list(run(work, range(BLOCKS)))


def share(count: int, block: int) -> tuple[int, int]:
    """Return the first and the last but one of `count` things that belong to a block."""
    return count * block // BLOCKS, count * (block + 1) // BLOCKS


def _listener(
    scanner: Scanner, world: World, body: Body, way: Way, extra: tuple[Floats, int]
) -> Callable[[int, Singles], None]:
    """Return what writes the power of the echoes of one block of lines into (n_samples, n_lines).

    `extra`: points and their amplitudes, see add_points, and the seed of the noise.
    """
    points, frame_seed = extra
    lines, levels = scanner.lines, scanner.levels
    pitch = (PER_CELL / scanner.machine.scatterers_per_mm3) ** (1.0 / 3.0)
    places = turned_clumps(pitch, world.probe, world.volume)
    answers = in_voxels(scanner.answers, body.anatomy)
    hearing = Hearing(lines, scanner.spread, answers, places, turn_table().reshape(-1), normal_table().reshape(-1))
    delays = _delays(scanner, way.hits)
    body_seed, noise_seed = (np.uint64(int(seed) & 0xFFFFFFFFFFFFFFFF) for seed in (body.seed, frame_seed))

    def listen(block: int, power: Singles) -> None:
        first, last = share(lines.n_lines, block)
        sheet = _sheet(lines.n_samples, first, last)
        cells = _cells(scanner, world, pitch, (first, last), body_seed)
        span_cells(world, hearing, cells, (first, last), sheet)
        scatter(world, hearing, cells, way.passed, sheet)
        add_points(points, hearing, sheet)
        dim(way.passed, lines, sheet)
        add_multiples(delays, levels, lines, sheet)
        add_fog(hearing, levels, sheet)
        add_hits(way.hits, way.passed, hearing, levels, sheet)
        add_steeps(way.hits, way.passed, hearing, levels, sheet)
        add_noise(hearing, levels, noise_seed, sheet)
        hear(scanner.pulse, lines, sheet, np.empty((2, sheet.width), np.float32), power)

    return listen


def _sheet(n_samples: int, first: int, last: int) -> Sheet:
    width = last - first + 2 * PAD
    out: Singles = np.zeros((n_samples + 1) * 2 * width, np.float32)
    return Sheet(out, width, first, np.zeros(3, np.int64), np.zeros(6), np.zeros(3))


def _cells(scanner: Scanner, world: World, pitch: float, block: tuple[int, int], seed: np.uint64) -> Cells:
    """Return the cells around the lines of a block; the axis most through the picture comes last."""
    lines, reach = scanner.lines, scanner.spread.reach_mm
    depths = np.linspace(0.0, lines.sample_mm * (lines.n_samples - 1), 8)
    edge = np.linspace(block[0] - LANES, block[1] + LANES, 6)
    line, depth, side = np.meshgrid(edge, depths, (-1.0, 0.0, 1.0), indexing="ij")
    x, y = off_lines(lines, depth, line)
    away = side * np.interp(depth, np.linspace(0.0, depths[-1], reach.size), reach)
    rest = rest_points(world.field, to_patient(world.probe, x, y, away).reshape(-1, 3))
    margin = 2.0 * pitch + (3.0 if world.field.vectors.size else 0.5)
    low = np.floor((rest.min(axis=0) - margin) / pitch).astype(np.int64)
    high = np.ceil((rest.max(axis=0) + margin) / pitch).astype(np.int64)
    c = int(np.argmax(np.abs(world.probe.axes[:, 2])))
    a, b = (axis for axis in (2, 1, 0) if axis != c)  # far apart in memory first
    spans = np.zeros((high[a] - low[a], high[b] - low[b], 2), np.int32)
    return Cells(pitch, (a, b, c), (int(low[a]), int(low[b])), spans, seed)


def to_patient(view: View, x_mm: Floats, y_mm: Floats, z_mm: Floats) -> Floats:
    """Return points of Probe in Patient, mm, shape (..., 3)."""
    parts = zip((x_mm, y_mm, z_mm), view.axes.T, strict=True)
    moved: Floats = view.origin + sum(values[..., None] * axis for values, axis in parts)
    return moved


def _points(echoes: Echoes | None, machine: Machine) -> Floats:
    """Return points and their amplitudes, (n, 4)."""
    if echoes is None:
        return np.zeros((0, 4))
    amplitude = 10.0 ** (echoes.level_db / 20.0) / np.sqrt(machine.scatterers_per_mm3)
    return np.column_stack([echoes.points_mm, amplitude])


def _delays(scanner: Scanner, hits: Hits) -> Singles:
    """Return the ways between the strongest layers near the skin, samples, (2, n_lines): there the sound goes twice."""
    known = np.arange(hits.depth_mm.shape[1]) < hits.found[:, None]
    known &= hits.contact[:, None] > 0.5
    near = known & (hits.kind == SOFT) & (hits.depth_mm > 0.8) & (hits.depth_mm < LAYERS_MM)
    size = np.where(near, np.abs(hits.amplitude), 0.0)
    rows = np.arange(size.shape[0])
    delays = []
    for _ in range(2):
        strongest = np.argmax(size, axis=1)
        found = size[rows, strongest] > 0.0
        delays.append(np.where(found, np.rint(hits.depth_mm[rows, strongest] / scanner.lines.sample_mm), 0.0))
        size = np.where(np.abs(hits.depth_mm - hits.depth_mm[rows, strongest][:, None]) < 1.0, 0.0, size)
    smooth: Singles = ndimage.median_filter(np.asarray(delays, np.float32), size=(1, 9))
    return smooth


def _pixels(scanner: Scanner, power: Singles, run: Run) -> Pixels:
    """Return the picture: logarithm, speckle reduction and scan conversion."""
    machine, tones = scanner.machine, scanner.tones
    n_samples, n_lines = power.shape
    level: Singles = np.empty_like(power)
    _each_block(run, lambda block: compress(power, tones, share(n_samples, block), level))
    if machine.speckle_reduction > 0.0:
        noise = (SPECKLE_DB * tones.per_db) ** 2
        soft: Singles = np.empty_like(level)
        strength = machine.speckle_reduction
        _each_block(run, lambda block: smooth_speckle(level, strength, noise, share(n_samples, block), soft))
        level = soft
    pixels: Pixels = np.zeros(machine.height_px * machine.width_px, np.uint8)
    flat, count = level.reshape(-1), scanner.reading.pixel.size
    _each_block(run, lambda block: draw(flat, scanner.reading, n_lines, share(count, block), pixels))
    return pixels.reshape(machine.height_px, machine.width_px)
