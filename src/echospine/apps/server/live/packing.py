"""A frame as one binary message: u32 little-endian length, JSON head of that length, pixels, maps."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from echospine.apps.server.live.feeds import Shot
from echospine.apps.server.live.messages import FrameHead, TruthView
from echospine.apps.server.live.sights import SeenView
from echospine.apps.server.schemas import RegionView
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Structure
from echospine.domain.poses import Pose
from echospine.domain.units import Labels

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Sight:
    """What is said of a frame beside its pixels: what is seen in it, with the bytes of its map, or what is wrong."""

    seen: SeenView | None = None
    map: bytes = b""
    trouble: str = ""


def pack(shot: Shot, sight: Sight, *, index: int, fps: float) -> bytes:
    """Return the message of one frame, with what is seen in that very frame.

    The pixels go as they are: speckle hardly packs, and on one's own machine packing costs more than sending.
    """
    frame = shot.frame
    head = FrameHead(
        index=index,
        control=shot.control,
        time_s=round(frame.time_s or 0.0, 4),
        made_ms=round(1000 * shot.made_s, 1),
        width=frame.geometry.width,
        height=frame.geometry.height,
        channels=1 if frame.pixels.ndim == 2 else 3,
        regions=regions(frame.geometry),
        state=frame.status,
        fps=round(fps, 1),
        dropped=shot.dropped,
        contact=None if shot.contact is None else round(shot.contact, 3),
        pose=_matrix(frame.poses, "Patient", "Probe"),
        image=_matrix(frame.poses, "Probe", "Image"),
        truth=None if shot.truth is None else _truth(shot.truth),
        seen=sight.seen,
        trouble=sight.trouble,
    )
    text = head.model_dump_json().encode()
    parts = [_LENGTH.pack(len(text)), text, np.ascontiguousarray(frame.pixels).tobytes()]
    if shot.truth is not None:
        parts.append(np.ascontiguousarray(shot.truth).tobytes())
    parts.append(sight.map)
    return b"".join(parts)


def regions(geometry: ImageGeometry) -> list[RegionView]:
    """Return the rectangles that carry a scale."""
    return [
        RegionView(
            x0=region.x0,
            y0=region.y0,
            x1=region.x1,
            y1=region.y1,
            spatial=region.spatial,
            step_x_mm=region.step_mm[0] if region.spatial else None,
            step_y_mm=region.step_mm[1] if region.spatial else None,
            high_priority=region.high_priority,
            data_type=region.data_type,
            spacing=region.spacing,
        )
        for region in geometry.regions
    ]


def _matrix(poses: tuple[Pose, ...], target: str, source: str) -> tuple[float, ...] | None:
    found = next((pose for pose in poses if (pose.target, pose.source) == (target, source)), None)
    return None if found is None else tuple(np.round(found.matrix, 5).ravel().tolist())


def _truth(labels: Labels) -> TruthView:
    present = np.flatnonzero(np.bincount(labels.ravel(), minlength=len(Structure)))
    names = {int(found): Structure(int(found)).label for found in present if found}
    return TruthView(width=labels.shape[1], height=labels.shape[0], structures=names)
