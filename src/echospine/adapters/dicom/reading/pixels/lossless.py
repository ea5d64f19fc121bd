"""Lossless JPEG (ITU-T T.81, annex H), compiled: each sample is a Huffman-coded difference to a prediction.

Ultrasound archives hold much of it, libjpeg does not decode it, and the free decoders for Python come under the
GPL or as one of a hundred codecs in a large package.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TypeAlias

import numba
import numpy as np
import numpy.typing as npt

from echospine.adapters.dicom.reading.pixels.jpeg import (
    HUFFMAN_TABLES,
    LOSSLESS_FRAME,
    RESTART_INTERVAL,
    SCAN,
    next_segment,
)
from echospine.adapters.dicom.reading.pixels.samples import Layout, Samples

LONGEST_CODE = 16
MAX_TABLES = 4
SINGLE = 0x11
"""Sampling factors of a component that has a sample for every pixel."""


@dataclass(slots=True)
class _Stream:
    """What the segments before a scan said. `restart_every`: samples of a component, 0 for no restarts."""

    tables: npt.NDArray[np.int32]
    bits: int = 0
    identifiers: bytes = b""
    restart_every: int = 0


@dataclass(frozen=True, slots=True)
class _Scan:
    """Which components lie in a scan, in order, by which tables, predicted how, without how many low bits."""

    places: list[int]
    tables: list[int]
    predictor: int
    shift: int


def decode_lossless(data: bytes, layout: Layout) -> Samples:
    """Return the samples of one frame, whose size was checked; raises ValueError for a damaged stream."""
    stream = _Stream(np.zeros((MAX_TABLES, 1 << LONGEST_CODE), np.int32))
    out = np.zeros((layout.rows, layout.columns, layout.samples), np.int32)
    missing = set(range(layout.samples))
    at = 2
    while missing:
        marker, body, at = next_segment(data, at)
        if marker == LOSSLESS_FRAME:
            _read_frame(body, layout, stream)
        elif marker == HUFFMAN_TABLES:
            _read_tables(body, stream.tables)
        elif marker == RESTART_INTERVAL:
            stream.restart_every = struct.unpack_from(">H", body)[0]
        elif marker == SCAN:
            scan = _read_scan(body, stream)
            at = _decode(data, at, stream, scan, out)
            missing -= set(scan.places)
    samples = out.astype("<u2" if stream.bits > 8 else np.uint8)
    return samples[..., 0] if layout.samples == 1 else samples


def _read_frame(body: bytes, layout: Layout, stream: _Stream) -> None:
    """Take the frame header (B.2.2); raises ValueError for what no DICOM file holds: halved colour, odd depths."""
    stream.bits, stream.identifiers = body[0], body[6::3]
    if layout.samples > 1 and set(body[7::3]) != {SINGLE}:
        raise ValueError("lossless JPEG with fewer samples of colour than pixels")
    if not 2 <= stream.bits <= 16 or len(stream.identifiers) != layout.samples:
        raise ValueError(f"lossless JPEG of {stream.bits} bits and {len(stream.identifiers)} components")


def _read_tables(body: bytes, tables: npt.NDArray[np.int32]) -> None:
    """Fill lookup tables from their code lengths (B.2.4.2): what the next 16 bits start with, length << 8 | size."""
    at = 0
    while at + 17 <= len(body):
        place, counts = body[at], body[at + 1 : at + 17]
        sizes = iter(body[at + 17 : at + 17 + sum(counts)])
        at += 17 + sum(counts)
        if place >= MAX_TABLES or at > len(body):
            raise ValueError("Huffman table out of place")
        tables[place] = code = 0
        for length, count in enumerate(counts, start=1):
            for _ in range(count):
                span, size = 1 << (LONGEST_CODE - length), next(sizes)
                if size > 16 or code + span > 1 << LONGEST_CODE:
                    raise ValueError("Huffman table that is none")
                tables[place, code : code + span] = length << 8 | size
                code += span


def _read_scan(body: bytes, stream: _Stream) -> _Scan:
    """Take a scan header (B.2.3); raises ValueError for components or predictors that do not exist."""
    count = body[0]
    places = [stream.identifiers.find(name) for name in body[1 : 1 + 2 * count : 2]]
    tables = [selector >> 4 for selector in body[2 : 2 + 2 * count : 2]]
    predictor, _, shift = body[1 + 2 * count : 4 + 2 * count]
    shift &= 15
    if not places or min(places) < 0 or len(set(places)) != len(places) or max(tables) >= MAX_TABLES:
        raise ValueError("lossless JPEG scan of components that do not exist")
    if not 1 <= predictor <= 7 or shift >= stream.bits:
        raise ValueError(f"lossless JPEG with predictor {predictor} and a shift of {shift} bits")
    return _Scan(places, tables, predictor, shift)


def _decode(data: bytes, at: int, stream: _Stream, scan: _Scan, out: npt.NDArray[np.int32]) -> int:
    """Decode the scan that starts at `at` into `out`; return where it ends."""
    restart_rows, rest = divmod(stream.restart_every, out.shape[1])
    if rest:
        raise ValueError("lossless JPEG that restarts within a row")
    first = 1 << (stream.bits - scan.shift - 1)
    length: int = _decode_scan(
        np.frombuffer(data, np.uint8)[at:],
        stream.tables[scan.tables],
        np.array(scan.places),
        (scan.predictor, first, restart_rows),
        out,
    )
    if length < 0:
        raise ValueError("lossless JPEG that ends early or holds unknown codes")
    out[..., scan.places] <<= scan.shift
    return at + length


DAMAGED = 1 << 20
Bits: TypeAlias = tuple[int, int, int, int]
"""Where a scan is being read: the next byte; the bits held; how many; how many of them were made up behind its end.

