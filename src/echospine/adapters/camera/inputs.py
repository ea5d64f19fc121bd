"""What FFmpeg is asked to open, and what its pictures are as pixels."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from echospine.domain.frames import MAX_PIXELS
from echospine.domain.units import Pixels

DEVICE_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
"""FFmpeg's name for the cameras of a system."""
COLOURLESS = 12
"""Largest difference between the channels of a pixel that is still grey: compression tints a little."""
COLOURED_SHARE = 0.002
EVERY_PX = 4


@dataclass(frozen=True, slots=True)
class Input:
    """What is opened. `format`: of a device, None for a file; `paced`: it must be played at its own pace."""

    path: str
    format: str | None = None
    paced: bool = False
    options: dict[str, str] = field(default_factory=dict)


def input_of(device: str, system: str = sys.platform) -> Input:
    """Return what to open for a camera's number, its name or device file, or for the path of a video file."""
    options = {"max_pixels": str(MAX_PIXELS)}
    path = Path(device)
    if path.is_file():
        return Input(device, paced=True, options=options)
    kind = DEVICE_FORMATS.get(system, "v4l2")
    names = {"v4l2": f"/dev/video{device}", "avfoundation": f"{device}:none", "dshow": f"video={device}"}
    named = device.isdecimal() or kind == "dshow"
    return Input(names[kind] if named else device, kind, options=options)


def pixels_of(picture: VideoFrame) -> Pixels:
    """Return grey levels where the picture has no colour, (rows, columns), else RGB, (rows, columns, 3)."""
    if picture.format.name.startswith("gray"):
        return np.ascontiguousarray(picture.to_ndarray(format="gray"), np.uint8)
    rgb = np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
    return rgb if is_coloured(rgb) else np.ascontiguousarray(rgb[..., 1])


def is_coloured(rgb: Pixels) -> bool:
    """True where more than a trace of the picture, looked at in every fourth pixel both ways, has a colour."""
    few = rgb[::EVERY_PX, ::EVERY_PX]
    spread = few.max(axis=2) - few.min(axis=2)
    return bool(np.mean(spread > COLOURLESS) > COLOURED_SHARE)
