"""The virtual scanner: the probe gives way to bone, rides on the breath, and knows what lies under each pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side, Structure, View
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.probe import ABDOMINAL, MUSCULOSKELETAL, Settings
from echospine.workflow.scanner import Controls, Scanner, lay
from echospine.workflow.scanner.skin import skin_of
from scanner_kit import BONE_MM, SIDE_PX, SKIN_MM, PlainTwin, aim, back, upright


@pytest.fixture(scope="module")
def couch():
    return lay(PatientParameters(), back())


@pytest.fixture
def plain():
    return PlainTwin()


@pytest.fixture
def scanner(plain):
    return Scanner(plain.twin(), map)


STILL = {"machine": MUSCULOSKELETAL, "settings": Settings(depth_mm=60.0, focus_mm=25.0), "breathing": False}


def test_the_map_of_the_skin_is_the_skin(couch):
    x, z = np.array([0.0, -60.0, 33.3]), np.array([0.0, 81.0, -100.0])
    points = np.stack([x, SKIN_MM - x**2 / 600, z], axis=1)
    assert np.abs(couch.skin.depth_mm(points)).max() < 1.2  # voxels of 2 mm
    assert np.isfinite(couch.skin.radii_mm).all()
    step = np.array([0.0, 10.0, 0.0])
    assert couch.skin.depth_mm(points - step).min() > 5 and couch.skin.depth_mm(points + step).max() < -5


def test_a_body_that_is_not_there_has_no_skin():
    with pytest.raises(GeometryError, match="no skin"):
        skin_of(replace(back(), tissues=np.zeros_like(back().tissues)))


def test_the_map_of_bone_knows_where_there_is_none(couch):
    heights = couch.bones.heights_mm
    assert np.nanmax(heights) == pytest.approx(BONE_MM, abs=2.0)
    assert np.isnan(heights[:, 0]).all() and np.isfinite(heights[:, heights.shape[1] // 2]).all()


def test_a_frame_carries_its_poses_its_scale_and_its_time(scanner, couch):
    pose = upright(20.0, 0.0)
    frame = scanner.picture(couch, Controls(pose, **STILL), index=7, time_s=1.25).frame
    assert (frame.index, frame.time_s, frame.status) == (7, 1.25, "OK")
    assert np.array_equal(frame.pose("Patient", "Probe").matrix, pose.matrix)
    middle = frame.pose("Patient", "Image").apply([SIDE_PX / 2, 0.0, 0.0])
    assert np.allclose(middle, pose.matrix[:3, 3])


def test_what_the_truth_names_is_what_the_body_is_made_of(scanner, couch):
    controls = Controls(upright(0.0, 0.0, 0.0), **STILL, truth=True)
    picture = scanner.picture(couch, controls, index=0, time_s=0.0)
    assert picture.truth is not None and picture.truth.shape == (SIDE_PX // 2, SIDE_PX // 2)
    step = 60.0 / SIDE_PX * 2
    column = picture.truth[:, SIDE_PX // 4]
    expected = {5.0: Structure.SUBCUTANEOUS, 20.0: Structure.MULTIFIDUS, 40.0: Structure.SPINOUS_PROCESS}
    for depth_mm, structure in expected.items():
        assert column[int(depth_mm / step)] == structure
    assert picture.truth[:, 0].max() == 0  # beside the face of the probe nothing is insonified


def test_nobody_pays_for_truth_that_is_not_asked_for(scanner, couch):
    assert scanner.picture(couch, Controls(upright(0, 0), **STILL), index=0, time_s=0.0).truth is None


@pytest.mark.parametrize(("press_mm", "least", "most"), [(-20.0, 0.0, 0.0), (4.0, 0.9, 1.0)])
def test_contact_is_the_share_of_the_face_on_the_skin(scanner, couch, press_mm, least, most):
    picture = scanner.picture(couch, Controls(upright(0, 0, press_mm), **STILL), index=0, time_s=0.0)
    assert least <= picture.contact <= most


def test_a_curved_face_touches_more_the_more_it_is_pressed(scanner, couch):
    def touched(press_mm: float) -> float:
        controls = Controls(upright(60, 0, press_mm), ABDOMINAL, Settings(), breathing=False)
        return scanner.picture(couch, controls, index=0, time_s=0.0).contact

    assert touched(0.5) < touched(3.0) < touched(8.0)


def test_bone_stops_the_probe(scanner, couch):
    deep = upright(0.0, 0.0, press_mm=34.0)  # 35 mm of soft tissue lie over the bone
    frame = scanner.picture(couch, Controls(deep, **STILL), index=0, time_s=0.0).frame
    assert frame.status == "Bone stops the probe"
    y = frame.pose("Patient", "Probe").matrix[1, 3]
    assert BONE_MM + 0.2 * (SKIN_MM - BONE_MM) < y < SKIN_MM


def test_the_hand_rides_on_the_breath(scanner, couch):
    pose = upright(60.0, 0.0)
    breathing = Controls(pose, MUSCULOSKELETAL, Settings(), breathing=True)
    heights = [
        scanner.picture(couch, breathing, index=i, time_s=0.25 * i).frame.pose("Patient", "Probe").matrix[1, 3]
        for i in range(17)
    ]
    assert np.ptp(heights) > 0.5
    assert heights[16] == pytest.approx(heights[0], abs=0.05)  # one breath lasts 4 s
    still = Controls(pose, **STILL)
    assert (
        len({scanner.picture(couch, still, index=i, time_s=0.3 * i).frame.poses[0].matrix.tobytes() for i in range(4)})
        == 1
    )


def test_the_same_moment_is_the_same_picture(plain, couch):
    controls = Controls(aim(couch.anatomy, View.PARASAGITTAL_LAMINA, "L3", Side.LEFT), ABDOMINAL, Settings())
    first, second = (
        Scanner(plain.twin(), map).picture(couch, controls, index=5, time_s=2.0).frame.pixels for _ in range(2)
    )
    assert np.array_equal(first, second)
