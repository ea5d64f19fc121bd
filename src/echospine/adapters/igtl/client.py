"""Live frames from a device over OpenIGTLink: one thread that connects, listens, and connects again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from echospine.adapters.igtl.contents import Code, Picture, Status
from echospine.adapters.igtl.crc import crc64
from echospine.adapters.igtl.frames import NUMBER, Framer
from echospine.adapters.igtl.joining import WAIT_S, Joined, Joiner
from echospine.adapters.igtl.messages import Damaged, Message, Unpacker
from echospine.domain.errors import EchoSpineError
from echospine.domain.frames import Frame
from echospine.ports import LiveCounts, LiveState

PORT = 18944
"""Where OpenIGTLink is served unless somebody says otherwise."""
PIECE_BYTES = 1 << 18
IDLE_S = 0.2
"""Longest wait for a byte before the thread looks whether somebody hung up."""
CLOSE_S = 3.0
WANTED = ("IMAGE", "TRANSFORM", "TDATA", "STATUS")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the client waits, seconds.

    `connect_s`: for an answer to a call; `stale_s`: until a picture is no longer live; `silent_s`: for a byte, until
    the link counts as cut; `retry_s`, `retry_most_s`: before another call, doubled each time up to the second.
    """

    connect_s: float = 3.0
    stale_s: float = 1.0
    silent_s: float = 5.0
    retry_s: float = 0.25
    retry_most_s: float = 4.0


def open_igtl(
    host: str, port: int = PORT, *, patience: Patience | None = None, now_s: Callable[[], float] = time.monotonic
) -> IgtlSource:
    """Return the live frames of the device at that address; returns at once, whether it answers or not.

    Its `state` and `trouble` tell how the line stands. Close it, or use it in a `with` statement.
    """
    return IgtlSource(host, port, patience or Patience(), now_s)


