"""Painting bones: each voxel near one gets its tissue and its distance to the surface."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM, Distances, TissueMap
from echospine.engine.twin.person.bones.bars import Bone, Role
from echospine.engine.twin.person.bones.sacrum import pelvis_bones, rib_bones, sacrum_bone
from echospine.engine.twin.person.bones.vertebra import disc_bone, vertebra_bone
from echospine.engine.twin.person.spine import Spine
from echospine.engine.twin.tissues import Tissue

Record: TypeAlias = Any
"""Records of PLACED, whose fields the kernels read as attributes."""
Indices: TypeAlias = npt.NDArray[np.int64]

_ADD, _CUT, _GAP = int(Role.ADD), int(Role.CUT), int(Tissue.FACET_GAP)
_UPPER = (int(Tissue.INFERIOR_ARTICULAR), int(Tissue.LAMINA))
_LOWER = int(Tissue.SUPERIOR_ARTICULAR)
_GAP_BLEND_MM = 0.6
_BIG, _SMALL = 16, 4
"""Voxels are looked at in cubes of these edges, so that a bar far from a cube costs nothing there."""
_SKIN_MM = 3.0
"""Roughness fades out at this distance from the surface."""
_NEAR_MM = 2.0
"""Every voxel nearer to a surface than this has its own distance; cubes beyond share those of their corners."""
_JOINT_MM = 2.9
"""A joint's gap is where its two halves are together no farther than this."""
_kernel = njit(cache=True, nogil=True, error_model="numpy")
_STEPS_PER_MM = 1.0 / DISTANCE_STEP_MM
_REACH_MM = 127 * DISTANCE_STEP_MM


class Grid(NamedTuple):
    """The volume painted on, as the kernels see it."""

    tissues: TissueMap
    distance: Distances
    origin: Floats
    spacing: float


class Shape(NamedTuple):
    """One bone as the kernels see it; `bars`: records of PLACED."""

    bars: Record
    waves: Floats
    hard: bool


class Found(NamedTuple):
    """A bone at n points: distance to it and to what is beside it, and the nearest bar of each (-1: none).

    `each`, `lead`, `lead_beside`: room for the distance to one bar, and for those of the nearest so far.
    """

    total: Floats
    nearest: Indices
    other: Floats
    beside: Indices
    each: Floats
    lead: Floats
    lead_beside: Floats


def spine_bones(spine: Spine) -> tuple[Bone, ...]:
    """Return all bones and discs of a person, from top to bottom, discs last."""
    vertebrae = tuple(vertebra_bone(spine, index) for index in range(len(spine.vertebrae) - 1))
    bones = (*vertebrae, sacrum_bone(spine), *pelvis_bones(spine), *rib_bones(spine))
    return (*bones, *(disc_bone(disc) for disc in spine.discs))


def paint_bones(
    tissues: TissueMap, bone_distance: Distances, origin_mm: Floats, spacing_mm: float, spine: Spine
) -> None:
    """Paint the bones of `spine`, their joint gaps and discs over `tissues`, and the distance to them.

    `bone_distance`: 127 where no bone is yet; both (n_z, n_y, n_x), changed in place. Discs give way to bone.
    """
    for bone in spine_bones(spine):
        paint(bone, tissues, bone_distance, origin_mm, spacing_mm)


def paint(bone: Bone, tissues: TissueMap, bone_distance: Distances, origin_mm: Floats, spacing_mm: float) -> None:
    """Paint one bone over what is there: its tissues where it is, and around it the nearer distance."""
    grid = Grid(tissues, bone_distance, np.array(origin_mm, dtype=np.float64), float(spacing_mm))
    _paint(grid, Shape(bone.bars, np.array(bone.waves), bone.hard))


def distance_at(bone: Bone, points_mm: npt.ArrayLike) -> Floats:
    """Return the signed distance (below zero inside) of `points_mm` (..., 3) to the surface of `bone`, mm."""
    points = np.array(points_mm, dtype=np.float64)
    at = np.ascontiguousarray(points.reshape(-1, 3).T)
    found = _found(at.shape[1])
    _field(Shape(bone.bars, np.array(bone.waves), bone.hard), np.arange(len(bone.bars)), at, found)
    return found.total.reshape(points.shape[:-1])


@_kernel
def _found(n: int) -> Found:
    return Found(
        np.empty(n), np.empty(n, np.int64), np.empty(n), np.empty(n, np.int64), np.empty(n), np.empty(n), np.empty(n)
    )


