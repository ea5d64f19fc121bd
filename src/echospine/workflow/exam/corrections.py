"""What people corrected, as pictures with maps: what a model of one's own is fitted to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from echospine.domain.exams import ExamFile, MapEdit, MapWay
from echospine.domain.units import Labels, Pixels
from echospine.ports import House
from echospine.workflow.exam.imports import open_recording
from echospine.workflow.exam.maps import read_map

_PAGE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """A frame and its corrected map. `name`: says nothing of the patient; `person`: a number that stands for one."""

    name: str
    pixels: Pixels
    labels: Labels
    person: int


def each_correction(house: House, *, filled: bool = False) -> Iterator[Corrected]:
    """Walk the frames that people corrected by hand, in all examinations; `filled`: and those filled in between.

    Examinations of one patient id (where there is none: of one name) count as one person; one without either is a
    person of its own. Raises InputError for a frame that cannot be decoded, StorageError for a damaged map.
    """
    people: dict[tuple[str, str], int] = {}
    for file in _files(house):
        exam = file.exam
        person = people.setdefault(_person(exam.patient_id, exam.patient_name, exam.id), len(people) + 1)
        for recording in file.recordings:
            wanted = [edit for edit in file.maps if edit.recording_id == recording.id and _is_wanted(edit, filled)]
            if not wanted:
                continue
            with open_recording(house, recording) as source:
                for edit in wanted:
                    name = f"{recording.id}-frame-{edit.frame}"
                    labels = read_map(house.objects, edit.digest)
                    yield Corrected(name, source.frame(edit.frame).pixels, labels, person)


def _is_wanted(edit: MapEdit, filled: bool) -> bool:
    return filled or edit.way is MapWay.DRAWN


def _person(patient_id: str, name: str, exam_id: str) -> tuple[str, str]:
    if patient_id:
        return "id", patient_id
    return ("name", name) if name else ("exam", exam_id)


def _files(house: House) -> Iterator[ExamFile]:
    seen = 0
    while True:
        page = house.studies.search(limit=_PAGE, offset=seen)
        for exam in page.exams:
            yield house.studies.load(exam.id)
        seen += len(page.exams)
        if not page.exams or seen >= page.total:
            return
