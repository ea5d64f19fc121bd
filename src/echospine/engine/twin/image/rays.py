"""Rays down each line: what the sound loses on its way, and the surfaces that it meets.

A line is several rays, side by side through the thickness of the slice. A ray steps through the tissue, loses amplitude
by each tissue's attenuation, and reflects where the impedance changes:

    amplitude = R * lobe(cos theta),  R = (Z2 - Z1) / (Z2 + Z1),  lobe = (1 - w) cos^n theta + w cos theta

with theta between ray and surface normal. The first term is the coherent, mirror-like part, the second what a rough
surface scatters widely; two lobes as in Burger et al. 2013, IEEE Trans Med Imaging 32:609.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from echospine.engine.twin.image.arithmetic import Singles, hashed
from echospine.engine.twin.image.compiled import inlined, kernel
from echospine.engine.twin.image.motion import moves, rested
from echospine.engine.twin.image.surfaces import bone_gap, bone_slope, in_volume, step_plane
from echospine.engine.twin.image.tables import Hits, Lines, Scout, View, Volume, World
from echospine.engine.twin.image.volume import tissue_of
from echospine.engine.twin.tissues import Tissue

ROW_SAMPLES = 3
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
LOST = 1e-4
"""One-way amplitude at which a ray ends."""
NEAR_MM = 1.2
"""Distance to bone under which it is read at every step: more than its error between voxels."""
STRIDE = 1.4
"""Steps at rest to a step now, at most: tissue that is squeezed by less than a third."""
BEFORE_VOXELS = 1.0
"""How far before a soft surface its plane is fitted, so that a sheet of one voxel still has a near side."""
KNOTS = 8
"""Rows between which the way back to the tissue at rest is drawn straight."""
LEANS = (-0.4, -0.2, 0.2, 0.4)
"""Places on the aperture, as shares of its width, from which paths to a point are followed besides the middle."""

Point = tuple[float, float, float]
_AIR, _GEL = np.uint64(int(Tissue.AIR)), np.uint64(int(Tissue.GEL))
_CORTEX, _BESIDE_BONE = np.uint64(int(Tissue.LAMINA)), np.uint64(int(Tissue.MULTIFIDUS))
_FAR_MM = 5.0
_SEED = np.uint64(17)


@inlined
def on_line(lines: Lines, view: View, way: Point, depth: float, away: float) -> Point:
    """Return the point of Patient at a depth along a line, `away` from the plane, mm; `way`: a row of directions."""
    x, y = way[2], depth
    if lines.radius_mm > 0.0:
        reach = lines.radius_mm + depth
        x, y = way[0] * reach, way[1] * reach - lines.radius_mm
    e, o = view.axes, view.origin
    return (
        o[0] + e[0, 0] * x + e[0, 1] * y + e[0, 2] * away,
        o[1] + e[1, 0] * x + e[1, 1] * y + e[1, 2] * away,
        o[2] + e[2, 0] * x + e[2, 1] * y + e[2, 2] * away,
    )


@inlined
def heading(view: View, way: Point) -> Point:
    """Return the direction of a line in Patient."""
    e = view.axes
    return (
        e[0, 0] * way[0] + e[0, 1] * way[1],
        e[1, 0] * way[0] + e[1, 1] * way[1],
        e[2, 0] * way[0] + e[2, 1] * way[1],
    )


@inlined
def lobe(kind: int, cosine: float) -> float:
    """Return the amplitude sent back by a surface of that kind, relative to a mirror across the ray."""
    narrow, factor, power = 1.0, cosine, POWERS[kind]
    while power > 0:
        if power & 1:
            narrow *= factor
        factor *= factor
        power >>= 1
    return (1.0 - WIDE[kind]) * narrow + WIDE[kind] * cosine


@kernel
def march(world: World, scout: Scout, block: tuple[int, int], passed: Singles, hits: Hits) -> None:
    """Follow the rays of lines `block`.

    Writes the one-way amplitude left at each row, mean over the rays, into `passed` (n_rows, n_lines), which starts at
    zero, and reflections into `hits`.
    """
    for line in range(block[0], block[1]):
        hits.found[line] = 0
        hits.contact[line] = 0.0
        hits.cortex[line] = np.float32(0.0)
        for ray in range(scout.weight.size):
            _follow(world, scout, (line, ray), passed, hits)


@inlined
def _follow(world: World, scout: Scout, which: tuple[int, int], passed: Singles, hits: Hits) -> None:
    """Follow one ray of one line."""
    line, ray = which
    way = (scout.directions[line, 0], scout.directions[line, 1], scout.directions[line, 2])
    step = scout.lines.sample_mm * ROW_SAMPLES
    left, before, gap, touched, safe = 1.0, _GEL, _FAR_MM, False, 0.0
    u = ahead = (0.0, 0.0, 0.0)
    for row in range(passed.shape[0]):
        if moves(world.field) and row % KNOTS == 0:
            u, ahead = _knots(world, scout, which, row, ahead)
        at = on_line(scout.lines, world.probe, way, row * step, scout.offset_mm[ray, row])
        at = in_volume(world.volume, at, u, ahead, (row % KNOTS) / KNOTS)
        safe -= STRIDE * step
        here, now = _tissue_here(world.volume, scout, at, before, safe)
        safe = safe if safe > NEAR_MM else abs(now)
        if here == _AIR and not touched and row * step <= scout.gel_mm:
            here = _GEL
        if here == _AIR and touched:  # out of the volume: nothing is known there
            break
        touched = touched or (here != _AIR and (here != _GEL or row * step > scout.gel_mm))
        if here != before:
            if row > 0:
                _meet(world, scout, hits, (line, ray, before, here), (at, row * step, gap, now))
            r = _reflection(scout, before, here)
            left *= np.sqrt(1.0 - r * r)
            before = here
        if here == _AIR:  # the face is in air
            break
        gap = now
        passed[row, line] += np.float32(scout.weight[ray] * left)
        left *= scout.passed[here]
        if left < LOST:
            break
    if touched:
        hits.contact[line] += scout.weight[ray]


@inlined
def _knots(world: World, scout: Scout, which: tuple[int, int], row: int, ahead: Point) -> tuple[Point, Point]:
    """Return the displacement of the tissue at this row and KNOTS rows on; `ahead`: found for this row before."""
    line, ray = which
    way = (scout.directions[line, 0], scout.directions[line, 1], scout.directions[line, 2])
    step = scout.lines.sample_mm * ROW_SAMPLES
    u = ahead
    if row == 0:
        at = on_line(scout.lines, world.probe, way, 0.0, scout.offset_mm[ray, 0])
        u = rested(world.field, at[0], at[1], at[2], ahead)
    then = row + KNOTS
    away = scout.offset_mm[ray, min(then, scout.offset_mm.shape[1] - 1)]
    at = on_line(scout.lines, world.probe, way, then * step, away)
    return u, rested(world.field, at[0], at[1], at[2], u)


@inlined
def _tissue_here(volume: Volume, scout: Scout, at: Point, before: np.uint64, safe: float) -> tuple[np.uint64, float]:
    """Return the tissue at a place in voxels and the distance to bone, mm.

    Where distances to bone are known they decide, not the voxels, so that bone is smooth. They are not read within
    `safe` of the place, mm, where the surface cannot be.
    """
    if safe > NEAR_MM and before == _CORTEX:
        return _CORTEX, -safe
    here = _AIR
    if at[0] > -0.5 and at[1] > -0.5 and at[2] > -0.5:
        here = tissue_of(volume, np.uint64(at[0] + 0.5), np.uint64(at[1] + 0.5), np.uint64(at[2] + 0.5))
    if volume.distance.size == 0:
        return here, _FAR_MM
    now = bone_gap(volume, at[0], at[1], at[2]) if safe <= NEAR_MM else safe
    if now < 0.0:
        return _CORTEX, now
    if scout.kind[here] == BONE:
        here = before if scout.kind[before] != BONE else _BESIDE_BONE
    return here, now


@inlined
def _reflection(scout: Scout, before: np.uint64, here: np.uint64) -> float:
    one, two = scout.impedance[before], scout.impedance[here]
    return float((two - one) / (two + one))


@inlined
def _meet(
    world: World,
    scout: Scout,
    hits: Hits,
    step_over: tuple[int, int, np.uint64, np.uint64],
    place: tuple[Point, float, float, float],
) -> None:
    """Keep the reflection of the surface just passed.

    `step_over`: line, ray, and the tissues before and behind; `place`: where the ray is now, in voxels, its depth, and
    the distance to bone a step ago and now, mm.
    """
    line, ray, before, here = step_over
    at, depth, gap, now = place
    r = _reflection(scout, before, here)
    if abs(r) <= LEAST_STEP or scout.kind[before] == BONE:  # what comes from within bone is lost in its tail
        return
    kind = scout.kind[here]
    way = heading(world.probe, (scout.directions[line, 0], scout.directions[line, 1], 0.0))
    step, per_mm = scout.lines.sample_mm * ROW_SAMPLES, world.volume.per_mm
    on_bone = kind == BONE and world.volume.distance.size > 0 and now != gap
    shift = -step * now / (now - gap) if on_bone else -0.5 * step
    back = shift * per_mm - (0.0 if on_bone else BEFORE_VOXELS)
    x, y, z = at[0] + back * way[0], at[1] + back * way[1], at[2] + back * way[2]
    grain = 1.0
    if on_bone:
        slope = bone_slope(world.volume, x, y, z, way)
        grain = _roughness(x, y, z)
    else:
        middle = 0.5 * (scout.impedance[before] + scout.impedance[here])
        slope, along = step_plane(world.volume, scout.impedance, (x, y, z), middle, way)
        shift += (along - BEFORE_VOXELS) / per_mm
    n = hits.found[line]
    if n < MOST_HITS and depth + shift >= 0.0:
        hits.depth_mm[line, n] = depth + shift
        hits.amplitude[line, n] = scout.weight[ray] * r * grain * lobe(kind, slope)
        hits.kind[line, n] = kind
        hits.found[line] = n + 1
        if kind == BONE and hits.cortex[line, ray, 1] == np.float32(0.0):
            hits.cortex[line, ray, 0] = hits.depth_mm[line, n]
            hits.cortex[line, ray, 1] = hits.amplitude[line, n]


@inlined
def _roughness(x: float, y: float, z: float) -> float:
    """Return the cortex's own brightness at a place in voxels, 0.5 to 1.5: it belongs to the bone and moves with it."""
    bits = hashed(int(np.floor(x)), int(np.floor(y)), int(np.floor(z)), _SEED)
    return 0.5 + np.float64(bits & np.uint64(1023)) / 1023.0


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


def empty_hits(n_lines: int, n_rays: int) -> Hits:
    """Return room for the reflections of a frame."""
    shape = (n_lines, MOST_HITS)
    kind: npt.NDArray[np.uint8] = np.zeros(shape, np.uint8)
    single = np.float32
    return Hits(
        np.zeros(shape, single),
        np.zeros(shape, single),
        kind,
        np.zeros(n_lines, np.int32),
        np.zeros(n_lines, single),
        np.zeros((n_lines, n_rays, 2), single),
    )
