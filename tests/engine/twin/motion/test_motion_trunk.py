"""Breathing, flexion and pressure: what is stated is found in the field."""

from __future__ import annotations

import numpy as np
import pytest
from motion_kit import BONE, anatomy, left_back, points_of

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.domain.poses import Pose
from echospine.engine.twin.body import Displacement
from echospine.engine.twin.motion import (
    Back,
    Breathing,
    Contraction,
    Flexion,
    breathing_motion,
    combine,
    contraction_motion,
    determinant,
    displacement_at,
    flexion_motion,
    grid_over,
    moved,
    press,
    rest_point,
    riding,
    shear_percent,
    survey_back,
)
from echospine.engine.twin.motion.flexion import flexed
from echospine.engine.twin.motion.pressure import face_mm
from echospine.engine.twin.probe import CONVEX, LINEAR, Probe
from echospine.engine.twin.tissues import Tissue
from layered import layered_back

FINE = grid_over((14.0, 60.0, 55.0), (34.0, 92.0, 95.0), (2.0, 0.5, 2.0))


def test_the_survey_finds_skin_fascia_and_bone() -> None:
    back = left_back()
    np.testing.assert_allclose(back.skin_mm, 90.5)
    np.testing.assert_allclose(back.fascia_mm, 77.5, atol=1e-6)
    np.testing.assert_allclose(back.fascia_thickness_mm, 2.0)
    facet = np.unravel_index(np.argmax(back.bone_mm[:, 5:]), back.bone_mm[:, 5:].shape)
    assert back.bone_mm[:, 5:][facet] == pytest.approx(51.0, abs=1.0)


def test_clearance_never_says_more_than_the_true_distance() -> None:
    back = left_back()
    bone = points_of(BONE, back.grid, margin_mm=-20.0, most=10**6)
    rng = np.random.default_rng(4)
    for _ in range(60):
        index = tuple(rng.integers(0, back.grid.shape))
        true_mm = np.linalg.norm(bone - back.grid.knots_mm[index], axis=1).min()
        assert back.clearance_mm[index] <= max(true_mm - 2.9, 0.0) + 0.3


# Breathing


def test_bones_breathe_rigidly_and_little_and_the_skin_in_full() -> None:
    breathing = Breathing(period_s=4.0, posterior_mm=4.0, cranial_mm=-2.0, rigid_share=0.1, fade_mm=20.0)
    field = breathing_motion(breathing, left_back()).at(2.0)
    moves = displacement_at(field, points_of(BONE, left_back().grid, margin_mm=0.0))
    np.testing.assert_allclose(moves, np.broadcast_to([0.0, 0.4, -0.2], moves.shape), atol=1e-5)
    assert displacement_at(field, [30.0, 88.0, 80.0])[1] == pytest.approx(4.0, rel=0.1)


def test_a_breath_comes_back_and_runs_down_the_back_as_a_wave() -> None:
    breathing = Breathing(period_s=4.0, wave_mm_s=100.0, start_z_mm=120.0)
    motion = breathing_motion(breathing, left_back())
    times = np.arange(0.0, 4.0, 0.02)
    high = [displacement_at(motion.at(t), [30.0, 88.0, 110.0])[1] for t in times]
    low = [displacement_at(motion.at(t), [30.0, 88.0, 60.0])[1] for t in times]
    delay_s = times[int(np.argmax(low))] - times[int(np.argmax(high))]
    assert delay_s == pytest.approx(0.5, abs=0.07)
    np.testing.assert_allclose(motion.at(0.7).vectors_mm, motion.at(4.7).vectors_mm, atol=1e-5)


# Flexion


@pytest.mark.parametrize("percent", [5.0, 40.0, 80.0])
@pytest.mark.parametrize("tilt", [0.0, 0.15])
def test_the_stated_fascia_shear_is_recovered(percent: float, tilt: float) -> None:
    back = survey_back(layered_back(tilt=tilt), FINE)
    field = flexion_motion(Flexion(percent, period_s=4.0), back).at(2.0)
    middles = np.stack(np.broadcast_arrays(24.0, back.fascia_mm[4:-4, 5], FINE.axis_mm(2)[4:-4]), axis=-1)
    np.testing.assert_allclose(shear_percent(field, middles), percent, rtol=0.03, atol=0.3)


def test_the_shear_lies_within_the_fascia_and_the_skin_glides_as_one() -> None:
    field = flexion_motion(Flexion(60.0, drag_mm=0.0), survey_back(anatomy(), FINE)).at(2.0)
    heights = np.array([70.0, 75.0, 76.0, 79.0, 82.0, 90.0])
    glides = displacement_at(field, np.stack(np.broadcast_arrays(24.0, heights, 75.0), axis=-1))[:, 2]
    np.testing.assert_allclose(glides, [0.0, 0.0, 0.0, -1.2, -1.2, -1.2], atol=0.02)


