"""Recordings that are not DICOM, as DICOM ultrasound: so that what is written about them has something to refer to.

Pixels stay as they are (JPEG-LS without loss). A recording with times becomes one Ultrasound Multi-frame Image;
one without becomes an Ultrasound Image for each picture, because a multi-frame object must say how its frames
follow each other in time (PS3.3, C.8.5.6.1.4) and nothing is made up here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import numpy as np
from pydicom import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import JPEGLSLosslessEncoder
from pydicom.tag import Tag
from pydicom.uid import JPEGLSLossless
from pydicom.valuerep import format_number_as_ds

from echospine.adapters.dicom.writing.codes import PROCESSING_EQUIPMENT
from echospine.adapters.dicom.writing.objects import (
    MAKER,
    Source,
    code_item,
    new_object,
    put_series,
    report_file,
    source_of,
)
from echospine.adapters.dicom.writing.texts import file_stem, line
from echospine.domain.errors import TooLargeError
from echospine.domain.exams import Recording
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Region
from echospine.domain.reports import Report, ReportFile, ReportRecording
from echospine.domain.units import Pixels
from echospine.ports import FrameSource

MAX_BYTES = 1 << 30
"""Most bytes of one written recording: it is handed on in one piece."""
MOST_INCREMENTS = 6000
"""Most values of Frame Time Vector: an element with a 16-bit length holds no more (PS3.5, 7.1.2)."""
SAME_STEP_S = 5e-7
"""Steps in time that differ by less are one Frame Time: sources print microseconds."""

_FRAME_TIME, _FRAME_TIME_VECTOR = Tag("FrameTime"), Tag("FrameTimeVector")


class UsImageWriter:
    """Writes each recording of a signed report that did not come as DICOM; `open_recording` gives its frames."""

    def __init__(self, open_recording: Callable[[Recording], FrameSource]) -> None:
        self._open = open_recording

    def write(self, report: Report) -> tuple[ReportFile, ...]:
        """Return the images, none for a draft. Raises TooLargeError, and what the source of frames raises."""
        if report.draft:
            return ()
        return tuple(
            file
            for number, item in enumerate(report.recordings, 1)
            if item.header.dicom is None
            for file in self._images(report, item, number)
        )

    def _images(self, report: Report, item: ReportRecording, number: int) -> Iterator[ReportFile]:
        source = source_of(report, item)
        stem = f"{number:02d}-{file_stem(item.recording.name)}"
        with self._open(item.recording) as frames:
            if len(source.instances) == source.n_frames:
                for place, frame in enumerate(frames):
                    made = _image(report, item, source, place, [frame])
                    name = f"{stem}.us.dcm" if source.n_frames == 1 else f"{stem}-{place + 1:04d}.us.dcm"
                    yield report_file(name, made)
            else:
                made = _image(report, item, source, 0, frames)
                _put_times(made, item.header.times_s)
                yield report_file(f"{stem}.us.dcm", made)


def _image(
    report: Report,
    item: ReportRecording,
    source: Source,
    place: int,
    frames: Sequence[Frame] | FrameSource,
) -> FileDataset:
    made = new_object(source, source.origin.sop_class_uid, source.instances[place], JPEGLSLossless)
    put_series(made, "US", source.origin.series_uid, report.recordings.index(item) + 1, item.recording.name)
    made.Manufacturer = ""
    made.ContributingEquipmentSequence = [_converter(report)]
    made.TimezoneOffsetFromUTC = "+0000"
    made.InstanceNumber = place + 1
    made.PatientOrientation = ""
    made.Laterality = ""
    made.ImageComments = line(f"{item.recording.format}; SHA-256 {item.recording.digest}", 10240)
    _put_history(made, item, source)
    _put_pixels(made, item.recording, iter(frames))
    if item.header.geometry.regions:
        made.SequenceOfUltrasoundRegions = regions(item.header.geometry)
    return made


def _converter(report: Report) -> Dataset:
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = [code_item(PROCESSING_EQUIPMENT)]
    equipment.Manufacturer = MAKER
    equipment.ManufacturerModelName = MAKER
    equipment.SoftwareVersions = line(report.software)
    equipment.ContributionDescription = "Conversion to DICOM, pixels unchanged"
    return equipment


def _put_history(made: Dataset, item: ReportRecording, source: Source) -> None:
    """Put what happened to the pixels before, as far as it is known."""
    lossy = source.origin.lossy == "01"
    made.ImageType = ["DERIVED" if lossy else "ORIGINAL", "PRIMARY"]
    if lossy:
        made.LossyImageCompression = "01"
        header = item.header
        raw = header.n_frames * header.geometry.width * header.geometry.height * (3 if header.colour else 1)
        stored = sum(file.size for file in item.recording.files)
        made.LossyImageCompressionRatio = format_number_as_ds(max(1.0, raw / max(stored, 1)))
    searched = bool(item.interpretations)
    if not searched or any(seen.field.text_boxes for seen in item.interpretations):
        made.BurnedInAnnotation = "YES"


def _put_pixels(made: Dataset, recording: Recording, frames: Iterator[Frame]) -> None:
    """Compress frame by frame, so that only compressed frames are in memory together."""
    first = next(frames)
    put_layout(made, first.pixels)
    packed: list[bytes] = []
    total = 0
    for frame in chain([first], frames):
        packed.append(compressed(frame.pixels))
        total += len(packed[-1])
        if total > MAX_BYTES:
            raise TooLargeError(
                f"{recording.name}: is larger than {MAX_BYTES >> 20:,} MiB as DICOM after {len(packed):,} of "
                f"{recording.n_frames:,} frames; split the recording and import its parts"
            )
    put_packed(made, packed)


def put_layout(made: Dataset, pixels: Pixels) -> None:
    """Put how pictures like this one are stored."""
    colour = pixels.ndim == 3
    made.SamplesPerPixel = 3 if colour else 1
    made.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        made.PlanarConfiguration = 0
    made.Rows, made.Columns = pixels.shape[:2]
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0


def put_packed(made: Dataset, packed: Sequence[bytes]) -> None:
    """Put compressed pictures, one fragment each."""
    made.PixelData = encapsulate(list(packed))
    made["PixelData"].is_undefined_length = True


def compressed(pixels: Pixels) -> bytes:
    """Return one picture as JPEG-LS, without loss."""
    colour = pixels.ndim == 3
    return JPEGLSLosslessEncoder.encode(
        np.ascontiguousarray(pixels),
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        samples_per_pixel=3 if colour else 1,
        planar_configuration=0 if colour else None,
        photometric_interpretation="RGB" if colour else "MONOCHROME2",
        bits_allocated=8,
        bits_stored=8,
        pixel_representation=0,
        number_of_frames=1,
    )


def _put_times(made: Dataset, times_s: Sequence[float]) -> None:
    """Put the times between frames, in ms: one for all where they are the same."""
    made.NumberOfFrames = len(times_s)
    steps = np.diff(np.asarray(times_s, dtype=np.float64))
    mean = float(steps.mean())
    if np.ptp(steps) > SAME_STEP_S and steps.size < MOST_INCREMENTS:
        made.FrameIncrementPointer = _FRAME_TIME_VECTOR
        made.FrameTimeVector = [f"{1000 * step:.6f}"[:16] for step in (0.0, *steps)]
    else:
        made.FrameIncrementPointer = _FRAME_TIME
        made.FrameTime = format_number_as_ds(1000 * mean)


def regions(geometry: ImageGeometry) -> list[Dataset]:
    """Return the items of Sequence of Ultrasound Regions."""
    return [_region(region) for region in geometry.regions]


def _region(region: Region) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat = 1 if region.spatial else 0
    item.RegionDataType = region.data_type
    item.RegionFlags = 1 if region.high_priority else 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = region.x0, region.y0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = region.x1, region.y1
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = int(region.unit_x), int(region.unit_y)
    item.PhysicalDeltaX, item.PhysicalDeltaY = region.delta_x, region.delta_y
    return item
