"""Are the twin's people like people? Distances and areas of random persons against published ones.

`python -m benchmarks anatomy [N]`: all values are of simulated persons.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.table import Row
from echospine.domain.labels import Side
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import PatientParameters, Sex
from echospine.engine.twin.person import build_patient, make_spine, sample_patient
from echospine.engine.twin.person.soft.tubes import ROOT_MM
from echospine.engine.twin.tissues import Tissue

PEOPLE = 200


@dataclass(frozen=True, slots=True)
class Published:
    """What a quantity measures in people: mean (or None), the range in which everybody lies, and the source."""

    unit: str
    mean: float | None
    low: float
    high: float
    source: str


PUBLISHED: dict[str, Published] = {
    "skin to lamina at L3": Published("mm", 42.0, 18.0, 95.0, "Chin 2011, Reg Anesth Pain Med; grows with body mass"),
    "subcutaneous fat at L3": Published("mm", None, 2.0, 75.0, "Takai 2019: 3 to 60 mm over body mass 17 to 42"),
    "skin to posterior dura at L3": Published("mm", 51.0, 27.0, 105.0, "Balki 2009, Anesth Analg 108:1876"),
    "spinous height at L3": Published("mm", 22.0, 11.0, 32.0, "Berry 1987, Spine 12:362"),
    "between facet joints at L4": Published("mm", 34.0, 22.0, 48.0, "Panjabi 1993, Spine 18:1298"),
    "multifidus at L4, women, no atrophy": Published("cm2", 5.55, 3.2, 8.6, "Stokes 2005, Man Ther 10:116"),
    "multifidus at L4, men, no atrophy": Published("cm2", 7.87, 4.6, 12.0, "Stokes 2005"),
    "multifidus at L5, women, no atrophy": Published("cm2", 6.65, 3.9, 10.2, "Stokes 2005"),
    "multifidus at L5, men, no atrophy": Published("cm2", 8.91, 5.3, 13.4, "Stokes 2005"),
    "L4 root to the joint's bone": Published("mm", None, 0.0, 14.0, "within a foramen 8 to 14 mm wide: Stephens 1991"),
    "thoracolumbar fascia at L3": Published("mm", 2.0, 0.9, 4.0, "Langevin 2009, BMC Musculoskelet Disord 10:151"),
    "aorta across": Published("mm", 18.0, 13.0, 24.0, "Pedersen 1993, Eur J Vasc Surg 7:720"),
    "dural sac at L3, area": Published("cm2", 1.7, 0.8, 3.2, "Schizas 2010, Spine 35:1919"),
}

JOINT = (Tissue.SUPERIOR_ARTICULAR, Tissue.INFERIOR_ARTICULAR)
ORGANS = tuple(
    tissue
    for tissue in Tissue
    if tissue not in (Tissue.AIR, Tissue.GEL, Tissue.BOWEL_GAS, Tissue.INJECTATE, Tissue.RIB, Tissue.ERECTOR_FAT)
)
"""What nobody may lack."""


@dataclass(frozen=True, slots=True)
class Person:
    """What was measured of one simulated person; `missing`: organs of which not a voxel is there."""

    seed: int
    values: dict[str, float]
    missing: tuple[str, ...]
    nerve_in_bone: tuple[str, ...]


def measure_person(seed: int, spacing_mm: float = 1.0) -> Person:
    """Build a random person and measure it in its voxels."""
    parameters = sample_patient(seed)
    anatomy = build_patient(parameters, spacing_mm)
    present = set(np.unique(anatomy.tissues[::2, ::2, ::2]).tolist()) | set(np.unique(anatomy.tissues).tolist())
    missing = tuple(tissue.name for tissue in ORGANS if int(tissue) not in present)
    inside = tuple(
        name
        for name, landmark in anatomy.landmarks.items()
        if landmark.kind == "nerve_exit" and int(anatomy.tissue_at(landmark.point_mm)) != Tissue.NERVE_ROOT
    )
    return Person(seed, dict(_values(parameters, anatomy)), missing, inside)


def _values(parameters: PatientParameters, anatomy: Anatomy) -> Iterator[tuple[str, float]]:
    marks = anatomy.landmarks
    lamina, dura = marks["L3_lamina_left"].point_mm, marks["L3_posterior_dura"].point_mm
    column = _column(anatomy, lamina)
    yield "skin to lamina at L3", float((column != Tissue.AIR).sum() * anatomy.spacing_mm)
    yield "subcutaneous fat at L3", float((column == Tissue.FAT).sum() * anatomy.spacing_mm)
    yield "skin to posterior dura at L3", float((_column(anatomy, dura) != Tissue.AIR).sum() * anatomy.spacing_mm)
    yield "spinous height at L3", make_spine(parameters)["L3"].size.spinous_height
    joints = [marks[f"L4_facet_{side}"].point_mm for side in ("left", "right")]
    yield "between facet joints at L4", float(np.linalg.norm(joints[0] - joints[1]))
    for level, index in (("L4", 3), ("L5", 4)):
        word = "women" if parameters.sex is Sex.FEMALE else "men"
        kept = 1.0 - np.mean(parameters.multifidus_atrophy[index])
        yield f"multifidus at {level}, {word}, no atrophy", _multifidus_cm2(anatomy, level) / float(kept)
    yield (
        "L4 root to the joint's bone",
        _nearest_mm(anatomy, marks["L4_nerve_exit_left"].point_mm, JOINT) - ROOT_MM["L4"],
    )
    fascia = np.isin(
        _column(anatomy, marks["L3_fascia_left"].point_mm - (0, 8, 0)), (Tissue.FASCIA, Tissue.FASCIA_LOOSE)
    )
    yield "thoracolumbar fascia at L3", float(fascia.sum() * anatomy.spacing_mm)
    k = _slice(anatomy, marks["L2_body_centre"].point_mm[2])
    area = (anatomy.tissues[k] == Tissue.AORTA).sum() * anatomy.spacing_mm**2
    yield "aorta across", float(2.0 * np.sqrt(area / np.pi))
    k = _slice(anatomy, marks["L3_body_centre"].point_mm[2])
    sac = np.isin(anatomy.tissues[k], (Tissue.DURA, Tissue.CSF, Tissue.CAUDA_EQUINA))
    yield "dural sac at L3, area", float(sac.sum() * anatomy.spacing_mm**2 / 100.0)


def _slice(anatomy: Anatomy, z_mm: float) -> int:
    return round(float((z_mm - anatomy.origin_mm[2]) / anatomy.spacing_mm))


def _column(anatomy: Anatomy, point_mm: np.ndarray) -> np.ndarray:
    """Return the tissues straight behind a point, to the air."""
    i, j, k = np.rint((np.asarray(point_mm) - anatomy.origin_mm) / anatomy.spacing_mm).astype(int)
    return anatomy.tissues[k, j:, i]


def _nearest_mm(anatomy: Anatomy, point_mm: np.ndarray, tissues: tuple[Tissue, ...], within_mm: float = 20.0) -> float:
    """Return the distance from a point to the nearest voxel of those tissues."""
    i, j, k = np.rint((np.asarray(point_mm) - anatomy.origin_mm) / anatomy.spacing_mm).astype(int)
    reach = round(within_mm / anatomy.spacing_mm)
    box = anatomy.tissues[k - reach : k + reach + 1, j - reach : j + reach + 1, i - reach : i + reach + 1]
    found = np.argwhere(np.isin(box, tissues)) - reach
    return float(np.linalg.norm(found, axis=1).min() * anatomy.spacing_mm) if len(found) else within_mm


def _multifidus_cm2(anatomy: Anatomy, level: str) -> float:
    """Return the cross-section at the spinous process, mean of both sides."""
    k = _slice(anatomy, anatomy.landmarks[f"{level}_multifidus_{Side.LEFT.value}"].point_mm[2])
    muscle = np.isin(anatomy.tissues[k], (Tissue.MULTIFIDUS, Tissue.MULTIFIDUS_FAT))
    return float(muscle.sum() * anatomy.spacing_mm**2 / 200.0)


def people(count: int = PEOPLE) -> list[Person]:
    """Return so many random persons, measured, on all cores."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(measure_person, range(count), chunksize=4))


def rows() -> list[Row]:
    measured = people()
    table = []
    for name, known in PUBLISHED.items():
        values = np.array([person.values[name] for person in measured if name in person.values])
        span = f"{values.min():.3g} to {values.max():.3g}; published {known.low:g} to {known.high:g}"
        mean = None if known.mean is None else float(values.mean()) / known.mean
        table.append(Row(f"{name} (simulated)", float(values.mean()), known.unit, span, known.source, mean))
    table.append(Row("organs missing (simulated)", sum(len(person.missing) for person in measured), "", "0"))
    return table
