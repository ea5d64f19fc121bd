"""Opening what a test wrote, and the peers it is compared with."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from make import write_dicom
from pydicom.pixels import apply_color_lut

from echospine.adapters.dicom import DicomSource, open_dicom
from echospine.domain.frames import RecordingHeader
from echospine.ports import LocalFile, RecordingPlan


def plan(path: Path, spacing_mm: float | None = None) -> RecordingPlan:
    return RecordingPlan(path.name, (LocalFile(path.name, path),), spacing_mm)


def opened(path: Path, spacing_mm: float | None = None) -> DicomSource:
    return open_dicom(plan(path, spacing_mm))


def written(folder: Path, frames: np.ndarray, **options: Any) -> DicomSource:
    return opened(write_dicom(folder / "scan.dcm", frames, **options))


def header_of(folder: Path, frames: np.ndarray, spacing_mm: float | None = None, **options: Any) -> RecordingHeader:
    with opened(write_dicom(folder / "scan.dcm", frames, **options), spacing_mm) as source:
        return source.header


def stack(source: DicomSource) -> np.ndarray:
    with source:
        return np.stack([frame.pixels for frame in source])


def by_pydicom(data: bytes | Path) -> np.ndarray:
    """Return all frames as pydicom's own pixel_array has them, in RGB where they have colour."""
    dataset = pydicom.dcmread(data if isinstance(data, Path) else io.BytesIO(data))
    pixels = dataset.pixel_array
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
        pixels = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    many = int(dataset.get("NumberOfFrames", 1)) > 1
    return pixels if many else pixels[None]
