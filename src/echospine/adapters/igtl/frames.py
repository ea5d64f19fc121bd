"""Frames as messages, as PLUS names them, and messages as frames.

A picture called `Image_Probe` brings the transform from its pixels to Probe; one called `Image` brings spacing at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from echospine.adapters.igtl.contents import Picture, Text, Transform, centred
from echospine.adapters.igtl.heads import DEVICE_BYTES
from echospine.adapters.igtl.joining import UNKNOWN, Joined
from echospine.adapters.igtl.messages import Message
from echospine.domain.errors import GeometryError, TruncatedError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Pixels

IMAGE, STRUCTURES = "Image", "Structures"
NUMBER, STATUS, METHOD = "FrameNumber", "ImageStatus", "Method"
"""Metadata of a picture: its number at the source, what the source calls its state, and who saw what is in it."""
PLAUSIBLE_MM = (0.001, 10.0)
"""Smallest and largest pixel of an ultrasound picture, mm."""
_LINK = re.compile(r"(?<=\w)To(?=[A-Z0-9_])")


def messages_of(frame: Frame, stamp: int) -> Iterator[Message]:
    """Yield the messages of one frame: its transforms, then its picture, so that it can be shown once it is there.

    A pose whose name is longer than a device's can be is left out; of the poses of the image the first goes along.
    """
    placed = _placed(frame)
    number = frame.index & 0xFFFFFFFF
    for pose in frame.poses:
        if pose.source != IMAGE and len(str(pose).encode()) <= DEVICE_BYTES:
            yield Message(Transform(pose.matrix), str(pose), stamp, {"TransformStatus": "OK"}, number)
    size = (frame.geometry.width, frame.geometry.height)
    to_frame = _spacing(frame.geometry) if placed is None else placed.matrix
    name = IMAGE if placed is None else f"{IMAGE}_{placed.target}"
    metadata = {NUMBER: str(frame.index), STATUS: frame.status}
    yield Message(Picture(frame.pixels, centred(to_frame, size), size), name, stamp, metadata, number)


def _placed(frame: Frame) -> Pose | None:
    fitting = (p for p in frame.poses if p.source == IMAGE and len(f"{IMAGE}_{p.target}".encode()) <= DEVICE_BYTES)
    return next(fitting, None)


def _spacing(geometry: ImageGeometry) -> Floats:
    """Return the matrix of a picture that is nowhere: the size of its pixels, or ones where it has no one scale."""
    steps = {region.step_mm for region in geometry.regions if region.spatial}
    x_mm, y_mm = steps.pop() if len(steps) == 1 else (1.0, 1.0)
    return np.diag([x_mm, y_mm, 1.0, 1.0])


def messages_of_seen(frame: Frame, seen: Interpretation, stamp: int) -> Iterator[Message]:
    """Yield what was seen in a frame: the map of structures on its picture, then view, level and quality in words.

    Where the model does not recognise the picture, the map is empty and the view says so: nothing older stays.
    """
    placed, number = _placed(frame), frame.index & 0xFFFFFFFF
    size = (frame.geometry.width, frame.geometry.height)
    silent = seen.doubt is not None and seen.doubt.silent
    labels = np.zeros(size[::-1], np.uint8) if silent else seen.label_map(frame.geometry)
    to_frame = _spacing(frame.geometry) if placed is None else placed.matrix
    name = STRUCTURES if placed is None else f"{STRUCTURES}_{placed.target}"[:DEVICE_BYTES]
    metadata = {NUMBER: str(frame.index), METHOD: str(seen.method)}
    yield Message(Picture(labels, centred(to_frame, size), size), name, stamp, metadata, number)
    for device, text in words_of(seen).items():
        yield Message(Text(text), device, stamp, metadata, number)


def words_of(seen: Interpretation) -> dict[str, str]:
    """Return view, level and quality in words; "unknown" where the model does not say or does not know."""
    silent = seen.doubt is not None and seen.doubt.silent
    view = None if silent or seen.view is None else [(one.value, share) for one, share in seen.view.shares]
    level = None if silent or seen.level is None else list(seen.level.shares)
    quality = "; ".join([f"{seen.quality.score:.2f}", *seen.quality.reasons])
    return {"View": _shares(view), "Level": _shares(level), "Quality": quality}


def _shares(shares: list[tuple[str, float]] | None) -> str:
    """Return the likeliest names with their probabilities, as far as they matter."""
    if shares is None:
        return "unknown"
    return ", ".join(f"{name} {share:.2f}" for name, share in shares[:3] if share >= 0.05)


class Framer:
    """Makes frames of the joined messages of one connection after the other; `index` and `time_s` go on over them."""

    def __init__(self) -> None:
        self._index = 0
        self._timeline = Timeline()
        self._canvas: Pixels | None = None

    def frame(self, joined: Joined) -> tuple[Frame, int]:
        """Return the frame, and how many of its transforms are none; raises TruncatedError for a part of no picture."""
        stamp, metadata = joined.message.stamp, joined.message.metadata
        pixels = self._whole(joined.picture)
        geometry, placed = place(joined.message.device, joined.picture)
        poses, bad = poses_of(joined.links)
        time_s = None if stamp == UNKNOWN else self._timeline.at(stamp / 2**32, joined.arrived_s)
        status = metadata.get(STATUS, "OK") or "OK"
        frame = Frame(pixels, geometry, self._index, time_s, (*placed, *poses), status, joined.arrived_s)
        self._index += 1
        return frame, bad

    def _whole(self, picture: Picture) -> Pixels:
        """Return the pixels of the whole picture: where a part came, the rest is as it was before."""
        if not picture.whole:
            before, (left, top) = self._canvas, picture.offset
            columns, rows = picture.size
            if before is None or before.shape != (rows, columns, *picture.pixels.shape[2:]):
                raise TruncatedError("a part of a picture came, and no whole picture before it")
            canvas = before.copy()
            canvas[top : top + picture.pixels.shape[0], left : left + picture.pixels.shape[1]] = picture.pixels
            self._canvas = canvas
        else:
            self._canvas = picture.pixels
        return self._canvas


class Timeline:
    """Seconds since the first frame, by the device's clock; where that jumps, by ours until it is even again."""

    JUMP_S = 5.0
    """A step of the device's clock that differs by more from ours is a clock that was set, or another device."""

    def __init__(self) -> None:
        self._last: tuple[float, float, float] | None = None

    def at(self, device_s: float, arrived_s: float) -> float:
        """Return the time of a frame that the device dates `device_s` and that arrived at `arrived_s`; never falls."""
        if self._last is None:
            time_s = 0.0
        else:
            last_device_s, last_arrived_s, last_s = self._last
            step_s, ours_s = device_s - last_device_s, max(0.0, arrived_s - last_arrived_s)
            even = step_s >= 0 and abs(step_s - ours_s) <= self.JUMP_S
            time_s = last_s + (step_s if even else ours_s)
        self._last = device_s, arrived_s, time_s
        return time_s


