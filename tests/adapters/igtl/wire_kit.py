"""Real lines for the tests of OpenIGTLink: a source of frames, plain clients, and a relay that cuts and delays."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from echospine.adapters.igtl.messages import Damaged, Message, Unpacker
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.poses import Pose
from echospine.workflow.live import Newest

BOUND_S = 10.0
"""Every wait of a test ends within this, or the test fails."""


def tracked_frame(index: int, size: int = 64, time_s: float | None = None) -> Frame:
    """Return a frame whose pixels and probe tell its index, so that a mix of two would be seen."""
    pixels = np.full((size, size), index % 251, np.uint8)
    probe, image = np.eye(4), np.diag([0.2, 0.1, 1.0, 1.0])
    probe[0, 3] = index
    poses = (Pose("Tracker", "Probe", probe), Pose("Probe", "Image", image))
    geometry = ImageGeometry.uniform(size, size, 0.2, 0.1, Spacing.IMAGE_TO_PROBE)
    return Frame(pixels, geometry, index, index / 50 if time_s is None else time_s, poses)


def whole(frame: Frame) -> bool:
    """True when pixels and transforms of a frame belong together."""
    number = frame.pose("Tracker", "Probe").matrix[0, 3]
    return bool(np.all(frame.pixels == number % 251))


@contextmanager
def source_of_frames(rate_hz: float = 100.0, size: int = 64) -> Iterator[Newest]:
    """Give a live source that is fed in a thread of its own."""
    with Newest("test scanner") as newest:
        done = threading.Event()

        def feed() -> None:
            index = 0
            while not done.wait(1 / rate_hz):
                newest.put(tracked_frame(index, size, index / rate_hz))
                index += 1

        thread = threading.Thread(target=feed, daemon=True)
        thread.start()
        try:
            yield newest
        finally:
            done.set()
            thread.join(BOUND_S)


def until(true: Callable[[], object], within_s: float = BOUND_S) -> bool:
    """Wait until `true()`; return whether it came true in time."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        if true():
            return True
        time.sleep(0.005)
    return False


class PlainClient:
    """A client that only listens: everything it hears is taken apart, and nothing is damaged."""

    def __init__(self, port: int) -> None:
        self.line = socket.create_connection(("127.0.0.1", port), BOUND_S)
        self.line.settimeout(BOUND_S)
        self._unpacker = Unpacker()
        self.heard: list[Message] = []

    def hear(self, enough: Callable[[list[Message]], bool], within_s: float = BOUND_S) -> list[Message]:
        """Listen until `enough` was heard; return it all."""
        end_s = time.monotonic() + within_s
        while not enough(self.heard):
            assert time.monotonic() < end_s, f"only {[m.device for m in self.heard]} within {within_s} s"
            data = self.line.recv(1 << 16)
            assert data, "the server hung up"
            for one in self._unpacker.feed(data):
                assert not isinstance(one, Damaged), one
                self.heard.append(one)
        return self.heard

    def images(self, count: int) -> list[Message]:
        """Listen until `count` more pictures were heard; return them."""
        before = len(self._images())
        self.hear(lambda _: len(self._images()) >= before + count)
        return self._images()[before:]

    def _images(self) -> list[Message]:
        return [message for message in self.heard if message.device == "Image_Probe"]

    def __enter__(self) -> PlainClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self.line.close()


class Relay:
    """A userspace TCP relay in front of a server, whose lines can be cut, held and slowed down."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.held = False
        self.deaf = False
        self.piece_bytes, self.piece_s = 1 << 16, 0.0
        self._lines: list[socket.socket] = []
        self._over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Cut all lines, hard: what is on its way is lost."""
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        self._lines = []

    def close(self) -> None:
        self._over.set()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                here, _ = self._listener.accept()
                if self.deaf:
                    here.close()
                    continue
                there = socket.socket()
                there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)  # a relay that keeps little back
                there.connect(("127.0.0.1", self._target))
                self._lines += [here, there]
                threading.Thread(target=self._carry, args=(here, there), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as ready:
            ready.register(here, selectors.EVENT_READ, there)
            ready.register(there, selectors.EVENT_READ, here)
            while not self._over.is_set():
                for key, _ in ready.select(0.05):
                    if self.held:
                        time.sleep(0.01)
                        continue
                    data = key.fileobj.recv(self.piece_bytes)
                    if not data:
                        raise ConnectionError
                    time.sleep(self.piece_s)
                    key.data.sendall(data)
        here.close()
        there.close()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
