"""NRRD (.nrrd, .seq.nrrd, .nhdr) as PLUS and 3D Slicer write sequences: the header.

Format: http://teem.sourceforge.net/nrrd/format.html. The frame axis is the one of kind `list` (or `time`):
the last one (PLUS, newer Slicer) or the first one (Slicer's `axis 0 index values`: frames interleaved).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from urllib.parse import unquote

import numpy as np

from echospine.adapters.sequences.tracked.layout import Layout, check_layout, integers, missing, numbers, refuse_signal
from echospine.adapters.sequences.tracked.tracking import FrameFields
from echospine.domain.errors import UnsupportedError

_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_SPELLINGS = {"datafile": "data file", "lineskip": "line skip", "byteskip": "byte skip"}
_NEEDED = ("type", "dimension", "sizes", "encoding")
_COLOUR = ("vector", "rgb-color", "rgba-color", "3-color", "4-color", "list-color")
_FRAMES = ("list", "time")
_TO_SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3}


@dataclass(slots=True)
class _Header:
    """The fields (`key: value`), the free pairs (`key:=value`) and the per-frame fields."""

    fields: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)
    frames: FrameFields = field(default_factory=FrameFields)


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis as stored (fastest first): its place, its size, its kind and its step in mm."""

    place: int
    size: int
    kind: str
    step_mm: float


def decode_header(lines: Iterable[bytes], name: str) -> Layout:
    """Return what an NRRD header says, reading up to and with the empty line that ends it.

    `name` is the file that errors speak of. Raises UnsupportedError for volumes, RF lines, text or bzip2
    pixels and axes in an order that is not a sequence's, TruncatedError for a header without a field that
    it needs, TooLargeError for sizes beyond the limits.
    """
    header = _collect(lines)
    for key in _NEEDED:
        if key not in header.fields:
            raise missing(name, key)
    refuse_signal(name, _either(header, "ultrasound image type"))
    axes = _axes(name, header)
    picture = [axis for axis in axes if axis.kind == "domain"]
    frames = next((axis for axis in axes if axis.kind == "list"), None)
    colour = next((axis for axis in axes if axis.kind == "colour"), None)
    _check_order(name, axes, picture, frames, colour)
    _add_index_times(header, axes, frames)
    layout = Layout(
        format="Sequence (NRRD)" if frames else "NRRD picture",
        width=picture[0].size,
        height=picture[1].size,
        n_frames=frames.size if frames else 1,
        channels=colour.size if colour else 1,
        dtype=_dtype(name, header.fields),
        interleaved=frames is not None and frames.place == 0 and frames.size > 1,
        packed=_packed(name, header.fields["encoding"]),
        data_file=_data_file(name, header.fields.get("data file")),
        skip=_skip(name, header.fields),
        letters=_either(header, "ultrasound image orientation"),
        spacing_mm=(picture[0].step_mm, picture[1].step_mm),
        fields=header.frames,
    )
    check_layout(name, layout)
    return layout


def _collect(lines: Iterable[bytes]) -> _Header:
    header = _Header()
    for line in lines:
        text = line.decode("utf-8", errors="replace")
        if not text:
            break
        if text.startswith(("#", "NRRD")):
            continue
        key, colon, value = text.partition(":")
        if not colon:
            continue
        if value.startswith("="):
            if not header.frames.take(key.strip(), value[1:].strip()):
                header.pairs[key.strip().lower()] = value[1:].strip()
        else:
            key = key.strip().lower()
            header.fields[_SPELLINGS.get(key, key)] = value.strip()
    return header


def _either(header: _Header, key: str) -> str:
    """Return a value that PLUS writes as a free pair in some versions and as a field in others."""
    return header.pairs.get(key) or header.fields.get(key, "")


def _axes(name: str, header: _Header) -> list[_Axis]:
    sizes = integers(name, "sizes", header.fields["sizes"])
    if len(sizes) != (integers(name, "dimension", header.fields["dimension"]) or (0,))[0] or not sizes:
        raise UnsupportedError(
            f"{name}: has dimension {header.fields['dimension'][:20]} and sizes {header.fields['sizes'][:40]}, "
            "which do not fit each other; export it again"
        )
    kinds = _kinds(header, sizes)
    steps = _steps(header.fields, len(sizes))
    return [_Axis(i, size, kinds[i], steps[i]) for i, size in enumerate(sizes)]


