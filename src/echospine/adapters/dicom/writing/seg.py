"""Where structures were seen, as DICOM Segmentation: one binary mask for each structure and frame.

Built on pydicom, because the segmentations of highdicom need planes in space, and an ultrasound frame has none:
without a Frame of Reference, each mask is tied to the frame that it was derived from (PS3.3, A.51.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from highdicom.color import CIELabColor
from pydicom import Dataset, FileDataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import SegmentationStorage

from echospine.adapters.dicom.writing.codes import (
    ANATOMICAL_STRUCTURE,
    OWN_SCHEME,
    PHYSICAL_OBJECT,
    SEGMENTATION,
    SOURCE_FOR_PROCESSING,
    STRUCTURES,
    own_scheme_item,
)
from echospine.adapters.dicom.writing.objects import (
    Source,
    code_item,
    instance_item,
    new_object,
    put_maker,
    put_series,
    report_file,
    signed_at,
    source_of,
    uid_of,
)
from echospine.adapters.dicom.writing.texts import date, file_stem, line, time, typed_name
from echospine.domain.colours import COLOURS
from echospine.domain.errors import TooLargeError
from echospine.domain.labels import BONES, Structure
from echospine.domain.reports import Report, ReportFile, ReportRecording
from echospine.domain.units import Mask

SERIES_NUMBER = 9002
MAX_BYTES = 1 << 30
"""Most bytes of masks in one object: it is handed on in one piece."""

Seen = list[tuple[int, int]]
"""Masks that are not empty, as (segment number from 1, frame from 0), by segment and then by frame."""


class SegWriter:
    """Writes a binary segmentation of each recording of a signed report in which a structure was found."""

    def write(self, report: Report) -> tuple[ReportFile, ...]:
        """Return the segmentations, none for a draft: the format has no mark for it. Raises TooLargeError."""
        if report.draft:
            return ()
        files = (self._segmentation(report, item, number) for number, item in enumerate(report.recordings, 1))
        return tuple(file for file in files if file is not None)

    def _segmentation(self, report: Report, item: ReportRecording, number: int) -> ReportFile | None:
        holding = _structures_of_frames(item)
        segments = sorted(set().union(*holding))
        seen = [
            (n, frame)
            for n, structure in enumerate(segments, 1)
            for frame, held in enumerate(holding)
            if structure in held
        ]
        if not seen:
            return None
        source = source_of(report, item)
        made = _object(report, item, source, number)
        made.SegmentSequence = [_segment(item, structure, n) for n, structure in enumerate(segments, 1)]
        if any(STRUCTURES[structure].scheme_designator == OWN_SCHEME for structure in segments):
            made.CodingSchemeIdentificationSequence = [own_scheme_item()]
        _put_frames(made, source, seen)
        made.PixelData = _packed(item, segments, seen)
        return report_file(f"{number:02d}-{file_stem(item.recording.name)}.seg.dcm", made)


def mask_of(item: ReportRecording, structure: Structure, frame: int) -> Mask:
    """Return where a structure was seen in a frame, shape (rows, columns), as the label maps of the house have it."""
    mask: Mask = item.interpretations[frame].label_map(item.header.geometry) == structure
    return mask


def _structures_of_frames(item: ReportRecording) -> list[set[Structure]]:
    """Return which structures each frame's label map holds."""
    maps = (seen.label_map(item.header.geometry) for seen in item.interpretations)
    return [{Structure(int(one)) for one in np.unique(labels) if one} for labels in maps]


def _object(report: Report, item: ReportRecording, source: Source, number: int) -> FileDataset:
    exam, at = report.exam, signed_at(report)
    key = (exam.id, str(exam.version), source.origin.study_uid)
    made = new_object(source, SegmentationStorage, uid_of(*key, item.recording.id, "seg"))
    put_series(made, "SEG", uid_of(*key, "seg series"), SERIES_NUMBER, "Structures seen in ultrasound")
    put_maker(made, report)
    made.InstanceNumber = number
    made.PatientOrientation = ""
    made.SeriesDate = made.ContentDate = date(at)
    made.SeriesTime = made.ContentTime = time(at)
    made.ContentLabel = "STRUCTURES"
    made.ContentDescription = line(f"Structures seen in {item.recording.name}")
    made.ContentCreatorName = typed_name(exam.signed_by)
    made.ImageType = ["DERIVED", "PRIMARY"]
    made.SegmentationType = "BINARY"
    made.SegmentsOverlap = "NO"
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = item.header.geometry.height, item.header.geometry.width
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 1, 1, 0, 0
    _put_lossy(made, source)
    made.ReferencedSeriesSequence = [_referenced_series(source)]
    return made


def _put_lossy(made: Dataset, source: Source) -> None:
    """Say that the images had lost detail before, where they say so themselves."""
    origin = source.origin
    made.LossyImageCompression = "01" if origin.lossy == "01" else "00"
    if origin.lossy == "01":
        for keyword, stated in (("Ratio", origin.lossy_ratio), ("Method", origin.lossy_method)):
            if stated:
                setattr(made, f"LossyImageCompression{keyword}", stated.split("\\"))


