"""What was measured, as a DICOM structured report: TID 1500, one measurement group for each finding.

The content tree is highdicom's; the document around it takes its dates from the signature, so that it is the same
whenever it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from highdicom import sr
from pydicom import Dataset, FileDataset
from pydicom.sr.codedict import codes
from pydicom.uid import Comprehensive3DSRStorage

from echospine.adapters.dicom.writing.codes import (
    IMAGING_MEASUREMENT_REPORT,
    LEVELS,
    LOWER_UNCERTAINTY,
    LUMBAR_SPINE,
    MANUAL_ENTRY,
    MEAN,
    MEDIAN,
    QUANTITIES,
    SIDES,
    STATE,
    STATES,
    STRUCTURES,
    ULTRASONOGRAPHY,
    UNITS,
    UPPER_UNCERTAINTY,
    own_scheme_item,
)
from echospine.adapters.dicom.writing.objects import (
    MAKER,
    Source,
    instance_item,
    new_object,
    put_maker,
    put_series,
    report_file,
    signed_at,
    source_of,
    uid_of,
)
from echospine.adapters.dicom.writing.texts import date, date_time, line, time, typed_name
from echospine.domain.exams import Finding
from echospine.domain.measures import OF_CHOSEN, OF_MOTION, Measurement, Quantity, Status
from echospine.domain.reports import Report, ReportFile, ReportRecording

SERIES_NUMBER = 9001
PIXEL_CENTRE = 0.5
"""Where a pixel's centre lies in an SR, whose coordinates start at the corner of the first pixel (C.18.6.1.2)."""
DECIDED = (Status.ACCEPTED, Status.EDITED)
NOT_MEDIAN = OF_MOTION | {Quantity.SWEEP_LENGTH, Quantity.SWEEP_SPEED, Quantity.HECKMATT_GRADE}
"""Quantities of a recording as a whole; the value of any other over several frames is their median."""

Part = tuple[ReportRecording, Source]


class SrWriter:
    """Writes the measurements of a signed report, one document for each study that its recordings belong to.

    `organization`: for whom the signer works, which DICOM asks of a verified document; "not stated" when empty.
    """

    def __init__(self, organization: str = "") -> None:
        self._organization = line(organization) or "not stated"

    def write(self, report: Report) -> tuple[ReportFile, ...]:
        """Return the documents, none for a draft: what nobody has verified is not written as a measurement report."""
        if report.draft:
            return ()
        studies = [parts for parts in _by_study(report) if any(_valued(item) for item, _ in parts)]
        return tuple(
            report_file("measurements.sr.dcm" if len(studies) == 1 else f"measurements-{n}.sr.dcm", made)
            for n, made in enumerate((self._document(report, parts) for parts in studies), 1)
        )

    def _document(self, report: Report, parts: Sequence[Part]) -> FileDataset:
        exam, at, source = report.exam, signed_at(report), parts[0][1]
        made = new_object(source, Comprehensive3DSRStorage, _document_uid(report, source, exam.version))
        series = uid_of(exam.id, source.origin.study_uid, "sr series")
        put_series(made, "SR", series, SERIES_NUMBER, "EchoSpine measurements")
        put_maker(made, report)
        made.CodingSchemeIdentificationSequence = [own_scheme_item()]
        made.InstanceNumber = exam.version
        made.ContentDate, made.ContentTime = date(at), time(at)
        made.ReferencedPerformedProcedureStepSequence = []
        made.PerformedProcedureCodeSequence = []
        made.CompletionFlag, made.PreliminaryFlag = "COMPLETE", "FINAL"
        made.VerificationFlag = "VERIFIED"
        made.VerifyingObserverSequence = [self._verifier(report)]
        made.CurrentRequestedProcedureEvidenceSequence = [_evidence(parts)]
        if exam.version > 1:
            earlier = _document_uid(report, source, exam.version - 1)
            made.PredecessorDocumentsSequence = [_documents(source, series, earlier)]
        made.update(_content(report, parts)[0])
        return made

    def _verifier(self, report: Report) -> Dataset:
        verifier = Dataset()
        verifier.VerifyingOrganization = self._organization
        verifier.VerificationDateTime = date_time(signed_at(report))
        verifier.VerifyingObserverName = typed_name(report.exam.signed_by)
        verifier.VerifyingObserverIdentificationCodeSequence = []
        return verifier


def _by_study(report: Report) -> list[list[Part]]:
    studies: dict[str, list[Part]] = {}
    for item in report.recordings:
        source = source_of(report, item)
        studies.setdefault(source.origin.study_uid, []).append((item, source))
    return list(studies.values())


def _valued(item: ReportRecording) -> list[tuple[Finding, float]]:
    """Return the findings that are numbers and were decided, with their values; a signed report has no others."""
    return [
        (f, f.measurement.value)
        for f in item.findings
        if f.measurement.value is not None and f.measurement.status in DECIDED
    ]


def _document_uid(report: Report, source: Source, version: int) -> str:
    return uid_of(report.exam.id, str(version), source.origin.study_uid, "sr")


