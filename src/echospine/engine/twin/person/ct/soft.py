"""Soft tissue of a CT: what it is made of by its Hounsfield units, what it is called by where it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_erosion, binary_fill_holes, gaussian_filter
from scipy.ndimage import label as components

from echospine.domain.units import Floats, Mask
from echospine.engine.twin.anatomy import TissueMap
from echospine.engine.twin.person.ct.grids import Grid, closed
from echospine.engine.twin.person.ct.vertebrae import Found
from echospine.engine.twin.tissues import Tissue

AIR_BELOW_HU, FAT_BELOW_HU, MUSCLE_BELOW_HU = -300.0, -30.0, 160.0
"""Air below the first, fat between the two, muscle and other soft tissue above (Aubrey et al. 2014, Acta Physiol
210:489: fat -190 to -30, muscle -29 to 150 HU)."""
SKIN_MM, FASCIA_MM = 1.8, 1.6
_LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")
_DURA, _SAC = 0.86, 0.78
"""Where the dura lies in the canal, as a share of the way from its middle to its wall."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How the spine runs, by height, mm, from bottom to top: knots at the middles of bodies.

    `x`: midline; `body`, `wall`, `canal_back`: y of middle and back of the body and of the canal's back; `wide`,
    `deep`: half sizes of the body; `canal_half`; `level`: -1 for T12 to 5 for S1.
    """

    z: Floats
    x: Floats
    body: Floats
    wall: Floats
    canal_back: Floats
    wide: Floats
    deep: Floats
    canal_half: Floats
    level: Floats

    @classmethod
    def along(cls, vertebrae: tuple[Found, ...]) -> Course:
        """Return the course through `vertebrae` (given from top to bottom)."""
        rows = []
        for found in vertebrae[::-1]:
            wall = found.pose.apply((0.0, found.half[1], 0.0))
            back = found.pose.apply((0.0, found.canal_back, 0.0))
            middle = found.pose.matrix[:3, 3]
            level = _LEVELS.index(found.level) - 1
            sizes = (found.half[0], found.half[1], found.canal_half)
            rows.append((middle[2], middle[0], middle[1], wall[1], back[1], *sizes, level))
        return cls(*np.array(rows, dtype=np.float64).T)

    def at(self, values: Floats, z_mm: Floats) -> npt.NDArray[np.float32]:
        """Return `values` at heights `z_mm`, shape (n_z, 1, 1), held beyond the ends."""
        return np.interp(z_mm, self.z, values).astype(np.float32)[:, None, None]


def paint_soft_tissue(
    tissues: TissueMap,
    bone_mm: npt.NDArray[np.float32],
    hu: npt.NDArray[np.float32],
    grid: Grid,
    course: Course,
) -> None:
    """Paint all that is neither bone nor joint over `tissues`, in place; `bone_mm`: distance to bone."""
    free = (bone_mm >= 0) & (tissues != Tissue.FACET_GAP)
    body = _person(hu)
    soft = gaussian_filter(hu, 0.8 / grid.spacing_mm)
    painted = np.full(tissues.shape, Tissue.ABDOMEN, np.uint8)
    painted[soft < FAT_BELOW_HU] = Tissue.FAT
    painted[hu < AIR_BELOW_HU] = Tissue.BOWEL_GAS
    inner = binary_erosion(body, iterations=max(1, round(SKIN_MM / grid.spacing_mm)), border_value=1)
    muscle = (soft >= FAT_BELOW_HU) & (soft < MUSCLE_BELOW_HU)
    muscle &= binary_erosion(inner, iterations=max(1, round(SKIN_MM / grid.spacing_mm)), border_value=1)
    _muscles(painted, muscle, soft < FAT_BELOW_HU, grid, course)
    _canal_and_discs(painted, grid, course)
    painted[body & ~inner] = Tissue.SKIN
    painted[~body] = Tissue.AIR
    tissues[free] = painted[free]


def _person(hu: npt.NDArray[np.float32]) -> Mask:
    """The largest thing that is no air, with the gas inside it."""
    pieces, _ = components(hu > AIR_BELOW_HU)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    body: Mask = pieces == int(np.argmax(sizes))
    for k in range(body.shape[0]):
        padded = np.pad(body[k], ((1, 0), (1, 1)), constant_values=True)  # the front and the sides are cut off
        body[k] = binary_fill_holes(padded)[1:, 1:-1]
    return body


def _muscles(painted: TissueMap, muscle: Mask, fatty: Mask, grid: Grid, course: Course) -> None:
    """Name muscle by its place: behind the transverse processes, beside the bodies, or between the two."""
    x, y, z = grid.axis_mm(0)[None, None, :], grid.axis_mm(1)[None, :, None], grid.axis_mm(2)
    aside = np.abs(x - course.at(course.x, z)).astype(np.float32)
    wall, back = course.at(course.wall, z), course.at(course.canal_back, z)
    side, level = course.at(course.canal_half, z), course.at(course.level, z)
    wide, plane = course.at(course.wide, z), (wall + back) / 2
    behind = (y > plane) & (aside < 75.0)
    bulk = closed(muscle & behind, 3.0, grid) & behind
    for k in range(bulk.shape[0]):
        bulk[k] = binary_fill_holes(bulk[k])
    edge = side + 4.0 + (3.0 + 3.0 * level) * np.clip((y - plane) / 30.0, 0.0, 1.5)
    middle = aside < edge
    painted[bulk & ~middle & (aside < edge + 22.0)] = Tissue.LONGISSIMUS
    painted[bulk & (aside >= edge + 22.0)] = Tissue.ILIOCOSTALIS
    painted[bulk & ~middle & fatty] = Tissue.ERECTOR_FAT
    painted[bulk & middle] = Tissue.MULTIFIDUS
    painted[bulk & middle & fatty] = Tissue.MULTIFIDUS_FAT
    still_behind = np.cumsum(bulk[:, ::-1], axis=1, dtype=np.int16)[:, ::-1]
    painted[bulk & (still_behind <= max(1, round(FASCIA_MM / grid.spacing_mm)))] = Tissue.FASCIA
    before = muscle & (y <= plane)
    outer = side + 32.0
    painted[before & (y > wall - 16.0) & (aside > outer) & (aside < outer + 35.0)] = Tissue.QUADRATUS_LUMBORUM
    reach = wall - 1.9 * course.at(course.deep, z)
    painted[before & (y > reach) & (aside > 0.85 * wide) & (aside <= outer)] = Tissue.PSOAS


def _canal_and_discs(painted: TissueMap, grid: Grid, course: Course) -> None:
    """Discs between the bodies; in the canal fat, dura, fluid and roots; ligaments behind it."""
    x, y, z = grid.axis_mm(0)[None, None, :], grid.axis_mm(1)[None, :, None], grid.axis_mm(2)
    aside = np.abs(x - course.at(course.x, z))
    inside = ((z > course.z[0]) & (z < course.z[-1]))[:, None, None]
    ahead = (y - course.at(course.body, z)) / course.at(course.deep, z)
    painted[inside & ((aside / course.at(course.wide, z)) ** 2 + ahead**2 < 1.0)] = Tissue.DISC
    wall, back, side = (course.at(values, z) for values in (course.wall, course.canal_back, course.canal_half))
    middle, deep = (wall + back) / 2, np.maximum((back - wall) / 2, 4.0)
    way = np.sqrt((aside / side) ** 2 + ((y - middle) / deep) ** 2)
    way[z < course.z[0]] = np.inf  # below, the sacrum turns away
    painted[(way >= 1.0) & (way < 1.4) & (y > middle) & (aside < side)] = Tissue.LIGAMENTUM_FLAVUM
    painted[inside & (aside < 2.5) & (y > back + 3.0) & (y < back + 26.0)] = Tissue.INTERSPINOUS
    for limit, tissue in (
        (1.0, Tissue.EPIDURAL_FAT),
        (_DURA, Tissue.DURA),
        (_SAC, Tissue.CSF),
        (0.45, Tissue.CAUDA_EQUINA),
    ):
        painted[way < limit] = tissue
