"""A reliability study: raters read the same frames blind, and what they read becomes this site's error.

A rater gets frames in an order of their own, without patient, examination, date or anybody's values; the order follows
from the plan's seed and the rater's name, so that it is the same whenever it is asked for.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from echospine.domain.errors import Conflict, InputError, NotAllowed, NotFound
from echospine.domain.images import Point
from echospine.domain.labels import Structure
from echospine.domain.measures import CALIPER_METHOD, CaliperKind, Quantity, measure_caliper
from echospine.domain.people import Person
from echospine.domain.trends import SemKind, SiteError, StudyFrame, StudyPlan, StudyReading, VisitError
from echospine.domain.units import Floats, Unit
from echospine.engine.trend import (
    Agreement,
    ErrorSource,
    Icc,
    IccForm,
    KnownError,
    Sem,
    icc,
    limits_of_agreement,
    sem,
    visit_errors,
)
from echospine.ports import House
from echospine.workflow.exam import open_recording

FIGURES = {
    Quantity.LENGTH: CaliperKind.LENGTH,
    Quantity.ANGLE: CaliperKind.ANGLE,
    Quantity.AREA: CaliperKind.AREA,
    Quantity.THICKNESS: CaliperKind.LENGTH,
    Quantity.WIDTH: CaliperKind.LENGTH,
    Quantity.HEIGHT: CaliperKind.LENGTH,
    Quantity.CROSS_SECTION: CaliperKind.AREA,
}
"""What a rater draws for each quantity that callipers read."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a rater reads next: nothing but the picture, and how far they are."""

    place: int
    total: int
    recording_id: str
    frame: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a finished study found. `agreement`: of the first two raters, None where there is one rater."""

    iccs: tuple[Icc, ...]
    sem: Sem
    visit: VisitError | None
    agreement: Agreement | None
    unit: Unit
    n_subjects: int
    words: tuple[str, ...]


def plan_study(
    house: House,
    *,
    name: str,
    quantity: Quantity,
    structure: Structure,
    raters: Sequence[str],
    frames: Sequence[StudyFrame],
    person: Person,
) -> StudyPlan:
    """Keep the plan of a study, with the seed of its orders.

    Raises InputError for a quantity that no calliper reads, raters or frames that make no study, and NotFound for a
    frame that is not there.
    """
    if quantity not in FIGURES:
        raise InputError(f"{quantity} is not read with a calliper; a study is of {', '.join(FIGURES)}")
    for one in frames:
        recording = house.studies.recording(one.recording_id)
        if not 0 <= one.frame < recording.n_frames:
            raise NotFound(f"{recording.name} has no frame {one.frame}; it has {recording.n_frames}, counted from 0")
    plan_id = house.new_id()
    seed = int.from_bytes(hashlib.sha256(plan_id.encode()).digest()[:6], "big")
    who = tuple(Person(rater).name for rater in raters)
    at = house.clock.now()
    plan = StudyPlan(plan_id, name, quantity, structure, who, tuple(frames), seed, person.name, at)
    house.studies.records.add(plan)
    return plan


def order_of(plan: StudyPlan, rater: str) -> tuple[StudyFrame, ...]:
    """Return the frames in the rater's own order. Raises NotAllowed for somebody who is no rater of the study."""
    if rater not in plan.raters:
        raise NotAllowed(f"{rater} is no rater of {plan.name}")
    frames = list(plan.frames)
    random.Random(f"{plan.seed} {rater}").shuffle(frames)  # noqa: S311 -- an order, not a secret
    return tuple(frames)


def next_task(house: House, plan_id: str, *, person: Person) -> Task | None:
    """Return what this rater reads next, None when all is read. Raises NotFound, NotAllowed."""
    plan = plan_of(house, plan_id)
    order = order_of(plan, person.name)
    done = {one.place for one in house.studies.records.readings(plan_id) if one.rater == person.name}
    place = next((place for place in range(len(order)) if place not in done), None)
    return None if place is None else Task(place, len(order), order[place].recording_id, order[place].frame)


def read(house: House, plan_id: str, place: int, points: Sequence[Point], *, person: Person) -> StudyReading:
    """Keep what a rater read at a place of their order. Raises InputError, GeometryError, Conflict, NotAllowed."""
    plan = plan_of(house, plan_id)
    order = order_of(plan, person.name)
    if not 0 <= place < len(order):
        raise NotFound(f"{plan.name} has no place {place}; it has {len(order)}, counted from 0")
    recording = house.studies.recording(order[place].recording_id)
    placed = tuple((float(x), float(y)) for x, y in points)
    with open_recording(house, recording) as source:
        geometry = source.frame(order[place].frame).geometry
    measured = measure_caliper(FIGURES[plan.quantity], placed, geometry, order[place].frame)
    if measured.value is None:
        raise InputError(f"nothing can be read there: {measured.note}")
    at = house.clock.now()
    reading = StudyReading(house.new_id(), plan_id, person.name, place, measured.value, measured.unit, at)
    house.studies.records.add(reading)
    return reading


def findings_of(house: House, plan_id: str) -> Findings:
    """Return what a study found, once every rater has read every frame. Raises NotAllowed before, and InputError."""
    plan = plan_of(house, plan_id)
    table, unit = _table(house, plan)
    ratings = table.T  # one row for each frame, one column for each rater
    several, visits = len(plan.raters) > 1, _visit_errors(plan, ratings)
    if not several and visits is None:
        raise InputError(f"{plan.name}: one rater and one visit of each tell no error; add a rater or a visit")
    error = sem(ratings, SemKind.AGREEMENT) if visits is None or several else visits[0]
    visit = None if visits is None else visits[1]
    agreement = limits_of_agreement(ratings[:, 0], ratings[:, 1]) if several and len(ratings) > 2 else None
    iccs = tuple(icc(ratings, form) for form in IccForm) if several else ()
    n_subjects = len({one.subject for one in plan.frames})
    found = Findings(iccs, error, visit, agreement, unit, n_subjects, ())
    return replace(found, words=_words(found, plan))


