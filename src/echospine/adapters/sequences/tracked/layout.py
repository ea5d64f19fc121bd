"""What the header of a sequence file says, whichever format it was written in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from echospine.adapters.sequences.files import reading
from echospine.adapters.sequences.tracked.tracking import FrameFields
from echospine.domain.errors import InputError, TooLargeError, TruncatedError, UnsupportedError
from echospine.domain.frames import check_size

MAX_LINE_BYTES = 4 << 20
"""Longest header line: the index values of 200,000 frames fit."""
MAX_HEADER_BYTES = 256 << 20
"""Longest header: 200,000 frames with three transforms each fit."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the pixels of a sequence lie and what they are; sizes along the axes as they are stored.

    `dtype`: of one value, with its byte order; `channels`: values per pixel, stored side by side;
    `interleaved`: the frame index varies fastest in the file; `packed`: deflated (zlib or gzip);
    `packed_bytes`: length of the deflated stream, None: up to the end of the file; `data_file`: name of the
    file that holds the pixels, None: behind the header; `skip`: bytes to leave out before them, -1: the
    pixels are the last bytes of the file; `letters`: the orientation, "" where the file does not say;
    `spacing_mm`: per column and row, None where the file has none; `fields`: what it says about each frame.
    """

    format: str
    width: int
    height: int
    n_frames: int
    channels: int
    dtype: np.dtype[Any]
    interleaved: bool = False
    packed: bool = False
    packed_bytes: int | None = None
    data_file: str | None = None
    skip: int = 0
    letters: str = ""
    spacing_mm: tuple[float, float] | None = None
    fields: FrameFields = field(default_factory=FrameFields)

    @property
    def frame_values(self) -> int:
        """Number of values in one frame."""
        return self.width * self.height * self.channels

    @property
    def frame_bytes(self) -> int:
        """Number of bytes in one frame."""
        return self.frame_values * self.dtype.itemsize

    def picture(self, data: bytes) -> npt.NDArray[Any]:
        """Return one frame as stored, shape (height, width) or (height, width, channels), read-only."""
        shape = (self.height, self.width) + ((self.channels,) if self.channels > 1 else ())
        return np.frombuffer(data, dtype=self.dtype).reshape(shape)


def header_lines(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the lines at the start of a file, line ends removed; raises TooLargeError beyond the limits."""
    total = 0
    while True:
        with reading(name):
            line = stream.readline(MAX_LINE_BYTES)
        total += len(line)
        if total > MAX_HEADER_BYTES or len(line) == MAX_LINE_BYTES:
            raise TooLargeError(
                f"{name}: its header does not end within {MAX_HEADER_BYTES >> 20} MiB, or has a line of more than "
                f"{MAX_LINE_BYTES >> 20} MiB; this is not a sequence that was written by PLUS or 3D Slicer"
            )
        if not line:
            return
        yield line.rstrip(b"\r\n")


def integers(name: str, key: str, text: str) -> tuple[int, ...]:
    """Return the whole numbers of a header field; raises InputError that names it."""
    try:
        return tuple(int(word) for word in text.split())
    except ValueError as error:
        raise InputError(
            f"{name}: {key} in its header is {text[:60]!r}, whole numbers are expected; export it again"
        ) from error


def numbers(words: Iterable[str]) -> tuple[float, ...]:
    """Return the numbers of a header field, NaN for what is not one."""
    found = []
    for word in words:
        try:
            found.append(float(word))
        except ValueError:
            found.append(float("nan"))
    return tuple(found)


def refuse_signal(name: str, image_type: str) -> None:
    """Raise UnsupportedError when the file says that it holds radio-frequency lines."""
    if image_type.upper().startswith("RF"):
        raise UnsupportedError(
            f"{name}: this holds RF lines ({image_type[:30]}), not B-mode; convert it to B-mode first "
            "(PLUS: RfProcessor), or give the scan-converted recording"
        )


def check_layout(name: str, layout: Layout) -> None:
    """Raise InputError when the declared sizes or the kind of value cannot be a recording of B-mode."""
    if layout.width <= 1 and layout.height <= 1:
        raise UnsupportedError(
            f"{name}: holds tracking data without pictures; give the recording that has the ultrasound image"
        )
    check_size(name, layout.width, layout.height, layout.n_frames)
    if layout.channels not in (1, 3, 4):
        raise UnsupportedError(
            f"{name}: has {layout.channels} values per pixel; 1 (grey), 3 (RGB) or 4 (RGBA) are expected"
        )
    if layout.dtype.kind not in "iu" or layout.dtype.itemsize > 4:
        raise UnsupportedError(
            f"{name}: has pixels of type {layout.dtype.name}; B-mode has whole grey levels of 0 to 255 (8 bit)"
        )


def missing(name: str, key: str) -> TruncatedError:
    """Return the error for a header without a field that it needs."""
    return TruncatedError(f"{name}: its header has no {key}; the file was cut or is not a sequence, export it again")