def place(device: str, picture: Picture) -> tuple[ImageGeometry, tuple[Pose, ...]]:
    """Return the geometry of a picture, and where the device puts it.

    Pixels of 1 x 1 mm are what a device sends that knows no scale: then the picture is uncalibrated, and nowhere.
    """
    width, height = picture.size
    matrix = picture.to_frame
    x_mm, y_mm = (float(step) for step in np.linalg.norm(matrix[:3, :2], axis=0))
    low, high = PLAUSIBLE_MM
    known = low <= x_mm <= high and low <= y_mm <= high and not np.allclose((x_mm, y_mm), 1.0, rtol=0, atol=1e-6)
    if not known:
        return ImageGeometry(width, height), ()
    target = device.removeprefix(f"{IMAGE}_") if device.startswith(f"{IMAGE}_") else ""
    target = "" if target == IMAGE else target
    spacing = Spacing.IMAGE_TO_PROBE if target else Spacing.ELEMENT_SPACING
    geometry = ImageGeometry.uniform(width, height, x_mm, y_mm, spacing)
    try:
        return geometry, (Pose(target, IMAGE, matrix),) if target else ()
    except GeometryError:
        return geometry, ()


def poses_of(links: dict[str, Floats]) -> tuple[tuple[Pose, ...], int]:
    """Return the poses of transforms called `SourceToTarget`, and how many were no transforms (singular)."""
    poses, bad = [], 0
    for name, matrix in links.items():
        found = list(_LINK.finditer(name))
        if len(found) != 1:
            continue
        try:
            poses.append(Pose(name[found[0].end() :], name[: found[0].start()], matrix))
        except GeometryError:
            bad += 1
    return tuple(poses), bad
