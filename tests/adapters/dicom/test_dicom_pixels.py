"""Every way to store a picture gives the true picture back, and the one that pydicom sees."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_kit import by_pydicom, opened, stack, written
from make import EXTENDED_TABLE, LOSSLESS, LOSSY, NATIVE, grey_palette, make_dicom, picture, to_ybr, write_dicom
from pydicom import uid

from echospine.domain.errors import TruncatedError, UnsupportedError

GREY = picture(frames=3)
ODD = picture(rows=33, columns=39, frames=3)
COLOUR = picture(frames=3, colour=True)
SYNTAXES = (*NATIVE, *LOSSLESS)


def names(value: object) -> str | None:
    return value.name if isinstance(value, uid.UID) else None


@pytest.mark.parametrize("syntax", SYNTAXES, ids=names)
@pytest.mark.parametrize("frames", [GREY, ODD, GREY[:1]], ids=["even", "odd", "single"])
def test_grey_frames_come_back_as_stored(tmp_path, syntax, frames):
    source = written(tmp_path, frames, syntax=syntax)
    assert len(source) == len(frames)
    assert not source.header.colour
    np.testing.assert_array_equal(stack(source), frames)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=names)
@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_frames_come_back_as_stored(tmp_path, syntax, planar):
    source = written(tmp_path, COLOUR, syntax=syntax, planar=planar)
    assert source.header.colour
    np.testing.assert_array_equal(stack(source), COLOUR)


@pytest.mark.parametrize("syntax", [one for one in SYNTAXES if one != uid.JPEGLosslessSV1], ids=names)
def test_ybr_full_becomes_rgb_as_in_pydicom(tmp_path, syntax):
    path = write_dicom(tmp_path / "scan.dcm", COLOUR, syntax=syntax, photometric="YBR_FULL")
    found = stack(opened(path)).astype(int)
    assert np.abs(found - by_pydicom(path)).max() <= 1
    assert np.abs(found - COLOUR).max() <= 3  # what rounding to YBR and back costs


def test_halved_colour_takes_the_first_of_each_two_pixels(tmp_path):
    found = stack(written(tmp_path, COLOUR, photometric="YBR_FULL_422"))
    full = np.stack([to_ybr(frame) for frame in COLOUR])
    full[:, :, 1::2, 1:] = full[:, :, 0::2, 1:]
    y, cb, cr = (full[..., i].astype(float) - (0, 128, 128)[i] for i in range(3))
    red_green_blue = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    assert np.abs(found - np.clip(red_green_blue, 0, 255)).max() <= 1


@pytest.mark.parametrize("photometric", ["YBR_RCT", "YBR_ICT"])
def test_colour_transforms_of_jpeg_2000_are_undone(tmp_path, photometric):
    found = stack(written(tmp_path, COLOUR, syntax=uid.JPEG2000Lossless, photometric=photometric))
    np.testing.assert_array_equal(found, COLOUR)


@pytest.mark.parametrize("syntax", LOSSY, ids=names)
@pytest.mark.parametrize("frames", [GREY, COLOUR], ids=["grey", "colour"])
def test_lossy_frames_agree_with_pydicom(tmp_path, syntax, frames):
    path = write_dicom(tmp_path / "scan.dcm", frames, syntax=syntax)
    found = stack(opened(path)).astype(int)
    assert np.abs(found - by_pydicom(path)).max() <= 1
    assert np.abs(found - frames).mean() < 3


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_jpeg_colours_agree_with_pydicom(tmp_path, photometric):
    path = write_dicom(tmp_path / "scan.dcm", COLOUR, syntax=uid.JPEGBaseline8Bit, photometric=photometric)
    assert np.abs(stack(opened(path)).astype(int) - by_pydicom(path)).max() <= 1


def test_jpeg_that_declares_rgb_but_holds_ybr_is_shown_in_its_true_colours(tmp_path):
    """The stream's own JFIF marker is believed: some writers put RGB into the header regardless."""
    ybr = make_dicom(COLOUR, syntax=uid.JPEGBaseline8Bit, photometric="YBR_FULL")
    path = tmp_path / "scan.dcm"
    path.write_bytes(ybr.replace(b"CS\x08\x00YBR_FULL", b"CS\x08\x00RGB     "))
    assert np.abs(stack(opened(path)).astype(int) - COLOUR).mean() < 3


