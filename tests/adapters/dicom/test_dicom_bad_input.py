"""Whatever is wrong with a file: one line that names it and says what to do, and nothing else."""

from __future__ import annotations

import gc
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from dicom_kit import opened, plan
from make import LOSSLESS, LOSSY, NATIVE, make_dicom, picture, write_dicom
from pydicom import uid

from echospine.adapters.dicom import is_dicom, open_dicom
from echospine.domain.errors import InputError, TooLargeError, TruncatedError, UnreadableError, UnsupportedError
from echospine.ports import LocalFile, RecordingPlan

pytestmark = pytest.mark.filterwarnings("error")  # the one line is all that is said
FRAMES = picture(frames=6)
COMPRESSED = (*LOSSLESS, *LOSSY)


def names(value: object) -> str | None:
    return value.name if isinstance(value, uid.UID) else None


def refused(path: Path, kind: type[InputError]) -> str:
    """Return the one line with which a file is refused, on opening or at its first bad frame."""
    with pytest.raises(kind) as caught, opened(path) as source:
        for frame in source:
            assert frame.pixels.shape[:2] == (48, 64)
    message = str(caught.value)
    assert message.startswith(f"{path.name}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("syntax", [*NATIVE[:3], *COMPRESSED], ids=names)
def test_a_cine_that_ends_early_tells_how_many_frames_are_whole(tmp_path, syntax):
    data = make_dicom(FRAMES, syntax=syntax)
    path = tmp_path / "cine.dcm"
    start = data.index(struct.pack(">HH" if syntax == uid.ExplicitVRBigEndian else "<HH", 0x7FE0, 0x10))
    path.write_bytes(data[: start + (len(data) - start) * 4 // 6])
    message = refused(path, TruncatedError)
    assert "of 6 frames are whole; fetch the file again" in message
    assert int(message.split("early: ")[1].split()[0]) in (3, 4)


@pytest.mark.parametrize("syntax", [uid.DeflatedExplicitVRLittleEndian, *NATIVE[:3], *COMPRESSED], ids=names)
def test_a_file_cut_anywhere_is_refused(tmp_path, syntax):
    """Every length from the first byte on (in steps), so that each part of the header is cut once."""
    data = make_dicom(picture(rows=48, columns=64, frames=2), syntax=syntax)
    path = tmp_path / "cine.dcm"
    for size in [*range(0, min(len(data), 1600), 61), len(data) * 3 // 4]:
        path.write_bytes(data[:size])
        refused(path, InputError)


def test_a_deflated_file_that_is_damaged_inside(tmp_path):
    """Also the temporary file is closed: left to the garbage collector it would be told of, by some later test."""
    data = bytearray(make_dicom(FRAMES, syntax=uid.DeflatedExplicitVRLittleEndian))
    data[420:460] = 40 * b"\xff"
    path = tmp_path / "cine.dcm"
    path.write_bytes(data)
    assert "the compressed data set is damaged" in refused(path, TruncatedError)
    gc.collect()


def test_an_empty_file(tmp_path):
    path = tmp_path / "scan.dcm"
    path.touch()
    assert not is_dicom(path)
    assert refused(path, TruncatedError) == (
        "scan.dcm: is empty (0 bytes); fetch the file again from the scanner or the archive"
    )


@pytest.mark.parametrize("act", [is_dicom, opened])
def test_what_is_no_readable_file(tmp_path, act):
    os.mkfifo(tmp_path / "pipe")
    for name, says in (("absent.dcm", "is not there"), ("", "is a folder"), ("pipe", "is not a regular file")):
        with pytest.raises(UnreadableError, match=says):
            act(tmp_path / name)


@pytest.mark.parametrize("act", [is_dicom, opened])
def test_a_file_that_may_not_be_read(tmp_path, act):
    path = write_dicom(tmp_path / "scan.dcm", FRAMES)
    path.chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        with pytest.raises(UnreadableError, match=r"^scan\.dcm: may not be read by this user"):
            act(path)
    finally:
        if is_root:
            os.seteuid(0)


def test_a_file_that_goes_away_while_it_is_read(tmp_path):
    path = write_dicom(tmp_path / "scan.dcm", FRAMES)
    with opened(path) as source:
        source.frame(0)
        with path.open("r+b") as stream:
            stream.truncate(900)
        with pytest.raises(TruncatedError, match=r"scan\.dcm: frame 6 of 6 is damaged"):
            source.frame(5)
    with pytest.raises(UnreadableError, match="was closed already"):
        source.frame(0)


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"SOPClassUID": uid.CTImageStorage, "Modality": "CT"}, "is CT Image Storage (modality CT), not ultrasound"),
        ({"SOPClassUID": uid.ComprehensiveSRStorage, "Modality": "SR"}, "is Comprehensive SR Storage"),
        ({"SOPClassUID": uid.SecondaryCaptureImageStorage, "Modality": "OT"}, "(modality OT), not ultrasound"),
        ({"SOPClassUID": "1.2.3.4", "Modality": "US"}, "is 1.2.3.4 (modality US), not ultrasound"),
        ({"SOPClassUID": "1.2.840.10008.1.3.10"}, "is a DICOMDIR, a list of files; give the image files"),
    ],
)
def test_what_is_not_ultrasound_is_named(tmp_path, attributes, says):
    path = write_dicom(tmp_path / "scan.dcm", FRAMES, attributes=attributes)
    assert says in refused(path, UnsupportedError)