def _documents(source: Source, series: str, instance: str) -> Dataset:
    return _hierarchy(source.origin.study_uid, {series: [instance_item(Comprehensive3DSRStorage, instance)]})


def _evidence(parts: Sequence[Part]) -> Dataset:
    """Return every image that the measurements refer to, under its study and series."""
    series: dict[str, list[Dataset]] = {}
    for item, source in parts:
        used = {source.reference(f.measurement.frame)[0] for f, _ in _valued(item)}
        items = [instance_item(source.origin.sop_class_uid, uid) for uid in source.instances if uid in used]
        if items:
            series.setdefault(source.origin.series_uid, []).extend(items)
    return _hierarchy(parts[0][1].origin.study_uid, series)


def _hierarchy(study_uid: str, series: dict[str, list[Dataset]]) -> Dataset:
    study = Dataset()
    study.ReferencedSeriesSequence = []
    study.StudyInstanceUID = study_uid
    for uid, items in series.items():
        one = Dataset()
        one.ReferencedSOPSequence = items
        one.SeriesInstanceUID = uid
        study.ReferencedSeriesSequence.append(one)
    return study


def _content(report: Report, parts: Sequence[Part]) -> sr.MeasurementReport:
    return sr.MeasurementReport(
        observation_context=_context(report),
        procedure_reported=ULTRASONOGRAPHY,
        imaging_measurements=[_group(report, f, value, source) for item, source in parts for f, value in _valued(item)],
        title=IMAGING_MEASUREMENT_REPORT,
    )


def _context(report: Report) -> sr.ObservationContext:
    person = sr.PersonObserverIdentifyingAttributes(name=typed_name(report.exam.signed_by))
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=uid_of("device", report.software),
        name=line(report.software),
        manufacturer_name=MAKER,
        model_name=MAKER,
    )
    return sr.ObservationContext(
        observer_person_context=sr.ObserverContext(codes.DCM.Person, person),
        observer_device_context=sr.ObserverContext(codes.DCM.Device, device),
    )


def _group(report: Report, finding: Finding, value: float, source: Source) -> sr.MeasurementsAndQualitativeEvaluations:
    measurement = finding.measurement
    instance, frame = source.reference(measurement.frame)
    image = (source.origin.sop_class_uid, instance, None if frame is None else [frame])
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=uid_of(report.exam.id, finding.id, "finding"), identifier=line(finding.id)
        ),
        finding_type=STRUCTURES.get(measurement.structure),
        finding_sites=[sr.FindingSite(LEVELS.get(measurement.level, LUMBAR_SPINE), SIDES.get(measurement.side))],
        measurements=[_measurement(measurement, value, image)],
        qualitative_evaluations=_state(measurement),
        source_images=[sr.SourceImageForMeasurementGroup(*image)],
    )


def _state(measurement: Measurement) -> list[sr.QualitativeEvaluation] | None:
    """Return whether the muscle was at rest, where somebody said it."""
    state = STATES.get(measurement.state)
    return None if state is None else [sr.QualitativeEvaluation(name=STATE, value=state)]


def _measurement(measurement: Measurement, value: float, image: tuple[str, str, list[int] | None]) -> sr.Measurement:
    edited = measurement.status is Status.EDITED
    several = measurement.n_frames > 1 and measurement.quantity not in NOT_MEDIAN and not edited
    made = sr.Measurement(
        name=QUANTITIES[measurement.quantity],
        value=float(value),
        unit=UNITS[measurement.unit],
        algorithm_id=sr.AlgorithmIdentification(line(measurement.method.name), line(measurement.method.version)),
        method=MANUAL_ENTRY if edited else None,
        derivation=(MEAN if OF_CHOSEN in measurement.method.name else MEDIAN) if several else None,
        referenced_coordinates=list(_coordinates(measurement, image)),
    )
    made[0].ContentSequence.extend(_uncertainty(measurement))
    return made


def _uncertainty(measurement: Measurement) -> Iterator[sr.NumContentItem]:
    """One standard deviation up and down, in the unit of the value (TID 310)."""
    if measurement.uncertainty is None:
        return
    for name in (UPPER_UNCERTAINTY, LOWER_UNCERTAINTY):
        yield sr.NumContentItem(
            name=name,
            value=float(measurement.uncertainty),
            unit=UNITS[measurement.unit],
            relationship_type=sr.RelationshipTypeValues.HAS_PROPERTIES,
        )


def _coordinates(
    measurement: Measurement, image: tuple[str, str, list[int] | None]
) -> Iterator[sr.CoordinatesForMeasurement]:
    """The points of a calliper on its frame: a line, or a closed outline for an area."""
    if not measurement.points_px:
        return
    points = np.asarray(measurement.points_px, dtype=np.float64) + PIXEL_CENTRE
    if measurement.quantity in {Quantity.AREA, Quantity.CROSS_SECTION}:
        points = np.vstack([points, points[:1]])
    yield sr.CoordinatesForMeasurement(
        graphic_type=sr.GraphicTypeValues.POLYLINE,
        graphic_data=points,
        source_image=sr.SourceImageForRegion(*image),
    )
