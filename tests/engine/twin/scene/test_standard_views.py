"""A probe held for a standard view touches the skin, lies the stated way round, and shows what it is named for."""

from __future__ import annotations

import numpy as np
import pytest
from scene_kit import plain_person

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side, View
from echospine.engine.twin.motion.pressure import face_mm
from echospine.engine.twin.patient import LEVELS, PatientParameters, Sex
from echospine.engine.twin.probe import CONVEX, LINEAR
from echospine.engine.twin.scene import MIDLINE_VIEWS, standard_view, usual_machine
from echospine.engine.twin.scene.looking import MOST_DENT_MM, half_width_mm, look, skin_mm
from echospine.engine.twin.tissues import BONES, Tissue

VIEWS = tuple(view for view in View if view is not View.OTHER)
ACROSS = (
    View.TRANSVERSE_SPINOUS, View.TRANSVERSE_INTERLAMINAR, View.MULTIFIDUS_TRANSVERSE,
)  # fmt: skip
ALONG = (
    View.PARASAGITTAL_TRANSVERSE_PROCESS, View.PARASAGITTAL_ARTICULAR_PROCESS, View.PARASAGITTAL_LAMINA,
    View.MIDLINE_SAGITTAL, View.FASCIA_LONGITUDINAL, View.SACRAL,
)  # fmt: skip
PEOPLE = {
    "plain": PatientParameters(),
    "crooked": PatientParameters(seed=3, scoliosis_deg=25, rotation_deg=10, lordosis_deg=65),
    "tall": PatientParameters(seed=5, sex=Sex.MALE, height_mm=1920, lordosis_deg=30),
}


def dent_mm(anatomy, pose, probe, n=33):
    """How deep the skin lies behind the face along it, mm; below zero where there is a gap."""
    half = half_width_mm(probe)
    x = np.linspace(-half, half, n)
    face = pose.apply(np.stack([x, face_mm(probe, x), np.zeros(n)], axis=-1))
    into = pose.matrix[:3, 1]
    return 100.0 - skin_mm(anatomy, face - 100.0 * into, into)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("view", VIEWS)
def test_the_face_touches_the_skin_and_is_not_pressed_into_bone(person, view):
    anatomy, probe = plain_person(PEOPLE[person]), usual_machine(view).probe
    for side in (Side.LEFT, Side.RIGHT):
        pose = standard_view(anatomy, view, "L4", side)
        dent = dent_mm(anatomy, pose, probe)
        assert pose.is_rigid and (pose.target, pose.source) == ("Patient", "Probe")
        assert np.mean(dent > -1.0) > 0.6
        assert np.max(dent) <= MOST_DENT_MM + 0.6
        assert int(anatomy.tissue_at(pose.matrix[:3, 3])) not in {int(bone) for bone in BONES}


@pytest.mark.parametrize("view", ACROSS)
def test_across_the_spine_left_of_the_picture_is_the_patients_left(view):
    pose = standard_view(plain_person(), view, "L3", Side.LEFT)
    assert pose.matrix[0, 0] < -0.9
    assert pose.matrix[1, 1] < -0.85


@pytest.mark.parametrize("view", ALONG)
def test_along_the_spine_left_of_the_picture_is_towards_the_head(view):
    pose = standard_view(plain_person(), view, "L3", Side.RIGHT)
    assert pose.matrix[2, 0] < -0.85
    assert pose.matrix[1, 1] < -0.85


