"""A reliability study from plan to this site's error: blind, shuffled, and as exact as what was put in."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from workflow_kit import OTHER, READER, STEP_MM, exam_with, make_house, picture_folder, plan_of

from echospine.domain.errors import Conflict, InputError, NotAllowed, NotFound, UncalibratedError
from echospine.domain.labels import Structure
from echospine.domain.measures import Quantity
from echospine.domain.people import Person
from echospine.domain.trends import SemKind, StudyFrame, StudyPlan
from echospine.engine.trend import IccForm, sem
from echospine.ports import House
from echospine.workflow.trend import findings_of, keep_as_site_error, next_task, order_of, plan_study, read

N_PEOPLE = 6
RATERS = (READER.name, OTHER.name)


@pytest.fixture
def house() -> House:
    return make_house()


def planned(house: House, folder: Path, raters: tuple[str, ...] = RATERS, spacing_mm: float | None = STEP_MM):
    """Six people seen twice, two frames at each visit, in one recording of 24 pictures."""
    rows = [10 + n % 12 for n in range(4 * N_PEOPLE)]
    _, recording = exam_with(house, plan_of(picture_folder(folder / "all", rows), spacing_mm), interpret=False)
    frames = [StudyFrame(f"S{n // 4}", 1 + n % 4 // 2, recording.id, n) for n in range(4 * N_PEOPLE)]
    return plan_study(
        house,
        name="Spring study",
        quantity=Quantity.LENGTH,
        structure=Structure.MULTIFIDUS,
        raters=raters,
        frames=frames,
        person=READER,
    )


def truths(rng: np.random.Generator) -> np.ndarray:
    """Lengths of the frames, px: people differ by 4, visits by 1."""
    people = 20 + rng.normal(0, 4, (N_PEOPLE, 1, 1))
    return (people + rng.normal(0, 1, (N_PEOPLE, 2, 1)) + np.zeros((1, 1, 2))).ravel()


def carry_out(house: House, plan: StudyPlan, values: dict[str, np.ndarray]) -> None:
    """Have every rater read every frame, each in the order that is handed out."""
    for rater in plan.raters:
        person = Person(rater)
        while (task := next_task(house, plan.id, person=person)) is not None:
            length = float(values[rater][task.frame])
            read(house, plan.id, task.place, [(5.0, 5.0), (5.0, 5.0 + length)], person=person)


def test_each_rater_gets_all_frames_in_an_order_of_their_own_and_sees_nothing_else(house: House, tmp_path: Path):
    plan = planned(house, tmp_path)
    orders = [order_of(plan, rater) for rater in RATERS]
    assert orders[0] != orders[1] and plan.frames not in orders
    assert set(orders[0]) == set(orders[1]) == set(plan.frames)
    assert order_of(plan, RATERS[0]) == orders[0], "it is the same whenever it is asked for"
    task = next_task(house, plan.id, person=READER)
    assert task is not None
    assert set(type(task).__slots__) == {"place", "total", "recording_id", "frame"}, "no subject, visit or value"
    read(house, plan.id, task.place, [(5.0, 5.0), (5.0, 25.0)], person=READER)
    other = next_task(house, plan.id, person=OTHER)
    assert other is not None and other.place == 0, "what one reads tells the other nothing"
    with pytest.raises(Conflict):
        read(house, plan.id, task.place, [(5.0, 5.0), (5.0, 30.0)], person=READER)
    with pytest.raises(NotAllowed, match="no rater"):
        next_task(house, plan.id, person=Person("Passer By"))
    with pytest.raises(NotAllowed, match="47 readings are still to be made"):
        findings_of(house, plan.id)


def test_what_raters_read_becomes_the_error_of_this_site(house: House, tmp_path: Path):
    plan, rng = planned(house, tmp_path), np.random.default_rng(3)
    truth = truths(rng)
    values = {
        rater: truth + bias + rng.normal(0, 0.5, truth.size) for rater, bias in zip(RATERS, (0.0, 0.8), strict=True)
    }
    carry_out(house, plan, values)
    found = findings_of(house, plan.id)
    table = np.column_stack([values[rater] for rater in RATERS]) * STEP_MM
    assert found.sem.value == pytest.approx(sem(table, SemKind.AGREEMENT).value)
    assert {one.form for one in found.iccs} == set(IccForm)
    assert found.agreement is not None
    assert found.agreement.bias == pytest.approx(float((table[:, 0] - table[:, 1]).mean()))
    assert found.visit is not None and found.visit.n_readings == 2 and found.visit.df == N_PEOPLE
    expected = STEP_MM * math.sqrt(1 + 0.25 / 2 + 0.32)  # placing, two readings, and raters 0.8 px apart
    assert found.visit.value == pytest.approx(expected, rel=0.5)
    assert any(line.startswith("Reader One and Reader Two: bias -0.") for line in found.words)
    assert found.words[-1].startswith("SE of a visit ") and "a change counts beyond" in found.words[-1]
    kept = keep_as_site_error(house, plan.id, person=READER)
    assert kept.method == "calliper 1" and kept.n_subjects == N_PEOPLE and kept.raters == RATERS
    assert house.studies.records.site_errors()[0].entry == kept
    with pytest.raises(Conflict, match="kept already"):
        keep_as_site_error(house, plan.id, person=READER)


def test_one_rater_and_two_visits_are_enough_for_an_error_of_visits(house: House, tmp_path: Path):
    plan, rng = planned(house, tmp_path, (READER.name,)), np.random.default_rng(5)
    carry_out(house, plan, {READER.name: truths(rng) + rng.normal(0, 0.5, 4 * N_PEOPLE)})
    found = findings_of(house, plan.id)
    assert found.iccs == () and found.agreement is None
    assert found.visit is not None and found.sem.kind is SemKind.WITHIN


def test_what_is_no_study_is_refused_in_words(house: House, tmp_path: Path):
    plan = planned(house, tmp_path)
    frames, rest = plan.frames, {"structure": Structure.MULTIFIDUS, "person": READER}
    with pytest.raises(InputError, match="not read with a calliper"):
        plan_study(house, name="x", quantity=Quantity.TISSUE_GREY, raters=RATERS, frames=frames, **rest)
    with pytest.raises(InputError, match="named once"):
        plan_study(house, name="x", quantity=Quantity.LENGTH, raters=("A", "A"), frames=frames, **rest)
    with pytest.raises(InputError, match="two frames or more"):
        plan_study(house, name="x", quantity=Quantity.LENGTH, raters=RATERS, frames=frames[:1], **rest)
    gone = [*frames[:2], StudyFrame("S", 1, frames[0].recording_id, 99)]
    with pytest.raises(NotFound, match="no frame 99"):
        plan_study(house, name="x", quantity=Quantity.LENGTH, raters=RATERS, frames=gone, **rest)


def test_a_frame_without_a_scale_cannot_be_read(house: House, tmp_path: Path):
    plan = planned(house, tmp_path, spacing_mm=None)
    with pytest.raises(UncalibratedError):
        read(house, plan.id, 0, [(5.0, 5.0), (5.0, 25.0)], person=READER)