def test_jpeg_of_rgb_that_tells_nothing_is_left_as_it_is(tmp_path):
    """Components 1, 2, 3 without any marker: the file's own declaration decides."""
    data = make_dicom(COLOUR[:1], syntax=uid.JPEGBaseline8Bit)
    at = data.index(b"\xff\xee")
    unmarked = data[: at + 4] + b"Xdobe" + data[at + 9 :]
    for old, new in ((b"R\x11\0G\x11\0B\x11\0", b"\1\x11\0\2\x11\0\3\x11\0"), (b"R\0G\0B\0", b"\1\0\2\0\3\0")):
        assert unmarked.count(old) == 1
        unmarked = unmarked.replace(old, new)
    path = tmp_path / "scan.dcm"
    path.write_bytes(unmarked)
    assert np.abs(stack(opened(path)).astype(int) - COLOUR[:1]).mean() < 3


def test_monochrome1_is_turned_round(tmp_path):
    np.testing.assert_array_equal(stack(written(tmp_path, GREY, photometric="MONOCHROME1")), 255 - GREY)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=names)
@pytest.mark.parametrize("depth", [10, 12, 16])
def test_deep_grey_levels_span_0_to_255(tmp_path, syntax, depth):
    frames = picture(frames=2, depth=depth)
    source = written(tmp_path, frames, syntax=syntax, bits_stored=depth)
    expected = np.floor(frames * (255 / ((1 << depth) - 1)) + 0.5)
    assert source.header.notes == (f"Grey levels are stored with {depth} bits; their full range is shown as 0 to 255.",)
    np.testing.assert_array_equal(stack(source), expected)


def test_signed_words_are_shown_from_their_lowest_value(tmp_path):
    frames = np.array([[[0, 1], [0x7FFF, 0x8000]]], np.uint16)
    found = stack(written(tmp_path, frames, attributes={"PixelRepresentation": 1}))
    np.testing.assert_array_equal(found[0], [[128, 128], [255, 0]])


