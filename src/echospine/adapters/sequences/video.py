"""Video (mp4, mov, avi, mkv ... whatever FFmpeg reads) as a FrameSource, exact to the frame.

At opening the packets are listed, not decoded: their presentation times give the number of frames, the
time of each (a varying rate included) and the key frames from which a jump can start. A frame is reached by
decoding on from where the decoder stands, or from the nearest key frame before it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from echospine.adapters.sequences.files import damaged, decoding, open_file
from echospine.adapters.sequences.source import LazySource, choose_geometry
from echospine.domain.errors import InputError, TooLargeError, TruncatedError, UnsupportedError
from echospine.domain.frames import MAX_FRAMES, MAX_PIXELS, Frame, RecordingHeader, TimeSource, check_size
from echospine.domain.images import ImageGeometry
from echospine.domain.units import Pixels
from echospine.ports import LocalFile

_LIMITS = {"max_pixels": str(MAX_PIXELS)}
"""Told to FFmpeg for probing and for decoding: it decodes a picture to tell its size."""
_SQUARE_WITHIN = 0.01
_END_SLACK_S = 0.5


@dataclass(frozen=True, slots=True)
class _Index:
    """Presentation times of all frames and of the key frames, in ticks, ascending.

    `cut`: the video ends early; `by_count`: the container knows no such times, so frames are counted instead.
    """

    pts: list[int]
    keys: list[int]
    cut: bool
    by_count: bool = False


class _Player:
    """A decoder and where it stands; knows how to get to the frame of a presentation time."""

    def __init__(self, file: LocalFile) -> None:
        self._name = file.name
        self._bytes: BinaryIO = open_file(file)
        self.at: int | None = None
        self.gap: tuple[int | None, int | None] = (None, None)
        self.by_count = False
        try:
            self._container = self._opened()
            self._start()
        except BaseException:
            self._bytes.close()
            raise

    @property
    def stream(self) -> VideoStream:
        """The stream of moving pictures."""
        return self._stream

    @property
    def declared_s(self) -> float | None:
        """How long the stream, or else the container, says that it lasts, seconds."""
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        total = self._container.duration
        return total / av.time_base if total is not None else None

    def rewind(self) -> None:
        """Open the container again and stand before its first frame."""
        with _ffmpeg(self._name):
            self._container.close()
        self._container = self._opened()
        self._start()

    def jump(self, key: int) -> None:
        """Stand before the key frame at `key` or one before it."""
        with _ffmpeg(self._name):
            self._container.seek(key, stream=self._stream)
        self._frames = self._decoded()
        self.at = None

    @property
    def reorders_unseen(self) -> bool:
        """True where frames are stored in another order than shown, and the container does not say in which."""
        return self._container.format.name == "avi" and bool(self._stream.codec_context.has_b_frames)

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        """Yield the packets of the stream from the start; ends where the container is damaged."""
        with _ffmpeg(self._name):
            yield from self._container.demux(self._stream)

    def find(self, pts: int) -> VideoFrame | None:
        """Decode up to the frame shown at `pts`; None, with the gap around it, when the stream has no such frame."""
        self.gap = (self.at, None)
        with _ffmpeg(self._name):
            for frame in self._frames:
                shown = self._shown if self.by_count else frame.pts
                self._shown += 1
                if shown is None:
                    continue
                self.gap = (self.at, shown)
                self.at = shown
                if shown >= pts:
                    return frame if shown == pts and not frame.is_corrupt else None
        self.gap = (self.at, None)
        return None

    def frames(self) -> Iterator[VideoFrame]:
        """Yield all frames from where the decoder stands."""
        with _ffmpeg(self._name):
            yield from self._frames

    def close(self) -> None:
        """Close decoder and file."""
        if self._container is not None:
            self._container.close()
        self._bytes.close()

    def _opened(self) -> InputContainer:
        with _ffmpeg(self._name):
            self._bytes.seek(0)
            # Bytes, not a path: so no demuxer can reach other files.
            return av.open(self._bytes, mode="r", options=_LIMITS)

    def _start(self) -> None:
        moving = [stream for stream in self._container.streams.video if not _is_cover(stream)]
        if not moving:
            raise UnsupportedError(f"{self._name}: has no moving pictures in it (only sound or text)")
        self._stream = moving[0]
        if self._stream.codec_context is None:  # against its type: FFmpeg knows no decoder for it
            raise UnsupportedError(f"{self._name}: is in a video codec that is not known; convert it to H.264 (mp4)")
        self._stream.codec_context.options = _LIMITS
        self._stream.thread_type = "AUTO"
        self._frames = self._decoded()
        self._shown = 0
        self.at = None

    def _decoded(self) -> Iterator[VideoFrame]:
        """Yield what can be decoded; packets that cannot are passed over, so their frames are absent."""
        for packet in self._container.demux(self._stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                continue


class VideoSource(LazySource):
    """Frames of the first video stream of a file."""

    def __init__(self, name: str, file: LocalFile, spacing_mm: float | None = None) -> None:
        self._name = file.name
        self._player = _Player(file)
        self._lost: set[int] = set()
        try:
            context = self._player.stream.codec_context
            _check_size(file.name, context.width, context.height)
            index = _index(file.name, self._player)
            self._pts, self._keys, self._player.by_count = index.pts, index.keys, index.by_count
            first = self._pixels(self._decode(0))
            notes = _notes(file.name, self._player, index)
        except BaseException:
            self._player.close()
            raise
        own = ImageGeometry(first.shape[1], first.shape[0])
        self._geometry, more = choose_geometry(own, spacing_mm)
        times = _times_s(self._player.stream, index)
        super().__init__(
            RecordingHeader(
                name=name,
                format=f"video ({context.name})",
                n_frames=len(self._pts),
                geometry=self._geometry,
                colour=first.ndim == 3,
                time_source=TimeSource.CONTAINER if times else TimeSource.NONE,
                times_s=times,
                notes=(*notes, *more),
            )
        )

    def _read(self, index: int) -> Frame:
        pixels = self._pixels(self._decode(index))
        if pixels.shape[:2] != (self._geometry.height, self._geometry.width):
            raise InputError(
                f"{self._name}: frame {index} is {pixels.shape[1]} x {pixels.shape[0]} pixels, the first is "
                f"{self._geometry.width} x {self._geometry.height}; cut the video where its size changes"
            )
        times = self.header.times_s
        return Frame(pixels, self._geometry, index, times[index] if times else None)

    def _decode(self, index: int) -> VideoFrame:
        """Return the frame at `index`, by the shortest way that leads there."""
        pts = self._pts[index]
        frame = None if pts in self._lost else self._find(pts)
        if frame is None:
            raise TruncatedError(
                f"{self._name}: frame {index} of {len(self._pts)} is damaged and cannot be decoded; "
                "copy the video again, or cut that part out"
            )
        return frame

    def _find(self, pts: int) -> VideoFrame | None:
        """Decode on, else from the key frame before, else from the start; remember what is lost for good."""
        player = self._player
        key = self._keys[bisect_right(self._keys, pts) - 1] if self._keys and self._keys[0] <= pts else None
        at = player.at
        if at is not None and at < pts and (key is None or key <= at):
            frame = player.find(pts)
            if frame is not None:
                return frame
        if key is not None:
            player.jump(key)
            frame = player.find(pts)
            if frame is not None:
                return frame
        player.rewind()
        frame = player.find(pts)
        if frame is None:
            self._lost.update(self._between(*player.gap), (pts,))
        return frame

    def _between(self, before: int | None, after: int | None) -> list[int]:
        """Return the times of the frames between two that were decoded one after the other."""
        first = bisect_right(self._pts, before) if before is not None else 0
        last = bisect_left(self._pts, after) if after is not None else len(self._pts)
        return self._pts[first:last]

    def _pixels(self, frame: VideoFrame) -> Pixels:
        """Return a decoded frame as grey levels or RGB, turned the way the container says."""
        grey = frame.format.name.startswith("gray")
        with _ffmpeg(self._name):
            pixels = np.asarray(frame.to_ndarray(format="gray" if grey else "rgb24"), dtype=np.uint8)
        quarter_turns = round(frame.rotation / 90) % 4
        turned: Pixels = np.ascontiguousarray(np.rot90(pixels, quarter_turns)) if quarter_turns else pixels
        return turned

    def _close(self) -> None:
        self._player.close()


@contextmanager
def _ffmpeg(name: str) -> Iterator[None]:
    """Turn what FFmpeg raises into the tree of errors; its own errors name paths, which stay out."""
    with decoding(name, "video"):
        try:
            yield
        except av.error.FFmpegError as error:
            raise damaged(name, "video", error.strerror or type(error).__name__) from error


def _is_cover(stream: VideoStream) -> bool:
    """True for a still picture that a music file or a film carries as its cover."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _index(name: str, player: _Player) -> _Index:
    """List the frames from the packets, or by decoding once where packets have no times (some AVI)."""
    pts: list[int] = []
    keys: list[int] = []
    cut = False
    if player.reorders_unseen:
        return _index_by_decoding(name, player)
    try:
        for packet in player.packets():
            if packet.size == 0 or packet.is_discard:
                continue
            if packet.is_corrupt:  # the file ends, or has a hole, in the middle of it
                cut = True
                continue
            if packet.pts is None:
                return _index_by_decoding(name, player)
            pts.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
            _check_count(name, len(pts))
    except TruncatedError:
        cut = True
    player.rewind()
    declared = player.stream.frames
    found = _Index(sorted(set(pts)), sorted(set(keys)), cut or 0 < len(pts) < declared)
    return _without_lost_tail(name, player, found)


