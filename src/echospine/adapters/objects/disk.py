"""How bytes become durable on a disk, and what a disk's refusal means to a person."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from echospine.domain.errors import StorageError

if sys.platform != "win32":
    import fcntl

WAYS_OUT = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EDQUOT: "the disk quota is used up; free some space or ask for more, and try again",
    errno.EFBIG: "the file is larger than this disk or this process may write; raise the limit and try again",
    errno.EROFS: "the disk is read-only; choose a folder for the store that can be written to",
    errno.EACCES: "permission denied; give this user read and write access, or choose another folder",
    errno.EPERM: "permission denied; give this user read and write access, or choose another folder",
    errno.ENOTDIR: "a file stands where a folder belongs; choose another folder for the store",
    errno.EEXIST: "a file stands where a folder belongs; choose another folder for the store",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n) and try again",
}
"""What is wrong and what to do, by error number."""


@contextmanager
def disk_faults(folder: Path) -> Iterator[None]:
    """Turn an OSError into a StorageError of one line that names the store and the way out."""
    try:
        yield
    except OSError as error:
        way_out = WAYS_OUT.get(error.errno or 0, f"{error.strerror or error}; check the disk and try again")
        raise StorageError(f"{folder}: {way_out}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: a renamed file is only as safe as the folder that names it."""
    if sys.platform == "win32":  # a folder cannot be opened there; NTFS journals its names
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make `folder` and what leads to it, durable, readable by its owner alone: it holds patients' data.

    The parent is made durable even where the folder is found: its maker may not have come to that yet.
    """
    if not folder.parent.exists():
        make_folder(folder.parent)
    with suppress(PermissionError):  # an admin's folder inside one that we may not read
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
        return
    if not folder.is_dir():
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


class Temporary:
    """A file that is being written; it vanishes unless it is published. A context manager.

    Its writer holds a lock (flock) on it until it ends, however it ends: so `sweep` tells what a killed
    process left from what a live one is writing.
    """

    def __init__(self, folder: Path) -> None:
        self._path, handle = _create_locked(folder)
        self._file = os.fdopen(handle, "wb")

    def __enter__(self) -> Temporary:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self._path.unlink(missing_ok=True)
        finally:
            self._file.close()

    def write(self, chunk: bytes) -> None:
        """Append `chunk`."""
        self._file.write(chunk)

    def publish(self, home: Path) -> None:
        """Make the content durable, then give it its name in one step: `home` is whole or not there."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._path.replace(home)


def sweep(folder: Path) -> None:
    """Remove the temporary files whose writers are gone. What cannot be judged or removed stays."""
    for path in folder.iterdir():
        with suppress(OSError):
            _remove_if_abandoned(path)


def _create_locked(folder: Path) -> tuple[Path, int]:
    """Return a new locked file; made again if a sweep came between making and locking it."""
    while True:
        path = folder / f"{uuid4().hex}.part"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        if _lock(handle) and os.fstat(handle).st_nlink:
            return path, handle
        os.close(handle)


def _lock(handle: int) -> bool:
    """Lock a file without waiting; False when somebody else holds it."""
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # some network disks know no locks: then a sweep fails as well, and removes nothing
            return True
    return True


def _remove_if_abandoned(path: Path) -> None:
    if sys.platform == "win32":  # there an open file cannot be removed, so trying is safe
        path.unlink()
        return
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(handle)
