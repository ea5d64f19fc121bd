"""What else comes back on a line: points, surfaces, multiples, side lobes, ring-down and noise."""

from __future__ import annotations

import numpy as np

from echospine.domain.units import Floats
from echospine.engine.twin.image.arithmetic import NORMALS, Singles, hashed
from echospine.engine.twin.image.beams import SUBLINES
from echospine.engine.twin.image.compiled import LANES, inlined, kernel
from echospine.engine.twin.image.rays import AIR, BONE, GAS, ROW_SAMPLES
from echospine.engine.twin.image.scatter import PAD, carrier, deposit, seated
from echospine.engine.twin.image.tables import Hearing, Hits, Levels, Lines, Sheet, Spot

RINGS = 12
"""Bands of a face in air that are drawn."""
RING_FALL = np.float32(0.5)
"""From band to band."""
RING_LEVEL = np.float32(0.25)
"""Of the first band, relative to a mirror: the lens keeps most of it."""
SIDE_REACH = 10
"""Lines to either side on which a strong reflection is heard through side lobes."""
DIRT_FALL_MM = 0.15
"""Share of the reverberation in gas that is lost per mm."""
SHALLOW_MM = 5.0
"""Air deeper than this is no loss of contact."""

FOG_MM = 15.0
"""Depth over which echoes of echoes come late."""
FOG_LINES = 3
"""Lines over which they are alike."""

STEEP_SAMPLES, STEEP_MM = 2.0, 4.0
"""Distance between points on steep bone, samples; and the largest step of depth from line to line that is one bone."""
STEEP_LEVEL = np.float32(0.6)
"""Of points between lines, so that they join the bone and hardly brighten it."""

_U1, _U2 = np.uint64(1), np.uint64(2)
_NORMAL_MASK = np.uint64(NORMALS - 1)
_FAINT = np.float32(1e-6)
_SIDES, _DIRT, _CLUTTER = np.uint64(11), np.uint64(12), np.uint64(13)
_STEEP, _TAIL, _FOG = np.uint64(14), np.uint64(15), np.uint64(16)


@inlined
def drawn(i: int, j: int, seed: np.uint64) -> np.uint64:
    """Return a hashed entry of the (flat) table of normal numbers."""
    return (hashed(i, j, 0, seed) & _NORMAL_MASK) * _U2


