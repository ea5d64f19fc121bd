"""Fill the outlines: soft tissue of the trunk, voxel by voxel, from the skin inwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numba
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from echospine.engine.twin.anatomy import TissueMap
from echospine.engine.twin.person.soft.outlines import Outlines
from echospine.engine.twin.tissues import Tissue

Floats: TypeAlias = npt.NDArray[np.float64]
Grains: TypeAlias = npt.NDArray[np.uint8]
Rows: TypeAlias = npt.NDArray[np.void]
Row: TypeAlias = Any
"""One record of ROW inside a compiled loop."""

(AIR, SKIN, FAT, FASCIA, LOOSE, MULTIFIDUS, LONGISSIMUS, ILIOCOSTALIS, QUADRATUS, PSOAS) = (
    int(tissue)
    for tissue in (
        Tissue.AIR,
        Tissue.SKIN,
        Tissue.FAT,
        Tissue.FASCIA,
        Tissue.FASCIA_LOOSE,
        Tissue.MULTIFIDUS,
        Tissue.LONGISSIMUS,
        Tissue.ILIOCOSTALIS,
        Tissue.QUADRATUS_LUMBORUM,
        Tissue.PSOAS,
    )
)
(TRANSVERSUS, INTERNAL, EXTERNAL, SEPTUM, STREAK, INTERSPINOUS, FLAVUM, EPIDURAL, DURA, CSF, CAUDA, ABDOMEN) = (
    int(tissue)
    for tissue in (
        Tissue.TRANSVERSUS_ABDOMINIS,
        Tissue.INTERNAL_OBLIQUE,
        Tissue.EXTERNAL_OBLIQUE,
        Tissue.SEPTUM,
        Tissue.MULTIFIDUS_FAT,
        Tissue.INTERSPINOUS,
        Tissue.LIGAMENTUM_FLAVUM,
        Tissue.EPIDURAL_FAT,
        Tissue.DURA,
        Tissue.CSF,
        Tissue.CAUDA_EQUINA,
        Tissue.ABDOMEN,
    )
)

SEPTUM_MM = 0.55
"""Half thickness of the planes between muscles."""
DURA_MM = 0.75
LOOSE_SHARE = (0.42, 0.62)
"""Depths within the thoracolumbar fascia, as shares, between which its sheets glide on loose tissue."""
WALL_REACH_MM = 26.0
"""Beneath this, the lateral wall has ended."""
FLAVUM_MM = 3.6
"""Ligamentum flavum at the interlaminar space (Chazono et al. 2011: 3 to 4 mm at L3/4 to L4/5)."""
GRAINS = 64
"""Edge of the periodic table from which streaks of fat and strands of the cauda equina are read."""


ROW = np.dtype(
    [
        ("z", "f8"),
        ("middle", "f8"),
        ("lean", "f8"),
        ("tip", "f8"),
        ("canal", "f8", 4),
        ("floor", "f8", (2, 6)),
        ("multifidus", "f8", (2, 5)),
        ("fat_share", "f8", 2),
        ("edge", "f8"),
        ("split", "f8"),
        ("psoas", "f8", 2),
        ("body", "f8", 4),
        ("fat", "f8"),
        ("bulge", "f8"),
        ("furrow", "f8"),
        ("half_width", "f8"),
        ("half_depth", "f8"),
        ("thick", "f8", 5),
    ]
)
"""One height of `Outlines`; `thick`: skin, fascia, and the three layers of the lateral wall."""


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """Outlines and grid as the compiled loops read them; `rows`: ROW, (n_z,); `x_mm`, `y_mm`: centres of voxels."""

    rows: Rows
    grains: Grains
    x_mm: Floats
    y_mm: Floats


def filling(lines: Outlines, x_mm: Floats, y_mm: Floats, seed: int) -> Filling:
    """Return what `fill` reads; `seed`: of the streaks of fat and the strands of the cauda equina."""
    rows = np.zeros(lines.z.shape, ROW)
    for name in ROW.names or ():
        if name != "thick":
            rows[name] = getattr(lines, name)
    rows["thick"] = (lines.skin_mm, lines.fascia_mm, *lines.wall_mm)
    return Filling(rows, _grains(seed), x_mm, y_mm)


def fill(tissues: TissueMap, what: Filling, first: int, stop: int) -> None:
    """Fill slices `first` to `stop` (exclusive) of `tissues`, (n_z, n_y, n_x), which hold AIR."""
    _fill(tissues[first:stop], what.rows[first:stop], what.grains, what.x_mm, what.y_mm)


def _grains(seed: int) -> Grains:
    """Return smooth periodic noise as its own rank, 0 to 255, so that a threshold is a share; (64, 64, 64)."""
    noise = np.random.default_rng([seed, 3]).normal(size=(GRAINS,) * 3)
    smooth = gaussian_filter(noise, 1.3, mode="wrap")
    ranks = np.empty(smooth.size, np.int64)
    ranks[np.argsort(smooth, axis=None, kind="stable")] = np.arange(smooth.size)
    return (ranks * 256 // smooth.size).astype(np.uint8).reshape(smooth.shape)


@numba.njit(cache=True, nogil=True)
def _roof(c: Row, a: float, more: float) -> tuple[float, float]:
    """Return y of the outline `more` mm outside the fascia at `a` from the midline, and the cosine of its slope."""
    wide, high = c.half_width + more, c.half_depth + more
    share = min(a / wide, 0.999)
    inner = 1.0 - share**2.6
    drop = high * (1.0 - inner ** (1.0 / 2.6))
    slope = high * share**1.6 / wide * inner ** (1.0 / 2.6 - 1.0)
    rise = c.bulge * (1.0 - np.exp(-((a / 15.0) ** 2)))
    return c.tip + 0.6 + more + rise - drop, 1.0 / np.sqrt(1.0 + slope * slope)


@numba.njit(cache=True, nogil=True)
def _ground(c: Row, side: int, a: float) -> float:
    """Return y of the bone under the muscles at distance `a` from the midline, drawn on to the lateral raphe."""
    near, near_y, joint, joint_y, tip, tip_y = c.floor[side]
    y: float = tip_y
    if a <= near:
        y = near_y
    elif a <= joint:
        y = near_y + (joint_y - near_y) * (a - near) / (joint - near)
    elif a <= tip:
        y = joint_y + (tip_y - joint_y) * (a - joint) / (tip - joint)
    return y


class Spot(NamedTuple):
    """A place in a slice, mm: `x`, `y` in Patient; `s` to the left of the midline, `a` away from it; `side`: 0 left."""

    x: float
    y: float
    s: float
    a: float
    side: int


@numba.njit(cache=True, nogil=True)
def _canal(c: Row, grains: Grains, p: Spot) -> int:
    """Return the tissue in and around the canal, or -1 outside it."""
    wide, deep, behind = c.canal[2], c.canal[3], p.y - c.canal[1]
    u, v = p.s / wide, behind / deep
    if u * u + v * v > 1.0:
        roof = deep * (1.05 - 0.35 * abs(u))
        return FLAVUM if abs(u) < 0.95 and 0.3 * deep < behind < roof + FLAVUM_MM else -1
    sac = np.sqrt((u / 0.70) ** 2 + ((v + 0.08) / 0.76) ** 2)
    if sac > 1.0:
        return EPIDURAL
    if sac > 1.0 - DURA_MM / (0.73 * deep):
        return DURA
    grain = grains[int(c.z / 5.0) % GRAINS, int(p.y / 0.6) % GRAINS, int(p.x / 0.6) % GRAINS]
    return CAUDA if grain < (90.0 if v < -0.1 else 45.0) else CSF


@numba.njit(cache=True, nogil=True)
def _wall(c: Row, a: float, under: float) -> int:
    """Return the layer of the lateral wall at `under` mm beneath its outer surface."""
    ramp = min(1.0, max(0.0, (a - c.edge + 4.0) / 22.0))
    at = under - 0.8
    if at < 0:
        return SEPTUM
    for layer in range(3):
        thick = c.thick[2 + layer] * (ramp if layer == 0 else 0.35 + 0.65 * ramp)
        if at < thick:
            return EXTERNAL if layer == 0 else (INTERNAL if layer == 1 else TRANSVERSUS)
        at -= thick
        if at < 0.9:
            return SEPTUM
        at -= 0.9
    return ABDOMEN


@numba.njit(cache=True, nogil=True)
def _multifidus(c: Row, grains: Grains, p: Spot, t: float) -> int:
    """Return multifidus, its fat, its sheath, or -1; `t`: 0 at the bone to 1 at the fascia."""
    m = c.multifidus[p.side]
    up = t / m[2]
    border = m[0] + (m[1] - m[0]) * up + 2.5 * (up - up * up)
    if up > 1.04 or p.a > border + 2.0 * SEPTUM_MM or p.a < 3.0:
        return -1
    # what atrophy took is loose fat beside and beneath the muscle
    if p.a > border or up > 1.0 or p.a > 4.5 + (border - 4.5) * m[3] or up < 1.0 - m[4]:
        return SEPTUM
    along = int(c.z / 7.0 + 0.25 * p.a) % GRAINS
    grain = grains[along, int(p.y / 1.1) % GRAINS, int(p.x / 1.3) % GRAINS]
    share = c.fat_share[p.side] * (1.55 - 1.1 * up) * (1.25 - 0.5 * p.a / border)
    return STREAK if grain < 256.0 * share else MULTIFIDUS


@numba.njit(cache=True, nogil=True)
def _deep(c: Row, p: Spot, ground: float) -> int:
    """Return what lies in front of the transverse processes: quadratus, psoas, and the rest."""
    tip_a, tip_y = c.floor[p.side, 4], c.floor[p.side, 5]
    half = 0.5 * max(10.0, c.edge - tip_a + 6.0)
    q = ((p.a - tip_a - half + 6.0) / half) ** 2 + ((p.y - tip_y + 9.5) / 9.0) ** 2
    if q < 1.13:
        return QUADRATUS if q < 1.0 else SEPTUM
    wide, thick = c.psoas[0], c.psoas[1]
    round_it = ((p.a - c.body[2] - 0.78 * wide) / wide) ** 2 + ((p.y - c.body[1] - 2.0) / thick) ** 2
    if round_it < 1.10:
        return PSOAS if round_it < 1.0 else SEPTUM
    # small muscles between the transverse processes
    return LONGISSIMUS if p.a < tip_a and tip_y - 7.0 < p.y <= ground else ABDOMEN


@numba.njit(cache=True, nogil=True)
def _erector(c: Row, p: Spot, roof: float, ground: float) -> int:
    """Return a part of erector spinae, its sheath, or -1 beyond it."""
    start, bottom = c.floor[p.side, 4], ground
    if p.a > start:
        share = min(1.0, (p.a - start) / max(c.edge - start, 1.0))
        bottom = ground + (roof - ground) * share**2.2
    if p.a > c.edge or p.y < bottom:
        return -1
    if p.y < bottom + 1.1 and p.a > start - 6.0:
        return FASCIA
    leaning = c.split + 0.35 * (p.y - ground - 14.0)
    if abs(p.a - leaning) < SEPTUM_MM:
        return SEPTUM
    return LONGISSIMUS if p.a < leaning else ILIOCOSTALIS


@numba.njit(cache=True, nogil=True)
def _inside(c: Row, grains: Grains, p: Spot, roof: float) -> int:
    """Return the tissue beneath the fascia, apart from the canal."""
    ground = _ground(c, p.side, p.a)
    if p.a < 3.4 and p.y > c.canal[1] + 0.9 * c.canal[3]:
        return INTERSPINOUS
    if p.y > ground and p.a <= c.edge:
        found = _multifidus(c, grains, p, (p.y - ground) / max(roof - ground, 1.0))
        if found < 0:
            found = _erector(c, p, roof, ground)
        if found >= 0:
            return found
    return _deep(c, p, ground)


@numba.njit(cache=True, nogil=True)
def _within(c: Row, grains: Grains, p: Spot, deep: float, roof: float) -> int:
    """Return the tissue at `deep` mm beneath the outer surface of the fascia, whose inner surface is at y = `roof`."""
    if p.a < c.canal[2]:
        found = _canal(c, grains, p)
        if found >= 0:
            return found
    beyond = p.a - c.edge
    if beyond <= 0 and deep < c.thick[1]:
        return LOOSE if LOOSE_SHARE[0] < deep / c.thick[1] < LOOSE_SHARE[1] else FASCIA
    behind = p.y >= c.floor[p.side, 5] - 19.0 - 3.0 * beyond
    if deep < WALL_REACH_MM and (beyond > 10.0 or (beyond > 0 and behind)):
        return _wall(c, p.a, deep)
    return _inside(c, grains, p, roof)


@numba.njit(cache=True, nogil=True)
def _fill(tissues: TissueMap, rows: Rows, grains: Grains, xs: Floats, ys: Floats) -> None:
    for k in range(rows.size):
        c, skin = rows[k], rows[k].thick[0]
        # in front of this there is nothing but the wall and what lies in the belly
        front = c.body[1] - max(c.body[3], c.psoas[1]) - 3.0
        for i in range(xs.size):
            apart = xs[i] - c.middle
            # the midline leans with the vertebra; for the outline its place at the tips is enough
            a = abs(apart - c.lean * (c.tip - c.canal[1]))
            fat = c.fat * (1.0 - 0.45 * np.exp(-((a / 16.0) ** 2)) * min(1.0, c.furrow / 3.0))
            outside = c.half_width + fat + skin - a
            if outside <= 0:
                continue
            top, steep = _roof(c, a, fat + skin)
            roof, cosine = _roof(c, a, 0.0)
            inner = roof - c.thick[1] / cosine
            for j in range(ys.size - 1, -1, -1):
                y = ys[j]
                if y > top:
                    continue
                deep = min((roof - y) * cosine, c.half_width - a)
                if deep < 0:
                    tissues[k, j, i] = SKIN if min((top - y) * steep, outside) < skin else FAT
                elif deep > WALL_REACH_MM and (y < front or a > c.edge + 12.0):
                    tissues[k, j, i] = ABDOMEN
                else:
                    s = apart - c.lean * (y - c.canal[1])
                    spot = Spot(xs[i], y, s, abs(s), 0 if s > 0 else 1)
                    tissues[k, j, i] = _within(c, grains, spot, deep, inner)
