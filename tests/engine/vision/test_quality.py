"""Quality says what an examiner would: contact, saturation, shadow, each with its reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from echospine.adapters.dicom import open_dicom
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.labels import Quality
from echospine.engine.vision.bone import BoneFinder
from echospine.ports import LocalFile, RecordingPlan
from phantoms import Scene, dome, linear

FINDER = BoneFinder()


def quality(frame: Frame, like: Frame | None = None) -> Quality:
    return FINDER.interpret(frame, FINDER.survey([like or frame])).quality


def test_a_good_picture_has_contact_and_no_reasons() -> None:
    seen = quality(linear(Scene(dome(380)))[0])
    assert seen.contact > 0.97
    assert seen.score > 0.9
    assert seen.reasons == ()


@pytest.mark.parametrize("top_mm", [6.0, 9.0, 14.0])
def test_the_shadow_of_bone_is_no_lost_contact(top_mm: float) -> None:
    frame, _ = linear(Scene(dome(380, top_mm, 3.0, share=2.0), fascia_mm=(), haze=0.0))
    seen = quality(frame)
    assert seen.contact > 0.9
    assert seen.shadowed > 0.5


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_part_of_the_face_in_the_air_is_lost_contact(share: float) -> None:
    frame, _ = linear(Scene(np.full(380, np.nan)))
    pixels = frame.pixels.copy()
    pixels[10:, : int(share * 380)] = 0
    seen = quality(replace(frame, pixels=pixels), like=frame)
    assert seen.contact == pytest.approx(1 - share, abs=0.05)
    assert any("contact" in reason for reason in seen.reasons)
    assert seen.score < 0.8


def test_ringing_in_the_air_is_no_contact_and_no_bone() -> None:
    """Bright lines along the face and nothing below: what a probe shows without a patient."""
    depth = np.arange(400)[:, None] * 0.1
    lines = sum(200 * 0.75**n * np.exp(-0.5 * ((depth - 2.4 * (n + 1)) / 0.4) ** 2) for n in range(5))
    noise = np.random.default_rng(1).normal(0, 1, (400, 300))
    pixels = (lines + 4 + noise).clip(0, 255).astype(np.uint8)
    frame = Frame(pixels, ImageGeometry.uniform(300, 400, 0.1, 0.1, Spacing.USER), 0)
    interpretation = FINDER.interpret(frame, FINDER.survey([frame]))
    assert interpretation.quality.contact < 0.2
    assert not interpretation.surfaces[0].found.any()


def test_too_much_gain_is_told() -> None:
    frame, _ = linear(Scene(dome(380), tissue=240.0))
    seen = quality(frame)
    assert seen.saturated > 0.08
    assert any("gain down" in reason for reason in seen.reasons)


def test_a_black_picture_scores_nothing() -> None:
    frame, _ = linear(Scene(dome(380)))
    seen = quality(replace(frame, pixels=np.zeros_like(frame.pixels)), like=frame)
    assert seen.contact == 0.0
    assert seen.score == 0.0
    assert seen.reasons


@pytest.mark.parametrize("gain", [0.5, 1.4])
def test_gain_does_not_change_contact(gain: float) -> None:
    frame, _ = linear(Scene(dome(380)))
    changed = (frame.pixels * gain).clip(0, 255).astype(np.uint8)
    assert quality(replace(frame, pixels=changed)).contact > 0.97


def test_a_real_probe_in_the_air_has_no_contact(shared_data: Path) -> None:
    path = shared_data / "dicom" / "GREYSCALE_IMAGE.dcm"
    with open_dicom(RecordingPlan(path.name, (LocalFile(path.name, path),))) as source:
        frame = source.frame(0)
    interpretation = FINDER.interpret(frame, FINDER.survey([frame]))
    assert interpretation.quality.contact < 0.3
    assert interpretation.quality.score < 0.3
    assert not interpretation.surfaces[0].found.any()
