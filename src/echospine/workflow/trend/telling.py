"""Did it change? Asked of one measure of one patient."""

from __future__ import annotations

from collections.abc import Sequence

from echospine.domain.errors import InputError, NotFound
from echospine.domain.labels import Part, Side
from echospine.domain.measures import Quantity
from echospine.domain.takes import Contraction
from echospine.domain.trends import Mark, Score, SiteError
from echospine.domain.units import Unit
from echospine.engine.trend import (
    Beside,
    ErrorSource,
    KnownError,
    Measure,
    Sem,
    Story,
    Visit,
    cited_error,
    day_text,
    tell,
)
from echospine.ports import House
from echospine.workflow.trend.gathering import comparable, gather, measures_of, of_measure, visits_of


def trend_of(house: House, patient: str, measure: Measure) -> Story:
    """Return the story of a measure: every visit judged by this site's error of it, else by a published one.

    Readings by other methods, devices or in other units are left out, and the story says which and why. Raises
    NotFound where the patient has no examination.
    """
    _require_patient(house, patient)
    asked, sideless = of_measure(gather(house, patient), measure)
    kept, others = comparable(asked)
    visits = visits_of(kept)
    records = [one.entry for one in house.studies.records.of_patient(patient) if one.withdrawn is None]
    beside = Beside(
        tuple(one for one in records if isinstance(one, Mark)),
        tuple(one for one in records if isinstance(one, Score)),
        (*others, *sideless),
    )
    return tell(patient, measure, visits, known_error(house, measure, visits), beside)


def one_measure(
    house: House,
    patient: str,
    *,
    quantity: Quantity | None = None,
    structure: Part | None = None,
    side: Side | None = None,
    level: str | None = None,
    state: Contraction | None = None,
) -> Measure:
    """Return the one measure of a patient that fits what was said of it; what was not said fits all.

    Raises NotFound where the patient has no examination or no such measure, InputError that lists them where there
    are several.
    """
    _require_patient(house, patient)
    known = [one.measure for one in measures_of(house, patient)]
    wanted = (quantity, structure, side, level, state)
    fitting = [one for one in known if _fits(one, wanted)]
    if len(fitting) == 1:
        return fitting[0]
    if quantity is not None and structure is not None and side is not None and level is not None:
        return Measure(quantity, structure, side, level, state or Contraction.UNKNOWN)
    listed = "; ".join(one.title for one in (fitting or known)) or "nothing that was measured"
    if fitting:
        raise InputError(f"{patient}: say which one, by quantity, structure, side, level or state; there is {listed}")
    raise NotFound(f"{patient}: has no such measure; there is {listed}")


def known_error(house: House, measure: Measure, visits: Sequence[Visit]) -> KnownError | None:
    """Return the error of measurement that visits are judged by, or None where nobody knows it.

    This site's latest study of the quantity by the same method on the same device; where it did not look at visits, or
    there is none, a published one.
    """
    if not visits:
        return None
    reading = visits[0].reading
    method, device, unit = reading.method, reading.device, Unit(reading.unit)
    own = [
        one.entry
        for one in house.studies.records.site_errors()
        if one.withdrawn is None and isinstance(one.entry, SiteError)
    ]
    fitting = [
        one
        for one in own
        if (one.quantity, one.structure, one.unit) == (measure.quantity, measure.structure, unit)
        and (one.method, one.device) == (method, device)
    ]
    fitting.sort(key=lambda one: (one.day, one.at))
    of_visits = [one for one in fitting if one.visit is not None]
    if of_visits:
        return _of_site(of_visits[-1])
    cited = cited_error(measure.quantity.value, measure.structure, unit, method)
    return cited or (_of_site(fitting[-1]) if fitting else None)


def _of_site(error: SiteError) -> KnownError:
    return KnownError(
        error.quantity.value,
        error.method,
        error.unit.value,
        Sem(error.sem, error.sem_kind, error.sem_df),
        error.visit,
        ErrorSource.SITE,
        f"{error.name}, {day_text(error.day)}",
    )


def _fits(measure: Measure, wanted: tuple[object, ...]) -> bool:
    have = (measure.quantity, measure.structure, measure.side, measure.level, measure.state)
    return all(one is None or one == other for one, other in zip(wanted, have, strict=True))


def _require_patient(house: House, patient: str) -> None:
    if not house.studies.exams_of(patient):
        known = [one.key for one in house.studies.patients()[:5]]
        there = f"; there is {', '.join(known)}" if known else ""
        raise NotFound(f"there is no examination of a patient {patient!r}{there}")
