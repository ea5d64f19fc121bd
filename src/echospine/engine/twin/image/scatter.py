"""Diffuse echoes: point scatterers that belong to the tissue, each spread over the lines that hear it.

Space at rest is divided into cells. Each holds PER_CELL scatterers, at places and with complex amplitudes that are
hashed from the cell's indices and the body's seed: they need no memory, and they move with the tissue. A scatterer
stands for the many unresolved ones around it, so its amplitude is a complex normal number (Wagner et al. 1983, IEEE
Trans Sonics Ultrason 30:156).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from echospine.domain.units import Floats
from echospine.engine.twin.image.arithmetic import NORMALS, PHASES, Singles, angle_of, hashed, steady
from echospine.engine.twin.image.beams import PER_CELL, SUBLINES
from echospine.engine.twin.image.compiled import LANES, add_weighted, inlined, kernel
from echospine.engine.twin.image.motion import displaced, moves
from echospine.engine.twin.image.patterns import PART_EDGES, PARTS, PATTERN_SHAPE
from echospine.engine.twin.image.rays import ROW_SAMPLES
from echospine.engine.twin.image.tables import (
    Answers,
    Cells,
    Field,
    Hearing,
    Lines,
    Seat,
    Sheet,
    Spot,
    View,
    Volume,
    World,
)
from echospine.engine.twin.image.volume import tissue_of

PAD = LANES
"""Lines kept on either side of a block for what spreads over its edges."""
CLUMPS = 128
"""Different arrangements of the scatterers of a cell."""
RUN = 4
"""Cells through the picture between which the displacement is read; within a run it is drawn straight."""
NO_RUN = -(1 << 30)
FAINT = 1e-4
"""Amplitude that comes back from a place, there and back, under which its tissue is not worked out."""

_U0, _U1, _U2 = np.uint64(0), np.uint64(1), np.uint64(2)
_CLUMP_MASK, _NORMAL_MASK = np.uint64(CLUMPS - 1), np.uint64(NORMALS - 1)
_CELL, _NORMAL_STEP, _NORMAL_SHIFT = np.uint64(PER_CELL), np.uint64(1031), np.uint64(20)
_BEFORE = np.float32(LANES // 2 - 1)


@cache
def clumps() -> Singles:
    """Return places of scatterers in their cell (0 to 1) and of the dither with which their tissue is looked up.

    (CLUMPS * PER_CELL, 6). The four of a cell lie in four octants that share no face, so every direction is filled
    evenly; the dither of one voxel wears down the stairs of the voxels.
    """
    rng = np.random.Generator(np.random.PCG64(21))
    octant = np.tile([[0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0]], (CLUMPS, 1))
    inside = (octant + rng.random((CLUMPS * PER_CELL, 3))) / 2.0
    return steady(np.hstack([inside, rng.random((CLUMPS * PER_CELL, 3))]))


@inlined
def seated(lines: Lines, first: float, x: float, y: float, z: float) -> Seat:
    """Return the seat of a point in Probe; lines are counted from `first`."""
    middle = 0.5 * (lines.n_lines - 1) - first
    if lines.radius_mm == 0.0:
        line, per_line = np.float32(x * lines.per_step + middle), np.float32(lines.per_step)
        zero = np.float32(0.0)
        return Seat(np.float32(y), line, np.float32(z), zero, np.float32(1.0), zero, per_line)
    along = y + lines.radius_mm
    reach = np.sqrt(x * x + along * along)
    inverse = 1.0 / reach
    return Seat(
        np.float32(reach - lines.radius_mm),
        np.float32(angle_of(x, along, reach) * lines.per_step + middle),
        np.float32(z),
        np.float32(x * inverse),
        np.float32(along * inverse),
        np.float32(0.5 * inverse),
        np.float32(lines.per_step * inverse),
    )


@inlined
def in_probe(view: View, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return a point of Patient in Probe, mm."""
    e = view.axes
    x, y, z = x - view.origin[0], y - view.origin[1], z - view.origin[2]
    return (
        x * e[0, 0] + y * e[1, 0] + z * e[2, 0],
        x * e[0, 1] + y * e[1, 1] + z * e[2, 1],
        x * e[0, 2] + y * e[1, 2] + z * e[2, 2],
    )


