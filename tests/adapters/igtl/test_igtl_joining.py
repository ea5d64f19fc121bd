"""Pictures find the transforms of their own time, in whatever order a device sends them; frames come back as sent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from igtl_kit import MESSAGES, grey_picture

from echospine.adapters.igtl.contents import Picture, Status, Tool, Tracking, Transform, centred
from echospine.adapters.igtl.frames import Framer, Timeline, messages_of, place, poses_of
from echospine.adapters.igtl.heads import stamp_of
from echospine.adapters.igtl.joining import WAIT_S, Joined, Joiner
from echospine.adapters.igtl.messages import Message, Unpacker, encode
from echospine.domain.errors import EchoSpineError, TruncatedError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.poses import Pose

PROBE, NEEDLE = "ProbeToTracker", "NeedleToTracker"


def image(stamp: int, device: str = "Image_Probe") -> Message:
    return Message(grey_picture(), device, stamp)


def link(stamp: int, name: str = PROBE, status: str | None = None) -> Message:
    matrix = np.eye(4)
    matrix[0, 3] = stamp
    return Message(Transform(matrix), name, stamp, {} if status is None else {"TransformStatus": status})


def joined(messages: list[Message], joiner: Joiner | None = None) -> list[tuple[int, list[str]]]:
    """Each picture that comes out at once: its stamp, and the names of the transforms with it."""
    joiner = joiner or Joiner()
    return [told(one) for message in messages for one in joiner.add(message, 0.0)]


def told(one: Joined) -> tuple[int, list[str]]:
    assert all(matrix[0, 3] == one.message.stamp for matrix in one.links.values())
    return one.message.stamp, sorted(one.links)


def test_transforms_before_the_picture_go_with_it_at_once() -> None:
    moments = [m for stamp in (1, 2, 3) for m in (link(stamp), link(stamp, NEEDLE), image(stamp))]
    assert joined(moments) == [(stamp, [NEEDLE, PROBE]) for stamp in (1, 2, 3)]


def test_transforms_after_the_picture_go_with_it_too() -> None:
    moments = [m for stamp in (1, 2, 3) for m in (image(stamp), link(stamp), link(stamp, NEEDLE))]
    assert joined([*moments, image(4)]) == [(stamp, [NEEDLE, PROBE]) for stamp in (1, 2, 3)]


def test_once_the_order_is_known_nothing_waits_longer_than_it_must() -> None:
    joiner = Joiner()
    joined([image(1), link(1), image(2)], joiner)
    assert joined([link(2)], joiner) == [(2, [PROBE])]
    assert not joiner.waiting


def test_some_before_and_some_after() -> None:
    moments = [m for stamp in range(1, 6) for m in (link(stamp), image(stamp), link(stamp, NEEDLE))]
    found = joined([*moments, link(6)])
    assert found[0] == (1, [PROBE])
    assert found[1:] == [(stamp, [NEEDLE, PROBE]) for stamp in range(2, 6)]


def test_a_picture_alone_is_shown_after_a_moment_and_then_at_once() -> None:
    joiner = Joiner()
    assert not list(joiner.add(image(1), 10.0))
    assert joiner.waiting
    assert not list(joiner.due(10.0 + 0.9 * WAIT_S))
    assert [told(one) for one in joiner.due(10.0 + 1.01 * WAIT_S)] == [(1, [])]
    assert [told(one) for one in joiner.add(image(2), 11.0)] == [(2, [])]


def test_a_tracker_that_stops_delays_one_picture_only() -> None:
    joiner = Joiner()
    joined([image(1), link(1), image(2), link(2)], joiner)
    assert joined([image(3), image(4), image(5)], joiner) == [(3, []), (4, []), (5, [])]


def test_a_tracker_that_comes_back_is_joined_again() -> None:
    joiner = Joiner()
    joined([image(1), link(1), image(2), link(2), image(3), image(4)], joiner)
    assert joined([image(5), link(5), image(6), link(6)], joiner) == [(5, []), (6, [PROBE])]


def test_a_transform_of_another_time_is_never_joined() -> None:
    assert joined([link(1), image(2), link(3), image(3), image(4)]) == [(2, []), (3, [PROBE]), (4, [])]


@pytest.mark.parametrize("status", ["MISSING", "OUT_OF_VIEW", "INVALID", ""])
def test_a_transform_that_the_tracker_does_not_trust_is_left_out(status: str) -> None:
    assert joined([link(1, status="OK"), link(1, NEEDLE, status), image(1)]) == [(1, [PROBE])]


def test_a_bad_transform_after_the_picture_is_not_waited_for() -> None:
    joiner = Joiner()
    joined([image(1), link(1), image(2), link(2)], joiner)
    assert joined([image(3), link(3, status="MISSING")], joiner) == [(3, [])]


def test_tracking_data_are_several_transforms() -> None:
    matrix = np.eye(4)
    matrix[0, 3] = 1
    tools = Tracking((Tool(PROBE, matrix), Tool(NEEDLE, matrix)))
    good = Message(tools, "TDATA", 1)
    assert joined([good, image(1)]) == [(1, [NEEDLE, PROBE])]
    half = Message(tools, "TDATA", 1, {f"{NEEDLE}Status": "MISSING"})
    assert joined([half, image(1)]) == [(1, [PROBE])]


def test_a_device_that_tells_no_times_gets_no_transforms() -> None:
    assert joined([link(0), image(0), link(0), image(0)]) == [(0, []), (0, [])]


def test_only_one_stream_of_pictures_is_followed() -> None:
    moments = [m for stamp in (1, 2) for m in (link(stamp), image(stamp), image(stamp, "Image_Reference"))]
    assert joined(moments) == [(1, [PROBE]), (2, [PROBE])]


def test_a_status_is_no_part_of_a_frame() -> None:
    assert joined([Message(Status(1), "S", 1), link(1), image(1)]) == [(1, [PROBE])]


def test_little_is_kept_however_many_transforms_come_without_a_picture() -> None:
    joiner = Joiner()
    joined([link(stamp) for stamp in range(1, 10_000)], joiner)
    assert len(joiner._moments) < 20


AFFINE = st.lists(st.floats(-100, 100, width=32), min_size=3, max_size=3)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    rows, columns = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    pixels = draw(hnp.arrays(np.uint8, (rows, columns) if draw(st.booleans()) else (rows, columns, 3)))
    x_mm, y_mm = draw(st.floats(0.01, 0.9)), draw(st.floats(0.01, 0.9))
    to_probe, probe = np.diag([x_mm, y_mm, 1.0, 1.0]), np.eye(4)
    to_probe[:3, 3], probe[:3, 3] = draw(AFFINE), draw(AFFINE)
    poses = [Pose("Tracker", "Probe", probe), Pose("Probe", "Image", to_probe)][: draw(st.integers(0, 2))]
    geometry = ImageGeometry.uniform(columns, rows, x_mm, y_mm, Spacing.IMAGE_TO_PROBE)
    return Frame(
        pixels, geometry, draw(st.integers(0, 2**40)), 0.0, tuple(poses), draw(st.sampled_from(["OK", "Bone"]))
    )


def received(frame: Frame, stamp_s: float = 1.7e9, version: int = 2) -> Frame:
    """The frame as it comes out at the other end of a line."""
    unpacker, joiner, framer = Unpacker(), Joiner(), Framer()
    stream = b"".join(encode(message, version) for message in messages_of(frame, stamp_of(stamp_s)))
    found = [one for m in unpacker.feed(stream) for one in joiner.add(m, 5.0)]
    (one,) = [*found, *joiner.due(6.0)]
    arrived, bad = framer.frame(one)
    assert bad == 0
    return arrived


@given(frames())
def test_a_frame_comes_back_as_it_was_sent(frame: Frame) -> None:
    found = received(frame)
    assert np.array_equal(found.pixels, frame.pixels)
    assert found.status == frame.status
    assert found.arrived_s == 5.0
    assert {(p.target, p.source) for p in found.poses} == {(p.target, p.source) for p in frame.poses}
    for pose in frame.poses:
        assert np.allclose(found.pose(pose.target, pose.source).matrix, pose.matrix, atol=1e-4)
    (region,), (sent,) = found.geometry.regions, frame.geometry.regions
    assert region.step_mm == pytest.approx(sent.step_mm, rel=1e-6)


def test_what_has_no_scale_stays_without_one() -> None:
    frame = Frame(np.zeros((4, 6), np.uint8), ImageGeometry(6, 4), 0)
    found = received(frame)
    assert not found.geometry.calibrated
    assert found.poses == ()


def test_pixels_of_a_millimetre_are_no_scale_and_no_place() -> None:
    matrix = np.eye(4)
    matrix[:3, 3] = 5, 6, 7
    picture = Picture(np.zeros((4, 6), np.uint8), centred(matrix, (6, 4)), (6, 4))
    geometry, poses = place("Image_Probe", picture)
    assert (geometry.calibrated, poses) == (False, ())


@pytest.mark.parametrize("step_mm", [0.0, 1e-5, 11.0, 1e6])
def test_pixels_that_no_ultrasound_has_are_no_scale(step_mm: float) -> None:
    picture = Picture(np.zeros((4, 6), np.uint8), np.diag([step_mm, 0.1, 1, 1]), (6, 4))
    geometry, poses = place("Image_Probe", picture)
    assert (geometry.calibrated, poses) == (False, ())


@pytest.mark.parametrize(
    ("device", "ends", "source"),
    [
        ("Image_Probe", ("Probe", "Image"), Spacing.IMAGE_TO_PROBE),
        ("Image_Reference", ("Reference", "Image"), Spacing.IMAGE_TO_PROBE),
        ("Image", None, Spacing.ELEMENT_SPACING),
        ("Image_", None, Spacing.ELEMENT_SPACING),
        ("Image_Image", None, Spacing.ELEMENT_SPACING),
        ("Clarius_1", None, Spacing.ELEMENT_SPACING),
    ],
)
def test_the_name_of_a_picture_says_where_it_is(device: str, ends: tuple[str, str] | None, source: Spacing) -> None:
    geometry, poses = place(device, Picture(np.zeros((4, 6), np.uint8), np.diag([0.2, 0.1, 1, 1]), (6, 4)))
    assert [(pose.target, pose.source) for pose in poses] == ([] if ends is None else [ends])
    assert [region.spacing for region in geometry.regions] == [source]


def test_names_of_transforms_say_from_what_to_what_or_nothing() -> None:
    names = ["ProbeToTracker", "StylusTipToStylus", "Probe", "To", "AToBToC", "probetotracker", ""]
    poses, bad = poses_of({name: np.eye(4) for name in names})
    assert [str(pose) for pose in poses] == ["ProbeToTracker", "StylusTipToStylus"]
    assert bad == 0


def test_a_singular_transform_is_counted_and_left_out() -> None:
    poses, bad = poses_of({"ProbeToTracker": np.diag([1.0, 1.0, 0.0, 1.0]), "AToB": np.eye(4)})
    assert [str(pose) for pose in poses] == ["AToB"]
    assert bad == 1


def test_a_name_too_long_for_a_device_is_left_out_not_cut_off() -> None:
    """`PatientReferenceToTracker` cut to 20 bytes would name a frame that there is not."""
    poses = (Pose("Tracker", "PatientReference", np.eye(4)), Pose("Tracker", "Probe", np.eye(4)))
    frame = Frame(np.zeros((4, 6), np.uint8), ImageGeometry(6, 4), 0, poses=poses)
    assert [message.device for message in messages_of(frame, 1)] == ["ProbeToTracker", "Image"]


ANY_NAME = st.sampled_from(["Image", "Image_Probe", "Image_", "ProbeToTracker", "ProbeToProbe", "AToBToC", ""])


@given(st.lists(st.tuples(MESSAGES, ANY_NAME, st.integers(0, 3)), max_size=12), st.floats(0, 0.1))
def test_whatever_comes_makes_frames_or_errors_that_are_meant(
    told: list[tuple[Message, str, int]], step_s: float
) -> None:
    joiner, framer, now_s, indices = Joiner(), Framer(), 0.0, list[int]()
    for drawn, device, stamp in told:
        now_s += step_s
        message = replace(drawn, device=device, stamp=stamp)
        for joined_one in [*joiner.due(now_s), *joiner.add(message, now_s)]:
            try:
                indices.append(framer.frame(joined_one)[0].index)
            except EchoSpineError as error:
                assert "\n" not in str(error)
    assert indices == list(range(len(indices)))


def part(framer: Framer, pixels: np.ndarray, size: tuple[int, int], offset: tuple[int, int]) -> Frame:
    message = Message(Picture(pixels, np.eye(4), size, offset), "Image", 1)
    assert isinstance(message.content, Picture)
    return framer.frame(Joined(message, message.content, {}, 0.0))[0]


def test_a_part_of_a_picture_changes_that_part_only() -> None:
    framer = Framer()
    before = part(framer, np.full((3, 4), 7, np.uint8), (4, 3), (0, 0))
    after = part(framer, np.full((1, 2), 9, np.uint8), (4, 3), (1, 2))
    assert after.pixels.tolist() == [[7, 7, 7, 7], [7, 7, 7, 7], [7, 9, 9, 7]]
    assert before.pixels.max() == 7


@pytest.mark.parametrize("size", [(4, 3), (5, 3)])
def test_a_part_of_no_picture_is_refused(size: tuple[int, int]) -> None:
    framer = Framer()
    if size == (5, 3):
        part(framer, np.zeros((3, 4), np.uint8), (4, 3), (0, 0))
    with pytest.raises(TruncatedError):
        part(framer, np.zeros((1, 2), np.uint8), size, (0, 0))


def times(moments: list[tuple[float, float]]) -> list[float]:
    timeline = Timeline()
    return [round(timeline.at(device_s, arrived_s), 6) for device_s, arrived_s in moments]


def test_times_are_those_of_the_device() -> None:
    assert times([(100.0, 7.0), (100.04, 7.1), (100.08, 7.11)]) == [0.0, 0.04, 0.08]


@pytest.mark.parametrize("jump_s", [-1e9, -50.0, -0.5, 1e9, 60.0])
def test_where_the_clock_of_the_device_jumps_ours_goes_on(jump_s: float) -> None:
    after = 100.0 + jump_s
    assert times([(100.0, 7.0), (after, 7.25), (after + 0.04, 7.3)]) == [0.0, 0.25, 0.29]


def test_a_gap_of_both_clocks_is_a_gap() -> None:
    assert times([(100.0, 7.0), (160.0, 67.5)]) == [0.0, 60.0]


@given(st.lists(st.tuples(st.floats(0, 4e9), st.floats(0, 1e6)), min_size=2, max_size=20))
def test_time_never_falls(moments: list[tuple[float, float]]) -> None:
    found = times(sorted(moments, key=lambda moment: moment[1]))
    assert found == sorted(found)
