"""People of flesh: nobody lacks an organ, sizes are those of people, the same parameters give the same bytes."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from benchmarks.anatomy import PUBLISHED, Person, measure_person
from echospine.domain.errors import GeometryError
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import PatientParameters, Sex
from echospine.engine.twin.person import Course, Visit, at, build_patient, sample_patient
from echospine.engine.twin.tissues import BONES, Tissue

MUSCLE = (Tissue.MULTIFIDUS, Tissue.MULTIFIDUS_FAT)


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return build_patient(PatientParameters(), 1.0)


def multifidus_mm2(anatomy: Anatomy, level: str) -> dict[str, float]:
    """Return the cross-section on each side at the height of a spinous process."""
    found = {}
    for side, sign in (("left", 1), ("right", -1)):
        point = anatomy.landmarks[f"{level}_multifidus_{side}"].point_mm
        k = round(float((point[2] - anatomy.origin_mm[2]) / anatomy.spacing_mm))
        x = anatomy.origin_mm[0] + anatomy.spacing_mm * np.arange(anatomy.tissues.shape[2])
        tip = anatomy.landmarks[f"{level}_spinous_tip"].point_mm[0]
        muscle = np.isin(anatomy.tissues[k], MUSCLE) & ((x - tip) * sign > 0)
        found[side] = float(muscle.sum() * anatomy.spacing_mm**2)
    return found


@pytest.fixture(scope="module")
def people() -> list[Person]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(measure_person, range(12)))


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_everybody_lies_within_the_published_range(people: list[Person], name: str) -> None:
    known = PUBLISHED[name]
    values = {person.seed: person.values[name] for person in people if name in person.values}
    assert values
    assert not {seed: value for seed, value in values.items() if not known.low <= value <= known.high}


@pytest.mark.slow
def test_nobody_lacks_an_organ_and_no_nerve_runs_through_bone(people: list[Person]) -> None:
    assert not {person.seed: person.missing for person in people if person.missing}
    assert not {person.seed: person.nerve_in_bone for person in people if person.nerve_in_bone}


def test_the_same_parameters_give_the_same_bytes_on_any_number_of_threads() -> None:
    parameters = sample_patient(7)
    digests = []
    with ThreadPoolExecutor(3) as pool:
        for run in (None, pool.map):
            built = build_patient(parameters, 2.0, run)
            digests.append(sha256(built.tissues.tobytes() + built.bone_distance.tobytes()).hexdigest())
    assert digests[0] == digests[1]


def test_a_symmetric_person_is_symmetric(anatomy: Anatomy) -> None:
    for level in ("L2", "L3", "L4", "L5"):
        area = multifidus_mm2(anatomy, level)
        assert area["left"] == pytest.approx(area["right"], rel=0.04)


def test_atrophy_takes_its_share_of_the_area_on_its_side_and_level_alone(anatomy: Anatomy) -> None:
    rows = [(0.0, 0.0)] * 5
    rows[3] = (0.4, 0.0)
    thin = build_patient(replace(PatientParameters(), multifidus_atrophy=tuple(rows)), 1.0)
    before, after = multifidus_mm2(anatomy, "L4"), multifidus_mm2(thin, "L4")
    assert 1 - after["left"] / before["left"] == pytest.approx(0.4, abs=0.04)
    assert after["right"] == pytest.approx(before["right"], rel=0.01)
    assert multifidus_mm2(thin, "L2") == multifidus_mm2(anatomy, "L2")


def test_fat_infiltration_is_the_share_that_was_asked_for() -> None:
    for share in (0.1, 0.3, 0.5):
        fatty = build_patient(replace(PatientParameters(), multifidus_fat=((share, share),) * 5), 1.0)
        fat = (fatty.tissues == Tissue.MULTIFIDUS_FAT).sum()
        assert fat / (fat + (fatty.tissues == Tissue.MULTIFIDUS).sum()) == pytest.approx(share, abs=0.35 * share)


def test_landmarks_lie_in_what_they_name(anatomy: Anatomy) -> None:
    expected = {
        "nerve_exit": {Tissue.NERVE_ROOT},
        "medial_branch": {Tissue.MEDIAL_BRANCH},
        "dorsal_vessel": {Tissue.SEGMENTAL_VESSEL},
        "multifidus": set(MUSCLE),
        "canal": {Tissue.CSF, Tissue.CAUDA_EQUINA},
        "fascia": {Tissue.FASCIA, Tissue.FASCIA_LOOSE, Tissue.FAT, Tissue.SEPTUM, *MUSCLE},
    }
    for landmark in anatomy.landmarks.values():
        if landmark.kind in expected:
            assert int(anatomy.tissue_at(landmark.point_mm)) in expected[landmark.kind], landmark.name


def test_from_the_skin_to_the_canal_tissues_come_in_their_order(anatomy: Anatomy) -> None:
    point = anatomy.landmarks["L3_multifidus_left"].point_mm
    i, _, k = np.rint((point - anatomy.origin_mm) / anatomy.spacing_mm).astype(int)
    column = anatomy.tissues[k, ::-1, i]
    order = [int(np.argmax(column == tissue)) for tissue in (Tissue.SKIN, Tissue.FAT, Tissue.FASCIA, Tissue.MULTIFIDUS)]
    assert order == sorted(order)
    assert np.isin(column[order[-1] :], list(BONES)).any()


def test_more_body_mass_is_more_fat() -> None:
    thick = []
    for index in (20.0, 28.0, 38.0):
        built = build_patient(replace(PatientParameters(), body_mass_index=index), 2.0)
        thick.append(float((built.tissues == Tissue.FAT).sum()))
    assert thick == sorted(thick)


def test_a_later_visit_is_on_its_known_way() -> None:
    first = replace(PatientParameters(), multifidus_atrophy=((0.4, 0.2),) * 5)
    course = Course(multifidus_atrophy=((0.0, 0.0),) * 5, fascia_mm=3.0, half_life_weeks=6.0)
    assert at(first, Visit(0.0, course)) == first
    half = at(first, Visit(6.0, course))
    assert half.multifidus_atrophy[2] == pytest.approx((0.2, 0.1))
    assert half.fascia_mm == pytest.approx(2.5)
    assert half.seed == first.seed
    assert half.multifidus_fat == first.multifidus_fat
    with pytest.raises(GeometryError, match="before"):
        at(first, Visit(-1.0, course))


def test_many_people_are_all_adults_and_differ() -> None:
    drawn = [sample_patient(seed) for seed in range(300)]
    assert len({person.height_mm for person in drawn}) == 300
    assert sample_patient(5) == sample_patient(5)
    heights = {sex: np.mean([p.height_mm for p in drawn if p.sex is sex]) for sex in Sex}
    assert heights[Sex.MALE] - heights[Sex.FEMALE] == pytest.approx(130, abs=30)
    old = [np.mean(p.multifidus_fat) for p in drawn if p.age_years > 65]
    young = [np.mean(p.multifidus_fat) for p in drawn if p.age_years < 35]
    assert np.mean(old) > 1.3 * np.mean(young)


def test_voxels_of_no_use_are_refused() -> None:
    with pytest.raises(GeometryError, match="voxels of 5 mm"):
        build_patient(PatientParameters(), 5.0)
