"""What the network learns from: split by person, drawn anew alike, and true to its picture."""

from __future__ import annotations

import math

import numpy as np
import pytest

from echospine.domain.labels import Side, Structure, View
from echospine.engine.twin.probe import CONVEX
from echospine.engine.twin.scene.views import standard_view
from echospine.engine.twin.tissues import BONES, Tissue
from training.draw import IGNORE, draw
from training.generate import person
from training.machines import HELD_OUT, SIZE, sample_setup
from training.paint import draw_painted
from training.people import FIRST_SEED, Part, cast_in, person_of, person_seed
from training.places import place_of
from training.poses import Held
from training.shards import read


@pytest.fixture(scope="module")
def someone():
    return person_of(person_seed(Part.TUNE, 1))


def test_nobody_is_in_two_parts():
    ranges = [set(range(first, first + 100_000)) for first in FIRST_SEED.values()]
    assert not set.intersection(*ranges[:2])
    assert not set.intersection(*ranges[1:])
    assert not set.intersection(ranges[0], ranges[2])


def test_about_one_in_five_is_a_phantom():
    share = np.mean([cast_in(person_seed(Part.TRAIN, n)) is not None for n in range(1000)])
    assert 0.16 < share < 0.24


def test_machines_that_test_are_beyond_those_that_train():
    rng = np.random.default_rng(0)
    drawn = [sample_setup(rng, linear=bool(n % 2)).machine for n in range(200)]
    assert min(one.probe.frequency_mhz for one in drawn) > HELD_OUT["wide convex, hazy"].machine.probe.frequency_mhz
    assert max(one.noise_db for one in drawn) < HELD_OUT["low linear, noisy"].machine.noise_db
    assert all(one.machine not in drawn for one in HELD_OUT.values())


@pytest.mark.parametrize(
    ("view", "turn_deg", "phase_deg", "lateral_mm"),
    [
        (View.TRANSVERSE_SPINOUS, 0.0, 0.0, (0.0, 4.0)),
        (View.TRANSVERSE_INTERLAMINAR, 0.0, 180.0, (0.0, 6.0)),
        (View.PARASAGITTAL_LAMINA, 90.0, None, (4.0, 20.0)),
        (View.PARASAGITTAL_TRANSVERSE_PROCESS, 90.0, None, (18.0, 50.0)),
        (View.MIDLINE_SAGITTAL, 90.0, None, (0.0, 5.0)),
    ],
)
def test_a_place_says_where_a_standard_view_lies(someone, view, turn_deg, phase_deg, lateral_mm):
    place = place_of(someone.anatomy, standard_view(someone.anatomy, view, "L4", Side.LEFT, CONVEX), CONVEX)
    along_tips = view is View.PARASAGITTAL_TRANSVERSE_PROCESS
    assert math.degrees(place.turn_rad) == pytest.approx(turn_deg, abs=25.0 if along_tips else 14.0)
    assert lateral_mm[0] <= abs(place.lateral_mm) <= lateral_mm[1]
    if phase_deg is not None:
        away = (math.degrees(place.phase_rad) - phase_deg + 180.0) % 360.0 - 180.0
        assert abs(away) < 90.0
    if turn_deg == 0.0:
        assert place.along_mm == pytest.approx(place.lateral_mm, abs=1.0), "the right of the picture is the right side"


@pytest.mark.slow
def test_the_same_person_is_drawn_alike_and_read_back(tmp_path):
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        person(tmp_path / folder, Part.TUNE, 1, 4)
    one, other = (read(tmp_path / folder, Part.TUNE) for folder in ("one", "other"))
    np.testing.assert_array_equal(one.pixels, other.pixels)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.pixels.shape == (4, SIZE, SIZE)
    assert set(np.unique(one.labels)) <= {int(s) for s in Structure} | {IGNORE}
    for index in range(4):
        points = one.points_of(index)
        assert np.all((points[:, 1:] >= 0) & (points[:, 1:] < SIZE))


def test_a_phantom_has_bones_and_nothing_else():
    number = next(n for n in range(100) if cast_in(person_seed(Part.TUNE, n)) is not None)
    phantom = person_of(person_seed(Part.TUNE, number))
    kept = {int(one) for one in BONES} | {int(Tissue.AIR), int(Tissue.GEL), int(Tissue.SKIN), int(phantom.cast_in)}
    assert set(np.unique(phantom.anatomy.tissues)) <= kept


def test_a_painted_picture_has_no_shadow(someone):
    """Under bone it is as bright as muscle, where a picture with physics is black; same seed, same picture."""
    setup = HELD_OUT["convex C5-2"]
    held = Held(standard_view(someone.anatomy, View.PARASAGITTAL_LAMINA, "L4", Side.LEFT, CONVEX), 0)
    real, painted, again = (
        how(np.random.default_rng(1), someone, held, setup) for how in (draw, draw_painted, draw_painted)
    )
    assert np.array_equal(painted.pixels, again.pixels)
    bone = np.isin(real.labels, [int(one) for one in (Structure.LAMINA, Structure.ARTICULAR_PROCESS)])
    below = (np.cumsum(bone, axis=0) > 0) & ~bone & (real.labels == 0) & (real.pixels > 0)
    muscle = (real.labels == Structure.MULTIFIDUS) & (painted.labels == Structure.MULTIFIDUS)
    assert np.mean(real.pixels[muscle]) - np.mean(real.pixels[below]) > 40
    assert np.mean(painted.pixels[muscle]) - np.mean(painted.pixels[below]) < 25
    assert np.isin(Structure.LAMINA, painted.labels)
