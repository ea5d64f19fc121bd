"""Where the probe was in each frame of a tracked recording, and what the sweep measures from that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from echospine.domain.errors import GeometryError
from echospine.domain.frames import Frame, RecordingHeader
from echospine.domain.measures import Measurement
from echospine.domain.poses import Pose
from echospine.engine.volume import measure_sweep

TARGETS = ("Reference", "Tracker", "World", "RAS")
"""Frames that a sweep is measured in, the best first: one that moves with the patient before one that does not."""
NO_CALIBRATION = "the pose of the picture is not known: give the PLUS configuration with Image to Probe"

Places = Mapping[str, Pose]
"""Pose of the picture in each of TARGETS that can be reached."""


def places_of(frame: Frame) -> Places:
    """Return the poses of a frame's picture."""
    found = ((target, _pose(frame, target)) for target in TARGETS)
    return {target: pose for target, pose in found if pose is not None}


def sweep_of(header: RecordingHeader, places: Sequence[Places]) -> tuple[Measurement, ...]:
    """Return length and speed of the sweep; nothing for a recording that is not tracked."""
    if not header.tracked:
        return ()
    reached = [sum(target in place for place in places) for target in TARGETS]
    target = TARGETS[reached.index(max(reached))]
    measured = measure_sweep(header.times_s, [place.get(target) for place in places], header.geometry)
    return tuple(_explained(measured)) if not max(reached) else measured


def _explained(measured: Iterable[Measurement]) -> Iterable[Measurement]:
    return (replace(one, note=NO_CALIBRATION) for one in measured)


def _pose(frame: Frame, target: str) -> Pose | None:
    try:
        return frame.pose(target, "Image")
    except GeometryError:
        return None
