"""What every StudyStore promises."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from echospine.domain.errors import Conflict, InputError, NotFound
from echospine.domain.exams import ContourEdit, Exam, ExamFile, ExamState, Recording, SourceFile
from echospine.domain.takes import Contraction
from echospine.ports import StudyStore
from store_samples import (
    MOMENT,
    digest_of,
    make_change,
    make_contour,
    make_exam,
    make_finding,
    make_map,
    make_recording,
    make_remarks,
    next_write,
)


def test_a_new_examination_is_there_with_its_history(studies: StudyStore) -> None:
    exam, change = make_exam(), make_change()
    assert studies.create(exam, change) == exam
    assert studies.load(exam.id) == ExamFile(exam, history=(change,))


def test_everything_comes_back_to_the_last_bit(open_studies: Callable[[], StudyStore]) -> None:
    exam = make_exam(signed_by="A. Reviewer", signed_at=MOMENT + timedelta(microseconds=1), version=2)
    written = open_studies()
    written.create(exam, make_change())
    findings = (make_finding("f1"), make_finding("f2", value=None), make_finding("f3", value=5e-324))
    contours = (make_contour(frame=3), make_contour(frame=2**40), ContourEdit("rec-1", 9, (), "", MOMENT))
    maps = (make_map(frame=7), make_map(frame=2))
    write = next_write(exam, recordings=[make_recording()], findings=findings, contours=contours, maps=maps)
    assert written.commit(write) == write.exam
    found = open_studies().load(exam.id)
    assert found == ExamFile(
        write.exam,
        (make_recording(),),
        findings,
        tuple(sorted(contours, key=lambda contour: contour.frame)),
        (make_change(), *write.changes),
        maps[::-1],
    )
    assert found.exam.created_at.utcoffset() == timedelta(0)
    assert repr(found.findings) == repr(findings)


def test_times_of_other_zones_are_the_same_moments(studies: StudyStore) -> None:
    local = datetime(1950, 1, 1, 0, 30, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    studies.create(make_exam(created_at=local), make_change())
    assert studies.load("exam-1").exam.created_at == local


def test_an_id_is_taken_once(studies: StudyStore) -> None:
    studies.create(make_exam(), make_change())
    with pytest.raises(Conflict):
        studies.create(make_exam(title="another"), make_change())
    assert studies.load("exam-1").exam.title == "Lumbar spine"


@pytest.mark.parametrize("exam_id", ["absent", "", "nul\0", "half \udc80"])
def test_what_is_not_there_is_not_found(studies: StudyStore, exam_id: str) -> None:
    with pytest.raises(NotFound):
        studies.load(exam_id)
    with pytest.raises(NotFound):
        studies.recording(exam_id)
    assert studies.find_recording(exam_id) is None


def test_a_change_of_an_absent_examination_is_not_found(studies: StudyStore) -> None:
    with pytest.raises(NotFound, match="exam-1"):
        studies.commit(next_write(make_exam()))


@pytest.mark.parametrize("revision", [0, 1, 3, 100])
def test_a_change_made_for_another_revision_conflicts(studies: StudyStore, revision: int) -> None:
    exam = studies.create(make_exam(), make_change())
    exam = studies.commit(next_write(exam))
    before = studies.load(exam.id)
    write = replace(next_write(exam, recordings=[make_recording()]), exam=replace(exam, revision=revision))
    with pytest.raises(Conflict, match="revision 1"):
        studies.commit(write)
    assert studies.load(exam.id) == before


def test_what_is_put_again_keeps_its_place_and_what_is_removed_goes(studies: StudyStore) -> None:
    exam = studies.create(make_exam(), make_change())
    findings = [make_finding(name) for name in ("b", "a", "c")]
    contours = [make_contour(frame=1), make_contour(frame=2)]
    exam = studies.commit(next_write(exam, recordings=[make_recording()], findings=findings, contours=contours))
    changed = make_finding("b", value=9.0)
    write = next_write(
        exam,
        findings=[make_finding("d"), changed],
        removed_findings=["c", "never there"],
        contours=[replace(contours[1], reason="again")],
        removed_contours=[("rec-1", 1), ("rec-1", 77)],
    )
    studies.commit(write)
    file = studies.load(exam.id)
    assert file.findings == (changed, findings[1], make_finding("d"))
    assert file.contours == (replace(contours[1], reason="again"),)
    assert len(file.history) == 3


def test_a_recording_is_brought_up_to_date(studies: StudyStore) -> None:
    exam = studies.create(make_exam(), make_change())
    exam = studies.commit(next_write(exam, recordings=[make_recording(), make_recording("rec-2")]))
    file = SourceFile("other", digest_of("other"), 3)
    done = replace(make_recording(), interpretation=digest_of("blob"), method="local phase 1", files=(file,))
    studies.commit(next_write(exam, recordings=[done]))
    assert studies.load(exam.id).recordings == (done, make_recording("rec-2"))
    assert studies.recording("rec-1") == studies.find_recording(done.digest) == done


def test_the_same_content_is_kept_once_in_the_whole_store(studies: StudyStore) -> None:
    first = studies.create(make_exam(), make_change())
    second = studies.create(make_exam("exam-2"), make_change())
    studies.commit(next_write(first, recordings=[make_recording(content="same")]))
    again = make_recording("rec-2", "exam-2", content="same")
    with pytest.raises(Conflict, match="load the examination again"):
        studies.commit(next_write(second, recordings=[again], findings=[make_finding("f", "rec-2")]))
    assert studies.load("exam-2") == ExamFile(second, history=(make_change(),))
    found = studies.find_recording(digest_of("same"))
    assert found is not None
    assert found.id == "rec-1"


@pytest.mark.parametrize(
    "parts",
    [
        {"recordings": [make_recording("rec-1", "exam-2", content="new")]},
        {"recordings": [make_recording("rec-9", "exam-2")], "findings": [make_finding("f1", "rec-9")]},
        {"recordings": [make_recording("rec-8", "exam-2", "x"), make_recording("rec-9", "exam-2", "x")]},
    ],
    ids=["recording", "finding", "content"],
)
def test_ids_belong_to_one_examination(studies: StudyStore, parts: dict[str, object]) -> None:
    exam = studies.create(make_exam(), make_change())
    studies.commit(next_write(exam, recordings=[make_recording()], findings=[make_finding("f1")]))
    before = studies.load(exam.id)
    other = studies.create(make_exam("exam-2"), make_change())
    with pytest.raises(Conflict):
        studies.commit(next_write(other, **parts))
    assert studies.load(other.id) == ExamFile(other, history=(make_change(),))
    assert studies.load(exam.id) == before


def test_nothing_of_another_examination_is_removed(studies: StudyStore) -> None:
    exam = studies.create(make_exam(), make_change())
    parts = {"recordings": [make_recording()], "findings": [make_finding()], "contours": [make_contour()]}
    studies.commit(next_write(exam, **parts))
    before = studies.load(exam.id)
    other = studies.create(make_exam("exam-2"), make_change())
    studies.commit(next_write(other, removed_findings=["find-1"], removed_contours=[("rec-1", 3)]))
    assert studies.load(exam.id) == before


@pytest.mark.parametrize("parts", [{"findings": [make_finding("f", "absent")]}, {"contours": [make_contour("absent")]}])
def test_parts_of_an_absent_recording_are_refused_whole(studies: StudyStore, parts: dict[str, object]) -> None:
    exam = studies.create(make_exam(), make_change())
    with pytest.raises(NotFound, match="no recording absent"):
        studies.commit(next_write(exam, recordings=[make_recording()], **parts))
    assert studies.load(exam.id).recordings == ()


def test_the_content_of_a_recording_never_changes(studies: StudyStore) -> None:
    exam = studies.create(make_exam(), make_change())
    exam = studies.commit(next_write(exam, recordings=[make_recording()]))
    with pytest.raises(Conflict, match="other content"):
        studies.commit(next_write(exam, recordings=[make_recording(content="other")]))
    assert studies.load(exam.id).recordings == (make_recording(),)


@pytest.mark.parametrize(
    "recording",
    [
        make_recording(name="scan\udcff.dcm"),
        make_recording(notes=("a\0b",)),
        make_recording(n_frames=2**63),
        make_recording(frame_rate_hz=float("nan")),
        make_recording(imported_at=datetime(2026, 1, 1)),
        make_recording(exam_id="exam-2"),
    ],
    ids=["half a character", "nul", "huge", "nan", "no zone", "strange"],
)
def test_what_no_database_gives_back_is_refused(studies: StudyStore, recording: Recording) -> None:
    exam = studies.create(make_exam(), make_change())
    with pytest.raises(InputError) as caught:
        studies.commit(next_write(exam, recordings=[recording]))
    assert "\n" not in str(caught.value)
    str(caught.value).encode()
    assert studies.load(exam.id).recordings == ()


def test_a_change_that_names_a_thing_twice_is_refused(studies: StudyStore) -> None:
    exam = studies.create(make_exam(), make_change())
    with pytest.raises(InputError, match="twice"):
        studies.commit(next_write(exam, recordings=[make_recording(), make_recording()]))
    with pytest.raises(InputError, match="revision 0"):
        studies.create(make_exam("exam-2", revision=4), make_change())


SPELLINGS = [
    ("Müller, ÅSA", "müller, åsa"),
    ("Mu\u0308ller", "M\u00dcLLER"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("Straße", "STRASSE"),
    ("ИВАНОВ", "иванов"),
    ("100 % fat_free\\", "100 % FAT_FREE\\"),
    ("  L4   left ", "l4 left"),
]


@pytest.mark.parametrize(("title", "text"), SPELLINGS)
@pytest.mark.parametrize("field", ["title", "patient_name", "patient_id"])
def test_search_knows_no_case_in_any_language(studies: StudyStore, field: str, title: str, text: str) -> None:
    exam = studies.create(make_exam(**{field: title}), make_change())
    for asked in (text, title, text[2:], title[:-2]):
        assert studies.search(asked).exams == (exam,), asked


@pytest.mark.parametrize("text", ["%", "_", "\\", "/", "e%l", "L_mbar", "spine Doe", "spine\nDoe", "'", '"', "\\%"])
def test_search_takes_every_character_for_itself(studies: StudyStore, text: str) -> None:
    studies.create(make_exam(), make_change())
    assert studies.search(text).total == 0
    there = studies.create(make_exam("exam-2", title=f"<{text}>"), make_change())
    assert studies.search(text).exams == (there,)


def test_search_finds_recordings_by_their_names(studies: StudyStore) -> None:
    exam = studies.create(make_exam(), make_change())
    names = [make_recording("rec-1", name="BÖNE_left.mha"), make_recording("rec-2", name="böne_right.mha")]
    exam = studies.commit(next_write(exam, recordings=names))
    studies.create(make_exam("exam-2"), make_change())
    assert studies.search("böne_") == studies.search("RIGHT.MHA")
    assert studies.search("böne_").exams == (exam,)
    assert studies.search("böne_").total == 1


def test_search_gives_pages_newest_first(studies: StudyStore) -> None:
    order = [3, 1, 1, 4, 0]
    made = [studies.create(make_exam(f"exam-{i}", minutes=m), make_change()) for i, m in enumerate(order)]
    newest = (made[3], made[0], made[2], made[1], made[4])
    assert studies.search().exams == newest
    pages = [studies.search(limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [page.total for page in pages] == [5, 5, 5, 5]
    assert sum((page.exams for page in pages), ()) == newest
    assert studies.search(limit=0).exams == ()


def test_search_keeps_to_a_state(studies: StudyStore) -> None:
    exam = studies.create(make_exam(), make_change())
    draft = studies.commit(next_write(replace(exam, state=ExamState.DRAFT)))
    studies.create(make_exam("exam-2"), make_change())
    assert studies.search(state=ExamState.DRAFT).exams == (draft,)
    assert studies.search("spine", ExamState.IMPORTED).total == 1
    assert studies.search("spine", ExamState.SIGNED).total == 0


@pytest.mark.parametrize(("text", "limit", "offset"), [("x" * 1001, 1, 0), ("", -1, 0), ("", 1, -1), ("\0", 1, 0)])
def test_search_refuses_what_cannot_be_asked(studies: StudyStore, text: str, limit: int, offset: int) -> None:
    with pytest.raises(InputError):
        studies.search(text, limit=limit, offset=offset)


def test_of_many_writers_at_once_each_revision_has_one(open_studies: Callable[[], StudyStore]) -> None:
    """Twelve threads make six changes each; every change that was acknowledged is there, none is lost."""
    open_studies().create(make_exam(), make_change())
    own = threading.local()

    def change(name: str) -> str:
        if not hasattr(own, "studies"):
            own.studies = open_studies()
        while True:
            exam = own.studies.load("exam-1").exam
            try:
                own.studies.commit(next_write(exam, changes=[make_change("change", name)]))
            except Conflict:
                continue
            return name

    with ThreadPoolExecutor(6) as pool:
        acknowledged = list(pool.map(change, [f"change {i}" for i in range(36)]))
    file = open_studies().load("exam-1")
    assert file.exam.revision == 36
    assert sorted(line.target for line in file.history[1:]) == sorted(acknowledged)


def test_a_reader_sees_whole_changes_only(open_studies: Callable[[], StudyStore]) -> None:
    """One thread changes all parts together, others read: revision, findings and history always agree."""
    writer = open_studies()
    exam = writer.create(make_exam(), make_change())
    exam = writer.commit(next_write(exam, recordings=[make_recording()]))
    stop = threading.Event()

    def read() -> int:
        studies, torn = open_studies(), 0
        while not stop.is_set():
            file = studies.load("exam-1")
            expected = file.exam.revision - 1
            torn += len(file.findings) != expected or len(file.history) != expected + 2
        return torn

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        for i in range(30):
            exam = writer.commit(next_write(exam, findings=[make_finding(f"f{i}")]))
        stop.set()
    assert [reader.result() for reader in readers] == [0, 0, 0]


def bring(store: StudyStore, exam: Exam, content: str, start: threading.Barrier) -> Exam | None:
    recording = make_recording(f"{exam.id}-{content}", exam.id, content=content)
    start.wait()
    try:
        return store.commit(next_write(exam, recordings=[recording]))
    except Conflict:
        return None


def test_of_many_imports_of_one_content_at_once_one_wins(open_studies: Callable[[], StudyStore]) -> None:
    exams = [open_studies().create(make_exam(f"exam-{i}"), make_change()) for i in range(4)]
    stores = [open_studies() for _ in exams]
    for content in map(str, range(8)):
        start = threading.Barrier(len(exams))
        with ThreadPoolExecutor(len(exams)) as pool:
            work = [pool.submit(bring, store, exam, content, start) for store, exam in zip(stores, exams, strict=True)]
            done = [future.result() for future in work]
        won = [exam for exam in done if exam is not None]
        assert len(won) == 1
        found = stores[0].find_recording(digest_of(content))
        assert found is not None
        assert found.exam_id == won[0].id
        exams = [after or before for after, before in zip(done, exams, strict=True)]


def test_history_is_in_the_order_in_which_it_was_written(studies: StudyStore) -> None:
    exam = studies.create(make_exam(), make_change(at=datetime(2030, 1, 1, tzinfo=UTC)))
    lines = [make_change(f"step {i}", at=MOMENT - timedelta(days=i), before="{}", after='{"a": 1}') for i in range(5)]
    studies.commit(next_write(exam, changes=lines))
    assert studies.load(exam.id).history[1:] == tuple(lines)


def test_what_people_said_comes_back_and_is_put_in_place_of_what_was_said_before(studies: StudyStore) -> None:
    exam, said = make_exam(), make_remarks()
    studies.create(exam, make_change())
    state = replace(make_finding(), measurement=replace(make_finding().measurement, state=Contraction.REST))
    first = next_write(exam, recordings=[make_recording()], remarks=list(reversed(said)), findings=[state])
    studies.commit(first)
    assert studies.load(exam.id).remarks == said
    assert studies.load(exam.id).findings == (state,)
    newer = replace(said[0], reason="the edge lies deeper")
    gone = [(one.recording_id, one.place) for one in said[1:]]
    second = next_write(first.exam, remarks=[newer], removed_remarks=gone)
    studies.commit(second)
    assert studies.load(exam.id).remarks == (newer,)
    with pytest.raises(NotFound, match="rec-9"):
        studies.commit(next_write(second.exam, remarks=[make_remarks("rec-9")[0]]))
    with pytest.raises(InputError, match="twice"):
        studies.commit(next_write(second.exam, remarks=[newer, said[0]]))


def test_a_map_is_put_in_place_of_another_and_taken_away(studies: StudyStore) -> None:
    exam = make_exam()
    studies.create(exam, make_change())
    first = next_write(exam, recordings=[make_recording()], maps=[make_map(frame=1), make_map(frame=2)])
    studies.commit(first)
    second = next_write(first.exam, maps=[make_map(frame=1, content="other")], removed_maps=[("rec-1", 2)])
    studies.commit(second)
    assert studies.load(exam.id).maps == (make_map(frame=1, content="other"),)
    with pytest.raises(NotFound, match="rec-9"):
        studies.commit(next_write(second.exam, maps=[make_map("rec-9")]))
    with pytest.raises(InputError, match="twice"):
        studies.commit(next_write(second.exam, maps=[make_map(), make_map()]))
