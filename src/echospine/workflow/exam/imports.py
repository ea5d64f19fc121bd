"""A recording comes into an examination once, whole, and is found again when it comes a second time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from echospine.domain.errors import InputError, NotFound, UnreadableError
from echospine.domain.exams import (
    Change,
    Exam,
    ExamEvent,
    ExamFile,
    ExamState,
    ExamWrite,
    Recording,
    SourceFile,
    next_state,
)
from echospine.domain.frames import DicomOrigin, RecordingHeader
from echospine.domain.images import Spacing
from echospine.ports import FrameSource, House, LocalFile, RecordingPlan
from echospine.workflow.exam.commits import commit_latest
from echospine.workflow.exam.journal import exam_to_text, recording_target, recording_to_text


@dataclass(frozen=True, slots=True)
class Imported:
    """A recording in the store. `already`: it had been there; it may then belong to another examination."""

    recording: Recording
    already: bool


def create_exam(house: House, *, title: str, who: str, patient_name: str = "", patient_id: str = "") -> Exam:
    """Open a new, empty examination and return it. Raises InputError for an empty title."""
    title = " ".join(title.split())
    if not title:
        raise InputError("an examination needs a title; type a few words")
    now = house.clock.now()
    exam = Exam(house.new_id(), title, ExamState.IMPORTED, now, patient_name.strip(), patient_id.strip())
    return house.studies.create(exam, Change(now, who, "create", "exam", after=exam_to_text(exam)))


def patient_of(house: House, plan: RecordingPlan) -> str:
    """Return whom a recording is of, by the patient ID that it carries or else the name; "" when it names nobody.

    Raises InputError when the plan cannot be opened.
    """
    with house.reader.open(plan) as source:
        origin = source.header.dicom
    return (origin.patient_id or origin.patient_name).strip() if origin else ""


def find_again(house: House, plan: RecordingPlan) -> Recording | None:
    """Return the recording that was imported with the content of `plan`, or None; stores nothing.

    Raises InputError when the plan cannot be opened or holds no picture: what cannot be read is never "already
    there", and no examination should be made for it.
    """
    with house.reader.open(plan) as source:
        _require_a_picture(source)
        spacing_mm = used_spacing_mm(source.header, plan)
    return house.studies.find_recording(content_digest([_digest(file) for file in plan.files], spacing_mm))


def import_recording(house: House, exam_id: str, plan: RecordingPlan, *, who: str) -> Imported:
    """Bring a recording into an examination; the same content again is found, not stored twice.

    Raises InputError (cannot be read, or holds no picture), NotFound, NotAllowed (see `NEXT`) and
    StorageError (disk full). Files go to the object store first and the examination is changed in one commit
    last: whatever fails in between leaves the examination as it was, and at most objects nobody refers to.
    """
    digests = [_digest(file) for file in plan.files]
    with house.reader.open(plan) as source:
        _require_a_picture(source)
        header = source.header
    spacing_mm = used_spacing_mm(header, plan)
    digest = content_digest(digests, spacing_mm)
    found = house.studies.find_recording(digest)
    if found is not None:
        return Imported(found, already=True)
    next_state(house.studies.load(exam_id).exam.state, ExamEvent.IMPORT)
    recording = Recording(
        id=house.new_id(),
        exam_id=exam_id,
        name=plan.name,
        format=header.format,
        digest=digest,
        files=_store(house, plan, digests),
        n_frames=header.n_frames,
        width=header.geometry.width,
        height=header.geometry.height,
        calibrated=header.geometry.calibrated,
        imported_at=house.clock.now(),
        frame_rate_hz=header.frame_rate_hz,
        pixel_spacing_mm=spacing_mm,
        notes=header.notes,
    )
    return _commit(house, recording, header.dicom, who)


def open_recording(house: House, recording: Recording) -> FrameSource:
    """Open a stored recording; raises NotFound or StorageError when its files are gone or damaged."""
    files = tuple(LocalFile(file.name, house.objects.path(file.digest)) for file in recording.files)
    return house.reader.open(RecordingPlan(recording.name, files, recording.pixel_spacing_mm))


def content_digest(digests: Sequence[str], spacing_mm: float | None) -> str:
    """Return the SHA-256 (hex) that identifies a recording: of its only file, or of the list of its files.

    A pixel spacing that a person gave belongs to the content: the same video with another one measures
    other lengths, so it is another recording.
    """
    if len(digests) == 1 and spacing_mm is None:
        return digests[0]
    lines = [*digests, *([] if spacing_mm is None else [f"pixel spacing {spacing_mm!r} mm"])]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def used_spacing_mm(header: RecordingHeader, plan: RecordingPlan) -> float | None:
    """Return the pixel spacing that a person gave where the picture is measured with it, else None."""
    region = header.geometry.main_region()
    return plan.pixel_spacing_mm if region is not None and region.spacing is Spacing.USER else None


def _require_a_picture(source: FrameSource) -> None:
    """Raise the first InputError unless one of a few frames over the recording can be decoded."""
    first: InputError | None = None
    for index in sorted({0, len(source) // 2, len(source) - 1}):
        try:
            source.frame(index)
        except InputError as error:
            first = first or error
        else:
            return
    if first is not None:
        raise first


def _digest(file: LocalFile) -> str:
    try:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableError(f"{file.name}: cannot be opened ({error.strerror}); check its path") from error


def _store(house: House, plan: RecordingPlan, digests: Sequence[str]) -> tuple[SourceFile, ...]:
    stored = []
    for file, expected in zip(plan.files, digests, strict=True):
        digest, size = house.objects.put_file(file.path)
        if digest != expected:
            raise UnreadableError(f"{file.name}: changed while it was imported; wait until it is written and try again")
        stored.append(SourceFile(file.name, digest, size))
    return tuple(stored)


def _commit(house: House, recording: Recording, origin: DicomOrigin | None, who: str) -> Imported:
    """Write the recording, or find that somebody else has just imported the same content."""

    def make(file: ExamFile) -> ExamWrite | None:
        known = house.studies.find_recording(recording.digest)
        return _write(file, recording, origin, who) if known is None else None

    file = commit_latest(house.studies, recording.exam_id, make)
    mine = next((known for known in file.recordings if known.id == recording.id), None)
    found = mine or house.studies.find_recording(recording.digest)
    if found is None:
        raise NotFound(f"{recording.name}: was taken away while it was imported; import it again")
    return Imported(found, already=mine is None)


def _write(file: ExamFile, recording: Recording, origin: DicomOrigin | None, who: str) -> ExamWrite:
    state = next_state(file.exam.state, ExamEvent.IMPORT)
    exam = replace(file.exam, state=state, revision=file.exam.revision + 1)
    if origin is not None:
        exam, note = _with_patient(exam, origin)
        recording = replace(recording, notes=(*recording.notes, *note))
    target, after = recording_target(recording.id), recording_to_text(recording, exam.revision)
    return ExamWrite(exam, [Change(recording.imported_at, who, "import", target, after=after)], [recording])


def _with_patient(exam: Exam, origin: DicomOrigin) -> tuple[Exam, tuple[str, ...]]:
    """Return the examination with the patient that the DICOM file names, and a note where the two disagree."""
    known = exam.patient_id
    if known and origin.patient_id and known != origin.patient_id:
        return exam, (f"Its patient ID is {origin.patient_id}, the examination's is {known}: check whose it is.",)
    name = exam.patient_name or ", ".join(part for part in origin.patient_name.split("^")[:2] if part)
    return replace(exam, patient_name=name, patient_id=known or origin.patient_id), ()