def _index_by_decoding(name: str, player: _Player) -> _Index:
    """List the frames by decoding all of them once: slow, but right where the container says too little."""
    player.rewind()
    pts: list[int] = []
    shown = 0
    for frame in player.frames():
        shown += 1
        if frame.pts is not None and (not pts or frame.pts > pts[-1]):
            pts.append(frame.pts)
        _check_count(name, shown)
    player.rewind()
    if not shown:
        raise TruncatedError(f"{name}: no frame in it can be decoded; copy the video again")
    cut = 0 < shown < player.stream.frames
    if len(pts) == shown:
        return _Index(pts, [], cut)
    return _Index(list(range(shown)), [], cut, by_count=True)


def _without_lost_tail(name: str, player: _Player, index: _Index) -> _Index:
    """Return the index without the frames at the end of a cut file that do not decode any more."""
    pts = index.pts
    if not pts:
        raise TruncatedError(f"{name}: no frame in it can be read; the video was cut, copy it again")
    if not index.cut:
        return index
    if index.keys:
        player.jump(index.keys[-1])
    good = {frame.pts for frame in player.frames() if not frame.is_corrupt}
    player.rewind()
    from_key = bisect_left(pts, index.keys[-1]) if index.keys else 0
    kept = pts[:from_key] + [tick for tick in pts[from_key:] if tick in good]
    if not kept:
        raise TruncatedError(f"{name}: no frame in it can be decoded; the video was cut, copy it again")
    return _Index(kept, index.keys, cut=True)


