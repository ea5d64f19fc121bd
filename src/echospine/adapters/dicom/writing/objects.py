"""What all objects share that a report becomes: whose they are, what they refer to, and names that stay the same.

An object about a DICOM recording goes into the study of that recording and repeats its patient and study. A
recording that came in another format gets a study, a series and instances of its own, under UIDs derived from
the ids of the examination and the recording (UUID version 5 below 2.25, PS3.5 B.2): so every writer arrives at
the same ones, and writing again gives the same object.
"""

from __future__ import annotations

import io
import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from pydicom import Dataset, FileDataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from echospine.adapters.dicom.writing.texts import SHORT, date, line, stored_name, time, typed_name
from echospine.domain.exams import Exam
from echospine.domain.frames import DicomOrigin, RecordingHeader, TimeSource
from echospine.domain.reports import Report, ReportFile, ReportRecording

MAKER = "EchoSpine"
DICOM_TYPE = "application/dicom"
LOSSY_ENDINGS = re.compile(r"\.(mp4|m4v|avi|mov|mkv|webm|wmv|mpe?g|jpe?g)$", re.IGNORECASE)

_NAMESPACE = uuid.UUID("7c0a0b9e-5d43-5c0e-9b6d-0f2f6f0c6b1a")


def uid_of(*parts: str) -> str:
    """Return the UID that belongs to these words, the same on every machine."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(parts)).int}"


@dataclass(frozen=True, slots=True)
class Source:
    """The DICOM instances that hold a recording: one with all frames, or one for each frame.

    `origin`: whose they are, with the UID of the first instance; `instances`: SOP Instance UIDs.
    """

    origin: DicomOrigin
    instances: tuple[str, ...]
    n_frames: int

    def reference(self, frame: int | None) -> tuple[str, int | None]:
        """Return the instance that holds a frame (counted from 0), and its number there from 1, None for the only one.

        Without a frame: the first instance as a whole.
        """
        if frame is None:
            return self.instances[0], None
        if len(self.instances) > 1:
            return self.instances[frame], None
        return self.instances[0], frame + 1 if self.n_frames > 1 else None


def source_of(report: Report, item: ReportRecording) -> Source:
    """Return what to refer to: the object that was read, or the one that UsImageWriter makes of the recording."""
    header = item.header
    if header.dicom is not None:
        return Source(header.dicom, (header.dicom.sop_instance_uid,), header.n_frames)
    key = (report.exam.id, item.recording.id)
    singly = header.n_frames == 1 or not header.times_s
    names = [uid_of(*key, "image", str(i)) for i in range(header.n_frames)] if singly else [uid_of(*key, "image")]
    return Source(_new_origin(report.exam, item, names[0], singly), tuple(names), header.n_frames)


def _new_origin(exam: Exam, item: ReportRecording, first: str, singly: bool) -> DicomOrigin:
    return DicomOrigin(
        study_uid=uid_of(exam.id, "study"),
        series_uid=uid_of(exam.id, item.recording.id, "series"),
        sop_class_uid=UltrasoundImageStorage if singly else UltrasoundMultiFrameImageStorage,
        sop_instance_uid=first,
        patient_id=line(exam.patient_id),
        patient_name=typed_name(exam.patient_name),
        study_date=date(exam.created_at),
        study_time=time(exam.created_at),
        study_id=line(exam.id, SHORT),
        lossy="01" if was_lossy(item.header, item) else "",
    )


def was_lossy(header: RecordingHeader, item: ReportRecording) -> bool:
    """True for videos and JPEG pictures; of other formats it is not known what happened to them before."""
    named = any(LOSSY_ENDINGS.search(file.name) for file in item.recording.files)
    return named or header.time_source is TimeSource.CONTAINER


def signed_at(report: Report) -> datetime:
    """Return when the report got its content: its signature, which is the same whenever it is written again."""
    return report.exam.signed_at or report.made_at


def new_object(
    source: Source, sop_class: str, instance: str, transfer_syntax: str = ExplicitVRLittleEndian
) -> FileDataset:
    """Return an object with its patient, its study and its identity; type 2 attributes that are unknown are empty."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(instance)
    meta.TransferSyntaxUID = UID(transfer_syntax)
    meta.ImplementationVersionName = MAKER.upper()
    made = FileDataset(io.BytesIO(), {}, file_meta=meta, preamble=b"\0" * 128)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = sop_class
    made.SOPInstanceUID = instance
    _put_patient_and_study(made, source.origin)
    return made


def _put_patient_and_study(made: Dataset, origin: DicomOrigin) -> None:
    made.PatientName = stored_name(origin.patient_name)
    made.PatientID = line(origin.patient_id)
    made.PatientBirthDate = origin.patient_birth_date if re.fullmatch(r"\d{8}", origin.patient_birth_date) else ""
    made.PatientSex = origin.patient_sex if origin.patient_sex in ("M", "F", "O") else ""
    made.StudyInstanceUID = origin.study_uid
    made.StudyDate = origin.study_date if re.fullmatch(r"\d{8}", origin.study_date) else ""
    made.StudyTime = origin.study_time if re.fullmatch(r"\d{2,6}(\.\d{1,6})?", origin.study_time) else ""
    made.StudyID = line(origin.study_id, SHORT)
    made.AccessionNumber = line(origin.accession_number, SHORT)
    made.ReferringPhysicianName = stored_name(origin.referring_physician)


def put_series(made: Dataset, modality: str, series_uid: str, number: int, description: str) -> None:
    """Put the series of an object that EchoSpine makes, and its place there."""
    made.Modality = modality
    made.SeriesInstanceUID = series_uid
    made.SeriesNumber = number
    made.SeriesDescription = line(description)


def put_maker(made: Dataset, report: Report) -> None:
    """Put EchoSpine as the equipment. Software has no serial number, so its name and version stand there."""
    made.Manufacturer = MAKER
    made.ManufacturerModelName = MAKER
    made.DeviceSerialNumber = line(report.software)
    made.SoftwareVersions = line(report.software)


def code_item(code: Code) -> Dataset:
    """Return a code as an item of a code sequence (PS3.3, 8.8)."""
    item = Dataset()
    item.CodeValue = code.value
    item.CodingSchemeDesignator = code.scheme_designator
    item.CodeMeaning = code.meaning
    return item


def instance_item(sop_class: str, instance: str) -> Dataset:
    """Return a reference to an instance."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = instance
    return item


def report_file(name: str, made: FileDataset) -> ReportFile:
    """Return the object as a file (PS3.10)."""
    out = io.BytesIO()
    dcmwrite(out, made, enforce_file_format=True)
    return ReportFile(name, DICOM_TYPE, out.getvalue())
