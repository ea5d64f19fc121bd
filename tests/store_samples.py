"""Examinations for the tests of stores: small, whole, with values that are hard to keep; and empty databases."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from echospine.domain.exams import (
    Change,
    ContourEdit,
    Exam,
    ExamState,
    ExamWrite,
    Finding,
    MapEdit,
    MapWay,
    Recording,
    SourceFile,
)
from echospine.domain.labels import Method, Side, Structure, View, WallMuscle
from echospine.domain.measures import Measurement, Quantity, Status
from echospine.domain.remarks import CaliperEdit, FrameChoice, Measured, Remark, TakenAs
from echospine.domain.takes import Contraction, Taken
from echospine.domain.units import Unit

MOMENT = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)


def digest_of(content: str) -> str:
    return sha256(content.encode()).hexdigest()


def make_exam(exam_id: str = "exam-1", *, minutes: float = 0, **values: object) -> Exam:
    created_at = MOMENT + timedelta(minutes=minutes)
    exam = Exam(exam_id, "Lumbar spine", ExamState.IMPORTED, created_at, "Doe^Jane", "P-001")
    return replace(exam, **values)  # type: ignore[arg-type]


def make_change(action: str = "create", target: str = "exam", **values: object) -> Change:
    return replace(Change(MOMENT, "Reader One", action, target), **values)  # type: ignore[arg-type]


def make_recording(
    recording_id: str = "rec-1", exam_id: str = "exam-1", content: str | None = None, **values: object
) -> Recording:
    digest = digest_of(content if content is not None else recording_id)
    recording = Recording(
        id=recording_id,
        exam_id=exam_id,
        name="sweep.igs.mha",
        format="sequence",
        digest=digest,
        files=(SourceFile("sweep.igs.mha", digest, 2**40), SourceFile("config.xml", digest_of("config"), 0)),
        n_frames=120,
        width=640,
        height=480,
        calibrated=True,
        imported_at=MOMENT,
        frame_rate_hz=29.970029970029970,
        pixel_spacing_mm=0.1,
        notes=("one", "zwei – zweite"),
    )
    return replace(recording, **values)  # type: ignore[arg-type]


def make_finding(finding_id: str = "find-1", recording_id: str = "rec-1", value: float | None = 1 / 3) -> Finding:
    measured = Measurement(
        structure=Structure.BONE,
        side=Side.LEFT,
        quantity=Quantity.LENGTH,
        value=value,
        unit=Unit.MM,
        method=Method("local phase", "1.2"),
        level="L4",
        uncertainty=5e-324,
        frame=7,
        n_frames=120,
        status=Status.EDITED,
        points_px=((0.1 + 0.2, 1e300), (-3.0, 2**53 - 1.0)),
        note="uncalibrated" if value is None else "",
    )
    return Finding(finding_id, recording_id, measured, original=2 / 3, decided_by="Reader One", reason="too deep")


def make_map(recording_id: str = "rec-1", frame: int = 3, content: str = "map") -> MapEdit:
    return MapEdit(recording_id, frame, digest_of(content), MapWay.BETWEEN, "Reader One", MOMENT, "ends at the fascia")


def make_remarks(recording_id: str = "rec-1") -> tuple[Remark, ...]:
    """One of each kind, in the order of their places."""
    by = ("Reader One", MOMENT, "zwei – zweite")
    measured = Measured(Structure.MULTIFIDUS, Side.LEFT, Quantity.THICKNESS)
    wall = replace(measured, structure=WallMuscle.INTERNAL_OBLIQUE)
    points = ((0.1 + 0.2, 1 / 3), (5.0, 2**53 - 1.0))
    taken = Taken(View.ABDOMINAL_WALL_LATERAL, Side.RIGHT, "L5", Contraction.CONTRACTED)
    return (
        CaliperEdit(recording_id, 3, measured, points, *by),
        FrameChoice(recording_id, wall, (0, 2, 7), *by),
        TakenAs(recording_id, taken, *by),
    )


def make_contour(recording_id: str = "rec-1", frame: int = 3) -> ContourEdit:
    lines = (((0.1, 0.2), (1 / 3, 2.0)), ((5.0, 6.0),))
    return ContourEdit(recording_id, frame, lines, "Reader One", MOMENT, "the cortex lies deeper")


def next_write(exam: Exam, **parts: object) -> ExamWrite:
    """Return the write that makes the next revision of `exam`, with one line of history."""
    after = replace(exam, revision=exam.revision + 1)
    write = ExamWrite(after, [make_change("change", f"revision {after.revision}")])
    return replace(write, **parts)  # type: ignore[arg-type]


POSTGRES = os.environ.get("ECHOSPINE_TEST_POSTGRES")


@contextmanager
def new_postgres() -> Iterator[str]:
    """Give the URL of a new, empty PostgreSQL database on the server of the tests; drop it afterwards."""
    if not POSTGRES:
        pytest.skip("ECHOSPINE_TEST_POSTGRES names no PostgreSQL server: postgresql://user@host/name")
    psycopg = pytest.importorskip("psycopg", reason="psycopg, the driver of PostgreSQL, is not installed")
    name = f"echospine_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield f"{POSTGRES.rpartition('/')[0]}/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
