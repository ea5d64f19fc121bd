"""Per-frame transforms, statuses and times: what is good becomes a pose, what is not is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequences_kit import meta_header, opened, rigid, write

from echospine.adapters.sequences.tracked.tracking import FrameFields, parse_matrix, split_link, tabulate, usable
from echospine.domain.errors import GeometryError
from echospine.domain.frames import TimeSource
from echospine.domain.poses import Pose

GOOD = "1 0 0 10 0 1 0 20 0 0 1 30 0 0 0 1"


def table(n_frames: int, **fields: str):
    collected = FrameFields()
    for key, value in fields.items():
        assert collected.take(key, value)
    return tabulate("x.mha", collected, n_frames)


def track(values: list[str], statuses: list[str | None], link: str = "ProbeToTracker"):
    fields = {f"Seq_Frame{i:04d}_{link}Transform": value for i, value in enumerate(values)}
    fields |= {f"Seq_Frame{i:04d}_{link}TransformStatus": s for i, s in enumerate(statuses) if s is not None}
    return table(len(values), **fields)


def test_a_good_transform_becomes_a_pose_with_both_its_names():
    (pose,) = track([GOOD], ["OK"]).poses(0)
    assert (pose.target, pose.source) == ("Tracker", "Probe")
    np.testing.assert_array_equal(pose.matrix[:3, 3], (10, 20, 30))


@pytest.mark.parametrize("status", ["INVALID", "MISSING", "TOOL_OUT_OF_VIEW", "OUT_OF_VIEW", "", "banana", None])
def test_a_frame_whose_status_is_not_ok_is_without_that_pose_and_counted(status):
    made = track([GOOD, GOOD, GOOD], ["OK", status, "OK"])
    assert [len(made.poses(i)) for i in range(3)] == [1, 0, 1]
    assert "1 of 3 frames are not OK" in made.notes[0] and "ProbeToTracker" in made.notes[0]


def test_frames_that_say_nothing_of_a_transform_are_counted_as_absent():
    made = table(5, Seq_Frame0002_ProbeToTrackerTransform=GOOD, Seq_Frame0002_ProbeToTrackerTransformStatus="OK")
    assert [len(made.poses(i)) for i in range(5)] == [0, 0, 1, 0, 0]
    assert "4 of 5 frames are not OK (4 ABSENT)" in made.notes[0]


def test_a_transform_without_any_status_is_taken_and_noted():
    made = track([GOOD, GOOD], [None, None])
    assert len(made.poses(1)) == 1
    assert "no status in any frame" in made.notes[0]


BROKEN = {
    "nan": GOOD.replace("10", "nan"),
    "infinite": GOOD.replace("10", "inf"),
    "singular": "0 0 0 1 0 0 0 2 0 0 0 3 0 0 0 1",
    "flat": "1 0 0 0 0 1 0 0 0 0 0 0 0 0 0 1",
    "perspective": GOOD[:-1] + "2",
    "short": "1 0 0",
    "words": "not a matrix at all",
    "huge": GOOD.replace("10", "1e300"),
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_transform_is_left_out_and_the_note_names_file_frame_and_transform(value):
    made = track([GOOD, value, value, GOOD], ["OK"] * 4)
    assert [len(made.poses(i)) for i in range(4)] == [1, 0, 0, 1]
    (note,) = made.notes
    assert note.startswith("x.mha: frame 1 (and 1 more like it): ProbeToTracker is not")


@given(st.lists(st.floats(), min_size=16, max_size=16))
def test_what_counts_as_usable_makes_a_pose_and_nothing_else_does(values):
    matrix = np.array(values).reshape(4, 4)
    matrix[3] = (0, 0, 0, 1)
    if usable(matrix[None])[0]:
        Pose("B", "A", matrix)
    elif np.isfinite(matrix).all() and np.abs(matrix).max() < 1e9:
        with pytest.raises(GeometryError):
            Pose("B", "A", matrix)


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("ProbeToTracker", ("Probe", "Tracker")),
        ("StylusTipToReference", ("StylusTip", "Reference")),
        ("ToolToTracker", ("Tool", "Tracker")),
        ("Probe2To3", ("Probe2", "3")),
        ("AToBToC", None),
        ("Probe", None),
        ("ToTracker", None),
        ("ProbeTotracker", None),
    ],
)
def test_the_name_of_a_transform_tells_its_ends_or_nothing(name, ends):
    assert split_link(name) == ends


def test_a_transform_whose_ends_are_unclear_is_left_out_with_a_note():
    made = track([GOOD], ["OK"], link="AToBToC")
    assert made.poses(0) == () and "'AToBToC' does not say from what to what" in made.notes[0]


def test_times_count_from_the_first_frame():
    made = table(3, Seq_Frame0000_Timestamp="100.5", Seq_Frame0001_Timestamp="100.5", Seq_Frame0002_Timestamp="101")
    assert made.times_s == (0.0, 0.0, 0.5)
    assert made.time_s(2) == 0.5 and made.notes == ()


@pytest.mark.parametrize(
    ("times", "note"),
    [
        (["1", "3", "2"], "time runs backwards at frame 2"),
        (["1", "nan", "2"], "1 of 3 frames have no time"),
        (["1", "soon", "inf"], "2 of 3 frames have no time"),
        (["1", "2"], "1 of 3 frames have no time"),
    ],
)
def test_times_that_cannot_be_trusted_are_left_out_with_a_note(times, note):
    made = table(3, **{f"Seq_Frame{i:04d}_Timestamp": time for i, time in enumerate(times)})
    assert made.times_s == () and made.time_s(0) is None
    assert note in made.notes[0]


def test_the_status_of_a_picture_is_kept_and_counted(tmp_path):
    lines = ["Seq_Frame0000_ImageStatus = OK", "Seq_Frame0001_ImageStatus = INVALID"]
    with opened(write(tmp_path, "x.mha", meta_header(*lines) + bytes(24))) as source:
        assert [frame.status for frame in source] == ["OK", "INVALID"]
        assert "1 of 2 frames are not OK (1 INVALID)" in source.header.notes[0]
        assert source.header.time_source == TimeSource.NONE and not source.header.tracked


def test_fields_of_frames_that_do_not_exist_are_passed_over():
    made = table(1, Seq_Frame0000_Timestamp="1", Seq_Frame0007_Timestamp="2", Seq_Frame0007_ImageStatus="INVALID")
    assert made.times_s == (0.0,) and made.notes == ()


def test_fields_of_other_names_are_not_of_a_frame():
    assert not FrameFields().take("ElementSpacing", "1 1 1")
    assert not FrameFields().take("Seq_FrameX_Timestamp", "1")


def test_matrices_may_be_written_with_commas_and_line_breaks():
    pose = rigid("B", "A")
    text = ",\n\t".join(map(repr, pose.matrix.ravel().tolist()))
    np.testing.assert_array_equal(parse_matrix(text), pose.matrix)