def _kinds(header: _Header, sizes: tuple[int, ...]) -> list[str]:
    """Return for each axis `domain`, `list` (frames) or `colour`; without kinds, PLUS means frames last."""
    words = [word.lower() for word in header.fields.get("kinds", "").split()]
    known = [
        "list" if word in _FRAMES else "colour" if word in _COLOUR else "domain"
        for word, _ in zip_longest(words[: len(sizes)], sizes, fillvalue="domain")
    ]
    if "list" not in known and len(sizes) > 2:
        named = next((i for i in range(len(sizes)) if f"axis {i} index type" in header.pairs), None)
        if named is None and (header.frames.seen or _either(header, "ultrasound image orientation")):
            named = len(sizes) - 1
        if named is not None:
            known[named] = "list"
    return known


def _steps(fields: dict[str, str], count: int) -> list[float]:
    """Return the step of each axis in mm (`space directions`, or `spacings`), NaN where there is none."""
    vectors = re.findall(r"none|\([^()]*\)", fields.get("space directions", ""))
    if len(vectors) == count:
        found = [numbers(vector.strip("()").split(",")) for vector in vectors]
        return [math.hypot(*parts) for parts in found]
    steps = numbers(fields.get("spacings", "").split())
    return list(steps) if len(steps) == count else [math.nan] * count


def _check_order(
    name: str, axes: list[_Axis], picture: list[_Axis], frames: _Axis | None, colour: _Axis | None
) -> None:
    """Raise UnsupportedError unless the axes are colour, columns, rows, with the frames first or last."""
    sizes = " x ".join(str(axis.size) for axis in axes)
    deep = [axis for axis in picture[2:] if axis.size > 1]
    if deep:
        what = "a sequence of volumes" if frames else "a volume"
        raise UnsupportedError(
            f"{name}: this is {what} of {sizes} voxels, not a recording of pictures; give the sequence of "
            "pictures that it was made from (one axis of kind `list`, two of kind `domain`)"
        )
    at_the_end = frames is None or frames.place in (0, len(axes) - 1)
    colour_first = colour is None or colour.place < picture[0].place if len(picture) >= 2 else False
    one_of_each = sum(axis.kind == "list" for axis in axes) <= 1 and sum(axis.kind == "colour" for axis in axes) <= 1
    if len(picture) < 2 or not (at_the_end and colour_first and one_of_each):
        kinds = " ".join(axis.kind for axis in axes)
        raise UnsupportedError(
            f"{name}: has axes of {sizes} ({kinds}); a sequence has columns and rows, with the frames first or last"
        )


def _add_index_times(header: _Header, axes: list[_Axis], frames: _Axis | None) -> None:
    """Take Slicer's index values as times where their unit is one of time and no frame has a time."""
    if frames is None or header.frames.times:
        return
    units = re.findall(r'"([^"]*)"', header.fields.get("units", ""))
    unit = units[frames.place] if len(units) == len(axes) else ""
    places = (frames.place, 3, 0)  # Slicer writes "axis 3" for the last axis of colour sequences, too
    values = next((v for i in places if (v := header.pairs.get(f"axis {i} index values"))), "")
    scale = _TO_SECONDS.get(unit.strip().lower())
    if scale is not None:
        times = numbers(unquote(word) for word in values.split())
        header.frames.times.update({i: scale * time for i, time in enumerate(times)})


def _dtype(name: str, fields: dict[str, str]) -> np.dtype[np.generic]:
    spelled = fields["type"].lower()
    code = next((code for code, names in _TYPES.items() if spelled in names), None)
    if code is None:
        raise UnsupportedError(f"{name}: has pixels of the unknown type {fields['type'][:30]!r}")
    return np.dtype((">" if fields.get("endian", "").lower() == "big" else "<") + code)


def _packed(name: str, encoding: str) -> bool:
    if encoding.lower() not in ("raw", "gzip", "gz"):
        raise UnsupportedError(
            f"{name}: has its pixels in the encoding {encoding[:20]!r}; save it with gzip or raw encoding"
        )
    return encoding.lower() != "raw"


def _data_file(name: str, value: str | None) -> str | None:
    if value is not None and (value.upper().startswith("LIST") or "%" in value):
        raise UnsupportedError(f"{name}: has its pixels spread over several files; save it as one .nrrd file")
    return value


def _skip(name: str, fields: dict[str, str]) -> int:
    if integers(name, "line skip", fields.get("line skip", "")) not in ((), (0,)):
        raise UnsupportedError(f"{name}: leaves out lines of its data file (line skip); save it as one .nrrd file")
    return (integers(name, "byte skip", fields.get("byte skip", "")) or (0,))[0]
