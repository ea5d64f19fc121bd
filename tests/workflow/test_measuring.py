"""The board of muscles: sides and states beside each other, figures with their definitions, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from workflow_kit import READER, make_house

from echospine.domain.exams import ExamFile
from echospine.domain.labels import Side, Structure, View, WallMuscle
from echospine.domain.measures import Decision, Quantity
from echospine.domain.remarks import Measured
from echospine.domain.takes import Contraction, Taken
from echospine.ports import House, LocalFile, RecordingPlan
from echospine.workflow.exam import create_exam, import_recording, interpret_recording
from echospine.workflow.measuring import Board, Cell, Figure, Row, board_of, measured_in
from echospine.workflow.review import choose_frames, correct_caliper, decide, label_recording
from muscle_model import STEP_MM, MuscleModel, muscle_folder, thickness_mm

REST, CONTRACTED = Contraction.REST, Contraction.CONTRACTED


@pytest.fixture
def house() -> House:
    return replace(make_house(), model=MuscleModel())


def add(house: House, exam: str, folder: Path, rows: tuple[int, ...], taken: Taken, seed: int = 0) -> str:
    """Import, interpret and label one recording; return its id."""
    paths = sorted(muscle_folder(folder, rows, seed).iterdir())
    plan = RecordingPlan(folder.name, tuple(LocalFile(path.name, path) for path in paths), STEP_MM)
    recording = import_recording(house, exam, plan, who="importer").recording
    interpret_recording(house, recording.id, who="importer")
    label_recording(house, exam, recording.id, taken, person=READER, revision=None)
    return recording.id


def board(house: House, exam: str) -> Board:
    file: ExamFile = house.studies.load(exam)
    return board_of(file, lambda recording: measured_in(house, file, recording))


def row_of(found: Board, quantity: Quantity = Quantity.THICKNESS, part: object = Structure.MULTIFIDUS) -> Row:
    (row,) = [one for one in found.rows if (one.structure, one.quantity) == (part, quantity)]
    return row


def cell_of(row: Row, side: Side, state: Contraction) -> Cell:
    (cell,) = [one for one in row.cells if (one.side, one.state) == (side, state)]
    return cell


def figure(row: Row, name: str, of: str, words: str = "") -> Figure:
    (found,) = [one for one in row.figures if (one.name, one.of) == (name, of) and words in one.definition]
    return found


def exam_of(house: House) -> str:
    return create_exam(house, title="Back", who="importer", patient_id="P-1").id


def test_left_and_right_at_rest_and_contracted_make_every_figure(house: House, tmp_path: Path) -> None:
    exam = exam_of(house)
    shown = {
        (Side.LEFT, REST): 100,
        (Side.LEFT, CONTRACTED): 124,
        (Side.RIGHT, REST): 92,
        (Side.RIGHT, CONTRACTED): 110,
    }
    for n, ((side, state), line) in enumerate(shown.items()):
        taken = Taken(side=side, level="L4", state=state)
        add(house, exam, tmp_path / f"{side}-{state}", (line, line + 1, line + 2), taken, seed=10 * n)
    row = row_of(board(house, exam))
    assert row.level == "L4"
    assert {(cell.side, cell.state) for cell in row.cells} == set(shown)
    found = {at: cell_of(row, *at) for at in shown}
    for at, line in shown.items():
        assert found[at].value == pytest.approx(thickness_mm(line + 1), abs=0.3)
        assert found[at].n_frames == 3
        assert found[at].how == "median of 3 frames"
        assert found[at].spread == pytest.approx(STEP_MM, abs=0.05)
    rest, contracted = found[Side.LEFT, REST].value, found[Side.LEFT, CONTRACTED].value
    right = found[Side.RIGHT, REST].value
    assert rest
    assert contracted
    assert right
    change = figure(row, "Percent change", "left")
    assert change.value == pytest.approx(100 * (contracted - rest) / rest)
    assert change.definition == "(contracted - rest) / rest"
    assert change.sd
    assert figure(row, "Contraction ratio", "left").value == pytest.approx(contracted / rest)
    larger, mean = (figure(row, "Asymmetry", "at rest", words) for words in ("larger", "mean"))
    assert larger.value == pytest.approx(100 * (rest - right) / rest)
    assert mean.value == pytest.approx(100 * (rest - right) / (0.5 * (rest + right)))


def test_a_missing_side_is_said_and_the_rest_is_done(house: House, tmp_path: Path) -> None:
    exam = exam_of(house)
    add(house, exam, tmp_path / "one", (100,), Taken(side=Side.LEFT, level="L4", state=REST))
    row = row_of(board(house, exam))
    cell = cell_of(row, Side.LEFT, REST)
    assert (cell.how, cell.spread, cell.n_frames) == ("one frame", None, 1)
    assert figure(row, "Percent change", "left").refused == "no value of the left side contracted"
    assert figure(row, "Asymmetry", "at rest", "larger").refused == "no value of the right side at rest"
    assert [one for one in row.figures if one.of == "right"] == []


def test_corrections_and_chosen_frames_are_what_the_board_shows(house: House, tmp_path: Path) -> None:
    exam = exam_of(house)
    recording = add(house, exam, tmp_path / "one", (100, 104), Taken(side=Side.LEFT, level="L4", state=REST))
    measured = Measured(Structure.MULTIFIDUS, Side.UNKNOWN, Quantity.THICKNESS)
    ends = ((60.0, 20.0), (60.0, 140.0))
    correct_caliper(house, exam, recording, 0, measured, ends, person=READER, revision=None, reason="edge")
    choose_frames(house, exam, recording, measured, [0], person=READER, revision=None)
    cell = cell_of(row_of(board(house, exam)), Side.LEFT, REST)
    assert cell.value == pytest.approx(120 * STEP_MM)
    first, second = cell.shown[0].repeats
    assert (first.counts, second.counts) == (True, False)
    assert first.by is not None
    assert first.by.reason == "edge"
    assert first.points_px == ends
    assert cell.how == "mean of one frame, chosen by Reader One"


def test_a_typed_value_and_a_rejected_one_are_respected(house: House, tmp_path: Path) -> None:
    exam = exam_of(house)
    for side in (Side.LEFT, Side.RIGHT):
        add(house, exam, tmp_path / side, (100,), Taken(side=side, level="L4", state=REST), seed=len(side))
    file = house.studies.load(exam)
    mine = {
        f.measurement.side: f
        for f in file.findings
        if (f.measurement.structure, f.measurement.quantity) == (Structure.MULTIFIDUS, Quantity.THICKNESS)
    }
    decide(house, exam, mine[Side.LEFT].id, Decision.EDIT, value=31.0, reason="by hand", person=READER, revision=None)
    decide(house, exam, mine[Side.RIGHT].id, Decision.REJECT, reason="tilted", person=READER, revision=None)
    row = row_of(board(house, exam))
    assert cell_of(row, Side.LEFT, REST).value == 31.0
    assert cell_of(row, Side.LEFT, REST).how == "typed by Reader One"
    assert cell_of(row, Side.RIGHT, REST).value is None
    assert "tilted" in cell_of(row, Side.RIGHT, REST).how
    assert figure(row, "Asymmetry", "at rest", "larger").value is None


def test_echo_of_two_recordings_is_not_compared_and_of_one_picture_is(tmp_path: Path) -> None:
    along = replace(make_house(), model=MuscleModel())
    exam = exam_of(along)
    for side in (Side.LEFT, Side.RIGHT):
        add(along, exam, tmp_path / side, (100,), Taken(side=side, level="L4", state=REST), seed=len(side))
    refused = figure(row_of(board(along, exam), Quantity.ECHO_INTENSITY), "Difference of sides", "at rest")
    assert refused.value is None
    assert "the gain is not known" in refused.refused

    across = replace(make_house(), model=MuscleModel(View.MULTIFIDUS_TRANSVERSE))
    exam = exam_of(across)
    add(across, exam, tmp_path / "both", (100,), Taken(level="L4", state=REST))
    found = board(across, exam)
    sides = row_of(found, Quantity.ECHO_INTENSITY)
    left, right = (cell_of(sides, side, REST).value for side in (Side.LEFT, Side.RIGHT))
    assert left
    assert right
    assert figure(sides, "Difference of sides", "at rest").value == pytest.approx(left - right)
    area = cell_of(row_of(found, Quantity.CROSS_SECTION), Side.LEFT, REST)
    outline = area.shown[0].repeats[0].points_px
    assert 3 <= len(outline) <= 24
    xs, ys = zip(*outline, strict=True)
    assert 7 < min(xs) < max(xs) < 49  # left of the gap
    assert 19 < min(ys) < max(ys) < 101


def test_the_abdominal_wall_is_taken_by_hand_and_makes_preferential_activation(tmp_path: Path) -> None:
    house = replace(make_house(), model=MuscleModel(View.OTHER))
    exam = exam_of(house)
    at = {REST: (4.0, 8.0, 6.0), CONTRACTED: (7.0, 8.5, 6.0)}
    made = {
        state: add(
            house, exam, tmp_path / state, (100,), Taken(View.ABDOMINAL_WALL_LATERAL, Side.LEFT, "", state), seed=n
        )
        for n, state in enumerate(at)
    }
    for state, thick in at.items():
        for muscle, mm in zip(WallMuscle, thick, strict=True):
            measured = Measured(muscle, Side.UNKNOWN, Quantity.THICKNESS)
            ends = ((60.0, 20.0), (60.0, 20.0 + mm / STEP_MM))
            correct_caliper(house, exam, made[state], 0, measured, ends, person=READER, revision=None)
    row = row_of(board(house, exam), part=WallMuscle.TRANSVERSUS_ABDOMINIS)
    assert figure(row, "Percent change", "left").value == pytest.approx(75.0)
    share = figure(row, "Preferential activation", "left")
    assert share.value == pytest.approx(7 / 21.5 - 4 / 18)
    assert share.sd is None  # nobody knows how exact a hand is
    oblique = row_of(board(house, exam), part=WallMuscle.EXTERNAL_OBLIQUE)
    assert [one for one in oblique.figures if one.name == "Preferential activation"] == []
