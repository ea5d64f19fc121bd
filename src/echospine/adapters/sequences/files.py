"""Opening what the user gave, and turning whatever goes wrong there into the tree of errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from echospine.domain.errors import EchoSpineError, TruncatedError, UnreadableError
from echospine.ports import LocalFile

HEAD_BYTES = 65_536
"""How much of a file is looked at to tell what it is."""


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn an OSError raised inside into an UnreadableError that names the file."""
    try:
        yield
    except OSError as error:
        raise UnreadableError(_why_unreadable(name, error)) from error


@contextmanager
def decoding(name: str, what: str = "picture") -> Iterator[None]:
    """Turn what a foreign decoder raises inside into the tree of errors, naming the file.

    Only for calls into a foreign library on data that may be damaged: such libraries raise nearly every
    built-in error (struct.error, IndexError, KeyError, SyntaxError, zlib.error ...) when they meet it.
    """
    try:
        yield
    except EchoSpineError:
        raise
    except OSError as error:
        if error.errno is not None:  # the disk; decoders leave it out when the data are at fault
            raise UnreadableError(_why_unreadable(name, error)) from error
        raise damaged(name, what, str(error)) from error
    except Exception as error:
        raise damaged(name, what, str(error) or type(error).__name__) from error


def open_file(file: LocalFile) -> BinaryIO:
    """Open a file for reading; raises UnreadableError, or TruncatedError when it is empty."""
    with reading(file.name):
        if file.path.is_dir():
            raise UnreadableError(f"{file.name}: is a folder, a file is expected; give the files that lie in it")
        stream = file.path.open("rb")
    try:
        if file_size(stream, file.name) == 0:
            raise TruncatedError(f"{file.name}: is empty (0 bytes); copy it again from where it was recorded")
    except BaseException:
        stream.close()
        raise
    return stream


def file_size(stream: BinaryIO, name: str) -> int:
    """Return the size of an open file, bytes, and go back to its start."""
    with reading(name):
        size = stream.seek(0, 2)
        stream.seek(0)
    return size


def head_of(file: LocalFile) -> bytes:
    """Return the first bytes of a file; raises UnreadableError, or TruncatedError when it is empty."""
    with open_file(file) as stream, reading(file.name):
        return stream.read(HEAD_BYTES)


def _why_unreadable(name: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{name}: is not there (any more); check the path, or connect the disk again"
    if isinstance(error, PermissionError):
        return f"{name}: may not be read by this user; change its permissions or copy it"
    reason = error.strerror or type(error).__name__
    return f"{name}: cannot be read ({reason}); check the disk and try again"


def damaged(name: str, what: str, reason: str) -> TruncatedError:
    """Return the error for data that a decoder does not take; `reason` in its words."""
    short = " ".join(reason.split())[:120]
    return TruncatedError(f"{name}: the {what} is cut or damaged ({short}); copy the file again, or export it anew")
