"""A DICOM ultrasound recording as a source of frames, read lazily and in constant memory.

A file that ends early is refused, also where its first frames are whole: the object in the archive has more
frames than this copy, so a report on it would speak of a recording that nobody else has. The message tells how
many frames are whole. A frame that is damaged inside is refused when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from echospine.adapters.dicom.reading.bytefile import ByteFile, decoding, open_bytes
from echospine.adapters.dicom.reading.elements import Header, character_set_notes, read_header, text, whole
from echospine.adapters.dicom.reading.identify import Kind, identify
from echospine.adapters.dicom.reading.pixels.access import PixelReader, pixel_reader
from echospine.adapters.dicom.reading.pixels.samples import read_layout
from echospine.adapters.dicom.reading.regions import Geometries, read_geometries, with_user_spacing
from echospine.adapters.dicom.reading.timing import read_timing
from echospine.domain.errors import GeometryError, UnsupportedError
from echospine.domain.frames import DicomOrigin, Frame, RecordingHeader, check_size
from echospine.ports import RecordingPlan


class DicomSource:
    """A recording in one DICOM file; FrameSource. Frames may be asked for from several threads."""

    def __init__(self, header: RecordingHeader, geometries: Geometries, pixels: PixelReader, file: ByteFile) -> None:
        self._header = header
        self._geometries = geometries
        self._pixels = pixels
        self._file = file

    @property
    def header(self) -> RecordingHeader:
        """What is known without touching pixels; `geometry` is that of the first frame."""
        return self._header

    def frame(self, index: int) -> Frame:
        """Return one frame; raises IndexError outside the recording, TruncatedError for damaged pixels."""
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {len(self)}")
        with decoding(self._file.name, f"frame {index + 1} of {len(self)}"):
            pixels = self._pixels.picture(index)
            times = self._header.times_s
            return Frame(pixels, self._geometries.of(index), index, times[index] if times else None)

    def __len__(self) -> int:
        return self._header.n_frames

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def __enter__(self) -> DicomSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_dicom(plan: RecordingPlan) -> DicomSource:
    """Open a DICOM ultrasound file; pixels stay on disk until a frame is asked for.

    `plan.pixel_spacing_mm` is used only where the file itself has no scale. Raises UnreadableError,
    TruncatedError, TooLargeError or UnsupportedError, whose text names the file and the way out.
    """
    if len(plan.files) != 1:
        raise UnsupportedError(
            f"{plan.name}: a DICOM recording is one file, {len(plan.files)} were given; give each by itself"
        )
    name = plan.files[0].name
    file = open_bytes(name, plan.files[0].path)
    opened = [file]
    try:
        with decoding(name, "the DICOM header"):
            header = read_header(file)
            opened.append(header.body)
            source = _assemble(plan, name, header)
    except BaseException:
        for one in opened:
            one.close()
        raise
    if header.body is not file:
        file.close()
    return source


def _assemble(plan: RecordingPlan, name: str, header: Header) -> DicomSource:
    """Read all that the header says, sizes first: nothing is allocated before they are checked."""
    dataset = header.dataset
    kind = identify(name, dataset)
    n_frames = whole(dataset, "NumberOfFrames", 1)
    check_size(name, whole(dataset, "Columns", 0), whole(dataset, "Rows", 0), n_frames)
    layout = read_layout(name, dataset)
    pixels = pixel_reader(header, layout, n_frames)
    geometries = read_geometries(dataset, layout.columns, layout.rows, n_frames, volume=kind is Kind.VOLUME)
    if plan.pixel_spacing_mm is not None:
        try:
            geometries = with_user_spacing(geometries, plan.pixel_spacing_mm)
        except GeometryError as error:
            raise UnsupportedError(f"{name}: {error}") from error
    timing = read_timing(dataset, n_frames)
    summary = RecordingHeader(
        name=plan.name,
        format=f"DICOM {kind}",
        n_frames=n_frames,
        geometry=geometries.of(0),
        colour=layout.colour,
        time_source=timing.source,
        times_s=timing.times_s,
        dicom=_origin(header),
        notes=(*pixels.notes, *geometries.notes, *timing.notes, *character_set_notes(dataset)),
    )
    return DicomSource(summary, geometries, pixels, header.body)


def _origin(header: Header) -> DicomOrigin:
    def of(keyword: str) -> str:
        return text(header.dataset, keyword)

    return DicomOrigin(
        study_uid=of("StudyInstanceUID"),
        series_uid=of("SeriesInstanceUID"),
        sop_class_uid=of("SOPClassUID"),
        sop_instance_uid=of("SOPInstanceUID"),
        patient_id=of("PatientID"),
        patient_name=of("PatientName"),
        study_date=of("StudyDate"),
        study_time=of("StudyTime"),
        manufacturer=of("Manufacturer"),
        model_name=of("ManufacturerModelName"),
        patient_birth_date=of("PatientBirthDate"),
        patient_sex=of("PatientSex"),
        study_id=of("StudyID"),
        accession_number=of("AccessionNumber"),
        referring_physician=of("ReferringPhysicianName"),
        lossy=of("LossyImageCompression"),
        lossy_ratio=of("LossyImageCompressionRatio"),
        lossy_method=of("LossyImageCompressionMethod"),
    )
