"""Outlines of soft tissue at each height: how thick, how wide, where it begins; from parameters and the spine.

Every number that a person may have is here; `filling.py` only fills the outlines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.units import Floats
from echospine.engine.twin.patient import Sex
from echospine.engine.twin.person.spine import Section, Spine

LEVEL_KNOTS = np.arange(7.0)
"""Section.level: 0 for T12, 1 to 5 for L1 to L5, 6 for S1."""

MULTIFIDUS_CM2 = {
    Sex.FEMALE: np.array((1.4, 2.0, 2.6, 4.0, 5.55, 6.65, 6.3)),
    Sex.MALE: np.array((1.9, 2.7, 3.5, 5.4, 7.87, 8.91, 8.2)),
}
"""Mean cross-section of one side's multifidus, cm2: L4 and L5 Stokes, Rankin and Newham 2005, Man Ther 10:116; L2 and
L3 Hides, Cooper and Stokes 1992 (as shares of L4); above and below drawn on to the muscle's ends."""
MULTIFIDUS_SD = 0.14
"""Spread between people as a share of the mean (Stokes et al. 2005)."""
MEDIAL_MM = 4.5
"""Medial border of multifidus from the midline, beside the spinous process."""
GROOVE_MM2 = np.array((-60.0, -70.0, -70.0, -15.0, 195.0, 210.0, 210.0))
"""By how much the outline must be larger than the muscle: bone within it, less its lean (found by painting)."""
MULTIFIDUS_REACH = np.array((0.50, 0.55, 0.62, 0.78, 0.93, 1.0, 1.0))
"""Share of the way from lamina to fascia that multifidus fills; erector spinae's aponeurosis covers it higher up."""
ERECTOR_EDGE_MM = np.array((84.0, 84.0, 83.0, 80.0, 73.0, 60.0, 46.0))
"""Lateral raphe from the midline (mean adult of 1700 mm)."""
PSOAS_MM = np.array((5.0, 9.0, 12.5, 16.0, 19.0, 21.0, 20.0))
"""Half width of psoas; its half depth is 1.15 times that below L3."""
FAT_MM = {Sex.FEMALE: 13.0, Sex.MALE: 9.0}
"""Subcutaneous fat over L3 at a body mass index of 24, beside the midline."""
FAT_PER_INDEX = 0.115
"""Growth of ln(fat) per kg/m2 of body mass index."""
FAT_ALONG = np.array((0.62, 0.70, 0.80, 1.0, 1.25, 1.55, 1.70))
"""Fat thickens towards the sacrum."""
WALL_MM = (6.5, 8.5, 4.0)
"""External oblique, internal oblique, transversus abdominis at rest (Rankin, Stokes and Newham 2006, Muscle Nerve)."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """One row per height, (n_z,) or (n_z, 2) for left and right; mm.

    `middle`: x of the midline at the canal; `lean`: of the midline, x per y, towards the spinous tips; `tip`: y of the
    spinous tips; `canal`: its middle (x, y) and half sizes (n, 4); `floor`: bone under the muscles, (n, 2, 6): a and y
    of lamina, facet and transverse tip; `multifidus`: (n, 2, 5) deep and superficial lateral border, reach, and shares
    of width and height left by atrophy; `fat_share`: of multifidus, (n, 2); `edge`: lateral raphe; `split`: between
    longissimus and iliocostalis; `psoas`: (n, 2) half width and depth; `body`: (n, 4) middle and half sizes;
    `fat`, `bulge`, `furrow`, `half_width`, `half_depth`: of the outline.
    """

    z: Floats
    middle: Floats
    lean: Floats
    tip: Floats
    canal: Floats
    floor: Floats
    multifidus: Floats
    fat_share: Floats
    edge: Floats
    split: Floats
    psoas: Floats
    body: Floats
    fat: Floats
    bulge: Floats
    furrow: Floats
    half_width: Floats
    half_depth: Floats
    skin_mm: float
    fascia_mm: float
    wall_mm: tuple[float, float, float]


def outlines(spine: Spine, z_mm: npt.ArrayLike) -> Outlines:
    """Return the outlines at heights `z_mm` (n,), Patient."""
    parameters, section = spine.parameters, spine.section(z_mm)
    rng = np.random.default_rng([parameters.seed, 2])
    build = rng.normal(0.0, 1.0, 6)
    scale = parameters.height_mm / 1700.0
    lean = (section.spinous_tip[:, 0] - section.canal[:, 0]) / (section.spinous_tip[:, 1] - section.canal[:, 1])
    index = parameters.body_mass_index
    fat = FAT_MM[parameters.sex] * np.exp(FAT_PER_INDEX * (index - 24.0) + 0.12 * build[0])
    floor = _floor(section)
    bulge = _along(section, (3.0, 3.5, 4.0, 4.5, 4.0, 2.0, 0.5)) * (1.0 + 0.2 * build[1])
    # the fascia dips between the bellies, and lies on the tips of the spinous processes
    sized = _multifidus(spine, section, floor, bulge, build[2])
    half_width = (122.0 + 3.1 * (index - 24.0) + (10.0 if parameters.sex == Sex.MALE else 4.0)) * scale
    waist = _along(section, (1.0, 0.98, 0.96, 0.95, 0.97, 1.03, 1.10))
    psoas = _along(section, PSOAS_MM) * scale * (1.12 if parameters.sex == Sex.MALE else 0.92)
    edge = _along(section, ERECTOR_EDGE_MM) * scale
    return Outlines(
        z=section.z_mm,
        middle=section.canal[:, 0],
        lean=lean,
        tip=section.spinous_tip[:, 1],
        canal=np.column_stack((section.canal, section.canal_width_mm / 2, section.canal_depth_mm / 2)),
        floor=floor,
        multifidus=sized,
        fat_share=_by_level(section, parameters.multifidus_fat, _spinous_level(spine, section)),
        edge=edge,
        split=0.6 * edge,
        psoas=np.column_stack((psoas, psoas * np.interp(section.level, (0, 3, 6), (0.85, 1.15, 1.1)))),
        body=np.column_stack((section.body, section.body_width_mm / 2, section.body_depth_mm / 2)),
        fat=fat * _along(section, FAT_ALONG),
        bulge=bulge,
        furrow=_along(section, (1.5, 2.0, 2.5, 3.0, 3.0, 2.0, 0.5)),
        half_width=half_width * waist,
        half_depth=np.full(section.z_mm.shape, 0.72 * half_width),
        skin_mm=1.9 + 0.2 * float(np.tanh(build[3])),
        fascia_mm=parameters.fascia_mm,
        wall_mm=tuple(scale * layer * (1.0 + 0.1 * np.tanh(build[4])) for layer in WALL_MM),
    )


def _along(section: Section, values: npt.ArrayLike, level: Floats | None = None) -> Floats:
    """Return values per level, drawn smoothly along the spine; `level`: where that is not the height of the bodies."""
    table = np.asarray(values, dtype=np.float64)
    level = section.level if level is None else level
    share = level - np.floor(level)
    eased = np.floor(level) + share * share * (3.0 - 2.0 * share)
    found: Floats = np.interp(eased, LEVEL_KNOTS, table)
    return found


def _by_level(section: Section, rows: tuple[tuple[float, float], ...], level: Floats) -> Floats:
    """Return left and right values of L1 to L5 along the spine, held beyond, (n, 2)."""
    table = np.array((rows[0], *rows, rows[-1]))
    return np.column_stack([_along(section, table[:, side], level) for side in (0, 1)])


def _spinous_level(spine: Spine, section: Section) -> Floats:
    """Return the position between levels by the spinous processes, at whose height multifidus is measured, (n,)."""
    tips = [float(vertebra.to_patient(0.0, *vertebra.spinous_tip_mm)[2]) for vertebra in spine.vertebrae]
    level: Floats = np.interp(section.z_mm, tips[::-1], LEVEL_KNOTS[::-1])
    return level


def _floor(section: Section) -> Floats:
    """Return the points of bone under the muscles, (n, 2, 6): distance from the midline and y, three of them."""
    sides = []
    for lines in (
        (section.lamina_left, section.facet_left, section.transverse_left),
        (section.lamina_right, section.facet_right, section.transverse_right),
    ):
        rows = []
        for line in lines:
            rows += [np.abs(line[:, 0] - section.canal[:, 0]), line[:, 1] - 2.0]
        sides.append(np.column_stack(rows))
    floor: Floats = np.stack(sides, axis=1)
    floor[:, :, 2] = np.maximum(floor[:, :, 2], floor[:, :, 0] + 2.0)
    floor[:, :, 4] = np.maximum(floor[:, :, 4], floor[:, :, 2] + 4.0)
    return floor


def _multifidus(spine: Spine, section: Section, floor: Floats, bulge: Floats, build: float) -> Floats:
    """Return deep and superficial border, reach, and the shares left of width and height, (n, 2, 5).

    The borders are set so that the area between them is that of MULTIFIDUS_CM2 for this person.
    """
    parameters = spine.parameters
    level = _spinous_level(spine, section)
    target = (
        100.0 * _along(section, MULTIFIDUS_CM2[parameters.sex], level) * (1.0 + MULTIFIDUS_SD * float(np.tanh(build)))
    )
    target *= (parameters.height_mm / (1630.0 if parameters.sex == Sex.FEMALE else 1770.0)) ** 2
    reach = _along(section, MULTIFIDUS_REACH, level)
    lost = _by_level(section, parameters.multifidus_atrophy, level)
    rows = []
    for side in (0, 1):
        roof = section.spinous_tip[:, 1] + 0.6 - parameters.fascia_mm
        width = _width_for(target + _along(section, GROOVE_MM2, level), floor[:, side], roof, bulge, reach)
        # part of what is taken from beneath is bone, not muscle
        left = np.sqrt(1.0 - 1.17 * lost[:, side])
        rows.append(np.column_stack((MEDIAL_MM + 1.25 * width, MEDIAL_MM + 0.75 * width, reach, left, left)))
    sized: Floats = np.stack(rows, axis=1)
    return sized


def _width_for(area_mm2: Floats, floor: Floats, roof: Floats, bulge: Floats, reach: Floats) -> Floats:
    """Return the mean width that gives the outline of multifidus this area at each height, by bisection, (n,).

    Between `ground(a)` and `ground + reach (roof - ground)`, out to a border that falls from 1.25 to 0.75 widths.
    """
    a = np.arange(0.25, 70.0, 0.5)
    ground = np.array([np.interp(a, (row[0], row[2], row[4]), (row[1], row[3], row[5])) for row in floor])
    height = np.maximum(roof[:, None] + bulge[:, None] * (1.0 - np.exp(-((a / 15.0) ** 2))) - ground, 1.0)
    low, high = np.full(area_mm2.shape, 3.0), np.full(area_mm2.shape, 55.0)
    for _ in range(14):
        width = (low + high) / 2
        # share of the height that lies inside the leaning border, at each distance
        inside = np.clip((1.25 * width[:, None] - (a - MEDIAL_MM)) / (0.5 * width[:, None]), 0.0, 1.0)
        found = (0.5 * reach[:, None] * height * inside * (a > MEDIAL_MM)).sum(axis=1)
        low, high = np.where(found < area_mm2, width, low), np.where(found < area_mm2, high, width)
    middle: Floats = (low + high) / 2
    return middle
