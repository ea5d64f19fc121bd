"""The hand goes where a scene says, a needle goes where it is aimed, and what cannot be is refused with its place."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scene_kit import person_with_soft_targets, plain_person, small

from echospine.domain.labels import Side, View
from echospine.engine.twin.motion import Breathing, Contraction, Flexion
from echospine.engine.twin.motion.pressure import RIM_MM
from echospine.engine.twin.needle import Needle, shaft_mm, tip_mm
from echospine.engine.twin.probe import ABDOMINAL, Settings
from echospine.engine.twin.scene import (
    MAX_FRAMES,
    Insertion,
    Lie,
    PictureSide,
    Place,
    Scene,
    SceneFault,
    Stay,
    Sweep,
    Tremor,
)
from echospine.engine.twin.scene.hand import draw_tremor, lead
from echospine.engine.twin.scene.looking import half_width_mm, touching
from echospine.engine.twin.scene.places import place_mm
from echospine.engine.twin.scene.stage import set_stage
from echospine.engine.twin.tissues import BONES, Tissue

STILL = Tremor(0.0, 0.0)
FACET = Place("facet", "L4", Side.LEFT)
THROUGH_FACET = Stay(View.TRANSVERSE_INTERLAMINAR, "L4", for_s=6.0, through=FACET)
MACHINE = small(ABDOMINAL)


def scene(*steps, **more):
    return Scene("test", steps, **{"tremor": STILL, "machine": MACHINE, "frame_rate_hz": 10.0, **more})


def course(insertion, stay=THROUGH_FACET):
    stage = set_stage(scene(stay, insertion), person_with_soft_targets())
    assert stage.course is not None
    return stage


def test_steps_of_the_probe_follow_each_other():
    way = lead(
        scene(Stay(View.MIDLINE_SAGITTAL, for_s=1.5), Stay(View.SACRAL, side=Side.LEFT, for_s=2.0)), plain_person()
    )
    assert [(leg.start_s, leg.end_s) for leg in way.legs] == [(0.0, 1.5), (1.5, 3.5)]
    assert [way.leg_at(t).view for t in (0.0, 1.49, 1.5, 99.0)] == [View.MIDLINE_SAGITTAL] * 2 + [View.SACRAL] * 2


def test_a_sweep_keeps_its_speed_stays_on_the_skin_and_goes_from_over_one_place_to_over_the_other():
    anatomy = plain_person()
    sweep = Sweep(Place("spinous_tip", "L5"), Place("spinous_tip", "L1"), Lie.TRANSVERSE, speed_mm_s=12.0)
    way = lead(scene(sweep), anatomy)
    times = np.linspace(0.0, way.end_s, 60)
    poses = [way.at(t) for t in times]
    places = np.array([pose.matrix[:3, 3] for pose in poses])
    speeds = np.linalg.norm(np.diff(places, axis=0), axis=1) / np.diff(times)
    assert np.allclose(speeds, 12.0, atol=0.6)
    for end, level in ((0, "L5"), (-1, "L1")):
        tip = anatomy.landmarks[f"{level}_spinous_tip"].point_mm
        assert abs((tip - places[end]) @ poses[end].matrix[:3, 2]) < 1.0, "the plane goes through the place"
    assert min(touching(anatomy, pose, MACHINE.probe) for pose in poses) > 0.7
    turns = [np.degrees(np.arccos(np.clip(a.matrix[:3, 1] @ b.matrix[:3, 1], -1, 1))) for a, b in pairwise(poses)]
    assert max(turns) < 4.0


def test_slides_tilts_and_presses_move_the_probe_by_what_they_say():
    anatomy = plain_person()
    plain = lead(scene(Stay(View.MULTIFIDUS_TRANSVERSE, side=Side.LEFT)), anatomy).at(0.0)
    pressed = lead(scene(Stay(View.MULTIFIDUS_TRANSVERSE, side=Side.LEFT, press_mm=3.0)), anatomy).at(0.0)
    assert np.allclose(plain.inverse.apply(pressed.matrix[:3, 3]), (0.0, 3.0, 0.0), atol=1e-9)
    tilted = lead(scene(Stay(View.MULTIFIDUS_TRANSVERSE, side=Side.LEFT, tilt_deg=10.0)), anatomy).at(0.0)
    angle = np.degrees(np.arccos(plain.matrix[:3, 2] @ tilted.matrix[:3, 2]))
    assert angle == pytest.approx(10.0, abs=0.5)
    slid = lead(scene(Stay(View.MULTIFIDUS_TRANSVERSE, side=Side.LEFT, slide_mm=(0.0, 8.0))), anatomy).at(0.0)
    assert plain.inverse.apply(slid.matrix[:3, 3])[2] == pytest.approx(8.0, abs=0.5)


def test_a_picture_goes_through_the_place_that_it_is_to_go_through():
    anatomy = person_with_soft_targets()
    for place in (FACET, Place("nerve", "L3", Side.RIGHT), Place("vessel", "L4", Side.LEFT)):
        pose = lead(scene(Stay(View.TRANSVERSE_INTERLAMINAR, place.level, through=place)), anatomy).at(0.0)
        assert abs(pose.inverse.apply(place_mm(anatomy, place))[2]) < 0.01


def test_a_tremor_has_the_stated_size_and_comes_back_with_its_seed():
    drawn = draw_tremor(Tremor(0.4, 0.2), seed=3)
    shakes = np.array([drawn.at(t) for t in np.linspace(0.0, 400.0, 20_000)])
    assert shakes.std(axis=0) == pytest.approx([0.4] * 3 + [0.2] * 3, rel=0.1)
    assert np.array_equal(drawn.at(1.0), draw_tremor(Tremor(0.4, 0.2), seed=3).at(1.0))
    assert not np.array_equal(drawn.at(1.0), draw_tremor(Tremor(0.4, 0.2), seed=4).at(1.0))


@pytest.mark.parametrize("aim", ["facet", "nerve", "vessel"])
@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_a_needle_reaches_its_aim_in_the_plane_free_of_bone(aim, side):
    place = Place(aim, "L4", side)
    stay = Stay(View.TRANSVERSE_INTERLAMINAR, "L4", for_s=6.0, through=place)
    stage = course(Insertion(place, Needle(22, 150.0), speed_mm_s=20.0), stay)
    assert stage.course is not None
    whole, pose = stage.course.whole, stage.way.at(0.0)
    tip = tip_mm(stage.course.needle, whole)
    assert np.linalg.norm(tip - stage.course.target_mm) < 0.01
    wanted = {"nerve": Tissue.NERVE_ROOT, "vessel": Tissue.SEGMENTAL_VESSEL}
    if aim in wanted:
        assert int(stage.anatomy.tissue_at(tip)) == wanted[aim]
    along = np.arange(0.0, whole.inserted_mm - 2.5, 0.5)
    shaft = shaft_mm(stage.course.needle, whole, along)
    assert not np.isin(stage.anatomy.tissue_at(shaft), [int(bone) for bone in BONES]).any()
    assert np.abs(pose.inverse.apply(shaft)[:, 2]).max() < 2.0
    entry = pose.inverse.apply(whole.entry_mm)
    assert abs(entry[0]) > half_width_mm(MACHINE.probe) + RIM_MM
    assert np.sign(entry[0]) == (-1.0 if side is Side.LEFT else 1.0), "from the outer side of the picture"


def test_a_needle_advances_at_its_speed_and_stays():
    stage = course(Insertion(FACET, Needle(22, 120.0), at_s=1.0, speed_mm_s=15.0))
    assert stage.needle_at(0.99) is None
    assert stage.needle_at(2.0).inserted_mm == pytest.approx(15.0)
    assert stage.needle_at(99.0).inserted_mm == stage.course.whole.inserted_mm


def test_a_needle_that_slips_leaves_the_plane_by_what_is_stated_and_enters_in_it():
    stage = course(Insertion(FACET, Needle(22, 120.0), out_of_plane_mm=8.0))
    pose = stage.way.at(0.0)
    assert pose.inverse.apply(tip_mm(stage.course.needle, stage.course.whole))[2] == pytest.approx(8.0, abs=0.05)
    assert abs(pose.inverse.apply(stage.course.whole.entry_mm)[2]) < 0.1


def test_stopping_short_and_the_side_of_entry_are_kept():
    short = course(Insertion(FACET, Needle(22, 150.0), stop_short_mm=10.0))
    gap = np.linalg.norm(tip_mm(short.course.needle, short.course.whole) - short.course.target_mm)
    assert gap == pytest.approx(10.0, abs=0.01)


def test_the_tracker_loses_a_needle_that_is_not_there_yet_and_keeps_its_stated_errors():
    stage = course(Insertion(FACET, Needle(22, 120.0), at_s=1.0))
    assert stage.tracked(0).statuses["NeedleToTracker"] == "MISSING"
    assert stage.tracked(20).statuses["NeedleToTracker"] == "OK"
    errors = []
    for index in range(0, 60, 2):
        said = {str(pose): pose for pose in stage.tracked(index).poses}["ProbeToTracker"]
        true = stage.tools(stage.probe_at(stage.times_s[index]), None)["Probe"]
        errors.append(np.linalg.norm(said.matrix[:3, 3] - true.matrix[:3, 3]))
    assert 0.1 < np.mean(errors) < 0.5, "0.15 mm along each axis"


def test_the_hand_rides_on_the_breath_towards_the_skin_only():
    stage = set_stage(
        scene(Stay(View.MULTIFIDUS_TRANSVERSE, side=Side.LEFT, for_s=4.0), Breathing(posterior_mm=4.0)), plain_person()
    )
    rest = stage.probe_at(0.0).matrix[:3, 3]
    moved = np.array([stage.probe_at(t).matrix[:3, 3] - rest for t in np.linspace(0.0, 4.0, 17)])
    axis = stage.probe_at(0.0).matrix[:3, 1]
    assert np.abs(moved @ axis).max() > 0.5
    assert np.abs(moved - (moved @ axis)[:, None] * axis).max() < 1e-9


def fault(*steps, anatomy=None, **more):
    with pytest.raises(SceneFault) as caught:
        set_stage(scene(*steps, **more), anatomy or person_with_soft_targets())
    return caught.value


@pytest.mark.parametrize(
    ("insertion", "message", "where"),
    [
        (Insertion(FACET, beyond_mm=-20.0), "through the probe", ("steps", 1)),
        (Insertion(FACET, Needle(22, 25.0)), "do not reach", ("steps", 1)),
        (Insertion(FACET, enters=PictureSide.RIGHT, stop_short_mm=0), "meet bone", ("steps", 1)),
        (Insertion(Place("facet", "L9", Side.LEFT)), "no landmark L9_facet_left", ("steps", 1, "aim")),
        (Insertion(Place("elbow", "L4", Side.LEFT)), "no landmark L4_elbow_left", ("steps", 1, "aim")),
        (Insertion(FACET, at_s=60.0), "the scene ends at 6 s", ("steps", 1, "at_s")),
        (Insertion(FACET, Needle(22, 200.0), beyond_mm=200.0), "no skin", ("steps", 1)),
    ],
)
def test_a_needle_that_cannot_be_is_refused_with_its_place(insertion, message, where):
    error = fault(THROUGH_FACET, insertion)
    assert message in str(error)
    assert error.where == where


@pytest.mark.parametrize(
    ("steps", "message", "where"),
    [
        ((Stay(View.TRANSVERSE_SPINOUS, press_mm=25.0),), "inside the body", ("steps", 0, "press_mm")),
        ((Stay(View.MIDLINE_SAGITTAL, side=Side.LEFT),), "lies on the midline", ("steps", 0, "side")),
        ((Stay(View.SACRAL, level="L7"),), "no level 'L7'", ("steps", 0)),
        ((Stay(View.FASCIA_LONGITUDINAL),), "left or right", ("steps", 0)),
        ((Stay(View.SACRAL, through=Place("moon", "L4")),), "no landmark", ("steps", 0, "through")),
        ((Sweep(Place("spinous_tip", "L4"), Place("spinous_tip", "L4")),), "differ", ("steps", 0, "to")),
        ((Sweep(Place("x", "L4"), Place("spinous_tip", "L4")),), "no landmark", ("steps", 0, "from")),
        ((Stay(View.SACRAL, for_s=200.0), Stay(View.SACRAL, for_s=200.0)), "the limit is 300 s", ("steps", 1)),
        ((Stay(View.SACRAL), Contraction(Side.LEFT, ("L8",))), "no landmark L8_facet_left", ("steps", 1)),
    ],
)
def test_what_cannot_be_done_with_the_probe_is_refused_with_its_place(steps, message, where):
    error = fault(*steps, anatomy=plain_person())
    assert message in str(error)
    assert error.where == where


def test_too_many_frames_are_refused():
    error = fault(Stay(View.SACRAL, for_s=200.0), frame_rate_hz=100.0, anatomy=plain_person())
    assert f"the limit is {MAX_FRAMES:,}" in str(error)
    assert error.where == ("frame_rate_hz",)


def test_flexion_gets_knots_fine_enough_to_show_its_shear():
    view = Stay(View.FASCIA_LONGITUDINAL, "L3", Side.LEFT, for_s=4.0)
    stage = set_stage(
        scene(view, Flexion(period_s=4.0, cycles=1), machine=small(ABDOMINAL), settings=Settings(40.0)), plain_person()
    )
    assert stage.back.grid.spacing_mm[1] <= 0.5
