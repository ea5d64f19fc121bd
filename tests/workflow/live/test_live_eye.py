"""A model that is slow, raises, hangs or answers for another frame harms no picture, and another stands in for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method
from echospine.workflow.live import Eye, Newest, Patience, Pump, Seen
from line_model import LineModel

QUICK = Patience(frame_s=0.1, hang_s=0.25, first_s=0.5, failures=3)


def picture(index: int, level: int = 90, step_mm: float = 0.2) -> Frame:
    geometry = ImageGeometry.uniform(40, 30, step_mm, step_mm, Spacing.ELEMENT_SPACING)
    pixels = np.full((30, 40), level, np.uint8)
    pixels[12] = 255
    return Frame(pixels, geometry, index, 0.04 * index)


class Moody:
    """The line finder with a fault: on the frames that `bad` names it raises, hangs, or answers for another."""

    method = Method("moody", "2")

    def __init__(self, mood: str = "", bad: range = range(0)) -> None:
        self.mood, self.bad = mood, bad
        self.gate = threading.Event()
        self.surveys: list[list[int]] = []

    def survey(self, samples: Sequence[Frame]) -> Field:
        self.surveys.append([frame.index for frame in samples])
        return LineModel().survey(samples)

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        found = replace(LineModel().interpret(frame, field), method=self.method)
        if frame.index not in self.bad:
            return found
        if self.mood == "raises":
            raise ValueError("secret inside")
        if self.mood == "says":
            raise ModelError("the weights are damaged")
        if self.mood == "other":
            return replace(found, frame_index=frame.index - 1)
        self.gate.wait(20)
        return found


@pytest.fixture
def hanging() -> Iterator[Moody]:
    model = Moody("hangs", range(4, 10_000))
    yield model
    model.gate.set()


def test_a_frame_and_what_was_seen_in_it_belong_together() -> None:
    with Eye([Moody()]) as eye:
        for index in (0, 1, 5, 17):
            seen = eye.see(picture(index))
            assert seen.interpretation is not None and seen.trouble == ""
            assert seen.interpretation.frame_index == seen.frame.index == index
        assert (eye.counts.seen, eye.counts.blank) == (4, 0)


@pytest.mark.parametrize(
    ("mood", "told"), [("raises", "ValueError"), ("says", "weights are damaged"), ("other", "answered for frame 1")]
)
def test_a_model_that_fails_once_costs_one_overlay(mood: str, told: str) -> None:
    with Eye([Moody(mood, range(2, 3)), LineModel()]) as eye:
        seen = [eye.see(picture(index)) for index in range(5)]
    assert [one.interpretation is None for one in seen] == [False, False, True, False, False]
    assert told in seen[2].trouble and "secret" not in seen[2].trouble
    assert seen[4].trouble == "" and str(seen[4].interpretation.method) == "moody 2"


def test_a_model_that_keeps_failing_is_replaced_and_it_is_said() -> None:
    with Eye([Moody("says", range(2, 10_000)), LineModel()], patience=QUICK) as eye:
        seen = [eye.see(picture(index)) for index in range(9)]
    assert [one.interpretation is None for one in seen] == [False] * 2 + [True] * 3 + [False] * 4
    assert seen[-1].interpretation.method.name == "line finder"
    assert seen[-1].trouble == (
        "line finder stands in for moody 2: it failed 3 times in a row: the weights are damaged."
    )


def test_without_another_model_pictures_go_on_and_the_model_may_recover() -> None:
    with Eye([Moody("says", range(2, 12))], patience=QUICK) as eye:
        seen = [eye.see(picture(index)) for index in range(14)]
    assert [one.interpretation is None for one in seen] == [False] * 2 + [True] * 10 + [False] * 2


def test_a_model_that_hangs_holds_up_one_picture_and_is_then_replaced(hanging: Moody) -> None:
    with Eye([hanging, LineModel()], patience=QUICK) as eye:
        waits_s, seen = [], []
        for index in range(40):
            began_s = time.monotonic()
            seen.append(eye.see(picture(index)))
            waits_s.append(time.monotonic() - began_s)
            time.sleep(0.01)
    assert all(one.interpretation.method == Moody.method for one in seen[:4])
    assert seen[4].interpretation is None and "slow" in seen[4].trouble
    assert sum(wait_s > 0.05 for wait_s in waits_s) <= 2
    assert seen[-1].interpretation is not None and "did not answer" in seen[-1].trouble
    assert all(one.interpretation is None or one.interpretation.frame_index == one.frame.index for one in seen)


def test_an_answer_that_comes_too_late_is_never_shown_on_another_frame(hanging: Moody) -> None:
    with Eye([hanging], patience=QUICK) as eye:
        for index in range(5):
            eye.see(picture(index))
        hanging.gate.set()
        time.sleep(0.1)
        seen = eye.see(picture(5))
    assert seen.interpretation is not None and seen.interpretation.frame_index == 5


def test_the_first_picture_may_take_its_time_and_is_not_waited_for() -> None:
    model = Moody("hangs", range(1))
    with Eye([model, LineModel()], patience=replace(QUICK, first_s=20)) as eye:
        first, second = eye.see(picture(0)), eye.see(picture(1))
        assert "getting ready" in first.trouble and "getting ready" in second.trouble
        model.gate.set()
        time.sleep(0.1)
        assert eye.see(picture(2)).interpretation.method.name == "moody"


def test_latency_is_counted_from_arrival_to_interpretation() -> None:
    with Eye([Moody()]) as eye:
        assert eye.report().p50_s is None
        for index in range(20):
            eye.see(replace(picture(index), arrived_s=time.monotonic() - 0.25))
        report = eye.report()
    assert report.frames == 20
    assert 0.25 <= report.p50_s <= report.p99_s <= report.worst_s < 1.0


def test_the_field_is_surveyed_when_the_picture_changes_and_not_for_every_frame() -> None:
    model = Moody()
    with Eye([model]) as eye:
        for index in range(30):
            eye.see(picture(index))
        assert [samples[-1] for samples in model.surveys] == [0, 7]
        eye.see(picture(30, step_mm=0.3))
        assert model.surveys[-1] == [30]


def test_a_probe_that_leaves_the_skin_and_comes_back_gets_its_field_back() -> None:
    model = Moody()
    with Eye([model]) as eye:
        eye.see(picture(0, level=0))
        eye.see(picture(1, level=0))
        eye.see(picture(2, level=90))
        eye.see(picture(3, level=0))
        eye.see(picture(4, level=90))
    assert [samples[-1] for samples in model.surveys] == [0, 2]


class Counting:
    """A course that says, in the quality, how many frames it was fed since the picture changed its form."""

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.frames: list[int] = []
        self.since = 0

    def cut(self) -> None:
        self.since = 0

    def update(self, seen: Interpretation, frame: Frame, time_s: float) -> Interpretation:
        self.since += 1
        self.times_s.append(time_s)
        self.frames.append(frame.index)
        return replace(seen, quality=replace(seen.quality, reasons=(f"{self.since} frames",)))


def test_a_course_gets_every_frame_with_its_time_and_hears_when_the_picture_changes_its_form() -> None:
    made: list[Counting] = []

    def make() -> Counting:
        made.append(Counting())
        return made[-1]

    with Eye([Moody()], course=make) as eye:
        for index in range(3):
            seen = eye.see(picture(index))
        assert seen.interpretation.quality.reasons == ("3 frames",)
        seen = eye.see(picture(3, step_mm=0.3))
    assert seen.interpretation.quality.reasons == ("1 frames",)
    (course,) = made
    assert course.times_s == pytest.approx([0.0, 0.04, 0.08, 0.12]) and course.frames == [0, 1, 2, 3]


def test_a_pump_shows_what_its_eye_sees() -> None:
    newest, shown = Newest(), list[Seen]()
    with Eye([Moody("raises", range(1, 2))]) as eye:
        pump = Pump(newest, [shown.append], eye)
        for index in range(3):
            newest.put(picture(index))
            assert pump.step()
    assert [one.frame.index for one in shown] == [0, 1, 2]
    assert [one.interpretation is None for one in shown] == [False, True, False]
