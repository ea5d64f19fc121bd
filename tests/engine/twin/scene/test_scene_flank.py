"""A probe on the flank pushes the skin onto its face, and moves nothing far away."""

from __future__ import annotations

import numpy as np
import pytest
from scene_kit import plain_person

from echospine.domain.labels import Side, View
from echospine.engine.twin.motion import displacement_at, grid_over, survey_back
from echospine.engine.twin.probe import CONVEX, LINEAR
from echospine.engine.twin.scene import standard_view
from echospine.engine.twin.scene.flank import is_aside, press_aside
from echospine.engine.twin.scene.looking import MOST_DENT_MM, skin_mm


@pytest.mark.parametrize("probe", [CONVEX, LINEAR], ids=["convex", "linear"])
@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_skin_under_the_face_lies_on_it_and_what_is_far_away_stays(probe, side):
    anatomy = plain_person()
    pose = standard_view(anatomy, View.ABDOMINAL_WALL_LATERAL, "L3", side, probe)
    assert is_aside(pose)
    back = survey_back(anatomy, grid_over(anatomy.origin_mm, anatomy.last_mm, 4.0))
    field = press_aside(probe, pose, anatomy, back)
    into = pose.matrix[:3, 1]
    middle = pose.matrix[:3, 3]
    skin = middle + (skin_mm(anatomy, (middle - 40.0 * into)[None], into)[0] - 40.0) * into
    pushed = displacement_at(field, skin)
    assert np.linalg.norm(skin + pushed - middle) < 1.0, "one voxel"
    assert np.linalg.norm(displacement_at(field, middle + 100.0 * into)) < 0.12 * np.abs(field.vectors_mm).max()
    assert np.abs(field.vectors_mm).max() < MOST_DENT_MM + 1.0
    assert np.linalg.norm(displacement_at(field, pose.apply((0.0, 5.0, 60.0)))) == 0.0


def test_a_probe_on_the_back_is_not_held_from_the_side():
    assert not is_aside(standard_view(plain_person(), View.MIDLINE_SAGITTAL, "L4", Side.MIDLINE))