@kernel
def span_cells(world: World, hearing: Hearing, cells: Cells, block: tuple[int, int], sheet: Sheet) -> None:
    """Write into `cells.spans` which cells through the plane lie in the slab that lines `block` hear."""
    a, b, c = cells.axes
    p, spread, lines = sheet.point, hearing.spread, hearing.lines
    across = world.probe.axes[c, 2]
    tilt = np.sqrt(max(0.0, 1.0 - across * across)) / abs(across)
    deepest = (lines.n_samples - 1) * lines.sample_mm
    stretch = 1.3 if moves(world.field) else 1.0
    for m in range(cells.spans.shape[0]):
        shift = 0.0
        for n in range(cells.spans.shape[1]):
            p[a] = (cells.low[0] + m + 0.5) * cells.pitch
            p[b] = (cells.low[1] + n + 0.5) * cells.pitch
            p[c] = world.probe.origin[c]
            x, y, shift = _onto_plane(world, p, c, shift)
            seat = seated(lines, 0.0, x, y, 0.0)
            row = min(max(int(seat.depth * spread.per_mm), 0), spread.reach_mm.size - 1)
            slack = spread.reach_mm[row] * tilt + 2.0 * cells.pitch
            beside = slack * seat.per_line + LANES // 2 + 1
            heard = -slack < seat.depth < deepest + slack and block[0] - beside < seat.line < block[1] + beside
            half = (spread.reach_mm[row] + 0.9 * cells.pitch) / abs(across) * stretch
            cells.spans[m, n, 0] = np.floor((p[c] - half) / cells.pitch) if heard else 0
            cells.spans[m, n, 1] = np.floor((p[c] + half) / cells.pitch) + 1 if heard else 0


@inlined
def _onto_plane(world: World, p: Floats, c: int, shift: float) -> tuple[float, float, float]:
    """Move the point at rest `p` along axis `c` until it lies in the picture plane now.

    `shift`: how much farther than without motion the point beside it had to go: a good start. Return where the point is
    now, x and y in Probe, and its own shift.
    """
    across = world.probe.axes[c, 2]
    x, y, z = in_probe(world.probe, p[0], p[1], p[2])
    step = -z / across
    p[c] += step
    if not moves(world.field):
        return x + step * world.probe.axes[c, 0], y + step * world.probe.axes[c, 1], 0.0
    still = p[c]
    p[c] += shift
    for _ in range(2):
        u_x, u_y, u_z = displaced(world.field, p[0], p[1], p[2])
        x, y, z = in_probe(world.probe, p[0] + u_x, p[1] + u_y, p[2] + u_z)
        p[c] -= z / across
    return x, y, p[c] - still


def turned_clumps(pitch_mm: float, view: View, volume: Volume) -> Singles:
    """Return the places within a cell as the probe and as the volume see them, (CLUMPS * PER_CELL, 9).

    Offsets in Probe, mm; in voxels; in voxels with the dither by which the nearest is found.
    """
    places = clumps().astype(np.float64)
    x, y, z = (pitch_mm * places[:, m, None] for m in range(3))
    seen = x * view.axes[0] + y * view.axes[1] + z * view.axes[2]
    voxels = pitch_mm * volume.per_mm * places[:, :3]
    return np.hstack([seen, voxels, voxels + places[:, 3:]]).astype(np.float32)


