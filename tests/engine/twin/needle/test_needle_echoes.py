"""What a probe hears of a needle: places to a tenth of a millimetre, levels as stated."""

from __future__ import annotations

import numpy as np
import pytest
from needle_kit import SKIN_Y, probe_pose, slanted

from echospine.domain.errors import GeometryError
from echospine.engine.twin.needle import Needle, NeedleLook, NeedlePose, needle_echoes, shaft_mm, tip_mm
from echospine.engine.twin.needle.echoes import beams, mirrored, shaft_levels_db
from echospine.engine.twin.probe import ABDOMINAL, CONVEX, LINEAR, MUSCULOSKELETAL

BARE = NeedleLook(tail_echoes=0, ghost_db=-200.0, edge_db=-200.0, face_db=0.0)


def pose_at(angle_deg: float, inserted_mm: float = 40.0, roll_deg: float = 0.0, z_mm: float = 75.0) -> NeedlePose:
    return NeedlePose(np.array([-20.0, SKIN_Y, z_mm]), slanted(angle_deg), inserted_mm, roll_deg)


def shaft_level_db(angle_deg: float) -> float:
    """Level of the shaft in the middle, heard by a linear probe."""
    echoes = needle_echoes(Needle(), pose_at(angle_deg), probe_pose(), MUSCULOSKELETAL, BARE)
    return float(np.median(echoes.level_db[echoes.level_db > -100]))


def test_the_shaft_is_a_line_without_gaps_on_the_near_wall() -> None:
    needle = Needle(20, 90.0)
    echoes = needle_echoes(needle, pose_at(25.0), probe_pose(), MUSCULOSKELETAL, BARE)
    shaft = echoes.points_mm[echoes.level_db > -100]
    assert np.linalg.norm(np.diff(shaft, axis=0), axis=1).max() < 0.2
    middle = probe_pose().inverse.apply(shaft_mm(needle, pose_at(25.0), np.linspace(0, 40, 4000)))
    gaps = [np.linalg.norm(middle - point, axis=1).min() for point in shaft[::20]]
    np.testing.assert_allclose(gaps, 0.455, atol=0.02)
    nearest = [middle[np.argmin(np.linalg.norm(middle - point, axis=1)), 1] for point in shaft[::20]]
    assert np.all(shaft[::20, 1] < nearest)


def test_a_bent_shaft_is_heard_where_it_is() -> None:
    needle = Needle(22, 90.0, bend_mm=10.0)
    pose = pose_at(30.0, 60.0)
    echoes = needle_echoes(needle, pose, probe_pose(), ABDOMINAL)
    tip = probe_pose().inverse.apply(tip_mm(needle, pose))
    assert np.linalg.norm(echoes.points_mm - tip, axis=1).min() < 0.4


def test_brightness_falls_with_the_angle_as_stated() -> None:
    levels = [shaft_level_db(angle) for angle in (0.0, 5.0, 10.0, 20.0, 35.0, 50.0, 65.0)]
    assert np.all(np.diff(levels) < 0)
    assert levels[0] == pytest.approx(NeedleLook().shaft_db + 20 * np.log10(1 + 10 ** (-14 / 20)), abs=0.1)
    # At 20 degrees the mirror image has left the aperture: only the rough part is heard, cos^2 of the angle.
    for angle, level in zip((20.0, 35.0, 50.0, 65.0), levels[3:], strict=True):
        rough_db = 32.0 - 14.0 + 40 * np.log10(np.cos(np.radians(angle)))
        assert level == pytest.approx(rough_db, abs=0.2)


def test_the_mirrored_share_is_the_overlap_of_two_apertures() -> None:
    depth = np.full(5, 20.0)
    angle = np.radians([0.0, 2.0, 5.0, 7.0, 10.0])
    aperture = 20.0 / LINEAR.f_number
    expected = np.maximum(1.0 - 20.0 * np.tan(2 * angle) / aperture, 0.0)
    np.testing.assert_allclose(mirrored(LINEAR, np.sin(angle), depth), expected, atol=1e-9)


