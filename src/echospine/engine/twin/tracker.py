"""A tracker: what it says about where its tools are, with stated noise, drift, latency and gaps.

Errors are drawn first into a frozen record; applying them to the true poses is then a pure function.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Mask, frozen

TRACKER = "Tracker"
"""Name of the tracker's frame; poses are called ProbeToTracker, NeedleToTracker, ReferenceToTracker, as in PLUS."""
DRIFT_S = 60.0
"""Time after which drift has the stated standard deviation."""


class ToolStatus(StrEnum):
    """What the tracker says of one tool in one frame, as PLUS spells it."""

    OK = "OK"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class TrackerNoise:
    """How a tracker errs.

    `translation_mm`, `rotation_deg`: standard deviation along and about each axis, from frame to frame;
    `drift_mm`, `drift_deg`: standard deviation, per axis, of a random walk after 60 s; `latency_s`: age of a pose when
    it is stamped; `dropout`: share of frames in which a tool is missing; `burst_frames`: mean length of such a gap.
    """

    translation_mm: float = 0.15
    rotation_deg: float = 0.1
    drift_mm: float = 0.0
    drift_deg: float = 0.0
    latency_s: float = 0.0
    dropout: float = 0.0
    burst_frames: float = 1.0

    def __post_init__(self) -> None:
        for name in ("translation_mm", "rotation_deg", "drift_mm", "drift_deg", "latency_s"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise GeometryError(f"tracker: {name} must be finite and not below zero")
        if not (0.0 <= self.dropout < 1.0 and self.burst_frames >= 1.0):
            raise GeometryError("tracker: dropout lies from 0 up to below 1, and a gap has one frame or more")
        if self.dropout > self.burst_frames * (1.0 - self.dropout):
            raise GeometryError(f"tracker: gaps of {self.burst_frames:g} frames are too short for {self.dropout:g}")


@dataclass(frozen=True, slots=True, eq=False)
class TrackerErrors:
    """Errors of one tool, one row per frame.

    `shift_mm` (n, 3): in the tracker's frame; `turn_deg` (n, 3): rotation vector about the tool's own axes;
    `missing` (n,).
    """

    shift_mm: Floats
    turn_deg: Floats
    missing: Mask

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift_mm", frozen(self.shift_mm))
        object.__setattr__(self, "turn_deg", frozen(self.turn_deg))
        object.__setattr__(self, "missing", frozen(self.missing, np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """What the tracker says at one time.

    `poses`: of the tools whose status is OK; `statuses`: of all, by their name as a transform (`ProbeToTracker`).
    """

    time_s: float
    poses: tuple[Pose, ...]
    statuses: Mapping[str, ToolStatus]

    def __post_init__(self) -> None:
        object.__setattr__(self, "statuses", MappingProxyType(dict(self.statuses)))


def track(
    times_s: Sequence[float], tools: Mapping[str, Sequence[Pose]], noise: TrackerNoise, seed: int
) -> tuple[Tracked, ...]:
    """Return what a tracker with `noise` says at `times_s` of `tools`, whose true poses at those times are given.

    `tools`: by name ("Probe", "Needle", "Reference"), poses from that frame to Tracker. Adding a tool leaves the errors
    of the others as they were. Raises GeometryError where times do not rise, or poses do not fit.
    """
    times = np.asarray(times_s, np.float64)
    if times.size == 0 or not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise GeometryError("tracking needs times that rise from frame to frame")
    said: list[dict[str, Pose | None]] = [{} for _ in times]
    for name, poses in tools.items():
        errors = draw_errors(times, noise, seed, name)
        for row, pose in zip(said, with_errors(times, name, poses, noise.latency_s, errors), strict=True):
            row[f"{name}To{TRACKER}"] = pose
    return tuple(_tracked(float(time), row) for time, row in zip(times, said, strict=True))


def _tracked(time_s: float, row: Mapping[str, Pose | None]) -> Tracked:
    statuses = {name: ToolStatus.MISSING if pose is None else ToolStatus.OK for name, pose in row.items()}
    return Tracked(time_s, tuple(pose for pose in row.values() if pose is not None), statuses)


def draw_errors(times_s: Floats, noise: TrackerNoise, seed: int, tool: str) -> TrackerErrors:
    """Return errors of one tool at `times_s`; the same seed and name give the same errors."""
    generator = np.random.default_rng([seed, *tool.encode()])
    n = len(times_s)
    steps_s = np.concatenate([[0.0], np.diff(times_s)])[:, None]
    walks = (np.cumsum(generator.normal(size=(n, 3)) * np.sqrt(steps_s / DRIFT_S), axis=0) for _ in range(2))
    shift, turn = (sd * walk for sd, walk in zip((noise.drift_mm, noise.drift_deg), walks, strict=True))
    shift = shift + noise.translation_mm * generator.normal(size=(n, 3))
    turn = turn + noise.rotation_deg * generator.normal(size=(n, 3))
    return TrackerErrors(shift, turn, _gaps(n, noise, generator))


def _gaps(n: int, noise: TrackerNoise, generator: np.random.Generator) -> Mask:
    """Return which frames are missing: two states, as in Gilbert's channel (1960, Bell Syst Tech J 39:1253)."""
    draws = generator.random(n)
    ends = 1.0 / noise.burst_frames
    begins = noise.dropout * ends / (1.0 - noise.dropout)
    missing = np.zeros(n, np.bool_)
    gone = bool(draws[0] < noise.dropout)
    for i in range(n):
        if i:
            gone = bool(draws[i] >= ends) if gone else bool(draws[i] < begins)
        missing[i] = gone
    return missing


def with_errors(
    times_s: Floats, tool: str, poses: Sequence[Pose], latency_s: float, errors: TrackerErrors
) -> tuple[Pose | None, ...]:
    """Return the poses of one tool as the tracker says them: late, shifted and turned, or None where missing."""
    rotations, places = _late(times_s, *_parts(tool, poses, len(times_s)), latency_s)
    turned = (rotations * Rotation.from_rotvec(errors.turn_deg, degrees=True)).as_matrix()
    matrices = np.tile(np.eye(4), (len(times_s), 1, 1))
    matrices[:, :3, :3] = turned
    matrices[:, :3, 3] = places + errors.shift_mm
    return tuple(
        None if gone else Pose(TRACKER, tool, matrix) for gone, matrix in zip(errors.missing, matrices, strict=True)
    )


def _parts(tool: str, poses: Sequence[Pose], n: int) -> tuple[Rotation, Floats]:
    """Return rotations and places (n, 3) of true poses that fit."""
    if len(poses) != n:
        raise GeometryError(f"{tool} has {len(poses)} poses for {n} times")
    for pose in poses:
        if (pose.target, pose.source) != (TRACKER, tool) or not pose.is_rigid:
            raise GeometryError(f"a tracker says rigid {tool}To{TRACKER}, not {pose}")
    matrices = np.array([pose.matrix for pose in poses])
    return Rotation.from_matrix(matrices[:, :3, :3]), frozen(matrices[:, :3, 3])


def _late(times_s: Floats, rotations: Rotation, places: Floats, latency_s: float) -> tuple[Rotation, Floats]:
    """Return the poses of `latency_s` ago: rotations by slerp (Shoemake 1985), places on the straight line.

    Before the first pose the tool was where the first one says.
    """
    if latency_s == 0 or len(times_s) < 2:
        return rotations, places
    then = np.maximum(times_s - latency_s, times_s[0])
    late = np.stack([np.interp(then, times_s, places[:, axis]) for axis in range(3)], axis=-1)
    return Slerp(times_s, rotations)(then), frozen(late)