@kernel
def scatter(world: World, hearing: Hearing, cells: Cells, passed: Singles, sheet: Sheet) -> None:
    """Add the echoes of all scatterers of `cells` to `sheet`; `passed`: one-way amplitude left, (n_rows, n_lines)."""
    a, b, c = cells.axes
    cell = sheet.cell
    for m in range(cells.spans.shape[0]):
        cell[a] = cells.low[0] + m
        for n in range(cells.spans.shape[1]):
            cell[b] = cells.low[1] + n
            run = NO_RUN
            for layer in range(cells.spans[m, n, 0], cells.spans[m, n, 1]):
                cell[c] = layer
                run, x, y, z = _cell_now(world.field, cells.pitch, c, run, sheet)
                x, y, z = in_probe(world.probe, x, y, z)
                seat = seated(hearing.lines, sheet.first - PAD, x, y, z)
                if _heard(seat, hearing.lines, passed, sheet):
                    _fill(world.volume, hearing, cells, seat, sheet)


@inlined
def _cell_now(field: Field, pitch: float, c: int, run: int, sheet: Sheet) -> tuple[int, float, float, float]:
    """Return the first cell of the run that holds `sheet.cell`, and where the cell's corner is now, Patient.

    The displacement at both ends of the run is kept in `sheet.ends` for the cells that follow.
    """
    cell, ends = sheet.cell, sheet.ends
    x, y, z = cell[0] * pitch, cell[1] * pitch, cell[2] * pitch
    if not moves(field):
        return run, x, y, z
    here = cell[c]
    begin = here // RUN * RUN
    if begin != run:
        if begin == run + RUN:
            ends[0], ends[1], ends[2] = ends[3], ends[4], ends[5]
        else:
            cell[c] = begin
            ends[0], ends[1], ends[2] = displaced(field, cell[0] * pitch, cell[1] * pitch, cell[2] * pitch)
        cell[c] = begin + RUN
        ends[3], ends[4], ends[5] = displaced(field, cell[0] * pitch, cell[1] * pitch, cell[2] * pitch)
        cell[c] = here
    share = (here - begin) / RUN
    x += ends[0] + share * (ends[3] - ends[0])
    y += ends[1] + share * (ends[4] - ends[1])
    z += ends[2] + share * (ends[5] - ends[2])
    return begin, x, y, z


