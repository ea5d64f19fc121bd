"""Recordings come into an examination once and whole, whoever else is at it and whatever goes wrong."""

from __future__ import annotations

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pydicom import examples
from workflow_kit import READER, STEP_MM, exam_with, make_house, picture, picture_folder, plan_of

from echospine.adapters.objects import FileObjects, MemoryObjects
from echospine.adapters.sequences import encode_mha
from echospine.adapters.sql import MemoryStudies, SqlStudies, sqlite_url
from echospine.domain.errors import InputError, NotAllowed, NotFound, StorageError, UnreadableError
from echospine.domain.exams import ExamState
from echospine.ports import LocalFile, RecordingPlan
from echospine.workflow.exam import create_exam, find_again, import_recording, open_recording
from echospine.workflow.review import accept_all, sign
from small_disks import fill_up, small_disk


@pytest.fixture(params=["memory", "sqlite"])
def studies(request, tmp_path):
    if request.param == "memory":
        yield MemoryStudies()
        return
    store = SqlStudies(sqlite_url(tmp_path / "studies.db"))
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path):
    return picture_folder(tmp_path / "left")


def one_file(path: Path) -> RecordingPlan:
    return RecordingPlan(path.name, (LocalFile(path.name, path),))


def ybr() -> RecordingPlan:
    return one_file(Path(examples.get_path("ybr_color")))


def test_a_title_is_needed():
    with pytest.raises(InputError, match="needs a title"):
        create_exam(make_house(), title="  \n ", who="importer")


def test_what_is_imported_keeps_where_it_came_from(studies, folder):
    house = make_house(studies)
    exam, recording = exam_with(house, plan_of(folder), interpret=False)
    paths = plan_of(folder).files
    digests = [hashlib.sha256(file.path.read_bytes()).hexdigest() for file in paths]
    assert [(f.name, f.digest) for f in recording.files] == [
        (file.name, digest) for file, digest in zip(paths, digests, strict=True)
    ]
    assert (recording.n_frames, recording.width, recording.height) == (3, 48, 64)
    assert (recording.calibrated, recording.pixel_spacing_mm) == (True, STEP_MM)
    assert exam.state is ExamState.IMPORTED
    line = house.studies.load(exam.id).history[-1]
    assert (line.who, line.action, line.target) == ("importer", "import", f"recording:{recording.id}")
    assert [f["digest"] for f in json.loads(line.after)["files"]] == digests


def test_the_store_gives_the_very_frames_back(folder):
    house = make_house()
    _, recording = exam_with(house, plan_of(folder), interpret=False)
    plan = plan_of(folder)
    with house.reader.open(plan) as before, open_recording(house, recording) as after:
        assert all((a.pixels == b.pixels).all() for a, b in zip(before, after, strict=True))
        assert before.header == after.header


def test_the_digest_of_a_single_file_is_its_own():
    house = make_house()
    _, recording = exam_with(house, ybr(), interpret=False)
    assert recording.digest == hashlib.sha256(Path(examples.get_path("ybr_color")).read_bytes()).hexdigest()


def test_the_same_content_is_found_again_under_any_name_from_any_examination(studies, folder, tmp_path):
    house = make_house(studies)
    exam, first = exam_with(house, plan_of(folder))
    other = create_exam(house, title="Other", who="importer")
    renamed = replace(plan_of(folder), name="renamed")
    for exam_id in (exam.id, other.id):
        again = import_recording(house, exam_id, renamed, who="importer")
        assert (again.already, again.recording) == (True, first)
    assert house.studies.load(other.id).recordings == ()
    assert house.studies.load(exam.id).exam.revision == exam.revision, "finding again is no change"
    assert find_again(house, renamed) == first


def test_what_cannot_be_decoded_is_not_looked_for(tmp_path):
    path = tmp_path / "cut.jpg"
    Image.fromarray(picture(20)).save(path, quality=95)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match=r"cut\.jpg"):
        find_again(make_house(), one_file(path))


def test_another_order_of_pictures_and_another_pixel_spacing_are_other_recordings(folder):
    house = make_house()
    exam, first = exam_with(house, plan_of(folder), interpret=False)
    plan = plan_of(folder)
    for other in (replace(plan, files=plan.files[::-1]), plan_of(folder, 0.25), plan_of(folder, None)):
        assert find_again(house, other) is None
        imported = import_recording(house, exam.id, other, who="importer")
        assert not imported.already
        assert imported.recording.digest != first.digest


def test_a_pixel_spacing_that_a_calibrated_file_does_not_use_makes_no_other_recording(shared_data):
    house = make_house()
    plan = one_file(shared_data / "dicom" / "GREYSCALE_IMAGE.dcm")
    _, recording = exam_with(house, plan, interpret=False)
    again = import_recording(house, recording.exam_id, replace(plan, pixel_spacing_mm=0.3), who="importer")
    assert again.already
    assert recording.pixel_spacing_mm is None


