"""A course of frames: levels are counted over a sweep, motion is noticed, and a turned knob forgets no count."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure
from echospine.domain.poses import Pose
from echospine.domain.sights import Bearing, Doubt, StructureMap
from echospine.engine.vision.bearing import held
from echospine.workflow.live.sweep import Sweep
from rich_model import RichModel

WIDTH, HEIGHT, STEP_MM, LEVEL_MM = 64, 48, 0.8, 28.0
HZ = 10.0
GREY = np.random.default_rng(3).integers(30, 90, (HEIGHT, WIDTH)).astype(np.uint8)


def geometry(step_mm: float = STEP_MM) -> ImageGeometry:
    return ImageGeometry.uniform(WIDTH, HEIGHT, step_mm, step_mm, Spacing.ELEMENT_SPACING)


def frame(index: int, z_mm: float | None, step_mm: float = STEP_MM) -> Frame:
    """A picture across the spine at a height; z grows to the head."""
    poses: tuple[Pose, ...] = ()
    if z_mm is not None:
        probe = np.array([[-1.0, 0, 0, 0], [0, -1, 0, 0], [0, 0, 1, z_mm], [0, 0, 0, 1]])
        image = np.diag([step_mm, step_mm, 1.0, 1.0])
        poses = (Pose("Reference", "Probe", probe), Pose("Probe", "Image", image))
    return Frame(GREY, geometry(step_mm), index, index / HZ, poses)


def seen(one: Frame, height: float, *, sacrum: bool = False) -> Interpretation:
    """What a faultless network says across the spine, `height` levels below T12."""
    model = RichModel()
    found = model.interpret(one, model.survey([one]))
    labels = np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8)
    labels[10:12, 4:28] = Structure.SACRUM if sacrum else Structure.LAMINA
    bearing = Bearing(0.0, 0.0, 0.0, 0.9, 2 * math.pi * height, 0.9, 0.0, 0.0, 1.0)
    cells = StructureMap(labels, np.full_like(labels, 230), (0.5, 0.5), 2.0)
    return replace(found, structures=cells, view=None, level=None, bearing=bearing)


def swept(course: Sweep, *, tracked: bool = True, until: float = 4.0) -> tuple[Interpretation, int]:
    """A sweep up from the sacrum, half a level a second; returns what is said last, and the number of frames."""
    heights = [6.5] * 15 + list(np.arange(6.5, until, -0.05)) + [until] * 5
    for n, height in enumerate(heights):
        one = frame(n, (6.5 - height) * LEVEL_MM if tracked else None)
        last = course.update(seen(one, height, sacrum=height > 5.6), one, n / HZ)
    return last, len(heights)


def test_a_tracked_sweep_up_from_the_sacrum_is_counted():
    last, _ = swept(Sweep())
    assert last.level is not None
    assert last.level.shares[0][0] == "L4" and last.level.shares[0][1] > 0.6
    assert "sacrum" in last.level.reason


def test_without_a_tracker_it_is_never_sure():
    last, _ = swept(Sweep(), tracked=False)
    assert last.level is not None and last.level.surely() is None


def test_a_turned_knob_forgets_no_count():
    course = Sweep()
    before, n = swept(course)
    course.cut()
    one = frame(n, 2.5 * LEVEL_MM, step_mm=0.5)
    after = course.update(seen(one, 4.0), one, n / HZ)
    assert before.level is not None and after.level is not None
    assert after.level.shares[0][0] == before.level.shares[0][0]
    assert after.level.shares[0][1] == pytest.approx(before.level.shares[0][1], abs=0.1)


def test_a_model_that_knows_no_bearing_is_told_no_level_and_one_that_says_it_is_left_alone():
    one, course = frame(0, 0.0), Sweep()
    plain = replace(seen(one, 4.0), bearing=None)
    assert course.update(plain, one, 0.0).level is None
    own = RichModel().interpret(one, plain.field)
    assert course.update(own, one, 0.1).level is own.level


def test_silence_goes_through_at_once_and_the_count_waits():
    course = Sweep()
    before, n = swept(course)
    one = frame(n, 2.5 * LEVEL_MM)
    quiet = replace(seen(one, 4.0), structures=None, landmarks=(), bearing=None, doubt=Doubt(1.4, True, (), ("far",)))
    told = course.update(quiet, one, n / HZ)
    assert told.structures is None and told.doubt is not None and told.doubt.silent
    assert before.level is not None and told.level is not None
    assert told.level.shares[0][0] == before.level.shares[0][0]


def test_a_probe_that_moves_fast_lowers_the_quality():
    course, rng = Sweep(), np.random.default_rng(7)
    for n in range(6):
        moved = replace(frame(n, None), pixels=rng.integers(30, 90, GREY.shape).astype(np.uint8))
        last = course.update(seen(moved, 4.0), moved, n / HZ)
    assert any("moves fast" in reason for reason in last.quality.reasons)
    assert last.quality.score < seen(moved, 4.0).quality.score


def test_a_tracked_picture_is_held_where_its_image_says():
    pose = held(frame(0, 12.0))
    assert pose is not None and (pose.target, pose.source) == ("Reference", "Probe")
    np.testing.assert_allclose(pose.matrix[:3, 0], (-1, 0, 0))
    np.testing.assert_allclose(pose.matrix[:3, 3], (-STEP_MM * (WIDTH - 1) / 2, 0, 12.0))
    assert held(frame(0, None)) is None
