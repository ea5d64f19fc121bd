"""What is true of a needle in one frame: where its tip is, whether the picture can show it, what it is near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Mask, frozen
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Displacement
from echospine.engine.twin.image.beams import slice_width_mm
from echospine.engine.twin.motion.fields import moved
from echospine.engine.twin.needle.echoes import beams
from echospine.engine.twin.needle.shape import Needle, NeedlePose, shaft_mm, tip_mm
from echospine.engine.twin.probe import Probe, Settings
from echospine.engine.twin.tissues import Tissue

STEP_MM = 0.25
"""Between the places on the shaft that are asked for."""
IN_PLANE_MM = 10.0
"""Length of shaft behind the tip that must lie in the slice for a needle to be in plane."""
CRITICAL = frozenset(
    {
        Tissue.NERVE_ROOT,
        Tissue.MEDIAL_BRANCH,
        Tissue.DURA,
        Tissue.CSF,
        Tissue.CAUDA_EQUINA,
        Tissue.SEGMENTAL_VESSEL,
        Tissue.AORTA,
        Tissue.VENA_CAVA,
    }
)
"""Tissues that a needle must not hit unawares."""


@dataclass(frozen=True, slots=True, eq=False)
class NeedleTruth:
    """The needle in one frame; mm.

    `tip_mm`, `entry_mm`: Patient; `tip_probe_mm`, `entry_probe_mm`: Probe; `out_of_plane_mm`: distance of the tip from
    the picture plane, with its sign (along z of the Probe); `in_plane`: the tip and all of the last 10 mm of shaft (or
    what is inserted) lie within half the slice thickness of the plane at their depth; `visible_mm`: length of shaft
    inside the slice and inside the field of view, whether or not its echo is strong; `tip_visible`: the tip is so too.
    """

    tip_mm: Floats
    entry_mm: Floats
    tip_probe_mm: Floats
    entry_probe_mm: Floats
    out_of_plane_mm: float
    in_plane: bool
    visible_mm: float
    tip_visible: bool


@dataclass(frozen=True, slots=True, eq=False)
class Clearance:
    """Nearest tissue of those asked for: `gap_mm` from the tip, 0 when the tip is in it; `point_mm`: where, Patient."""

    tissue: Tissue
    gap_mm: float
    point_mm: Floats


def needle_truth(needle: Needle, pose: NeedlePose, probe_pose: Pose, probe: Probe, settings: Settings) -> NeedleTruth:
    """Return what is true of a needle seen by a probe at `probe_pose` (ProbeToPatient)."""
    if (probe_pose.target, probe_pose.source) != ("Patient", "Probe"):
        raise GeometryError(f"the truth of a needle needs ProbeToPatient, not {probe_pose}")
    into_probe = probe_pose.inverse
    n = max(2, round(pose.inserted_mm / STEP_MM) + 1)
    along = np.linspace(0.0, pose.inserted_mm, n)
    shaft = into_probe.apply(shaft_mm(needle, pose, along))
    sliced = in_slice(probe, shaft)
    seen = sliced & in_field(probe, settings, shaft)
    last = along >= pose.inserted_mm - IN_PLANE_MM
    step_mm = pose.inserted_mm / (n - 1)
    tip = tip_mm(needle, pose)
    return NeedleTruth(
        tip_mm=tip,
        entry_mm=pose.entry_mm,
        tip_probe_mm=frozen(into_probe.apply(tip)),
        entry_probe_mm=frozen(into_probe.apply(pose.entry_mm)),
        out_of_plane_mm=float(into_probe.apply(tip)[2]),
        in_plane=bool(np.all(sliced[last])),
        visible_mm=float(np.sum(seen[1:] & seen[:-1]) * step_mm),
        tip_visible=bool(seen[-1]),
    )


def in_slice(probe: Probe, points_mm: Floats) -> Mask:
    """Return which points (n, 3), Probe frame, lie within half the slice thickness (-6 dB) of the plane, (n,)."""
    _, depth = beams(probe, points_mm)
    within: Mask = np.abs(points_mm[:, 2]) <= slice_width_mm(probe, depth) / 2
    return within


def in_field(probe: Probe, settings: Settings, points_mm: Floats) -> Mask:
    """Return which points (n, 3), Probe frame, lie between the outermost scan lines and above the set depth, (n,)."""
    _, depth = beams(probe, points_mm)
    if probe.radius_mm is None:
        beside = np.abs(points_mm[:, 0]) <= probe.width_mm / 2
    else:
        beside = np.abs(np.arctan2(points_mm[:, 0], points_mm[:, 1] + probe.radius_mm)) <= probe.half_angle
    within: Mask = beside & (depth >= 0.0) & (depth <= settings.depth_mm)
    return within


def clearance(
    anatomy: Anatomy,
    point_mm: npt.ArrayLike,
    tissues: frozenset[Tissue] = CRITICAL,
    displacement: Displacement | None = None,
    within_mm: float = 30.0,
) -> Clearance | None:
    """Return the nearest of `tissues` to a point (the tip), Patient, mm; None where there is none `within_mm`.

    Distances go to the surfaces of voxels, which are moved by `displacement` to where they are now.
    """
    point = np.asarray(point_mm, np.float64)
    # Tissue that has moved may come in from outside the box: the largest displacement is added to it.
    slack_mm = 0.0 if displacement is None else float(np.abs(displacement.vectors_mm).max())
    found = _voxels_near(anatomy, point, tissues, within_mm + slack_mm)
    if found is None:
        return None
    middles, ids = found
    now = middles if displacement is None else moved(displacement, middles)
    beyond = np.maximum(np.abs(now - point) - anatomy.spacing_mm / 2, 0.0)
    gaps = np.linalg.norm(beyond, axis=1)
    best = int(np.argmin(gaps))
    if gaps[best] > within_mm:
        return None
    return Clearance(Tissue(int(ids[best])), float(gaps[best]), frozen(now[best]))


def _voxels_near(
    anatomy: Anatomy, point: Floats, tissues: frozenset[Tissue], within_mm: float
) -> tuple[Floats, npt.NDArray[np.uint8]] | None:
    """Return middles (n, 3) and tissues (n,) of the voxels of `tissues` in a box around `point`."""
    counts = np.array(anatomy.tissues.shape[::-1])
    place = (point - anatomy.origin_mm) / anatomy.spacing_mm
    reach = within_mm / anatomy.spacing_mm + 1.0
    low = np.clip(np.floor(place - reach), 0, counts).astype(int)
    high = np.clip(np.ceil(place + reach) + 1, 0, counts).astype(int)
    if np.any(low >= high):
        return None
    part = anatomy.tissues[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
    wanted = np.zeros(256, np.bool_)
    wanted[[int(tissue) for tissue in tissues]] = True
    index = np.argwhere(wanted[part])
    if not len(index):
        return None
    middles = anatomy.origin_mm + anatomy.spacing_mm * (index[:, ::-1] + low)
    return middles, part[tuple(index.T)]