@pytest.mark.parametrize(
    ("sop_class", "says"),
    [
        ("1.2.840.10008.5.1.4.1.1.6", "DICOM ultrasound image"),
        ("1.2.840.10008.5.1.4.1.1.6.1", "DICOM ultrasound image"),
        ("1.2.840.10008.5.1.4.1.1.3", "DICOM multi-frame ultrasound"),
        ("1.2.840.10008.5.1.4.1.1.3.1", "DICOM multi-frame ultrasound"),
        ("1.2.840.10008.5.1.4.1.1.6.2", "DICOM enhanced ultrasound volume"),
        ("1.2.840.10008.5.1.4.1.1.7", "DICOM secondary capture of ultrasound"),
        ("1.2.840.10008.5.1.4.1.1.7.4", "DICOM secondary capture of ultrasound"),
    ],
)
def test_every_ultrasound_object_is_accepted(tmp_path, sop_class, says):
    with opened(write_dicom(tmp_path / "scan.dcm", FRAMES, attributes={"SOPClassUID": sop_class})) as source:
        assert source.header.format == says


@pytest.mark.parametrize("syntax", NATIVE, ids=names)
def test_missing_pixel_data(tmp_path, syntax):
    path = write_dicom(tmp_path / "scan.dcm", FRAMES, syntax=syntax, without=["PixelData"])
    assert "has no pixel data, only a header" in refused(path, TruncatedError)


@pytest.mark.parametrize(
    ("attributes", "kind", "says"),
    [
        ({"Rows": 65535, "Columns": 65535}, TooLargeError, "the limit is 64,000,000 in all"),
        ({"NumberOfFrames": 2**31 - 1}, TooLargeError, "the limit is 200,000"),
        ({"NumberOfFrames": 200_000}, TruncatedError, "6 of 200000 frames are whole"),
        ({"Rows": 0}, TruncatedError, "there is no picture"),
        ({"NumberOfFrames": 0}, TruncatedError, "there is no picture"),
        ({"NumberOfFrames": -3}, TruncatedError, "there is no picture"),
    ],
)
@pytest.mark.parametrize("syntax", [NATIVE[1], uid.JPEGBaseline8Bit], ids=names)
def test_absurd_dimensions(tmp_path, attributes, kind, says, syntax):
    path = write_dicom(tmp_path / "scan.dcm", FRAMES, syntax=syntax, attributes=attributes)
    assert says in refused(path, kind)


