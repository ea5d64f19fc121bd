"""A second opinion on bone: told when two pictures in a row disagree, never waited for, and gone when it is old."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from live_kit import HandClock

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Structure, Surface
from echospine.domain.sights import Doubt
from echospine.workflow.live.second import EVERY_S, LASTS_S, SecondOpinion, disagreement
from rich_model import RichModel

WIDTH, HEIGHT = 64, 48


def picture(index: int = 0) -> Frame:
    geometry = ImageGeometry.uniform(WIDTH, HEIGHT, 0.5, 0.5, Spacing.ELEMENT_SPACING)
    return Frame(np.full((HEIGHT, WIDTH), 90, np.uint8), geometry, index)


class Other(RichModel):
    """Takes one row for bone; waits at a gate."""

    def __init__(self, row: float) -> None:
        self.row, self.gate, self.asked = row, threading.Event(), list[int]()
        self.gate.set()

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        self.asked.append(frame.index)
        assert self.gate.wait(10)
        surface = Surface(Structure.BONE, np.full(WIDTH, self.row), np.full(WIDTH, 0.9))
        return replace(super().interpret(frame, field), surfaces=(surface,))


def seen(frame: Frame) -> Interpretation:
    model = RichModel()
    return model.interpret(frame, model.survey([frame]))


def after(opinion: SecondOpinion, other: Other, clock: HandClock, *, times: int) -> tuple[str, ...]:
    """Ask so many times, an opinion's time apart; return the reasons told of the frame after."""
    for n in range(times):
        opinion.update(seen(picture(n)), picture(n))
        for _ in range(400):
            if len(other.asked) > n and not opinion._busy:
                break
            time.sleep(0.005)
        clock.s += 1.1 * EVERY_S
    other.gate.clear()
    told = opinion.update(seen(picture(times)), picture(times)).doubt
    other.gate.set()
    assert told is not None
    return told.reasons


@pytest.mark.parametrize(("row", "times", "told"), [(8.0, 1, False), (8.0, 2, True), (24.0, 3, False)])
def test_two_that_disagree_twice_in_a_row_are_a_doubt(row: float, times: int, told: bool) -> None:
    other, clock = Other(row), HandClock()
    reasons = after(SecondOpinion(other, clock), other, clock, times=times)
    assert any("two ways of finding bone" in one for one in reasons) is told


def test_it_is_forgotten_when_it_is_old() -> None:
    other, clock = Other(8.0), HandClock()
    opinion = SecondOpinion(other, clock)
    assert after(opinion, other, clock, times=2)
    clock.s += LASTS_S + 0.1
    other.gate.clear()
    told = opinion.update(seen(picture(9)), picture(9)).doubt
    other.gate.set()
    assert told is not None and told.reasons == ()


def test_nobody_waits_for_it_and_it_is_asked_once_at_a_time() -> None:
    other, clock = Other(8.0), HandClock()
    other.gate.clear()
    opinion = SecondOpinion(other, clock)
    start_s = time.perf_counter()
    for n in range(20):
        opinion.update(seen(picture(n)), picture(n))
        clock.s += EVERY_S
    assert time.perf_counter() - start_s < 2.0
    assert other.asked in ([0], [])
    other.gate.set()


def test_one_that_fails_has_no_opinion_and_silence_asks_nobody() -> None:
    class Broken(Other):
        def interpret(self, frame: Frame, field: Field) -> Interpretation:
            self.asked.append(frame.index)
            raise ModelError("no")

    other, clock = Broken(8.0), HandClock()
    assert after(SecondOpinion(other, clock), other, clock, times=2) == ()
    quiet = replace(seen(picture()), doubt=Doubt(2.0, True, (), ("strange",)))
    other.asked.clear()
    assert SecondOpinion(other, clock).update(quiet, picture()) is quiet
    assert other.asked == []


def test_an_uncalibrated_picture_is_compared_too() -> None:
    frame = Frame(np.full((HEIGHT, WIDTH), 90, np.uint8), ImageGeometry(WIDTH, HEIGHT), 0)
    found = seen(frame)
    assert disagreement(found, Other(24.0).interpret(frame, found.field), frame) == ""
    assert "different depths" in disagreement(found, Other(8.0).interpret(frame, found.field), frame)
