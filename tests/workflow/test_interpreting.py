"""From pictures to drafts: what is measured, what is kept, and what is never touched."""

from __future__ import annotations

import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from workflow_kit import (
    HEIGHT,
    READER,
    STEP_MM,
    WIDTH,
    LineModel,
    exam_with,
    make_house,
    picture,
    picture_folder,
    plan_of,
)

from echospine.adapters.objects import MemoryObjects
from echospine.domain.errors import InputError, NotAllowed, NotFound, StorageError, TruncatedError
from echospine.domain.exams import ExamState
from echospine.domain.frames import Frame, RecordingHeader, TimeSource
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.measures import Decision, Quantity, Status
from echospine.domain.poses import Pose
from echospine.ports import LocalFile, RecordingPlan
from echospine.workflow.exam import (
    create_exam,
    each_interpretation,
    import_recording,
    interpret_recording,
    interpret_source,
    load_interpreted,
)
from echospine.workflow.review import decide

Q = Quantity


class Made:
    """A recording that makes its frames when they are asked for; some cannot be decoded."""

    def __init__(self, rows, *, damaged=(), poses=None, times_s=(), size=(WIDTH, HEIGHT), step_mm=STEP_MM):
        self.rows, self.damaged, self.poses = rows, damaged, poses
        geometry = ImageGeometry.uniform(*size, step_mm, step_mm, Spacing.USER)
        source = TimeSource.TIMESTAMP if times_s else TimeSource.NONE
        self.header = RecordingHeader(
            "made", "made", len(rows), geometry, time_source=source, times_s=times_s, tracked=poses is not None
        )

    def frame(self, index):
        if index in self.damaged:
            raise TruncatedError(f"made: frame {index} is damaged")
        geometry = self.header.geometry
        pixels = picture(self.rows[index], seed=index, width=geometry.width, height=geometry.height)
        return Frame(pixels, geometry, index, poses=self.poses[index] if self.poses else ())

    def __len__(self):
        return len(self.rows)


@pytest.fixture
def folder(tmp_path):
    return picture_folder(tmp_path / "left", (20, 22, 24))


def values(measured):
    return {one.quantity: one.value for one in measured}


def test_depths_are_what_was_drawn_with_frame_doubt_and_method():
    interpreted = interpret_source(LineModel(), Made([20, 22, 24]))
    assert [values(several)[Q.BONE_DEPTH_MIN] for several in interpreted.per_frame] == [10.0, 11.0, 12.0]
    (depth,) = [one for one in interpreted.summary if one.quantity is Q.BONE_DEPTH_MIN]
    assert (depth.value, depth.frame, depth.n_frames, depth.status) == (11.0, 1, 3, Status.DRAFT)
    assert depth.uncertainty == pytest.approx(1.4826, rel=0.02)
    assert str(depth.method) == "line finder 1, tissue over bone 1", "both who saw it and who measured it"
    assert len({one.quantity for one in interpreted.summary}) == len(interpreted.summary)


def test_frames_keep_their_places_when_some_cannot_be_decoded():
    told = []
    interpreted = interpret_source(
        LineModel(), Made([20, 21, 22, 23, 24], damaged={1, 3}), lambda *progress: told.append(progress)
    )
    assert [i.frame_index for i in interpreted.interpretations] == [0, 1, 2, 3, 4]
    assert [bool(several) for several in interpreted.per_frame] == [True, False, True, False, True]
    assert interpreted.interpretations[3].surfaces == ()
    assert interpreted.interpretations[3].quality.score == 0
    assert interpreted.interpretations[3].quality.reasons == ("made: frame 3 is damaged",)
    assert interpreted.notes == ("2 of 5 frames cannot be decoded and were left out.",)
    assert told == [(n, 5) for n in range(1, 6)]
    assert interpreted.summary[0].n_frames == 3


def test_a_recording_without_one_good_frame_is_refused():
    with pytest.raises(TruncatedError, match="frame 0 is damaged"):
        interpret_source(LineModel(), Made([20, 21], damaged={0, 1}))


def test_a_long_recording_is_walked_in_constant_memory():
    source = Made([20] * 60, size=(1000, 1000))
    tracemalloc.start()
    for _, seen in each_interpretation(LineModel(), source):
        assert seen.surfaces
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 45e6, "60 frames of 1 MB each, of which the survey holds 9 and the model needs 8 times one"


# --- sweeps


def placed(x_mm):
    shift = np.eye(4)
    shift[0, 3] = x_mm
    scale = np.diag([STEP_MM, STEP_MM, 1.0, 1.0])
    return (Pose("Tracker", "Probe", shift), Pose("Tracker", "Reference", np.eye(4)), Pose("Probe", "Image", scale))