@_kernel
def _distances(bar: Record, at: Floats, out: Floats) -> None:
    """Write the signed distance of points `at` (3, n) to a bar: exact near its surface, never too much outside.

    The section is the quartic p^4 + q^4 + 2 c p^2 q^2 = 1 (an ellipse for c = 1); rho is its fourth root, and the
    distance (rho - 1) / |grad rho| to first order (Taubin 1994, ACM Trans Graph 13:3). Free of branches and of
    look-ups within the loop, so that it becomes vector instructions.
    """
    x0, y0, z0, ux, uy, uz, vx, vy, vz = bar.x, bar.y, bar.z, bar.ux, bar.uy, bar.uz, bar.vx, bar.vy, bar.vz
    wx, wy, wz, half, per_half, per_slope = bar.wx, bar.wy, bar.wz, bar.half, bar.per_half, bar.per_slope
    wide0, wider, thick0, thicker, c, rounding = bar.wide, bar.wider, bar.thick, bar.thicker, bar.ellipse, bar.rounding
    bend_u, bend_v, waist, dish, wedge = bar.bend_u, bar.bend_v, bar.waist, bar.dish, bar.wedge
    for n in range(out.shape[0]):
        x, y, z = at[0, n] - x0, at[1, n] - y0, at[2, n] - z0
        w = wx * x + wy * y + wz * z
        t = min(max(w * per_half, -1.0), 1.0)
        arch = 1.0 - t * t
        u = ux * x + uy * y + uz * z - bend_u * arch
        v = vx * x + vy * y + vz * z - bend_v * arch
        slim, bulge = 1.0 - waist * arch * arch, 4.0 * waist * t * arch
        wide, thick = wide0 + (1.0 + t) * wider, thick0 + (1.0 + t) * thicker
        wide_t, thick_t = wider * slim + bulge * wide, thicker * slim + bulge * thick
        wide, thick = wide * slim, thick * slim
        per = 1.0 / (wide * thick)
        p, q = u * thick * per, v * wide * per
        p2, q2 = p * p, q * q
        rho2 = np.sqrt(p2 * p2 + q2 * q2 + 2.0 * c * p2 * q2 + 1e-12)
        rho = np.sqrt(rho2)
        du, dv = p * (p2 + c * q2) * thick * per, q * (q2 + c * p2) * wide * per
        dw = ((p * wide_t - 2.0 * t * bend_u) * du + (q * thick_t - 2.0 * t * bend_v) * dv) * per_half
        across = (rho - 1.0) * rho * rho2 / np.sqrt(du * du + dv * dv + dw * dw + 1e-24)
        across = max(across, -min(wide, thick)) + rounding
        hollow = dish * max(1.0 - rho2, 0.0)
        ends = max(w - half, (wedge * v - half - w) * per_slope) + hollow + rounding
        outer, over = max(across, 0.0), max(ends, 0.0)
        out[n] = min(max(across, ends), 0.0) + np.sqrt(outer * outer + over * over) - rounding


@_kernel
def _field(shape: Shape, active: Indices, at: Floats, found: Found) -> None:
    """Join the bars listed in `active` at points (3, n): smooth minimum of what adds, maximum of what cuts."""
    found.total[:], found.nearest[:], found.lead[:] = 1e3, -1, 1e3
    found.other[:], found.beside[:], found.lead_beside[:] = 1e3, -1, 1e3
    alone = True
    for k in range(active.shape[0]):
        bar = shape.bars[active[k]]
        _distances(bar, at, found.each)
        if bar.role == _ADD:
            _add(found.total, found.nearest, found.lead, found.each, (active[k], bar.blend, bar.claim))
        elif bar.role == _CUT:
            for n in range(found.total.shape[0]):
                found.total[n] = _larger(found.total[n], -found.each[n], bar.blend)
        else:
            alone = False
            _add(found.other, found.beside, found.lead_beside, found.each, (active[k], bar.blend, bar.claim))
    _roughen(shape.waves, at, found.total)
    if not alone:
        for n in range(found.total.shape[0]):
            if found.beside[n] >= 0:
                room = shape.bars[found.beside[n]].gap - found.other[n]
                found.total[n] = _larger(found.total[n], room, _GAP_BLEND_MM)


@_kernel
def _add(total: Floats, nearest: Indices, lead: Floats, each: Floats, bar: tuple[int, float, float]) -> None:
    """Join one bar (its number, blend and claim), of which `each` is the distance, to those before it."""
    number, blend, claim = bar
    for n in range(total.shape[0]):
        d = each[n]
        h = max(blend - abs(total[n] - d), 0.0)
        total[n] = min(total[n], d) - 0.25 / blend * h * h
        nearest[n] = number if d - claim < lead[n] else nearest[n]
        lead[n] = min(lead[n], d - claim)