@pytest.mark.parametrize(
    ("syntax", "frames"),
    [(syntax, picture(frames=2, colour=True)) for syntax in COMPRESSED]
    + [(syntax, picture(rows=96, frames=2)) for syntax in COMPRESSED if syntax != uid.RLELossless]
    + [(uid.RLELossless, picture(rows=32, frames=2))],  # its frames name no size: only too few pixels are seen
    ids=names,
)
def test_compressed_frames_of_another_size_than_declared(tmp_path, syntax, frames):
    """A small picture in the header, a large one in the stream: a bomb, or a mixed-up file."""
    attributes = {"Rows": 48, "Columns": 64, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}
    path = write_dicom(tmp_path / "scan.dcm", frames, syntax=syntax, attributes=attributes)
    assert "frame 1 of 2 is damaged" in refused(path, TruncatedError)


def test_a_deflated_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("echospine.adapters.dicom.reading.bytefile.MAX_INFLATED_BYTES", 1 << 22)
    data = make_dicom(FRAMES, syntax=uid.DeflatedExplicitVRLittleEndian)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    path = tmp_path / "scan.dcm"
    start = 132 + 12 + struct.unpack_from("<I", data, 140)[0]
    path.write_bytes(data[:start] + packer.compress(bytes(1 << 24)) + packer.flush())
    assert "unpacks to more than" in refused(path, TooLargeError)


@pytest.mark.parametrize("syntax", COMPRESSED, ids=names)
def test_a_frame_damaged_inside_is_named_and_the_others_stay_readable(tmp_path, syntax):
    data = bytearray(make_dicom(FRAMES, syntax=syntax))
    path = tmp_path / "scan.dcm"
    items = [at for at in range(len(data)) if data[at : at + 4] == b"\xfe\xff\x00\xe0"]
    data[items[3] + 8 : items[3] + 72] = bytes(64)
    path.write_bytes(data)
    with opened(path) as source:
        for index in (0, 1, 3, 4, 5):
            assert np.abs(source.frame(index).pixels.astype(int) - FRAMES[index]).mean() < 3
        with pytest.raises(TruncatedError, match=r"^scan\.dcm: frame 3 of 6 is damaged \(.*\); fetch"):
            source.frame(2)


def test_a_frame_with_absurdly_many_compressed_bytes(tmp_path):
    data = make_dicom(FRAMES[:1], syntax=uid.JPEGBaseline8Bit)
    at = data.index(b"\xff\xd8\xff") - 4
    path = tmp_path / "scan.dcm"
    stuffed = data[at + 4 : -8] + bytes(5 << 20)
    path.write_bytes(data[:at] + struct.pack("<I", len(stuffed)) + stuffed + data[-8:])
    assert "compressed to more than" in refused(path, TooLargeError)


@pytest.mark.parametrize(("made", "said"), [(uid.JPEG2000, uid.RLELossless), (uid.RLELossless, NATIVE[1])], ids=names)
def test_pixels_in_another_form_than_the_transfer_syntax_says(tmp_path, made, said):
    """JPEG 2000 under the name of run-length coding; compressed frames under the name of none."""
    path = tmp_path / "scan.dcm"
    path.write_bytes(make_dicom(FRAMES, syntax=made).replace(made.encode(), said.encode().ljust(len(made), b"\0")))
    refused(path, TruncatedError)


def test_uncompressed_pixels_under_the_name_of_compressed_ones(tmp_path):
    path = tmp_path / "scan.dcm"
    data = make_dicom(FRAMES, attributes={"PatientID": "P"})
    longer = data.replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x16\x001.2.840.10008.1.2.4.50")
    length = struct.unpack_from("<I", data, 140)[0] + len(longer) - len(data)
    path.write_bytes(longer[:140] + struct.pack("<I", length) + longer[144:])
    assert "not in compressed form, unlike its transfer syntax JPEG Baseline" in refused(path, TruncatedError)


def test_more_frames_than_declared_are_left_out_with_a_note(tmp_path):
    for syntax in (NATIVE[1], uid.RLELossless):
        path = write_dicom(tmp_path / "scan.dcm", FRAMES, syntax=syntax, attributes={"NumberOfFrames": 4})
        with opened(path) as source:
            assert len(list(source)) == 4
            assert source.header.notes == ("The file holds 6 frames but declares 4; the others are left out.",)


