"""Pictures: kinds of pixels, several pages, folders, odd ones out, damage and bombs."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sequences_kit import opened, pictures, write

from echospine.domain.errors import InputError, TooLargeError, TruncatedError, UnreadableError, UnsupportedError
from echospine.domain.frames import TimeSource


def saved(folder, name: str, array: np.ndarray, mode: str | None = None, **options):
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(folder / name, **options)
    return folder / name


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.bmp"])
@pytest.mark.parametrize("channels", [0, 3])
def test_lossless_pictures_are_read_to_the_pixel(tmp_path, name, channels):
    array = pictures(1, 9, 11, channels)[0]
    with opened(saved(tmp_path, name, array)) as source:
        np.testing.assert_array_equal(source.frame(0).pixels, array)
        assert source.header.colour == bool(channels)
        assert source.header.time_source == TimeSource.NONE and not source.header.geometry.calibrated


def test_jpeg_is_decoded_as_pillow_does(tmp_path):
    path = saved(tmp_path, "x.jpg", pictures(1, 40, 50)[0], quality=90)
    with opened(path) as source, Image.open(path) as truth:
        np.testing.assert_array_equal(source.frame(0).pixels, np.asarray(truth))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_is_dropped_not_blended(tmp_path, mode):
    colour = pictures(1, 6, 6, 0 if mode == "LA" else 3)[0]
    image = Image.fromarray(colour)
    image.putalpha(Image.fromarray(pictures(1, 6, 6, seed=5)[0]))
    image.save(tmp_path / "x.png")
    with opened(tmp_path / "x.png") as source:
        np.testing.assert_array_equal(source.frame(0).pixels, colour)


def test_a_palette_is_looked_up(tmp_path):
    path = saved(tmp_path, "x.png", pictures(1, 6, 6, 3)[0], mode="P")
    with opened(path) as source, Image.open(path) as truth:
        np.testing.assert_array_equal(source.frame(0).pixels, np.asarray(truth.convert("RGB")))


def test_black_and_white_becomes_zero_and_255(tmp_path):
    array = pictures(1, 6, 6)[0] > 127
    with opened(saved(tmp_path, "x.png", array)) as source:
        np.testing.assert_array_equal(source.frame(0).pixels, array * np.uint8(255))


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_sixteen_bits_are_scaled_over_their_whole_range_and_noted(tmp_path, name):
    array = np.array([[0, 128, 129, 257], [32767, 32768, 65534, 65535]], np.uint16)
    with opened(saved(tmp_path, name, array)) as source:
        np.testing.assert_array_equal(source.frame(0).pixels, np.round(array / 257))
        assert "16-bit grey levels were scaled" in source.header.notes[0]


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_pixels_without_a_known_scale_are_refused(tmp_path, kind):
    with pytest.raises(UnsupportedError, match=r"x\.tif: has pixels of the kind"):
        opened(saved(tmp_path, "x.tif", np.ones((4, 4), kind)))


def test_the_pages_of_a_tiff_are_frames_in_any_order(tmp_path):
    frames = pictures(12, 8, 9)
    first, *others = map(Image.fromarray, frames)
    first.save(tmp_path / "x.tif", save_all=True, append_images=others)
    with opened(tmp_path / "x.tif") as source:
        assert len(source) == 12
        for index in (11, 0, 5, 4, 6):
            np.testing.assert_array_equal(source.frame(index).pixels, frames[index])


def test_pages_of_different_size_are_refused_by_page(tmp_path):
    first, *others = (Image.fromarray(pictures(1, size, 9)[0]) for size in (8, 8, 7))
    first.save(tmp_path / "x.tif", save_all=True, append_images=others)
    with pytest.raises(InputError, match=r"x\.tif \(page 3\): is 9 x 7 pixels, but most of the 3 pictures are 9 x 8"):
        opened(tmp_path / "x.tif")


def test_pictures_of_a_folder_keep_the_given_order(tmp_path):
    frames = pictures(5, 8, 9)
    paths = [saved(tmp_path, f"{name}.png", frame) for name, frame in zip("caebd", frames, strict=True)]
    with opened(*paths) as source:
        assert [np.array_equal(frame.pixels, frames[frame.index]) for frame in source] == [True] * 5


@pytest.mark.parametrize("odd", [0, 1, 3])
def test_the_odd_one_of_a_folder_is_named_wherever_it_is(tmp_path, odd):
    paths = [saved(tmp_path, f"{i}.png", pictures(1, 7 if i == odd else 8, 9)[0]) for i in range(4)]
    with pytest.raises(InputError, match=rf"^{odd}\.png: is 9 x 7 pixels"):
        opened(*paths)


def test_something_else_among_pictures_is_named(tmp_path):
    path = saved(tmp_path, "a.png", pictures(1)[0])
    with pytest.raises(InputError, match=r"notes\.txt: is not a picture"):
        opened(path, write(tmp_path, "notes.txt", b"hello"))


@pytest.mark.parametrize(("name", "within"), [("x.tif", 0), ("x.jpg", 12)])
def test_a_picture_lying_on_its_side_is_shown_upright(tmp_path, name, within):
    array = np.add.outer(np.arange(16) * 2, np.arange(24) * 7).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    with opened(saved(tmp_path, name, array, exif=exif)) as source:
        assert (source.header.geometry.width, source.header.geometry.height) == (16, 24)
        np.testing.assert_allclose(source.frame(0).pixels.astype(int), np.rot90(array, -1).astype(int), atol=within)


@pytest.mark.parametrize("spacing", [0.001, 0.3, 10])
def test_a_given_spacing_is_used(tmp_path, spacing):
    with opened(saved(tmp_path, "x.png", pictures(1)[0]), spacing_mm=spacing) as source:
        assert source.header.geometry.main_region().step_mm == pytest.approx((spacing, spacing))


@pytest.mark.parametrize("spacing", [0.0, -0.1, float("nan"), float("inf"), 0.0009, 10.1])
def test_a_spacing_that_cannot_be_is_refused(tmp_path, spacing):
    with pytest.raises(InputError, match=r"x\.png: a pixel spacing of .* mm was given, which cannot be"):
        opened(saved(tmp_path, "x.png", pictures(1)[0]), spacing_mm=spacing)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(("width", "height"), [(9000, 9000), (60_000, 60_000), (2**31 - 1, 1)])
def test_a_picture_declaring_an_absurd_size_is_refused_without_decoding_it(tmp_path, width, height):
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(100))) + png_chunk(b"IEND", b"")
    with pytest.raises(TooLargeError, match=r"bomb\.png"):
        opened(write(tmp_path, "bomb.png", data))


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.tif", "x.bmp"])
def test_a_cut_picture_is_told_to_be_cut(tmp_path, name):
    whole = saved(tmp_path, name, pictures(1, 60, 60)[0]).read_bytes()
    path = write(tmp_path, f"cut-{name}", whole[: len(whole) * 2 // 3])
    with pytest.raises((TruncatedError, UnsupportedError), match=rf"cut-{name}"), opened(path) as source:
        source.frame(0)


def test_a_picture_that_goes_away_or_changes_is_told(tmp_path):
    paths = [saved(tmp_path, f"{i}.png", pictures(1, 8, 9)[0]) for i in range(3)]
    with opened(*paths) as source:
        paths[1].unlink()
        saved(tmp_path, "2.png", pictures(1, 5, 5)[0])
        source.frame(0)
        with pytest.raises(UnreadableError, match=r"^1\.png: is not there"):
            source.frame(1)
        with pytest.raises(InputError, match=r"^2\.png: has changed"):
            source.frame(2)


def _encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pictures(1, 30, 30)[0]).save(buffer, kind)
    return buffer.getvalue()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["PNG", "TIFF", "JPEG", "BMP"]),
    edits=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=6)), min_size=1, max_size=4),
    cut=st.floats(0.05, 1),
)
def test_damaged_pictures_give_a_frame_or_an_input_error(tmp_path, kind, edits, cut):
    data = bytearray(_encoded(kind))
    for share, new in edits:
        at = int(share * len(data))
        data[at : at + len(new)] = new
    path = write(tmp_path, "bad.img", bytes(data[: max(1, int(cut * len(data)))]))
    try:
        with opened(path) as source:
            list(source)
    except InputError as error:
        assert "bad.img" in str(error) and "\n" not in str(error)