def test_the_deep_layer_is_dragged_and_bone_is_not() -> None:
    field = flexion_motion(Flexion(30.0, drag_mm=2.0, towards_head=True), left_back(0.5)).at(2.0)
    assert displacement_at(field, [28.0, 75.0, 58.0])[2] == pytest.approx(2.0, abs=0.1)
    assert 0.2 < displacement_at(field, [28.0, 60.0, 58.0])[2] < 1.8
    assert np.abs(displacement_at(field, points_of(BONE, left_back().grid, margin_mm=0.0))).max() == 0.0


def test_flexion_cycles_and_rests() -> None:
    flexion = Flexion(period_s=2.0, start_s=1.0, cycles=2)
    assert [flexed(flexion, t) for t in (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0)] == pytest.approx([0, 0, 1, 0, 1, 0, 0])


def test_knots_too_far_apart_for_the_fascia_are_refused() -> None:
    with pytest.raises(GeometryError, match="cannot show shear"):
        flexion_motion(Flexion(), left_back())
    with pytest.raises(GeometryError, match="between 5 and 80"):
        Flexion(shear_percent=95.0)


# Pressure


def facing_down(height_mm: float, x_mm: float = 26.0, z_mm: float = 75.0, tilt_deg: float = 0.0) -> Pose:
    """A probe on the back, across the spine: its y goes forward into the body."""
    c, s = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[c, s, 0.0], [s, -c, 0.0], [0.0, 0.0, -1.0]])
    matrix[:3, 3] = (x_mm, height_mm, z_mm)
    return Pose("Patient", "Probe", matrix)


def wide_back() -> Back:
    return survey_back(anatomy(), grid_over((-24.0, 30.0, 45.0), (50.0, 94.0, 105.0), (2.0, 1.0, 2.0)))


def pressed(probe: Probe, pose: Pose) -> Displacement:
    return press(probe, pose, wide_back())


@pytest.mark.parametrize(("probe", "tilt_deg"), [(LINEAR, 0.0), (LINEAR, 6.0), (CONVEX, 0.0), (CONVEX, 10.0)])
def test_skin_lies_on_the_face_of_the_probe(probe: Probe, tilt_deg: float) -> None:
    pose = facing_down(85.0, tilt_deg=tilt_deg)
    field = pressed(probe, pose)
    skin = np.array([[x, 90.5, 75.0] for x in np.arange(14.0, 38.5, 1.5)])
    touching = displacement_at(field, skin)[:, 1] < -0.3
    now = pose.inverse.apply(moved(field, skin))
    assert touching.sum() > 8
    assert np.abs(now[:, 1] - face_mm(probe, now[:, 0]))[touching].max() < 0.2


@pytest.mark.parametrize("rides", [False, True])
def test_skin_stays_on_the_face_while_a_contraction_lifts_it(rides: bool) -> None:
    lifted = contraction_motion(Contraction(Side.LEFT, ("L4",), 0.15), anatomy(), wide_back()).at_activation(1.0)
    pose = facing_down(86.0)
    if rides:
        pose = riding(pose, lifted)
        assert pose.matrix[1, 3] == pytest.approx(90.5, abs=0.2)
    field = combine([lifted, press(LINEAR, pose, wide_back(), lifted)])
    skin = np.array([[x, 90.5, 75.0] for x in np.arange(16.0, 36.0, 2.0)])
    assert np.abs(pose.inverse.apply(moved(field, skin))[:, 1]).max() < 0.3
    assert determinant(field, points_of((Tissue.FAT, Tissue.MULTIFIDUS), wide_back().grid)).min() > 0.1


def test_fat_gives_way_more_than_muscle_and_bone_not_at_all() -> None:
    field = pressed(LINEAR, facing_down(85.0))
    heights = [88.0, 79.0, 75.0, 60.0]
    down = displacement_at(field, [[28.0, height, 58.0 + 17.0] for height in heights])[:, 1]
    assert np.all(np.diff(down) > 0)
    in_fat, in_muscle = (down[0] - down[1]) / 9.0, (down[2] - down[3]) / 15.0
    assert in_fat / in_muscle > 1.8
    bone = points_of(BONE, wide_back().grid, margin_mm=0.0)
    assert np.abs(displacement_at(field, bone)).max() == 0.0


def test_pressure_folds_nothing_and_lets_the_rest_be() -> None:
    field = pressed(CONVEX, facing_down(83.0))
    points = points_of((Tissue.FAT, Tissue.MULTIFIDUS, Tissue.SKIN), wide_back().grid)
    assert determinant(field, points).min() > 0.2
    assert np.abs(rest_point(field, moved(field, points)) - points).max() < 0.01
    assert np.abs(displacement_at(field, [26.0, 90.0, 100.0])).max() == 0.0


def test_a_probe_that_does_not_touch_moves_nothing_and_one_in_bone_is_refused() -> None:
    assert np.abs(pressed(LINEAR, facing_down(91.0)).vectors_mm).max() == 0.0
    with pytest.raises(GeometryError, match="lift it"):
        pressed(LINEAR, facing_down(55.0))
    with pytest.raises(GeometryError, match="ProbeToPatient"):
        press(LINEAR, facing_down(90.0).inverse, wide_back())
