"""Damaged bytes anywhere: frames of the declared size, or one line of the tree; never anything else.

`crashes/` holds every input that once ended otherwise; a file found by fuzzing goes there and is tried ever after.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from dicom_kit import opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make import LOSSLESS, LOSSY, NATIVE, grey_palette, make_dicom, picture, region
from pydicom import uid

from echospine.adapters.dicom import is_dicom
from echospine.domain.errors import InputError

CRASHES = sorted((Path(__file__).parent / "crashes").glob("*.bin"))
REGIONS = [region((0, 0, 31, 31), (0.01, 0.02)), region((4, 4, 9, 9), flags=1, units=(4, 0))]
GREY = picture(rows=34, columns=36, frames=3)
COLOUR = picture(rows=34, columns=36, frames=2, colour=True)
LITTLE_ENDIAN_WORDS = [0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF]


def samples() -> list[bytes]:
    """Return one small file of each transfer syntax, photometric interpretation and way to find frames."""
    found = [make_dicom(GREY, syntax=syntax, regions=REGIONS) for syntax in (*NATIVE, *LOSSLESS, *LOSSY)]
    found += [make_dicom(COLOUR, syntax=syntax) for syntax in (NATIVE[1], *LOSSLESS, *LOSSY)]
    found += [make_dicom(COLOUR, photometric=kind) for kind in ("YBR_FULL", "YBR_FULL_422")]
    found += [make_dicom(GREY, photometric="PALETTE COLOR", attributes=grey_palette())]
    found += [make_dicom(GREY, syntax=uid.JPEGBaseline8Bit, fragments=3, offset_table=table) for table in (True, False)]
    found += [make_dicom(picture(rows=34, columns=36, depth=12), bits_stored=12), make_dicom(GREY, preamble=False)]
    return found


SAMPLES = samples()


def try_to_read(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed.dcm"
        path.write_bytes(data)
        is_dicom(path)
        try:
            with opened(path) as source:
                geometry = source.header.geometry
                for frame in source:
                    assert frame.pixels.shape[:2] == (geometry.height, geometry.width)
        except InputError as error:
            assert str(error).startswith("fuzzed.dcm: ")
            assert "\n" not in str(error)


@st.composite
def damaged(draw) -> bytes:
    """Change, cut, double or insert a few stretches of a valid file."""
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        limit = draw(st.sampled_from([len(data), 1200]))  # as often in the header as in the pixels
        at = draw(st.integers(0, max(0, min(limit, len(data)) - 1)))
        act = draw(st.sampled_from(["byte", "word", "cut", "double", "insert", "end"]))
        if act == "byte":
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif act == "word":
            word = draw(st.sampled_from(LITTLE_ENDIAN_WORDS))
            data[at : at + 4] = struct.pack("<I", word)
        elif act == "cut":
            del data[at : at + draw(st.integers(1, 64))]
        elif act == "double":
            stretch = data[at : at + draw(st.integers(1, 200))]
            data[at:at] = stretch
        elif act == "insert":
            data[at:at] = draw(st.binary(max_size=32))
        else:
            del data[at:]
    return bytes(data)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(damaged())
def test_damaged_files_end_in_one_line(data):
    try_to_read(data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_end_in_one_line(data):
    try_to_read(data)
    try_to_read(bytes(128) + b"DICM" + data)


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: path.name)
def test_what_once_crashed_ends_in_one_line(path):
    start = time.perf_counter()
    try_to_read(path.read_bytes())
    assert time.perf_counter() - start < 3  # no codec is left to count for ever
