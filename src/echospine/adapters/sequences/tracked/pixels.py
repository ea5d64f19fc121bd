"""Random access to the pixel data of a sequence file, packed or not, in constant memory.

A deflated stream can only be read forwards. While it is read, copies of the decompressor are kept every
few megabytes (at most MAX_CHECKPOINTS of about 80 kB each), and a jump backwards starts from the nearest
one before it. Nothing is ever unpacked beyond what was asked for, so a small file that would unpack to
gigabytes costs no more than one frame.
"""

from __future__ import annotations

import math
import tempfile
import zlib
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

import numpy as np

from echospine.adapters.sequences.files import reading
from echospine.domain.errors import StorageError, TooLargeError, TruncatedError

MAX_CHECKPOINTS = 256
"""Most decompressor copies kept: about 20 MB, however long the recording."""
CHECKPOINT_BYTES = 4 << 20
"""Least distance between two copies, unpacked bytes."""
MAX_DEFLATE_RATIO = 1032
"""Deflate packs 258 bytes into 2 bits at best (RFC 1951): no honest stream unpacks further."""
MAX_SPOOL_BYTES = 8 << 30
"""Largest recording with interleaved frames that is put in order in a temporary file."""

_READ = 32_768
_STEP = 1 << 20
_ZLIB_OR_GZIP = zlib.MAX_WBITS + 32
_BLOCK_BYTES = 32 << 20


class PixelBytes(Protocol):
    """The pixel data of a recording as one long run of bytes, first frame first."""

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes from `offset`; raises TruncatedError when there are fewer."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class PlainBytes:
    """Pixel data that lie in the file as they are: `total` bytes from `start`."""

    def __init__(self, name: str, stream: BinaryIO, start: int, available: int, total: int) -> None:
        if available < total:
            raise TruncatedError(_ends_early(name, available, total, "bytes of pixels"))
        self._name, self._stream, self._start = name, stream, start

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes from `offset`."""
        with reading(self._name):
            self._stream.seek(self._start + offset)
            data = self._stream.read(size)
        if len(data) < size:
            raise TruncatedError(_ends_early(self._name, len(data), size, "bytes of this frame"))
        return data

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


@dataclass(slots=True)
class _Cursor:
    """A place in a deflated stream: bytes taken in, bytes given out, and the decompressor between."""

    inflater: zlib._Decompress
    taken: int = 0
    given: int = 0

    def copy(self) -> _Cursor:
        return _Cursor(self.inflater.copy(), self.taken, self.given)


class PackedBytes:
    """Pixel data in a zlib or gzip stream of `packed` bytes from `start`, which unpacks to `total`."""

    def __init__(self, name: str, stream: BinaryIO, start: int, packed: int, total: int) -> None:
        if total > MAX_DEFLATE_RATIO * max(packed, 1):
            raise TruncatedError(
                f"{name}: declares {total:,} bytes of pixels, but holds {packed:,} packed bytes, which can never "
                "be that much; the header is wrong or the file was cut, copy it again"
            )
        self._name, self._stream, self._start = name, stream, start
        self._packed, self._total = packed, total
        self._spacing = max(CHECKPOINT_BYTES, math.ceil(total / MAX_CHECKPOINTS))
        self._cursor = _Cursor(zlib.decompressobj(_ZLIB_OR_GZIP))
        self._checkpoints = [self._cursor.copy()]
        self._places = [0]

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes from `offset`."""
        self._go_to(offset)
        parts = []
        while size:
            part = self._next(min(size, _STEP))
            parts.append(part)
            size -= len(part)
        if self._cursor.given == self._total:
            self._check_end()
        return b"".join(parts)

    def close(self) -> None:
        """Close the file and forget the copies."""
        self._checkpoints.clear()
        self._stream.close()

    def _go_to(self, offset: int) -> None:
        nearest = self._checkpoints[bisect_right(self._places, offset) - 1]
        if not nearest.given <= self._cursor.given <= offset:
            self._cursor = nearest.copy()
        while self._cursor.given < offset:
            self._next(min(offset - self._cursor.given, _STEP))

    def _next(self, most: int) -> bytes:
        """Return the next bytes, 1 to `most` of them; raises TruncatedError at the end."""
        while True:
            packed = self._packed_at(self._cursor.taken)
            data = self._inflate(packed, most)
            if data:
                self._keep_checkpoint()
                return data
            if not packed:
                done = self._cursor.given
                raise TruncatedError(_ends_early(self._name, done, self._total, "bytes of pixels"))

    def _inflate(self, packed: bytes, most: int) -> bytes:
        cursor = self._cursor
        if cursor.inflater.eof:  # gzip files may be several streams, one after the other
            cursor.inflater = zlib.decompressobj(_ZLIB_OR_GZIP)
        try:
            data = cursor.inflater.decompress(packed, most)
        except zlib.error as error:
            raise TruncatedError(
                f"{self._name}: the packed pixels are damaged after {cursor.given:,} of {self._total:,} bytes "
                f"({error}); copy the file again"
            ) from error
        cursor.taken += len(packed) - len(cursor.inflater.unconsumed_tail) - len(cursor.inflater.unused_data)
        cursor.given += len(data)
        return data

    def _packed_at(self, taken: int) -> bytes:
        with reading(self._name):
            self._stream.seek(self._start + taken)
            return self._stream.read(min(_READ, self._packed - taken))

    def _keep_checkpoint(self) -> None:
        if self._cursor.given - self._places[-1] >= self._spacing:
            self._checkpoints.append(self._cursor.copy())
            self._places.append(self._cursor.given)

    def _check_end(self) -> None:
        """Raise TruncatedError unless the stream ends here, with a checksum that is right."""
        end = self._cursor.copy()
        self._cursor, kept = end, self._cursor
        while not end.inflater.eof:
            packed = self._packed_at(end.taken)
            if self._inflate(packed, 1):
                raise TruncatedError(
                    f"{self._name}: holds more pixels than the {self._total:,} bytes that its header declares; "
                    "the header is wrong, export the recording again"
                )
            if not packed:
                raise TruncatedError(
                    f"{self._name}: ends before the checksum of its pixels; the file was cut, copy it again"
                )
        self._cursor = kept


