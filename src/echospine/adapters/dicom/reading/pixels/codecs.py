"""Compressed frames to stored samples. The size that a codec's own header names is checked before decoding."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jpeg_ls
import numpy as np
import openjpeg.utils
from PIL import Image
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from echospine.adapters.dicom.reading.pixels.jpeg import LOSSLESS_FRAME, jpeg_header
from echospine.adapters.dicom.reading.pixels.samples import Layout, Samples

LIBJPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Frames that libjpeg decodes: Huffman coded, sequential or progressive."""
JPEG_LS_FRAME = 0xF7
END = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Decoded:
    """Stored samples of one frame, and the photometric interpretation that they have after decoding."""

    samples: Samples
    photometric: str


def _require(layout: Layout, rows: int, columns: int, components: int) -> None:
    """Raise ValueError when a stream names another size than the file; so nothing unexpected is allocated."""
    if (rows, columns, components) != (layout.rows, layout.columns, layout.samples):
        raise ValueError(
            f"compressed as {columns} x {rows} pixels of {components} samples, "
            f"the header says {layout.columns} x {layout.rows} of {layout.samples}"
        )


def _jpeg(data: bytes, layout: Layout) -> Decoded:
    """JPEG baseline and 8-bit extended, by libjpeg.

    Colours come out as RGB. The stream itself is believed: some writers declare RGB for what they stored as
    YCbCr. Where it tells nothing libjpeg takes it for YCbCr, which is wrong when the file declares RGB.
    """
    header = jpeg_header(data)
    _require(layout, header.rows, header.columns, header.components)
    if header.kind not in LIBJPEG_FRAMES or header.bits != 8:
        raise ValueError(f"JPEG process {header.kind - 0xC0} with {header.bits} bits in a baseline file")
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
        if layout.samples == 3 and layout.photometric == "RGB" and not header.tells_colour:
            picture.draft("YCbCr", picture.size)  # that is: hand the components out without converting
        samples = np.asarray(picture)
    return Decoded(samples, "RGB" if layout.samples == 3 else layout.photometric)


def _jpeg_lossless(data: bytes, layout: Layout) -> Decoded:
    """Lossless JPEG, process 14, with any predictor."""
    from echospine.adapters.dicom.reading.pixels.lossless import decode_lossless  # noqa: PLC0415 -- compiles

    header = jpeg_header(data)
    _require(layout, header.rows, header.columns, header.components)
    if header.kind != LOSSLESS_FRAME or header.bits > layout.bits_allocated:
        raise ValueError(f"not a lossless JPEG picture of up to {layout.bits_allocated} bits")
    return Decoded(decode_lossless(data, layout), _full(layout))


def _jpeg_ls(data: bytes, layout: Layout) -> Decoded:
    """JPEG-LS, lossless and near lossless, by CharLS."""
    header = jpeg_header(data)
    _require(layout, header.rows, header.columns, header.components)
    if header.kind != JPEG_LS_FRAME or header.bits > layout.bits_allocated:
        raise ValueError(f"not a JPEG-LS picture of up to {layout.bits_allocated} bits")
    buffer, info = jpeg_ls.decode_buffer(data + END)  # CharLS counts to 2**32 where there is no end
    flat = np.frombuffer(buffer, "<u2" if header.bits > 8 else np.uint8)
    if layout.samples == 1:
        return Decoded(flat.reshape(layout.rows, layout.columns), layout.photometric)
    if info["interleave_mode"] == 0:  # colour by plane
        planes = flat.reshape(3, layout.rows, layout.columns)
        return Decoded(np.ascontiguousarray(planes.transpose(1, 2, 0)), _full(layout))
    return Decoded(flat.reshape(layout.rows, layout.columns, 3), _full(layout))


def _full(layout: Layout) -> str:
    """The interpretation after a codec that hands out every sample: halved colour is full again."""
    return "YBR_FULL" if layout.photometric == "YBR_FULL_422" else layout.photometric


def _jpeg_2000(data: bytes, layout: Layout) -> Decoded:
    """JPEG 2000 and its high-throughput form, by OpenJPEG, which undoes the ICT and RCT colour transforms."""
    stream = data[max(0, data.find(b"\xff\x4f\xff\x51")) :]  # some writers wrap it in a JP2 file
    bits, signed = _check_siz(stream, layout)
    if bits > layout.bits_allocated or signed != layout.signed:
        raise ValueError(f"JPEG 2000 samples of {bits} bits, {'' if signed else 'not '}signed, unlike the header")
    samples: np.ndarray[Any, Any] = openjpeg.utils.decode(stream, j2k_format=0)
    photometric = "RGB" if layout.photometric in ("YBR_ICT", "YBR_RCT") else _full(layout)
    return Decoded(samples.view(f"<u{samples.dtype.itemsize}"), photometric)


def _check_siz(stream: bytes, layout: Layout) -> tuple[int, bool]:
    """Check the SIZ segment (ITU-T T.800 A.5.1) against the file; return bits and whether signed."""
    if not stream.startswith(b"\xff\x4f\xff\x51"):
        raise ValueError("no JPEG 2000 picture at the start of the frame")
    x1, y1, x0, y0, tile_x, tile_y = struct.unpack_from(">6I", stream, 8)
    components = struct.unpack_from(">H", stream, 40)[0]
    _require(layout, y1, x1, components)
    if x0 or y0:  # no DICOM picture starts away from its grid's corner, and the binding miscounts one that does
        raise ValueError(f"JPEG 2000 picture starts at ({x0}, {y0})")
    details = [struct.unpack_from(">3B", stream, 42 + 3 * i) for i in range(components)]
    depth = details[0][0]
    if any(detail != (depth, 1, 1) for detail in details):
        raise ValueError("JPEG 2000 components of unequal size or depth")
    if not (tile_x and tile_y) or (x1 / tile_x) * (y1 / tile_y) > 65_535:
        raise ValueError("JPEG 2000 tiles beyond the limit of the format")
    return (depth & 0x7F) + 1, bool(depth & 0x80)


def _rle(data: bytes, layout: Layout) -> Decoded:
    """Run-length coding."""
    from echospine.adapters.dicom.reading.pixels.rle import decode_rle  # noqa: PLC0415 -- compiles; only where it is needed

    return Decoded(decode_rle(data, layout), _full(layout))


JPEG_2000 = (JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K)
DECODERS: dict[str, Callable[[bytes, Layout], Decoded]] = {
    RLELossless: _rle,
    JPEGBaseline8Bit: _jpeg,
    JPEGExtended12Bit: _jpeg,
    JPEGLossless: _jpeg_lossless,
    JPEGLosslessSV1: _jpeg_lossless,
    JPEGLSLossless: _jpeg_ls,
    JPEGLSNearLossless: _jpeg_ls,
    **dict.fromkeys(JPEG_2000, _jpeg_2000),
}
"""Transfer syntax to the function that decodes a frame of it; those raise nearly anything on damaged data."""
