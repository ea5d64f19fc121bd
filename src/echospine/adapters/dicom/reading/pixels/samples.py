"""What the stored samples of a frame mean: grey levels and colours, uint8, as EchoSpine shows and measures them.

Grey: the full range of Bits Stored is mapped linearly to 0..255 and rounded, the same for every frame of every
recording, so that grey levels can be compared. An 8-bit MONOCHROME2 picture is therefore unchanged. MONOCHROME1
is turned round, so that a strong echo is bright. Windows are how somebody wished to look at the picture, not
part of it, and are not applied. Palettes become RGB by the upper 8 bits of their entries. YBR becomes RGB by
the equations of PS3.3 C.7.6.3.1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset

from echospine.adapters.dicom.reading.elements import blob, numbers, text, whole
from echospine.domain.errors import TruncatedError, UnsupportedError
from echospine.domain.units import Pixels

Samples: TypeAlias = npt.NDArray[Any]
"""Stored samples, uint8 or uint16, shape (rows, columns) or (rows, columns, 3)."""

GREYS = ("MONOCHROME1", "MONOCHROME2")
JPEG_2000_COLOURS = ("YBR_ICT", "YBR_RCT")
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", *JPEG_2000_COLOURS)
PALETTE = "PALETTE COLOR"
CHANNELS = ("Red", "Green", "Blue")
DISCRETE, LINEAR, INDIRECT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Layout:
    """How samples are stored (PS3.3 C.7.6.3.1). `planar`: 1 where all red comes before all green."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int

    @property
    def pixels(self) -> int:
        """Number of pixels in a frame."""
        return self.rows * self.columns

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame as stored."""
        if self.photometric == "YBR_FULL_422":
            return 2 * self.pixels
        return self.pixels * self.samples * self.bits_allocated // 8

    @property
    def colour(self) -> bool:
        """True where frames come out as RGB."""
        return self.photometric not in GREYS


def read_layout(name: str, dataset: Dataset) -> Layout:
    """Return the layout; raises UnsupportedError, naming what was found, for one that no ultrasound has."""
    bits = whole(dataset, "BitsAllocated", 8)
    stored = whole(dataset, "BitsStored", bits)
    layout = Layout(
        rows=whole(dataset, "Rows", 0),
        columns=whole(dataset, "Columns", 0),
        samples=whole(dataset, "SamplesPerPixel", 1),
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=whole(dataset, "HighBit", stored - 1),
        signed=whole(dataset, "PixelRepresentation", 0) == 1,
        photometric=text(dataset, "PhotometricInterpretation").upper()[:16],
        planar=whole(dataset, "PlanarConfiguration", 0),
    )
    wrong = _what_is_wrong(layout)
    if wrong:
        raise UnsupportedError(f"{name}: {wrong}; export it as 8-bit greyscale or RGB")
    return layout


def _what_is_wrong(layout: Layout) -> str:
    """Return what cannot be read of a layout, "" where all is well."""
    kind, stored, allocated = layout.photometric, layout.bits_stored, layout.bits_allocated
    colour = kind in COLOURS
    faults = {
        f"photometric interpretation {kind or 'missing'!r} is not read": not (colour or kind in (*GREYS, PALETTE)),
        f"{kind} with {layout.samples} samples per pixel contradicts itself": layout.samples != (3 if colour else 1),
        f"{kind} with {stored} of {allocated} bits is not read": (
            (stored, allocated) != (8, 8) if colour else allocated not in (8, 16)
        ),
        f"{stored} bits stored up to bit {layout.high_bit} do not fit {allocated} bits": (
            not 1 <= stored <= layout.high_bit + 1 <= allocated
        ),
        f"YBR_FULL_422 needs an even number of columns, not {layout.columns}": (
            kind == "YBR_FULL_422" and layout.columns % 2 == 1
        ),
    }
    return next((fault for fault, found in faults.items() if found), "")


def native_samples(data: bytes, layout: Layout, *, big_endian: bool) -> Samples:
    """Return the samples of one uncompressed frame; `data` holds exactly its bytes."""
    rows, columns = layout.rows, layout.columns
    if layout.photometric == "YBR_FULL_422":
        return _expand_422(np.frombuffer(data, np.uint8), rows, columns)
    if layout.bits_allocated == 16:
        return np.frombuffer(data, ">u2" if big_endian else "<u2").reshape(rows, columns)
    flat = np.frombuffer(data, np.uint8)
    if layout.samples == 1:
        return flat.reshape(rows, columns)
    if layout.planar == 1:
        return np.ascontiguousarray(flat.reshape(3, rows, columns).transpose(1, 2, 0))
    return flat.reshape(rows, columns, 3)


def _expand_422(flat: Samples, rows: int, columns: int) -> Samples:
    """Y1 Y2 Cb Cr for each two pixels; both take the same colour (PS3.3 C.7.6.3.1.2)."""
    pairs = flat.reshape(rows, columns // 2, 4)
    full = np.empty((rows, columns, 3), np.uint8)
    full[:, 0::2, 0], full[:, 1::2, 0] = pairs[..., 0], pairs[..., 1]
    full[..., 1] = np.repeat(pairs[..., 2], 2, axis=1)
    full[..., 2] = np.repeat(pairs[..., 3], 2, axis=1)
    return full


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of PALETTE COLOR: `first` is the stored value of the first of `entries` (n, 3), uint8."""

    first: int
    entries: Pixels