@inlined
def _heard(seat: Seat, lines: Lines, passed: Singles, sheet: Sheet) -> bool:
    """Return False for a cell in deep shadow, or too far from the block."""
    if not -2.0 < seat.line < sheet.width + 2.0:
        return False
    line = min(max(int(seat.line) + sheet.first - PAD, 0), lines.n_lines - 1)
    row = min(max(int(seat.depth / lines.sample_mm) // ROW_SAMPLES, 0), passed.shape[0] - 1)
    return bool(passed[row, line] * passed[row, line] > FAINT)


@inlined
def _fill(volume: Volume, hearing: Hearing, cells: Cells, seat: Seat, sheet: Sheet) -> None:
    """Add the scatterers of one cell; the sheet's first LANES / 2 - 1 columns stay free for taps before the line."""
    cell, places, spread, lines = sheet.cell, hearing.places, hearing.spread, hearing.lines
    bits = hashed(cell[0], cell[1], cell[2], cells.seed)
    clump, drawn = (bits & _CLUMP_MASK) * _CELL, bits >> _NORMAL_SHIFT
    v_x = np.float32((cell[0] * cells.pitch - volume.origin[0]) * volume.per_mm)
    v_y = np.float32((cell[1] * cells.pitch - volume.origin[1]) * volume.per_mm)
    v_z = np.float32((cell[2] * cells.pitch - volume.origin[2]) * volume.per_mm)
    per_sample, per_row = np.float32(1.0 / lines.sample_mm), np.float32(spread.per_mm)
    last, most, zero = np.float32(lines.n_samples - 1), np.float32(sheet.width - LANES), np.float32(0.0)
    near = min(max(int(seat.depth * per_row), 0), spread.many.size - 1)
    for s in range(spread.many[near]):
        place = places[clump + np.uint64(s)]
        across = seat.cosine * place[0] - seat.sine * place[1]
        depth = seat.depth + seat.sine * place[0] + seat.cosine * place[1] + seat.bend * across * across
        line = seat.line + across * seat.per_line - _BEFORE
        sample = depth * per_sample
        if not (zero <= line < most and zero <= sample < last):
            continue
        spot = Spot(np.uint64(np.int32(depth * per_row)), line, sample)
        step = np.uint64(np.int32(abs(seat.away + place[2]) * spread.narrow[spot.row]))
        size = spread.crowd[spot.row, s]
        if step >= np.uint64(spread.profile.size) or size == zero:
            continue
        i, j, k = np.int32(v_x + place[6]), np.int32(v_y + place[7]), np.int32(v_z + place[8])
        tissue = tissue_of(volume, np.uint64(i), np.uint64(j), np.uint64(k))
        size *= spread.profile[step]
        size *= _amplitude(hearing.answers, tissue, v_x + place[3], v_y + place[4], v_z + place[5])
        normal = ((drawn + np.uint64(s) * _NORMAL_STEP) & _NORMAL_MASK) * _U2
        re, im = hearing.normals[normal] * size, hearing.normals[normal + _U1] * size
        phase = carrier(lines, depth)
        c_re, c_im = hearing.turns[phase], hearing.turns[phase + _U1]
        deposit(hearing, sheet, spot, re * c_re - im * c_im, re * c_im + im * c_re)


@inlined
def carrier(lines: Lines, depth: np.float32) -> np.uint64:
    """Return the entry of the (flat) turn table for the way to `depth` and back."""
    turn = depth * np.float32(lines.turns_per_mm)
    return np.uint64(np.int32((turn - np.float32(np.int32(turn))) * np.float32(PHASES))) * _U2


@inlined
def _amplitude(answers: Answers, tissue: np.uint64, x: np.float32, y: np.float32, z: np.float32) -> np.float32:
    """Return the amplitude of a scatterer of `tissue` at a place in voxels."""
    part = _part(answers, x, y)
    i = _entry(answers.grain, tissue, part, _U0, (x, y, z)) & (PATTERN_SHAPE[0] - 1)
    j = _entry(answers.grain, tissue, part, _U1, (x, y, z)) & (PATTERN_SHAPE[1] - 1)
    k = _entry(answers.grain, tissue, part, _U2, (x, y, z)) & (PATTERN_SHAPE[2] - 1)
    entry = np.uint64((i * PATTERN_SHAPE[1] + j) * PATTERN_SHAPE[2] + k)
    found: np.float32 = answers.amplitude[tissue, np.uint64(answers.pattern[entry])]
    return found


@inlined
def _part(answers: Answers, x: np.float32, y: np.float32) -> np.uint64:
    """Return the part of the body that a place in voxels lies in: see Answers."""
    apart, out = x - np.float32(answers.middle), y - np.float32(answers.core)
    part = np.uint64(0 if apart < np.float32(0.0) else PARTS)
    apart = abs(apart)
    for edge in PART_EDGES:
        if apart > np.float32(edge) * out:
            part += _U1
    return part


@inlined
def _entry(
    grain: Singles, tissue: np.uint64, part: np.uint64, m: np.uint64, at: tuple[np.float32, np.float32, np.float32]
) -> np.int32:
    row = grain[tissue, part, m]
    return np.int32(row[0] * at[0] + row[1] * at[1] + row[2] * at[2] + row[3])


@inlined
def deposit(hearing: Hearing, sheet: Sheet, spot: Spot, re: np.float32, im: np.float32) -> None:
    """Add one echo to LANES lines from `spot.line` on, shared between the two samples around it."""
    n, i = np.int32(spot.line), np.int32(spot.sample)
    between = np.uint64(np.int32((spot.line - np.float32(n)) * np.float32(SUBLINES)))
    tap = (spot.row * np.uint64(SUBLINES) + between) * np.uint64(LANES)
    late = spot.sample - np.float32(i)
    taps, out, wide = hearing.spread.taps, sheet.out, np.uint64(sheet.width)
    at = np.uint64(i) * _U2 * wide + np.uint64(n)
    add_weighted(out, at, taps, tap, re - re * late)
    add_weighted(out, at + wide, taps, tap, im - im * late)
    at += _U2 * wide
    add_weighted(out, at, taps, tap, re * late)
    add_weighted(out, at + wide, taps, tap, im * late)