def keep_as_site_error(house: House, plan_id: str, *, person: Person) -> SiteError:
    """Keep what a finished study found as this site's error. Raises Conflict when it was kept before."""
    plan, found = plan_of(house, plan_id), findings_of(house, plan_id)
    known = {one.entry.id for one in house.studies.records.site_errors()}
    if plan.id in known:
        raise Conflict(f"what {plan.name} found is kept already")
    at = house.clock.now()
    error = SiteError(
        id=plan.id,
        name=plan.name,
        quantity=plan.quantity,
        structure=plan.structure,
        method=str(CALIPER_METHOD),
        device=_device(house, plan),
        unit=found.unit,
        sem=found.sem.value,
        sem_kind=found.sem.kind,
        sem_df=max(1.0, found.sem.df),
        visit=found.visit,
        day=at.date(),
        raters=plan.raters,
        n_subjects=found.n_subjects,
        who=person.name,
        at=at,
    )
    house.studies.records.add(error)
    return error


def plan_of(house: House, plan_id: str) -> StudyPlan:
    """Return a plan by its id; raises NotFound."""
    found = next((one for one in house.studies.records.plans() if one.id == plan_id), None)
    if found is None:
        raise NotFound(f"there is no reliability study {plan_id!r}")
    return found


def _table(house: House, plan: StudyPlan) -> tuple[Floats, Unit]:
    """Return what was read, shape (n_raters, n_frames) in the plan's order of frames, and its unit."""
    readings = {(one.rater, one.place): one for one in house.studies.records.readings(plan.id)}
    missing = len(plan.raters) * len(plan.frames) - len(readings)
    if missing:
        raise NotAllowed(f"{plan.name}: {missing} readings are still to be made")
    units = {one.unit for one in readings.values()}
    if len(units) > 1:
        raise InputError(f"{plan.name}: readings are in different units ({', '.join(sorted(units))})")
    table = np.empty((len(plan.raters), len(plan.frames)))
    for row, rater in enumerate(plan.raters):
        for place, frame in enumerate(order_of(plan, rater)):
            table[row, plan.frames.index(frame)] = readings[rater, place].value
    return table, units.pop()


def _visit_errors(plan: StudyPlan, ratings: Floats) -> tuple[Sem, VisitError] | None:
    """Return the errors of a reading and of a visit, or None where subjects were not all seen alike, twice or more.

    A visit may be read by any of the raters: the mean of what each alone finds, and the variance between raters on top.
    """
    each = [_nested(plan, column) for column in ratings.T]
    if each[0].size == 0:
        return None
    found = [visit_errors(one) for one in each]
    between = 0.0
    if len(found) > 1:
        both = [sem(ratings, kind).value ** 2 for kind in (SemKind.AGREEMENT, SemKind.CONSISTENCY)]
        between = max(0.0, both[0] - both[1])
    of_reading, of_visit = found[0]
    variance = float(np.mean([visit.value**2 for _, visit in found])) + between
    return of_reading, VisitError(math.sqrt(variance), of_visit.df, of_visit.n_readings)


def _nested(plan: StudyPlan, values: Floats) -> Floats:
    """Return one rater's values, shape (n_subjects, n_visits, n_frames); empty where the plan is not even."""
    cells: dict[tuple[str, int], list[float]] = {}
    for one, value in zip(plan.frames, values, strict=True):
        cells.setdefault((one.subject, one.visit), []).append(float(value))
    subjects = sorted({subject for subject, _ in cells})
    visits = sorted({visit for _, visit in cells})
    even = len(cells) == len(subjects) * len(visits) and len({len(several) for several in cells.values()}) == 1
    if not even or len(subjects) < 2 or len(visits) < 2:
        return np.empty((0, 0, 0))
    return np.array([[cells[subject, visit] for visit in visits] for subject in subjects])


def _device(house: House, plan: StudyPlan) -> str:
    """Return the device of the frames; raises InputError where they come from several."""
    devices = set()
    for recording_id in {one.recording_id for one in plan.frames}:
        with open_recording(house, house.studies.recording(recording_id)) as source:
            origin = source.header.dicom
        parts = (origin.manufacturer, origin.model_name) if origin else ()
        devices.add(" ".join(part for part in parts if part))
    if len(devices) > 1:
        raise InputError(f"{plan.name}: frames come from several devices; an error is of one device")
    return devices.pop()


def _words(found: Findings, plan: StudyPlan) -> tuple[str, ...]:
    error, unit = found.sem, found.unit.value
    told = [f"{one.form.value} {one.value:.2f} ({one.low:.2f} to {one.high:.2f})" for one in found.iccs]
    told.append(f"SEM of one reading ({error.kind.value}) {error.value:.3g} {unit}, MDC95 {error.mdc():.3g} {unit}")
    if found.agreement is not None:
        agreement, pair = found.agreement, f"{plan.raters[0]} and {plan.raters[1]}"
        limits = f"limits of agreement {agreement.low:.3g} to {agreement.high:.3g} {unit}"
        told.append(f"{pair}: bias {agreement.bias:.3g} {unit}, {limits}")
    if found.visit is None:
        told.append("No subject was seen twice in the same way: this judges readings, not visits.")
    else:
        known = KnownError("", "", unit, error, found.visit, ErrorSource.SITE, plan.name)
        least = known.least_change(found.visit.n_readings, found.visit.n_readings)
        told.append(f"SE of a visit {found.visit.value:.3g} {unit}; a change counts beyond {least:.3g} {unit}")
    return tuple(told)
