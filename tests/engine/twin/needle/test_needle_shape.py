"""The shaft: straight or bent by a known amount, and where its tip is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echospine.domain.errors import GeometryError
from echospine.engine.twin.needle import Needle, NeedlePose, aimed, needle_to_patient, shaft_mm, tip_mm
from echospine.engine.twin.needle.shape import DIAMETERS_MM, tangents

ENTRY = np.array([-30.0, 90.0, 75.0])


def test_a_straight_needle_goes_where_it_is_aimed() -> None:
    target = np.array([5.0, 60.0, 80.0])
    pose = aimed(Needle(), ENTRY, target)
    np.testing.assert_allclose(tip_mm(Needle(), pose), target, atol=1e-9)
    np.testing.assert_allclose(shaft_mm(Needle(), pose, [0.0, pose.inserted_mm / 2]), [ENTRY, (ENTRY + target) / 2])


@given(st.floats(0.0, 15.0), st.floats(0.0, 360.0), st.floats(-1, 1), st.floats(-1, -0.2), st.floats(-1, 1))
def test_the_stated_bend_is_the_deflection_of_the_tip(bend: float, roll: float, x: float, y: float, z: float) -> None:
    needle = Needle(22, 90.0, bend_mm=bend)
    pose = NeedlePose(ENTRY, np.array([x, y, z]), 90.0, roll)
    off = tip_mm(needle, pose) - pose.entry_mm
    aside = off - (off @ pose.direction) * pose.direction
    assert np.linalg.norm(aside) == pytest.approx(bend, abs=1e-6)
    if bend > 0.01:
        np.testing.assert_allclose(aside / bend, -pose.bevel_faces, atol=1e-5)


def test_the_arc_has_the_length_that_is_inserted_and_its_tangents() -> None:
    needle = Needle(22, 90.0, bend_mm=12.0)
    pose = NeedlePose(ENTRY, np.array([1.0, -1.0, 0.0]), 70.0)
    along = np.linspace(0.0, 70.0, 2001)
    path = shaft_mm(needle, pose, along)
    pieces = np.diff(path, axis=0)
    assert np.linalg.norm(pieces, axis=1).sum() == pytest.approx(70.0, abs=1e-3)
    np.testing.assert_allclose(
        pieces / np.linalg.norm(pieces, axis=1)[:, None],
        tangents(needle, pose, (along[1:] + along[:-1]) / 2),
        atol=1e-5,
    )


def test_the_tip_follows_its_own_path_as_it_goes_in() -> None:
    needle = Needle(22, 90.0, bend_mm=10.0)
    deep = NeedlePose(ENTRY, np.array([1.0, -0.7, 0.1]), 80.0)
    for inserted in (20.0, 50.0):
        shallow = NeedlePose(ENTRY, deep.direction, inserted)
        np.testing.assert_allclose(tip_mm(needle, shallow), shaft_mm(needle, deep, [inserted])[0], atol=1e-9)


def test_the_bevel_faces_out_of_the_back_and_turns_with_the_roll() -> None:
    pose = NeedlePose(ENTRY, np.array([1.0, -1.0, 0.0]), 40.0)
    np.testing.assert_allclose(pose.bevel_faces, np.array([1.0, 1.0, 0.0]) / np.sqrt(2), atol=1e-9)
    turned = NeedlePose(ENTRY, pose.direction, 40.0, roll_deg=180.0)
    np.testing.assert_allclose(turned.bevel_faces, -pose.bevel_faces, atol=1e-9)
    upright = NeedlePose(ENTRY, np.array([0.0, -1.0, 0.0]), 40.0, 30.0)
    assert abs(upright.bevel_faces @ upright.direction) < 1e-9


def test_a_tracker_at_the_hub_does_not_see_the_bend() -> None:
    pose = NeedlePose(ENTRY, np.array([1.0, -1.0, 0.2]), 90.0, roll_deg=40.0)
    straight, bent = Needle(22, 90.0), Needle(22, 90.0, bend_mm=9.0)
    np.testing.assert_allclose(needle_to_patient(straight, pose).matrix, needle_to_patient(bent, pose).matrix)
    assert needle_to_patient(bent, pose).is_rigid
    believed = needle_to_patient(bent, pose).apply([0.0, 0.0, 0.0])
    np.testing.assert_allclose(believed, tip_mm(straight, pose), atol=1e-9)
    assert np.linalg.norm(believed - tip_mm(bent, pose)) == pytest.approx(9.0, abs=0.2)


def test_thicker_needles_have_smaller_gauges() -> None:
    sizes = [DIAMETERS_MM[gauge] for gauge in sorted(DIAMETERS_MM)]
    assert all(a[0] > b[0] and a[1] >= b[1] and a[0] > a[1] for a, b in pairwise(sizes))
    assert Needle(22).bevel_mm == pytest.approx(0.72 / np.tan(np.radians(20)), rel=1e-6)


def test_what_is_no_needle_is_refused() -> None:
    for wrong in ({"gauge": 40}, {"length_mm": 5.0}, {"bend_mm": 60.0}, {"bevel_deg": 2.0}):
        with pytest.raises(GeometryError):
            Needle(**wrong)
    with pytest.raises(GeometryError, match="direction"):
        NeedlePose(ENTRY, np.zeros(3), 10.0)
    with pytest.raises(GeometryError, match="do not reach"):
        aimed(Needle(22, 50.0), ENTRY, ENTRY - np.array([0.0, 60.0, 0.0]))
    with pytest.raises(GeometryError, match="cannot be inserted"):
        tip_mm(Needle(22, 50.0), NeedlePose(ENTRY, np.array([0.0, -1.0, 0.0]), 60.0))
