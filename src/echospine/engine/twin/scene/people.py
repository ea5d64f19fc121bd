"""People drawn from a population, and the same person at a later visit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from echospine.engine.twin.patient import LEVELS, PatientParameters, Sex, Sided

HEIGHT_MM = {Sex.FEMALE: (1640.0, 65.0), Sex.MALE: (1775.0, 70.0)}
"""Mean and SD of adults (NCD Risk Factor Collaboration 2016, eLife 5:e13410: Europe and North America, rounded)."""
MONTHS_PER_VISIT = 3.0
RECOVERED = 0.75
"""Of atrophy and infiltration, what is left after each visit: a course of stabilising exercise that works."""


def random_person(seed: int) -> PatientParameters:
    """Return somebody; the same seed gives the same person. What wears with age is drawn with age."""
    rng = np.random.default_rng([seed, *b"person"])
    sex = Sex.MALE if rng.random() < 0.5 else Sex.FEMALE
    age = float(np.clip(rng.normal(48.0, 15.0), 20.0, 85.0))
    worn = float(np.clip((age - 30.0) / 60.0, 0.0, 1.0))
    return PatientParameters(
        seed=seed,
        sex=sex,
        height_mm=float(np.clip(rng.normal(*HEIGHT_MM[sex]), 1450.0, 2050.0)),
        body_mass_index=float(np.clip(rng.lognormal(np.log(25.5), 0.15), 18.0, 40.0)),
        age_years=age,
        lordosis_deg=float(np.clip(rng.normal(50.0, 10.0), 25.0, 75.0)),
        scoliosis_deg=float(np.clip(rng.normal(0.0, 4.0), -12.0, 12.0)),
        facet_hypertrophy=_sided(rng, 0.5 * worn, 0.2, 1.0),
        multifidus_atrophy=_sided(rng, 0.25 * worn, 0.1, 0.7),
        multifidus_fat=_sided(rng, 0.06 + 0.2 * worn, 0.05, 0.6),
        fascia_mm=float(np.clip(rng.normal(2.1, 0.4), 1.2, 3.5)),
    )


def at_visit(person: PatientParameters, visit: int) -> PatientParameters:
    """Return the same person at a later visit, 0 being the first: older, and with a multifidus that has recovered."""
    if visit == 0:
        return person
    left = RECOVERED**visit
    age = min(person.age_years + visit * MONTHS_PER_VISIT / 12.0, 95.0)
    atrophy, fat = (
        tuple((one * left, other * left) for one, other in rows)
        for rows in (person.multifidus_atrophy, person.multifidus_fat)
    )
    return replace(person, age_years=age, multifidus_atrophy=atrophy, multifidus_fat=fat)


def _sided(rng: np.random.Generator, mean: float, spread: float, most: float) -> tuple[Sided, ...]:
    """Return a value for each level and side: more of it farther down, where most wear is."""
    share = np.linspace(0.5, 1.2, len(LEVELS))[:, None]
    rows = np.clip(rng.normal(mean, spread, (len(LEVELS), 2)) * share, 0.0, most)
    return tuple((float(left), float(right)) for left, right in rows)