def test_a_tracked_sweep_is_measured_too():
    poses = [placed(2.0 * n) for n in range(11)]
    interpreted = interpret_source(LineModel(), Made([20] * 11, poses=poses, times_s=tuple(0.1 * n for n in range(11))))
    measured = values(interpreted.summary)
    assert measured[Q.SWEEP_LENGTH] == pytest.approx(20.0)
    assert measured[Q.SWEEP_SPEED] == pytest.approx(20.0)


def test_a_sweep_without_a_reference_is_measured_against_the_tracker():
    poses = [(placed(2.0 * n)[0], placed(0)[2]) for n in range(5)]
    measured = values(interpret_source(LineModel(), Made([20] * 5, poses=poses)).summary)
    assert measured[Q.SWEEP_LENGTH] == pytest.approx(8.0)
    assert measured[Q.SWEEP_SPEED] is None


def test_a_sweep_without_calibration_says_what_is_missing():
    poses = [placed(2.0 * n)[:2] for n in range(5)]
    (length, speed) = interpret_source(LineModel(), Made([20] * 5, poses=poses)).summary[-2:]
    assert (length.value, speed.value) == (None, None)
    assert "PLUS configuration" in length.note


def test_an_untracked_recording_has_no_sweep():
    measured = values(interpret_source(LineModel(), Made([20, 21])).summary)
    assert not {Q.SWEEP_LENGTH, Q.SWEEP_SPEED} & measured.keys()


def test_the_real_phantom_sweep_is_measured(shared_data):
    plus = shared_data / "plus"
    names = ("SpinePhantomFreehand.igs.mha", "PlusDeviceSet_SpinePhantomFreehandReconstructionOnly.xml")
    plan = RecordingPlan(names[0], tuple(LocalFile(name, plus / name) for name in names))
    with make_house().reader.open(plan) as source:
        measured = values(interpret_source(LineModel(), source).summary)
    assert 20 < measured[Q.SWEEP_LENGTH] < 200


# --- in the store


def test_findings_are_drafts_one_for_each_quantity_with_their_lines_of_history(folder):
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder))
    file = house.studies.load(exam.id)
    assert exam.state is ExamState.DRAFT
    assert recording.method == "line finder 1"
    assert {f.measurement.status for f in file.findings} == {Status.DRAFT}
    assert len({f.measurement.quantity for f in file.findings}) == len(file.findings) > 2
    lines = {line.target: line for line in file.history if line.action == "interpret"}
    assert json.loads(lines[f"recording:{recording.id}"].after)["interpretation"] == recording.interpretation
    for finding in file.findings:
        assert json.loads(lines[f"measurement:{finding.id}"].after)["measurement"]["value"] == finding.measurement.value


def test_what_is_stored_is_what_was_interpreted(folder):
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder))
    with house.reader.open(plan_of(folder)) as source:
        fresh = interpret_source(house.model, source)
    kept = load_interpreted(house, house.studies.load(exam.id), recording.id)
    assert (kept.per_frame, kept.summary) == (fresh.per_frame, fresh.summary)
    for one, two in zip(kept.interpretations, fresh.interpretations, strict=True):
        np.testing.assert_allclose(one.surfaces[0].row_px, two.surfaces[0].row_px, atol=1e-3)


def test_interpreting_again_with_the_same_result_changes_nothing(folder):
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder))
    assert interpret_recording(house, recording.id, who="somebody") == recording
    assert house.studies.load(exam.id).exam.revision == exam.revision


def test_interpreting_the_first_again_opens_an_examination_whose_second_cannot_be(folder, tmp_path):
    """A recording that no method can interpret must not keep the others from review."""
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder))
    import_recording(house, exam.id, plan_of(picture_folder(tmp_path / "b", (30,))), who="importer")
    before = house.studies.load(exam.id)
    interpret_recording(house, recording.id, who="somebody")
    after = house.studies.load(exam.id)
    assert (before.exam.state, after.exam.state) == (ExamState.IMPORTED, ExamState.DRAFT)
    assert after.findings == before.findings
    assert len(after.history) == len(before.history) + 1


def test_a_newer_method_renews_the_drafts_and_keeps_their_identity(folder):
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder))
    before = house.studies.load(exam.id)
    newer = replace(house, model=LineModel("2"))
    assert interpret_recording(newer, recording.id, who="somebody").method == "line finder 2"
    after = house.studies.load(exam.id)
    assert {f.id for f in after.findings} == {f.id for f in before.findings}
    assert all("line finder 2" in f.measurement.method.name for f in after.findings)
    line = next(c for c in reversed(after.history) if c.target.startswith("measurement:"))
    assert "line finder 1" in line.before
    assert "line finder 2" in line.after


