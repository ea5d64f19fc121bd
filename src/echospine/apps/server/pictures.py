"""A frame as a PNG that the browser may keep for ever."""

from __future__ import annotations

from io import BytesIO

from fastapi import Response

from echospine.apps.server.sources import OpenSources
from echospine.domain.errors import NotFound
from echospine.domain.exams import Recording
from echospine.domain.units import Pixels

COMPRESSION = 1
"""zlib level: on one's own machine the time to pack counts, not the few bytes more."""
FOR_EVER = "private, max-age=31536000, immutable"


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
    """Return `pixels`, grey or RGB, as a PNG of the very same values."""
    from PIL import Image

    packed = BytesIO()
    Image.fromarray(pixels).save(packed, "PNG", compress_level=COMPRESSION)
    return packed.getvalue()


def matches(if_none_match: str, tag: str) -> bool:
    """True when an If-None-Match header holds `tag`, by weak comparison (RFC 9110, 13.1.2)."""
    offered = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return "*" in offered or tag in offered
