"""From a body and a probe to a B-mode picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.images import ImageGeometry
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Pixels
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Body, Echoes
from echospine.engine.twin.image.arithmetic import Singles, log_table, normal_table, turn_table
from echospine.engine.twin.image.beams import PER_CELL, off_lines
from echospine.engine.twin.image.compiled import LANES
from echospine.engine.twin.image.echoes import (
    add_hits,
    add_multiples,
    add_noise,
    add_points,
    compress,
    dim,
    draw,
    hear,
    smooth_speckle,
)
from echospine.engine.twin.image.motion import rest_points
from echospine.engine.twin.image.patterns import answers_of
from echospine.engine.twin.image.rays import AIR, BONE, GAS, LEANS, SOFT, empty_hits, lean, march
from echospine.engine.twin.image.scanner import Scanner, prepare
from echospine.engine.twin.image.scatter import PAD, scatter, span_cells, turned_clumps
from echospine.engine.twin.image.tables import Answers, Cells, Chance, Field, Hits, Optics, View, Volume
from echospine.engine.twin.probe import Machine, Settings
from echospine.engine.twin.tissues import BONES, TISSUES, Tissue

Run = Callable[[Callable[[int], None], Iterable[int]], Iterable[object]]
"""Calls a function for each number, in any order and on any threads: `map`, or a thread pool's `map`."""

BLOCKS = 4
"""Parts into which the lines, samples and pixels of a frame are shared out; fixed, so that bytes do not depend on threads."""
SPECKLE_DB = 5.57
"""SD of the level of fully developed speckle, dB."""


@dataclass(frozen=True, slots=True, eq=False)
class BMode:
    """A picture. `pixels`: uint8, (height, width), read-only; `geometry`: its region in cm; `image_to_probe`: from
    (column, row, 0) to Probe; `power`: of the envelope, before gain and logarithm, float32, (n_samples, n_lines),
    1 where resting muscle at the surface scatters on average.
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
class Scene:
    """A body under a scanner, as the compiled loops read it."""

    scanner: Scanner
    volume: Volume
    field: Field
    view: View


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What the rays found: `passed`: one-way amplitude left, (n_rows, n_lines), mean over slice and aperture; `hits`."""

    passed: Singles
    hits: Hits


def sequential(work: Callable[[int], None], items: Iterable[int]) -> None:
    """Run one after the other."""
    for item in items:
        work(item)


def render(
    body: Body,
    pose: Pose,
    machine: Machine,
    settings: Settings,
    *,
    echoes: Echoes | None = None,
    frame_seed: int = 0,
    scanner: Scanner | None = None,
    run: Run | None = None,
) -> BMode:
    """Return the picture of `body` by `machine` with the probe at `pose` (Patient <- Probe).

    `echoes`: reflectors that are no tissue; `frame_seed`: of the electronic noise; `scanner`: `prepare(machine, settings)`,
    where the caller keeps it; `run`: `map` of a thread pool, to use several cores. Equal arguments give equal bytes,
    however they are run. Raises GeometryError for a pose or scanner that does not fit.
    """
    run = run or sequential
    scene = scene_of(body, pose, machine, settings, scanner)
    way = travel(scene, run)
    power = _listen(scene, way, body, echoes, frame_seed, run)
    raster = scene.scanner.raster
    return BMode(_picture(scene.scanner, power, run), raster.geometry, raster.image_to_probe, power)


def scene_of(body: Body, pose: Pose, machine: Machine, settings: Settings, scanner: Scanner | None) -> Scene:
    """Return what the loops read. Raises GeometryError for a pose or scanner that does not fit."""
    if (pose.target, pose.source) != ("Patient", "Probe") or not pose.is_rigid:
        raise GeometryError(f"a picture needs a rigid pose ProbeToPatient, not {pose}")
    scanner = scanner or prepare(machine, settings)
    if (scanner.machine, scanner.settings) != (machine, settings):
        raise GeometryError(f"the scanner was prepared for other knobs than those of {machine.name}; prepare it again")
    view = View(np.ascontiguousarray(pose.matrix[:3, :3]), np.ascontiguousarray(pose.matrix[:3, 3]))
    return Scene(scanner, _volume(body), _field(body), view)


def _volume(body: Body) -> Volume:
    anatomy: Anatomy = body.anatomy
    rows = [[*put.centre_mm, *put.radii_mm, float(put.tissue)] for put in body.inclusions]
    return Volume(
        anatomy.tissues,
        anatomy.bone_distance,
        np.array(anatomy.origin_mm),
        1.0 / anatomy.spacing_mm,
        np.array(rows, np.float64).reshape(-1, 7),
    )


