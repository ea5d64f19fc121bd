"""Landmarks lie on the painted bone, on the part and on the side that their names say."""

import numpy as np
import pytest
from bones_kit import painted

from echospine.domain.labels import Side
from echospine.engine.twin.patient import LEVELS, PatientParameters, Transition
from echospine.engine.twin.person.bones.landmarks import SURFACE_KINDS, bone_landmarks
from echospine.engine.twin.person.spine import make_spine
from echospine.engine.twin.tissues import Tissue

PEOPLE = (
    PatientParameters(),
    PatientParameters(seed=21, lordosis_deg=70.0, scoliosis_deg=-18.0, rotation_deg=-9.0, height_mm=1600.0),
)
PARTS = {
    "spinous_tip": {Tissue.SPINOUS_PROCESS, Tissue.SACRUM},
    "lamina": {Tissue.LAMINA, Tissue.SPINOUS_PROCESS, Tissue.INFERIOR_ARTICULAR},
    "facet": {Tissue.SUPERIOR_ARTICULAR, Tissue.INFERIOR_ARTICULAR},
    "transverse_tip": {Tissue.TRANSVERSE_PROCESS},
    "mamillary": {Tissue.SUPERIOR_ARTICULAR},
    "upper_end_plate": {Tissue.VERTEBRAL_BODY, Tissue.SACRUM},
    "lower_end_plate": {Tissue.VERTEBRAL_BODY},
    "psis": {Tissue.ILIUM},
}


def test_every_level_has_its_landmarks():
    names = set(bone_landmarks(make_spine(PatientParameters())))
    for level in LEVELS:
        assert {f"{level}_spinous_tip", f"{level}_body_centre", f"{level}_upper_end_plate"} <= names
        for kind in ("lamina", "facet", "transverse_tip", "mamillary", "interlaminar"):
            assert {f"{level}_{kind}_left", f"{level}_{kind}_right"} <= names
    assert {"S1_spinous_tip", "S2_spinous_tip", "S3_spinous_tip", "S2_psis_left", "S1_mamillary_right"} <= names


@pytest.mark.parametrize("parameters", PEOPLE, ids=["plain", "bent"])
def test_landmarks_lie_on_the_painted_surface_of_their_part(parameters):
    body = painted(parameters)
    checked = 0
    for name, landmark in bone_landmarks(body.spine).items():
        if landmark.kind not in SURFACE_KINDS:
            continue
        assert abs(body.distance_mm(landmark.point_mm)) < 0.5, name
        box = np.stack(np.meshgrid(*[np.linspace(-1, 1, 5)] * 3), -1).reshape(-1, 3)
        around = set(body.tissue(landmark.point_mm + box).tolist())
        assert around & PARTS[landmark.kind], name
        checked += 1
    assert checked == 63


@pytest.mark.parametrize("parameters", PEOPLE, ids=["plain", "bent"])
def test_left_is_left_and_each_row_goes_down(parameters):
    spine = make_spine(parameters)
    found = bone_landmarks(spine)
    for landmark in found.values():
        level = landmark.level if landmark.level in LEVELS else "S1"
        x = spine[level].pose.inverse.apply(landmark.point_mm)[0]
        assert landmark.side == Side.MIDLINE or (x > 2.0) == (landmark.side == Side.LEFT), landmark.name
        assert landmark.side != Side.MIDLINE or abs(x) < 2.0, landmark.name
    for kind in ("spinous_tip", "facet_left", "lamina_right", "interlaminar_left"):
        assert np.all(np.diff([found[f"{level}_{kind}"].point_mm[2] for level in LEVELS]) < -12.0)


def test_windows_are_free_of_bone():
    body = painted(PatientParameters())
    for landmark in bone_landmarks(body.spine).values():
        if landmark.kind == "interlaminar":
            assert body.distance_mm(landmark.point_mm) > 1.0, landmark.name


@pytest.mark.parametrize("transition", list(Transition))
@pytest.mark.parametrize("lordosis", [15.0, 80.0])
def test_people_at_the_edges_have_all_landmarks(transition, lordosis):
    for seed in range(4):
        parameters = PatientParameters(seed=seed, transition=transition, lordosis_deg=lordosis, scoliosis_deg=45.0)
        assert len(bone_landmarks(make_spine(parameters))) == 79