def read_palette(name: str, dataset: Dataset, layout: Layout) -> Palette:
    """Return the palette; raises TruncatedError when its tables are absent or too short."""
    channels = []
    first = 0
    for channel in CHANNELS:
        descriptor = numbers(dataset, f"{channel}PaletteColorLookupTableDescriptor")
        if len(descriptor) != 3:
            raise TruncatedError(f"{name}: PALETTE COLOR without its {channel} table; export it as RGB")
        count = int(descriptor[0]) or 65536  # PS3.3 C.7.6.3.1.5: 0 stands for 65536
        first = int(descriptor[1])
        channels.append(_channel(name, dataset, channel, count, int(descriptor[2])))
    if layout.signed and first >= 1 << 15:
        first -= 1 << 16
    shortest = min(len(values) for values in channels)
    wide = np.stack([values[:shortest] for values in channels], axis=1)
    # Some writers put 8-bit values into tables that they declare 16 bits deep.
    shift = 8 if wide.max() > 255 else 0
    return Palette(first, (wide >> shift).astype(np.uint8))


def _channel(name: str, dataset: Dataset, channel: str, count: int, bits: int) -> Samples:
    """Return one table, from its 8-bit, 16-bit or segmented form."""
    order = "<" if dataset.original_encoding[1] else ">"
    segmented = blob(dataset, f"Segmented{channel}PaletteColorLookupTableData")
    data = blob(dataset, f"{channel}PaletteColorLookupTableData")
    if segmented and not data:
        words = np.frombuffer(segmented[: len(segmented) // 2 * 2], f"{order}u2").tolist()
        wide = np.array(_unfold(name, words, count), np.uint16)
    elif bits == 8 and len(data) < 2 * count:
        wide = np.frombuffer(data, np.uint8)
        if order == ">":  # 8-bit entries travel in 16-bit words
            wide = wide[: len(wide) // 2 * 2].reshape(-1, 2)[:, ::-1].ravel()
    else:
        wide = np.frombuffer(data[: len(data) // 2 * 2], f"{order}u2")
    if len(wide) < count:
        raise TruncatedError(f"{name}: its {channel} palette has {len(wide)} of {count} colours; export it as RGB")
    return wide[:count]


def _unfold(name: str, words: list[int], count: int) -> list[int]:
    """Return the entries of a segmented table (PS3.3 C.7.9.2), never more than `count`."""
    entries: list[int] = []
    at = 0
    while at < len(words) and len(entries) < count:
        at = _unfold_segment(name, words, at, entries, count)
    return entries


def _unfold_segment(name: str, words: list[int], at: int, entries: list[int], count: int) -> int:
    """Append the segment at `at` to `entries`, and return where the next one starts."""
    kind, length = words[at], words[at + 1]
    if kind == DISCRETE:
        entries += words[at + 2 : at + 2 + length]
        return at + 2 + length
    if kind == LINEAR and entries:
        start, end = entries[-1], words[at + 2]
        entries += [round(start + (end - start) * (i + 1) / length) for i in range(min(length, count))]
        return at + 3
    if kind == INDIRECT:  # `length` earlier segments once more, none of which may be indirect itself
        back = (words[at + 3] << 16 | words[at + 2]) // 2
        while length and len(entries) < count and back < at and words[back] != INDIRECT:
            back = _unfold_segment(name, words, back, entries, count)
            length -= 1
        if not length or len(entries) >= count:
            return at + 4
    raise TruncatedError(f"{name}: its segmented palette is damaged; export it as RGB")


def make_table(layout: Layout, palette: Palette | None) -> Pixels | None:
    """Return what every stored word looks like: uint8, shape (2**bits_allocated,) or (..., 3) for a palette.

    None where words are shown as they are: 8-bit MONOCHROME2, and colours that are not indexed.
    """
    if layout.colour and palette is None:
        return None
    words = np.arange(1 << layout.bits_allocated, dtype=np.int64)
    values = (words >> (layout.high_bit + 1 - layout.bits_stored)) & ((1 << layout.bits_stored) - 1)
    if layout.signed:
        values = np.where(values >> (layout.bits_stored - 1), values - (1 << layout.bits_stored), values)
    if palette is not None:
        index = np.clip(values - palette.first, 0, len(palette.entries) - 1)
        colours: Pixels = palette.entries[index]
        return colours
    lowest = -(1 << (layout.bits_stored - 1)) if layout.signed else 0
    top = max(1, (1 << layout.bits_stored) - 1)
    grey: Pixels = ((510 * (values - lowest) + top) // (2 * top)).astype(np.uint8)  # rounded half up
    if layout.photometric == "MONOCHROME1":
        grey = 255 - grey
    return None if len(grey) == 256 and np.array_equal(grey, np.arange(256)) else grey


def paint(samples: Samples, photometric: str, table: Pixels | None) -> Pixels:
    """Return the picture, uint8, grey or RGB, of stored `samples`."""
    if table is not None:
        return np.take(table, samples, axis=0)
    if photometric in ("YBR_FULL", "YBR_FULL_422"):
        rows, columns = samples.shape[:2]
        picture = Image.frombuffer("YCbCr", (columns, rows), np.ascontiguousarray(samples), "raw", "YCbCr", 0, 1)
        return np.asarray(picture.convert("RGB"))
    return samples