def test_reviewed_work_is_never_touched(folder, tmp_path):
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder))
    second = import_recording(house, exam.id, plan_of(picture_folder(tmp_path / "b", (30,))), who="importer").recording
    first = house.studies.load(exam.id).findings[0]
    with pytest.raises(NotAllowed):
        decide(house, exam.id, first.id, Decision.ACCEPT, person=READER, revision=None)
    interpret_recording(house, second.id, who="importer")
    decide(house, exam.id, first.id, Decision.ACCEPT, person=READER, revision=None)
    before = house.studies.load(exam.id)
    with pytest.raises(NotAllowed, match="left is under review"):
        interpret_recording(replace(house, model=LineModel("2")), recording.id, who="somebody")
    assert house.studies.load(exam.id) == before


def test_the_last_recording_may_be_interpreted_while_the_first_is_reviewed(folder, tmp_path):
    house = make_house()
    exam = create_exam(house, title="Back", who="importer")
    plans = [plan_of(folder), plan_of(picture_folder(tmp_path / "b", (30,)))]
    one, two = (import_recording(house, exam.id, plan, who="importer").recording for plan in plans)
    interpret_recording(house, one.id, who="importer")
    first = house.studies.load(exam.id).findings[0]
    reviewed = decide(house, exam.id, first.id, Decision.ACCEPT, person=READER, revision=None)
    interpret_recording(house, two.id, who="importer")
    file = house.studies.load(exam.id)
    assert file.exam.state is ExamState.REVIEW
    assert set(reviewed.findings) < set(file.findings)
    assert {f.recording_id for f in file.findings} == {one.id, two.id}


def cut_jpegs(folder, rows, cut):
    """Write a folder of pictures of which those numbered in `cut` end early, behind a header that is whole."""
    folder.mkdir()
    for n, row in enumerate(rows):
        path = folder / f"frame{n}.jpg"
        Image.fromarray(picture(row)).save(path, quality=95)
        if n in cut:
            path.write_bytes(path.read_bytes()[:900])
    return folder


class Stop(Exception):  # noqa: N818
    """What a job raises in itself when a person cancels it."""


def test_cancelling_leaves_nothing(folder):
    objects = MemoryObjects()
    house = make_house(objects=objects)
    exam, recording = exam_with(house, plan_of(folder), interpret=False)
    before, kept = house.studies.load(exam.id), dict(objects._kept)

    def stop(done, total):
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        interpret_recording(house, recording.id, who="importer", on_frame=stop)
    assert house.studies.load(exam.id) == before
    assert objects._kept == kept


def test_two_that_interpret_at_once_make_one_set_of_findings(folder):
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder), interpret=False)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: interpret_recording(house, recording.id, who=f"job {n}"), range(4)))
    file = house.studies.load(exam.id)
    assert len(set(done)) == 1
    assert len({f.measurement.quantity for f in file.findings}) == len(file.findings)
    assert sum(line.target.startswith("recording:") and line.action == "interpret" for line in file.history) == 1


def test_a_recording_that_is_damaged_later_in_the_store_says_so(folder):
    objects = MemoryObjects()
    house = make_house(objects=objects)
    exam, recording = exam_with(house, plan_of(folder))
    blob = objects._kept[recording.interpretation]
    objects._kept[recording.interpretation] = blob[: len(blob) // 2]
    with pytest.raises(StorageError, match="interpret the recording again"):
        load_interpreted(house, house.studies.load(exam.id), recording.id)


def test_before_interpretation_there_is_nothing_to_load(folder):
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder), interpret=False)
    with pytest.raises(NotFound, match="left has not been interpreted yet"):
        load_interpreted(house, house.studies.load(exam.id), recording.id)


def test_an_uncalibrated_recording_gets_values_only_where_no_millimetres_are_needed(folder):
    house = make_house()
    exam, _ = exam_with(house, plan_of(folder, spacing_mm=None))
    found = {f.measurement.quantity: f.measurement for f in house.studies.load(exam.id).findings}
    assert found[Q.BONE_DEPTH_MIN].value is None
    assert "uncalibrated" in found[Q.BONE_DEPTH_MIN].note
    assert found[Q.TISSUE_GREY].value is not None


def test_a_damaged_picture_in_the_middle_of_a_real_folder_is_noted(tmp_path):
    folder = cut_jpegs(tmp_path / "scan", (20, 21, 22, 23), cut={2})
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder))
    assert any("1 of 4 frames cannot be decoded" in note for note in recording.notes)
    kept = load_interpreted(house, house.studies.load(exam.id), recording.id)
    assert [len(several) > 0 for several in kept.per_frame] == [True, True, False, True]


def test_a_recording_of_which_nothing_can_be_decoded_is_not_imported(tmp_path):
    folder = cut_jpegs(tmp_path / "scan", (20, 21), cut={0, 1})
    house = make_house()
    exam = create_exam(house, title="Back", who="importer")
    with pytest.raises(InputError, match=r"frame0\.jpg"):
        import_recording(house, exam.id, plan_of(folder), who="importer")
    assert house.studies.load(exam.id).recordings == ()
