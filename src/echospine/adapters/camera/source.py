"""The newest picture of a camera: one thread that opens it, decodes, and opens it again when it was pulled out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from echospine.adapters.camera.inputs import Input, input_of, pixels_of
from echospine.domain.errors import EchoSpineError
from echospine.domain.frames import Frame, check_size
from echospine.domain.images import ImageGeometry
from echospine.ports import LiveCounts, LiveState

STALE_S = 1.0
"""A picture older than this is not live any more."""
OPEN_S, READ_S = 5.0, 3.0
"""Longest waits for a device to open, and for its next packet, where FFmpeg can be told."""
RETRY_S = 1.0
CLOSE_S = 4.0
LONGEST_STEP_S = 5.0
"""A video file whose times jump by more is played on at once."""


def open_camera(device: str, *, now_s: Callable[[], float] = time.monotonic) -> CameraSource:
    """Return the live frames of a camera; at once, whether it is there or not. `state` and `trouble` tell.

    `device`: a number, a name or device file, or the path of a video file, which is played at its pace again and again.
    """
    return CameraSource(device, input_of(device), now_s)


class CameraSource:
    """A LiveSource: the newest frame of a camera. Its pictures carry no scale: they are uncalibrated."""

    def __init__(self, device: str, what: Input, now_s: Callable[[], float]) -> None:
        self._device, self._what, self._now_s = device, what, now_s
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._taken = True
        self._counts = LiveCounts()
        self._trouble = ""
        self._timeline = Timeline()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {device}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The address."""
        return f"camera://{self._device}"

    @property
    def state(self) -> LiveState:
        """How the camera stands now."""
        with self._changed:
            if self._closed.is_set():
                return LiveState.CLOSED
            if self._trouble:
                return LiveState.LOST
            if self._frame is None or self._frame.arrived_s is None:
                return LiveState.CONNECTING
            return LiveState.LIVE if self._now_s() - self._frame.arrived_s <= STALE_S else LiveState.STALE

    @property
    def trouble(self) -> str:
        """What stands in the way, one sentence; empty where nothing does."""
        state = self.state
        if state is LiveState.LOST:
            return f"{self.name}: {self._trouble}; trying again."
        return f"{self.name}: no picture for more than {STALE_S:g} s." if state is LiveState.STALE else ""

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
        """Let go of the camera; closing twice does no harm."""
        self._closed.set()
        with self._changed:
            self._frame = None
            self._changed.notify_all()
        self._thread.join(CLOSE_S)

    def __enter__(self) -> CameraSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _newer(self, after_index: int) -> bool:
        return self._frame is not None and self._frame.index > after_index

    def _run(self) -> None:
        """Open, show, and open again, until somebody closes; a file that ended begins again at once."""
        while not self._closed.is_set():
            try:
                received = self._counts.received
                self._play()
                why = "it gives no pictures" if self._counts.received == received else ""
                why = why or ("" if self._what.paced else "it ended")
            except (av.error.FFmpegError, OSError, EchoSpineError) as error:
                why = in_words(error)
            if why:
                self._stop(why)
                self._closed.wait(RETRY_S)

    def _play(self) -> None:
        """Show what the camera gives until it ends."""
        what = self._what
        with av.open(what.path, format=what.format, options=dict(what.options), timeout=(OPEN_S, READ_S)) as container:
            stream = container.streams.video[0] if container.streams.video else None
            if stream is None:
                raise OSError(0, "it has no picture")
            stream.thread_type = "NONE"  # threads of the decoder would hold pictures back
            pacer = Pacer(self._closed, self._now_s)
            for packet in container.demux(stream):
                for picture in self._decoded(packet):
                    if what.paced:
                        pacer.wait(picture.time)
                    self._show(picture)
                    if self._closed.is_set():
                        return

    def _decoded(self, packet: av.Packet[VideoStream]) -> list[VideoFrame]:
        try:
            return [one for one in packet.decode() if isinstance(one, VideoFrame)]
        except av.error.InvalidDataError:
            with self._changed:
                self._counts = replace(self._counts, bad=self._counts.bad + 1)
            return []

    def _show(self, picture: VideoFrame) -> None:
        """Hold the picture from now on."""
        check_size(self.name, picture.width, picture.height)
        now_s = self._now_s()
        pixels = pixels_of(picture)
        index = self._counts.received
        geometry = ImageGeometry(pixels.shape[1], pixels.shape[0])
        frame = Frame(pixels, geometry, index, self._timeline.at(picture.time, now_s), arrived_s=now_s)
        with self._changed:
            if self._closed.is_set():
                return
            self._counts = replace(self._counts, received=index + 1, dropped=self._counts.dropped + (not self._taken))
            self._frame, self._taken, self._trouble = frame, False, ""
            self._changed.notify_all()

    def _stop(self, why: str) -> None:
        with self._changed:
            self._trouble = why


class Timeline:
    """Seconds since the first picture, by the camera's clock, or by ours where that jumps or is missing."""

    def __init__(self) -> None:
        self._last: tuple[float | None, float, float] | None = None

    def at(self, camera_s: float | None, arrived_s: float) -> float:
        """Return the time of a picture that the camera dates `camera_s` and that arrived at `arrived_s`."""
        time_s = 0.0
        if self._last is not None:
            last_camera_s, last_arrived_s, last_s = self._last
            step_s = None if camera_s is None or last_camera_s is None else camera_s - last_camera_s
            even = step_s is not None and 0 < step_s <= LONGEST_STEP_S
            time_s = last_s + (step_s if even and step_s is not None else max(0.0, arrived_s - last_arrived_s))
        self._last = camera_s, arrived_s, time_s
        return time_s


class Pacer:
    """Holds the pictures of a file back until they are due."""

    def __init__(self, closed: threading.Event, now_s: Callable[[], float]) -> None:
        self._closed, self._now_s = closed, now_s
        self._last: tuple[float, float] | None = None

    def wait(self, time_s: float | None) -> None:
        """Wait until the picture of that time is due, counted from the one before; or until somebody closes."""
        now_s = self._now_s()
        if time_s is None:
            return
        due_s = now_s
        if self._last is not None:
            step_s = time_s - self._last[0]
            due_s = self._last[1] + step_s if 0 < step_s <= LONGEST_STEP_S else now_s
        self._closed.wait(max(0.0, due_s - now_s))
        self._last = time_s, max(due_s, now_s - LONGEST_STEP_S)


def in_words(error: Exception) -> str:
    """Return what went wrong, without the machinery around it."""
    if isinstance(error, av.error.FileNotFoundError):
        return "there is no such camera"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return str(error)
