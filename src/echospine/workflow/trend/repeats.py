"""The error of a method without raters: people who did not change, measured by it at two visits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from echospine.domain.errors import InputError
from echospine.domain.people import Person
from echospine.domain.trends import SiteError
from echospine.domain.units import Unit
from echospine.engine.trend import Measure, visit_errors
from echospine.ports import House
from echospine.workflow.trend.gathering import Found, comparable, gather, of_measure


def error_of_repeats(
    house: House, *, name: str, measure: Measure, patients: Sequence[str], person: Person
) -> SiteError:
    """Keep as this site's error what measuring the same people twice shows, and return it.

    Each person's first two visits count, with as many readings as every visit has. That nobody changed between them is
    for whoever chooses the people to know. Raises InputError where somebody lacks two visits, or where readings are by
    different methods, devices or in different units.
    """
    if len(set(patients)) < max(2, len(patients)):
        raise InputError(f"{name}: give two people or more, each once")
    found = {patient: _two_visits(house, patient, measure) for patient in patients}
    kinds = {one.kind for visits in found.values() for visit in visits for one in visit}
    if len(kinds) > 1:
        raise InputError(f"{name}: readings differ in method, device or unit; an error is of one of each")
    method, device, unit = kinds.pop()
    fewest = min(len(visit) for visits in found.values() for visit in visits)
    table = np.array([[_values(visit)[:fewest] for visit in visits] for visits in found.values()])
    error, of_visit = visit_errors(table)
    at = house.clock.now()
    kept = SiteError(
        id=house.new_id(),
        name=name,
        quantity=measure.quantity,
        structure=measure.structure,
        method=method,
        device=device,
        unit=Unit(unit),
        sem=error.value,
        sem_kind=error.kind,
        sem_df=error.df,
        visit=of_visit,
        day=at.date(),
        raters=(),
        n_subjects=len(found),
        who=person.name,
        at=at,
    )
    house.studies.records.add(kept)
    return kept


def _two_visits(house: House, patient: str, measure: Measure) -> tuple[list[Found], list[Found]]:
    asked, _ = of_measure(gather(house, patient), measure)
    kept, _ = comparable(asked)
    days = sorted({one.day for one in kept})
    if len(days) < 2:
        raise InputError(f"{patient}: has {len(days)} visits with {measure.title}; two are needed")
    first, second = ([one for one in kept if one.day == day] for day in days[:2])
    return first, second


def _values(visit: Sequence[Found]) -> list[float]:
    return [one.measured.value for one in visit if one.measured.value is not None]