@_kernel
def _larger(a: float, b: float, blend: float) -> float:
    """Return the larger of two numbers, and a little more where they are nearly the same."""
    h = max(blend - abs(a - b), 0.0)
    return max(a, b) + 0.25 / blend * h * h


@_kernel
def _roughen(waves: Floats, at: Floats, total: Floats) -> None:
    for n in range(total.shape[0]):
        if abs(total[n]) < _SKIN_MM:
            fade = 1.0 - total[n] * total[n] / (_SKIN_MM * _SKIN_MM)
            for i in range(waves.shape[0]):
                phase = waves[i, 0] * at[0, n] + waves[i, 1] * at[1, n] + waves[i, 2] * at[2, n] + waves[i, 3]
                total[n] += fade * fade * waves[i, 4] * np.sin(phase)


@_kernel
def _box(grid: Grid, shape: Shape) -> tuple[Indices, Indices]:
    """Voxels (first and last in x, y, z) that any added bar can reach."""
    bars, low, high = shape.bars, np.full(3, 1e9), np.full(3, -1e9)
    for i in range(bars.shape[0]):
        bar = bars[i]
        if bar.role == _ADD:
            reach_x = abs(bar.ux) * bar.box_u + abs(bar.vx) * bar.box_v + abs(bar.wx) * bar.box_w
            reach_y = abs(bar.uy) * bar.box_u + abs(bar.vy) * bar.box_v + abs(bar.wy) * bar.box_w
            reach_z = abs(bar.uz) * bar.box_u + abs(bar.vz) * bar.box_v + abs(bar.wz) * bar.box_w
            for axis, middle, reach in ((0, bar.x, reach_x), (1, bar.y, reach_y), (2, bar.z, reach_z)):
                low[axis] = min(low[axis], middle - reach)
                high[axis] = max(high[axis], middle + reach)
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    margin = _REACH_MM + 0.5 if shape.hard else 0.5
    for axis in range(3):
        first[axis] = max(int(np.floor((low[axis] - margin - grid.origin[axis]) / grid.spacing)), 0)
        end = int(np.ceil((high[axis] + margin - grid.origin[axis]) / grid.spacing))
        last[axis] = min(end, grid.tissues.shape[2 - axis] - 1)
    return first, last


@_kernel
def _points(grid: Grid, first: Indices, edge: int, step: float, at: Floats) -> None:
    """Write `edge`^3 points of a lattice, `step` voxels apart, that begins at voxel `first` (x, y, z)."""
    n = 0
    for k in range(edge):
        for j in range(edge):
            for i in range(edge):
                at[0, n] = grid.origin[0] + (first[0] + step * i) * grid.spacing
                at[1, n] = grid.origin[1] + (first[1] + step * j) * grid.spacing
                at[2, n] = grid.origin[2] + (first[2] + step * k) * grid.spacing
                n += 1


@_kernel
def _near(shape: Shape, among: Indices, distances: Floats, radius: float, listed: Indices) -> int:
    """List those bars of `among` that matter within `radius` of a point; return how many (0: no bone there).

    `distances`: of the point to each of `among`. What adds matters where it may be, or flow into, the nearest;
    what cuts where it may come nearer than its gap to what adds.
    """
    best = 1e3
    for n in range(among.shape[0]):
        if shape.bars[among[n]].role == _ADD:
            best = min(best, distances[n])
    if best > _REACH_MM + radius + 2.0:
        return 0
    count = 0
    for n in range(among.shape[0]):
        bar = shape.bars[among[n]]
        if bar.role == _ADD:
            matters = distances[n] < best + 2.0 * radius + bar.blend + 2.0
        else:
            matters = distances[n] < bar.gap + radius + bar.blend + max(radius - best + 2.0, _REACH_MM)
        if matters:
            listed[count] = among[n]
            count += 1
    return count


