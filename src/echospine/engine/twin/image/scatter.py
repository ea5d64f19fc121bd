"""Diffuse echoes: point scatterers that belong to the tissue, each spread over the lines that hear it.

Space at rest is divided into cells. Each holds PER_CELL scatterers, at places and with complex amplitudes that are
hashed from the cell's indices and the body's seed: they need no memory, and they move with the tissue. A scatterer
stands for the many unresolved ones around it, so its amplitude is a complex normal number (Wagner et al. 1983, IEEE
Trans Sonics Ultrason 30:156).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from echospine.domain.units import Floats
from echospine.engine.twin.image.arithmetic import NORMALS, PHASES, Singles, angle_of, hashed, steady
from echospine.engine.twin.image.beams import PER_CELL, SUBLINES
from echospine.engine.twin.image.compiled import LANES, add_weighted, inlined, kernel
from echospine.engine.twin.image.motion import displaced, moves
from echospine.engine.twin.image.patterns import PATTERN_SHAPE
from echospine.engine.twin.image.tables import Answers, Cells, Chance, Field, Lines, Seat, Spread, View, Volume

PAD = LANES
"""Lines kept on either side of a block for what spreads over its edges."""
CLUMPS = 128
"""Different arrangements of the scatterers of a cell."""
RUN = 4
"""Cells in a row between which the displacement is read; within a run it is drawn straight."""
FAINT = 1e-3
"""Amplitude that comes back from a place, there and back, under which its tissue is not worked out."""

_U0, _U1, _U2 = np.uint64(0), np.uint64(1), np.uint64(2)
_CLUMP_MASK, _NORMAL_MASK = np.uint64(CLUMPS - 1), np.uint64(NORMALS - 1)
_CELL, _NORMAL_STEP, _NORMAL_SHIFT = np.uint64(PER_CELL), np.uint64(1031), np.uint64(20)
_N1, _N2 = PATTERN_SHAPE[1], PATTERN_SHAPE[2]


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
def span_cells(
    cells: Cells, field: Field, view: View, lines: Lines, spread: Spread, block: tuple[int, int], p: Floats
) -> None:
    """Write into `cells.spans` which cells through the plane lie in the slab that lines `block` hear; `p`: room for 3."""
    a, b, c = cells.axes
    across = view.axes[c, 2]
    tilt = np.sqrt(max(0.0, 1.0 - across * across)) / abs(across)
    deepest = (lines.n_samples - 1) * lines.sample_mm
    for m in range(cells.spans.shape[0]):
        for n in range(cells.spans.shape[1]):
            p[a] = (cells.low[0] + m + 0.5) * cells.pitch
            p[b] = (cells.low[1] + n + 0.5) * cells.pitch
            p[c] = view.origin[c]
            x, y = _onto_plane(field, view, p, c, across)
            seat = seated(lines, 0.0, x, y, 0.0)
            row = min(max(int(seat.depth * spread.per_mm), 0), spread.reach_mm.size - 1)
            slack = spread.reach_mm[row] * tilt + 2.0 * cells.pitch
            beside = slack * seat.per_line + LANES // 2 + 1
            heard = -slack < seat.depth < deepest + slack and block[0] - beside < seat.line < block[1] + beside
            half = (spread.reach_mm[row] + 0.9 * cells.pitch) / abs(across) * (1.3 if moves(field) else 1.0)
            cells.spans[m, n, 0] = np.floor((p[c] - half) / cells.pitch) if heard else 0
            cells.spans[m, n, 1] = np.floor((p[c] + half) / cells.pitch) + 1 if heard else 0


@inlined
def _onto_plane(field: Field, view: View, p: npt.NDArray[np.float64], c: int, across: float) -> tuple[float, float]:
    """Move the point at rest `p` along axis `c` until it lies in the picture plane now; return where, x and y, Probe."""
    x, y, z = in_probe(view, p[0], p[1], p[2])
    if not moves(field):
        step = -z / across
        p[c] += step
        return x + step * view.axes[c, 0], y + step * view.axes[c, 1]
    for _ in range(4):
        u_x, u_y, u_z = displaced(field, p[0], p[1], p[2])
        x, y, z = in_probe(view, p[0] + u_x, p[1] + u_y, p[2] + u_z)
        p[c] -= z / across
    return x, y


def turned_clumps(pitch_mm: float, view: View, volume: Volume) -> Singles:
    """Return the places within a cell as the probe and as the volume see them, (CLUMPS * PER_CELL, 9).

    Offsets in Probe, mm; in voxels; in voxels with the dither by which the nearest is found.
    """
    places = clumps().astype(np.float64)
    x, y, z = (pitch_mm * places[:, m, None] for m in range(3))
    seen = x * view.axes[0] + y * view.axes[1] + z * view.axes[2]
    voxels = pitch_mm * volume.per_mm * places[:, :3]
    return np.hstack([seen, voxels, voxels + places[:, 3:]]).astype(np.float32)


@inlined
def tissue_of(volume: Volume, i: np.uint64, j: np.uint64, k: np.uint64) -> np.uint64:
    """Return the tissue of a voxel, with what has been put into it; 0 (AIR) outside the volume."""
    n_z, n_y, n_x = volume.tissues.shape
    if i >= np.uint64(n_x) or j >= np.uint64(n_y) or k >= np.uint64(n_z):
        return _U0
    found = np.uint64(volume.tissues[k, j, i])
    for n in range(volume.inclusions.shape[0]):
        row = volume.inclusions[n]
        x = (volume.origin[0] + np.float64(i) / volume.per_mm - row[0]) / row[3]
        y = (volume.origin[1] + np.float64(j) / volume.per_mm - row[1]) / row[4]
        z = (volume.origin[2] + np.float64(k) / volume.per_mm - row[2]) / row[5]
        if x * x + y * y + z * z < 1.0:
            found = np.uint64(row[6])
    return found


@kernel
def scatter(
    volume: Volume,
    field: Field,
    view: View,
    lines: Lines,
    spread: Spread,
    answers: Answers,
    chance: Chance,
    cells: Cells,
    passed: Singles,
    first: int,
    out: Singles,
    width: int,
) -> None:
    """Add the echoes of all scatterers of `cells` to `out`.

    `passed`: amplitude that goes one way, (n_rows, n_lines); `out`: in-phase and quadrature parts, float32, flat from
    (n_samples + 1, 2, width), whose column PAD is line `first`.
    """
    a, b, c = cells.axes
    cell, u = chance.cell, chance.ends
    n_a, n_b = cells.spans.shape[0], cells.spans.shape[1]
    low, high = 1 << 30, -(1 << 30)
    for m in range(n_a):
        for n in range(n_b):
            if cells.spans[m, n, 1] > cells.spans[m, n, 0]:
                low, high = min(low, cells.spans[m, n, 0]), max(high, cells.spans[m, n, 1])
    for layer in range(low, high):
        cell[c] = layer
        for m in range(n_a):
            cell[a] = cells.low[0] + m
            knot = -(1 << 30)
            for n in range(n_b):
                if not cells.spans[m, n, 0] <= layer < cells.spans[m, n, 1]:
                    continue
                cell[b] = cells.low[1] + n
                share = 0.0
                if moves(field):
                    knot, share = _run_knots(field, cells.pitch, cell, b, knot, u)
                x = cell[0] * cells.pitch + u[0] + share * (u[3] - u[0])
                y = cell[1] * cells.pitch + u[1] + share * (u[4] - u[1])
                z = cell[2] * cells.pitch + u[2] + share * (u[5] - u[2])
                x, y, z = in_probe(view, x, y, z)
                seat = seated(lines, first - PAD, x, y, z)
                if _heard(seat, lines, passed, first, width):
                    _fill(volume, lines, spread, answers, chance, cells, seat, out, width)


@inlined
def _run_knots(field, pitch, cell, b, knot, u):  # type: ignore[no-untyped-def]
    """Read the displacement at both ends of the run that holds `cell` into `u` (6,), unless it is there already.

    Return the first cell of the run, and the share of the run that lies before the cell.
    """
    begin = cell[b] // RUN * RUN
    if begin != knot:
        here = cell[b]
        for end in range(2):
            if end == 0 and begin == knot + RUN:
                u[0], u[1], u[2] = u[3], u[4], u[5]
                continue
            cell[b] = begin + end * RUN
            u_x, u_y, u_z = displaced(field, cell[0] * pitch, cell[1] * pitch, cell[2] * pitch)
            u[3 * end], u[3 * end + 1], u[3 * end + 2] = u_x, u_y, u_z
        cell[b] = here
    return begin, (cell[b] - begin) / RUN


@inlined
def _heard(seat: Seat, lines: Lines, passed: Singles, first: int, width: int) -> bool:
    """Return False for a cell in deep shadow, or too far from the block."""
    if not -2.0 < seat.line < width + 2.0:
        return False
    line = min(max(int(seat.line) + first - PAD, 0), lines.n_lines - 1)
    row = min(max(int(seat.depth / lines.sample_mm) // 2, 0), passed.shape[0] - 1)
    return passed[row, line] * passed[row, line] > FAINT


@inlined
def _fill(volume, lines, spread, answers, chance, cells, seat, out, width):  # type: ignore[no-untyped-def]
    """Add the scatterers of one cell."""
    cell, places, turns, normals = chance.cell, chance.places, chance.turns, chance.normals
    wide = np.uint64(width)
    near = min(max(int(seat.depth * spread.per_mm), 0), spread.many.size - 1)
    bits = hashed(cell[0], cell[1], cell[2], cells.seed)
    clump = (bits & _CLUMP_MASK) * _CELL
    drawn = bits >> _NORMAL_SHIFT
    v_x = np.float32((cell[0] * cells.pitch - volume.origin[0]) * volume.per_mm)
    v_y = np.float32((cell[1] * cells.pitch - volume.origin[1]) * volume.per_mm)
    v_z = np.float32((cell[2] * cells.pitch - volume.origin[2]) * volume.per_mm)
    per_sample, per_row = np.float32(1.0 / lines.sample_mm), np.float32(spread.per_mm)
    last, zero = np.float32(lines.n_samples - 1), np.float32(0.0)
    most = np.float32(width - LANES // 2 - 1)
    before = np.float32(LANES // 2 - 1)
    per_turn = np.float32(lines.turns_per_mm)
    for s in range(spread.many[near]):
        place = places[clump + np.uint64(s)]
        across = seat.cosine * place[0] - seat.sine * place[1]
        depth = seat.depth + seat.sine * place[0] + seat.cosine * place[1] + seat.bend * across * across
        line = seat.line + across * seat.per_line - before
        sample = depth * per_sample
        if not (zero <= line < most and zero <= sample < last):
            continue
        row = np.uint64(np.int32(depth * per_row))
        step = np.uint64(np.int32(abs(seat.away + place[2]) * spread.narrow[row]))
        crowd = spread.crowd[row, s]
        if step >= np.uint64(spread.profile.size) or crowd == zero:
            continue
        tissue = tissue_of(
            volume,
            np.uint64(np.int32(v_x + place[6])),
            np.uint64(np.int32(v_y + place[7])),
            np.uint64(np.int32(v_z + place[8])),
        )
        size = _size(answers, tissue, v_x + place[3], v_y + place[4], v_z + place[5]) * spread.profile[step] * crowd
        turn = depth * per_turn
        phase = np.uint64(np.int32((turn - np.float32(np.int32(turn))) * np.float32(PHASES))) * _U2
        normal = ((drawn + np.uint64(s) * _NORMAL_STEP) & _NORMAL_MASK) * _U2
        n_re, n_im = normals[normal] * size, normals[normal + _U1] * size
        c_re, c_im = turns[phase], turns[phase + _U1]
        deposit(out, wide, spread.taps, row, line, sample, n_re * c_re - n_im * c_im, n_re * c_im + n_im * c_re)


@inlined
def _size(answers, tissue, x, y, z):  # type: ignore[no-untyped-def]
    """Return the amplitude of a scatterer of `tissue` at a place in voxels."""
    side = np.uint64(0 if x < answers.middle else 1)
    g = answers.grain
    i = np.int32(
        g[tissue, side, 0, 0] * x + g[tissue, side, 0, 1] * y + g[tissue, side, 0, 2] * z + g[tissue, side, 0, 3]
    )
    j = np.int32(
        g[tissue, side, 1, 0] * x + g[tissue, side, 1, 1] * y + g[tissue, side, 1, 2] * z + g[tissue, side, 1, 3]
    )
    k = np.int32(
        g[tissue, side, 2, 0] * x + g[tissue, side, 2, 1] * y + g[tissue, side, 2, 2] * z + g[tissue, side, 2, 3]
    )
    entry = ((i & (PATTERN_SHAPE[0] - 1)) * _N1 + (j & (_N1 - 1))) * _N2 + (k & (_N2 - 1))
    return answers.amplitude[tissue, np.uint64(answers.pattern[np.uint64(entry)])]


@inlined
def deposit(flat, wide, taps, row, line, sample, re, im):  # type: ignore[no-untyped-def]
    """Add one echo to LANES lines from `line` on, shared between the two samples around `sample`."""
    n, i = np.int32(line), np.int32(sample)
    between = np.uint64(np.int32((line - np.float32(n)) * np.float32(SUBLINES)))
    tap = (row * np.uint64(SUBLINES) + between) * np.uint64(LANES)
    late = sample - np.float32(i)
    at = np.uint64(i) * _U2 * wide + np.uint64(n)
    add_weighted(flat, at, taps, tap, re - re * late)
    add_weighted(flat, at + wide, taps, tap, im - im * late)
    at += _U2 * wide
    add_weighted(flat, at, taps, tap, re * late)
    add_weighted(flat, at + wide, taps, tap, im * late)