@kernel
def add_points(points: Floats, hearing: Hearing, sheet: Sheet) -> None:
    """Add point reflectors `points` (n, 4): x, y, z in Probe, mm, and amplitude."""
    lines, spread = hearing.lines, hearing.spread
    for n in range(points.shape[0]):
        seat = seated(lines, sheet.first - PAD, points[n, 0], points[n, 1], points[n, 2])
        line = seat.line - np.float32(LANES // 2 - 1)
        sample = seat.depth / np.float32(lines.sample_mm)
        if not (0.0 <= line < sheet.width - LANES and 0.0 <= sample < lines.n_samples - 1):
            continue
        spot = Spot(np.uint64(np.int32(seat.depth * np.float32(spread.per_mm))), line, np.float32(sample))
        step = np.uint64(abs(seat.away) * spread.narrow[spot.row])
        if step < np.uint64(spread.profile.size):
            size = np.float32(points[n, 3]) * spread.profile[step]
            phase = carrier(lines, seat.depth)
            deposit(hearing, sheet, spot, size * hearing.turns[phase], size * hearing.turns[phase + _U1])


@kernel
def dim(passed: Singles, lines: Lines, sheet: Sheet) -> None:
    """Take from every echo what the tissue above it keeps, on the way there and back."""
    width = sheet.width
    for sample in range(lines.n_samples):
        row = min(sample // ROW_SAMPLES, passed.shape[0] - 1)
        for column in range(PAD, width - PAD):
            one_way = passed[row, sheet.first + column - PAD]
            sheet.out[2 * sample * width + column] *= one_way * one_way
            sheet.out[(2 * sample + 1) * width + column] *= one_way * one_way


@kernel
def add_hits(hits: Hits, passed: Singles, hearing: Hearing, levels: Levels, sheet: Sheet) -> None:
    """Add reflections of surfaces, with their side lobes and their multiples."""
    lines = hearing.lines
    last = sheet.first + sheet.width - 2 * PAD
    for line in range(max(sheet.first - SIDE_REACH, 0), min(last + SIDE_REACH, lines.n_lines)):
        for n in range(hits.found[line]):
            depth, kind = hits.depth_mm[line, n], hits.kind[line, n]
            row = min(max(int(depth / lines.sample_mm) // ROW_SAMPLES - 1, 0), passed.shape[0] - 1)
            both = passed[row, line] * passed[row, line]
            size = hits.amplitude[line, n] * both * np.float32(levels.mirror)
            if abs(size) < _FAINT:
                continue
            _lay(hearing, sheet, depth, size, line)
            if kind == BONE:
                _tail(hearing, sheet, levels, (depth, size), line)
            if kind in (BONE, GAS):
                _sides(hearing, sheet, depth, size * np.float32(levels.side), line)
                again = size * np.float32(levels.again) * abs(hits.amplitude[line, n]) * both
                _lay(hearing, sheet, np.float32(2.0) * depth, again, line)
            if kind == GAS:
                _dirt(hearing, sheet, depth, size * np.float32(levels.dirt), line)
            if kind == AIR and depth < SHALLOW_MM:
                _ring(hearing, sheet, levels, size, line)


@kernel
def add_steeps(hits: Hits, passed: Singles, hearing: Hearing, levels: Levels, sheet: Sheet) -> None:
    """Join the bone that neighbouring lines met where it is steep, so that it is a line and not a row of dots.

    Between two lines whose bone lies more than half a pulse and less than STEEP_MM apart in depth, points are laid at
    equal steps of depth, in random phase (cortex is rough), each heard as widely as the beam.
    """
    lines = hearing.lines
    last = min(sheet.first + sheet.width - 2 * PAD + LANES, lines.n_lines - 1)
    for line in range(max(sheet.first - LANES, 0), last):
        for ray in range(hits.cortex.shape[1]):
            here, there = hits.cortex[line, ray], hits.cortex[line + 1, ray]
            apart = there[0] - here[0]
            count = int(abs(apart) / (STEEP_SAMPLES * lines.sample_mm))
            if here[1] == 0.0 or there[1] == 0.0 or count == 0 or abs(apart) > STEEP_MM:
                continue
            for n in range(1, count + 1):
                share = np.float32(n / (count + 1.0))
                depth = here[0] + share * apart
                size = (here[1] + share * (there[1] - here[1])) * np.float32(levels.mirror) * STEEP_LEVEL
                row = min(max(int(depth / lines.sample_mm) // ROW_SAMPLES - 1, 0), passed.shape[0] - 1)
                near = line + 1 if share > 0.5 else line
                size *= passed[row, near] * passed[row, near]
                _lay_between(
                    hearing, sheet, (float(depth), float(line + share)), size, drawn(line * 8 + ray, n, _STEEP)
                )


@inlined
def _lay_between(hearing: Hearing, sheet: Sheet, at: tuple[float, float], size: np.float32, entry: np.uint64) -> None:
    """Add an echo between two lines: the nearest one hears it in full."""
    spread, lines = hearing.spread, hearing.lines
    line = np.float32(at[1] - sheet.first + PAD - (LANES // 2 - 1))
    sample = np.float32(at[0] / lines.sample_mm)
    if 0.0 <= line < sheet.width - LANES and 0.0 <= sample < lines.n_samples - 1:
        row = np.uint64(np.int32(at[0] * spread.per_mm))
        peak = spread.taps[row * np.uint64(SUBLINES * LANES) + np.uint64(LANES // 2 - 1)]
        size /= peak
        re, im = hearing.normals[entry] * size, hearing.normals[entry + _U1] * size
        deposit(hearing, sheet, Spot(row, line, sample), re, im)


@inlined
def _lay(hearing: Hearing, sheet: Sheet, depth: np.float32, size: np.float32, line: int) -> None:
    """Add an echo to one line, if the block has it."""
    lines, column = hearing.lines, line - sheet.first + PAD
    at = depth / lines.sample_mm
    if not (PAD <= column < sheet.width - PAD and 0.0 <= at < lines.n_samples - 1):
        return
    phase = carrier(lines, np.float32(depth))
    re, im = size * hearing.turns[phase], size * hearing.turns[phase + _U1]
    i = int(at)
    late = np.float32(at - i)
    place, wide = np.uint64(2 * i * sheet.width + column), np.uint64(sheet.width)
    sheet.out[place] += re - re * late
    sheet.out[place + wide] += im - im * late
    sheet.out[place + _U2 * wide] += re * late
    sheet.out[place + _U2 * wide + wide] += im * late


@inlined
def _tail(hearing: Hearing, sheet: Sheet, levels: Levels, at: tuple[np.float32, np.float32], line: int) -> None:
    """Let cortex ring on: what it scatters from within, falling with depth, in random phase; `at`: depth, and size."""
    lines = hearing.lines
    depth, size = at
    size *= np.float32(levels.tail)
    fall = np.float32(1.0 - lines.sample_mm / levels.tail_mm)
    begin = int(depth / lines.sample_mm) + 1
    for sample in range(begin, min(begin + int(4.0 * levels.tail_mm / lines.sample_mm), lines.n_samples - 1)):
        share = hearing.normals[drawn(line, sample, _TAIL)]
        _lay(hearing, sheet, np.float32(sample * lines.sample_mm), size * share, line)
        size *= fall


@inlined
def _sides(hearing: Hearing, sheet: Sheet, depth: np.float32, size: np.float32, line: int) -> None:
    """Add what neighbouring lines hear of a strong reflector beside them: weaker with distance, in random phase."""
    for away in range(-SIDE_REACH, SIDE_REACH + 1):
        if away != 0:
            share = hearing.normals[drawn(line, away, _SIDES)] / np.float32(away * away)
            _lay(hearing, sheet, depth, size * share, line + away)


@inlined
def _dirt(hearing: Hearing, sheet: Sheet, depth: np.float32, size: np.float32, line: int) -> None:
    """Fill the shadow of gas with its decaying reverberation."""
    lines = hearing.lines
    begin = int(depth / lines.sample_mm) + 2
    fall = np.float32(1.0 - DIRT_FALL_MM * lines.sample_mm)
    for sample in range(begin, lines.n_samples - 1):
        share = hearing.normals[drawn(line, sample - begin, _DIRT)]
        _lay(hearing, sheet, np.float32(sample * lines.sample_mm), size * share, line)
        size *= fall
        if abs(size) < _FAINT:
            break


@inlined
def _ring(hearing: Hearing, sheet: Sheet, levels: Levels, size: np.float32, line: int) -> None:
    """Ring between face and air: the bands of a probe held into the air."""
    size *= RING_LEVEL
    for n in range(1, RINGS):
        _lay(hearing, sheet, np.float32(n * levels.ring_mm), size, line)
        size *= RING_FALL


@kernel
def add_multiples(delays: Singles, levels: Levels, lines: Lines, sheet: Sheet) -> None:
    """Add what comes late after a trip between the layers near the skin.

    `delays`: samples, (n_delays, n_lines), 0 for none. From the deep end up, so that each echo is copied once.
    """
    out, width = sheet.out, sheet.width
    for sample in range(lines.n_samples - 1, 0, -1):
        loud = levels.haze[sample]
        for n in range(delays.shape[0]):
            for column in range(PAD, width - PAD):
                late = int(delays[n, sheet.first + column - PAD])
                if 0 < late <= sample:
                    there, here = 2 * (sample - late) * width + column, 2 * sample * width + column
                    out[here] += loud * out[there]
                    out[here + width] += loud * out[there + width]


@kernel
def add_fog(hearing: Hearing, levels: Levels, sheet: Sheet) -> None:
    """Add what has been scattered more than once: a share of all that lies less deep, late and in random phase.

    It is what fills the shadow behind bone with haze. Its mean is a running one that falls by e in FOG_MM.
    """
    out, width, lines = sheet.out, sheet.width, hearing.lines
    kept, loud = np.float32(1.0 - lines.sample_mm / FOG_MM), np.float32(levels.fog * lines.sample_mm / FOG_MM)
    if loud == np.float32(0.0):
        return
    for column in range(PAD, width - PAD):
        line, share = divmod(sheet.first + column - PAD, FOG_LINES)
        near, mean = np.float32(share / FOG_LINES), np.float32(0.0)
        for sample in range(lines.n_samples):
            at = 2 * sample * width + column
            re, im = out[at], out[at + width]
            one, two = drawn(sample, line, _FOG), drawn(sample, line + 1, _FOG)
            size = loud * mean
            out[at] += size * (hearing.normals[one] + near * (hearing.normals[two] - hearing.normals[one]))
            one, two = one + _U1, two + _U1
            out[at + width] += size * (hearing.normals[one] + near * (hearing.normals[two] - hearing.normals[one]))
            mean = mean * kept + abs(re) + abs(im)


@kernel
def add_noise(hearing: Hearing, levels: Levels, seed: np.uint64, sheet: Sheet) -> None:
    """Add the noise of the electronics (new with every `seed`) and the face's own ringing (always the same)."""
    out, width, size = sheet.out, sheet.width, np.float32(levels.noise)
    for sample in range(hearing.lines.n_samples):
        ringing = levels.clutter[sample]
        for column in range(PAD, width - PAD):
            line = sheet.first + column - PAD
            at = 2 * sample * width + column
            one = drawn(sample, line, seed)
            out[at] += size * hearing.normals[one]
            out[at + width] += size * hearing.normals[one + _U1]
            if ringing > np.float32(0.0):
                two = drawn(sample, line // 4, _CLUTTER)
                out[at] += ringing * hearing.normals[two]
                out[at + width] += ringing * hearing.normals[two + _U1]
