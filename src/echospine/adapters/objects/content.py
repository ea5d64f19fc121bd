"""What every object store agrees on: how a digest looks, and how a person's file is read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from echospine.domain.errors import NotFound, UnreadableError

CHUNK_BYTES = 1 << 20
"""How much of a file is held in memory at a time."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


def require_digest(digest: str) -> None:
    """Raise NotFound unless `digest` is 64 lower-case hex digits: nothing else can lead to a path."""
    if not _DIGEST.fullmatch(digest):
        raise NotFound(f"there is no object {digest[:80]!r}: a digest is 64 hex digits in lower case")


def absent(digest: str) -> NotFound:
    """Return the error for a digest under which nothing is kept."""
    return NotFound(f"there is no object {digest}; import the file again")


def chunks(path: Path) -> Iterator[bytes]:
    """Yield a file's content in constant memory; raises UnreadableError, also for pipes and devices.

    A file that is still growing is read as far as it went when it was opened: else it might never end.
    """
    try:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "not a file" if path.exists() else "not there"
            raise UnreadableError(f"{path}: cannot be read: it is {what}; give a file")
        with path.open("rb", buffering=0) as source:
            left = os.fstat(source.fileno()).st_size
            while chunk := source.read(min(CHUNK_BYTES, left)):
                left -= len(chunk)
                yield chunk
    except (OSError, ValueError) as error:  # ValueError: a name that holds a NUL
        why = getattr(error, "strerror", None) or error
        raise UnreadableError(f"{path}: cannot be read: {why}; check the file and its permissions") from error
