"""Headers and pixels of sequences: round trips, orientations, both formats, and headers that lie."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sequences_kit import local, meta_header, opened, pictures, rigid, write

from echospine.adapters.sequences import encode_mha, open_sequence
from echospine.adapters.sequences.tracked.layout import header_lines
from echospine.adapters.sequences.tracked.metaimage import decode_header as decode_meta
from echospine.adapters.sequences.tracked.nrrd import decode_header as decode_nrrd
from echospine.domain.errors import GeometryError, InputError, TooLargeError, TruncatedError, UnsupportedError
from echospine.domain.frames import TimeSource
from echospine.domain.images import Spacing
from echospine.ports import RecordingPlan

ALL_LETTERS = ["MF", "UF", "MN", "UN", "FM", "FU", "NM", "NU", "MFA", "UFD", "MNA", "UND"]
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(
    letters=st.sampled_from(ALL_LETTERS),
    packed=st.booleans(),
    channels=st.sampled_from([0, 3]),
    size=st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(2, 9)),
    seed=st.integers(0, 99),
    steps=st.lists(st.floats(0, 10), min_size=5, max_size=5),
)
def test_what_is_written_is_read_again(tmp_path, letters, packed, channels, size, seed, steps):
    n = size[0]
    frames = pictures(*size, channels, seed)
    times = [float(time) for time in np.cumsum(steps)[:n]]
    poses = [(rigid("Tracker", "Probe", seed + i), rigid("Tracker", "Reference", seed + 50 + i)) for i in range(n)]
    data = encode_mha(frames, letters=letters, packed=packed, times_s=times, poses=poses)
    with opened(write(tmp_path, "x.mha", data)) as source:
        assert (len(source), source.header.colour) == (n, bool(channels))
        assert source.header.times_s == tuple(time - times[0] for time in times)
        for index in reversed(range(n)):
            frame = source.frame(index)
            np.testing.assert_array_equal(frame.pixels, frames[index])
            np.testing.assert_array_equal(frame.poses[0].matrix, poses[index][0].matrix)
            np.testing.assert_array_equal(frame.poses[1].matrix, poses[index][1].matrix)


@pytest.mark.parametrize(
    ("letters", "row", "column"),
    [("MF", 0, 0), ("UF", 0, -1), ("MN", -1, 0), ("UN", -1, -1)],
)
def test_the_letters_name_the_directions_of_columns_and_rows(tmp_path, letters, row, column):
    stored = np.zeros((1, 3, 4), np.uint8)
    stored[0, 0, 0] = 255
    path = write(tmp_path, "x.mha", meta_header(DimSize="4 3 1", UltrasoundImageOrientation=letters) + stored.tobytes())
    with opened(path) as source:
        assert source.frame(0).pixels[row, column] == 255


def test_scan_lines_in_rows_are_transposed_and_so_is_their_spacing(tmp_path):
    stored = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    head = meta_header(DimSize="4 3 1", UltrasoundImageOrientation="FM", ElementSpacing="0.1 0.3 1")
    with opened(write(tmp_path, "x.mha", head + stored.tobytes())) as source:
        np.testing.assert_array_equal(source.frame(0).pixels, stored[0].T)
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.3, 0.1))


@pytest.mark.parametrize("letters", ["QF", "MM", "F", "AMF", "MFX", "FFA"])
def test_letters_that_are_no_orientation_are_refused(tmp_path, letters):
    head = meta_header(UltrasoundImageOrientation=letters)
    with pytest.raises(UnsupportedError, match="orientation"):
        opened(write(tmp_path, "x.mha", head + bytes(24)))


@pytest.mark.parametrize(("spacing", "calibrated"), [("1 1 1", False), ("0.1 0.2 1", True), ("0.1 1 1", False)])
def test_spacing_in_the_header_counts_unless_it_is_exactly_one(tmp_path, spacing, calibrated):
    with opened(write(tmp_path, "x.mha", meta_header(ElementSpacing=spacing) + bytes(24))) as source:
        region = source.header.geometry.main_region()
        assert (region is not None) == calibrated
        assert region is None or region.spacing == Spacing.ELEMENT_SPACING


@pytest.mark.parametrize("spacing", ["nan 0.1 1", "0 0.1 1", "-0.1 0.1 1", "inf inf 1", "99 99 1", "x y z", "0.1"])
def test_spacing_that_cannot_be_is_not_used(tmp_path, spacing):
    with opened(write(tmp_path, "x.mha", meta_header(ElementSpacing=spacing) + bytes(24))) as source:
        assert not source.header.geometry.calibrated


def test_the_files_own_spacing_wins_over_a_given_one_and_a_note_says_so(tmp_path):
    path = write(tmp_path, "x.mha", meta_header(ElementSpacing="0.1 0.1 1") + bytes(24))
    with opened(path, spacing_mm=0.3) as source:
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.1, 0.1))
        assert "0.3 mm was not used" in source.header.notes[-1]


def test_a_given_spacing_serves_where_the_file_has_none(tmp_path):
    with opened(write(tmp_path, "x.mha", meta_header() + bytes(24)), spacing_mm=0.3) as source:
        region = source.header.geometry.main_region()
        assert (region.step_mm, region.spacing) == (pytest.approx((0.3, 0.3)), Spacing.USER)


@pytest.mark.parametrize("kind", ["short", "big-endian short", "int", "char"])
def test_wider_values_are_taken_when_they_are_grey_levels_already(tmp_path, kind):
    code = {"short": "<i2", "big-endian short": ">i2", "int": "<i4", "char": "i1"}[kind]
    name = {"short": "MET_SHORT", "big-endian short": "MET_SHORT", "int": "MET_INT", "char": "MET_CHAR"}[kind]
    stored = np.arange(24).reshape(2, 3, 4)
    head = meta_header(ElementType=name, BinaryDataByteOrderMSB=str(code[0] == ">"))
    with opened(write(tmp_path, "x.mha", head + stored.astype(code).tobytes())) as source:
        np.testing.assert_array_equal(source.frame(1).pixels, stored[1])


@pytest.mark.parametrize("value", [-1, 256, 3000])
def test_values_that_are_no_grey_levels_are_refused_when_the_file_is_opened(tmp_path, value):
    stored = np.full((2, 3, 4), value, "<i2")
    with pytest.raises(UnsupportedError, match=f"int16 values of {value} to {value}"):
        opened(write(tmp_path, "x.mha", meta_header(ElementType="MET_SHORT") + stored.tobytes()))


def test_pixels_lie_beside_a_detached_header_and_only_given_files_are_opened(tmp_path):
    frames = pictures(2, 3, 4)
    head = meta_header().replace(b"LOCAL", b"sub\\folder/x.zraw").replace(b"Data = False", b"Data = True")
    header, raw = write(tmp_path, "x.mhd", head), write(tmp_path, "stored-under-a-digest", zlib.compress(frames))
    with pytest.raises(InputError, match=r"x\.mhd: its pixels lie in 'x\.zraw', which was not given"):
        opened(header)
    plan = RecordingPlan("x", (local(header), local(raw).__class__("x.zraw", raw)))
    with open_sequence(plan) as source:
        np.testing.assert_array_equal(source.frame(1).pixels, frames[1])


@pytest.mark.parametrize("skip", [7, -1])
def test_bytes_before_the_pixels_of_a_data_file_are_left_out(tmp_path, skip):
    frames = pictures(2, 3, 4)
    head = meta_header(HeaderSize=str(skip)).replace(b"LOCAL", b"x.raw")
    with opened(write(tmp_path, "x.mhd", head), write(tmp_path, "x.raw", bytes(7) + frames.tobytes())) as source:
        np.testing.assert_array_equal(source.frame(0).pixels, frames[0])


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        ({"DimSize": None}, TruncatedError, "no DimSize"),
        ({"ElementType": None}, TruncatedError, "no ElementType"),
        ({"DimSize": "4 x 2"}, InputError, "whole numbers"),
        ({"DimSize": "4 3"}, UnsupportedError, "NDims"),
        ({"DimSize": "0 0 2"}, UnsupportedError, "tracking data without pictures"),
        ({"DimSize": "4 3 0"}, TruncatedError, "no picture"),
        ({"DimSize": "4 -3 2"}, TruncatedError, "no picture"),
        ({"DimSize": "99999 99999 2"}, TooLargeError, "99999 x 99999"),
        ({"DimSize": "4 3 999999999"}, TooLargeError, "999,999,999 frames"),
        ({"DimSize": "4 3 2 7", "NDims": "4"}, UnsupportedError, "sequence of volumes"),
        ({"UltrasoundImageOrientation": None}, UnsupportedError, "volume of 4 x 3 x 2 voxels"),
        ({"ElementType": "MET_FLOAT"}, UnsupportedError, "float32"),
        ({"ElementType": "MET_PINK"}, UnsupportedError, "MET_PINK"),
        ({"ElementNumberOfChannels": "2"}, UnsupportedError, "2 values per pixel"),
        ({"BinaryData": "False"}, UnsupportedError, "text"),
        ({"UltrasoundImageType": "RF_REAL"}, UnsupportedError, "RF lines"),
        ({"ObjectType": "Tube"}, UnsupportedError, "Tube"),
    ],
)
def test_a_header_that_is_no_recording_is_refused_in_one_line(tmp_path, fields, kind, says):
    with pytest.raises(kind) as error:
        opened(write(tmp_path, "x.mha", b"ObjectType = Image\n" * ("ObjectType" not in fields) + meta_header(**fields)))
    assert says in str(error.value) and "x.mha" in str(error.value) and "\n" not in str(error.value)


def test_four_dimensions_with_a_depth_of_one_are_a_sequence(tmp_path):
    frames = pictures(2, 3, 4)
    with opened(write(tmp_path, "x.mha", meta_header(NDims="4", DimSize="4 3 1 2") + frames.tobytes())) as source:
        np.testing.assert_array_equal(source.frame(1).pixels, frames[1])


def test_a_missing_orientation_is_noted(tmp_path):
    head = meta_header("Seq_Frame0000_ImageStatus = OK", UltrasoundImageOrientation=None)
    with opened(write(tmp_path, "x.mha", head + bytes(24))) as source:
        assert "does not say how its pictures lie" in source.header.notes[0]


def nrrd(frames: np.ndarray, *lines: str, encoding: str = "gzip", first: bool = False, **fields: str) -> bytes:
    """An NRRD sequence of grey pictures, frames last (or first, as Slicer wrote them for long)."""
    n, height, width = frames.shape
    base = {
        "type": "uchar",
        "dimension": "3",
        "sizes": f"{n} {width} {height}" if first else f"{width} {height} {n}",
        "kinds": "list domain domain" if first else "domain domain list",
        "encoding": encoding,
        "endian": "little",
    }
    base.update(fields)
    text = ["NRRD0005", "# a comment", *(f"{k.replace('_', ' ')}: {v}" for k, v in base.items() if v is not None)]
    pixels = (np.moveaxis(frames, 0, -1) if first else frames).tobytes()
    packed = gzip.compress(pixels) if encoding in ("gzip", "gz") else pixels
    return "\n".join([*text, *lines, "", ""]).encode() + packed


@FEW
@given(
    first=st.booleans(),
    encoding=st.sampled_from(["raw", "gzip", "gz"]),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(2, 9)),
    seed=st.integers(0, 99),
)
def test_nrrd_is_read_with_its_frames_first_or_last(tmp_path, first, encoding, size, seed):
    frames = pictures(*size, seed=seed)
    with opened(write(tmp_path, "x.seq.nrrd", nrrd(frames, first=first, encoding=encoding))) as source:
        assert len(source) == size[0]
        for index in reversed(range(size[0])):
            np.testing.assert_array_equal(source.frame(index).pixels, frames[index])


def test_nrrd_from_plus_brings_poses_status_and_orientation(tmp_path):
    frames = pictures(2, 3, 4)
    pose = rigid("Tracker", "Probe")
    values = " ".join(map(str, pose.matrix.ravel()))
    data = nrrd(
        frames,
        "ultrasound image orientation:=UF",
        "ultrasound image type:=BRIGHTNESS",
        f"Seq_Frame0000_ProbeToTrackerTransform:={values}",
        "Seq_Frame0000_ProbeToTrackerTransformStatus:=OK",
        "Seq_Frame0000_Timestamp:=5.5",
        "Seq_Frame0001_Timestamp:=6.0",
        "Seq_Frame0001_Status:=INVALID",
    )
    with opened(write(tmp_path, "x.nrrd", data)) as source:
        np.testing.assert_array_equal(source.frame(0).pixels, frames[0][:, ::-1])
        np.testing.assert_array_equal(source.frame(0).pose("Tracker", "Probe").matrix, pose.matrix)
        assert source.header.times_s == (0.0, 0.5)
        assert [frame.status for frame in source] == ["OK", "INVALID"]


def test_nrrd_from_slicer_brings_times_and_spacing(tmp_path):
    frames = pictures(3, 3, 4)
    data = nrrd(
        frames,
        "axis 0 index type:=numeric",
        "axis 0 index values:=10.0 10.25 10.75",
        first=True,
        dimension="4",
        sizes="3 4 3 1",
        kinds="list domain domain domain",
        labels='"time" "" "" ""',
        units='"s" "" "" ""',
        space="left-posterior-superior",
        space_directions="none (0,0.2,0) (0.3,0,0) (0,0,1)",
    )
    with opened(write(tmp_path, "x.seq.nrrd", data)) as source:
        assert source.header.times_s == (0.0, 0.25, 0.75)
        assert source.header.time_source == TimeSource.TIMESTAMP
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.2, 0.3))
        np.testing.assert_array_equal(source.frame(2).pixels, frames[2])


def test_index_values_without_a_unit_of_time_are_not_times(tmp_path):
    data = nrrd(pictures(2, 3, 4), "axis 0 index type:=numeric", "axis 0 index values:=0 1", first=True)
    with opened(write(tmp_path, "x.nrrd", data)) as source:
        assert source.header.times_s == ()


def test_nrrd_colour_and_detached_pixels(tmp_path):
    frames = pictures(2, 3, 4, channels=3)
    head = (
        b"NRRD0004\ntype: unsigned char\ndimension: 4\nsizes: 3 4 3 2\nkinds: RGB-color domain domain list\n"
        b"encoding: gzip\nbyte skip: 0\ndata file: ./x.raw.gz\n\n"
    )
    header, raw = write(tmp_path, "x.nhdr", head), write(tmp_path, "x.raw.gz", gzip.compress(frames.tobytes()))
    with opened(header, raw) as source:
        assert source.header.colour
        np.testing.assert_array_equal(source.frame(1).pixels, frames[1])


def test_gzip_made_of_several_members_is_read_through(tmp_path):
    frames = pictures(4, 30, 40)
    head, _ = nrrd(frames, encoding="raw").split(b"\n\n", 1)
    members = b"".join(gzip.compress(part.tobytes()) for part in frames)
    data = head.replace(b"raw", b"gzip") + b"\n\n" + members
    with opened(write(tmp_path, "x.nrrd", data)) as source:
        for index in (3, 0, 2, 1):
            np.testing.assert_array_equal(source.frame(index).pixels, frames[index])


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        ({"type": None}, TruncatedError, "no type"),
        ({"sizes": None}, TruncatedError, "no sizes"),
        ({"dimension": "4"}, UnsupportedError, "do not fit"),
        ({"sizes": "a b c"}, InputError, "whole numbers"),
        ({"kinds": "domain domain domain"}, UnsupportedError, "volume of 4 x 3 x 2 voxels"),
        ({"kinds": "domain list domain"}, UnsupportedError, "frames first or last"),
        ({"kinds": "list domain list"}, UnsupportedError, "columns and rows"),
        ({"encoding": "bzip2"}, UnsupportedError, "bzip2"),
        ({"type": "float"}, UnsupportedError, "float32"),
        ({"type": "block"}, UnsupportedError, "block"),
        ({"line_skip": "2"}, UnsupportedError, "line skip"),
        ({"data_file": "LIST"}, UnsupportedError, "several files"),
    ],
)
def test_an_nrrd_header_that_is_no_recording_is_refused_in_one_line(tmp_path, fields, kind, says):
    data = nrrd(pictures(2, 3, 4), **{"encoding": "raw", **fields})
    with pytest.raises(kind) as error:
        opened(write(tmp_path, "x.nrrd", data))
    assert says in str(error.value) and "x.nrrd" in str(error.value) and "\n" not in str(error.value)


def test_a_header_without_end_is_refused(tmp_path):
    with pytest.raises(TooLargeError, match="header does not end"):
        opened(write(tmp_path, "x.mha", b"ObjectType = Image\n" + b"x" * (5 << 20)))


def test_the_writer_refuses_lists_that_do_not_fit():
    with pytest.raises(GeometryError, match="1 times were given for 3 frames"):
        encode_mha(pictures(3), times_s=[0.0])


def _mutations(data: bytes):
    """Bytes of `data` with a few of them replaced, removed or repeated."""
    edits = st.lists(
        st.tuples(st.integers(0, len(data) - 1), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=4
    )

    def apply(changes):
        changed = data
        for at, length, new in changes:
            changed = changed[:at] + new + changed[at + length :]
        return changed

    return edits.map(apply)


_MHA = encode_mha(
    pictures(3, 4, 5),
    times_s=[0.0, 1.0, 2.0],
    poses=[(rigid("Tracker", "Probe", i),) for i in range(3)],
    lost=[(), ("StylusToTracker",), ()],
)
_NRRD = nrrd(pictures(3, 4, 5), "Seq_Frame0001_Timestamp:=3", "axis 0 index values:=1 2 3", units='"" "" "s"')


def _read_all(path: Path) -> None:
    """Read a file to its end; only the tree of errors may come out, one line that names it."""
    try:
        with opened(path) as source:
            for _ in source:
                pass
    except InputError as error:
        assert path.name in str(error) and "\n" not in str(error)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.sampled_from([_MHA, _NRRD]).flatmap(_mutations))
def test_damaged_files_give_frames_or_an_input_error(tmp_path, data):
    _read_all(write(tmp_path, "x.mha", data or b" "))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.sampled_from([_MHA, _NRRD]), share=st.floats(0, 0.999))
def test_a_file_cut_anywhere_is_told_to_be_cut_or_unknown(tmp_path, data, share):
    path = write(tmp_path, "x.mha", data[: max(1, int(len(data) * share))])
    with pytest.raises(InputError, match=r"x\.mha"), opened(path) as source:
        list(source)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_decoders_take_any_bytes(data):
    for decode in (decode_meta, decode_nrrd):
        with pytest.raises(InputError):
            decode(header_lines(io.BytesIO(data), "x"), "x")