def test_the_patient_of_a_dicom_file_becomes_the_examination_s_unless_it_has_one(shared_data):
    house = make_house()
    plan = one_file(shared_data / "dicom" / "GREYSCALE_IMAGE.dcm")
    with house.reader.open(plan) as source:
        origin = source.header.dicom
    exam, recording = exam_with(house, plan, interpret=False)
    assert exam.patient_id == origin.patient_id != ""
    assert "^" not in exam.patient_name
    assert not any("patient" in note for note in recording.notes)

    house = make_house()
    mine = create_exam(house, title="Back", who="importer", patient_name="Somebody", patient_id="P-77")
    recording = import_recording(house, mine.id, plan, who="importer").recording
    assert house.studies.load(mine.id).exam.patient_id == "P-77"
    assert any("P-77" in note and origin.patient_id in note for note in recording.notes)


def test_what_cannot_be_read_changes_nothing(tmp_path):
    house = make_house()
    exam = create_exam(house, title="Back", who="importer")
    for name, data in {"empty.mha": b"", "words.png": b"words", "cut.dcm": (b"\0" * 128 + b"DICM")}.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(InputError, match=name):
            import_recording(house, exam.id, one_file(path), who="importer")
    with pytest.raises(UnreadableError, match="gone"):
        import_recording(house, exam.id, one_file(tmp_path / "gone.png"), who="importer")
    assert house.studies.load(exam.id).exam.revision == 0


def test_an_examination_that_is_not_there_is_not_found(folder):
    with pytest.raises(NotFound):
        import_recording(make_house(), "nobody", plan_of(folder), who="importer")


def test_nothing_new_comes_into_a_signed_examination_but_the_known_is_found(folder, tmp_path):
    house = make_house()
    exam, recording = exam_with(house, plan_of(folder))
    accept_all(house, exam.id, person=READER, revision=None)
    sign(house, exam.id, person=READER, revision=None)
    assert import_recording(house, exam.id, plan_of(folder), who="importer").recording.id == recording.id
    with pytest.raises(NotAllowed, match="signed does not allow 'import'"):
        import_recording(house, exam.id, plan_of(picture_folder(tmp_path / "new", (9,))), who="importer")


class Growing(MemoryObjects):
    """A store whose source file is still being written by somebody."""

    def put_file(self, path):
        with path.open("ab") as stream:
            stream.write(b"more")
        return super().put_file(path)


def test_a_file_that_changes_while_it_is_imported_is_refused(folder):
    house = make_house(objects=Growing())
    exam = create_exam(house, title="Back", who="importer")
    with pytest.raises(UnreadableError, match="changed while it was imported"):
        import_recording(house, exam.id, plan_of(folder), who="importer")
    assert house.studies.load(exam.id).recordings == ()


def test_a_full_disk_leaves_the_examination_as_it_was_and_the_next_try_succeeds(tmp_path):
    path = tmp_path / "big.mha"
    path.write_bytes(
        encode_mha(__import__("numpy").random.default_rng(1).integers(0, 255, (60, 64, 64), dtype="uint8"))
    )
    with small_disk(tmp_path / "disk", 1024) as disk:
        house = make_house(objects=FileObjects(disk / "objects"))
        exam = create_exam(house, title="Back", who="importer")
        filler = fill_up(disk)
        with pytest.raises(StorageError):
            import_recording(house, exam.id, one_file(path), who="importer")
        assert house.studies.load(exam.id).recordings == ()
        assert house.studies.load(exam.id).exam.revision == 0
        filler.unlink()
        assert not import_recording(house, exam.id, one_file(path), who="importer").already


# --- several at once


def at_once(count, work):
    """Run `work(n)` in that many threads, all starting together; return the results."""
    barrier = threading.Barrier(count)

    def one(n):
        barrier.wait()
        return work(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_the_same_content_at_the_same_moment_is_stored_once(studies, folder):
    house = make_house(studies)
    exams = [create_exam(house, title=f"Back {n}", who="importer") for n in range(3)]
    done = at_once(9, lambda n: import_recording(house, exams[n % 3].id, plan_of(folder), who=f"importer {n}"))
    assert sorted(imported.already for imported in done) == [False] + [True] * 8
    assert len({imported.recording.id for imported in done}) == 1
    assert sum(len(house.studies.load(exam.id).recordings) for exam in exams) == 1


def test_different_recordings_at_the_same_moment_all_come_in(studies, tmp_path):
    house = make_house(studies)
    exam = create_exam(house, title="Back", who="importer")
    plans = [plan_of(picture_folder(tmp_path / f"scan{n}", (n + 5,), seed=n)) for n in range(8)]
    done = at_once(8, lambda n: import_recording(house, exam.id, plans[n], who="importer"))
    file = house.studies.load(exam.id)
    assert {imported.recording.id for imported in done} == {recording.id for recording in file.recordings}
    assert not any(imported.already for imported in done)
    assert file.exam.revision == 8
    assert len([line for line in file.history if line.action == "import"]) == 8


def test_a_truncated_recording_is_refused_with_its_name(tmp_path):
    house = make_house()
    exam = create_exam(house, title="Back", who="importer")
    path = tmp_path / "cut.dcm"
    path.write_bytes(Path(examples.get_path("ybr_color")).read_bytes()[:3000])
    with pytest.raises(InputError, match=r"cut\.dcm"):
        import_recording(house, exam.id, one_file(path), who="importer")