def test_bits_above_the_stored_ones_are_not_grey_levels(tmp_path):
    """Old writers kept overlays there."""
    frames = np.array([[[0x0FFF, 0xF000], [0xF800, 0x0800]]], np.uint16)
    found = stack(written(tmp_path, frames, bits_stored=12))
    np.testing.assert_array_equal(found[0], [[255, 0], [128, 128]])


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("syntax", [*NATIVE, uid.RLELossless], ids=names)
def test_palettes_become_rgb(tmp_path, syntax, bits):
    palette = grey_palette(bits=bits)
    if syntax == uid.ExplicitVRBigEndian:
        palette = {
            key: np.frombuffer(value, "<u2").byteswap().tobytes() if isinstance(value, bytes) else value
            for key, value in palette.items()
        }
    found = stack(written(tmp_path, GREY, syntax=syntax, photometric="PALETTE COLOR", attributes=palette))
    np.testing.assert_array_equal(found, np.stack([GREY, 255 - GREY, GREY // 2], axis=-1))


def test_a_palette_with_16_bit_words_and_a_first_mapped_value(tmp_path):
    words = np.array([[[0, 99, 100, 101], [102, 103, 104, 5000]]], np.uint16)
    ramp = np.array([0x0000, 0x1000, 0x8000, 0xFFFF], "<u2").tobytes()
    palette = {}
    for channel in ("Red", "Green", "Blue"):
        palette[f"{channel}PaletteColorLookupTableDescriptor"] = [4, 100, 16]
        palette[f"{channel}PaletteColorLookupTableData"] = ramp
    found = stack(written(tmp_path, words, photometric="PALETTE COLOR", attributes=palette))
    np.testing.assert_array_equal(found[0, ..., 0], [[0, 0, 0, 0x10], [0x80, 0xFF, 0xFF, 0xFF]])


def test_a_segmented_palette_is_unfolded(tmp_path):
    """Three entries as they are, a straight line of 5, then the first segment again (PS3.3 C.7.9.2)."""
    words = np.array([0, 3, 0, 0x1000, 0x2000, 1, 5, 0xC000, 2, 1, 0, 0], "<u2").tobytes()
    frames = np.arange(12, dtype=np.uint8).reshape(1, 2, 6) % 11
    palette = {}
    for channel in ("Red", "Green", "Blue"):
        palette[f"{channel}PaletteColorLookupTableDescriptor"] = [11, 0, 16]
        palette[f"Segmented{channel}PaletteColorLookupTableData"] = words
    found = stack(written(tmp_path, frames, photometric="PALETTE COLOR", attributes=palette))
    expected = [0, 0x10, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0, 0, 0x10, 0x20]
    np.testing.assert_array_equal(found[0, ..., 0].ravel(), [expected[i] for i in frames.ravel()])


@pytest.mark.parametrize(
    ("table", "fragments"), [(True, 1), (True, 3), (False, 1), (False, 3), (EXTENDED_TABLE, 1)], ids=str
)
@pytest.mark.parametrize("syntax", [uid.JPEGBaseline8Bit, uid.JPEGLSLossless, uid.JPEG2000Lossless], ids=names)
def test_frames_are_found_however_they_are_cut(tmp_path, syntax, fragments, table):
    source = written(tmp_path, GREY, syntax=syntax, fragments=fragments, offset_table=table)
    found = stack(source).astype(int)
    limit = 12 if syntax == uid.JPEGBaseline8Bit else 0
    assert np.abs(found - GREY).max() <= limit


def test_8_bit_pixels_in_big_endian_words_lie_in_swapped_pairs(tmp_path):
    """PS3.5 A.3: VR OW is a string of 16-bit words, whatever is in them."""
    data = make_dicom(ODD, syntax=uid.ExplicitVRBigEndian)
    at = data.index(ODD.tobytes())
    size = len(data) - at
    swapped = np.frombuffer(data[at:], np.uint8).reshape(-1, 2)[:, ::-1].tobytes()
    path = tmp_path / "scan.dcm"
    path.write_bytes(data[: at - 12] + data[at - 12 : at - 8] + b"OW" + data[at - 6 : at] + swapped)
    assert size == len(swapped)
    np.testing.assert_array_equal(stack(opened(path)), ODD)


def test_frames_are_read_only_and_in_any_order(tmp_path):
    with written(tmp_path, GREY, syntax=uid.RLELossless) as source:
        for index in (2, 0, 1, 2):
            frame = source.frame(index)
            assert frame.index == index
            assert not frame.pixels.flags.writeable
            np.testing.assert_array_equal(frame.pixels, GREY[index])
        for outside in (-1, 3):
            with pytest.raises(IndexError):
                source.frame(outside)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"attributes": {"PhotometricInterpretation": "HSV"}}, "photometric interpretation 'HSV'"),
        ({"without": ["PhotometricInterpretation"]}, "photometric interpretation 'missing'"),
        ({"attributes": {"SamplesPerPixel": 3}}, "MONOCHROME2 with 3 samples"),
        ({"attributes": {"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}}, "32 of 32 bits"),
        ({"attributes": {"HighBit": 9}}, "8 bits stored up to bit 9"),
    ],
)
def test_a_layout_that_no_ultrasound_has_is_named(tmp_path, options, says):
    with pytest.raises(UnsupportedError, match=r"^scan\.dcm: .*; export it") as caught:
        written(tmp_path, GREY, **options)
    assert says in str(caught.value)


def test_a_segmented_palette_cannot_grow_without_end(tmp_path):
    """A segment that is repeated 65,535 times, and one that points at itself."""
    for words in ([0, 2, 1, 2, 2, 65535, 0, 0], [2, 65535, 0, 0], [1, 5, 9], [0, 65535], [7, 7], [2]):
        data = np.array(words, "<u2").tobytes()
        palette = {}
        for channel in ("Red", "Green", "Blue"):
            palette[f"{channel}PaletteColorLookupTableDescriptor"] = [0, 0, 16]
            palette[f"Segmented{channel}PaletteColorLookupTableData"] = data
        try:
            found = stack(written(tmp_path, GREY, photometric="PALETTE COLOR", attributes=palette))
        except TruncatedError as error:
            assert "palette" in str(error) or "header" in str(error)
        else:
            np.testing.assert_array_equal(found[..., 0], 1 + GREY % 2)


def test_a_colour_transform_of_jpeg_2000_elsewhere_is_named(tmp_path):
    with pytest.raises(UnsupportedError, match=r"^scan\.dcm: YBR_RCT is a colour transform of JPEG 2000, but"):
        written(tmp_path, COLOUR, photometric="YBR_RCT")


def test_a_palette_without_its_tables_is_named(tmp_path):
    with pytest.raises(TruncatedError, match=r"scan\.dcm: PALETTE COLOR without its Red table"):
        written(tmp_path, GREY, photometric="PALETTE COLOR")


def test_a_transfer_syntax_that_is_not_read_is_named(tmp_path):
    data = make_dicom(GREY, syntax=uid.JPEG2000Lossless)
    path = tmp_path / "scan.dcm"
    path.write_bytes(data.replace(b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.92"))
    with pytest.raises(
        UnsupportedError, match=r"^scan\.dcm: its pixels are stored as JPEG 2000 Part 2.*; export it as"
    ):
        opened(path)
