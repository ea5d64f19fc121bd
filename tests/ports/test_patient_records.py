"""What every store of entries beside examinations promises; and who is found by their examinations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from echospine.domain.errors import Conflict, InputError, NotFound
from echospine.domain.labels import Structure
from echospine.domain.measures import Quantity
from echospine.domain.trends import (
    Entry,
    Instrument,
    Kept,
    Mark,
    MarkKind,
    Patient,
    Score,
    SemKind,
    SiteError,
    StudyFrame,
    StudyPlan,
    StudyReading,
    VisitError,
    Withdrawal,
)
from echospine.domain.units import Unit
from echospine.ports import StudyStore
from store_samples import MOMENT, make_change, make_exam

DAY = date(2026, 3, 2)
MARK = Mark("m1", "P-1", DAY, MarkKind.INJECTION, "facet L4/5, left", "Reader One", MOMENT)
SCORE = Score("s1", "P-1", DAY, Instrument.ODI, (1, 2, None, *[0] * 7), 1 / 3, "Reader One", MOMENT)
ERROR = SiteError(
    id="e1",
    name="spring study",
    quantity=Quantity.LENGTH,
    structure=Structure.MULTIFIDUS,
    method="calliper 1",
    device="",
    unit=Unit.MM,
    sem=0.1 + 0.2,
    sem_kind=SemKind.AGREEMENT,
    sem_df=17.3,
    visit=VisitError(0.7, 10, 3),
    day=DAY,
    raters=("Reader One", "Reader Two"),
    n_subjects=10,
    who="Reader One",
    at=MOMENT,
)
FRAMES = (StudyFrame("a", 1, "rec-1", 0), StudyFrame("a", 2, "rec-1", 7))
PLAN = StudyPlan("p1", "spring", Quantity.LENGTH, Structure.MULTIFIDUS, ("R1", "R2"), FRAMES, 7, "R1", MOMENT)
READING = StudyReading("r1", "p1", "R1", 0, 5e-324, Unit.MM, MOMENT)


def test_entries_come_back_to_the_last_bit(open_studies: Callable[[], StudyStore]) -> None:
    other = replace(ERROR, id="e2", visit=None)
    for entry in (SCORE, MARK, ERROR, other, PLAN, READING):
        open_studies().records.add(entry)
    records = open_studies().records
    assert records.of_patient("P-1") == (Kept(MARK), Kept(SCORE))
    assert records.site_errors() == (Kept(ERROR), Kept(other))
    assert records.plans() == (PLAN,)
    assert records.readings("p1") == (READING,)
    assert repr(records.readings("p1")) == repr((READING,))


def test_entries_stand_in_the_order_of_their_days(studies: StudyStore) -> None:
    late = replace(MARK, id="m2", day=DAY + timedelta(30))
    early = replace(SCORE, id="s0", day=DAY - timedelta(9))
    for entry in (late, MARK, early):
        studies.records.add(entry)
    assert [one.entry.id for one in studies.records.of_patient("P-1")] == ["s0", "m1", "m2"]
    assert studies.records.of_patient("P-2") == studies.records.of_patient("nul\0") == ()


def test_an_entry_that_was_wrong_is_withdrawn_and_stays_readable(studies: StudyStore) -> None:
    studies.records.add(MARK)
    studies.records.add(ERROR)
    taken_back = Withdrawal("m1", "wrong patient", "Reader Two", MOMENT)
    studies.records.withdraw(taken_back)
    studies.records.withdraw(replace(taken_back, entry_id="e1"))
    assert studies.records.of_patient("P-1") == (Kept(MARK, taken_back),)
    assert studies.records.site_errors()[0].withdrawn is not None
    with pytest.raises(Conflict):
        studies.records.withdraw(taken_back)
    with pytest.raises(NotFound, match="nothing"):
        studies.records.withdraw(replace(taken_back, entry_id="nothing"))


@pytest.mark.parametrize("entry", [MARK, SCORE, ERROR, PLAN])
def test_an_id_is_taken_once(studies: StudyStore, entry: Entry) -> None:
    studies.records.add(entry)
    with pytest.raises(Conflict):
        studies.records.add(entry)


def test_a_rater_reads_each_frame_once_and_only_of_a_study_that_is_there(studies: StudyStore) -> None:
    with pytest.raises(NotFound, match="p1"):
        studies.records.add(READING)
    studies.records.add(PLAN)
    studies.records.add(READING)
    with pytest.raises(Conflict):
        studies.records.add(replace(READING, id="r2"))
    studies.records.add(replace(READING, id="r3", rater="R2"))
    assert [one.rater for one in studies.records.readings("p1")] == ["R1", "R2"]
    assert studies.records.readings("other") == ()


def test_what_no_database_keeps_is_refused(studies: StudyStore) -> None:
    with pytest.raises(InputError):
        studies.records.add(replace(MARK, patient="half \udc80"))
    with pytest.raises(InputError):
        studies.records.add(replace(SCORE, at=MOMENT.replace(tzinfo=None)))


def test_patients_are_found_by_their_number_or_else_by_their_name(studies: StudyStore) -> None:
    made = [
        make_exam("e1", minutes=1),
        make_exam("e2", minutes=3, patient_name="Doe, Jane"),
        make_exam("e3", minutes=2, patient_id="", patient_name="P. Nameless"),
        make_exam("e4", minutes=4, patient_id="", patient_name=""),
    ]
    for exam in made:
        studies.create(exam, make_change())
    at = {exam.id: exam.created_at for exam in made}
    assert studies.patients() == (
        Patient("P-001", "Doe^Jane", 2, at["e2"]),
        Patient("P. Nameless", "P. Nameless", 1, at["e3"]),
    )
    assert [exam.id for exam in studies.exams_of("P-001")] == ["e1", "e2"]
    assert [exam.id for exam in studies.exams_of("P. Nameless")] == ["e3"]
    assert studies.exams_of("") == studies.exams_of("Doe^Jane") == studies.exams_of("nul\0") == ()