class InterleavedBytes:
    """Pixel data stored frame index first (all frames of one pixel, then the next), put in frame order.

    Reading one frame of such a file touches all of it, so at first use it is reordered, block by block,
    into a temporary file. `items`: values per frame; `item_bytes`: size of one value.
    """

    def __init__(self, name: str, inner: PixelBytes, n_frames: int, items: int, item_bytes: int) -> None:
        total = n_frames * items * item_bytes
        if total > MAX_SPOOL_BYTES:
            raise TooLargeError(
                f"{name}: holds {total / 2**30:.0f} GiB with the frames interleaved, the limit is "
                f"{MAX_SPOOL_BYTES / 2**30:.0f} GiB; save it with the frame axis last"
            )
        self._name, self._inner = name, inner
        self._n_frames, self._items, self._item_bytes = n_frames, items, item_bytes
        self._spool: BinaryIO | None = None

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes from `offset`."""
        if self._spool is None:
            self._spool = self._reordered()
        with reading(self._name):
            self._spool.seek(offset)
            return self._spool.read(size)

    def close(self) -> None:
        """Close the file and remove the temporary one."""
        self._inner.close()
        if self._spool is not None:
            self._spool.close()

    def _reordered(self) -> BinaryIO:
        spool = _temporary(self._name)
        try:
            per_block = max(1, _BLOCK_BYTES // (self._n_frames * self._item_bytes))
            for first in range(0, self._items, per_block):
                self._reorder(spool, first, min(per_block, self._items - first))
        except BaseException:
            spool.close()
            raise
        return spool

    def _reorder(self, spool: BinaryIO, first: int, count: int) -> None:
        row_bytes = self._n_frames * self._item_bytes
        data = self._inner.read(first * row_bytes, count * row_bytes)
        block = np.frombuffer(data, dtype=f"V{self._item_bytes}").reshape(count, self._n_frames)
        try:
            for index, values in enumerate(np.ascontiguousarray(block.T)):
                spool.seek((index * self._items + first) * self._item_bytes)
                spool.write(values.tobytes())
            spool.flush()
        except OSError as error:
            raise StorageError(_no_room(self._name, error)) from error


def _temporary(name: str) -> BinaryIO:
    try:
        return cast(BinaryIO, tempfile.TemporaryFile(buffering=1 << 20))
    except OSError as error:
        raise StorageError(_no_room(name, error)) from error


def _no_room(name: str, error: OSError) -> str:
    with suppress(OSError):
        return (
            f"{name}: its frames are interleaved and cannot be put in order in {tempfile.gettempdir()} "
            f"({error.strerror}); make room there, or save it with the frame axis last"
        )
    return f"{name}: its frames are interleaved, and there is no folder for temporary files"


def _ends_early(name: str, found: int, expected: int, what: str) -> str:
    return f"{name}: ends early, after {found:,} of {expected:,} {what}; copy the file again"