def test_a_curved_probe_hears_best_where_its_own_beam_is_square_to_the_shaft() -> None:
    shaft = np.stack([np.linspace(-20, 20, 41), np.full(41, 40.0), np.zeros(41)], axis=-1)
    beam, depth = beams(CONVEX, shaft)
    level = shaft_levels_db(CONVEX, NeedleLook(), beam @ np.array([1.0, 0.0, 0.0]), depth)
    assert np.argmax(level) == 20
    assert level[0] < level[20] - 6.0
    np.testing.assert_allclose(np.linalg.norm(beam, axis=1), 1.0)
    assert depth[20] == pytest.approx(40.0)


def tip_level_db(roll_deg: float) -> float:
    needle, pose = Needle(18), pose_at(35.0, roll_deg=roll_deg)
    look = NeedleLook(tail_echoes=0, ghost_db=-200.0)
    echoes = needle_echoes(needle, pose, probe_pose(), MUSCULOSKELETAL, look)
    tip = probe_pose().inverse.apply(tip_mm(needle, pose))
    return float(echoes.level_db[np.linalg.norm(echoes.points_mm - tip, axis=1) < 0.8].max())


def test_the_tip_outshines_a_steep_shaft_most_when_its_bevel_faces_the_probe() -> None:
    up, aside, down = (tip_level_db(roll) for roll in (0.0, 90.0, 180.0))
    assert up > aside > down > shaft_level_db(35.0) + 3.0
    assert up - down > 4.0


def test_the_tail_follows_at_inner_diameters_and_dies_away() -> None:
    needle = Needle(18)
    look = NeedleLook(ghost_db=-200.0, edge_db=-200.0, face_db=0.0)
    echoes = needle_echoes(needle, pose_at(0.0), probe_pose(height_mm=SKIN_Y + 15), MUSCULOSKELETAL, look)
    column = np.abs(echoes.points_mm[:, 0] - echoes.points_mm[100, 0]) < 1e-6
    column &= echoes.level_db > -100
    depth, level = echoes.points_mm[column, 1], echoes.level_db[column]
    order = np.argsort(depth)
    np.testing.assert_allclose(np.diff(depth[order]), needle.inner_mm, atol=1e-6)
    np.testing.assert_allclose(np.diff(level[order])[1:], look.tail_step_db, atol=1e-6)


def test_a_steep_needle_has_neither_tail_nor_ghosts() -> None:
    steep = needle_echoes(Needle(), pose_at(50.0), probe_pose(), MUSCULOSKELETAL)
    flat = needle_echoes(Needle(), pose_at(5.0), probe_pose(), MUSCULOSKELETAL)
    assert len(flat.level_db) > 3 * len(steep.level_db)


@pytest.mark.parametrize("machine", [ABDOMINAL, MUSCULOSKELETAL])
def test_ghosts_keep_the_range_and_stay_faint(machine: object) -> None:
    assert machine in (ABDOMINAL, MUSCULOSKELETAL)
    look = NeedleLook(tail_echoes=0, edge_db=-200.0, face_db=0.0)
    only = machine  # type: ignore[assignment]
    echoes = needle_echoes(Needle(), pose_at(0.0, 30.0), probe_pose(height_mm=SKIN_Y + 25), only, look)  # type: ignore[arg-type]
    faint = (echoes.level_db < look.shaft_db - 30) & (echoes.level_db > -50)
    strong = echoes.level_db > look.shaft_db - 20
    _, far = beams(only.probe, echoes.points_mm[faint])  # type: ignore[attr-defined]
    _, near = beams(only.probe, echoes.points_mm[strong])  # type: ignore[attr-defined]
    assert faint.sum() > 100
    assert far.min() >= near.min() - 0.1
    assert far.max() <= near.max() + 0.1


def test_a_needle_beside_the_plane_is_given_where_it_is() -> None:
    echoes = needle_echoes(Needle(), pose_at(30.0, z_mm=70.0), probe_pose(), MUSCULOSKELETAL, BARE)
    np.testing.assert_allclose(echoes.points_mm[:, 2], 5.0, atol=0.4)


def test_a_needle_outside_the_body_is_not_heard() -> None:
    assert len(needle_echoes(Needle(), pose_at(30.0, 0.0), probe_pose(), ABDOMINAL).level_db) == 0
    with pytest.raises(GeometryError, match="ProbeToPatient"):
        needle_echoes(Needle(), pose_at(30.0), probe_pose().inverse, ABDOMINAL)
