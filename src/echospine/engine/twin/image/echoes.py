"""What else comes back on a line: points, surfaces, multiples, side lobes, ring-down and noise; then pulse and grey.

Buffers of a block are float32, flat from (n_samples + 1, 2, width): in-phase and quadrature rows, PAD lines to either
side of the block, baseband.
"""

from __future__ import annotations

import numpy as np

from echospine.domain.units import Floats
from echospine.engine.twin.image.arithmetic import LOG_STEPS, NORMALS, PHASES, Singles, hashed
from echospine.engine.twin.image.compiled import LANES, inlined, kernel
from echospine.engine.twin.image.rays import AIR, BONE, GAS, ROW_SAMPLES
from echospine.engine.twin.image.scatter import PAD, deposit, seated
from echospine.engine.twin.image.tables import Chance, Hits, Levels, Lines, Spread

_U1, _U2 = np.uint64(1), np.uint64(2)
_NORMAL_MASK = np.uint64(NORMALS - 1)
RINGS = 12
"""Echoes between the face and a strong reflector that are followed."""
SIDE_REACH = 10
"""Lines to either side on which a strong reflection is heard through side lobes."""


@inlined
def carrier(lines: Lines, depth: float) -> np.uint64:
    """Return the entry of the (flat) turn table for the way to `depth` and back."""
    turn = depth * lines.turns_per_mm
    return np.uint64((turn - np.floor(turn)) * PHASES) * _U2


