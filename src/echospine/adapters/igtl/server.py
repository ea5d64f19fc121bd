"""A live source for any number of clients over OpenIGTLink, as PLUS would serve it.

One thread asks the source for frames and encodes each once; another runs all lines. There is one newest frame and no
queue: whoever is ready for a frame gets the newest, and those it was too slow for are counted.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

from echospine.adapters.igtl.client import PORT, in_words
from echospine.adapters.igtl.contents import Code, Status
from echospine.adapters.igtl.crc import crc64
from echospine.adapters.igtl.frames import messages_of, messages_of_seen
from echospine.adapters.igtl.heads import stamp_of
from echospine.adapters.igtl.lines import Lines, Manner, ServerCounts
from echospine.adapters.igtl.messages import Message, encode
from echospine.domain.errors import InputError
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.ports import LiveSource, LiveState

Look: TypeAlias = Callable[[Frame], Interpretation | None]
NAME = "EchoSpine"
WAIT_S = 0.25
"""Longest wait for a frame or a client before somebody may stop the server."""
STOP_S = 5.0
CODES = {
    LiveState.LIVE: Code.OK,
    LiveState.CONNECTING: Code.NOT_READY,
    LiveState.STALE: Code.TIME_OUT,
    LiveState.LOST: Code.TIME_OUT,
    LiveState.CLOSED: Code.SHUT_DOWN,
}


def serve(
    source: LiveSource,
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    look: Look | None = None,
    manner: Manner | None = None,
    wall_s: Callable[[], float] = time.time,
) -> Serving:
    """Serve the frames of `source` from now on, in threads of its own; stop it, or use it in a `with` statement.

    Every client gets a STATUS, then for each frame its TRANSFORMs ("ProbeToTracker") and its IMAGE ("Image_Probe", or
    "Image" where nothing is known of its place), all with the frame's time, and a STATUS where nothing else goes.
    `look`: says what is seen in a frame, which goes right behind it: the map of structures as another IMAGE
    ("Structures_Probe"), view, level and quality as STRINGs.
    `port` 0 takes a free one. The source stays open. Raises InputError where nobody can listen at that address.
    """
    return Serving(source, _listener(host, port), look, manner or Manner(), wall_s)


class Serving:
    """A server at work. `host`, `port`: where it listens."""

    def __init__(
        self,
        source: LiveSource,
        listener: socket.socket,
        look: Look | None,
        manner: Manner,
        wall_s: Callable[[], float],
    ) -> None:
        self._source, self._look, self._version, self._wall_s = source, look, manner.version, wall_s
        self.host, self.port = listener.getsockname()[:2]
        self._began_s: float | None = None
        self._failure: BaseException | None = None
        self._stopped, self._over, began = threading.Event(), threading.Event(), threading.Event()
        self._lines = Lines(manner, self._status)
        works = {"lines": lambda: asyncio.run(self._lines.run(listener, began)), "source": self._pump}
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=f"igtl {name} {self.port}", daemon=True)
            for name, work in works.items()
        ]
        crc64(b"compiled before the first client comes")
        for thread in self._threads:
            thread.start()
        began.wait(STOP_S)

    @property
    def counts(self) -> ServerCounts:
        """What was served so far."""
        return self._lines.counts

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the source has ended or the server was stopped; return whether it did. Raises what broke it."""
        over = self._over.wait(timeout_s)
        if self._failure is not None:
            raise self._failure
        return over

    def stop(self) -> None:
        """Hang up on everybody and end, within a second or two; stopping twice does no harm."""
        self._stopped.set()
        self._over.set()
        self._lines.stop()
        for thread in self._threads:
            thread.join(STOP_S)

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do `work`; keep what breaks it for whoever waits."""
        try:
            work()
        except BaseException as error:
            self._failure = error
            self._lines.stop()
        self._over.set()

    def _pump(self) -> None:
        """Offer every frame that the source has, while somebody listens."""
        after = -1
        while not self._stopped.is_set() and self._source.state is not LiveState.CLOSED:
            if not self._lines.wanted.wait(WAIT_S):
                continue
            frame = self._source.latest(after, WAIT_S)
            if frame is not None:
                after = frame.index
                self._lines.offer(b"".join(encode(message, self._version) for message in self._messages(frame)))

    def _messages(self, frame: Frame) -> Iterator[Message]:
        """Yield the messages of a frame, and of what is seen in it: the same stamp says that they belong together."""
        stamp = stamp_of(self._time_s(frame))
        yield from messages_of(frame, stamp)
        seen = None if self._look is None else self._look(frame)
        if seen is not None:
            yield from messages_of_seen(frame, seen, stamp)

    def _time_s(self, frame: Frame) -> float:
        """Return the time of a frame, s since 1970: steps as the source tells them, from when the first one came."""
        if frame.time_s is None:
            return self._wall_s()
        if self._began_s is None:
            self._began_s = self._wall_s() - frame.time_s
        return self._began_s + frame.time_s

    def _status(self) -> bytes:
        state = self._source.state
        status = Status(CODES[state], name=state.value, text=self._source.trouble)
        return encode(Message(status, NAME, stamp_of(self._wall_s())), self._version)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        why = in_words(error)
        raise InputError(f"cannot serve OpenIGTLink at {host} port {port} ({why}); choose another --port") from error
