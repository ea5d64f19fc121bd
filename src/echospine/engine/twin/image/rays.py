"""Rays down each line: what the sound loses on its way, and the surfaces that it meets.

A line is several rays, side by side through the thickness of the slice. A ray steps through the tissue, loses amplitude
by each tissue's attenuation, and reflects where the impedance changes:

    amplitude = R * lobe(cos theta),  R = (Z2 - Z1) / (Z2 + Z1),  lobe = (1 - w) cos^n theta + w cos theta

with theta between ray and surface normal. The first term is the coherent, mirror-like part, the second what a rough
surface scatters widely; the same two-lobe form as Burger et al. 2013, IEEE Trans Med Imaging 32:609, eq. 5 to 8.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM
from echospine.engine.twin.image.arithmetic import Singles
from echospine.engine.twin.image.compiled import inlined, kernel
from echospine.engine.twin.image.motion import moves, rested
from echospine.engine.twin.image.scatter import tissue_of
from echospine.engine.twin.image.tables import Field, Hits, Lines, Optics, Slice, View, Volume
from echospine.engine.twin.tissues import Tissue

ROW_SAMPLES = 2
"""Samples per step of a ray."""
MOST_HITS = 96
"""Reflections kept per line."""
SOFT, BONE, GAS, AIR = 0, 1, 2, 3
"""Kinds of tissue, and of reflections by what lies behind them."""
WIDE = (0.05, 0.12, 0.5, 0.0)
"""Share of the wide lobe by kind: rough cortex scatters an eighth of what a mirror would send back, at any angle."""
POWERS = (64, 32, 4, 1)
"""Exponent of the narrow lobe by kind: half amplitude at 8 degrees for fascia, 12 for bone."""
LEAST_STEP = 0.004
"""Reflection coefficients under this are lost in the speckle."""
LOST = 1e-5
"""One-way amplitude at which a ray ends."""
KNOTS = 8
"""Rows between which the way back to the tissue at rest is drawn straight."""

LEANS = (-0.4, -0.2, 0.2, 0.4)
"""Places on the aperture, as shares of its width, from which paths to a point are followed besides the middle."""

_AIR, _GEL = np.uint64(int(Tissue.AIR)), np.uint64(int(Tissue.GEL))
_CORTEX = np.uint64(int(Tissue.LAMINA))


@inlined
def on_line(lines: Lines, view: View, sine: float, cosine: float, offset: float, depth: float, away: float):  # type: ignore[no-untyped-def]
    """Return the point of Patient at a depth along a line, `away` from the picture plane, mm."""
    if lines.radius_mm == 0.0:
        x, y = offset, depth
    else:
        reach = lines.radius_mm + depth
        x, y = sine * reach, cosine * reach - lines.radius_mm
    e, o = view.axes, view.origin
    return (
        o[0] + e[0, 0] * x + e[0, 1] * y + e[0, 2] * away,
        o[1] + e[1, 0] * x + e[1, 1] * y + e[1, 2] * away,
        o[2] + e[2, 0] * x + e[2, 1] * y + e[2, 2] * away,
    )


@inlined
def bone_gap(volume: Volume, x: float, y: float, z: float) -> float:
    """Return the signed distance to bone at a place in voxels, mm; below zero inside; far away where there is none."""
    n_z, n_y, n_x = volume.distance.shape
    if not (0.0 <= x < n_x - 1.0 and 0.0 <= y < n_y - 1.0 and 0.0 <= z < n_z - 1.0):
        return 5.0
    i, j, k = np.uint64(x), np.uint64(y), np.uint64(z)
    d, one = volume.distance, np.uint64(1)
    nearest = np.float64(d[k, j, i])
    if nearest > 40.0 or nearest < -40.0:
        return nearest * DISTANCE_STEP_MM
    a, b, c = x - np.float64(i), y - np.float64(j), z - np.float64(k)
    near = (d[k, j, i] * (1 - a) + d[k, j, i + one] * a) * (1 - b) + (
        d[k, j + one, i] * (1 - a) + d[k, j + one, i + one] * a
    ) * b
    k += one
    far = (d[k, j, i] * (1 - a) + d[k, j, i + one] * a) * (1 - b) + (
        d[k, j + one, i] * (1 - a) + d[k, j + one, i + one] * a
    ) * b
    return (near * (1 - c) + far * c) * DISTANCE_STEP_MM


@inlined
def _bone_slope(volume: Volume, x: float, y: float, z: float, ray: tuple[float, float, float]) -> float:
    """Return the cosine between the ray and the normal of the bone at a place in voxels."""
    g_x = bone_gap(volume, x + 1, y, z) - bone_gap(volume, x - 1, y, z)
    g_y = bone_gap(volume, x, y + 1, z) - bone_gap(volume, x, y - 1, z)
    g_z = bone_gap(volume, x, y, z + 1) - bone_gap(volume, x, y, z - 1)
    size = np.sqrt(g_x * g_x + g_y * g_y + g_z * g_z)
    return abs(g_x * ray[0] + g_y * ray[1] + g_z * ray[2]) / size if size > 1e-9 else 1.0


@kernel
def _step_plane(
    volume: Volume, optics: Optics, x: float, y: float, z: float, middle: float, ray: tuple[float, float, float]
) -> tuple[float, float]:
    """Fit a plane to the step of impedance near a place in voxels.

    Of the 5 x 5 x 5 voxels around, those above `middle` make a share and a moment: these give the plane's distance and
    normal. Return the cosine between ray and normal, and how far along the ray the plane lies, voxels.
    """
    i, j, k = int(np.floor(x + 0.5)), int(np.floor(y + 0.5)), int(np.floor(z + 0.5))
    count = 0
    g_x = g_y = g_z = 0
    for dk in range(-2, 3):
        for dj in range(-2, 3):
            for di in range(-2, 3):
                tissue = tissue_of(volume, np.uint64(i + di), np.uint64(j + dj), np.uint64(k + dk))
                if optics.impedance[tissue] > middle:
                    count += 1
                    g_x += di
                    g_y += dj
                    g_z += dk
    size = np.sqrt(float(g_x * g_x + g_y * g_y + g_z * g_z))
    if size == 0.0:
        return 0.0, 0.0
    n_x, n_y, n_z = g_x / size, g_y / size, g_z / size
    cosine = n_x * ray[0] + n_y * ray[1] + n_z * ray[2]
    inside = (count / 125.0 - 0.5) * 5.0 * max(abs(n_x), abs(n_y), abs(n_z))
    inside += n_x * (x - i) + n_y * (y - j) + n_z * (z - k)
    if abs(cosine) < 0.2:
        return abs(cosine), 0.0
    return abs(cosine), min(max(-inside / cosine, -1.0), 1.0)


@inlined
def lobe(kind: int, cosine: float) -> float:
    """Return the amplitude sent back by a surface of that kind, relative to a mirror across the ray."""
    narrow, power = 1.0, POWERS[kind]
    factor = cosine
    while power > 0:
        if power & 1:
            narrow *= factor
        factor *= factor
        power >>= 1
    return (1.0 - WIDE[kind]) * narrow + WIDE[kind] * cosine


@inlined
def _keep(hits: Hits, line: int, depth: float, amplitude: float, kind: int) -> None:
    n = hits.count[line]
    if n < MOST_HITS and depth >= 0.0:
        hits.depth_mm[line, n] = depth
        hits.amplitude[line, n] = amplitude
        hits.kind[line, n] = kind
        hits.count[line] = n + 1


@kernel
def march(
    volume: Volume,
    field: Field,
    view: View,
    lines: Lines,
    optics: Optics,
    slices: Slice,
    directions: Floats,
    gel_mm: float,
    block: tuple[int, int],
    passed: Singles,
    hits: Hits,
) -> None:
    """Follow the rays of lines `block`.

    `directions`: sine, cosine and lateral offset of each line, (n_lines, 3). Writes the one-way amplitude left at each
    row, mean over the rays, into `passed` (n_rows, n_lines), which starts at zero, and reflections into `hits`.
    """
    for line in range(block[0], block[1]):
        hits.count[line] = 0
        hits.contact[line] = 0.0
        for ray in range(slices.weight.size):
            _follow(volume, field, view, lines, optics, slices, directions, gel_mm, line, ray, passed, hits)


@inlined
def _follow(volume, field, view, lines, optics, slices, directions, gel_mm, line, ray, passed, hits):  # type: ignore[no-untyped-def]
    """Follow one ray of one line."""
    sine, cosine, offset = directions[line, 0], directions[line, 1], directions[line, 2]
    step = lines.sample_mm * ROW_SAMPLES
    weight = slices.weight[ray]
    e = view.axes
    way = (
        e[0, 0] * sine + e[0, 1] * cosine,
        e[1, 0] * sine + e[1, 1] * cosine,
        e[2, 0] * sine + e[2, 1] * cosine,
    )
    left = 1.0
    before = _GEL
    gap = 5.0
    touched = False
    u = (0.0, 0.0, 0.0)
    ahead = (0.0, 0.0, 0.0)
    for row in range(passed.shape[0]):
        depth = row * step
        x, y, z = on_line(lines, view, sine, cosine, offset, depth, slices.offset_mm[ray, row])
        if moves(field):
            if row % KNOTS == 0:
                u = ahead if row else rested(field, x, y, z, u)
                then = min(row + KNOTS, passed.shape[0] - 1)
                f, g, h = on_line(lines, view, sine, cosine, offset, then * step, slices.offset_mm[ray, then])
                ahead = rested(field, f, g, h, u)
            share = (row % KNOTS) / KNOTS
            x -= u[0] + share * (ahead[0] - u[0])
            y -= u[1] + share * (ahead[1] - u[1])
            z -= u[2] + share * (ahead[2] - u[2])
        x = (x - volume.origin[0]) * volume.per_mm
        y = (y - volume.origin[1]) * volume.per_mm
        z = (z - volume.origin[2]) * volume.per_mm
        here = before
        if x > -0.5 and y > -0.5 and z > -0.5:
            here = tissue_of(volume, np.uint64(x + 0.5), np.uint64(y + 0.5), np.uint64(z + 0.5))
        else:
            here = _AIR
        if here == _AIR and not touched and depth <= gel_mm:
            here = _GEL
        touched = touched or (here != _AIR and here != _GEL) or (here == _GEL and depth > gel_mm)
        now = 5.0
        if volume.distance.size > 0:
            now = bone_gap(volume, x, y, z)
            if now < 0.0:
                here = _CORTEX
            elif optics.kind[here] == BONE:
                here = before if optics.kind[before] != BONE else _GEL
        if here != before:
            z_1, z_2 = optics.impedance[before], optics.impedance[here]
            r = (z_2 - z_1) / (z_2 + z_1)
            kind = optics.kind[here]
            if kind != BONE and optics.kind[before] == BONE:
                kind = BONE
            if abs(r) > LEAST_STEP:
                slope, shift = 1.0, -0.5 * step
                if kind == BONE and volume.distance.size > 0:
                    shift = -step * now / (now - gap) if now != gap else 0.0
                    back = shift * volume.per_mm
                    slope = _bone_slope(volume, x + back * way[0], y + back * way[1], z + back * way[2], way)
                elif row > 0:
                    back = -0.5 * step * volume.per_mm
                    slope, along = _step_plane(
                        volume, optics, x + back * way[0], y + back * way[1], z + back * way[2], 0.5 * (z_1 + z_2), way
                    )
                    shift += along / volume.per_mm
                if row > 0:
                    _keep(hits, line, depth + shift, weight * r * lobe(kind, slope), kind)
            left *= np.sqrt(1.0 - r * r)
            before = here
        gap = now
        passed[row, line] += np.float32(weight * left)
        left *= optics.passed[here]
        if left < LOST:
            break
    if touched:
        hits.contact[line] += weight


@kernel
def lean(passed: Singles, lines: Lines, slope: float, out: Singles) -> None:
    """Write what is left along paths that lean sideways by `slope` (mm per mm) and end at each row and line.

    These are the paths from the edges of an aperture that widens with depth; each row's loss, taken from `passed`, is
    carried on from the row before, a little to the side.
    """
    n_rows, n_lines = passed.shape
    for line in range(n_lines):
        out[0, line] = passed[0, line]
    step = lines.sample_mm * ROW_SAMPLES
    for row in range(1, n_rows):
        pitch = lines.step * (lines.radius_mm + row * step) if lines.radius_mm > 0.0 else lines.step
        aside = slope * step / pitch
        whole = int(np.floor(aside))
        share = np.float32(aside - whole)
        for line in range(n_lines):
            one = min(max(line + whole, 0), n_lines - 1)
            two = min(max(line + whole + 1, 0), n_lines - 1)
            above = passed[row - 1, line]
            ratio = passed[row, line] / above if above > np.float32(0.0) else np.float32(0.0)
            out[row, line] = (out[row - 1, one] + share * (out[row - 1, two] - out[row - 1, one])) * ratio


def empty_hits(n_lines: int) -> Hits:
    """Return room for the reflections of a frame."""
    shape = (n_lines, MOST_HITS)
    kind: npt.NDArray[np.uint8] = np.zeros(shape, np.uint8)
    single = np.float32
    count = np.zeros(n_lines, np.int32)
    return Hits(np.zeros(shape, single), np.zeros(shape, single), kind, count, np.zeros(n_lines, single))