def test_a_damaged_value_that_is_needed_is_named(tmp_path):
    data = make_dicom(FRAMES)
    path = tmp_path / "scan.dcm"
    path.write_bytes(data.replace(b"(\x00\x08\x00IS\x02\x006 ", b"(\x00\x08\x00IS\x02\x006x"))
    assert "the DICOM header is damaged" in refused(path, TruncatedError)


def test_two_files_are_not_one_recording(tmp_path):
    path = write_dicom(tmp_path / "scan.dcm", FRAMES)
    file = LocalFile(path.name, path)
    with pytest.raises(UnsupportedError, match=r"^study: a DICOM recording is one file, 2 were given"):
        open_dicom(RecordingPlan("study", (file, file)))


def test_the_name_of_the_file_is_the_one_people_know(tmp_path):
    path = write_dicom(tmp_path / "0f3a9c", FRAMES, attributes={"Modality": "CT", "SOPClassUID": uid.CTImageStorage})
    with pytest.raises(UnsupportedError, match=r"^knee\.dcm: "):
        open_dicom(RecordingPlan("knee", (LocalFile("knee.dcm", path),)))


def test_a_value_that_is_quoted_cannot_break_the_line(tmp_path):
    data = make_dicom(FRAMES, attributes={"SOPClassUID": "1.2.3.4.5"})
    path = tmp_path / "scan.dcm"
    path.write_bytes(data.replace(b"1.2.3.4.5\0", b"1.\n\x1b[2J\r5\0"))
    assert "is 1. [2J 5 (modality US)" in refused(path, UnsupportedError)


def test_a_header_that_claims_gigabytes_is_stopped(tmp_path):
    """A wanted value that is declared longer than the file costs no memory."""
    data = make_dicom(FRAMES, attributes={"PatientID": "X" * 16})
    at = data.index(b"\x10\x00\x20\x00LO")
    path = tmp_path / "scan.dcm"
    path.write_bytes(data[:at] + b"\x10\x00\x20\x00UN\0\0" + struct.pack("<I", 0xFFFFFFF0) + data[at + 8 :])
    refused(path, InputError)


@pytest.mark.parametrize("syntax", NATIVE[:3], ids=names)
def test_a_data_set_without_preamble_is_told_by_its_content(tmp_path, syntax):
    path = write_dicom(tmp_path / "scan", FRAMES, syntax=syntax, preamble=False)
    assert path.read_bytes()[128:132] != b"DICM"
    assert is_dicom(path)
    with opened(path) as source:
        np.testing.assert_array_equal(source.frame(3).pixels, FRAMES[3])


@pytest.mark.parametrize(("said", "meant"), [(NATIVE[1], NATIVE[0]), (NATIVE[0], NATIVE[1])], ids=names)
def test_a_header_that_contradicts_its_transfer_syntax_is_read_as_it_is(tmp_path, said, meant):
    """Some writers name explicit value types in the file meta group and then leave them out, or the reverse."""
    meta = make_dicom(FRAMES, syntax=said)
    meta = meta[: 144 + struct.unpack_from("<I", meta, 140)[0]]
    path = tmp_path / "scan.dcm"
    path.write_bytes(meta + make_dicom(FRAMES, syntax=meant, preamble=False))
    with opened(path) as source:
        np.testing.assert_array_equal(source.frame(5).pixels, FRAMES[5])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"DICM",
        b"P5\n64 48\n255\n" + bytes(999),
        b"ObjectType = Image\n" * 40,
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        bytes(1000),
        b"\x08\x00" * 400,
        b"\xff" * 400,
        b"\x02\x00\x00\x00ULxx" + bytes(300),
    ],
    ids=range(9),
)
def test_what_is_not_dicom(tmp_path, content):
    path = tmp_path / "scan.dcm"
    path.write_bytes(content)
    assert not is_dicom(path)
    with pytest.raises(InputError, match=r"^scan\.dcm: "):
        open_dicom(plan(path))
