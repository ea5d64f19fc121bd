"""A lossless JPEG encoder (ITU-T T.81, annex H), slow and plain, that shares nothing with the decoder under test."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np


def lossless_jpeg(
    frame: np.ndarray,
    bits: int = 8,
    predictor: int = 1,
    *,
    by_plane: bool = False,
    restart_rows: int = 0,
    shift: int = 0,
) -> bytes:
    """Return the stream of a frame, (rows, columns) or (rows, columns, 3).

    `by_plane`: a scan for each component; `restart_rows`: rows between restarts; `shift`: low bits left out.
    """
    planes = np.atleast_3d(frame).astype(np.int64) >> shift
    rows, columns, n = planes.shape
    names = range(1, n + 1)
    frame_header = struct.pack(">BHHB", bits, rows, columns, n) + b"".join(bytes([name, 0x11, 0]) for name in names)
    parts = [b"\xff\xd8", _segment(0xC3, frame_header), _segment(0xC4, _table())]
    if restart_rows:
        parts.append(_segment(0xDD, struct.pack(">H", restart_rows * columns)))
    for scan in [[name] for name in names] if by_plane else [list(names)]:
        selectors = b"".join(bytes([name, 0]) for name in scan)
        parts.append(_segment(0xDA, bytes([len(scan)]) + selectors + bytes([predictor, 0, shift])))
        parts.append(_coded(planes[..., [name - 1 for name in scan]], bits - shift, predictor, restart_rows))
    return b"".join(parts) + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


CODES = ["00", "010", "011", "100", "101", "110", "1110"] + ["1" * n + "0" for n in range(4, 14)]
"""A code for each size from 0 to 16 bits, shortest first, as canonical codes are."""


def _table() -> bytes:
    counts = [sum(len(code) == length for code in CODES) for length in range(1, 17)]
    return bytes([0, *counts, *range(len(CODES))])


def _coded(planes: np.ndarray, bits: int, predictor: int, restart_rows: int) -> bytes:
    rows = planes.shape[0]
    step = restart_rows or rows
    parts = []
    for number, start in enumerate(range(0, rows, step)):
        part = planes[start : start + step]
        text = "".join(_words((part - _predicted(part, bits, predictor)).reshape(-1)))
        text += "1" * (-len(text) % 8)
        packed = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")
        parts.append((bytes([0xFF, 0xD0 + (number - 1) % 8]) if number else b"") + packed)
    return b"".join(parts)


def _predicted(planes: np.ndarray, bits: int, predictor: int) -> np.ndarray:
    left, above, corner = np.roll(planes, 1, 1), np.roll(planes, 1, 0), np.roll(planes, (1, 1), (0, 1))
    found = {
        1: left,
        2: above,
        3: corner,
        4: left + above - corner,
        5: left + (above - corner >> 1),
        6: above + (left - corner >> 1),
        7: left + above >> 1,
    }[predictor].copy()
    found[:, 0] = above[:, 0]
    found[0] = left[0]
    found[0, 0] = 1 << bits - 1
    return found


def _words(differences: np.ndarray) -> Iterator[str]:
    for difference in ((differences + 0x7FFF) % 0x10000 - 0x7FFF).tolist():  # modulo 2**16, -32767 to 32768
        size = abs(difference).bit_length()
        yield CODES[size]
        if 0 < size < 16:
            yield format(difference if difference > 0 else difference + (1 << size) - 1, f"0{size}b")
