"""Positional reads of one open file in constant memory, and its errors turned into the tree."""

from __future__ import annotations

import io
import tempfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import IO, BinaryIO

from echospine.domain.errors import EchoSpineError, TooLargeError, TruncatedError, UnreadableError

MAX_HEADER_BYTES = 128 * 1024 * 1024
"""Most bytes of header that are read: what is longer is damaged or made to hang the reader."""
MAX_INFLATED_BYTES = 4 * 1024**3
"""Largest deflated data set that is unpacked, bytes (it goes to a temporary file, not into memory)."""
CHUNK = 1 << 20
FETCH_AGAIN = "fetch the file again from the scanner or the archive"
"""What to do about a damaged file."""


class ByteFile:
    """An open file, read by position from any thread.

    Plain reads, not a memory map: where somebody shortens the file meanwhile, a map kills the process
    instead of raising an error.
    """

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self.name = name
        self._stream = stream
        self._lock = Lock()
        try:
            with reading(name):
                self.size = stream.seek(0, io.SEEK_END)
        except UnreadableError:
            stream.close()
            raise

    def read(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`, fewer at the end of the file; raises UnreadableError."""
        with reading(self.name), self._lock:
            if self._stream.closed:
                raise UnreadableError(f"{self.name}: was closed already; open it again")
            self._stream.seek(offset)
            return self._stream.read(max(0, min(count, self.size - offset)))

    def close(self) -> None:
        """Close the file; reading from it later raises UnreadableError."""
        with self._lock:
            self._stream.close()


class HeaderStream:
    """A ByteFile as the stream that pydicom wants, with a budget, so that no header can fill the memory."""

    def __init__(self, file: ByteFile, offset: int = 0) -> None:
        self.name = file.name
        self._file = file
        self._at = offset
        self._left = MAX_HEADER_BYTES
        self._window = b""
        self._window_at = 0

    def read(self, count: int = -1) -> bytes:
        """Return the next `count` bytes, fewer at the end; raises TooLargeError beyond the budget."""
        count = max(0, min(count if count >= 0 else self._file.size, self._file.size - self._at))
        self._left -= count
        if self._left < 0:
            raise TooLargeError(
                f"{self.name}: its header is longer than {MAX_HEADER_BYTES >> 20} MiB, so it is damaged; "
                "export the recording again"
            )
        data = self._windowed(count)
        self._at += len(data)
        return data

    def _windowed(self, count: int) -> bytes:
        """Serve small reads from a window: pydicom asks for 8 bytes at a time."""
        start = self._at - self._window_at
        if start < 0 or start + count > len(self._window):
            if count > CHUNK:
                return self._file.read(self._at, count)
            self._window, self._window_at, start = self._file.read(self._at, max(count, 65_536)), self._at, 0
        return self._window[start : start + count]

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to `offset`; past the end is fine, nothing can be read there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at


def open_bytes(name: str, path: Path) -> ByteFile:
    """Open a regular file; raises UnreadableError for what cannot be opened, TruncatedError for no bytes."""
    with reading(name):
        if path.is_dir():
            raise UnreadableError(f"{name}: is a folder, a DICOM file is expected; give the files that lie in it")
        if path.exists() and not path.is_file():  # a pipe would be waited on for ever
            raise UnreadableError(f"{name}: is not a regular file; copy its content into one")
        file = ByteFile(name, path.open("rb", buffering=0))
    if file.size == 0:
        file.close()
        raise TruncatedError(f"{name}: is empty (0 bytes); {FETCH_AGAIN}")
    return file


def inflate(file: ByteFile, offset: int) -> ByteFile:
    """Return what is deflated from `offset` on, in a temporary file that goes when it is closed.

    Raises TruncatedError for damaged data and TooLargeError beyond MAX_INFLATED_BYTES.
    """
    with decoding(file.name, "the compressed data set"):
        target = tempfile.TemporaryFile()  # noqa: SIM115 -- the ByteFile closes it
        try:
            _unpack(file, offset, target)
            return ByteFile(file.name, target)
        except BaseException:
            target.close()
            raise


def _unpack(file: ByteFile, offset: int, target: IO[bytes]) -> None:
    """Write what is deflated from `offset` on into `target`, a piece at a time."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)  # PS3.5 A.5: deflate without zlib's own header
    while offset < file.size and not unpacker.eof:
        packed = file.read(offset, CHUNK)
        offset += len(packed)
        while packed:
            target.write(unpacker.decompress(packed, CHUNK))
            packed = unpacker.unconsumed_tail
            if target.tell() > MAX_INFLATED_BYTES:
                raise TooLargeError(
                    f"{file.name}: unpacks to more than {MAX_INFLATED_BYTES >> 30} GiB; split the recording"
                )
    target.write(unpacker.flush())


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn an OSError raised inside into an UnreadableError that names the file."""
    try:
        yield
    except OSError as error:
        raise UnreadableError(_why_unreadable(name, error)) from error


class _Hush:
    """Keeps what foreign code warns of off the terminal, while anybody is inside, from any number of threads.

    `warnings.catch_warnings` by itself leaves its filters behind when threads go out in another order than they
    came in. Nothing is lost: what matters about a file raises an error or becomes a note.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._caught = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._caught.__exit__(None, None, None)


_HUSH = _Hush()


@contextmanager
def decoding(name: str, what: str) -> Iterator[None]:
    """Turn whatever a parser or codec raises inside into a TruncatedError that names the file and the part.

    Only around calls into foreign code on data that may be damaged: pydicom and the codecs raise nearly every
    built-in error there, MemoryError and RecursionError included, and warn of what they mend.
    """
    try:
        with _HUSH:
            yield
    except EchoSpineError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk; parsers leave it out
            raise UnreadableError(_why_unreadable(name, error)) from error
        reason = one_line(str(error), 120) or type(error).__name__
        raise TruncatedError(f"{name}: {what} is damaged ({reason}); {FETCH_AGAIN}") from error


def one_line(text: str, longest: int) -> str:
    """Return `text` without what breaks a line or steers a terminal, cut to `longest` characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * longest]).split())[
        :longest
    ]


def _why_unreadable(name: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{name}: is not there; check the path, or connect the disk again"
    if isinstance(error, PermissionError):
        return f"{name}: may not be read by this user; change its permissions or copy it"
    reason = error.strerror or type(error).__name__
    return f"{name}: cannot be read ({reason}); check the disk and try again"
