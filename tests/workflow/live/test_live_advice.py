"""Advice: what stands in the way first, then the way to the wanted view, one calm line, and never a word too much."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Quality, View
from echospine.domain.sights import Bearing, ViewBelief
from echospine.engine.vision.advice import Move
from echospine.workflow.live import Aim, Guide, Hint, PlainAdviser
from rich_model import RichModel

LAMINA = View.PARASAGITTAL_LAMINA
FRAME = Frame(np.full((24, 32), 90, np.uint8), ImageGeometry(32, 24), 0)


def seen(share: float, *reasons: str) -> Interpretation:
    model = RichModel()
    found = model.interpret(FRAME, model.survey([FRAME]))
    shares = sorted([(LAMINA, share), (View.OTHER, round(1 - share, 3))], key=lambda one: -one[1])
    view = ViewBelief(tuple(shares))
    return replace(found, view=view, quality=Quality(1.0, 0.0, 0.1, 0.9, reasons))


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        (seen(0.95), None, ""),
        (seen(0.95), View.SACRAL, ""),
        (seen(0.6), LAMINA, ""),
        (seen(0.95), LAMINA, "This is the view that you want: hold still."),
        (seen(0.95, "no contact: add gel."), LAMINA, "No contact: add gel."),
        (replace(seen(0.9), view=None), LAMINA, ""),
    ],
)
def test_plain_advice(found: Interpretation, wanted: View | None, told: str) -> None:
    assert PlainAdviser().advise(found, FRAME, Aim(wanted), 0.0).sentence == told


def lying(lateral_mm: float = 9.0, *, turn_deg: float = 90.0, contact: float = 1.0, sure: float = 0.9) -> Bearing:
    """A picture along the spine, as the lamina view asks, unless it is said otherwise."""
    return Bearing(None, lateral_mm, math.radians(turn_deg), sure, 0.0, sure, None, 0.0, contact)


def led(guide: Guide, bearing: Bearing, time_s: float, *, frame: Frame | None = None, share: float = 0.2) -> Hint:
    found = replace(seen(share), structures=None, bearing=bearing)
    return guide.advise(found, frame or FRAME, Aim(LAMINA), time_s)


def test_a_hand_is_led_to_the_view_one_thing_at_a_time() -> None:
    assert led(Guide(), lying(25.0), 0.0) == Hint("Slide 16 mm towards the midline.", Move.SLIDE_IN)
    assert led(Guide(), lying(25.0, turn_deg=40.0), 0.0).move is Move.TURN_CLOCKWISE
    assert led(Guide(), lying(25.0, contact=0.2), 0.0).move is Move.TOUCH
    assert led(Guide(), lying(25.0, sure=0.2), 0.0).move is Move.WAIT
    assert led(Guide(), lying(), 0.0, share=0.95).move is Move.HOLD


def test_who_cannot_be_led_hears_the_plain_adviser() -> None:
    found = replace(seen(0.95), bearing=lying())
    for aim in (Aim(), Aim(View.ABDOMINAL_WALL_LATERAL)):
        assert Guide().advise(found, FRAME, aim, 0.0) == Hint()
    assert "the view that you want" in Guide().advise(seen(0.95), FRAME, Aim(LAMINA), 0.0).sentence


def test_what_is_told_does_not_flicker_and_follows_a_hand_that_moves() -> None:
    guide, rng, told = Guide(), np.random.default_rng(5), list[Hint]()
    for n in range(180):
        lateral_mm = 30.0 if n < 90 else 9.0
        noisy = lying(lateral_mm + 4.0 * rng.standard_normal(), turn_deg=90.0 + 8.0 * rng.standard_normal())
        told.append(led(guide, noisy, n / 30, share=0.2 if n < 90 else 0.95))
    changes = [n for n in range(1, 180) if told[n] != told[n - 1]]
    assert told[60].move is Move.SLIDE_IN and told[-1].move is Move.HOLD
    assert len(changes) <= 4
    assert min(np.diff(changes), default=30) >= 25


def test_another_wish_is_answered_at_once() -> None:
    guide = Guide()
    led(guide, lying(25.0), 0.0)
    found = replace(seen(0.2), structures=None, bearing=lying(25.0))
    assert guide.advise(found, FRAME, Aim(View.TRANSVERSE_SPINOUS), 0.03).move is Move.TURN_ANTICLOCKWISE


def test_a_gain_that_stays_wrong_is_told_before_the_way_and_a_moment_of_it_is_not() -> None:
    guide, dark = Guide(), replace(FRAME, pixels=np.full((24, 32), 6, np.uint8))
    assert led(guide, lying(25.0), 0.0, frame=dark).move is Move.SLIDE_IN
    moves = [led(guide, lying(25.0), n / 10, frame=dark).move for n in range(1, 30)]
    assert moves[3] is Move.SLIDE_IN and moves[-1] is Move.GAIN_UP
    brief = Guide()
    told = [led(brief, lying(25.0), n / 10, frame=dark if n % 5 == 0 else FRAME).move for n in range(30)]
    assert set(told) == {Move.SLIDE_IN}
