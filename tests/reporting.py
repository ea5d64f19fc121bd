"""Reports for tests: synthetic recordings with a bone surface that is known exactly."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import numpy as np

from echospine.adapters.dicom import open_dicom
from echospine.domain.exams import Change, Exam, ExamState, Finding, Recording, SourceFile
from echospine.domain.frames import DicomOrigin, Frame, RecordingHeader, TimeSource
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Box, Field, Method, Quality, Sector, Side, Structure, Surface
from echospine.domain.measures import CaliperKind, Measurement, Quantity, Status, measure_caliper
from echospine.domain.reports import KeyImage, Report, ReportRecording
from echospine.domain.units import Unit
from echospine.ports import LocalFile, RecordingPlan

CREATED = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
SIGNED = datetime(2026, 3, 2, 10, 5, 30, tzinfo=UTC)
METHOD = Method("bone-finder", "1.2")


@dataclass(frozen=True)
class Scene:
    """A recording to make: its size, frames and scale, and what is special about it."""

    name: str = "sweep_L4.igs.mha"
    width: int = 203
    height: int = 151
    n_frames: int = 5
    step_mm: tuple[float, float] | None = (0.2, 0.25)
    colour: bool = False
    times_s: tuple[float, ...] | None = None
    text_boxes: tuple[Box, ...] = ()
    dicom: DicomOrigin | None = None
    format: str = "PLUS sequence"
    time_source: TimeSource = TimeSource.TIMESTAMP
    empty_frames: tuple[int, ...] = ()
    tracked: bool = True


@dataclass
class MemorySource:
    """A FrameSource whose frames are already there."""

    header: RecordingHeader
    frames: Sequence[Frame]
    opened: list[int] = field(default_factory=list)

    def frame(self, index: int) -> Frame:
        self.opened.append(index)
        return self.frames[index]

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(i) for i in range(len(self)))

    def __enter__(self) -> MemorySource:
        return self

    def __exit__(self, *exc: object) -> None:
        return None


def bone_row(scene: Scene, index: int) -> np.ndarray:
    """The true surface: two arcs with a gap, moving a little from frame to frame; NaN where there is none."""
    x = np.arange(scene.width)
    row = scene.height * (0.45 + 0.12 * np.cos(2.2 * np.pi * x / scene.width)) + 0.8 * index + 0.2
    row[(x < 0.12 * scene.width) | (x > 0.9 * scene.width) | (abs(x - 0.5 * scene.width) < 0.04 * scene.width)] = np.nan
    return np.full(scene.width, np.nan) if index in scene.empty_frames else row


def make_frame(scene: Scene, index: int) -> Frame:
    rng = np.random.default_rng(index)
    rows = np.arange(scene.height)[:, None]
    with np.errstate(invalid="ignore"):
        bright = np.exp(-(((rows - bone_row(scene, index)) / 3.0) ** 2))
        shadow = np.where(rows > bone_row(scene, index) + 6, 0.25, 1.0)
    speckle = rng.rayleigh(28.0, (scene.height, scene.width)) * np.nan_to_num(shadow, nan=1.0)
    grey = np.clip(speckle + 200 * np.nan_to_num(bright), 0, 255).astype(np.uint8)
    pixels = np.stack([grey, (grey * 0.9).astype(np.uint8), grey // 2], axis=-1) if scene.colour else grey
    return Frame(pixels, geometry(scene), index, time_of(scene, index))


def geometry(scene: Scene) -> ImageGeometry:
    if scene.step_mm is None:
        return ImageGeometry(scene.width, scene.height)
    return ImageGeometry.uniform(scene.width, scene.height, *scene.step_mm, Spacing.IMAGE_TO_PROBE)


def time_of(scene: Scene, index: int) -> float | None:
    times = times_of(scene)
    return times[index] if times else None


def times_of(scene: Scene) -> tuple[float, ...]:
    return tuple(0.05 * i for i in range(scene.n_frames)) if scene.times_s is None else scene.times_s


def interpret(scene: Scene, index: int) -> Interpretation:
    top = np.full(scene.width, 2.0)
    top[:4], top[-4:] = np.nan, np.nan
    bottom = np.where(np.isfinite(top), scene.height - 3.0, np.nan)
    row = bone_row(scene, index)
    confidence = np.where(np.isfinite(row), 0.84, 0.1)
    return Interpretation(
        index,
        METHOD,
        Field(Sector(top, bottom), scene.text_boxes),
        (Surface(Structure.BONE, row, confidence),),
        Quality(0.97, 0.01, 0.3, 0.9),
    )


def measured(scene: Scene, status: Status = Status.ACCEPTED) -> tuple[Measurement, ...]:
    """Bone depths as the house makes them, and one calliper where there is a scale."""
    if scene.step_mm is None:
        absent = Measurement(
            Structure.BONE, Side.UNKNOWN, Quantity.BONE_DEPTH_MIN, None, Unit.MM, METHOD, note="uncalibrated",
            status=Status.DRAFT,
        )  # fmt: skip
        grey = Measurement(
            Structure.SUBCUTANEOUS, Side.LEFT, Quantity.TISSUE_GREY, 61.25, Unit.GREY, METHOD, frame=0, status=status
        )
        return (absent, grey) if status is Status.DRAFT else (grey,)
    mid = scene.n_frames // 2
    depth = Measurement(
        Structure.BONE, Side.RIGHT, Quantity.BONE_DEPTH_MIN, 10.0 / 3.0, Unit.MM, METHOD, level="L4",
        uncertainty=0.1234567890123456, frame=mid, n_frames=scene.n_frames, status=status,
    )  # fmt: skip
    points = ((20.0, 30.0), (60.5, 33.25), (58.0, 70.0))
    length = measure_caliper(CaliperKind.LENGTH, points[:2], geometry(scene), mid)
    area = measure_caliper(CaliperKind.AREA, points, geometry(scene), mid)
    angle = measure_caliper(CaliperKind.ANGLE, points, geometry(scene), mid)
    return (depth, *(replace(m, status=status) for m in (length, area, angle)))


def make_recording(scene: Scene, exam_id: str = "exam-1") -> Recording:
    digest = hashlib.sha256(repr(scene).encode()).hexdigest()
    times = times_of(scene)
    rate = (len(times) - 1) / times[-1] if len(times) > 1 and times[-1] > 0 else None
    return Recording(
        id=f"rec-{digest[:12]}", exam_id=exam_id, name=scene.name, format=scene.format, digest=digest,
        files=(SourceFile(scene.name, digest, 1_234_567), SourceFile("config.xml", digest[::-1], 4321)),
        n_frames=scene.n_frames, width=scene.width, height=scene.height, calibrated=scene.step_mm is not None,
        imported_at=CREATED, frame_rate_hz=rate, interpretation=digest, method=str(METHOD),
    )  # fmt: skip


def make_header(scene: Scene) -> RecordingHeader:
    return RecordingHeader(
        name=scene.name, format=scene.format, n_frames=scene.n_frames, geometry=geometry(scene), colour=scene.colour,
        time_source=scene.time_source if times_of(scene) else TimeSource.NONE, times_s=times_of(scene),
        tracked=scene.tracked, dicom=scene.dicom,
    )  # fmt: skip


def report_recording(
    scene: Scene, findings: Sequence[Measurement] | None = None, key_frames: int = 2
) -> ReportRecording:
    recording = make_recording(scene)
    seen = tuple(interpret(scene, i) for i in range(scene.n_frames))
    mid = scene.n_frames // 2
    chosen = sorted({mid, *range(min(key_frames - 1, scene.n_frames))}) if key_frames else []
    step_y = scene.step_mm[1] if scene.step_mm else np.nan
    rows = np.stack([bone_row(scene, i) for i in range(scene.n_frames)])
    has_bone = np.isfinite(rows).any(axis=1)
    lowest = np.array([np.nanmin(r) if ok else np.nan for r, ok in zip(rows, has_bone, strict=True)])
    mean = np.array([np.nanmean(r) if ok else np.nan for r, ok in zip(rows, has_bone, strict=True)])
    return ReportRecording(
        recording=recording,
        header=make_header(scene),
        findings=tuple(
            Finding(f"{recording.id}-f{i}", recording.id, m, m.value, "" if m.status is Status.DRAFT else "Reader One")
            for i, m in enumerate(measured(scene) if findings is None else findings)
        ),
        key_images=tuple(KeyImage(make_frame(scene, i), seen[i], "Bone surface, shallowest point") for i in chosen),
        series={Quantity.BONE_DEPTH_MIN: lowest * step_y, Quantity.TISSUE_THICKNESS: mean * step_y},
        interpretations=seen,
    )


def make_report(*items: ReportRecording, draft: bool = False, **exam: object) -> Report:
    base = Exam(
        id="exam-1", title="Lumbar spine, first visit", state=ExamState.REVIEW, created_at=CREATED,
        patient_name="Example Patient", patient_id="P-0042", revision=7,
    )  # fmt: skip
    if not draft:
        base = replace(base, state=ExamState.SIGNED, version=1, signed_by="Reader One", signed_at=SIGNED)
    history = (
        Change(CREATED, "Reader One", "import", "exam"),
        Change(SIGNED, "Reader One", "accept", "measurement:f0", reason=""),
    )
    return Report(replace(base, **exam), items, history, SIGNED, "EchoSpine 0.1.0")


def opener(*scenes: Scene) -> Callable[[Recording], MemorySource]:
    """Open the frames of these scenes by recording, as the house does."""
    by_id = {make_recording(scene).id: scene for scene in scenes}

    def open_recording(recording: Recording) -> MemorySource:
        scene = by_id[recording.id]
        return MemorySource(make_header(scene), [make_frame(scene, i) for i in range(scene.n_frames)])

    return open_recording


def packaged(package: str, *parts: str) -> Path:
    """Return a file that a Python package carries."""
    return Path(str(resources.files(package).joinpath(*parts)))


def recording_of_file(path: Path, status: Status = Status.ACCEPTED) -> ReportRecording:
    """A public DICOM file as a recording in a report, with a surface drawn across it and a depth by hand."""
    with open_dicom(RecordingPlan(path.name, (LocalFile(path.name, path),))) as source:
        header, frames = source.header, [source.frame(0)]
    shape = header.geometry
    scene = Scene(path.name, shape.width, shape.height, header.n_frames)
    seen = tuple(interpret(scene, i) for i in range(header.n_frames))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    recording = replace(
        make_recording(scene), digest=digest, files=(SourceFile(path.name, digest, path.stat().st_size),),
        format=header.format, calibrated=shape.calibrated,
    )  # fmt: skip
    grey = Measurement(
        Structure.SUBCUTANEOUS, Side.LEFT, Quantity.TISSUE_GREY, 61.25, Unit.GREY, METHOD, frame=0, status=status
    )
    findings = (Finding(f"{recording.id}-f0", recording.id, grey, grey.value, "Reader One"),)
    return ReportRecording(recording, header, findings, (KeyImage(frames[0], seen[0], "First frame"),), {}, seen)


def packaged_cine(folder: Path) -> Path:
    """Unpack the Philips cine that deid-data carries, and return the DICOM file."""
    with zipfile.ZipFile(packaged("deid_data", "data", "ultrasounds", "GREYSCALE_CINE.zip")) as archive:
        name = next(n for n in archive.namelist() if n.lower().endswith(".dcm") and "__MACOSX" not in n)
        return Path(archive.extract(name, folder))
