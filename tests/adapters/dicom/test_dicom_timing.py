"""Frame times: which attribute said so, in which order they are believed, and what is told of contradictions."""

from __future__ import annotations

import pytest
from dicom_kit import written
from make import picture
from pydicom.tag import Tag

from echospine.domain.frames import TimeSource

FRAMES = picture(rows=4, columns=4, frames=5)
NOTHING = ["FrameTime", "FrameIncrementPointer"]


def timed(folder, without=NOTHING, **attributes):
    with written(folder, FRAMES, attributes=attributes, without=without) as source:
        header = source.header
        assert [frame.time_s for frame in source] == list(header.times_s or [None] * 5)
        return header


def test_frame_time_is_in_milliseconds(tmp_path):
    header = timed(tmp_path, without=[])
    assert header.times_s == pytest.approx((0, 0.04, 0.08, 0.12, 0.16))
    assert (header.time_source, header.frame_rate_hz) == (TimeSource.FRAME_TIME, pytest.approx(25))
    assert header.notes == ()


def test_a_vector_holds_the_steps_between_frames(tmp_path):
    header = timed(tmp_path, FrameTimeVector=[0, 10, 20, 30, 40.5], FrameIncrementPointer=Tag("FrameTimeVector"))
    assert header.times_s == pytest.approx((0, 0.01, 0.03, 0.06, 0.1005))
    assert header.time_source is TimeSource.FRAME_TIME_VECTOR


@pytest.mark.parametrize(
    ("pointer", "source"),
    [("FrameTime", TimeSource.FRAME_TIME), ("FrameTimeVector", TimeSource.FRAME_TIME_VECTOR)],
)
def test_the_pointer_decides_between_two_sources(tmp_path, pointer, source):
    header = timed(tmp_path, without=[], FrameTimeVector=[0, 50, 50, 50, 50], FrameIncrementPointer=Tag(pointer))
    assert header.time_source is source


def test_the_pointer_may_name_what_is_absent(tmp_path):
    header = timed(tmp_path, without=["FrameTime"], CineRate=20, FrameIncrementPointer=Tag("FrameTime"))
    assert header.time_source is TimeSource.CINE_RATE
    assert header.times_s[-1] == pytest.approx(0.2)


def test_the_display_rate_comes_last_and_says_so(tmp_path):
    header = timed(tmp_path, RecommendedDisplayFrameRate=10)
    assert header.time_source is TimeSource.DISPLAY_RATE
    assert header.times_s[-1] == pytest.approx(0.4)
    assert "may not be how it was recorded" in header.notes[0]
    assert timed(tmp_path, RecommendedDisplayFrameRate=10, CineRate=20).time_source is TimeSource.CINE_RATE


def test_without_any_source_there_are_no_times(tmp_path):
    header = timed(tmp_path)
    assert (header.times_s, header.time_source, header.frame_rate_hz) == ((), TimeSource.NONE, None)
    assert header.notes == ("The file does not say when its frames were taken.",)


def test_a_vector_without_the_first_zero_is_completed(tmp_path):
    header = timed(tmp_path, FrameTimeVector=[10, 20, 30, 40])
    assert header.times_s == pytest.approx((0, 0.01, 0.03, 0.06, 0.1))
    assert "4 values for 5 frames" in header.notes[0]


@pytest.mark.parametrize(
    ("vector", "says"),
    [
        ([0, 10, 20], "FrameTimeVector is not used: it has 3 values for 5 frames."),
        ([0, 10, -20, 30, 40], "FrameTimeVector is not used: it has values that are not times."),
        ([0, 0, 0, 0, 0], "FrameTimeVector is not used: it has values that are not times."),
    ],
)
def test_a_vector_that_cannot_be_is_left_out(tmp_path, vector, says):
    header = timed(tmp_path, without=[], FrameTimeVector=vector, FrameIncrementPointer=Tag("FrameTimeVector"))
    assert header.time_source is TimeSource.FRAME_TIME
    assert header.notes == (says,)


@pytest.mark.parametrize("value", ["0", "-33"])
def test_a_frame_time_that_cannot_be_is_left_out(tmp_path, value):
    header = timed(tmp_path, without=[], FrameTime=value, CineRate=50)
    assert header.time_source is TimeSource.CINE_RATE
    assert header.notes == (f"FrameTime is not used: it is {value} ms.",)


def test_two_speeds_that_contradict_each_other_are_told(tmp_path):
    header = timed(tmp_path, without=[], CineRate=60)
    assert header.time_source is TimeSource.FRAME_TIME
    assert header.notes == ("FrameTime says 25 frames per second, CineRate 60; FrameTime is used.",)
    assert timed(tmp_path, without=[], CineRate=24).notes == ()


def test_one_frame_has_no_time(tmp_path):
    with written(tmp_path, FRAMES[:1], attributes={"FrameTime": "40"}) as source:
        assert source.header.times_s == ()
        assert source.header.notes == ()
        assert source.frame(0).time_s is None
