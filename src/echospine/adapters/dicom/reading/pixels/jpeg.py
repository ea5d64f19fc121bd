"""What a JPEG or JPEG-LS stream says of itself, read without decoding it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG markers without a length (ITU-T T.81, table B.1)."""
FRAME_STARTS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
"""JPEG markers that start a frame: SOF0 to SOF15 of T.81, SOF55 of JPEG-LS (T.87)."""
RGB_IDS = (b"RGB", b"rgb")
"""Component identifiers by which a stream says that its components are red, green and blue."""
LOSSLESS_FRAME, HUFFMAN_TABLES, END_OF_IMAGE, SCAN, RESTART_INTERVAL = 0xC3, 0xC4, 0xD9, 0xDA, 0xDD


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What a frame header says.

    `tells_colour`: a JFIF or Adobe marker, the identifiers of its components, or halved colour tell whether
    they are luminance and colour differences or red, green and blue.
    """

    kind: int
    bits: int
    rows: int
    columns: int
    components: int
    tells_colour: bool


def next_segment(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Return (marker, content, offset behind it) of the segment at `at`; raises ValueError where there is none."""
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != END_OF_IMAGE:
        marker = data[at + 1]
        if marker == 0xFF or marker in STANDALONE:  # fill byte, or a marker without content
            at += 1 if marker == 0xFF else 2
            continue
        end = at + 2 + int(struct.unpack_from(">H", data, at + 2)[0])
        return marker, data[at + 4 : end], end
    raise ValueError("JPEG markers out of step, or too few of them")


def jpeg_header(data: bytes) -> JpegHeader:
    """Walk the markers up to the frame header; raises ValueError where there is none."""
    if not data.startswith(b"\xff\xd8"):
        raise ValueError("no JPEG picture at the start of the frame")
    at, marked = 2, False
    while True:
        marker, body, at = next_segment(data, at)
        if marker in FRAME_STARTS:
            return _frame_header(marker, body, marked)
        marked |= marker == 0xE0 and body.startswith(b"JFIF")
        marked |= marker == 0xEE and body.startswith(b"Adobe")


def _frame_header(marker: int, body: bytes, marked: bool) -> JpegHeader:
    bits, rows, columns, components = struct.unpack_from(">BHHB", body)
    identifiers, factors = (body[first : 6 + 3 * components : 3] for first in (6, 7))
    tells_colour = marked or identifiers in RGB_IDS or len(set(factors)) > 1
    return JpegHeader(marker, bits, rows, columns, components, tells_colour)
