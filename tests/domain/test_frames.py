"""A frame belongs to its geometry, cannot be changed, and is grey in one way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from echospine.domain.errors import GeometryError, TooLargeError, TruncatedError
from echospine.domain.frames import MAX_FRAMES, MAX_PIXELS, Frame, RecordingHeader, check_size
from echospine.domain.images import ImageGeometry
from echospine.domain.poses import Pose

SIZE = ImageGeometry(4, 3)


def test_pixels_cannot_be_written_through_a_frame():
    pixels = np.zeros((3, 4), np.uint8)
    frame = Frame(pixels, SIZE, 0)
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 1
    assert np.shares_memory(frame.pixels, pixels)  # no second representation


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((3, 4), np.uint16),
        np.zeros((3, 4), float),
        np.zeros((3, 4, 4), np.uint8),
        np.zeros((3, 4, 1), np.uint8),
        np.zeros(12, np.uint8),
        np.zeros((4, 3), np.uint8),
    ],
    ids=str,
)
def test_other_pixels_are_refused(pixels):
    with pytest.raises(GeometryError):
        Frame(pixels, SIZE, 0)


@given(arrays.arrays(np.uint8, (3, 4, 3)))
def test_grey_is_luma_rounded(pixels):
    expected = pixels.astype(float) @ (0.299, 0.587, 0.114)
    assert np.abs(Frame(pixels, SIZE, 0).grey - expected).max() <= 0.51


@given(arrays.arrays(np.uint8, (3, 4)))
def test_grey_of_grey_is_itself(grey):
    frame = Frame(grey, SIZE, 0)
    assert frame.grey is frame.pixels
    coloured = Frame(np.repeat(grey[..., None], 3, axis=2), SIZE, 0)
    np.testing.assert_array_equal(coloured.grey, grey)


def test_a_frame_chains_its_own_poses():
    frame = Frame(np.zeros((3, 4), np.uint8), SIZE, 0, poses=(Pose("Tracker", "Probe", np.eye(4)),))
    assert str(frame.pose("Probe", "Tracker")) == "TrackerToProbe"
    with pytest.raises(GeometryError, match="no pose leads from Image to Probe"):
        frame.pose("Probe", "Image")


@pytest.mark.parametrize(
    ("times", "rate"), [((), None), ((0.0,), None), ((0.0, 0.0), None), ((0.0, 0.5, 1.0), 2.0), ((1.0, 0.5), None)]
)
def test_the_frame_rate_is_the_mean_one(times, rate):
    assert RecordingHeader("x", "y", len(times), SIZE, times_s=times).frame_rate_hz == rate


@given(st.integers(-5, 10**6), st.integers(-5, 10**6), st.integers(-5, 10**6))
def test_sizes_are_limited(width, height, n_frames):
    if min(width, height, n_frames) < 1:
        expected = TruncatedError
    elif width * height > MAX_PIXELS or n_frames > MAX_FRAMES:
        expected = TooLargeError
    else:
        check_size("a.dcm", width, height, n_frames)
        return
    with pytest.raises(expected, match=r"^a\.dcm: declares"):
        check_size("a.dcm", width, height, n_frames)


def test_the_limits_themselves_are_allowed():
    check_size("a.dcm", MAX_PIXELS, 1, MAX_FRAMES)
