"""From echoes to grey: pulse, envelope, logarithm, speckle reduction and scan conversion."""

from __future__ import annotations

import numpy as np

from echospine.engine.twin.image.arithmetic import Singles, decibels
from echospine.engine.twin.image.compiled import kernel
from echospine.engine.twin.image.scatter import PAD
from echospine.engine.twin.image.tables import Bytes, Lines, Reading, Sheet, Tones

LEE_SAMPLES, LEE_LINES = 4, 1
"""Half the window in which speckle is judged."""

_U1 = np.uint64(1)


@kernel
def hear(pulse: Singles, lines: Lines, sheet: Sheet, room: Singles, power: Singles) -> None:
    """Filter along each line with the pulse and write the power of the envelope; `room`: (2, width)."""
    half, width = pulse.size // 2, sheet.width
    n_block = width - 2 * PAD
    for sample in range(lines.n_samples):
        room[:] = np.float32(0.0)
        for k in range(max(-half, -sample), min(half, lines.n_samples - 1 - sample) + 1):
            weight = pulse[k + half]
            at = 2 * (sample + k) * width + PAD
            for column in range(n_block):
                room[0, column] += weight * sheet.out[at + column]
                room[1, column] += weight * sheet.out[at + width + column]
        for column in range(n_block):
            power[sample, sheet.first + column] = room[0, column] * room[0, column] + room[1, column] * room[1, column]


@kernel
def compress(power: Singles, tones: Tones, rows: tuple[int, int], out: Singles) -> None:
    """Write the level of each sample, 0 (black) to 1 (white), before the grey curve."""
    per_db = np.float32(tones.per_db)
    for sample in range(rows[0], rows[1]):
        base = tones.sample_db[sample] - np.float32(tones.black_db)
        for line in range(power.shape[1]):
            level = (decibels(power[sample, line], tones.logs) + base + tones.line_db[line]) * per_db
            out[sample, line] = min(max(level, np.float32(0.0)), np.float32(1.0))


@kernel
def smooth_speckle(level: Singles, strength: float, noise: float, rows: tuple[int, int], out: Singles) -> None:
    """Write `level` with less speckle: each sample drawn to the mean around it where that varies as speckle does.

    Where it varies more there is an edge, and it is kept (Lee 1980, IEEE Trans Pattern Anal 2:165, on log levels).
    `noise`: variance of speckle.
    """
    n_samples, n_lines = level.shape
    for i in range(rows[0], rows[1]):
        for j in range(n_lines):
            total = square = np.float32(0.0)
            for m in range(max(i - LEE_SAMPLES, 0), min(i + LEE_SAMPLES, n_samples - 1) + 1):
                for n in range(max(j - LEE_LINES, 0), min(j + LEE_LINES, n_lines - 1) + 1):
                    total += level[m, n]
                    square += level[m, n] * level[m, n]
            seen = (min(i + LEE_SAMPLES, n_samples - 1) - max(i - LEE_SAMPLES, 0) + 1) * (
                min(j + LEE_LINES, n_lines - 1) - max(j - LEE_LINES, 0) + 1
            )
            share = np.float32(1.0 / seen)
            mean = total * share
            varies = square * share - mean * mean
            kept = max(varies - np.float32(noise), np.float32(0.0)) / max(varies, np.float32(1e-9))
            soft = mean + kept * (level[i, j] - mean)
            out[i, j] = level[i, j] + np.float32(strength) * (soft - level[i, j])


@kernel
def draw(level: Singles, reading: Reading, n_lines: int, part: tuple[int, int], out: Bytes) -> None:
    """Scan conversion: write the grey of pixels `part`, read between samples and lines of `level`, flat."""
    top, half = np.float32(reading.greys.size - 1), np.float32(0.5)
    wide = np.uint64(n_lines)
    for n in range(part[0], part[1]):
        at, a, b = np.uint64(reading.corner[n]), reading.down[n], reading.across[n]
        above = level[at] + b * (level[at + _U1] - level[at])
        below = level[at + wide] + b * (level[at + wide + _U1] - level[at + wide])
        out[reading.pixel[n]] = reading.greys[np.uint64((above + a * (below - above)) * top + half)]
