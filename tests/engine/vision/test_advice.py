"""One advice at a time, in plain words, that does not flip; and knobs by what the picture shows."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure, View
from echospine.domain.sights import Bearing, Doubt, StructureMap, ViewBelief
from echospine.engine.vision.advice import Advice, Advisor, Move, hallmark_share
from echospine.engine.vision.advice.hallmarks import HALLMARKS, enough
from echospine.engine.vision.advice.knobs import knob_advice
from echospine.engine.vision.advice.searching import Search
from echospine.engine.vision.advice.targets import TARGETS

THERE = Bearing(0.0, 0.0, 0.0, 0.9, 0.0, 0.9, 0.0, 0.0, 1.0)
"""Over a spinous process, across."""


def named(view: View, share: float = 0.9) -> ViewBelief:
    return ViewBelief(((view, share), (View.OTHER, 1.0 - share)))


def first(wanted: View, bearing: Bearing, shown: float | None = 0.0, view: View = View.OTHER) -> Advice:
    return Advisor(wanted).update(bearing, named(view), 0.0, shown)


@pytest.mark.parametrize(
    ("wanted", "bearing", "move", "sentence"),
    [
        (View.TRANSVERSE_SPINOUS, replace(THERE, contact=0.3), Move.TOUCH, "Add gel"),
        (View.TRANSVERSE_SPINOUS, replace(THERE, turn_rad=0.6), Move.TURN_ANTICLOCKWISE, "35 degrees anticlockwise"),
        (View.MIDLINE_SAGITTAL, replace(THERE, turn_rad=0.6), Move.TURN_CLOCKWISE, "55 degrees clockwise"),
        (View.TRANSVERSE_SPINOUS, replace(THERE, along_mm=12.0), Move.SLIDE_RIGHT, "12 mm towards the right of"),
        (View.TRANSVERSE_SPINOUS, replace(THERE, along_mm=-9.0), Move.SLIDE_LEFT, "9 mm towards the left of"),
        (View.TRANSVERSE_SPINOUS, replace(THERE, phase_rad=math.pi / 2), Move.SLIDE_HEAD, "7 mm towards the head"),
        (View.TRANSVERSE_INTERLAMINAR, THERE, Move.SLIDE_FEET, "13 mm towards the feet"),
        (View.MULTIFIDUS_TRANSVERSE, replace(THERE, along_mm=-2.0), Move.SLIDE_RIGHT, "15 mm towards the right"),
        (View.TRANSVERSE_SPINOUS, replace(THERE, tilt_deg=20.0), Move.TILT_HEAD, "20 degrees towards the head"),
        (View.TRANSVERSE_SPINOUS, replace(THERE, rock_deg=20.0), Move.ROCK_RIGHT, "20 degrees towards the right"),
        (View.PARASAGITTAL_TRANSVERSE_PROCESS, replace(THERE, turn_rad=1.55, along_mm=None, tilt_deg=None,
         lateral_mm=15.0), Move.SLIDE_OUT, "19 mm away from the midline"),
        (View.MIDLINE_SAGITTAL, replace(THERE, turn_rad=-1.5, along_mm=None, tilt_deg=None, lateral_mm=15.0),
         Move.SLIDE_IN, "15 mm towards the midline"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_how_much(wanted, bearing, move, sentence):
    advice = first(wanted, bearing)
    assert advice.move is move
    assert sentence in advice.sentence


def test_the_view_is_held_when_the_picture_shows_it():
    assert first(View.TRANSVERSE_SPINOUS, THERE, 0.2).sentence == "Hold still: this is the view."
    assert first(View.TRANSVERSE_SPINOUS, THERE, None, View.TRANSVERSE_SPINOUS).move is Move.HOLD
    assert first(View.TRANSVERSE_SPINOUS, THERE, None, View.OTHER).move is not Move.HOLD
    assert first(View.TRANSVERSE_SPINOUS, THERE, 0.0, View.TRANSVERSE_SPINOUS).move is not Move.HOLD


def test_a_view_named_beside_the_wanted_one_says_which_way_to_slide():
    beside = replace(THERE, turn_rad=1.55, along_mm=None, tilt_deg=None, lateral_mm=11.0)
    inner = first(View.PARASAGITTAL_ARTICULAR_PROCESS, beside, 0.0, View.PARASAGITTAL_LAMINA)
    outer = first(View.PARASAGITTAL_LAMINA, beside, 0.0, View.PARASAGITTAL_TRANSVERSE_PROCESS)
    assert (inner.move, outer.move) == (Move.SLIDE_OUT, Move.SLIDE_IN)


def test_where_the_place_is_not_known_it_waits():
    assert first(View.TRANSVERSE_SPINOUS, replace(THERE, turn_sure=0.2)).move is Move.WAIT


def test_advice_at_the_edge_of_what_is_right_does_not_flip():
    rng = np.random.default_rng(4)
    advisor, moves = Advisor(View.TRANSVERSE_SPINOUS), []
    for n in range(300):
        noisy = replace(THERE, along_mm=6.0 + float(rng.normal(0, 2.5)), turn_rad=float(rng.normal(0, 0.1)),
                        tilt_deg=float(rng.normal(0, 4.0)))  # fmt: skip
        moves.append(advisor.update(noisy, named(View.TRANSVERSE_SPINOUS), n / 30, 0.12 + 0.02 * float(rng.normal())))
    changes = sum(a.move is not b.move for a, b in pairwise(moves))
    assert changes <= 3


def test_angles_that_wrap_are_averaged_on_the_short_way():
    advisor = Advisor(View.MIDLINE_SAGITTAL)
    for n, turn in enumerate((1.55, -1.55) * 20):
        told = advisor.update(replace(THERE, turn_rad=turn, along_mm=None, tilt_deg=None), None, n / 30, 0.8)
    assert told.move is Move.HOLD


def test_nobody_is_led_to_the_flank():
    with pytest.raises(ModelError, match="abdominal_wall_lateral"):
        Advisor(View.ABDOMINAL_WALL_LATERAL)


def climb(best: dict[Move, float], steps: int = 30) -> tuple[float, int]:
    """Search on a hill whose top is some mm and degrees away; return how far from it the search ends, and when."""
    at = dict.fromkeys(best, 0.0)
    undo = {Move.TILT_FEET: Move.TILT_HEAD, Move.SLIDE_FEET: Move.SLIDE_HEAD}
    search, off = Search(View.TRANSVERSE_INTERLAMINAR), 99.0
    for n in range(steps):
        off = math.hypot(*((best[one] - at[one]) / 5.0 for one in best))
        if off < 1.0:
            return off, n
        told = search.step(math.exp(-off / 2.0))
        move = undo.get(told.move, told.move)
        at[move] += told.amount if move is told.move else -told.amount
    return off, steps


@pytest.mark.parametrize("top", [(8.0, 10.0), (-8.0, 10.0), (4.0, -12.0), (0.0, 18.0)])
def test_a_search_climbs_to_where_most_is_seen(top):
    off, steps = climb({Move.SLIDE_HEAD: top[0], Move.TILT_HEAD: top[1]})
    assert off < 1.0
    assert steps < 25


def test_every_view_that_can_be_reached_has_something_it_is_known_by():
    assert set(HALLMARKS) == set(TARGETS)
    assert all(0.0 < enough(view) < 1.0 for view in HALLMARKS)


def a_map(rows: dict[Structure, tuple[int, int]], columns: slice = slice(None)) -> StructureMap:
    labels = np.zeros((100, 100), np.uint8)
    for structure, (top, bottom) in rows.items():
        labels[top:bottom, columns] = structure
    return StructureMap(labels, np.full(labels.shape, 220, np.uint8), (0.5, 0.5), 2.0)


def test_hallmarks_are_counted_by_columns():
    seen = a_map({Structure.MULTIFIDUS: (0, 20), Structure.LAMINA: (30, 32)})
    labels = np.array(seen.labels)
    labels[40:42, :25] = Structure.DURAL_SAC
    both = StructureMap(labels, seen.probability, (0.5, 0.5), 2.0)
    assert hallmark_share(both, View.TRANSVERSE_INTERLAMINAR) == pytest.approx(0.25)
    assert hallmark_share(both, View.PARASAGITTAL_LAMINA) == pytest.approx(0.5)
    assert hallmark_share(a_map({}), View.PARASAGITTAL_LAMINA) == 0.0


GEOMETRY = ImageGeometry.uniform(200, 200, 0.5, 0.5, Spacing.USER)


def looked(structures: StructureMap | None, grey: int = 60, **changes: float) -> tuple[Interpretation, Frame]:
    quality = replace(Quality(1.0, 0.0, 0.2, 0.9), **changes)
    field = Field(Sector(np.zeros(200), np.full(200, 199.0)))
    seen = Interpretation(0, Method("made", "1"), field, (), quality, structures=structures)
    return seen, Frame(np.full((200, 200), grey, np.uint8), GEOMETRY, 0)


MUSCLE = {Structure.MULTIFIDUS: (5, 30)}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ({**MUSCLE, Structure.LAMINA: (30, 34)}, "Set the depth to 40 mm."),
        ({**MUSCLE, Structure.LAMINA: (60, 64)}, None),
        ({**MUSCLE, Structure.LAMINA: (90, 100)}, "Set the depth to 120 mm."),
    ],
)
def test_depth_fits_what_is_looked_for(rows, sentence):
    told = knob_advice(*looked(a_map(rows)), None)
    assert (told and told.sentence) == sentence


def test_gain_by_saturation_and_by_the_grey_of_muscle():
    rows = {**MUSCLE, Structure.LAMINA: (60, 64)}
    assert knob_advice(*looked(a_map(rows), saturated=0.2), None) == Advice(Move.GAIN_DOWN)
    assert knob_advice(*looked(a_map(rows), 8), None) == Advice(Move.GAIN_UP)
    assert knob_advice(*looked(a_map(rows), 160), None) == Advice(Move.GAIN_DOWN)
    assert knob_advice(*looked(None, 8), None) == Advice(Move.GAIN_UP)


def test_focus_at_the_hallmarks_of_the_wanted_view():
    seen, frame = looked(a_map({**MUSCLE, Structure.LAMINA: (60, 64)}))
    assert knob_advice(seen, frame, None, focus_mm=60.0) is None
    told = knob_advice(seen, frame, View.PARASAGITTAL_LAMINA, focus_mm=20.0)
    assert told is not None and told.sentence == "Set the focus to 60 mm."


def test_no_knob_mends_a_picture_without_contact_or_one_that_is_silent():
    seen, frame = looked(a_map(MUSCLE), 8)
    assert knob_advice(replace(seen, quality=replace(seen.quality, contact=0.2)), frame, None) is None
    assert knob_advice(replace(seen, doubt=Doubt(2.0, True)), frame, None) is None