Passed from hand to hand, so that they stay in registers: kept in an array, decoding takes five times as long.
"""


@numba.njit(cache=True, nogil=True)
def _decode_scan(
    data: npt.NDArray[np.uint8],
    tables: npt.NDArray[np.int32],
    places: npt.NDArray[np.int64],
    rules: tuple[int, int, int],
    out: npt.NDArray[np.int32],
) -> int:  # pragma: no cover -- compiled
    """Decode all rows of a scan into `out`; return how long it is, -1 for a damaged one.

    `rules`: the predictor, what the first sample is predicted to be, and the rows between restarts (0: none).
    """
    predictor, first, restart_rows = rules
    bits = (0, 0, 0, 0)
    since = 0  # rows since the start or the last restart
    for row in range(out.shape[0]):
        if restart_rows > 0 and since == restart_rows:
            bits = (_behind_restart(data, bits[0]), 0, 0, 0)
            since = 0
        for column in range(out.shape[1]):
            for i in range(places.size):
                difference, bits = _difference(data, tables[i], bits)
                if difference == DAMAGED:
                    return -1
                place = places[i]
                if column == 0:
                    predicted = first if since == 0 else out[row - 1, 0, place]
                elif since == 0:
                    predicted = out[row, column - 1, place]
                else:
                    above, corner = out[row - 1, column, place], out[row - 1, column - 1, place]
                    predicted = _predict((out[row, column - 1, place], above, corner), predictor)
                out[row, column, place] = predicted + difference & 0xFFFF
        since += 1
    return bits[0]


@numba.njit(cache=True, nogil=True)
def _difference(
    data: npt.NDArray[np.uint8], table: npt.NDArray[np.int32], bits: Bits
) -> tuple[int, Bits]:  # pragma: no cover -- compiled
    """Read one difference (H.1.2.2): DAMAGED for an unknown code, or where the stream has ended."""
    at, held, count, lacking = bits
    while count <= 32:  # a code and a difference have 31 bits at most
        byte = 0
        if at < data.size and data[at] != 0xFF:
            byte = int(data[at])
            at += 1
        elif at + 1 < data.size and data[at + 1] == 0:  # a stuffed zero makes 0xFF data
            byte = 0xFF
            at += 2
        else:  # a marker, or the end
            lacking += 8
        held = held << 8 | byte
        count += 8
    entry = int(table[held >> (count - LONGEST_CODE)])
    size = entry & 0xFF
    count -= entry >> 8
    found = 1 << 15
    if size < 16:
        count -= size
        found = held >> count & ((1 << size) - 1)
        if found < 1 << size >> 1:
            found -= (1 << size) - 1
    if entry == 0 or count < lacking:
        found = DAMAGED
    return found, (at, held & ((1 << count) - 1), count, lacking)


@numba.njit(cache=True, nogil=True)
def _predict(near: tuple[int, int, int], predictor: int) -> int:  # pragma: no cover -- compiled
    """Return what a sample is expected to be after those to its left, above it and at the corner (table H.1)."""
    left, above, corner = near
    if predictor == 1:
        found = left
    elif predictor == 2:
        found = above
    elif predictor == 3:
        found = corner
    elif predictor == 4:
        found = left + above - corner
    elif predictor == 5:
        found = left + (above - corner >> 1)
    elif predictor == 6:
        found = above + (left - corner >> 1)
    else:
        found = left + above >> 1
    return found


@numba.njit(cache=True, nogil=True)
def _behind_restart(data: npt.NDArray[np.uint8], at: int) -> int:  # pragma: no cover -- compiled
    """Return the offset behind the next restart marker, the end where there is none."""
    while at + 1 < data.size:
        if data[at] == 0xFF and 0xD0 <= data[at + 1] <= 0xD7:
            return at + 2
        at += 1
    return data.size
