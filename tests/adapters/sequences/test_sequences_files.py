"""What files are, told by content; and files that are empty, absent, forbidden, or not files."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from sequences_kit import local, meta_header, opened, pictures, write, write_video

from echospine.adapters.sequences import encode_mha, open_sequence, sniff
from echospine.domain.errors import InputError, TruncatedError, UnreadableError, UnsupportedError
from echospine.ports import LocalFile, RecordingPlan


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (meta_header(), "sequence"),
        (b"NDims = 3\r\nDimSize = 1 2 3\r\n", "sequence"),
        (b"Comment = made by hand\nObjectType = Image\nNDims = 2\n", "sequence"),
        (b"NRRD0004\ntype: uchar\n", "sequence"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"\xff\xd8\xff\xe0", "image"),
        (b"II*\x00\x08\x00\x00\x00", "image"),
        (b"MM\x00*\x00\x00\x00\x08", "image"),
        (b"\x00\x00\x00\x18ftypmp42", "video"),
        (b"\x00\x00\x00\x14ftypqt  ", "video"),
        (b"\x00\x00\x00\x08wide\x00\x00", "video"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "video"),
        (b"\x1a\x45\xdf\xa3\x93", "video"),
        (b"PK\x03\x04\x14", "archive"),
        (b"<?xml version='1.0'?>\n<PlusConfiguration version='2.3'>", "companion"),
        (b"\xef\xbb\xbf <PlusConfiguration>", "companion"),
        ("\ufeff<PlusConfiguration>".encode("utf-16-le"), "companion"),
        (b"\x00\x00\x00\x18ftypheic", None),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"<html><body>", None),
        (b"BM is how this text begins", None),
        (b"hello world", None),
        (b"\x00" * 128 + b"DICM", None),
        (b"a = b\nc = d\n", None),
    ],
)
def test_a_file_is_told_by_its_content_whatever_its_name(tmp_path, head, kind):
    assert sniff(local(write(tmp_path, "wrong.txt", head))) == kind


def test_bitmaps_are_told_apart_from_text(tmp_path):
    Image.fromarray(pictures(1)[0]).save(tmp_path / "x.bmp")
    assert sniff(local(tmp_path / "x.bmp")) == "image"


@pytest.mark.parametrize("name", ["x.raw", "x.ZRAW", "x.raw.gz"])
def test_pixels_of_a_detached_header_are_a_companion(tmp_path, name):
    assert sniff(local(write(tmp_path, name, b"\x01\x02\x03"))) == "companion"


def test_a_wrong_ending_does_not_matter(tmp_path):
    frames = pictures(2)
    with opened(write(tmp_path, "recording.png", encode_mha(frames))) as source:
        assert len(source) == 2
    with opened(write_video(tmp_path / "x.avi", "mpeg4", [0, 1]).rename(tmp_path / "x.mha")) as source:
        assert source.header.format == "video (mpeg4)"


@pytest.mark.parametrize("use", [sniff, lambda file: open_sequence(RecordingPlan("x", (file,)))])
class TestFilesThatCannotBeRead:
    def test_empty(self, tmp_path, use):
        with pytest.raises(TruncatedError, match=r"empty\.mha: is empty \(0 bytes\)"):
            use(local(write(tmp_path, "empty.mha", b"")))

    def test_absent(self, tmp_path, use):
        with pytest.raises(UnreadableError, match=r"gone\.mha: is not there"):
            use(LocalFile("gone.mha", tmp_path / "a-digest"))

    def test_a_folder(self, tmp_path, use):
        with pytest.raises(UnreadableError, match="is a folder"):
            use(local(tmp_path))

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions are set with POSIX modes here")
    def test_forbidden(self, tmp_path, use):
        path = write(tmp_path, "secret.mha", encode_mha(pictures(1)))
        path.chmod(0)
        with _as_nobody(), pytest.raises(UnreadableError, match=r"secret\.mha: may not be read by this user"):
            use(local(path))

    @pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, whose files fail with input/output errors")
    def test_a_disk_that_fails(self, use):
        with pytest.raises(UnreadableError, match=r"disk\.mha: cannot be read"):
            use(LocalFile("disk.mha", Path("/proc/self/mem")))


@contextmanager
def _as_nobody():
    """Give up root's right to read everything, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"PK\x03\x04", "zip archive; unpack it"),
        (b"<PlusConfiguration/>", "goes with a sequence"),
        (b"hello", "nothing that can be read here"),
    ],
)
def test_what_is_no_recording_is_refused_with_the_way_out(tmp_path, head, says):
    with pytest.raises(UnsupportedError, match=rf"x\.mha: .*{says}"):
        opened(write(tmp_path, "x.mha", head))


def test_a_plan_without_files_is_refused():
    with pytest.raises(InputError, match="no file was given"):
        open_sequence(RecordingPlan("nothing", ()))


def test_two_recordings_are_not_one(tmp_path):
    paths = [write(tmp_path, name, encode_mha(pictures(1))) for name in ("a.mha", "b.mha")]
    with pytest.raises(InputError, match=r"b\.mha: is a recording of its own"):
        opened(*paths)


def test_two_configurations_are_refused(tmp_path):
    files = [write(tmp_path, "a.mha", encode_mha(pictures(1)))]
    files += [write(tmp_path, name, b"<PlusConfiguration/>") for name in ("a.xml", "b.xml")]
    with pytest.raises(InputError, match=r"two configurations \(a\.xml and b\.xml\)"):
        opened(*files)


def test_the_name_of_the_recording_is_the_plans_and_never_a_path(tmp_path):
    path = write(tmp_path, "digest", encode_mha(pictures(1)))
    with open_sequence(RecordingPlan("Left side", (LocalFile("left.mha", path),))) as source:
        assert source.header.name == "Left side"


def test_frames_outside_the_recording_and_a_closed_source_are_refused(tmp_path):
    source = opened(write(tmp_path, "x.mha", encode_mha(pictures(2))))
    for index in (-1, 2):
        with pytest.raises(IndexError, match=f"has no frame {index}"):
            source.frame(index)
    with source:
        pass
    with source, pytest.raises(UnreadableError, match="was closed"):
        source.frame(0)


def test_pixels_are_read_only(tmp_path):
    with (
        opened(write(tmp_path, "x.mha", encode_mha(pictures(1)))) as source,
        pytest.raises(ValueError, match="read-only"),
    ):
        source.frame(0).pixels[0, 0] = 1


@pytest.mark.skipif(sys.platform != "linux", reason="open files are counted in /proc")
def test_no_file_stays_open_after_a_refusal(tmp_path):
    paths = [
        write(tmp_path, "cut.mha", meta_header() + bytes(3)),
        write(tmp_path, "odd.mha", meta_header(DimSize="x")),
        write(tmp_path, "turned.mha", meta_header(UltrasoundImageOrientation="QX") + bytes(24)),
        write(tmp_path, "signal.mha", meta_header(ElementType="MET_SHORT") + b"\xff" * 48),
        write(tmp_path, "bad.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(50)),
        write(tmp_path, "bad.png", b"\x89PNG\r\n\x1a\n" + bytes(50)),
    ]
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in paths:
        with pytest.raises(InputError):
            opened(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_codec_that_ffmpeg_does_not_know_is_told(tmp_path):
    data = write_video(tmp_path / "x.avi", "mjpeg", [0, 1], pix_fmt="yuvj420p").read_bytes()
    with pytest.raises(UnsupportedError, match=r"odd\.avi: is in a video codec that is not known"):
        opened(write(tmp_path, "odd.avi", data.replace(b"MJPG", b"QQQQ")))
