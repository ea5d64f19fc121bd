"""Labels of recordings, callipers moved by hand, frames that count: findings follow, and all can be taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from workflow_kit import OTHER, READER, make_house

from echospine.domain.errors import InputError, NotAllowed, NotFound, UncalibratedError
from echospine.domain.exams import ExamFile, ExamState, Finding
from echospine.domain.labels import Side, Structure, View
from echospine.domain.measures import CaliperKind, Decision, Naming, Quantity, Status
from echospine.domain.remarks import Measured
from echospine.domain.takes import Contraction, Taken
from echospine.ports import House, LocalFile, RecordingPlan
from echospine.workflow.exam import create_exam, import_recording, interpret_recording
from echospine.workflow.review import (
    accept_all,
    add_caliper,
    choose_frames,
    correct_caliper,
    decide,
    label_recording,
    sign,
    undo,
)
from echospine.workflow.trend import measures_of
from muscle_model import STEP_MM, MuscleModel, muscle_folder, thickness_mm

ROWS = (100, 104, 112)
THICKNESS = Measured(Structure.MULTIFIDUS, Side.UNKNOWN, Quantity.THICKNESS)
LEFT_REST = Taken(side=Side.LEFT, level="L4", state=Contraction.REST)


def house_of(model: MuscleModel) -> House:
    return replace(make_house(), model=model)


@pytest.fixture
def house() -> House:
    return house_of(MuscleModel())


def examined(
    house: House, folder: Path, rows: tuple[int, ...] = ROWS, *, spacing_mm: float | None = STEP_MM
) -> tuple[str, str]:
    """Return the ids of an examination with one interpreted recording, and of that."""
    exam = create_exam(house, title="Back", who="importer", patient_id="P-1")
    paths = sorted(muscle_folder(folder, rows).iterdir())
    plan = RecordingPlan(folder.name, tuple(LocalFile(path.name, path) for path in paths), spacing_mm)
    recording = import_recording(house, exam.id, plan, who="importer").recording
    interpret_recording(house, recording.id, who="importer")
    return exam.id, recording.id


def thickness(file: ExamFile) -> Finding:
    (found,) = [
        one
        for one in file.findings
        if (one.measurement.structure, one.measurement.quantity) == (Structure.MULTIFIDUS, Quantity.THICKNESS)
    ]
    return found


def test_a_label_names_every_finding_and_is_no_review(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one")
    before = house.studies.load(exam)
    file = label_recording(house, exam, recording, LEFT_REST, person=READER, revision=None, reason="as on the sheet")
    measured = thickness(file).measurement
    assert (measured.side, measured.level, measured.state) == (Side.LEFT, "L4", Contraction.REST)
    assert measured.value == pytest.approx(thickness_mm(104), abs=0.3)
    assert file.exam.state is ExamState.DRAFT  # more recordings may come
    assert file.taken(recording) == LEFT_REST
    said = file.history[-1]
    assert {line.action for line in file.history if line.who == READER.name} == {"label"}
    assert said.who == READER.name
    back = undo(house, exam, person=READER, revision=None)
    assert set(back.findings) == set(before.findings)
    assert back.remarks == ()


def test_a_label_given_before_is_kept_when_the_recording_is_interpreted_again(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one")
    label_recording(house, exam, recording, LEFT_REST, person=READER, revision=None)
    interpret_recording(house, recording, who="importer")
    assert thickness(house.studies.load(exam)).measurement.side is Side.LEFT


def test_another_label_follows_and_keeps_what_people_decided(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one")
    label_recording(house, exam, recording, LEFT_REST, person=READER, revision=None)
    finding = thickness(house.studies.load(exam))
    typed = Naming(Structure.MULTIFIDUS)
    ends = ((60.0, 20.0), (60.0, 100.0))
    add_caliper(house, exam, recording, 0, CaliperKind.LENGTH, ends, naming=typed, person=READER, revision=None)
    accepted = decide(house, exam, finding.id, Decision.ACCEPT, person=READER, revision=None)
    assert thickness(accepted).measurement.status is Status.ACCEPTED
    right = replace(LEFT_REST, side=Side.RIGHT)
    file = label_recording(house, exam, recording, right, person=OTHER, revision=None)
    assert thickness(file).id == finding.id
    assert thickness(file).measurement.side is Side.RIGHT
    assert thickness(file).measurement.status is Status.ACCEPTED  # the same number of another side
    (calliper,) = [one for one in file.findings if one.measurement.quantity is Quantity.LENGTH]
    assert (calliper.measurement.side, calliper.measurement.level) == (Side.RIGHT, "L4")


def test_the_view_that_a_person_names_decides_what_is_measured(tmp_path: Path) -> None:
    unsure = house_of(MuscleModel(View.MULTIFIDUS_TRANSVERSE, surely=0.4))
    exam, recording = examined(unsure, tmp_path / "one")
    areas = [f for f in unsure.studies.load(exam).findings if f.measurement.quantity is Quantity.CROSS_SECTION]
    assert areas == []
    across = Taken(view=View.MULTIFIDUS_TRANSVERSE, level="L5")
    file = label_recording(unsure, exam, recording, across, person=READER, revision=None)
    areas = [f for f in file.findings if f.measurement.quantity is Quantity.CROSS_SECTION]
    assert {f.measurement.side for f in areas} == {Side.LEFT, Side.RIGHT}
    assert {f.measurement.level for f in areas} == {"L5"}
    back = undo(unsure, exam, person=READER, revision=None)
    assert not [f for f in back.findings if f.measurement.quantity is Quantity.CROSS_SECTION]


def test_a_moved_end_counts_at_once_with_who_and_why(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one")
    ends = ((60.0, 20.0), (60.0, 120.0))
    file = correct_caliper(
        house, exam, recording, 1, THICKNESS, ends, person=READER, revision=None, reason="follows the visible edge"
    )
    measured = thickness(file).measurement
    assert measured.value == pytest.approx(thickness_mm(112), abs=0.3)  # the median of 20, 25 and 23 mm
    assert "corrected by Reader One" in measured.method.name or measured.frame != 1
    (edit,) = file.remarks_of(recording)
    assert (edit.who, edit.reason) == (READER.name, "follows the visible edge")
    assert edit.points_px == ends  # type: ignore[union-attr]
    again = correct_caliper(house, exam, recording, 1, THICKNESS, (), person=OTHER, revision=None)
    assert again.remarks == ()
    assert thickness(again).measurement.value == pytest.approx(thickness_mm(104), abs=0.3)


def test_a_single_frame_gives_exactly_what_was_drawn(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one", (100,))
    ends = ((60.0, 20.0), (63.0, 24.0))
    file = correct_caliper(house, exam, recording, 0, THICKNESS, ends, person=READER, revision=None)
    measured = thickness(file).measurement
    assert measured.value == pytest.approx(5 * STEP_MM, abs=1e-12)
    assert measured.method.name.endswith("corrected by Reader One")
    assert measured.points_px == ends


def test_what_cannot_be_a_calliper_is_refused_and_changes_nothing(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one")
    revision = house.studies.load(exam).exam.revision
    line = ((1.0, 1.0), (1.0, 9.0))
    grey = replace(THICKNESS, quantity=Quantity.ECHO_INTENSITY)
    for measured, points, error in (
        (THICKNESS, (*line, (5.0, 5.0)), InputError),
        (THICKNESS, (line[0],), InputError),
        (grey, line, InputError),
        (THICKNESS, ((1.0, 1.0), (1.0, 900.0)), UncalibratedError),
    ):
        with pytest.raises(error):
            correct_caliper(house, exam, recording, 0, measured, points, person=READER, revision=None)
    with pytest.raises(NotFound, match="no frame 3"):
        correct_caliper(house, exam, recording, 3, THICKNESS, line, person=READER, revision=None)
    assert house.studies.load(exam).exam.revision == revision


def test_an_uncalibrated_picture_refuses_millimetres(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one", spacing_mm=None)
    with pytest.raises(UncalibratedError):
        correct_caliper(
            house, exam, recording, 0, THICKNESS, ((60.0, 20.0), (60.0, 90.0)), person=READER, revision=None
        )


def test_chosen_frames_give_their_mean_and_can_all_be_left_out(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one")
    file = choose_frames(house, exam, recording, THICKNESS, [2, 0], person=READER, revision=None)
    measured = thickness(file).measurement
    assert measured.value == pytest.approx((thickness_mm(100) + thickness_mm(112)) / 2, abs=0.3)
    assert measured.n_frames == 2
    assert measured.method.name.endswith("mean of chosen frames")
    none = choose_frames(house, exam, recording, THICKNESS, [], person=READER, revision=None, reason="probe tilted")
    assert thickness(none).measurement.value is None
    assert "probe tilted" in thickness(none).measurement.note
    every = choose_frames(house, exam, recording, THICKNESS, None, person=READER, revision=None)
    assert thickness(every).measurement.value == pytest.approx(thickness_mm(104), abs=0.3)
    with pytest.raises(NotFound):
        choose_frames(house, exam, recording, THICKNESS, [7], person=READER, revision=None)


def test_a_signed_examination_is_locked(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one")
    accept_all(house, exam, person=READER, revision=None)
    sign(house, exam, person=READER, revision=None)
    ends = ((60.0, 20.0), (60.0, 90.0))
    with pytest.raises(NotAllowed, match="signed"):
        label_recording(house, exam, recording, LEFT_REST, person=READER, revision=None)
    with pytest.raises(NotAllowed, match="signed"):
        correct_caliper(house, exam, recording, 0, THICKNESS, ends, person=READER, revision=None)
    with pytest.raises(NotAllowed, match="signed"):
        choose_frames(house, exam, recording, THICKNESS, [0], person=READER, revision=None)


def test_a_named_calliper_is_followed_and_rest_is_not_contraction(house: House, tmp_path: Path) -> None:
    exam, recording = examined(house, tmp_path / "one")
    label_recording(house, exam, recording, LEFT_REST, person=READER, revision=None)
    ends = ((60.0, 20.0), (60.0, 100.0))
    bare, named = Naming(), Naming(Structure.MULTIFIDUS)
    contracted = Naming(Structure.MULTIFIDUS, Side.LEFT, "L4", Contraction.CONTRACTED)
    for naming in (bare, named, contracted):
        add_caliper(house, exam, recording, 0, CaliperKind.LENGTH, ends, naming=naming, person=READER, revision=None)
    titles = [one.measure.title for one in measures_of(house, "P-1") if one.measure.quantity is Quantity.LENGTH]
    assert sorted(titles) == [
        "Length, multifidus, left, L4, at rest",
        "Length, multifidus, left, L4, contracted",
    ]
