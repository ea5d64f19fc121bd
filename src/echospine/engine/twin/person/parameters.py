"""Random people, and the same person at a later visit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.engine.twin.patient import LEVELS, PatientParameters, Sex, Sided, Transition

HEIGHT_MM = {Sex.FEMALE: (1640.0, 65.0), Sex.MALE: (1770.0, 70.0)}
"""Mean and SD of adults' height."""
TRANSITION_SHARE = {Transition.SACRALISED: 0.05, Transition.LUMBARISED: 0.03}
"""About 8 in 100 (Konin and Walz 2010, AJNR 31:1778 give 4 to 30 %)."""


def sample_patient(seed: int) -> PatientParameters:
    """Return one of many people: the same seed, the same person.

    Fat in multifidus, its atrophy and hypertrophy of the facets grow with age and towards the sacrum, each side a
    little apart (Fortin and Macedo 2013, Phys Ther 93:873; Shahidi et al. 2017, J Orthop Res 35:2637).
    """
    rng = np.random.default_rng([seed, 0])
    sex = Sex.FEMALE if rng.random() < 0.5 else Sex.MALE
    age = float(np.clip(rng.normal(50.0, 16.0), 18.0, 90.0))
    old = (age - 18.0) / 72.0
    index = float(np.clip(rng.lognormal(np.log(25.5), 0.16), 17.0, 42.0))
    height = float(np.clip(rng.normal(*HEIGHT_MM[sex]), 1420.0, 2050.0))
    scoliosis = float(np.clip(rng.normal(0.0, 5.0), -30.0, 30.0))
    return PatientParameters(
        seed=seed,
        sex=sex,
        height_mm=height,
        body_mass_index=index,
        age_years=age,
        lordosis_deg=float(np.clip(rng.normal(48.0, 9.0), 25.0, 72.0)),
        scoliosis_deg=scoliosis,
        rotation_deg=float(np.clip(0.35 * scoliosis + rng.normal(0.0, 1.0), -15.0, 15.0)),
        facet_hypertrophy=_rows(rng, 0.05 + 0.40 * old, (0.4, 0.5, 0.7, 1.0, 1.0), 0.95),
        multifidus_atrophy=_rows(rng, 0.02 + 0.22 * old, (0.5, 0.6, 0.8, 1.0, 1.15), 0.65),
        multifidus_fat=_rows(rng, 0.04 + 0.20 * old + 0.004 * max(0.0, index - 25.0), (0.5, 0.6, 0.8, 1.1, 1.3), 0.55),
        fascia_mm=float(np.clip(rng.normal(2.0 + 0.3 * old, 0.35), 1.2, 3.4)),
        transition=_transition(rng),
    )


def _rows(rng: np.random.Generator, mean: float, along: tuple[float, ...], most: float) -> tuple[Sided, ...]:
    """Return left and right values of each level: a person's own share, with a little apart between the sides."""
    person = mean * float(rng.lognormal(0.0, 0.45))
    rows = []
    for share in along:
        left, right = (float(np.clip(person * share * rng.lognormal(0.0, 0.15), 0.0, most)) for _ in range(2))
        rows.append((left, right))
    return tuple(rows)


def _transition(rng: np.random.Generator) -> Transition:
    drawn, kinds = rng.random(), iter(TRANSITION_SHARE.items())
    for kind, share in kinds:
        if drawn < share:
            return kind
        drawn -= share
    return Transition.NONE


@dataclass(frozen=True, slots=True)
class Course:
    """How somebody goes on: where each quantity would end, and how fast it gets there.

    Per level and side as in PatientParameters; None leaves a quantity as it is. `half_life_weeks`: until half of the
    way is gone; so the truth of every visit is known.
    """

    multifidus_atrophy: tuple[Sided, ...] | None = None
    multifidus_fat: tuple[Sided, ...] | None = None
    fascia_mm: float | None = None
    body_mass_index: float | None = None
    half_life_weeks: float = 8.0

    def __post_init__(self) -> None:
        if not self.half_life_weeks > 0:
            raise GeometryError(f"a course with a half-life of {self.half_life_weeks:g} weeks never moves on")


RECOVERY = Course(multifidus_atrophy=((0.02, 0.02),) * len(LEVELS), multifidus_fat=((0.06, 0.06),) * len(LEVELS))
"""Training of the trunk that works."""
DECLINE = Course(
    multifidus_atrophy=((0.30, 0.30),) * len(LEVELS), multifidus_fat=((0.35, 0.35),) * len(LEVELS), half_life_weeks=104
)
"""Years of disuse."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A later day: `weeks` after the first visit, along a course."""

    weeks: float
    course: Course = field(default=RECOVERY)


def at(patient: PatientParameters, visit: Visit) -> PatientParameters:
    """Return the same person at a later visit; at 0 weeks, the person as given. Raises GeometryError before that."""
    if visit.weeks < 0:
        raise GeometryError(f"a visit {visit.weeks:g} weeks after the first lies before it")
    gone = 1.0 - 0.5 ** (visit.weeks / visit.course.half_life_weeks)
    if gone == 0.0:
        return patient
    course = visit.course
    changes: dict[str, Any] = {}
    for name in ("multifidus_atrophy", "multifidus_fat"):
        goal = getattr(course, name)
        if goal is not None:
            changes[name] = tuple(
                (a + gone * (c - a), b + gone * (d - b))
                for (a, b), (c, d) in zip(getattr(patient, name), goal, strict=True)
            )
    for name in ("fascia_mm", "body_mass_index"):
        goal = getattr(course, name)
        if goal is not None:
            start = getattr(patient, name)
            changes[name] = start + gone * (goal - start)
    return replace(patient, age_years=min(95.0, patient.age_years + visit.weeks / 52.18), **changes)
