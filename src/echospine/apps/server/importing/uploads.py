"""Uploads: from a request to files in a folder of their own, or to nothing at all."""

from __future__ import annotations

import asyncio
import math
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from echospine.apps.server.importing.forms import FormWriter, require_room
from echospine.apps.server.limits import MIB, Limits
from echospine.apps.server.problems import Refused
from echospine.domain.errors import EchoSpineError, InputError, StorageError, TooLargeError
from echospine.ports import LocalFile

BATCH_BYTES = MIB
"""How much is gathered before a thread writes it: small pieces would cost more in hand-overs than in writing."""
COPIES = 2
"""An upload lies on the disk twice for a moment: as it came, and in the store."""
LINGER_S = 5.0
LINGER_IDLE_S = 0.5
LINGER_BYTES = 512 * MIB
"""How long, and for how much, a refused upload is still read: a browser hears the answer only when it has sent all."""
KNOWN_FIELDS = frozenset({"exam_id", "title", "pixel_spacing_mm", "who"})


@dataclass(frozen=True, slots=True)
class Upload:
    """Received files and what was said with them. `folder` holds them, and goes with `discard`."""

    folder: Path
    files: tuple[LocalFile, ...]
    exam_id: str | None = None
    title: str = ""
    pixel_spacing_mm: float | None = None
    who: str = ""

    def discard(self) -> None:
        """Remove all files of the upload."""
        shutil.rmtree(self.folder, ignore_errors=True)


class _Body:
    """The body of one request, piece by piece."""

    def __init__(self, request: Request) -> None:
        self._receive = request.receive
        self._whole = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the pieces as they come; raises ClientDisconnect when the client went away."""
        while not self._whole:
            yield await self._next()

    async def drain(self) -> None:
        """Read on for a while and throw away; see LINGER_S."""
        left = LINGER_BYTES
        with suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(LINGER_S):
                while left > 0 and not self._whole:
                    async with asyncio.timeout(LINGER_IDLE_S):
                        left -= len(await self._next())

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._whole = True
            raise ClientDisconnect
        self._whole = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece


class Uploads:
    """Receives uploads below one folder, in constant memory and within the limits."""

    def __init__(self, scratch: Path, limits: Limits) -> None:
        self._scratch = scratch
        self._limits = limits

    async def receive(self, request: Request, admit: Callable[[], None]) -> Upload:
        """Stream a form to disk, unless `admit` raises. What goes wrong, a vanished client too, leaves nothing behind.

        Raises InputError, TooLargeError, StorageError; ClientDisconnect when the client went away.
        """
        body = _Body(request)
        try:
            admit()
            self._require_acceptable(request.headers.get("content-length", "0"))
            folder = await to_thread.run_sync(self._new_folder)
            try:
                return await self._receive_into(folder, request.headers.get("content-type", ""), body)
            except BaseException:
                # Shielded: a folder must go even where the task that received it was cancelled.
                await asyncio.shield(to_thread.run_sync(_remove, folder))
                raise
        except (EchoSpineError, Refused):
            await body.drain()
            raise

    def _require_acceptable(self, content_length: str) -> None:
        declared = int(content_length) if content_length.isdecimal() else 0
        if declared > self._limits.upload_bytes:
            raise TooLargeError(
                f"the upload is {declared / 1e9:.1f} GB, the limit is {self._limits.upload_bytes / 1e9:.1f} GB in all; "
                "send fewer files at a time"
            )
        require_room(self._scratch, COPIES * declared, self._limits)

    def _new_folder(self) -> Path:
        try:
            return Path(tempfile.mkdtemp(prefix="upload-", dir=self._scratch))
        except OSError as error:
            raise StorageError(f"an upload cannot be kept ({error.strerror}); check the disk and try again") from error

    async def _receive_into(self, folder: Path, content_type: str, body: _Body) -> Upload:
        with FormWriter(folder, self._limits) as form:
            form.begin(content_type)
            batch = bytearray()
            async for piece in body.pieces():
                batch += piece
                if len(batch) >= BATCH_BYTES:
                    await to_thread.run_sync(form.feed, bytes(batch))
                    batch.clear()
            await to_thread.run_sync(form.feed, bytes(batch))
            form.finish()
        return _as_said(folder, form)


def _as_said(folder: Path, form: FormWriter) -> Upload:
    """Return the upload; raises InputError for fields that are unknown or make no sense."""
    unknown = sorted(set(form.fields) - KNOWN_FIELDS)
    if unknown:
        raise InputError(
            f"the form has an unknown field {unknown[0][:40]!r}; known are {', '.join(sorted(KNOWN_FIELDS))}"
        )
    if not form.files:
        raise InputError("the upload holds no file; add recordings under the name `files`")
    return Upload(
        folder,
        tuple(form.files),
        exam_id=form.fields.get("exam_id", "").strip() or None,
        title=form.fields.get("title", "").strip(),
        pixel_spacing_mm=_spacing_mm(form.fields.get("pixel_spacing_mm", "")),
        who=form.fields.get("who", "").strip(),
    )


def _spacing_mm(said: str) -> float | None:
    if not said.strip():
        return None
    try:
        spacing_mm = float(said)
    except ValueError:
        spacing_mm = math.nan
    if not (math.isfinite(spacing_mm) and spacing_mm > 0):
        raise InputError(f"pixel_spacing_mm is {said[:40]!r}; it is the size of a pixel in mm, a number above zero")
    return spacing_mm


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
