"""The plan of a spine: angles come back, sizes agree with the published means, the lines run where the bones are."""

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from echospine.domain.errors import GeometryError
from echospine.engine.twin.patient import LEVELS, PatientParameters, Sex, Transition
from echospine.engine.twin.person.morphometry import MORPHOMETRY, VERTEBRAE, VertebraSize
from echospine.engine.twin.person.spine import INTERSPINOUS_MM, LINES, make_spine


def tilt_deg(vertebra, axis):
    z = vertebra.pose.matrix[:3, 2]
    return np.degrees(np.arctan2(z[axis], z[2]))


@pytest.mark.parametrize("lordosis", [15.0, 50.0, 80.0])
def test_the_lordosis_is_that_of_the_parameters(lordosis):
    spine = make_spine(PatientParameters(lordosis_deg=lordosis, scoliosis_deg=20.0, seed=4))
    assert tilt_deg(spine["L1"], 1) - tilt_deg(spine["S1"], 1) == pytest.approx(lordosis, abs=1e-6)


@pytest.mark.parametrize(("cobb", "turn"), [(30.0, 15.0), (-20.0, -8.0)])
def test_scoliosis_bulges_and_turns_to_the_side_of_its_sign(cobb, turn):
    spine = make_spine(PatientParameters(scoliosis_deg=cobb, rotation_deg=turn))
    tilts = [tilt_deg(spine[level], 0) for level in LEVELS]
    assert tilts[0] == pytest.approx(-cobb / 2, abs=1e-6)
    ends = (spine["T12"].pose.matrix[0, 3] + spine["L5"].pose.matrix[0, 3]) / 2
    assert np.sign(cobb) * (spine["L3"].pose.matrix[0, 3] - ends) > 5.0
    front = -spine["L3"].pose.matrix[:3, 1]
    assert np.degrees(np.arctan2(front[0], -front[1])) == pytest.approx(turn, abs=1.0)


def test_vertebrae_stand_one_disc_apart():
    spine = make_spine(PatientParameters(seed=8, scoliosis_deg=15.0))
    assert np.allclose(spine["L3"].pose.matrix[:3, 3], 0.0)
    for above, disc, below in zip(spine.vertebrae, spine.discs, spine.vertebrae[1:], strict=False):
        top = above.to_patient(0.0, 0.0, -above.size.height / 2)
        bottom = below.to_patient(0.0, 0.0, below.size.height / 2)
        assert 4.0 < disc.height_mm < 15.0
        assert np.linalg.norm(top - bottom) == pytest.approx(disc.height_mm, rel=0.02)
        assert above.pose.is_rigid


def test_means_over_many_people_are_the_published_ones():
    spines = [make_spine(PatientParameters(seed=seed, sex=sex)) for seed in range(150) for sex in Sex]
    for field in fields(VertebraSize):
        if field.name == "spinous_height":  # made to fit the room that lordosis leaves
            continue
        drawn = np.array([[getattr(vertebra.size, field.name) for vertebra in spine.vertebrae] for spine in spines])
        row = MORPHOMETRY[field.name]
        assert np.all(np.abs(drawn.mean(axis=0) - row.mean) < 0.35 * row.sd + 0.01), field.name
        assert np.all(drawn.std(axis=0) < 1.4 * row.sd + 0.045 * np.abs(row.mean)), field.name


def test_tall_men_have_larger_vertebrae_than_short_women():
    woman = make_spine(PatientParameters(sex=Sex.FEMALE, height_mm=1500.0))
    man = make_spine(PatientParameters(sex=Sex.MALE, height_mm=1950.0))
    for level in LEVELS:
        assert man[level].size.upper_width > 1.3 * woman[level].size.upper_width
        assert man[level].size.back_height > 1.25 * woman[level].size.back_height
        assert man[level].size.facet_deg == pytest.approx(woman[level].size.facet_deg)


@pytest.mark.parametrize("lordosis", [30.0, 55.0])
def test_spinous_processes_leave_room_between_them(lordosis):
    for seed in range(20):
        rows = make_spine(PatientParameters(seed=seed, lordosis_deg=lordosis)).vertebrae
        for above, below in pairwise(rows):
            apart = above.to_patient(0.0, *above.spinous_tip_mm) - below.to_patient(0.0, *below.spinous_tip_mm)
            tall = (above.size.spinous_height + below.size.spinous_height) / 2
            assert np.linalg.norm(apart) - tall > INTERSPINOUS_MM - 0.1 or above.size.spinous_height < 11.0


def test_the_same_parameters_give_the_same_spine():
    one, two, other = (make_spine(PatientParameters(seed=seed)) for seed in (5, 5, 6))
    assert [v.size for v in one.vertebrae] == [v.size for v in two.vertebrae]
    assert one["L5"].pose.matrix.tobytes() == two["L5"].pose.matrix.tobytes()
    assert one["L4"].size != other["L4"].size


def test_a_sacralised_disc_is_low():
    free, fixed = (make_spine(PatientParameters(transition=t)) for t in (Transition.NONE, Transition.SACRALISED))
    assert fixed.discs[5].height_mm == pytest.approx(0.45 * free.discs[5].height_mm)
    assert fixed.discs[4].height_mm == free.discs[4].height_mm


def test_lines_go_through_the_levels_and_are_smooth_between_them():
    spine = make_spine(PatientParameters(seed=3, scoliosis_deg=20.0, rotation_deg=10.0, lordosis_deg=70.0))
    for vertebra in spine.vertebrae:
        at = spine.section(vertebra.pose.matrix[2, 3])
        assert np.allclose(at.body[0], vertebra.pose.matrix[:2, 3], atol=1e-9)
        assert at.level[0] == pytest.approx(VERTEBRAE.index(vertebra.level))
        assert at.body_depth_mm[0] == pytest.approx(vertebra.size.depth)
        assert at.across[0] @ vertebra.pose.matrix[:3, 0] > 0.999
    z = np.arange(-140.0, 110.0, 0.5)
    whole = spine.section(z)
    for name in LINES:
        line = getattr(whole, name)
        assert line.shape == (z.size, 2)
        assert np.abs(np.diff(line, axis=0)).max() < 3.0, name
    assert np.all(whole.transverse_left[:, 0] > whole.facet_left[:, 0])
    assert np.all(whole.spinous_tip[:, 1] > whole.lamina_left[:, 1])


def test_an_unknown_level_is_named():
    with pytest.raises(GeometryError, match="L9"):
        make_spine(PatientParameters())["L9"]
