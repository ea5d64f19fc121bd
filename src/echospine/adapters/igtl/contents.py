"""What messages say, as values, each with its bytes: pictures, transforms, tracking data, status, text.

`encode` is strict, `decode` checks every size before it uses it; both refuse numbers that are not finite.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from echospine.adapters.igtl.heads import DEVICE_BYTES, decode_text, device_bytes
from echospine.domain.errors import GeometryError, InputError, TooLargeError, TruncatedError, UnsupportedError
from echospine.domain.frames import check_size
from echospine.domain.units import Floats, Pixels, frozen

LARGEST = 1e9
"""A matrix with a larger entry (mm) is not finite for any purpose here, and would overflow."""
MAX_TEXT_BYTES = 1 << 16
MAX_TOOLS = 256
_IMAGE = struct.Struct(">HBBBB3H12f3H3H")
_STATUS = struct.Struct(">Hq20s")
_TEXT = struct.Struct(">HH")
_TOOL = struct.Struct(f">{DEVICE_BYTES}sBB12f")
_MATRIX = struct.Struct(">12f")
_UINT8 = 3
_UTF8 = 106


class Axes(IntEnum):
    """Which way the axes of the frame that a picture is placed in are said to run."""

    RAS = 1
    LPS = 2


class Code(IntEnum):
    """Status codes that are sent; others are read as they are."""

    OK = 1
    TIME_OUT = 7
    NOT_READY = 13
    SHUT_DOWN = 19


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """IMAGE: a 2-D picture of bytes, or a rectangle of one.

    `pixels`: uint8, (rows, columns) or (rows, columns, 3); `matrix`: (4, 4), its columns the steps per column and row
    of the picture and across it, mm, and the place of its CENTRE; `size`: columns and rows of the whole picture;
    `offset`: column and row in it of the first of `pixels`.
    """

    pixels: Pixels
    matrix: Floats
    size: tuple[int, int]
    offset: tuple[int, int] = (0, 0)
    axes: Axes = Axes.RAS

    @property
    def whole(self) -> bool:
        """True when `pixels` are all of the picture."""
        return self.pixels.shape[1::-1] == self.size

    @property
    def to_frame(self) -> Floats:
        """The matrix that takes (column, row, 0) to mm, (4, 4): its last column is the place of the first pixel."""
        return _moved(self.matrix, self.size, -0.5)

    def encode(self) -> bytes:
        """Return the content of the message; raises InputError or GeometryError for what cannot be sent."""
        rows, columns = self.pixels.shape[:2]
        channels = 1 if self.pixels.ndim == 2 else 3
        if self.pixels.dtype != np.uint8 or self.pixels.shape[2:] not in ((), (3,)):
            raise InputError(f"pixels are {self.pixels.dtype} {self.pixels.shape}, expected uint8 (rows, columns[, 3])")
        _check_window(self.size, self.offset, (columns, rows))
        kind, window = (1, channels, _UINT8, 2, self.axes, *self.size, 1), (*self.offset, 0, columns, rows, 1)
        return _IMAGE.pack(*kind, *_numbers(self.matrix), *window) + np.ascontiguousarray(self.pixels).tobytes()

    @classmethod
    def decode(cls, content: memoryview) -> Picture:
        """Read the content of a message; the pixels are a view of it."""
        head, data = _split(content, _IMAGE, "IMAGE")
        version, channels, scalar, _, axes = head[:5]
        size, offset, window = head[5:8], head[20:23], head[23:26]
        if version != 1 or scalar != _UINT8 or channels not in (1, 3) or size[2] != 1:
            raise UnsupportedError(
                f"IMAGE version {version}, scalar type {scalar}, {channels} components, {size[2]} slices: "
                "set the device to send 8-bit 2-D pictures, grey or RGB"
            )
        if offset[2] != 0 or window[2] != 1:
            raise UnsupportedError("IMAGE has a part of a slice that is not the first")
        _check_window(size[:2], offset[:2], window[:2])
        if len(data) != window[0] * window[1] * channels:
            raise TruncatedError(f"IMAGE of {window[0]} x {window[1]} x {channels} has {len(data)} bytes of pixels")
        shape = (window[1], window[0]) if channels == 1 else (window[1], window[0], 3)
        pixels = np.frombuffer(data, dtype=np.uint8).reshape(shape)
        return cls(
            pixels,
            _matrix(head[8:20]),
            (size[0], size[1]),
            (offset[0], offset[1]),
            Axes.LPS if axes == Axes.LPS else Axes.RAS,
        )


def centred(to_frame: npt.ArrayLike, size: tuple[int, int]) -> Floats:
    """Return the matrix of a picture with the place of its centre from one with the place of its first pixel."""
    return _moved(np.asarray(to_frame, dtype=np.float64), size, 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Transform:
    """TRANSFORM: `matrix`, (4, 4), takes points from one frame to another; the device name says which."""

    matrix: Floats

    def encode(self) -> bytes:
        """Return the content of the message; raises GeometryError for a matrix that cannot be sent."""
        return _MATRIX.pack(*_numbers(self.matrix))

    @classmethod
    def decode(cls, content: memoryview) -> Transform:
        """Read the content of a message."""
        return cls(_matrix(_whole(content, _MATRIX, "TRANSFORM")))


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """One tracked thing of TDATA. `kind`: 1 tracker, 2 six, 3 three, 4 five degrees of freedom."""

    name: str
    matrix: Floats
    kind: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """TDATA: several transforms of one moment."""

    tools: tuple[Tool, ...]

    def encode(self) -> bytes:
        """Return the content of the message."""
        rows = ((device_bytes(tool.name), tool.kind, 0, *_numbers(tool.matrix)) for tool in self.tools)
        return b"".join(_TOOL.pack(*row) for row in rows)

    @classmethod
    def decode(cls, content: memoryview) -> Tracking:
        """Read the content of a message."""
        count, rest = divmod(len(content), _TOOL.size)
        if rest or count > MAX_TOOLS:
            raise TruncatedError(f"TDATA of {len(content)} bytes is not up to {MAX_TOOLS} times {_TOOL.size}")
        rows = _TOOL.iter_unpack(content)
        return cls(tuple(Tool(decode_text(row[0]), _matrix(row[3:]), row[1]) for row in rows))


@dataclass(frozen=True, slots=True)
class Status:
    """STATUS: how the device is. `code`: see Code; `name`, `text`: in words."""

    code: int
    subcode: int = 0
    name: str = ""
    text: str = ""

    def encode(self) -> bytes:
        """Return the content of the message."""
        return _STATUS.pack(self.code, self.subcode, device_bytes(self.name)) + _encoded(self.text) + b"\0"

    @classmethod
    def decode(cls, content: memoryview) -> Status:
        """Read the content of a message; the zero byte at its end may be missing."""
        (code, subcode, name), text = _split(content, _STATUS, "STATUS")
        if len(text) > MAX_TEXT_BYTES:
            raise TooLargeError(f"the text of a STATUS has {len(text):,} bytes; {MAX_TEXT_BYTES:,} are taken")
        return cls(code, subcode, decode_text(name), bytes(text).removesuffix(b"\0").decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Text:
    """STRING: words, in UTF-8."""

    text: str

    def encode(self) -> bytes:
        """Return the content of the message."""
        data = _encoded(self.text)
        return _TEXT.pack(_UTF8, len(data)) + data

    @classmethod
    def decode(cls, content: memoryview) -> Text:
        """Read the content of a message."""
        (_, length), text = _split(content, _TEXT, "STRING")
        if len(text) != length:
            raise TruncatedError(f"STRING announces {length} bytes, {len(text)} came")
        return cls(bytes(text).decode("utf-8", "replace"))


def _encoded(text: str) -> bytes:
    data = text.encode("utf-8")
    if len(data) >= MAX_TEXT_BYTES or "\0" in text:
        raise InputError(f"a text has fewer than {MAX_TEXT_BYTES} bytes and no zeros")
    return data


def _check_window(size: tuple[int, ...], offset: tuple[int, ...], window: tuple[int, ...]) -> None:
    """Raise InputError unless the picture can be one and the window lies in it."""
    check_size("IMAGE", *size)
    check_size("part of an IMAGE", *window)
    if any(first + length > whole for first, length, whole in zip(offset, window, size, strict=True)):
        raise TruncatedError(f"a part of {window} at {offset} reaches past a picture of {size}")


def _split(content: memoryview, head: struct.Struct, kind: str) -> tuple[tuple[Any, ...], memoryview]:
    if len(content) < head.size:
        raise TruncatedError(f"{kind} has {len(content)} bytes, at least {head.size} are needed")
    return head.unpack_from(content), content[head.size :]


def _whole(content: memoryview, layout: struct.Struct, kind: str) -> tuple[float, ...]:
    if len(content) != layout.size:
        raise TruncatedError(f"{kind} has {len(content)} bytes, {layout.size} are expected")
    return layout.unpack(content)


def _matrix(numbers: tuple[float, ...]) -> Floats:
    """Return three columns of directions and one of place as a (4, 4) matrix; raises GeometryError unless finite."""
    matrix = np.eye(4)
    matrix[:3] = np.array(numbers, dtype=np.float64).reshape(4, 3).T
    _require_finite(matrix)
    return frozen(matrix)


def _numbers(matrix: Floats) -> list[float]:
    if matrix.shape != (4, 4):
        raise GeometryError(f"a matrix has shape {matrix.shape}, expected (4, 4)")
    _require_finite(matrix)
    found: list[float] = matrix[:3].T.ravel().tolist()
    return found


def _require_finite(matrix: Floats) -> None:
    if not np.all(np.abs(matrix) <= LARGEST):
        raise GeometryError(f"a matrix has entries that are not finite or beyond {LARGEST:g} mm")


def _moved(matrix: Floats, size: tuple[int, int], share: float) -> Floats:
    """Return the matrix with its place moved by a share of the way from the first pixel to the last."""
    moved = np.array(matrix, dtype=np.float64)
    moved[:3, 3] += share * (matrix[:3, 0] * (size[0] - 1) + matrix[:3, 1] * (size[1] - 1))
    return frozen(moved)