@_kernel
def _put(grid: Grid, shape: Shape, first: Indices, stop: Indices, found: Found) -> None:
    """Put what was found into the small cube that begins at voxel `first`, where it is nearer than what is there."""
    tissues, distance, n = grid.tissues, grid.distance, 0
    for k in range(first[2], first[2] + _SMALL):
        for j in range(first[1], first[1] + _SMALL):
            for i in range(first[0], first[0] + _SMALL):
                d, other = found.total[n], found.other[n]
                if i <= stop[0] and j <= stop[1] and k <= stop[2]:
                    before = distance[k, j, i]
                    step = int(np.floor(min(max(d * _STEPS_PER_MM, -127.0), 127.0) + 0.5))
                    if step < before and shape.hard:
                        distance[k, j, i] = step
                    if d < 0.0 and (step <= before if shape.hard else before > 0):
                        tissues[k, j, i] = shape.bars[found.nearest[n]].tissue
                    elif d >= 0.0 and before > 0 and found.beside[n] >= 0 and d + other < _JOINT_MM:
                        upper, lower = shape.bars[found.beside[n]].tissue, shape.bars[found.nearest[n]].tissue
                        if lower == _LOWER and (upper == _UPPER[0] or upper == _UPPER[1]):
                            tissues[k, j, i] = _GAP
                n += 1


@_kernel
def _stretch(found: Found, corners: Found) -> None:
    """Fill a cube far from any surface from the distances at its eight corners."""
    corner, n = corners.total, 0
    found.beside[:] = -1
    found.nearest[:] = corners.nearest[0]
    for k in range(_SMALL):
        c = k / (_SMALL - 1)
        for j in range(_SMALL):
            b = j / (_SMALL - 1)
            left = (1 - c) * ((1 - b) * corner[0] + b * corner[2]) + c * ((1 - b) * corner[4] + b * corner[6])
            right = (1 - c) * ((1 - b) * corner[1] + b * corner[3]) + c * ((1 - b) * corner[5] + b * corner[7])
            for i in range(_SMALL):
                found.total[n] = left + (right - left) * (i / (_SMALL - 1))
                n += 1


@_kernel
def _paint(grid: Grid, shape: Shape) -> None:
    """Go through cubes within cubes: near the smaller one, only bars near the larger one are looked for."""
    start, stop = _box(grid, shape)
    size = shape.bars.shape[0]
    everything, among, apart = np.arange(size), np.arange(size), np.empty(size)
    radius = 0.5 * np.sqrt(3.0) * grid.spacing * (_BIG - 1)
    at, first = np.empty((3, 1)), np.empty(3, np.int64)
    for z in range(start[2], stop[2] + 1, _BIG):
        for y in range(start[1], stop[1] + 1, _BIG):
            for x in range(start[0], stop[0] + 1, _BIG):
                first[0], first[1], first[2] = x, y, z
                for axis in range(3):
                    at[axis, 0] = grid.origin[axis] + (first[axis] + 0.5 * (_BIG - 1)) * grid.spacing
                for k in range(size):
                    _distances(shape.bars[k], at, apart[k : k + 1])
                count = _near(shape, everything, apart, radius, among)
                if count > 0:
                    _cubes(grid, shape, among[:count], first, stop)


@_kernel
def _cubes(grid: Grid, shape: Shape, among: Indices, first: Indices, stop: Indices) -> None:
    """Paint the small cubes of the big one that begins at voxel `first` (x, y, z)."""
    per, n_voxels = _BIG // _SMALL, _SMALL**3
    middles, apart, listed = np.empty((3, per**3)), np.empty((per**3, among.shape[0])), among.copy()
    around, found, corners = _found(per**3), _found(n_voxels), _found(8)
    at, at_corners, begin = np.empty((3, n_voxels)), np.empty((3, 8)), np.empty(3, np.int64)
    radius = 0.5 * np.sqrt(3.0) * grid.spacing * (_SMALL - 1)
    _points(grid, first, per, float(_SMALL), middles)
    middles += 0.5 * (_SMALL - 1) * grid.spacing
    for k in range(among.shape[0]):
        _distances(shape.bars[among[k]], middles, around.each)
        apart[:, k] = around.each
    _field(shape, among, middles, around)
    for part in range(per**3):
        distance = around.total[part]
        if distance > (_REACH_MM if shape.hard else 0.0) + radius:
            continue
        count = _near(shape, among, apart[part], radius, listed)
        begin[0], begin[1] = first[0] + part % per * _SMALL, first[1] + part // per % per * _SMALL
        begin[2] = first[2] + part // per**2 * _SMALL
        if abs(distance) < _NEAR_MM + radius:
            _points(grid, begin, _SMALL, 1.0, at)
            _field(shape, listed[:count], at, found)
        else:
            _points(grid, begin, 2, _SMALL - 1.0, at_corners)
            _field(shape, listed[:count], at_corners, corners)
            _stretch(found, corners)
        _put(grid, shape, begin, stop, found)
