"""Who the virtual patient is: a frozen record from which the same body is built again, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from echospine.domain.errors import GeometryError

LEVELS = ("L1", "L2", "L3", "L4", "L5")
"""Lumbar levels from top to bottom."""
Sided = tuple[float, float]
"""One value for the left and one for the right."""


class Sex(StrEnum):
    """Sex, as it bears on the size of bone and muscle."""

    FEMALE = "female"
    MALE = "male"


class Transition(StrEnum):
    """Lumbosacral transitional vertebra."""

    NONE = "none"
    SACRALISED = "sacralised"
    """L5 joined to the sacrum by broad transverse processes."""
    LUMBARISED = "lumbarised"
    """S1 free, with facets and a disc below it."""


def _each_level(value: float) -> tuple[Sided, ...]:
    return ((value, value),) * len(LEVELS)


@dataclass(frozen=True, slots=True)
class PatientParameters:
    """One virtual person.

    `seed`: of everything that the other fields leave open (shape noise, speckle); `height_mm`; `body_mass_index`
    kg/m2; `age_years`; `lordosis_deg`: L1 upper to S1 upper end plate; `scoliosis_deg`: Cobb angle, convex to the left
    above zero; `rotation_deg`: of the apex, with it; per level from L1 to L5, left and right: `facet_hypertrophy`
    (0 none, 1 joint twice as large), `multifidus_atrophy` (share of area lost, 0 to 0.7), `multifidus_fat` (share of
    the muscle that is fat, 0 to 0.6); `fascia_mm`: thickness of the posterior thoracolumbar fascia.
    """

    seed: int = 0
    sex: Sex = Sex.FEMALE
    height_mm: float = 1680.0
    body_mass_index: float = 24.0
    age_years: float = 45.0
    lordosis_deg: float = 50.0
    scoliosis_deg: float = 0.0
    rotation_deg: float = 0.0
    facet_hypertrophy: tuple[Sided, ...] = field(default_factory=lambda: _each_level(0.0))
    multifidus_atrophy: tuple[Sided, ...] = field(default_factory=lambda: _each_level(0.0))
    multifidus_fat: tuple[Sided, ...] = field(default_factory=lambda: _each_level(0.08))
    fascia_mm: float = 2.0
    transition: Transition = Transition.NONE

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                raise GeometryError(f"patient: {name} {value:g} is no adult's: between {low:g} and {high:g}")
        for name, high in (("facet_hypertrophy", 1.0), ("multifidus_atrophy", 0.7), ("multifidus_fat", 0.6)):
            rows = getattr(self, name)
            if len(rows) != len(LEVELS) or any(len(row) != 2 for row in rows):
                raise GeometryError(f"patient: {name} needs a left and a right value for each of {', '.join(LEVELS)}")
            if any(not 0.0 <= value <= high for row in rows for value in row):
                raise GeometryError(f"patient: {name} lies between 0 and {high:g}")


_RANGES = (
    ("height_mm", 1400.0, 2100.0),
    ("body_mass_index", 16.0, 45.0),
    ("age_years", 18.0, 95.0),
    ("lordosis_deg", 15.0, 80.0),
    ("scoliosis_deg", -45.0, 45.0),
    ("rotation_deg", -25.0, 25.0),
    ("fascia_mm", 0.8, 5.0),
)
