"""Run-length decoding (PS3.5 Annex G), compiled: Python takes a second for a frame, this a millisecond."""

from __future__ import annotations

import struct
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt

from echospine.adapters.dicom.reading.pixels.samples import Layout, Samples

HEADER_BYTES = 64
MAX_SEGMENTS = 15


def decode_rle(data: bytes, layout: Layout) -> Samples:
    """Return the samples of one frame; raises ValueError where the segments do not fill it."""
    depth = layout.bits_allocated // 8
    offsets = _segments(data, layout.samples * depth)
    packed = np.frombuffer(data, np.uint8)
    step = layout.samples * depth
    flat = np.zeros(layout.pixels * step, np.uint8)
    for i, (start, end) in enumerate(zip(offsets, [*offsets[1:], len(data)], strict=True)):
        sample, byte = divmod(i, depth)  # the most significant byte of a sample comes first
        place = sample * depth + depth - 1 - byte
        written = _unpack_bits(packed[start:end], flat[place:], step, layout.pixels)
        if written < layout.pixels:
            raise ValueError(f"run-length segment {i + 1} holds {written} of {layout.pixels} pixels")
    shape = (layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, layout.samples)
    return flat.view("<u2" if depth == 2 else np.uint8).reshape(shape)


def _segments(data: bytes, expected: int) -> list[int]:
    """Return where the segments start; raises ValueError for a header that does not fit."""
    if len(data) < HEADER_BYTES:
        raise ValueError(f"run-length header of {len(data)} bytes")
    count, *offsets = struct.unpack_from("<16I", data)
    if count != expected:
        raise ValueError(f"{count} run-length segments, expected {expected}")
    bounds = [HEADER_BYTES, *offsets[:count], len(data)]
    if any(a > b for a, b in pairwise(bounds)):
        raise ValueError("run-length segments out of order")
    return offsets[:count]


@numba.njit(cache=True, nogil=True)
def _unpack_bits(
    packed: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8], step: int, limit: int
) -> int:  # pragma: no cover -- compiled
    """Unpack into every `step`-th byte of `out`, `limit` bytes at most; return how many were written."""
    at = written = 0
    while at < packed.size and written < limit:
        control = packed[at]
        at += 1
        if control < 128:
            for _ in range(min(control + 1, packed.size - at, limit - written)):
                out[written * step] = packed[at]
                at += 1
                written += 1
        elif control > 128 and at < packed.size:
            for _ in range(min(257 - control, limit - written)):
                out[written * step] = packed[at]
                written += 1
            at += 1
    return written