def test_on_the_flank_left_of_the_picture_is_the_belly_on_the_left_and_the_back_on_the_right():
    for side, belly in ((Side.LEFT, -1.0), (Side.RIGHT, 1.0)):
        pose = standard_view(plain_person(), View.ABDOMINAL_WALL_LATERAL, "L3", side)
        assert np.sign(pose.matrix[1, 0]) == -belly
        assert np.sign(pose.matrix[0, 3]) == (1.0 if side is Side.LEFT else -1.0)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("view", "wanted", "least"),
    [
        (View.TRANSVERSE_SPINOUS, {Tissue.SPINOUS_PROCESS}, 0.08),
        (View.TRANSVERSE_INTERLAMINAR, {Tissue.DURA}, 0.1),
        (View.PARASAGITTAL_TRANSVERSE_PROCESS, {Tissue.TRANSVERSE_PROCESS}, 0.1),
        (View.PARASAGITTAL_ARTICULAR_PROCESS, {Tissue.SUPERIOR_ARTICULAR, Tissue.INFERIOR_ARTICULAR}, 0.5),
        (View.PARASAGITTAL_LAMINA, {Tissue.LAMINA}, 0.25),
        (View.PARASAGITTAL_LAMINA, {Tissue.DURA}, 0.12),
        (View.MIDLINE_SAGITTAL, {Tissue.SPINOUS_PROCESS}, 0.35),
        (View.MULTIFIDUS_TRANSVERSE, {Tissue.MULTIFIDUS}, 0.5),
        (View.FASCIA_LONGITUDINAL, {Tissue.FASCIA}, 0.99),
        (View.ABDOMINAL_WALL_LATERAL, {Tissue.TRANSVERSUS_ABDOMINIS}, 0.9),
        (View.SACRAL, {Tissue.SACRUM}, 0.3),
    ],
)
def test_a_view_shows_what_it_is_named_after(level, view, wanted, least):
    anatomy = plain_person()
    for side in (Side.LEFT, Side.RIGHT):
        pose = standard_view(anatomy, view, level, side)
        assert np.mean(look(anatomy, pose, usual_machine(view).probe).sees(frozenset(wanted))) >= least


def test_the_trident_has_three_fingers_or_more_with_gaps_between_them():
    anatomy = plain_person()
    pose = standard_view(anatomy, View.PARASAGITTAL_TRANSVERSE_PROCESS, "L3", Side.LEFT)
    hit = look(anatomy, pose, CONVEX).bone == Tissue.TRANSVERSE_PROCESS
    assert np.count_nonzero(np.diff(hit.astype(int)) == 1) + hit[0] >= 3


@pytest.mark.parametrize("view", sorted(set(VIEWS) - MIDLINE_VIEWS))
def test_both_sides_mirror_each_other_in_a_straight_person(view):
    anatomy = plain_person()
    left, right = (standard_view(anatomy, view, "L4", side).matrix[:3, 3] for side in (Side.LEFT, Side.RIGHT))
    assert left[0] > 5.0
    assert np.allclose(left * (-1, 1, 1), right, atol=5.0)


def test_a_linear_probe_can_be_held_where_a_curved_one_is_usual():
    anatomy = plain_person()
    pose = standard_view(anatomy, View.MULTIFIDUS_TRANSVERSE, "L4", Side.LEFT, LINEAR)
    assert np.mean(dent_mm(anatomy, pose, LINEAR) > -1.0) > 0.8


def test_the_same_call_gives_the_same_bytes():
    one, two = (standard_view(plain_person(), View.PARASAGITTAL_LAMINA, "L4", Side.LEFT) for _ in range(2))
    assert one.matrix.tobytes() == two.matrix.tobytes()


@pytest.mark.parametrize(
    ("view", "level", "side", "said"),
    [
        (View.OTHER, "L4", Side.LEFT, "no standard view"),
        (View.MIDLINE_SAGITTAL, "L6", Side.MIDLINE, "no level 'L6'"),
        (View.PARASAGITTAL_LAMINA, "L4", Side.MIDLINE, "left or right"),
        (View.FASCIA_LONGITUDINAL, "L4", Side.UNKNOWN, "left or right"),
    ],
)
def test_what_cannot_be_is_said(view, level, side, said):
    with pytest.raises(GeometryError, match=said):
        standard_view(plain_person(), view, level, side)


def test_an_anatomy_without_the_landmark_is_refused_by_its_name():
    from dataclasses import replace

    bare = replace(plain_person(), landmarks={})
    with pytest.raises(GeometryError, match="L4_spinous_tip"):
        standard_view(bare, View.MIDLINE_SAGITTAL, "L4", Side.MIDLINE)
