"""A network's `place` is read as it was taught."""

from __future__ import annotations

import math

import numpy as np
import pytest

from echospine.domain.errors import ModelError
from echospine.domain.poses import Pose
from echospine.engine.vision.bearing import bearing_of, moved_to_feet_mm


def place(turn: float = 0.1, phase: float = 2.0, along: float = 0.05, sure: float = 0.9) -> list[float]:
    return [along, 0.5, sure * math.cos(2 * turn), sure * math.sin(2 * turn), sure * math.cos(phase),
            sure * math.sin(phase), 0.4, -0.2, 1.1]  # fmt: skip


def test_units_are_millimetres_and_degrees():
    found = bearing_of(place(), 120.0)
    assert (found.along_mm, found.lateral_mm, found.tilt_deg, found.rock_deg) == pytest.approx((6.0, 10.0, 6.0, -3.0))
    assert (found.turn_rad, found.phase_rad, found.turn_sure, found.phase_sure) == pytest.approx((0.1, 2.0, 0.9, 0.9))
    assert found.contact == 1.0 and found.across and not found.lengthwise


@pytest.mark.parametrize("turn", [math.pi / 2, -math.pi / 2 + 0.1])
def test_along_the_spine_neither_midline_nor_tilt_can_be_told(turn):
    found = bearing_of(place(turn), 120.0)
    assert found.lengthwise and found.along_mm is None and found.tilt_deg is None


def test_an_uncalibrated_picture_has_no_millimetres():
    assert bearing_of(place(), None).along_mm is None


@pytest.mark.parametrize("bad", [[0.0] * 8, [0.0] * 8 + [math.nan]])
def test_what_is_no_place_is_refused(bad):
    with pytest.raises(ModelError, match="9 finite values"):
        bearing_of(bad, None)


def held(turn: float, z: float) -> Pose:
    across = np.array([-math.cos(turn), 0.0, -math.sin(turn)])
    into = np.array([0.0, -1.0, 0.0])
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[2, 3] = across, into, np.cross(across, into), z
    return Pose("Tracker", "Probe", matrix)


@pytest.mark.parametrize("turn", [0.0, 0.3, -0.4, math.pi / 2])
def test_the_way_to_the_feet_is_found_however_the_picture_is_turned(turn):
    assert moved_to_feet_mm(held(turn, 10.0), held(turn, 3.0), turn) == pytest.approx(7.0)
    with pytest.raises(ModelError):
        moved_to_feet_mm(held(turn, 10.0), held(turn, 3.0).inverse, turn)