def _check_size(name: str, width: int, height: int) -> None:
    if width == 0 or height == 0:
        raise TooLargeError(
            f"{name}: has pictures whose size cannot be told, or is more than {MAX_PIXELS:,} pixels; "
            "export it at the size at which it was scanned"
        )
    check_size(name, width, height)


def _check_count(name: str, count: int) -> None:
    if count > MAX_FRAMES:
        check_size(name, 1, 1, count)


def _times_s(stream: VideoStream, index: _Index) -> tuple[float, ...]:
    """Return seconds since the first frame; where frames were counted, by the stream's mean rate."""
    base = stream.time_base
    if index.by_count:
        base = 1 / stream.average_rate if stream.average_rate else None
    return tuple(float((tick - index.pts[0]) * base) for tick in index.pts) if base is not None else ()


def _notes(name: str, player: _Player, index: _Index) -> tuple[str, ...]:
    """Return what a viewer should know: an early end, pixels that are not square."""
    notes = []
    stream = player.stream
    if index.by_count:
        notes.append(f"{name}: does not say when each picture is shown; they are taken as evenly spaced.")
    if index.cut:
        of = f" of {stream.frames}" if stream.frames else ""
        notes.append(f"{name}: ends early; {len(index.pts)}{of} frames can be read.")
    elif (times := _times_s(stream, index)) and (declared := player.declared_s) is not None:
        last_s = times[-1]
        step_s = last_s / max(len(index.pts) - 1, 1)
        if last_s + 2 * step_s + _END_SLACK_S < declared:
            notes.append(f"{name}: its pictures end after {last_s:.1f} s of the {declared:.1f} s that it declares.")
    ratio = stream.sample_aspect_ratio
    if ratio and abs(float(ratio) - 1) > _SQUARE_WITHIN:
        notes.append(f"{name}: its pixels are not square ({float(ratio):.3f} wide to 1 high).")
    return tuple(notes)
