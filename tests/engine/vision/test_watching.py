"""Quality tells of motion from frame to frame, and of gain and depth where structures are named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure
from echospine.domain.sights import StructureMap
from echospine.engine.vision.watching import Watcher, blocks, likeness

GEOMETRY = ImageGeometry.uniform(320, 240, 0.3, 0.3, Spacing.USER)
FIELD = Field(Sector(np.zeros(320), np.full(320, 239.0)))


def tissue(seed: int = 0) -> np.ndarray:
    """Structures some 8 mm wide under speckle, wider than the picture."""
    rng = np.random.default_rng(seed)
    return 90.0 + 1200.0 * gaussian_filter(rng.normal(0, 1, (240, 900)), 12.0)


def frame(index: int, shift_px: float = 0.0, grey: float = 1.0) -> Frame:
    speckle = np.random.default_rng([index, 5]).normal(0, 12, (240, 320))
    start = round(shift_px)
    pixels = (grey * (tissue()[:, start : start + 320] + speckle)).clip(0, 255).astype(np.uint8)
    return Frame(pixels, GEOMETRY, index)


def plain(index: int, structures: StructureMap | None = None, contact: float = 1.0) -> Interpretation:
    quality = Quality(contact, 0.0, 0.2, 0.9)
    return Interpretation(index, Method("made", "1"), FIELD, (), quality, structures=structures)


def watched(step_px: float, n: int = 8, contact: float = 1.0) -> Quality:
    watcher = Watcher()
    for index in range(n):
        told = watcher.update(plain(index, contact=contact), frame(index, step_px * index), index / 20)
    assert told.frame_index == n - 1
    return told.quality


def test_a_still_picture_and_a_slow_slide_are_no_motion():
    assert watched(0.0) == watched(1.0) == plain(0).quality


@pytest.mark.parametrize("step_px", [12.0, 25.0])
def test_fast_motion_is_told_and_costs_score(step_px):
    told = watched(step_px)
    assert any("moves fast" in reason for reason in told.reasons)
    assert told.score < 0.8


def test_faster_is_less_like():
    before = blocks(frame(0), FIELD.sector)
    found = [likeness(before, blocks(frame(1, px), FIELD.sector)) for px in (0, 4, 12, 40)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.95 > 0.5 > found[-1]


def test_no_motion_is_told_without_contact_nor_after_a_pause():
    assert watched(25.0, contact=0.1).reasons == ()
    watcher = Watcher()
    for index in range(6):
        told = watcher.update(plain(index), frame(index, 40.0 * index), float(index))
    assert told.quality.reasons == ()


def test_gain_and_depth_are_told_by_what_is_named():
    labels = np.zeros((240, 320), np.uint8)
    labels[10:60], labels[60:66] = Structure.MULTIFIDUS, Structure.LAMINA
    named = StructureMap(labels, np.full(labels.shape, 220, np.uint8), (0.0, 0.0), 1.0)
    dark = Watcher().update(plain(0, named), frame(0, grey=0.05), 0.0).quality
    deep = Watcher().update(plain(0, named), frame(0, grey=0.6), 0.0).quality
    assert dark.reasons == ("muscle is nearly black: turn the gain up",)
    assert deep.reasons == ("the depth does not fit what is shown: set it to 20 mm",)


def test_gain_is_not_told_twice():
    quality = Quality(1.0, 0.3, 0.2, 0.5, ("30% of the image is saturated: turn the gain down",))
    told = replace(plain(0), quality=quality)
    assert len(Watcher().update(told, frame(0), 0.0).quality.reasons) == 1


def test_a_picture_of_nothing_is_like_itself():
    black = np.zeros((4, 4))
    assert likeness(black, black) == 1.0
