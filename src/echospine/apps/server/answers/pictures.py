"""A frame as a PNG that the browser may keep for ever."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from fastapi import Response

from echospine.apps.server.keeping.sources import OpenSources
from echospine.domain.errors import NotFound
from echospine.domain.exams import Recording
from echospine.domain.units import Pixels

COMPRESSION = 1
"""zlib level: on one's own machine the time to pack counts, not the few bytes more."""
FOR_EVER = "private, max-age=31536000, immutable"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB = 0, 2
_UP = 2


def frame_response(sources: OpenSources, recording: Recording, index: int, if_none_match: str) -> Response:
    """Return frame `index`, or 304 where the browser has it.

    Raises NotFound outside the recording, InputError for damaged pixels.
    """
    if index >= recording.n_frames:
        raise NotFound(f"{recording.name}: there is no frame {index}; it has {recording.n_frames}, counted from 0")
    tag = f'"{recording.digest}-{index}"'
    headers = {"ETag": tag, "Cache-Control": FOR_EVER}
    if matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    with sources.lend(recording) as source:
        try:
            pixels = source.frame(index).pixels
        except IndexError:
            raise NotFound(f"{recording.name}: there is no frame {index} any more; import the file again") from None
    return Response(png(pixels), headers=headers, media_type="image/png")


def png(pixels: Pixels) -> bytes:
    """Return `pixels`, grey or RGB, as a PNG of the very same values (W3C PNG, third edition).

    Every row is filtered against the one above, which suits speckle, and zlib works without Python's lock. A
    general encoder tries five filters for each row: it takes twice as long, while other threads wait.
    """
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), dtype=np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    colour = _GREY if pixels.ndim == 2 else _RGB
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    packed = zlib.compress(filtered.data, COMPRESSION)
    return b"".join((_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", packed), _chunk(b"IEND", b"")))


def matches(if_none_match: str, tag: str) -> bool:
    """True when an If-None-Match header holds `tag`, by weak comparison (RFC 9110, 13.1.2)."""
    offered = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return "*" in offered or tag in offered


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
