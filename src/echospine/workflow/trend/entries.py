"""People write down what was done to a patient and what the patient answered; and take back what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from echospine.domain.errors import InputError
from echospine.domain.people import Person
from echospine.domain.trends import Instrument, Mark, MarkKind, Score, Withdrawal
from echospine.engine.trend import score
from echospine.ports import House

EARLIEST = date(1900, 1, 1)


def add_mark(house: House, patient: str, day: date, kind: MarkKind, text: str, *, person: Person) -> Mark:
    """Keep a treatment or injection. Raises InputError for a day to come or a text that is missing."""
    _require_day(house, day)
    mark = Mark(house.new_id(), patient, day, kind, text, person.name, house.clock.now())
    house.studies.records.add(mark)
    return mark


def add_score(
    house: House,
    patient: str,
    day: date,
    instrument: Instrument,
    answers: Sequence[int | None],
    *,
    person: Person,
) -> Score:
    """Keep a questionnaire with the total that its rules give. Raises InputError for answers that cannot be scored."""
    _require_day(house, day)
    total = score(instrument, answers)
    kept = Score(house.new_id(), patient, day, instrument, tuple(answers), total, person.name, house.clock.now())
    house.studies.records.add(kept)
    return kept


def withdraw(house: House, entry_id: str, *, reason: str, person: Person) -> Withdrawal:
    """Let an entry no longer count; it stays readable. Raises NotFound, Conflict, InputError without a reason."""
    withdrawal = Withdrawal(entry_id, reason, person.name, house.clock.now())
    house.studies.records.withdraw(withdrawal)
    return withdrawal


def _require_day(house: House, day: date) -> None:
    """Raise InputError for a day that cannot be; one day ahead is somebody else's today."""
    if not day >= EARLIEST or (day - house.clock.now().date()).days > 1:
        raise InputError(f"{day.isoformat()} is not a day in the past; check the year")