class IgtlSource:
    """A LiveSource: the newest frame of a device, and what became of the others."""

    def __init__(self, host: str, port: int, patience: Patience, now_s: Callable[[], float]) -> None:
        self._host, self._port, self._patience, self._now_s = host, port, patience, now_s
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._taken = True
        self._counts = LiveCounts()
        self._called = False
        self._linked_s: float | None = None
        self._trouble = ""
        self._closed = threading.Event()
        self._framer = Framer()
        self._number: int | None = None
        self._thread = threading.Thread(target=self._run, name=f"igtl {host}:{port}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The address."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"igtl://{host}:{self._port}"

    @property
    def state(self) -> LiveState:
        """How the line stands now."""
        with self._changed:
            if self._closed.is_set():
                return LiveState.CLOSED
            if self._linked_s is None:
                return LiveState.LOST if self._called else LiveState.CONNECTING
            newest = None if self._frame is None else self._frame.arrived_s
            fresh = newest is not None and newest >= self._linked_s
            since_s = self._now_s() - (newest if newest is not None and fresh else self._linked_s)
            if since_s > self._patience.stale_s:
                return LiveState.STALE
            return LiveState.LIVE if fresh else LiveState.CONNECTING

    @property
    def trouble(self) -> str:
        """What stands in the way, one sentence; empty where nothing does."""
        state = self.state
        with self._changed:
            if state is LiveState.LOST:
                return f"{self.name}: {self._trouble}; trying again."
            if state is LiveState.STALE:
                return f"{self.name}: {self._trouble or f'no picture for more than {self._patience.stale_s:g} s'}."
            return ""

    @property
    def counts(self) -> LiveCounts:
        """Frames so far."""
        return self._counts

    def latest(self, after_index: int = -1, timeout_s: float = 0.0) -> Frame | None:
        """Return the newest frame whose index is above `after_index`, waiting for it at most `timeout_s`; or None."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed.is_set() or self._newer(after_index), max(0.0, timeout_s))
            if self._closed.is_set() or not self._newer(after_index):
                return None
            self._taken = True
            return self._frame

    def close(self) -> None:
        """Hang up; the thread ends within a second or two, in the middle of a message too."""
        self._closed.set()
        with self._changed:
            self._frame = None
            self._changed.notify_all()
        self._thread.join(CLOSE_S)

    def __enter__(self) -> IgtlSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _newer(self, after_index: int) -> bool:
        return self._frame is not None and self._frame.index > after_index

    def _run(self) -> None:
        """Call, listen, and call again, until somebody hangs up."""
        crc64(b"compiled before the first picture comes")
        wait_s = self._patience.retry_s
        while not self._closed.is_set():
            received = self._counts.received
            try:
                with self._call() as line:
                    self._listen(line)
            except (OSError, EchoSpineError) as error:
                self._hung_up(in_words(error))
            if self._counts.received > received:
                wait_s = self._patience.retry_s
            self._closed.wait(wait_s)
            wait_s = min(2 * wait_s, self._patience.retry_most_s)

    def _call(self) -> socket.socket:
        line = socket.create_connection((self._host, self._port), self._patience.connect_s)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._changed:
            self._linked_s, self._trouble, self._number = self._now_s(), "", None
        return line

    def _hung_up(self, why: str) -> None:
        with self._changed:
            self._linked_s, self._called, self._trouble = None, True, why

    def _listen(self, line: socket.socket) -> None:
        """Take in what comes until the line is cut; raises OSError or InputError then."""
        unpacker, joiner = Unpacker(WANTED), Joiner()
        heard_s = self._now_s()
        while not self._closed.is_set():
            line.settimeout(WAIT_S if joiner.waiting else IDLE_S)
            try:
                data = line.recv(PIECE_BYTES)
            except TimeoutError:
                data = None
            now_s = self._now_s()
            if data is None and now_s - heard_s > self._patience.silent_s:
                raise ConnectionError(f"nothing was heard for {self._patience.silent_s:g} s")
            if data == b"":
                raise ConnectionError("the device hung up")
            for joined in joiner.due(now_s):
                self._show(joined)
            if data is not None:
                heard_s = now_s
                for message in unpacker.feed(data):
                    self._take(message, joiner, now_s)

    def _take(self, message: Message | Damaged, joiner: Joiner, now_s: float) -> None:
        if isinstance(message, Damaged):
            self._count_bad(1, message.reason)
            return
        if isinstance(message.content, Status):
            self._told(message.content)
        elif isinstance(message.content, Picture):
            self._count_gap(message)
        for joined in joiner.add(message, now_s):
            self._show(joined)

    def _show(self, joined: Joined) -> None:
        """Hold the frame from now on."""
        try:
            frame, bad = self._framer.frame(joined)
        except EchoSpineError as error:
            self._count_bad(1, str(error))
            return
        with self._changed:
            self._trouble = ""
            lost = self._counts.dropped + (not self._taken)
            self._counts = replace(self._counts, received=self._counts.received + 1, dropped=lost)
            self._frame, self._taken = frame, False
            self._changed.notify_all()
        if bad:
            self._count_bad(bad, "a transform is singular")

    def _count_bad(self, count: int, why: str) -> None:
        with self._changed:
            self._counts = replace(self._counts, bad=self._counts.bad + count)
            self._trouble = why

    def _count_gap(self, message: Message) -> None:
        """Count the frames that the device numbered and that did not come over this line."""
        text = message.metadata.get(NUMBER, "")
        number = int(text) if text.isdecimal() and len(text) < 19 else None
        if number is not None and self._number is not None and number > self._number + 1:
            with self._changed:
                self._counts = replace(self._counts, dropped=self._counts.dropped + number - self._number - 1)
        self._number = number

    def _told(self, status: Status) -> None:
        """Keep what the device says of itself, to be shown where no picture comes."""
        with self._changed:
            self._trouble = (
                "" if status.code == Code.OK else (status.text or status.name or f"device status {status.code}")
            )


def in_words(error: Exception) -> str:
    """Return what went wrong on a line, without the machinery around it."""
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