def _field(body: Body) -> Field:
    moved = body.displacement
    if moved is None:
        return Field(np.zeros((0, 0, 0, 3), np.float32), np.zeros(3), np.ones(3))
    return Field(moved.vectors_mm, np.array(moved.origin_mm), 1.0 / moved.spacing_mm)


def optics_of(scanner: Scanner) -> Optics:
    """Return how tissues pass and reflect at the scanner's frequency."""
    n_tissues = max(TISSUES) + 1
    impedance, passed, kind = np.ones(n_tissues), np.ones(n_tissues), np.full(n_tissues, SOFT, np.uint8)
    per_step = scanner.machine.probe.frequency_mhz * scanner.lines.sample_mm * 2 / 10.0
    for tissue, acoustics in TISSUES.items():
        impedance[tissue] = acoustics.impedance_mrayl
        passed[tissue] = 10.0 ** (-acoustics.attenuation_db_cm_mhz * per_step / 20.0)
    kind[[int(bone) for bone in BONES]] = BONE
    kind[Tissue.BOWEL_GAS], kind[Tissue.AIR] = GAS, AIR
    return Optics(impedance, np.round(passed * 2.0**40) / 2.0**40, kind)


def travel(scene: Scene, run: Run) -> Way:
    """Send out the rays: what is left of the sound everywhere, and which surfaces it met."""
    scanner = scene.scanner
    lines = scanner.lines
    straight = np.zeros((scanner.n_rows, lines.n_lines), np.float32)
    hits, optics = empty_hits(lines.n_lines), optics_of(scanner)

    def follow(block: int) -> None:
        march(
            scene.volume,
            scene.field,
            scene.view,
            lines,
            optics,
            scanner.slices,
            scanner.directions,
            scanner.machine.gel_mm,
            share(lines.n_lines, block),
            straight,
            hits,
        )

    leaning = np.zeros((len(LEANS), *straight.shape), np.float32)

    def sideways(n: int) -> None:
        lean(straight, lines, LEANS[n] / scanner.machine.probe.f_number, leaning[n])

    list(run(follow, range(BLOCKS)) or ())
    list(run(sideways, range(len(LEANS))) or ())
    total = straight.copy()
    for one in leaning:
        total += one
    total *= np.float32(1.0 / (1 + len(LEANS)))
    return Way(total, hits)


def share(count: int, block: int) -> tuple[int, int]:
    """Return the first and the last but one of `count` things that belong to a block."""
    return count * block // BLOCKS, count * (block + 1) // BLOCKS


def _listen(scene: Scene, way: Way, body: Body, echoes: Echoes | None, frame_seed: int, run: Run) -> Singles:
    """Return the power of what comes back, (n_samples, n_lines)."""
    scanner = scene.scanner
    lines, machine = scanner.lines, scanner.machine
    answers = answers_of(body.anatomy, machine.scatterers_per_mm3)
    pitch = (PER_CELL / machine.scatterers_per_mm3) ** (1.0 / 3.0)
    places = turned_clumps(pitch, scene.view, scene.volume)
    points = _points(echoes, machine)
    delays = _delays(scanner, way.hits)
    power: Singles = np.empty((lines.n_samples, lines.n_lines), np.float32)

    def hear_block(block: int) -> None:
        first, last = share(lines.n_lines, block)
        width = last - first + 2 * PAD
        out: Singles = np.zeros((lines.n_samples + 1) * 2 * width, np.float32)
        chance = Chance(
            places, turn_table().reshape(-1), normal_table().reshape(-1), np.zeros(3, np.int64), np.zeros(6)
        )
        cells = _cells(scene, pitch, (first, last), body.seed)
        _scatter(scene, answers, chance, cells, way, first, out, width)
        add_points(points, lines, scanner.spread, chance, first, out, width)
        dim(way.passed, lines.n_samples, first, out, width)
        add_hits(way.hits, way.passed, lines, chance, scanner.levels, first, out, width)
        add_multiples(delays, scanner.haze, lines.n_samples, first, out, width)
        seed = np.uint64(frame_seed & 0xFFFFFFFFFFFFFFFF)
        add_noise(scanner.noise, scanner.clutter, chance, seed, first, lines.n_samples, out, width)
        hear(scanner.pulse, lines.n_samples, first, out, width, np.empty((2, width), np.float32), power)

    list(run(hear_block, range(BLOCKS)) or ())
    power.setflags(write=False)
    return power


