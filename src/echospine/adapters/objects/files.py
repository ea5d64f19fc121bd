"""Objects as files of a folder: `<folder>/<first two digits>/<digest>`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from echospine.adapters.objects.content import CHUNK_BYTES, absent, chunks, require_digest
from echospine.adapters.objects.disk import Temporary, disk_faults, make_folder, sweep, sync_folder
from echospine.domain.errors import StorageError


class FileObjects:
    """An ObjectStore on a disk, for any number of threads and processes at a time.

    An object is written to a temporary file on the same disk, fsynced, renamed to its digest, and its folder
    is fsynced before `put` returns. So a name is whole or absent at every moment, and an acknowledged object
    survives a kill and a power cut. 256 folders keep each short enough for any file system to list.

    Opening makes `folder` and removes what killed writers left, never what a live one is writing. Raises
    StorageError where the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._incoming = self._folder / "incoming"
        self._homes: set[Path] = set()
        with disk_faults(self._folder):
            make_folder(self._incoming)
            sweep(self._incoming)

    def put(self, data: bytes) -> str:
        """Keep `data`, durable when it returns; raises StorageError, and then nothing of it is kept."""
        return self._keep((data,))[0]

    def put_file(self, path: Path) -> tuple[str, int]:
        """Keep a file's content in constant memory; return its digest and its size in bytes.

        The digest is of what was kept, whatever happens to the file meanwhile. Raises UnreadableError for
        the file, StorageError for the store; then nothing of it is kept.
        """
        return self._keep(chunks(path))

    def get(self, digest: str) -> bytes:
        """Return the very bytes; raises NotFound, or StorageError when they no longer match."""
        home = self._home(digest)
        with disk_faults(self._folder):
            try:
                data = home.read_bytes()
            except FileNotFoundError:
                raise absent(digest) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise StorageError(
                f"{home}: is damaged: its content no longer has that digest; "
                "restore it from a backup, or import the original again"
            )
        return data

    def path(self, digest: str) -> Path:
        """Return the file that holds the bytes, not verified, never to be written to; raises NotFound."""
        home = self._home(digest)
        with disk_faults(self._folder):
            if not home.is_file():
                raise absent(digest)
        return home

    def _home(self, digest: str) -> Path:
        require_digest(digest)
        return self._folder / digest[:2] / digest

    def _keep(self, content: Iterable[bytes]) -> tuple[str, int]:
        hasher, size = hashlib.sha256(), 0
        with disk_faults(self._folder), Temporary(self._incoming) as temporary:
            for chunk in content:
                temporary.write(chunk)
                hasher.update(chunk)
                size += len(chunk)
            home = self._home(hasher.hexdigest())
            self._prepare(home.parent)
            if not _intact(home):
                temporary.publish(home)
            sync_folder(home.parent)  # also where another process wrote it and has not come to that yet
        return home.name, size

    def _prepare(self, folder: Path) -> None:
        if folder not in self._homes:
            make_folder(folder)
            self._homes.add(folder)


def _intact(home: Path) -> bool:
    """True when the object is there and still what its name says; a damaged one is to be written again."""
    hasher = hashlib.sha256()
    try:
        with home.open("rb", buffering=0) as kept:
            while chunk := kept.read(CHUNK_BYTES):
                hasher.update(chunk)
    except OSError:
        return False
    return hasher.hexdigest() == home.name
