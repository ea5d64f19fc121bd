"""Any frame of a DICOM file on demand: only its own bytes are read, whatever the length of the recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydicom.uid import UID

from echospine.adapters.dicom.reading.bytefile import FETCH_AGAIN
from echospine.adapters.dicom.reading.elements import Header, PixelPlace
from echospine.adapters.dicom.reading.pixels.codecs import DECODERS, JPEG_2000, Decoded
from echospine.adapters.dicom.reading.pixels.fragments import index_frames
from echospine.adapters.dicom.reading.pixels.samples import (
    JPEG_2000_COLOURS,
    PALETTE,
    Layout,
    make_table,
    native_samples,
    paint,
    read_palette,
)
from echospine.domain.errors import TooLargeError, TruncatedError, UnsupportedError
from echospine.domain.units import Pixels

UNCOMPRESSED = frozenset(f"1.2.840.10008.1.2{part}" for part in ("", ".1", ".1.99", ".2"))
LARGEST_EXPANSION = 4
"""A compressed frame may be at most this many times as large as its pixels, and SPARE_BYTES more."""
SPARE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PixelReader:
    """Decodes any frame: `fetch` returns stored samples, `table` says what a stored word looks like."""

    fetch: Callable[[int], Decoded]
    table: Pixels | None
    notes: tuple[str, ...] = ()

    def picture(self, index: int) -> Pixels:
        """Return the picture of a frame, uint8, grey or RGB."""
        decoded = self.fetch(index)
        return paint(decoded.samples, decoded.photometric, self.table)


def pixel_reader(header: Header, layout: Layout, n_frames: int) -> PixelReader:
    """Find the frames, and choose how they are decoded; raises InputError unless all of them are there."""
    name, place = header.body.name, header.pixels
    if place is None:
        raise TruncatedError(f"{name}: has no pixel data, only a header; {FETCH_AGAIN}")
    _require_storage(name, header.syntax, place, layout)
    table = make_table(layout, read_palette(name, header.dataset, layout) if layout.photometric == PALETTE else None)
    if place.length is not None:
        fetch, notes = _native(header, place, place.length, layout, n_frames)
    else:
        fetch, notes = _encapsulated(header, place, layout, n_frames)
    return PixelReader(fetch, table, (*notes, *_scaling(layout)))


def _require_storage(name: str, syntax: UID, place: PixelPlace, layout: Layout) -> None:
    """Raise InputError unless the transfer syntax is read, and the pixels are stored as it says."""
    if syntax not in UNCOMPRESSED and syntax not in DECODERS:
        raise UnsupportedError(
            f"{name}: its pixels are stored as {syntax.name}, which is not read; "
            "export it as JPEG baseline or uncompressed"
        )
    if layout.photometric in JPEG_2000_COLOURS and syntax not in JPEG_2000:
        raise UnsupportedError(
            f"{name}: {layout.photometric} is a colour transform of JPEG 2000, but its pixels are stored as "
            f"{syntax.name}; export it as RGB"
        )
    if (place.length is None) is (syntax in UNCOMPRESSED):
        raise TruncatedError(
            f"{name}: its pixels are {'' if place.length is None else 'not '}in compressed form, unlike its "
            f"transfer syntax {syntax.name}; {FETCH_AGAIN}"
        )


def _scaling(layout: Layout) -> tuple[str, ...]:
    if layout.photometric == PALETTE or layout.bits_stored == 8:
        return ()
    return (f"Grey levels are stored with {layout.bits_stored} bits; their full range is shown as 0 to 255.",)


def _native(
    header: Header, place: PixelPlace, length: int, layout: Layout, n_frames: int
) -> tuple[Callable[[int], Decoded], tuple[str, ...]]:
    """Uncompressed frames lie one behind the other."""
    file, size = header.body, layout.frame_bytes
    readable = min(length, file.size - place.offset) // size
    if readable < n_frames:
        raise _too_short(file.name, readable, n_frames)
    # PS3.5 A.3: 8-bit pixels written as 16-bit words, most significant byte first, lie in swapped pairs.
    swapped = header.big_endian and place.vr == "OW" and layout.bits_allocated == 8

    def fetch(index: int) -> Decoded:
        start = index * size
        if swapped:
            odd = start % 2
            words = file.read(place.offset + start - odd, (odd + size + 1) // 2 * 2)
            data = np.frombuffer(words, ">u2").astype("<u2").tobytes()[odd : odd + size]
        else:
            data = file.read(place.offset + start, size)
        return Decoded(native_samples(data, layout, big_endian=header.big_endian), layout.photometric)

    return fetch, _surplus(readable, n_frames)


def _encapsulated(
    header: Header, place: PixelPlace, layout: Layout, n_frames: int
) -> tuple[Callable[[int], Decoded], tuple[str, ...]]:
    """Compressed frames lie in fragments of any length."""
    file = header.body
    index = index_frames(file, place.offset, n_frames)
    if len(index) < n_frames:
        raise _too_short(file.name, len(index), n_frames)
    decode = DECODERS[header.syntax]
    limit = LARGEST_EXPANSION * layout.frame_bytes + SPARE_BYTES

    def fetch(number: int) -> Decoded:
        pieces = index.pieces(number)
        if sum(length for _, length in pieces) > limit:
            raise TooLargeError(
                f"{file.name}: frame {number + 1} is compressed to more than {limit:,} bytes; {FETCH_AGAIN}"
            )
        decoded = decode(b"".join(file.read(*piece) for piece in pieces), layout)
        if decoded.samples.shape[:2] != (layout.rows, layout.columns):
            raise TruncatedError(f"{file.name}: frame {number + 1} decodes to another size; {FETCH_AGAIN}")
        return decoded

    return fetch, _surplus(len(index), n_frames)


def _too_short(name: str, readable: int, n_frames: int) -> TruncatedError:
    return TruncatedError(f"{name}: ends early: {readable} of {n_frames} frames are whole; {FETCH_AGAIN}")


def _surplus(readable: int, n_frames: int) -> tuple[str, ...]:
    if readable <= n_frames:
        return ()
    return (f"The file holds {readable} frames but declares {n_frames}; the others are left out.",)
