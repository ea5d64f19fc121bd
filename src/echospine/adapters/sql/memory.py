"""The in-memory twin of the study store in a database."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from echospine.adapters.sql.records import MemoryRecords
from echospine.adapters.sql.rules import (
    fold,
    folded_exam,
    moved_on,
    no_exam,
    no_recording,
    require_known,
    require_new,
    require_page,
    require_same_content,
    require_storable,
    require_write,
    taken,
)
from echospine.domain.exams import Change, Exam, ExamFile, ExamState, ExamWrite, Recording
from echospine.domain.trends import Patient, patient_of
from echospine.ports import ExamPage


class MemoryStudies:
    """A StudyStore that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._files: dict[str, ExamFile] = {}
        self._lock = threading.Lock()
        self.records = MemoryRecords()

    def patients(self) -> tuple[Patient, ...]:
        """Return everybody with an examination that names them, latest examination first."""
        exams = [file.exam for file in tuple(self._files.values()) if patient_of(file.exam)]
        of = {key: [exam for exam in exams if patient_of(exam) == key] for key in {patient_of(exam) for exam in exams}}
        found = [
            Patient(key, max(e.patient_name for e in theirs), len(theirs), max(e.created_at for e in theirs))
            for key, theirs in sorted(of.items())
        ]
        return tuple(sorted(found, key=lambda one: one.latest, reverse=True))

    def exams_of(self, patient: str) -> tuple[Exam, ...]:
        """Return the examinations of a patient, in the order in which they were made."""
        found = [file.exam for file in tuple(self._files.values()) if patient and patient_of(file.exam) == patient]
        return tuple(sorted(found, key=lambda exam: exam.created_at))

    def create(self, exam: Exam, change: Change) -> Exam:
        """Keep a new examination; raises Conflict when its id is taken."""
        require_storable((exam, change))
        require_new(exam)
        with self._lock:
            if exam.id in self._files:
                raise taken("the store in memory")
            self._files[exam.id] = ExamFile(exam, history=(change,))
        return exam

    def load(self, exam_id: str) -> ExamFile:
        """Return one consistent moment of the examination; raises NotFound."""
        try:
            return self._files[exam_id]
        except KeyError:
            raise no_exam(exam_id) from None

    def commit(self, write: ExamWrite) -> Exam:
        """Apply the change whole or not at all; raises Conflict, NotFound or InputError."""
        require_write(write)
        with self._lock:
            file = self.load(write.exam.id)
            if write.exam.revision != file.exam.revision + 1:
                raise moved_on(write.exam, file.exam.revision)
            require_known(write, {recording.id for recording in file.recordings})
            after = _applied(file, write)
            self._require_free(after)
            self._files[write.exam.id] = after
        return write.exam

    def search(self, text: str = "", state: ExamState | None = None, limit: int = 50, offset: int = 0) -> ExamPage:
        """Return examinations whose title, patient or recording names hold `text`, newest first."""
        require_page(text, limit, offset)
        wanted = fold(text)
        latest_first = reversed(tuple(self._files.values()))
        found = [f.exam for f in latest_first if state in {None, f.exam.state} and _holds(f, wanted)]
        found.sort(key=lambda exam: exam.created_at, reverse=True)
        return ExamPage(tuple(found[offset : offset + limit]), len(found))

    def find_recording(self, digest: str) -> Recording | None:
        """Return the recording that was imported with that content, or None."""
        return next((recording for recording in self._recordings() if recording.digest == digest), None)

    def recording(self, recording_id: str) -> Recording:
        """Return a recording by its id; raises NotFound."""
        found = next((recording for recording in self._recordings() if recording.id == recording_id), None)
        if found is None:
            raise no_recording(recording_id)
        return found

    def _recordings(self) -> Iterable[Recording]:
        return (recording for file in tuple(self._files.values()) for recording in file.recordings)

    def _require_free(self, after: ExamFile) -> None:
        """Raise Conflict where an id or a content would be in the store twice."""
        others = [file for file in self._files.values() if file.exam.id != after.exam.id]
        ids = [r.id for file in (*others, after) for r in file.recordings]
        digests = [r.digest for file in (*others, after) for r in file.recordings]
        findings = [f.id for file in (*others, after) for f in file.findings]
        if any(len(set(values)) < len(values) for values in (ids, digests, findings)):
            raise taken("the store in memory")


def _applied(file: ExamFile, write: ExamWrite) -> ExamFile:
    """Return the examination after the write: what is taken away goes first, what is put keeps its place."""
    recordings = {recording.id: recording for recording in file.recordings}
    for recording in write.recordings:
        require_same_content(recording, recordings.get(recording.id, recording).digest)
        recordings[recording.id] = recording
    findings = {f.id: f for f in file.findings if f.id not in write.removed_findings}
    findings |= {f.id: f for f in write.findings}
    contours = {(c.recording_id, c.frame): c for c in file.contours}
    for key in write.removed_contours:
        contours.pop(key, None)
    contours |= {(c.recording_id, c.frame): c for c in write.contours}
    maps = {(m.recording_id, m.frame): m for m in file.maps}
    for key in write.removed_maps:
        maps.pop(key, None)
    maps |= {(m.recording_id, m.frame): m for m in write.maps}
    remarks = {(r.recording_id, r.place): r for r in file.remarks}
    for place in write.removed_remarks:
        remarks.pop(place, None)
    remarks |= {(r.recording_id, r.place): r for r in write.remarks}
    return replace(
        file,
        exam=write.exam,
        recordings=tuple(recordings.values()),
        findings=tuple(findings.values()),
        contours=tuple(contours[key] for key in sorted(contours)),
        history=(*file.history, *write.changes),
        maps=tuple(maps[key] for key in sorted(maps)),
        remarks=tuple(remarks[place] for place in sorted(remarks)),
    )


def _holds(file: ExamFile, wanted: str) -> bool:
    return wanted in folded_exam(file.exam) or any(wanted in fold(r.name) for r in file.recordings)