def _scatter(
    scene: Scene, answers: Answers, chance: Chance, cells: Cells, way: Way, first: int, out: Singles, width: int
) -> None:
    scanner = scene.scanner
    block = (first, first + width - 2 * PAD)
    span_cells(cells, scene.field, scene.view, scanner.lines, scanner.spread, block, np.zeros(3))
    scatter(
        scene.volume,
        scene.field,
        scene.view,
        scanner.lines,
        scanner.spread,
        answers,
        chance,
        cells,
        way.passed,
        first,
        out,
        width,
    )


def _cells(scene: Scene, pitch: float, block: tuple[int, int], seed: int) -> Cells:
    """Return the cells around the lines of a block; the axis most through the picture comes last."""
    scanner = scene.scanner
    lines = scanner.lines
    deepest = lines.sample_mm * (lines.n_samples - 1)
    line, depth, side = np.meshgrid(
        np.linspace(block[0] - LANES, block[1] + LANES, 6),
        np.linspace(0.0, deepest, 8),
        (-1.0, 0.0, 1.0),
        indexing="ij",
    )
    x, y = off_lines(lines, depth, line)
    away = side * np.interp(depth, np.linspace(0.0, deepest, scanner.spread.reach_mm.size), scanner.spread.reach_mm)
    rest = rest_points(scene.field, to_patient(scene.view, x, y, away).reshape(-1, 3))
    margin = 2.0 * pitch + (3.0 if scene.field.vectors.size else 0.5)
    low = np.floor((rest.min(axis=0) - margin) / pitch).astype(np.int64)
    high = np.ceil((rest.max(axis=0) + margin) / pitch).astype(np.int64)
    c = int(np.argmax(np.abs(scene.view.axes[:, 2])))
    a, b = (axis for axis in range(3) if axis != c)
    spans = np.zeros((high[a] - low[a], high[b] - low[b], 2), np.int32)
    return Cells(pitch, (a, b, c), (int(low[a]), int(low[b])), spans, np.uint64(seed & 0xFFFFFFFFFFFFFFFF))


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
    known = np.arange(hits.depth_mm.shape[1]) < hits.count[:, None]
    near = known & (hits.kind == SOFT) & (hits.depth_mm > 0.8) & (hits.depth_mm < 40.0)
    size = np.where(near, np.abs(hits.amplitude), 0.0)
    rows = np.arange(size.shape[0])
    delays = []
    for _ in range(2):
        strongest = np.argmax(size, axis=1)
        found = size[rows, strongest] > 0.0
        delays.append(np.where(found, np.rint(hits.depth_mm[rows, strongest] / scanner.lines.sample_mm), 0.0))
        size = np.where(np.abs(hits.depth_mm - hits.depth_mm[rows, strongest][:, None]) < 1.0, 0.0, size)
    return np.asarray(delays, np.float32)


def _picture(scanner: Scanner, power: Singles, run: Run) -> Pixels:
    """Return the pixels: logarithm, speckle reduction and scan conversion."""
    machine, raster = scanner.machine, scanner.raster
    level: Singles = np.empty_like(power)
    logs, bits = log_table(), power.view(np.int32)

    def logarithm(block: int) -> None:
        rows = share(power.shape[0], block)
        compress(power, bits, logs, scanner.gain_db, scanner.line_db, scanner.levels, rows, level)

    list(run(logarithm, range(BLOCKS)) or ())
    if machine.speckle_reduction > 0.0:
        rough, level = level, np.empty_like(level)
        noise = (SPECKLE_DB * scanner.levels.per_db) ** 2

        def reduce(block: int) -> None:
            smooth_speckle(rough, machine.speckle_reduction, noise, share(power.shape[0], block), level)

        list(run(reduce, range(BLOCKS)) or ())
    pixels: Pixels = np.zeros(machine.height_px * machine.width_px, np.uint8)

    def convert(block: int) -> None:
        part = share(raster.pixel.size, block)
        draw(
            level.reshape(-1),
            raster.corner,
            raster.down,
            raster.across,
            raster.pixel,
            scanner.greys,
            part,
            power.shape[1],
            pixels,
        )

    list(run(convert, range(BLOCKS)) or ())
    pixels = pixels.reshape(machine.height_px, machine.width_px)
    pixels.setflags(write=False)
    return pixels
