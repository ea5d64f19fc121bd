"""From the name of a place to millimetres."""

from __future__ import annotations

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.domain.units import Floats, Mask
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.scene.record import Place
from echospine.engine.twin.scene.views import landmark_mm
from echospine.engine.twin.tissues import BONES, Tissue

TISSUES_AIMED_AT: dict[str, tuple[frozenset[Tissue], str]] = {
    "nerve": (frozenset({Tissue.NERVE_ROOT}), "facet"),
    "vessel": (frozenset({Tissue.SEGMENTAL_VESSEL}), "facet"),
    "dura": (frozenset({Tissue.DURA}), "interlaminar"),
}
"""Kinds of place that are tissue: which, and the landmark around which the nearest of it is looked for.

Of a nerve, only what lies outside of the joint counts: the root that has left the canal.
"""
REACH_MM = 45.0
MOST_POINTS = 400
"""So many voxels of a tissue are asked whether a needle can come to them."""
LEANS_DEG = (0.0, 20.0, 40.0)
"""Angles from straight back, outwards, at which a way to a tissue is looked for, one after the other."""


def place_mm(anatomy: Anatomy, place: Place) -> Floats:
    """Return a place at rest, mm, Patient, (3,). Raises GeometryError where this patient has none of that name."""
    if place.kind in TISSUES_AIMED_AT:
        wanted, around = TISSUES_AIMED_AT[place.kind]
        near = landmark_mm(anatomy, around, place.level, place.side)
        aside = abs(float(near[0])) if place.kind == "nerve" else 0.0
        found = nearest_of(anatomy, wanted, near, place.side, aside)
    else:
        found = landmark_mm(anatomy, place.kind, place.level, place.side)
    return np.asarray(found + np.asarray(place.offset_mm))


def nearest_of(
    anatomy: Anatomy, wanted: frozenset[Tissue], around_mm: Floats, side: Side, least_aside_mm: float = 0.0
) -> Floats:
    """Return the middle of a voxel of `wanted` tissues on that side: of those that can be reached, the nearest.

    `least_aside_mm`: from the midline. Raises GeometryError where there is none.
    """
    points = points_of(anatomy, wanted, around_mm)
    outwards = {Side.LEFT: 1.0, Side.RIGHT: -1.0}.get(side, 0.0)
    points = points[points[:, 0] * outwards >= least_aside_mm]
    if not len(points):
        names = " or ".join(sorted(tissue.name.lower() for tissue in wanted))
        raise GeometryError(f"this patient has no {names} within {REACH_MM:g} mm of there")
    order = np.argsort(np.linalg.norm(points - around_mm, axis=1), kind="stable")
    points = points[order][:: max(1, len(points) // MOST_POINTS)]
    for lean_deg in LEANS_DEG:
        free = _free_of_bone(anatomy, points, lean_deg * outwards)
        if free.any():
            found: Floats = points[free][0]
            return found
    return np.asarray(points[0])


def _free_of_bone(anatomy: Anatomy, points_mm: Floats, lean_deg: float) -> Mask:
    """Return which points (n, 3) have a straight way out of the back that no bone crosses, (n,)."""
    lean = np.radians(lean_deg)
    steps = np.arange(1.0, 80.0, 1.0)[:, None]
    way = anatomy.tissue_at(points_mm[:, None, :] + steps * np.array([np.sin(lean), np.cos(lean), 0.0]))
    free: Mask = np.logical_not(np.isin(way, [int(bone) for bone in BONES]).any(axis=1))
    return free


def points_of(anatomy: Anatomy, wanted: frozenset[Tissue], around_mm: Floats) -> Floats:
    """Return the middles of the voxels of `wanted` tissues in a box around a point, mm, (n, 3)."""
    counts = np.array(anatomy.tissues.shape[::-1])
    low, high = (
        np.clip(np.rint((around_mm + sign * REACH_MM - anatomy.origin_mm) / anatomy.spacing_mm), 0, counts).astype(int)
        for sign in (-1.0, 1.0)
    )
    part = anatomy.tissues[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
    index = np.argwhere(np.isin(part, [int(tissue) for tissue in wanted]))
    points: Floats = anatomy.origin_mm + anatomy.spacing_mm * (index[:, ::-1] + low)
    return points
