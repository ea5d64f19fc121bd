"""The lines to all clients of a server, in one event loop: each gets the newest bytes when it is ready for them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from echospine.adapters.igtl.messages import Unpacker
from echospine.domain.errors import InputError

PIECE_BYTES = 1 << 16
"""A client that takes so much within `stall_s` is slow, not gone."""
HEARD_PER_S = 4 << 20
"""Bytes that are heard of one client in a second; nobody keeps the server busy by talking."""
LAST_S = 2.0
"""Longest wait for the last lines to close."""
GONE_MS = 10_000
"""After so long without an answer the system gives a client up (where it can be told)."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How clients are served.

    `version`: of the headers, 1 for clients that know no metadata; `heartbeat_s`: a STATUS where nothing else went for
    so long; `stall_s`: a client that takes not one piece of a message within it is let go; `most`: clients at a time.
    """

    version: int = 2
    heartbeat_s: float = 1.0
    stall_s: float = 5.0
    most: int = 32


@dataclass(frozen=True, slots=True)
class ServerCounts:
    """What was served so far.

    `clients`: on the line now; `came`, `refused`: so far, the second for want of room; `garbage`, `stalled`: let go for
    not speaking the protocol, for taking nothing; `frames`: that there were while somebody listened; `sent`, `dropped`:
    frames over all clients, the second because the client was too slow for them.
    """

    clients: int = 0
    came: int = 0
    refused: int = 0
    garbage: int = 0
    stalled: int = 0
    frames: int = 0
    sent: int = 0
    dropped: int = 0


class Lines:
    """All lines of one server. `offer` may be called from any thread; `status` says the bytes of a STATUS."""

    def __init__(self, manner: Manner, status: Callable[[], bytes]) -> None:
        self._manner, self._status = manner, status
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._newest, self._number = b"", 0
        self._announced = True
        self._fresh: set[asyncio.Event] = set()
        self._attending: set[asyncio.Task[None]] = set()
        self.counts = ServerCounts()
        self.wanted = threading.Event()
        """Set while somebody listens."""

    def offer(self, data: bytes) -> None:
        """Send `data` to every client that is ready, and to the others once they are, unless there is newer by then."""
        self._add(frames=1)
        with self._lock:
            announced, self._announced = self._announced, False
            self._newest, self._number = data, self._number + 1
            if announced and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._announce)

    def stop(self) -> None:
        """Hang up on everybody."""
        with self._lock:
            if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def run(self, listener: socket.socket, began: threading.Event) -> None:
        """Serve who calls at `listener` until `stop`; sets `began` once calls are taken."""
        stopping = asyncio.Event()
        with self._lock:
            self._loop, self._stopping = asyncio.get_running_loop(), stopping
        server = await asyncio.start_server(self._attend, sock=listener)
        began.set()
        await stopping.wait()
        server.close()
        if self._attending:
            await asyncio.wait(self._attending, timeout=LAST_S)

    def _announce(self) -> None:
        with self._lock:
            self._announced = True
        for fresh in self._fresh:
            fresh.set()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it leaves, talks garbage, or stalls."""
        if len(self._fresh) >= self._manner.most:
            self._add(refused=1)
            writer.transport.abort()
            return
        fresh, works = self._come(reader, writer)
        try:
            await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._leave(fresh)
            for work in works:
                work.cancel()
            writer.transport.abort()
            await asyncio.gather(*works, return_exceptions=True)

    def _come(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.Event, list[asyncio.Task[object]]]:
        """Begin what is done for a client beside each other; it is over when one of these ends."""
        fresh, stopping, task = asyncio.Event(), self._stopping or asyncio.Event(), asyncio.current_task()
        number = self._number  # before anybody is asked for a frame: the first one that comes is for this client too
        if task is not None:
            self._attending.add(task)
            task.add_done_callback(self._attending.discard)
        self._fresh.add(fresh)
        self._add(clients=1, came=1)
        self.wanted.set()
        return fresh, [
            asyncio.create_task(self._hear(reader)),
            asyncio.create_task(self._tell(writer, fresh, number)),
            asyncio.create_task(stopping.wait()),
        ]

    def _leave(self, fresh: asyncio.Event) -> None:
        self._fresh.discard(fresh)
        self._add(clients=-1)
        if not self._fresh:
            self.wanted.clear()

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        """Pass over what the client asks for (GET_, STT_, STP_): it gets everything anyway. Ends with the client."""
        unpacker = Unpacker(wanted=())
        with contextlib.suppress(OSError):
            while data := await reader.read(PIECE_BYTES):
                try:
                    list(unpacker.feed(data))
                except InputError:
                    self._add(garbage=1)
                    return
                await asyncio.sleep(len(data) / HEARD_PER_S)

    async def _tell(self, writer: asyncio.StreamWriter, fresh: asyncio.Event, number: int) -> None:
        """Send a STATUS, then always the newest after `number`, then a STATUS where there is nothing newer."""
        _prepare(writer)
        with contextlib.suppress(OSError):
            await self._send(writer, self._status())
            while True:
                try:
                    async with asyncio.timeout(self._manner.heartbeat_s):
                        await fresh.wait()
                except TimeoutError:
                    await self._send(writer, self._status())
                    continue
                fresh.clear()
                with self._lock:
                    newest, data = self._number, self._newest
                if newest == number:  # it was taken before it was announced
                    continue
                self._add(dropped=newest - number - 1)
                number = newest
                await self._send(writer, data)
                self._add(sent=1)

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Send all of it, piece by piece, each within `stall_s`; raises OSError."""
        view = memoryview(data)
        for at in range(0, len(view), PIECE_BYTES):
            writer.write(view[at : at + PIECE_BYTES])
            try:
                async with asyncio.timeout(self._manner.stall_s):
                    await writer.drain()
            except TimeoutError:
                self._add(stalled=1)
                raise ConnectionError("the client takes nothing") from None

    def _add(self, **more: int) -> None:
        with self._lock:
            self.counts = replace(self.counts, **{name: getattr(self.counts, name) + by for name, by in more.items()})


def _prepare(writer: asyncio.StreamWriter) -> None:
    """Let little pile up on the way to the client: what lies in buffers gets old."""
    writer.transport.set_write_buffer_limits(high=0)
    line = writer.get_extra_info("socket")
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in (("TCP_NOTSENT_LOWAT", PIECE_BYTES), ("TCP_USER_TIMEOUT", GONE_MS)):
        if hasattr(socket, name):
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
