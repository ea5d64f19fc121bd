"""Errors of measurement from published studies, for quantities whose error this site has not measured itself.

Only what was read in the publication stands here. Such a study used hands and machines of its own, so its error is a
stand-in until this site has one; where a study gives several, the largest is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from echospine.domain.labels import Part, Structure
from echospine.domain.trends import VisitError
from echospine.domain.units import Unit
from echospine.engine.trend.change import ErrorSource, KnownError


@dataclass(frozen=True, slots=True)
class CitedError:
    """One published error. `quantity`: its id; `visit`: standard error between days, in `unit`."""

    quantity: str
    structure: Structure
    unit: Unit
    visit: VisitError
    citation: str


CITED = (
    CitedError(
        "thickness",
        Structure.MULTIFIDUS,
        Unit.MM,
        # SEM 0.36 to 0.46 cm over techniques and examiners, MDC 1.01 to 1.26 cm; 31 people, so 30 degrees of freedom
        VisitError(4.6, 30, 1),
        "Sions et al. 2015, J Geriatr Phys Ther 38:33 (31 adults of 60 to 85 years, by hand)",
    ),
)


def cited_error(quantity: str, structure: Part, unit: Unit, method: str) -> KnownError | None:
    """Return the published error of a quantity, to judge readings of `method` by, or None where none is known."""
    for one in CITED:
        if (one.quantity, one.structure, one.unit) == (quantity, structure, unit):
            return KnownError(quantity, method, unit.value, None, one.visit, ErrorSource.STUDY, one.citation)
    return None