@kernel
def add_points(
    points: Floats, lines: Lines, spread: Spread, chance: Chance, first: int, out: Singles, width: int
) -> None:
    """Add point reflectors `points` (n, 4): x, y, z in Probe, mm, and amplitude."""
    for n in range(points.shape[0]):
        seat = seated(lines, first - PAD, points[n, 0], points[n, 1], points[n, 2])
        line = seat.line - np.float32(LANES // 2 - 1)
        sample = seat.depth / np.float32(lines.sample_mm)
        if not (0.0 <= line < width - LANES and 0.0 <= sample < lines.n_samples - 1):
            continue
        row = np.uint64(np.int32(seat.depth * np.float32(spread.per_mm)))
        step = np.uint64(abs(seat.away) * spread.narrow[row])
        if step >= np.uint64(spread.profile.size):
            continue
        size = np.float32(points[n, 3]) * spread.profile[step]
        phase = carrier(lines, np.float64(seat.depth))
        deposit(
            out,
            np.uint64(width),
            spread.taps,
            row,
            line,
            sample,
            size * chance.turns[phase],
            size * chance.turns[phase + _U1],
        )


@kernel
def dim(passed: Singles, n_samples: int, first: int, out: Singles, width: int) -> None:
    """Take from every echo what the tissue above it keeps, on the way there and back."""
    n_rows, n_lines = passed.shape
    for sample in range(n_samples):
        row = min(sample // ROW_SAMPLES, n_rows - 1)
        for column in range(PAD, width - PAD):
            one_way = passed[row, first + column - PAD]
            both = one_way * one_way
            out[2 * sample * width + column] *= both
            out[(2 * sample + 1) * width + column] *= both


@kernel
def add_hits(
    hits: Hits, passed: Singles, lines: Lines, chance: Chance, levels: Levels, first: int, out: Singles, width: int
) -> None:
    """Add reflections of surfaces, with their side lobes and their multiples."""
    last = first + width - 2 * PAD
    for line in range(max(first - SIDE_REACH, 0), min(last + SIDE_REACH, lines.n_lines)):
        for n in range(hits.count[line]):
            depth, kind = np.float64(hits.depth_mm[line, n]), hits.kind[line, n]
            row = min(max(int(depth / lines.sample_mm) // ROW_SAMPLES - 1, 0), passed.shape[0] - 1)
            both = passed[row, line] * passed[row, line]
            size = hits.amplitude[line, n] * both * np.float32(levels.mirror)
            if abs(size) < np.float32(1e-6):
                continue
            _lay(lines, chance, depth, size, line - first + PAD, out, width)
            if kind == BONE or kind == GAS:
                _sides(lines, chance, depth, size * np.float32(levels.side), line, first, out, width)
                again = size * np.float32(levels.again) * abs(hits.amplitude[line, n]) * both
                _lay(lines, chance, 2.0 * depth, again, line - first + PAD, out, width)
            if kind == GAS:
                _dirt(lines, chance, depth, size * np.float32(levels.dirt), line, first, out, width)
            if kind == AIR and depth < 5.0:
                _ring(lines, chance, size, line - first + PAD, levels.ring_mm, out, width)


@inlined
def _lay(lines: Lines, chance: Chance, depth: float, size: np.float32, column: int, out: Singles, width: int) -> None:
    """Add an echo to one line of the block."""
    at = depth / lines.sample_mm
    if not (PAD <= column < width - PAD and 0.0 <= at < lines.n_samples - 1):
        return
    phase = carrier(lines, depth)
    re, im = size * chance.turns[phase], size * chance.turns[phase + _U1]
    i = int(at)
    late = np.float32(at - i)
    place = np.uint64(2 * i * width + column)
    wide = np.uint64(width)
    out[place] += re - re * late
    out[place + wide] += im - im * late
    out[place + _U2 * wide] += re * late
    out[place + _U2 * wide + wide] += im * late


@inlined
def _sides(lines, chance, depth, size, line, first, out, width):  # type: ignore[no-untyped-def]
    """Add what neighbouring lines hear of a strong reflector beside them: weaker with distance, in random phase."""
    for away in range(-SIDE_REACH, SIDE_REACH + 1):
        if away != 0:
            entry = (hashed(line, away, 7, np.uint64(11)) & _NORMAL_MASK) * _U2
            share = np.float32(1.0) / np.float32(away * away)
            _lay(lines, chance, depth, size * share * chance.normals[entry], line + away - first + PAD, out, width)


@inlined
def _dirt(lines, chance, depth, size, line, first, out, width):  # type: ignore[no-untyped-def]
    """Fill the shadow of gas with its decaying reverberation."""
    sample = int(depth / lines.sample_mm) + 2
    decay = np.float32(1.0 - 0.12 * lines.sample_mm)
    while sample < lines.n_samples - 1 and abs(size) > np.float32(1e-7):
        entry = (hashed(line, sample - int(depth / lines.sample_mm), 3, np.uint64(12)) & _NORMAL_MASK) * _U2
        _lay(lines, chance, sample * lines.sample_mm, size * chance.normals[entry], line - first + PAD, out, width)
        size *= decay
        sample += 1


@inlined
def _ring(lines, chance, size, column, gap_mm, out, width):  # type: ignore[no-untyped-def]
    """Ring between face and air: the bands of a probe held into the air."""
    for n in range(1, RINGS):
        _lay(lines, chance, n * gap_mm, size, column, out, width)
        size *= np.float32(0.55)


@kernel
def add_multiples(delays: Singles, gain: Singles, n_samples: int, first: int, out: Singles, width: int) -> None:
    """Add what comes late after a trip between the layers near the skin.

    `delays`: samples, (n_delays, n_lines), 0 for none; `gain`: by sample, falling with depth. From the deep end up, so that
    each echo is copied once.
    """
    for sample in range(n_samples - 1, 0, -1):
        loud = gain[sample]
        for n in range(delays.shape[0]):
            for column in range(PAD, width - PAD):
                late = int(delays[n, first + column - PAD])
                if 0 < late <= sample:
                    there, here = 2 * (sample - late) * width + column, 2 * sample * width + column
                    out[here] += loud * out[there]
                    out[here + width] += loud * out[there + width]


@kernel
def add_noise(
    level: float,
    clutter: Singles,
    chance: Chance,
    seed: np.uint64,
    first: int,
    n_samples: int,
    out: Singles,
    width: int,
) -> None:
    """Add the noise of the electronics (new with every `seed`) and the face's own ringing (`clutter`, by sample, fixed)."""
    size = np.float32(level)
    for sample in range(n_samples):
        for column in range(PAD, width - PAD):
            bits = hashed(sample, first + column - PAD, 5, seed)
            one = (bits & _NORMAL_MASK) * _U2
            at = 2 * sample * width + column
            out[at] += size * chance.normals[one]
            out[at + width] += size * chance.normals[one + _U1]
            if clutter[sample] > np.float32(0.0):
                two = (hashed(sample, (first + column - PAD) // 4, 9, np.uint64(13)) & _NORMAL_MASK) * _U2
                out[at] += clutter[sample] * chance.normals[two]
                out[at + width] += clutter[sample] * chance.normals[two + _U1]


@kernel
def hear(pulse: Singles, n_samples: int, first: int, out: Singles, width: int, row: Singles, power: Singles) -> None:
    """Filter along each line with the pulse and write the power of the envelope; `row`: room, (2, width)."""
    half = pulse.size // 2
    n_block = width - 2 * PAD
    for sample in range(n_samples):
        for column in range(n_block):
            row[0, column] = np.float32(0.0)
            row[1, column] = np.float32(0.0)
        for k in range(max(-half, -sample), min(half, n_samples - 1 - sample) + 1):
            weight = pulse[k + half]
            at = 2 * (sample + k) * width + PAD
            for column in range(n_block):
                row[0, column] += weight * out[at + column]
                row[1, column] += weight * out[at + width + column]
        for column in range(n_block):
            power[sample, first + column] = row[0, column] * row[0, column] + row[1, column] * row[1, column]


@kernel
def compress(
    power: Singles,
    bits: Singles,
    logs: Singles,
    gain_db: Singles,
    line_db: Singles,
    grey: Levels,
    block: tuple[int, int],
    out: Singles,
) -> None:
    """Write the level of each sample, 0 (black) to 1 (white), before the grey curve.

    `bits`: the very memory of `power` as int32, from which the logarithm is read: exponent, and a table for the rest.
    """
    scale = np.float32(10.0 * np.log10(2.0))
    for sample in range(block[0], block[1]):
        base = gain_db[sample] - np.float32(grey.black_db)
        for line in range(power.shape[1]):
            word = bits[sample, line]
            octave = np.float32((word >> 23) - 127)
            level = octave * scale + logs[(word >> (23 - 11)) & (LOG_STEPS - 1)] + base + line_db[line]
            level *= np.float32(grey.per_db)
            out[sample, line] = min(max(level, np.float32(0.0)), np.float32(1.0))


@kernel
def smooth_speckle(level: Singles, strength: float, noise: float, block: tuple[int, int], out: Singles) -> None:
    """Write `level` with less speckle: each sample drawn to the mean of its surroundings where these vary as speckle does.

    Where they vary more there is an edge, and it is kept (Lee 1980, IEEE Trans Pattern Anal 2:165, on log levels).
    `noise`: variance of speckle.
    """
    n_samples, n_lines = level.shape
    count = np.float32(1.0 / 27.0)
    for i in range(block[0], block[1]):
        for j in range(n_lines):
            total = square = np.float32(0.0)
            for m in range(-4, 5):
                for n in range(-1, 2):
                    value = level[min(max(i + m, 0), n_samples - 1), min(max(j + n, 0), n_lines - 1)]
                    total += value
                    square += value * value
            mean = total * count
            varies = square * count - mean * mean
            kept = max(varies - np.float32(noise), np.float32(0.0)) / max(varies, np.float32(1e-9))
            soft = mean + kept * (level[i, j] - mean)
            out[i, j] = level[i, j] + np.float32(strength) * (soft - level[i, j])


@kernel
def draw(
    level: Singles,
    corner: np.ndarray,
    down: Singles,
    across: Singles,
    pixel: np.ndarray,
    greys: np.ndarray,
    part: tuple[int, int],
    n_lines: int,
    out: np.ndarray,
) -> None:
    """Scan conversion: write the grey of pixels `part`, read between samples and lines; `greys`: the grey curve."""
    top = np.float32(greys.size - 1)
    for n in range(part[0], part[1]):
        at, a, b = np.uint64(corner[n]), down[n], across[n]
        wide = np.uint64(n_lines)
        above = level[at] + b * (level[at + _U1] - level[at])
        below = level[at + wide] + b * (level[at + wide + _U1] - level[at + wide])
        out[pixel[n]] = greys[np.uint64((above + a * (below - above)) * top + np.float32(0.5))]
