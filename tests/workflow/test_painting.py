"""People correct structures: beside the model's answer, exactly undone, and followed by every number and file."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from workflow_kit import HEIGHT, OTHER, READER, WIDTH, content, exam_with, make_house, picture_folder, plan_of

from echospine.adapters.objects import FileObjects
from echospine.adapters.sql import SqlStudies, sqlite_url
from echospine.domain.errors import (
    Conflict,
    InputError,
    NotAllowed,
    NotFound,
    StorageError,
    TooLargeError,
    UnsupportedError,
)
from echospine.domain.exams import MapWay
from echospine.domain.labels import Structure
from echospine.domain.measures import Quantity
from echospine.workflow.exam import decode, keep_map, load_interpreted, read_map
from echospine.workflow.report import build_report, render
from echospine.workflow.report.document import report_document
from echospine.workflow.review import accept_all, amend, edit_map, fill_between, map_to_paint, sign, undo
from rich_model import RichModel

MULTIFIDUS, LAMINA = Structure.MULTIFIDUS, Structure.LAMINA
WHY = "ends at the fascia"


@pytest.fixture
def house():
    return replace(make_house(), model=RichModel())


@pytest.fixture
def case(house, tmp_path):
    """An examination with a recording of seven frames that was interpreted."""
    exam, recording = exam_with(house, plan_of(picture_folder(tmp_path / "scan", rows=range(20, 27))))
    return exam.id, recording.id


def paint(house, case, frame, row, *, person=READER, revision=None):
    """Correct a frame: a square of vessel whose upper edge is `row`."""
    labels = map_to_paint(house, house.studies.load(case[0]), case[1], frame).copy()
    labels[labels == Structure.VESSEL] = MULTIFIDUS
    labels[row : row + 8, 20:28] = Structure.VESSEL
    edit_map(house, *case, frame, labels, person=person, revision=revision, reason=WHY)
    return labels


def seen(house, case, frame):
    return load_interpreted(house, house.studies.load(case[0]), case[1]).interpretations[frame]


def test_a_correction_lies_beside_the_model_with_who_when_and_why(house, case):
    before = house.studies.load(case[0])
    labels = paint(house, case, 2, 40)
    after = house.studies.load(case[0])
    assert after.recordings == before.recordings
    stored = decode(house.objects.get(after.recording(case[1]).interpretation)).interpretations[2]
    assert Structure.VESSEL not in stored.structures.structures
    (edit,) = after.maps
    assert (edit.frame, edit.way, edit.who, edit.reason) == (2, MapWay.DRAWN, READER.name, WHY)
    assert np.array_equal(read_map(house.objects, edit.digest), labels)
    corrected = seen(house, case, 2)
    assert str(corrected.method) == "rich corrected by Reader One 7"
    assert np.array_equal(corrected.structures.labels, labels)
    certain = corrected.structures.probability[labels == Structure.VESSEL]
    assert np.all(certain == 255) and corrected.structures.probability[5, 30] == 204
    assert np.array_equal(map_to_paint(house, after, case[1], 2), labels)
    assert str(seen(house, case, 3).method) == "rich 7"


def test_measurements_follow_the_bone_that_was_painted(house, case):
    labels = map_to_paint(house, house.studies.load(case[0]), case[1], 1).copy()
    labels[labels == LAMINA] = 0
    labels[50:54] = LAMINA
    edit_map(house, *case, 1, labels, person=READER, revision=None, reason=WHY)
    file = house.studies.load(case[0])
    interpreted = load_interpreted(house, file, case[1])
    assert np.all(interpreted.interpretations[1].surface(LAMINA).row_px == 50)
    assert np.all(interpreted.interpretations[1].surface(LAMINA).confidence == 1)
    depth = {m.quantity: m for m in interpreted.per_frame[1]}[Quantity.BONE_DEPTH_MIN]
    assert depth.value == pytest.approx(25.0, abs=0.3)
    assert "corrected by Reader One" in depth.method.name


def test_a_column_that_was_not_touched_keeps_its_surface(house, case):
    before = seen(house, case, 0).surface(LAMINA).row_px
    labels = map_to_paint(house, house.studies.load(case[0]), case[1], 0).copy()
    labels[:, :10] = 0
    edit_map(house, *case, 0, labels, person=READER, revision=None, reason=WHY)
    row = seen(house, case, 0).surface(LAMINA).row_px
    assert np.isnan(row[:10]).all() and np.array_equal(row[10:], before[10:])


def test_every_step_is_taken_back_exactly(house, case):
    states = [(*content(house.studies.load(case[0])), house.studies.load(case[0]).maps)]
    for frame, row in ((0, 40), (6, 46), (0, 30)):
        paint(house, case, frame, row)
        states.append((*content(house.studies.load(case[0])), house.studies.load(case[0]).maps))
    fill_between(house, *case, 0, 6, [Structure.VESSEL], person=READER, revision=None, reason=WHY)
    assert len(house.studies.load(case[0]).maps) == 7
    for state in reversed(states):
        undo(house, case[0], person=READER, revision=None)
        file = house.studies.load(case[0])
        assert (*content(file), file.maps) == state
    with pytest.raises(NotAllowed):
        undo(house, case[0], person=READER, revision=None)
    paint(house, case, 0, 30)
    paint(house, case, 0, 50, person=OTHER)
    with pytest.raises(NotAllowed, match="Reader Two has changed"):
        undo(house, case[0], person=READER, revision=None)


def test_frames_between_are_filled_and_drawn_ones_stay(house, case):
    paint(house, case, 0, 30)
    paint(house, case, 6, 42)
    drawn = paint(house, case, 3, 50)
    fill_between(house, *case, 0, 6, [Structure.VESSEL], person=READER, revision=None, reason=WHY)
    maps = {edit.frame: edit for edit in house.studies.load(case[0]).maps}
    assert [maps[frame].way.value for frame in range(7)] == [*("drawn", "between", "between") * 2, "drawn"]
    assert np.array_equal(read_map(house.objects, maps[3].digest), drawn)
    for frame, edge in ((1, 32), (2, 34), (4, 38), (5, 40)):
        labels = seen(house, case, frame).structures.labels
        found = np.flatnonzero((labels == Structure.VESSEL).any(axis=1))
        assert (found[0], found[-1]) == (edge, edge + 7)
        assert labels[5, 30] == Structure.SUBCUTANEOUS


def test_what_cannot_be_is_refused_in_one_line_and_changes_nothing(house, case):
    paint(house, case, 0, 30)
    before = house.studies.load(case[0])
    small, unknown = np.zeros((HEIGHT, WIDTH - 1), np.uint8), np.full((HEIGHT, WIDTH), 19, np.uint8)
    plain = np.zeros((HEIGHT, WIDTH), np.uint8)
    between = {"person": READER, "revision": None, "reason": WHY}
    for refused, words, call in (
        (UnsupportedError, "47 x 64 does not fit", lambda: edit_map(house, *case, 1, small, **between)),
        (UnsupportedError, "structure 19", lambda: edit_map(house, *case, 1, unknown, **between)),
        (NotFound, "no frame 7", lambda: edit_map(house, *case, 7, plain, **between)),
        (InputError, "reason", lambda: edit_map(house, *case, 1, plain, person=READER, revision=None, reason=" ")),
        (Conflict, "changed", lambda: edit_map(house, *case, 1, plain, person=READER, revision=1, reason=WHY)),
        (NotFound, "frame 6 was not corrected", lambda: fill_between(house, *case, 0, 6, [MULTIFIDUS], **between)),
        (NotFound, "no frame 9", lambda: fill_between(house, *case, 0, 9, [MULTIFIDUS], **between)),
        (UnsupportedError, "background", lambda: fill_between(house, *case, 0, 6, [Structure(0)], **between)),
    ):
        with pytest.raises(refused, match=words) as told:
            call()
        assert "\n" not in str(told.value)
    assert house.studies.load(case[0]) == before
    paint(house, case, 1, 30)
    with pytest.raises(UnsupportedError, match="no frame between"):
        fill_between(house, *case, 0, 1, [Structure.VESSEL], **between)


def test_too_many_frames_at_a_time_are_refused(house, case, monkeypatch):
    monkeypatch.setattr("echospine.workflow.review.painting.MOST_BETWEEN", 4)
    paint(house, case, 0, 30)
    paint(house, case, 6, 30)
    with pytest.raises(TooLargeError, match="5 frames lie between; at most 4"):
        fill_between(house, *case, 0, 6, [Structure.VESSEL], person=READER, revision=None, reason=WHY)


def test_a_signed_examination_is_not_painted_on_until_it_is_amended(house, case):
    accept_all(house, case[0], person=READER, revision=None)
    sign(house, case[0], person=READER, revision=None)
    with pytest.raises(NotAllowed, match="signed"):
        edit_map(house, *case, 0, np.zeros((HEIGHT, WIDTH), np.uint8), person=READER, revision=None, reason=WHY)
    amend(house, case[0], person=READER, revision=None, reason="the vessel was missed")
    paint(house, case, 0, 30)
    assert len(house.studies.load(case[0]).maps) == 1


def test_the_report_shows_who_corrected_what(house, case):
    paint(house, case, 2, 40)
    report = build_report(house, case[0])
    assert any(
        "structures corrected by Reader One" in key.caption.lower().replace("reader one", "Reader One")
        for key in report.recordings[0].key_images
    )
    (drawn,) = report_document(report)["recordings"][0]["drawn"]
    assert (drawn["kind"], drawn["way"], drawn["frame"], drawn["who"]) == ("structures", "drawn", 2, "Reader One")
    files = {file.name: file.data.decode() for file in render(report, ())}
    assert json.loads(files["report.json"])["history"][-1]["reason"]
    assert "corrected" not in files["findings.csv"]  # a vessel is no part of what was measured


def test_findings_name_who_corrected_what_they_rest_on(house, case):
    for frame in range(4):
        labels = map_to_paint(house, house.studies.load(case[0]), case[1], frame).copy()
        labels[labels == LAMINA] = MULTIFIDUS
        labels[50:54] = LAMINA
        edit_map(house, *case, frame, labels, person=READER, revision=None, reason=WHY)
    file = house.studies.load(case[0])
    depth = next(f.measurement for f in file.findings if f.measurement.quantity is Quantity.TISSUE_THICKNESS)
    assert depth.value == pytest.approx(25.0, abs=0.3)
    assert "corrected by Reader One" in depth.method.name
    table = next(f for f in render(build_report(house, case[0]), ()) if f.name == "findings.csv").data.decode()
    assert "corrected by Reader One" in table


def test_a_damaged_map_is_told_and_can_be_taken_back(house, case):
    labels = paint(house, case, 2, 40)
    digest = keep_map(house.objects, labels)
    whole = house.objects.get(digest)
    for damaged in (whole[:-3], whole[:12], b"", whole[:15] + b"\0\0\0\1" + whole[19:]):
        with pytest.raises(StorageError, match="damaged"):
            read_map(house.objects, house.objects.put(damaged))


def test_a_store_that_dies_between_map_and_change_loses_nothing(tmp_path):
    """The map is durable before the change that names it: cut off there, the examination is as it was."""

    class Cut(SqlStudies):
        cut = False

        def commit(self, write):
            if self.cut:
                raise StorageError("the power is gone")
            return super().commit(write)

    studies = Cut(sqlite_url(tmp_path / "studies.db"))
    house = replace(make_house(studies, FileObjects(tmp_path / "objects")), model=RichModel())
    exam, recording = exam_with(house, plan_of(picture_folder(tmp_path / "scan", rows=(20, 21, 22))))
    case = (exam.id, recording.id)
    paint(house, case, 0, 30)
    before = studies.load(exam.id)
    studies.cut = True
    with pytest.raises(StorageError, match="power"):
        paint(house, case, 1, 30)
    studies.close()
    again = replace(house, studies=SqlStudies(sqlite_url(tmp_path / "studies.db")))
    assert again.studies.load(exam.id) == before
    paint(again, case, 1, 30)
    assert [edit.frame for edit in again.studies.load(exam.id).maps] == [0, 1]
    again.studies.close()
