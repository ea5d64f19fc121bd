"""The in-memory twin of the object store on a disk."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from hashlib import sha256
from pathlib import Path

from echospine.adapters.objects.content import absent, chunks, require_digest


class MemoryObjects:
    """An ObjectStore that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._folder: Path | None = None

    def put(self, data: bytes) -> str:
        """Keep `data`; return its digest."""
        digest = sha256(data).hexdigest()
        self._kept[digest] = bytes(data)
        return digest

    def put_file(self, path: Path) -> tuple[str, int]:
        """Keep a file's content; return its digest and its size. Raises UnreadableError."""
        data = b"".join(chunks(path))
        return self.put(data), len(data)

    def get(self, digest: str) -> bytes:
        """Return the very bytes; raises NotFound."""
        require_digest(digest)
        try:
            return self._kept[digest]
        except KeyError:
            raise absent(digest) from None

    def path(self, digest: str) -> Path:
        """Return a file with the bytes, in a private folder that lives as long as this store."""
        data = self.get(digest)
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="echospine-objects-"))
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            file = self._folder / digest
            if not file.exists():
                file.write_bytes(data)
        return file
