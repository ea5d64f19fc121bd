"""What a probe hears of a needle: places to a tenth of a millimetre, levels as stated."""

from __future__ import annotations

import numpy as np
import pytest
from needle_kit import SKIN_Y, probe_pose, slanted

from echospine.domain.errors import GeometryError
from echospine.engine.twin.body import Echoes
from echospine.engine.twin.needle import Needle, NeedleLook, NeedlePose, needle_echoes, shaft_mm, tip_mm
from echospine.engine.twin.needle.echoes import beams, mirrored
from echospine.engine.twin.probe import ABDOMINAL, CONVEX, LINEAR, MUSCULOSKELETAL, Machine

NONE = -400.0
SMOOTH = NeedleLook(rough_db=NONE, edge_db=NONE, face_db=0.0, tail_echoes=0, ghost_db=NONE)
BARE = NeedleLook(far_db=NONE, edge_db=NONE, face_db=0.0, tail_echoes=0, ghost_db=NONE)
CLEAN = NeedleLook(tail_echoes=0, ghost_db=NONE)
QUARTER_MM = 1.54 / 8.0 / 4


def pose_at(angle_deg: float, inserted_mm: float = 40.0, roll_deg: float = 0.0, z_mm: float = 75.0) -> NeedlePose:
    return NeedlePose(np.array([-20.0, SKIN_Y, z_mm]), slanted(angle_deg), inserted_mm, roll_deg)


def heard(angle_deg: float, look: NeedleLook, needle: Needle | None = None, roll_deg: float = 0.0) -> Echoes:
    """What a linear probe hears of a needle that goes in beside it."""
    return needle_echoes(needle or Needle(), pose_at(angle_deg, roll_deg=roll_deg), probe_pose(), MUSCULOSKELETAL, look)


def test_the_shaft_is_a_line_without_gaps_on_the_near_wall() -> None:
    needle = Needle(20, 90.0)
    shaft = heard(5.0, SMOOTH, needle).points_mm
    assert len(shaft) > 300
    assert np.linalg.norm(np.diff(shaft, axis=0), axis=1).max() < 0.2
    middle = probe_pose().inverse.apply(shaft_mm(needle, pose_at(5.0), np.linspace(0, 40, 4000)))
    nearest = [np.argmin(np.linalg.norm(middle - point, axis=1)) for point in shaft[::20]]
    gaps = np.linalg.norm(middle[nearest] - shaft[::20], axis=1)
    np.testing.assert_allclose(gaps, needle.outer_mm / 2, atol=QUARTER_MM + 0.01)
    assert np.all(shaft[::20, 1] < middle[nearest, 1])


def test_a_bent_shaft_is_heard_where_it_is() -> None:
    needle = Needle(22, 90.0, bend_mm=10.0)
    pose = pose_at(30.0, 60.0)
    echoes = needle_echoes(needle, pose, probe_pose(), ABDOMINAL, CLEAN)
    path = probe_pose().inverse.apply(shaft_mm(needle, pose, np.linspace(0.0, 60.0, 3001)))
    tip = probe_pose().inverse.apply(tip_mm(needle, pose))
    assert np.linalg.norm(echoes.points_mm - tip, axis=1).min() < 0.5
    gaps = [np.linalg.norm(path - point, axis=1).min() for point in echoes.points_mm[::10]]
    assert max(gaps) < needle.outer_mm / 2 + 0.15


def test_what_is_mirror_like_adds_up_in_step_and_what_is_rough_does_not() -> None:
    half_mm = 1.54 / 8.0 / 2
    turns = heard(3.0, SMOOTH).points_mm[:, 1] / half_mm
    assert np.abs(turns - np.rint(turns)).max() < 1e-6
    rough_turns = 2 * np.pi * heard(40.0, BARE).points_mm[:, 1] / half_mm
    assert abs(np.exp(1j * rough_turns).mean()) < 0.15


def test_brightness_falls_with_the_angle_as_stated() -> None:
    look = NeedleLook()
    for angle in (1.0, 3.0, 6.0):
        echoes = heard(angle, SMOOTH)
        deep = echoes.points_mm[:, 1] > 1.0
        depth = echoes.points_mm[deep, 1]
        share = 1.0 - depth * np.tan(2 * np.radians(angle)) / np.minimum(depth / LINEAR.f_number, LINEAR.aperture_mm)
        np.testing.assert_allclose(echoes.level_db[deep], look.shaft_db + 20 * np.log10(share), atol=0.3)
    # From 8 degrees on the mirror image has left the aperture: only the rough part is heard.
    for angle in (20.0, 35.0, 50.0, 65.0):
        expected = look.shaft_db + look.rough_db + 40 * np.log10(np.cos(np.radians(angle)))
        np.testing.assert_allclose(heard(angle, BARE).level_db, expected, atol=1e-6)


