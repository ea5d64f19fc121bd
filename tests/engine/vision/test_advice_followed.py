"""A hand that does as it is told, more or less, reaches the view on the twin; poses are read as advice says them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from echospine.domain.labels import Side, View
from echospine.engine.twin.person import build_patient, sample_patient
from echospine.engine.twin.scene.looking import look
from echospine.engine.twin.scene.views import standard_view
from echospine.engine.vision.advice import Advice, Move
from training.following import Back, back_of, follow, known_by, obeyed, probe_for, view_at
from training.people import Part, person_seed
from training.places import place_of


@pytest.fixture(scope="module")
def anatomy():
    return build_patient(sample_patient(person_seed(Part.TUNE, 4)))


@pytest.mark.parametrize(
    ("view", "move", "part", "sign"),
    [
        (View.TRANSVERSE_SPINOUS, Move.TURN_CLOCKWISE, "turn_rad", 1.0),
        (View.TRANSVERSE_SPINOUS, Move.TILT_HEAD, "tilt_deg", -1.0),
        (View.TRANSVERSE_SPINOUS, Move.ROCK_LEFT, "rock_deg", 1.0),
        (View.TRANSVERSE_SPINOUS, Move.SLIDE_RIGHT, "along_mm", -1.0),
        (View.TRANSVERSE_SPINOUS, Move.SLIDE_FEET, "phase_rad", 1.0),
        (View.PARASAGITTAL_LAMINA, Move.SLIDE_OUT, "lateral_mm", 1.0),
        (View.PARASAGITTAL_LAMINA, Move.TILT_IN, "tilt_deg", -1.0),
    ],
)
def test_a_hand_understands_a_word_as_the_place_is_counted(anatomy, view, move, part, sign):
    probe = probe_for(view)
    pose = standard_view(anatomy, view, "L3", Side.LEFT, probe)
    before = place_of(anatomy, pose, probe)
    amount = 10.0 if "slide" not in move.value else 6.0
    back = Back(anatomy, probe, ())
    after = place_of(anatomy, obeyed(np.random.default_rng(1), back, pose, Advice(move, amount), before), probe)
    change = getattr(after, part) - getattr(before, part)
    if part.endswith("rad"):
        change = (change + math.pi) % (2 * math.pi) - math.pi
    assert sign * change > (0.05 if part.endswith("rad") else 2.0)


@pytest.mark.slow
def test_most_hands_reach_the_view_and_standard_views_are_what_they_are_named(anatomy):
    back = back_of(anatomy, probe_for(View.MIDLINE_SAGITTAL))
    named = [view_at(back, place) is view for view, _, _, _, place in back.views]
    assert np.mean(named) > 0.7
    shares = [known_by(one[0], look(anatomy, one[3], back.probe)) for one in back.views]
    assert min(shares) > 0.05
    for view in (View.MIDLINE_SAGITTAL, View.TRANSVERSE_SPINOUS):
        found = [follow(back, view, seed) for seed in range(6)]
        assert np.mean([one.reached for one in found]) >= 0.8
        assert np.median([len(one.advices) for one in found]) <= 10


def test_a_hand_told_the_same_twice_does_the_same(anatomy):
    probe = probe_for(View.FASCIA_LONGITUDINAL)
    exact = standard_view(anatomy, View.FASCIA_LONGITUDINAL, "L3", Side.LEFT, probe)
    place = place_of(anatomy, exact, probe)
    back = Back(anatomy, probe, ((View.FASCIA_LONGITUDINAL, "L3", Side.LEFT, exact, place),))
    one, other = (follow(back, View.FASCIA_LONGITUDINAL, 3) for _ in range(2))
    assert one == other
    assert one.held


def test_a_hand_that_nobody_tells_anything_stays_and_has_not_reached_the_view(anatomy):
    class Silent:
        def looks(self, _):
            return iter(())

    probe = probe_for(View.FASCIA_LONGITUDINAL)
    exact = standard_view(anatomy, View.FASCIA_LONGITUDINAL, "L3", Side.LEFT, probe)
    place = place_of(anatomy, exact, probe)
    back = Back(anatomy, probe, ((View.FASCIA_LONGITUDINAL, "L3", Side.LEFT, exact, place),))
    left = follow(back, View.FASCIA_LONGITUDINAL, 3, reader=Silent())
    assert not left.held
    assert not left.reached
    assert left.advices == ()