def _referenced_series(source: Source) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = source.origin.series_uid
    item.ReferencedInstanceSequence = [
        instance_item(source.origin.sop_class_uid, instance) for instance in source.instances
    ]
    return item


def _segment(item: ReportRecording, structure: Structure, number: int) -> Dataset:
    methods = {str(seen.method) for seen in item.interpretations}
    segment = Dataset()
    segment.SegmentNumber = number
    segment.SegmentLabel = structure.label.replace("_", " ")
    is_surface = structure in BONES
    what = "Visible surface, as a band below it" if is_surface else "Area seen in the picture"
    people = sorted({edit.who for edit in item.drawn})
    segment.SegmentDescription = f"{what}; corrected by {line(', '.join(people))}" if people else what
    segment.SegmentAlgorithmType = "AUTOMATIC" if methods <= {item.recording.method} else "SEMIAUTOMATIC"
    segment.SegmentAlgorithmName = line(item.recording.method or "; ".join(sorted(methods)))
    category = PHYSICAL_OBJECT if structure is Structure.NEEDLE else ANATOMICAL_STRUCTURE
    segment.SegmentedPropertyCategoryCodeSequence = [code_item(category)]
    segment.SegmentedPropertyTypeCodeSequence = [code_item(STRUCTURES[structure])]
    segment.TrackingID = line(f"{segment.SegmentLabel} in {item.recording.name}")
    segment.TrackingUID = uid_of(item.recording.exam_id, item.recording.id, "segment", structure.label)
    segment.RecommendedDisplayCIELabValue = list(CIELabColor.from_string(COLOURS[structure]).value)
    return segment


def _put_frames(made: Dataset, source: Source, seen: Seen) -> None:
    """Put the number of frames, how they are ordered, and what each is."""
    organisation = uid_of(made.SOPInstanceUID, "dimensions")
    in_order = {frame: place for place, frame in enumerate(sorted({frame for _, frame in seen}), 1)}
    made.NumberOfFrames = len(seen)
    made.DimensionOrganizationSequence = [_organisation(organisation)]
    made.DimensionIndexSequence = [
        _dimension(organisation, Tag("ReferencedSegmentNumber"), Tag("SegmentIdentificationSequence"), "Segment"),
        _dimension(organisation, Tag("TemporalPositionIndex"), Tag("FrameContentSequence"), "Source frame"),
    ]
    made.SharedFunctionalGroupsSequence = [Dataset()]
    made.PerFrameFunctionalGroupsSequence = [
        _frame_groups(source, segment, frame, in_order[frame]) for segment, frame in seen
    ]


def _organisation(uid: str) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = uid
    return item


def _dimension(organisation: str, pointer: BaseTag, group: BaseTag, label: str) -> Dataset:
    item = _organisation(organisation)
    item.DimensionIndexPointer = pointer
    item.FunctionalGroupPointer = group
    item.DimensionDescriptionLabel = label
    return item


def _frame_groups(source: Source, segment: int, frame: int, place: int) -> Dataset:
    content = Dataset()
    content.TemporalPositionIndex = place
    content.DimensionIndexValues = [segment, place]
    identification = Dataset()
    identification.ReferencedSegmentNumber = segment
    groups = Dataset()
    groups.FrameContentSequence = [content]
    groups.SegmentIdentificationSequence = [identification]
    groups.DerivationImageSequence = [_derivation(source, frame)]
    return groups


def _derivation(source: Source, frame: int) -> Dataset:
    instance, number = source.reference(frame)
    image = instance_item(source.origin.sop_class_uid, instance)
    if number is not None:
        image.ReferencedFrameNumber = number
    image.PurposeOfReferenceCodeSequence = [code_item(SOURCE_FOR_PROCESSING)]
    image.SpatialLocationsPreserved = "YES"
    derivation = Dataset()
    derivation.DerivationCodeSequence = [code_item(SEGMENTATION)]
    derivation.SourceImageSequence = [image]
    return derivation


def _packed(item: ReportRecording, segments: Sequence[Structure], seen: Seen) -> bytes:
    """Return all masks as one stream of bits, the first pixel in the lowest bit (PS3.5, 8.1.1 and D).

    Frames follow each other without a gap, in the middle of a byte where need be; eight frames fill whole bytes.
    """
    n_bytes = (len(seen) * item.header.geometry.width * item.header.geometry.height + 7) // 8
    if n_bytes > MAX_BYTES:
        raise TooLargeError(
            f"{item.recording.name}: its masks are larger than {MAX_BYTES >> 20:,} MiB; "
            "split the recording and import its parts"
        )
    packed = b"".join(_packed_eights(item, segments, seen))
    return packed + b"\0" * (len(packed) % 2)


def _packed_eights(item: ReportRecording, segments: Sequence[Structure], seen: Seen) -> Iterator[bytes]:
    for start in range(0, len(seen), 8):
        masks = [mask_of(item, segments[number - 1], frame) for number, frame in seen[start : start + 8]]
        yield np.packbits(np.stack(masks), bitorder="little").tobytes()