def test_the_mirrored_share_is_the_overlap_of_two_apertures() -> None:
    depth = np.full(5, 20.0)
    angle = np.radians([0.0, 2.0, 5.0, 7.0, 10.0])
    aperture = 20.0 / LINEAR.f_number
    expected = np.maximum(1.0 - 20.0 * np.tan(2 * angle) / aperture, 0.0)
    np.testing.assert_allclose(mirrored(LINEAR, np.sin(angle), depth), expected, atol=1e-9)


def test_a_curved_probe_hears_best_where_its_own_beam_is_square_to_the_shaft() -> None:
    shaft = np.stack([np.linspace(-20, 20, 41), np.full(41, 40.0), np.zeros(41)], axis=-1)
    beam, depth = beams(CONVEX, shaft)
    share = mirrored(CONVEX, beam @ np.array([1.0, 0.0, 0.0]), depth)
    assert np.argmax(share) == 20
    assert share[20] == pytest.approx(1.0)
    assert share[0] < 0.1
    np.testing.assert_allclose(np.linalg.norm(beam, axis=1), 1.0)
    assert depth[20] == pytest.approx(40.0)


def tip_level_db(roll_deg: float) -> float:
    needle = Needle(18)
    look = NeedleLook(rough_db=NONE, tail_echoes=0, ghost_db=NONE)
    echoes = heard(35.0, look, needle, roll_deg)
    tip = probe_pose().inverse.apply(tip_mm(needle, pose_at(35.0)))
    assert np.linalg.norm(echoes.points_mm - tip, axis=1).max() < needle.bevel_mm + needle.outer_mm
    return float(echoes.level_db.mean())


def test_the_tip_is_brightest_when_its_bevel_faces_the_probe() -> None:
    up, aside, down = (tip_level_db(roll) for roll in (0.0, 90.0, 180.0))
    assert up > aside > down
    assert up - down > 4.0


def test_the_tail_follows_at_inner_diameters_and_dies_away() -> None:
    needle, look = Needle(18), NeedleLook(rough_db=NONE, ghost_db=NONE, edge_db=NONE, face_db=0.0)
    echoes = needle_echoes(needle, pose_at(0.0), probe_pose(height_mm=SKIN_Y + 15), MUSCULOSKELETAL, look)
    column = np.abs(echoes.points_mm[:, 0] - echoes.points_mm[100, 0]) < 1e-6
    order = np.argsort(echoes.points_mm[column, 1])
    depth, level = echoes.points_mm[column, 1][order], echoes.level_db[column][order]
    assert len(depth) == 1 + look.tail_echoes
    np.testing.assert_allclose(depth - depth[0], needle.inner_mm * np.arange(len(depth)), atol=2 * QUARTER_MM)
    np.testing.assert_allclose(np.diff(level), [look.tail_db] + [look.tail_step_db] * 5, atol=1e-6)


def test_a_steep_needle_has_neither_tail_nor_ghosts() -> None:
    np.testing.assert_array_equal(heard(50.0, NeedleLook()).points_mm, heard(50.0, CLEAN).points_mm)
    assert len(heard(1.0, NeedleLook()).level_db) > 3 * len(heard(1.0, CLEAN).level_db)


@pytest.mark.parametrize("machine", [ABDOMINAL, MUSCULOSKELETAL])
def test_ghosts_keep_the_range_and_stay_faint(machine: Machine) -> None:
    look = NeedleLook(rough_db=NONE, tail_echoes=0, edge_db=NONE, face_db=0.0)
    echoes = needle_echoes(Needle(), pose_at(0.0, 30.0), probe_pose(height_mm=SKIN_Y + 25), machine, look)
    bare = needle_echoes(Needle(), pose_at(0.0, 30.0), probe_pose(height_mm=SKIN_Y + 25), machine, SMOOTH)
    ghosts = slice(len(bare.level_db), None)
    assert len(echoes.level_db[ghosts]) > 100
    assert echoes.level_db[ghosts].max() < bare.level_db.max() - 20
    _, far = beams(machine.probe, echoes.points_mm[ghosts])
    _, near = beams(machine.probe, bare.points_mm)
    assert far.min() >= near.min() - 0.25
    assert far.max() <= near.max() + 0.25


def test_a_needle_beside_the_plane_is_given_where_it_is() -> None:
    echoes = needle_echoes(Needle(), pose_at(30.0, z_mm=70.0), probe_pose(), MUSCULOSKELETAL, BARE)
    np.testing.assert_allclose(echoes.points_mm[:, 2], 5.0, atol=0.4)


def test_a_needle_outside_the_body_is_not_heard() -> None:
    assert len(needle_echoes(Needle(), pose_at(30.0, 0.0), probe_pose(), ABDOMINAL).level_db) == 0
    with pytest.raises(GeometryError, match="ProbeToPatient"):
        needle_echoes(Needle(), pose_at(30.0), probe_pose().inverse, ABDOMINAL)
