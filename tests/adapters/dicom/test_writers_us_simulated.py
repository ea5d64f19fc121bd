"""Simulated ultrasound as DICOM comes back as it was, and says what it is wherever one looks."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest

from echospine.adapters.dicom import open_dicom
from echospine.adapters.dicom.writing import SimulatedUs
from echospine.adapters.dicom.writing import us_simulated as module
from echospine.domain.errors import TooLargeError
from echospine.domain.frames import Frame, TimeSource
from echospine.domain.images import ImageGeometry, Spacing
from echospine.ports import LocalFile, RecordingPlan

GEOMETRY = ImageGeometry.uniform(50, 44, 0.21, 0.19, Spacing.DICOM_REGION)


def made(n: int = 4, seed: int = 1) -> tuple[list[Frame], SimulatedUs]:
    rng = np.random.default_rng(seed)
    frames = [Frame(rng.integers(0, 255, (44, 50)).astype(np.uint8), GEOMETRY, i, i / 12.5) for i in range(n)]
    us = SimulatedUs("needle-good", "A needle, well aimed", "convex C5-2", "EchoSpine 0", 12.5)
    for frame in frames:
        us.add(frame)
    return frames, us


@pytest.mark.parametrize("n", [1, 4])
def test_pixels_scale_and_times_come_back(tmp_path, n):
    frames, us = made(n)
    path = tmp_path / "a.dcm"
    path.write_bytes(us.encoded())
    with open_dicom(RecordingPlan("a.dcm", (LocalFile("a.dcm", path),))) as source:
        assert len(source) == n
        if n > 1:
            assert source.header.time_source is TimeSource.FRAME_TIME
            assert source.header.times_s == pytest.approx([frame.time_s for frame in frames])
        region = source.header.geometry.main_region()
        assert region is not None
        assert region.step_mm == pytest.approx((0.21, 0.19))
        for one, two in zip(source, frames, strict=True):
            assert np.array_equal(one.pixels, two.pixels)


def test_it_says_that_it_is_simulated():
    dataset = pydicom.dcmread(io.BytesIO(made()[1].encoded()))
    assert "SIMULATED" in dataset.ImageType
    for keyword in ("SeriesDescription", "StudyDescription", "ImageComments", "DerivationDescription", "PatientID"):
        assert str(getattr(dataset, keyword)).startswith("SIMULATED")
    assert str(dataset.PatientName) == "SIMULATED^"


def test_the_same_recording_has_the_same_bytes_and_another_another_identity():
    assert made()[1].encoded() == made()[1].encoded()
    one, two = (pydicom.dcmread(io.BytesIO(made(seed=seed)[1].encoded())) for seed in (1, 2))
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.StudyInstanceUID != two.StudyInstanceUID


def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 5000)
    with pytest.raises(TooLargeError, match="make fewer with --frames"):
        made(9)
