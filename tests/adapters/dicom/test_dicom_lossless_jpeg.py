"""Lossless JPEG: every predictor, depth, shift, restart and order of components; and what is damaged."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_kit import stack, written
from hypothesis import given, settings
from hypothesis import strategies as st
from lossless_jpeg import lossless_jpeg
from make import picture
from pydicom import uid

from echospine.adapters.dicom.reading.pixels.lossless import decode_lossless
from echospine.adapters.dicom.reading.pixels.samples import Layout

PREDICTORS = range(1, 8)


def layout(frame: np.ndarray) -> Layout:
    colour, bits = frame.ndim == 3, 8 * frame.dtype.itemsize
    kind = "RGB" if colour else "MONOCHROME2"
    return Layout(*frame.shape[:2], 3 if colour else 1, bits, bits, bits - 1, False, kind, 0)


def noise(rows: int, columns: int, seed: int, *, colour: bool = False, bits: int = 8) -> np.ndarray:
    """Differences of every size, which no real picture has."""
    shape = (rows, columns, 3) if colour else (rows, columns)
    values = np.random.default_rng(seed).integers(0, 1 << bits, shape)
    return values.astype(np.uint16 if bits > 8 else np.uint8)


@settings(max_examples=150)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    predictor=st.sampled_from(PREDICTORS),
    colour=st.booleans(),
    by_plane=st.booleans(),
    bits=st.sampled_from([2, 8, 12, 16]),
    restart_rows=st.integers(0, 4),
    seed=st.integers(0, 99),
)
def test_what_is_written_comes_back(size, predictor, colour, by_plane, bits, restart_rows, seed):
    frame = noise(*size, seed, colour=colour and bits == 8, bits=bits)
    stream = lossless_jpeg(frame, bits, predictor, by_plane=by_plane, restart_rows=restart_rows)
    np.testing.assert_array_equal(decode_lossless(stream, layout(frame)), frame)


def test_shifted_samples_come_back_without_their_low_bits():
    frame = noise(20, 30, 1)
    found = decode_lossless(lossless_jpeg(frame, predictor=4, shift=2), layout(frame))
    np.testing.assert_array_equal(found, frame & ~np.uint8(3))


@pytest.mark.parametrize("depth", [8, 12])
def test_a_cine_in_either_transfer_syntax(tmp_path, depth):
    frames = picture(frames=3, depth=depth)
    for syntax in (uid.JPEGLossless, uid.JPEGLosslessSV1):
        found = stack(written(tmp_path, frames, syntax=syntax, bits_stored=depth))
        expected = frames if depth == 8 else stack(written(tmp_path, frames, bits_stored=depth))
        np.testing.assert_array_equal(found, expected)


def test_ybr_becomes_the_same_rgb_as_from_an_uncompressed_file(tmp_path):
    frames = picture(frames=2, colour=True)
    found = [
        stack(written(tmp_path, frames, syntax=syntax, photometric="YBR_FULL"))
        for syntax in (uid.JPEGLosslessSV1, uid.ExplicitVRLittleEndian)
    ]
    np.testing.assert_array_equal(*found)


FRAME = noise(16, 16, 3)
STREAM = lossless_jpeg(FRAME)
TABLE, SCAN = STREAM.index(b"\xff\xc4"), STREAM.index(b"\xff\xda")
BROKEN = {
    "ends early": STREAM[:-40],
    "without a table": STREAM[:TABLE] + STREAM[SCAN:],
    "table that is too short": STREAM[: TABLE + 3] + b"\x0a" + STREAM[TABLE + 4 : TABLE + 12] + STREAM[SCAN:],
    "too many codes": STREAM[: TABLE + 5] + b"\x03" + STREAM[TABLE + 6 :],
    "table out of place": STREAM[: TABLE + 4] + b"\x17" + STREAM[TABLE + 5 :],
    "predictor 9": STREAM[: SCAN + 7] + b"\x09" + STREAM[SCAN + 8 :],
    "unknown component": STREAM[: SCAN + 5] + b"\x09" + STREAM[SCAN + 6 :],
    "shifted by all its bits": STREAM[: SCAN + 9] + b"\x08" + STREAM[SCAN + 10 :],
    "restart within a row": STREAM[:SCAN] + b"\xff\xdd\x00\x04\x00\x05" + STREAM[SCAN:],
    "restart that does not come": STREAM[:SCAN] + b"\xff\xdd\x00\x04\x00\x20" + STREAM[SCAN:],
    "no scan": STREAM[:SCAN] + b"\xff\xd9",
}


@pytest.mark.parametrize("stream", BROKEN.values(), ids=list(BROKEN))
def test_a_damaged_stream_is_an_error(stream):
    with pytest.raises((ValueError, IndexError)):
        decode_lossless(stream, layout(FRAME))


def test_halved_colour_is_refused():
    frame = noise(4, 4, 5, colour=True)
    stream = lossless_jpeg(frame).replace(b"\x01\x11\x00\x02", b"\x01\x21\x00\x02", 1)
    with pytest.raises(ValueError, match="fewer samples of colour"):
        decode_lossless(stream, layout(frame))
