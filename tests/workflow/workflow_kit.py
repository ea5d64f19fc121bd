"""A house in memory with real readers, small pictures with a bright line, and a model that finds just that line."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from echospine.adapters.objects import MemoryObjects
from echospine.adapters.sql import MemoryStudies
from echospine.apps.wiring import build_reader
from echospine.domain.exams import Exam, ExamFile, Recording
from echospine.domain.people import Person
from echospine.ports import House, LocalFile, ObjectStore, RecordingPlan, StudyStore
from echospine.workflow.exam import create_exam, import_recording, interpret_recording
from line_model import LineModel

WIDTH, HEIGHT, STEP_MM = 48, 64, 0.5
READER, OTHER = Person("Reader One"), Person("Reader Two")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    """Goes on by one second whenever it is asked."""

    def __init__(self, step_s: float = 1.0) -> None:
        self._ticks = itertools.count()
        self._step = timedelta(seconds=step_s)

    def now(self) -> datetime:
        return START + next(self._ticks) * self._step


@dataclass
class Ids:
    """Numbers that do not repeat, also between threads."""

    prefix: str = "id"
    _count: itertools.count[int] = field(default_factory=itertools.count)

    def __call__(self) -> str:
        return f"{self.prefix}-{next(self._count)}"


def make_house(
    studies: StudyStore | None = None,
    objects: ObjectStore | None = None,
    *,
    version: str = "1",
    prefix: str = "id",
    clock: Clock | None = None,
) -> House:
    return House(
        studies=studies or MemoryStudies(),
        objects=objects or MemoryObjects(),
        reader=build_reader(),
        model=LineModel(version),
        writers=(),
        clock=clock or Clock(),
        new_id=Ids(prefix),
    )


def picture(row: int, *, seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Speckle with one bright line at `row`."""
    pixels = np.random.default_rng(seed).integers(20, 90, (height, width), dtype=np.uint8)
    pixels[row : row + 2] = 250
    return pixels


def picture_folder(folder: Path, rows: Sequence[int] = (20, 22, 24), seed: int = 0) -> Path:
    """Write one PNG for each row, named so that only natural order is right."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, row in enumerate(rows):
        Image.fromarray(picture(row, seed=seed + n)).save(folder / f"frame{n + 8}.png")
    return folder


def plan_of(folder: Path, spacing_mm: float | None = STEP_MM) -> RecordingPlan:
    """Return the plan of a folder written by `picture_folder`."""
    paths = sorted(folder.iterdir(), key=lambda path: int(path.stem.removeprefix("frame")))
    return RecordingPlan(folder.name, tuple(LocalFile(p.name, p) for p in paths), spacing_mm)


def exam_with(house: House, plan: RecordingPlan, *, interpret: bool = True) -> tuple[Exam, Recording]:
    """Create an examination, import the recording and interpret it."""
    exam = create_exam(house, title="Back", who="importer")
    recording = import_recording(house, exam.id, plan, who="importer").recording
    if interpret:
        recording = interpret_recording(house, recording.id, who="importer")
    return house.studies.load(exam.id).exam, recording


def content(file: ExamFile) -> tuple[object, ...]:
    """Return what people decided in an examination, without its revision and history."""
    return set(file.findings), {(c.recording_id, c.frame): c for c in file.contours}
